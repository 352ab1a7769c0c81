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

type Rule = Pick<GroupPolicy, "require" | "bySight">;

export interface GroupOutcome {
  readonly verdict: Verdict;
  readonly sentence: string;
}

/** One member that fails says nothing of what it is seen from. */
const WITNESSES_MIN = 2;

/** Where too few take part, paused ones left out, the group takes no part either. */
export const isJudged = ({ bySight }: Rule, taking: number): boolean => taking >= (bySight ? WITNESSES_MIN : 1);

/** How many members must be well, with paused ones left out; by sight so many that the others are no majority. */
export function needed({ require, bySight }: Rule, taking: number): number {
  if (bySight) return Math.ceil(taking / 2);
  if (require === "all") return taking;
  return require === "any" ? Math.min(1, taking) : Math.min(require, taking);
}

/** A group is up when enough members are, degraded when it holds only with degraded ones, unknown when those not known decide. */
export function groupOutcome(rule: Rule, members: readonly Member[]): GroupOutcome {
  const taking = members.filter((member) => member.verdict !== "out");
  const named = (verdict: Member["verdict"]): Member[] => taking.filter((member) => member.verdict === verdict);
  const [up, degraded, down, unknown] = [named("up"), named("degraded"), named("down"), named("unknown")];
  const need = needed(rule, taking.length);
  const enough = `${up.length + degraded.length} of ${taking.length} up, ${need} needed`;
  const list = (of: readonly Member[]): string => of.map((member) => `${member.name}: ${member.sentence}`).join("; ");
  if (!isJudged(rule, taking.length)) return { verdict: "unknown", sentence: taking.length === 0 ? "every member is paused" : "every member but one is paused, and one alone cannot tell" };
  if (up.length >= need) return { verdict: "up", sentence: down.length === 0 ? enough : `${enough}; down: ${down.map((member) => member.name).join(", ")}` };
  if (up.length + degraded.length >= need) return { verdict: "degraded", sentence: `${enough}; ${list(degraded)}` };
  if (up.length + degraded.length + unknown.length >= need) return { verdict: "unknown", sentence: `${enough}; not known: ${unknown.map((member) => member.name).join(", ")}` };
  return { verdict: "down", sentence: `${enough}; ${list(down)}` };
}
