import { checkName, type CheckName } from "../../src/core/types.ts";
import type { AnyProbe, Outcome } from "../../src/probes/probe.ts";
import { tcp } from "../../src/probes/tcp.ts";
import { hostOf, REELING } from "./site.ts";

/** What the simulated checks remember: how often their verdict has changed, and what it was last. */
interface Known {
  readonly changes: number;
  readonly verdict: string;
}

/** Runs for which some hosts are slow after an outage: enough to be degraded before they are up. */
const SLOW_RUNS = 4;

/** What the run saw, and what is remembered of it: after an outage a host that reels answers slowly for some runs. */
function seen(host: string, known: string, outcome: Outcome): { readonly outcome: Outcome; readonly verdict: string } {
  if (outcome.verdict !== "up" || !REELING.includes(host)) return { outcome, verdict: outcome.verdict };
  const left = known === "down" ? SLOW_RUNS : Number(/^slow (\d+)$/.exec(known)?.[1] ?? 1) - 1;
  if (left === 0) return { outcome, verdict: "up" };
  return { outcome: { ...outcome, verdict: "degraded", code: "slow", sentence: "slow after its outage" }, verdict: `slow ${left}` };
}

/** The tcp probe, remembering how often its verdict changed; `given` hears with what each run began, the number of changes. */
export function remembering(given: (check: CheckName, changes: number) => void): AnyProbe {
  return {
    ...(tcp as AnyProbe),
    async run(options, ctx): Promise<Outcome> {
      const known = (ctx.remembered ?? { changes: 0, verdict: "" }) as unknown as Known;
      const host = hostOf((options as { readonly host: string }).host);
      given(checkName(host), known.changes);
      const { outcome, verdict } = seen(host, known.verdict, await (tcp as AnyProbe).run(options, ctx));
      return { ...outcome, remember: { changes: known.changes + (verdict === known.verdict ? 0 : 1), verdict } };
    },
  };
}
