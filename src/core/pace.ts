import type { CheckState } from "./state.ts";
import type { CheckName } from "./types.ts";

/**
 * Whether a check is failing or being confirmed, either way: it may then run at its faster pace. What is paused or blocked rests until its
 * parent is back, unless it `decides` about that itself, and what is known to be degraded for weeks is no reason to hurry.
 */
export function isHurried({ belief: { status, streak, passes, cause }, seen }: CheckState, decides: (blocker: CheckName) => boolean): boolean {
  if (status === "paused" || (status === "blocked" && cause !== null && !decides(cause))) return false;
  return status === "down" || seen.verdict === "down" || passes > 0 || (streak !== null && status !== "degraded");
}
