import { checkName, type CheckName } from "../../src/core/types.ts";
import type { AnyProbe, Outcome } from "../../src/probes/probe.ts";
import { tcp } from "../../src/probes/tcp.ts";
import { hostOf } from "./site.ts";

/** What the simulated checks remember: how often their verdict has changed, and what it was last. */
interface Known {
  readonly changes: number;
  readonly verdict: string;
}

/** The tcp probe, remembering how often its verdict changed; `given` hears with what each run began, the number of changes. */
export function remembering(given: (check: CheckName, changes: number) => void): AnyProbe {
  return {
    ...(tcp as AnyProbe),
    async run(options, ctx): Promise<Outcome> {
      const known = (ctx.remembered ?? { changes: 0, verdict: "" }) as unknown as Known;
      given(checkName(hostOf((options as { readonly host: string }).host)), known.changes);
      const outcome = await (tcp as AnyProbe).run(options, ctx);
      return { ...outcome, remember: { changes: known.changes + (outcome.verdict === known.verdict ? 0 : 1), verdict: outcome.verdict } };
    },
  };
}
