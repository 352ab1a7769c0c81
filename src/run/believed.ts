import type { CheckState } from "../core/state.ts";
import type { CheckName, Policy } from "../core/types.ts";

/** A check with what is believed of it, and those that it concerns. */
export interface Believed {
  policy: Policy;
  state: CheckState;
  /** Checks that depend on this one. */
  children: Believed[];
  /** Groups that have this one as a member. */
  groups: Believed[];
}

/** An alert names at most so many of the checks it hides, and of those that depend on it. */
export const HIDES_MAX = 200;

/** What depends on a check, known from the configuration at once: the check may be looked at far more often than they are. Without the `hidden`, and those that are down or paused. */
export function dependentsOf(believed: Believed, hidden: ReadonlySet<CheckName>): CheckName[] {
  const found: CheckName[] = [];
  const met = new Set([believed]);
  for (const parent of met) {
    for (const child of parent.children) {
      // A group of members that depend on it may have others.
      if (met.has(child) || !child.policy.parents.includes(parent.policy.check)) continue;
      met.add(child);
      const { check, belief } = child.state;
      if (!hidden.has(check) && belief.status !== "down" && belief.status !== "paused") found.push(check);
      if (found.length >= HIDES_MAX) return found.toSorted();
    }
  }
  return found.toSorted();
}

/** Whom news of a check concern: its children, and those of the groups that it is a member of. */
export function listeners(believed: Believed): ReadonlySet<Believed> {
  const found = new Set(believed.children);
  const groups = new Set(believed.groups);
  for (const group of groups) {
    for (const child of group.children) found.add(child);
    for (const outer of group.groups) groups.add(outer);
  }
  return found;
}

/** The same state under another name. */
export function renamed(state: CheckState, check: CheckName): CheckState {
  const { belief, seen, wakeAt } = state;
  const incident = belief.incident === null ? null : { ...belief.incident, check };
  return { check, belief: { ...belief, incident }, seen, wakeAt };
}
