import { freshState, publicIncident, seenFrom } from "../core/draft.ts";
import { groupOutcome, isExcused, type Member } from "../core/group.ts";
import { judge } from "../core/judge.ts";
import { isHurried } from "../core/pace.ts";
import { notAhead, shiftState } from "../core/shift.ts";
import type { Action, Around, CheckState, Effect, Input, Remembered, Terms, View } from "../core/state.ts";
import type { CheckName, Evidence, Instant, Policy, Result } from "../core/types.ts";
import { behind, groupView, memberOf, newestOf, sightOf, viewOf } from "../core/view.ts";
import { type Believed, dependentsOf, HIDES_MAX, listeners, renamed } from "./believed.ts";
import type { Recorder } from "./commit.ts";

const ALONE: Around = { parents: [], hides: [] };

/** What a configuration changes besides the terms of its checks. */
export interface SiteChange {
  readonly renamed: readonly { readonly from: CheckName; readonly to: CheckName }[];
  /** Known from before and no longer there: removed next. */
  readonly gone: readonly CheckName[];
}

export interface BeliefHooks {
  /** The check's state changed in a way that shows. */
  changed(check: CheckName): void;
  /** Ask this parent now. */
  ask(parent: CheckName): void;
  /** Run the check now, and count it. */
  again(check: CheckName): void;
  /** Run this check soon, and count it, unless such a run is under way that began at `since` or later. False: it does not run by itself. */
  rerun(check: CheckName, since: Instant): boolean;
  /** A member's state changed by what was judged at `now`: look at the group again. */
  regroup(group: CheckName, now: Instant): void;
  /** A result was judged. */
  seen(result: Result): void;
  /** The judge wants a tick at `at`. */
  wake(check: CheckName, at: Instant): void;
}

/** What is believed of every check: feeds the judge, carries news to the neighbours in dependency order, hands all of it to the committer as one. */
export class Beliefs {
  readonly #checks = new Map<CheckName, Believed>();
  readonly #committer: Recorder;
  readonly #hooks: BeliefHooks;
  siteVersion = "";

  constructor(committer: Recorder, hooks: BeliefHooks) {
    this.#committer = committer;
    this.#hooks = hooks;
  }

  state(check: CheckName): CheckState | null {
    return this.#checks.get(check)?.state ?? null;
  }

