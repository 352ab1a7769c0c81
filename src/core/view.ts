import type { Member } from "./group.ts";
import type { CheckState, View } from "./state.ts";
import { type Policy, millis } from "./types.ts";

/** A parent that runs once a day must not hold the outage of its children for days while it counts to its threshold. */
const HOLD_MS_MAX = 30 * 60_000;

/** A check as its neighbours may know it. */
export function viewOf(policy: Policy, state: CheckState): View {
  const { belief, seen } = state;
  return {
    check: policy.check,
    status: belief.status,
    cause: belief.cause,
    failing: seen.verdict === "down",
    verdict: seen.verdict,
    verdictStarted: seen.verdictStarted,
    wellSince: seen.wellSince,
    sentence: seen.last?.sentence ?? belief.sentence,
    latencyMs: seen.last?.latencyMs ?? 0,
    runMs: policy.runMs,
    toThresholdMs: millis(Math.min(policy.everyMs + policy.failAfter * policy.failingEveryMs, HOLD_MS_MAX) + policy.runMs),
  };
}

const AS_VERDICT: { readonly [status in View["status"]]: Member["verdict"] } = {
  up: "up",
  degraded: "degraded",
  down: "down",
  paused: "out",
  pending: "unknown",
  blocked: "unknown",
  disputed: "unknown",
};

/** A member of a group that is judged from its members' own states. */
export function memberOf(view: View): Member {
  return { name: view.check, verdict: AS_VERDICT[view.status], sentence: view.sentence };
}
