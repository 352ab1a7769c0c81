import type { View } from "./state.ts";
import type { GroupPolicy, Verdict } from "./types.ts";

/** What a member brings to its group: the verdict of its run in turn, or its own state as a verdict. */
export interface Member {
  readonly name: string;
  /** `out`: paused, it does not take part. */
  readonly verdict: Verdict | "out";
  readonly sentence: string;
}

/** Whether a member may fail by what it depends on alone: it is blocked, or, run in turn, it fails and was not cleared of its parents yet. */
export function isExcused(member: View, hasParents: boolean, run: GroupPolicy["run"]): boolean {
  return member.status === "blocked" || (run === "turn" && hasParents && member.failing && member.status !== "down");
}

export interface GroupOutcome {
  readonly verdict: Verdict;
  readonly sentence: string;
}

/** How many members must be well, with paused ones left out. */
export function needed(require: GroupPolicy["require"], taking: number): number {
  if (require === "all") return taking;
  return require === "any" ? Math.min(1, taking) : Math.min(require, taking);
}

/** A group is up when enough members are, degraded when it holds only with degraded ones, unknown when those not known decide. */
export function groupOutcome(require: GroupPolicy["require"], members: readonly Member[]): GroupOutcome {
  const taking = members.filter((member) => member.verdict !== "out");
  const named = (verdict: Member["verdict"]): Member[] => taking.filter((member) => member.verdict === verdict);
  const [up, degraded, down, unknown] = [named("up"), named("degraded"), named("down"), named("unknown")];
  const need = needed(require, taking.length);
  const enough = `${up.length + degraded.length} of ${taking.length} up, ${need} needed`;
  const list = (of: readonly Member[]): string => of.map((member) => `${member.name}: ${member.sentence}`).join("; ");
  if (taking.length === 0) return { verdict: "unknown", sentence: "every member is paused" };
  if (up.length >= need) return { verdict: "up", sentence: down.length === 0 ? enough : `${enough}; down: ${down.map((member) => member.name).join(", ")}` };
  if (up.length + degraded.length >= need) return { verdict: "degraded", sentence: `${enough}; ${list(degraded)}` };
  if (up.length + degraded.length + unknown.length >= need) return { verdict: "unknown", sentence: `${enough}; not known: ${unknown.map((member) => member.name).join(", ")}` };
  return { verdict: "down", sentence: `${enough}; ${list(down)}` };
}