  /** `known`: views of this moment, each worked out once. */
  view(check: CheckName, known = new Map<CheckName, View>()): View | null {
    const before = known.get(check);
    if (before !== undefined) return before;
    const believed = this.#checks.get(check);
    if (believed === undefined) return null;
    const lone = this.#lone(believed);
    known.set(check, lone);
    const view = behind(lone, this.#views(this.#parentsOf(believed), known));
    known.set(check, view);
    return view;
  }

  /** Without what it depends on in turn: witnesses depend on the group that they are members of. */
  #lone({ policy, state }: Believed): View {
    const own = viewOf(policy, state);
    if (policy.group === null) return own;
    const members = policy.group.members.map((name) => this.#checks.get(name)).filter((member) => member !== undefined);
    return groupView(own, policy.group, members.map((member) => this.#lone(member)));
  }

  policy(check: CheckName): Policy | null {
    return this.#checks.get(check)?.policy ?? null;
  }

  /** Whether a check may run at its faster pace. A witness decides about the outside that blocks it. */
  isHurried(check: CheckName): boolean {
    const believed = this.#checks.get(check);
    return believed !== undefined && isHurried(believed.state, (blocker) => believed.groups.some(({ policy }) => policy.check === blocker));
  }

  /** The process starts; what was seen is known from the last results alone. */
  begin(now: Instant): void {
    this.#committer.journal({ at: now, check: null, siteVersion: this.siteVersion, input: { kind: "start" } });
  }

  /** The configuration is another one from here on. Call it before the policies are put in place. */
  configured(change: SiteChange, terms: readonly Terms[], now: Instant): void {
    this.#committer.journal({ at: now, check: null, siteVersion: this.siteVersion, input: { kind: "site", ...change }, terms });
  }

  /** Every check as a start of the process would find it. */
  reborn(now: Instant): void {
    for (const believed of this.#checks.values()) {
      const { check, belief, seen } = believed.state;
      believed.state = notAhead({ check, belief, seen: seenFrom(seen.last), wakeAt: null }, now);
    }
  }

  /** Puts a check in place: with its stored state after a restart, with none when it is new. Call `connect` when all are in place. */
  put(policy: Policy, state: CheckState | null, now: Instant): void {
    const known = this.#checks.get(policy.check);
    if (known !== undefined) return void (known.policy = policy);
    const kept = state === null ? freshState(policy, now) : notAhead(state, now);
    this.#checks.set(policy.check, { policy, state: kept, children: [], groups: [] });
    if (state !== null && kept.belief !== state.belief) this.#committer.decided(kept, [], []);
  }

  /** Forgets a check after its `remove` action was judged. */
  drop(check: CheckName): void {
    this.#checks.delete(check);
    this.#committer.removed(check);
  }

  /** Goes on under a new name, in the store too; its policy is put in place next. */
  rename(from: CheckName, to: CheckName): void {
    const believed = this.#checks.get(from);
    this.#committer.rename(from, to);
    if (believed === undefined) return;
    this.#checks.delete(from);
    believed.state = renamed(believed.state, to);
    this.#checks.set(to, believed);
  }

  /** The wall clock was put right: every check's instants move along before any check is judged again. */
  step(byMs: number, now: Instant): void {
    this.#committer.journal({ at: now, check: null, siteVersion: this.siteVersion, input: { kind: "clock", byMs } });
    for (const believed of this.#checks.values()) {
      believed.state = shiftState(believed.state, byMs);
      this.#committer.decided(believed.state, [], []);
    }
    for (const believed of this.#checks.values()) this.#judge(believed, { kind: "tick", around: this.#around(believed, true) }, now);
  }

  /** Draws the lines between checks anew. */
  connect(): void {
    for (const believed of this.#checks.values()) {
      believed.children = [];
      believed.groups = [];
    }
    for (const believed of this.#checks.values()) {
      for (const parent of new Set([...believed.policy.parents, ...this.#blamable(believed)])) this.#checks.get(parent)?.children.push(believed);
      for (const member of believed.policy.group?.members ?? []) this.#checks.get(member)?.groups.push(believed);
    }
  }

  /** Judges a result; it is recorded whatever comes of it. `learnt`: what the probe wants remembered. */
  result(result: Result, expectBy: Instant | null, now: Instant, learnt: { readonly remember?: Remembered } = {}): void {
    const believed = this.#checks.get(result.check);
    if (believed === undefined) return;
    this.#committer.result(result, now);
    this.#hooks.seen(result);
    this.#judge(believed, { kind: "result", result, expectBy, ...learnt, around: this.#around(believed, result.verdict === "down") }, now);
    this.#hooks.changed(result.check);
  }

  /** Adds to the evidence of the outage that is open, if one is: what came too late for the result that opened it. */
  evidence(check: CheckName, more: Evidence): void {
    const { incident = null, streak = null } = this.#checks.get(check)?.state.belief ?? {};
    if (incident?.kind !== "down" || streak === null) return;
    this.#committer.effects([{ kind: "incident", incident: publicIncident(incident), change: "evidence", evidence: [...streak.evidence, ...more] }]);
    this.#hooks.changed(check);
  }

  /** Judges an action; actions are journalled, so that history can be judged again. */
  action(check: CheckName, action: Action, now: Instant): void {
    const believed = this.#checks.get(check);
    if (believed === undefined) return;
    this.#committer.journal({ at: now, check, siteVersion: this.siteVersion, input: action });
    this.#judge(believed, { kind: "action", action, around: this.#around(believed, true) }, now);
    this.#hooks.changed(check);
  }

  tick(check: CheckName, now: Instant): void {
    const believed = this.#checks.get(check);
    if (believed === undefined) return;
    const before = believed.state;
    const { place } = this.#committer;
    this.#judge(believed, { kind: "tick", around: this.#around(believed, true) }, now);
    if (believed.state !== before) this.#committer.journal({ at: now, check, siteVersion: this.siteVersion, input: { kind: "tick" } }, place);
  }

  /** Checks that are failing behind this one, for alerts and the page. */
  hides(check: CheckName): readonly CheckName[] {
    const believed = this.#checks.get(check);
    return believed === undefined ? [] : this.#hidden(believed);
  }

  #around(believed: Believed, full: boolean): Around {
    const parents = this.#parentsOf(believed);
    if (!full || believed.children.length === 0) return parents.length === 0 ? ALONE : { ...ALONE, parents: this.#views(parents) };
    const hides = this.#hidden(believed);
    return { parents: this.#views(parents), hides, dependents: dependentsOf(believed, new Set(hides)) };
  }

  #views(names: readonly CheckName[], known = new Map<CheckName, View>()): readonly View[] {
    return names.map((name) => this.view(name, known)).filter((view) => view !== null);
  }

  /** What may be to blame for this check now: its parents, and of a group those of the members that decide and may fail by them alone. */
  #parentsOf(believed: Believed): readonly CheckName[] {
    const { parents, group } = believed.policy;
    if (group === null || group.bySight) return parents;
    const members = group.members.map((name) => this.#checks.get(name)).filter((member) => member !== undefined);
    const excused = new Set(members.filter((member) => isExcused(this.#member(member), this.#parentsOf(member).length > 0, group.run)));
    if (excused.size === 0) return parents;
    const taking = members.map((member): Member => {
      const view = this.#member(member);
      const seen = group.run === "turn" && group.byState !== true ? newestOf(view) : memberOf(view);
      return excused.has(member) ? { ...seen, verdict: "unknown" } : seen;
    });
    if (groupOutcome(group, taking).verdict === "down") return parents;
    return [...new Set([...parents, ...[...excused].flatMap((member) => this.#parentsOf(member))])];
  }

  /** A member by what is believed of itself, a group too, unless that takes no part. */
  #member({ policy, state }: Believed): View {
    const own = viewOf(policy, state);
    return policy.group === null || this.view(policy.check)?.status !== "paused" ? own : { ...own, status: "paused" };
  }

  /** Every check that may ever be to blame for a group's members. */
  #blamable({ policy: { group } }: Believed): readonly CheckName[] {
    if (group === null || group.bySight) return [];
    return group.members.flatMap((name) => {
      const member = this.#checks.get(name);
      return member === undefined ? [] : [...member.policy.parents, ...this.#blamable(member)];
    });
  }

  #hidden(believed: Believed): CheckName[] {
    const found = new Set<CheckName>();
    const met = new Set([believed]);
    const look = believed.children.map((child) => ({ child, parent: believed }));
    for (let next = look.pop(); next !== undefined && found.size < HIDES_MAX; next = look.pop()) {
      const { child, parent } = next;
      const { belief, seen } = child.state;
      if (met.has(child) || (belief.status !== "blocked" && seen.verdict !== "down")) continue;
      // A group that fails by itself is not hidden by what others of its members depend on.
      if (child.policy.group !== null && !this.#parentsOf(child).includes(parent.policy.check)) continue;
      met.add(child);
      if (belief.status !== "down") found.add(child.policy.check);
      look.push(...child.children.map((grandchild) => ({ child: grandchild, parent: child })));
    }
    return [...found].toSorted();
  }

  #judge(believed: Believed, input: Input, now: Instant): void {
    const before = believed.state;
    const { state, transitions, effects } = judge(believed.policy, before, input, now);
    believed.state = state;
    if (state.belief !== before.belief) this.#committer.decided(state, transitions, effects);
    else if (effects.length > 0) this.#committer.effects(effects);
    if (state.wakeAt !== null && state.wakeAt !== before.wakeAt) this.#hooks.wake(state.check, state.wakeAt);
    if (transitions.length > 0) this.#hooks.changed(state.check);
    this.#tellNeighbours(believed, before, now);
    this.#carryOut(believed, effects);
  }

  #carryOut(believed: Believed, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === "ask") for (const asked of this.#askable(this.#ancestors(effect.parents))) this.#hooks.ask(asked.policy.check);
      if (effect.kind === "again") this.#hooks.again(believed.policy.check);
      if (effect.kind !== "rerun") continue;
      const { check, since } = effect;
      const wanted = check === believed.policy.check && believed.policy.group?.bySight !== true ? [believed] : this.#askable([check]).filter(({ state }) => (state.seen.last?.started ?? 0) < since);
      for (const one of wanted) this.#rerun(one, since);
    }
  }

  /** With what those depend on in turn: one that fails as well may be hidden by it. */
  #ancestors(parents: readonly CheckName[]): readonly CheckName[] {
    const found = new Set(parents);
    for (const parent of found) for (const beyond of this.#checks.get(parent)?.policy.parents ?? []) found.add(beyond);
    return [...found];
  }

  /** Those that run: a group that is judged from its members knows what they know. */
  #askable(checks: readonly CheckName[]): readonly Believed[] {
    const asked = new Set(checks);
    for (const check of asked) {
      const group = this.#checks.get(check)?.policy.group ?? null;
      if (group?.run === "own") for (const member of group.members) asked.add(member);
    }
    return [...asked].map((check) => this.#checks.get(check)).filter((one) => one !== undefined).filter((one) => one.policy.group?.run !== "own");
  }

  /** A member in turn runs when its group does. */
  #rerun({ policy, groups }: Believed, since: Instant): void {
    if (this.#hooks.rerun(policy.check, since)) return;
    for (const group of groups) if (group.policy.group?.run === "turn") this.#rerun(group, since);
  }

  /** Children hear of a change that could concern them, waiting ones of every verdict; groups of every change of a member. */
  #tellNeighbours(believed: Believed, before: CheckState, now: Instant): void {
    const { state } = believed;
    const moved = state.belief.status !== before.belief.status;
    const news = moved || (state.seen.verdict === "down") !== (before.seen.verdict === "down");
    const verdict = state.seen.verdictStarted !== before.seen.verdictStarted;
    if (news || verdict) {
      for (const child of listeners(believed)) {
        if (!news && child.state.belief.wait === null) continue;
        this.#judge(child, { kind: "neighbour", around: this.#around(child, true) }, now);
      }
    }
    const sight = believed.groups.length > 0 && sightOf(viewOf(believed.policy, before)).verdict !== sightOf(viewOf(believed.policy, state)).verdict;
    for (const { policy: { check, group } } of believed.groups) if (group?.run === "own" && (moved || (sight && group.bySight))) this.#hooks.regroup(check, now);
  }
}
