import type { CheckDefinition } from "../config/site.ts";
import { type Instant, instant } from "../core/types.ts";
import { journalled } from "../run/replay.ts";
import type { Store } from "../store/store.ts";

/** The checks that run most often show best when nothing ran. */
const BUSIEST = 10;
/** What a restart takes: less is no absence. */
const RESTART_MS = 300_000;
const JOURNAL_MAX = 1000;

/** How long Tocsin did not run between two instants, in ms: before each start from the newest run of the checks that run most often, where a run was missed by all of them. */
export async function absenceMs(store: Pick<Store, "journal" | "results">, checks: Iterable<CheckDefinition>, from: Instant, to: Instant): Promise<number> {
  const busiest = [...checks].filter(({ policy }) => policy.everyMs > 0).sort((a, b) => a.policy.everyMs - b.policy.everyMs).slice(0, BUSIEST);
  const ranUntil = new Map<Instant, Instant>();
  for (const { name, policy } of busiest) {
    const journal = await store.journal({ check: name, since: from, limit: JOURNAL_MAX });
    for (const { at } of journal.filter(({ input }) => journalled(input).kind === "restart")) {
      const [last] = await store.results({ check: name, before: at, limit: 1 });
      if (last === undefined) continue;
      const ran = at - last.started <= policy.everyMs + RESTART_MS ? at : last.started;
      ranUntil.set(at, instant(Math.max(ran, ranUntil.get(at) ?? 0)));
    }
  }
  let away = 0;
  let counted = from;
  for (const [start, until] of [...ranUntil].sort(([a], [b]) => a - b)) {
    away += Math.max(0, Math.min(start, to) - Math.max(until, counted));
    counted = start;
  }
  return away;
}
