import type { CheckState } from "./state.ts";

/**
 * Whether a check is failing or being confirmed, either way: it may then run at its faster pace. What is blocked or paused rests, and what is
 * known to be degraded for weeks is no reason to hurry.
 */
export function isHurried({ belief: { status, streak, passes }, seen }: CheckState): boolean {
  if (status === "paused" || status === "blocked") return false;
  return status === "down" || seen.verdict === "down" || passes > 0 || (streak !== null && status !== "degraded");
}
