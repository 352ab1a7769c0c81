import type { CheckDefinition } from "../config/site.ts";
import { type Instant, instant } from "../core/types.ts";
import { journalled } from "../run/replay.ts";
import type { Store } from "../store/store.ts";

/** The checks that run most often show best when nothing ran. */
const BUSIEST = 10;
/** What a restart takes: less is no absence. */
const RESTART_MS = 300_000;
const JOURNAL_MAX = 1000;

/** A time in which Tocsin did not run. */
export interface Absence {
  readonly from: Instant;
  readonly to: Instant;
}

/** The absences that ended at `since` or later, oldest first: before each start from the newest run of the checks that run most often, where a run was missed by all of them. */
export async function absencesOf(store: Pick<Store, "journal" | "results">, checks: Iterable<CheckDefinition>, since: Instant): Promise<readonly Absence[]> {
  const busiest = [...checks].filter(({ policy }) => policy.everyMs > 0).sort((a, b) => a.policy.everyMs - b.policy.everyMs).slice(0, BUSIEST);
  const ranUntil = new Map<Instant, Instant>();
  for (const { name, policy } of busiest) {
    const journal = await store.journal({ check: name, since, limit: JOURNAL_MAX });
    for (const { at } of journal.filter(({ input }) => journalled(input).kind === "restart")) {
      const [last] = await store.results({ check: name, before: at, limit: 1 });
      if (last === undefined) continue;
      const ran = at - last.started <= policy.everyMs + RESTART_MS ? at : last.started;
      ranUntil.set(at, instant(Math.max(ran, ranUntil.get(at) ?? 0)));
    }
  }
  const starts = [...ranUntil].sort(([a], [b]) => a - b);
  // Nothing may have run between two starts.
  return starts.map(([to, until], at) => ({ from: instant(Math.max(until, starts[at - 1]?.[0] ?? 0)), to })).filter(({ from, to }) => from < to);
}

/** How much of the time between two instants they take, in ms. */
export const absentMs = (absences: readonly Absence[], from: Instant, to: Instant): number => absences.reduce((sum, one) => sum + Math.max(0, Math.min(one.to, to) - Math.max(one.from, from)), 0);
