import { freshState } from "./draft.ts";
import { judge } from "./judge.ts";
import { shiftState } from "./shift.ts";
import type { Action, Around, CheckState, Decision, Effect, Input, View } from "./state.ts";
import { type Alert, channelName, checkName, type Instant, instant, millis, type Origin, type Policy, type Result, type Step, type Verdict } from "./types.ts";

/** Ground for tests of the judge: a check, a parent, and a script such as `u d d +10m ack u`; what comes of it as text. */

export const MINUTE = 60_000;
export const T0 = instant(Date.UTC(2026, 0, 1));

/** `1:ops 3:boss 10m:sms*60m 0:log`: run or minutes, channels joined by +, and minutes between reminders. */
export function steps(text: string): readonly Step[] {
  return text.split(" ").filter((part) => part !== "").map((part) => {
    const [, count, unit, to = "", repeat] = /^(\d+)(m?):([^*]+)(?:\*(\d+)m)?$/.exec(part) ?? [];
    const after = unit === "m" ? ({ kind: "time", ms: millis(Number(count) * MINUTE) } as const) : ({ kind: "runs", count: Number(count) } as const);
    return { after, to: to.split("+").map(channelName), repeatMs: repeat === undefined ? null : millis(Number(repeat) * MINUTE) };
  });
}

export type PolicyWish = Partial<Omit<Policy, "steps" | "parents">> & { readonly steps?: string; readonly parents?: readonly string[] };

export function policyOf(wish: PolicyWish = {}): Policy {
  const { steps: text = "1:ops", parents = [], ...rest } = wish;
  return {
    check: checkName("shop"),
    type: "tcp",
    failAfter: 1,
    recoverAfter: 1,
    warnAfter: rest.failAfter ?? 1,
    everyMs: millis(MINUTE),
    failingEveryMs: rest.everyMs ?? millis(MINUTE),
    runMs: millis(10_000),
    initial: "pending",
    onFail: true,
    onPass: true,
    recipients: { ops: [""], boss: [""], sms: [""], log: [""], ann: ["a@x"], ben: ["b@x"] },
    rotations: {},
    group: null,
    flapping: null,
    ...rest,
    steps: steps(text),
    parents: parents.map(checkName),
  };
}

const VERDICTS: { readonly [letter: string]: Verdict } = { u: "up", d: "down", g: "degraded", "?": "unknown" };
const ORIGINS: { readonly [letter: string]: Origin } = { m: "manual", c: "confirm", s: "start", r: "retry" };

export function resultOf(verdict: Verdict, started: Instant, origin: Origin = "scheduled"): Result {
  const code = verdict === "up" ? "ok" : verdict === "down" ? "refused" : verdict === "degraded" ? "slow" : "late";
  return { check: checkName("shop"), vantage: "here", slot: started, started, origin, verdict, code, sentence: `saw ${verdict}`, latencyMs: 5, phases: {}, facts: {}, evidence: [], tries: 1 };
}

/** A parent as its child sees it. */
export function parentView(more: Partial<View> = {}): View {
  const base: View = { check: checkName("gw"), status: "up", cause: null, failing: false, verdict: "up", verdictStarted: T0, unjudged: false, lastStarted: T0, unheard: false, hiddenBy: null, reached: false, wellSince: null, sentence: "gw speaks", latencyMs: 1, runMs: millis(10_000), toThresholdMs: millis(3 * MINUTE + 10_000) };
  return { ...base, ...more };
}

const ACTIONS: { readonly [word: string]: Action } = {
  ack: { kind: "acknowledge", by: "ann", note: "" },
  pause: { kind: "pause", by: "ann" },
  silence: { kind: "silence", by: "ann" },
  unsilence: { kind: "unsilence", by: "ann" },
  window: { kind: "maintenance", open: ["night"] },
  windowend: { kind: "maintenance", open: [] },
  remove: { kind: "remove" },
};

/** One check under the judge, with a clock of its own; every decision is checked for what must always hold. */
export class Bench {
  policy: Policy;
  state: CheckState;
  now = T0;
  parents: readonly View[] = [];
  readonly events: string[] = [];
  readonly alerts: Alert[] = [];
  /** Runs that were asked for: minute, check, and minutes of `since`. */
  readonly reruns: string[] = [];
  readonly #ids = new Set<string>();

  constructor(wish: PolicyWish = {}) {
    this.policy = policyOf(wish);
    this.state = freshState(this.policy, T0);
    this.parents = this.policy.parents.map((check) => parentView({ check }));
  }

  /** Runs a script; a run comes one interval after what was before it. */
  play(script: string): this {
    for (const word of script.split(" ").filter((part) => part !== "")) this.#word(word);
    return this;
  }

  /** What happened, as `minute what`, in order. */
  get story(): string {
    return this.events.join(", ");
  }

  feed(input: Input): Decision {
    const before = this.state;
    const decision = judge(this.policy, before, input, this.now);
    const again = judge(this.policy, JSON.parse(JSON.stringify(before)) as CheckState, input, this.now);
    if (JSON.stringify(again) !== JSON.stringify(decision)) throw new Error(`the same input gave another decision: ${JSON.stringify(input)}`);
    this.state = decision.state;
    for (const { to } of decision.transitions) this.#note(to);
    for (const effect of decision.effects) this.#effect(effect);
    return decision;
  }

  /** `failing`: of a group, the members that fail. */
  result(verdict: Verdict, origin: Origin = "scheduled", startedMsAgo = 0, failing: readonly string[] = []): Decision {
    // A verdict is never expected at once, whatever the pace.
    const expectBy = instant(this.now + Math.max(1, 3 * this.policy.everyMs + this.policy.runMs));
    return this.feed({ kind: "result", result: { ...resultOf(verdict, instant(this.now - startedMsAgo), origin), facts: failing.length === 0 ? {} : { failing } }, expectBy, around: this.around });
  }

  act(action: Action): Decision {
    return this.feed({ kind: "action", action, around: this.around });
  }

  /** Time passes, with a tick whenever the judge wants one. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (let { wakeAt } = this.state, ticks = 0; wakeAt !== null && wakeAt <= until; { wakeAt } = this.state) {
      ticks += 1;
      if (ticks > 500) throw new Error(`the judge wakes for ever at ${wakeAt}: ${JSON.stringify(this.state.belief)}`);
      this.now = instant(Math.max(this.now, wakeAt));
      this.feed({ kind: "tick", around: this.around });
    }
    this.now = instant(until);
  }

  get around(): Around {
    return { parents: this.parents, hides: [] };
  }

  /** The (only) parent changes, and the child hears of it. */
  parent(change: Partial<View>): void {
    this.parents = this.parents.map((view) => ({ ...view, ...change }));
    this.feed({ kind: "neighbour", around: this.around });
  }

  #word(word: string): void {
    const [, origin, letter = ""] = /^(?:([mcsr]):)?([udg?])$/.exec(word) ?? [];
    const verdict = VERDICTS[letter];
    const [, amount, unit] = /^\+(\d+)(m|s)$/.exec(word) ?? [];
    const action = ACTIONS[word];
    if (verdict !== undefined) {
      if (origin === undefined) this.pass(this.policy.everyMs);
      this.result(verdict, ORIGINS[origin ?? ""] ?? "scheduled");
    } else if (amount !== undefined) this.pass(Number(amount) * (unit === "m" ? MINUTE : 1000));
    else if (word.startsWith("gw:")) this.#parentWord(word.slice(3));
    else if (action !== undefined) this.act(action);
    else this.#deed(word);
  }

  #deed(word: string): void {
    const expectBy = instant(this.now + 3 * this.policy.everyMs + this.policy.runMs);
    if (word === "resume") this.act({ kind: "resume", by: "ann", expectBy });
    else if (word === "restart") this.act({ kind: "restart", expectBy });
    else if (word === "return") this.act({ kind: "restart", expectBy, anew: true });
    else if (word === "added") this.act({ kind: "added", expectBy });
    else if (word === "target" || word === "judging" || word === "telling") this.act({ kind: "reload", changed: word, expectBy });
    else if (word === "clock") this.#stepClock(24 * 60 * MINUTE);
    else if (word === "clockback") this.#stepClock(-24 * 60 * MINUTE);
    else if (word.startsWith("silence:")) this.act({ kind: "silence", by: "ann", until: instant(this.now + Number(word.slice(8)) * MINUTE) });
  else throw new Error(`the script has an unknown word: ${word}`);
  }

  #stepClock(byMs: number): void {
    this.now = instant(this.now + byMs);
    this.state = shiftState(this.state, byMs);
    const moved = (at: Instant | null): Instant | null => (at === null ? null : instant(at + byMs));
    this.parents = this.parents.map((view) => ({ ...view, verdictStarted: moved(view.verdictStarted), wellSince: moved(view.wellSince) }));
    this.feed({ kind: "tick", around: this.around });
  }

  /** `down`, `up` (seen well by a run begun now), `fail` (under its threshold), `paused`, `blocked`, `answer` (well as before). */
  #parentWord(word: string): void {
    const was = this.parents[0];
    if (word === "down") this.parent({ status: "down", failing: true, verdict: "down", verdictStarted: this.now });
    else if (word === "fail") this.parent({ failing: true, verdict: "down", verdictStarted: this.now });
    else if (word === "answer") this.parent({ verdictStarted: this.now });
    else if (word === "up") this.parent({ status: "up", cause: null, failing: false, verdict: "up", verdictStarted: this.now, wellSince: was?.failing === true ? this.now : (was?.wellSince ?? null) });
    else if (word === "blocked") this.parent({ status: "blocked", cause: checkName("isp") });
    else if (word === "paused") this.parent({ status: "paused" });
    else throw new Error(`the script has an unknown parent word: ${word}`);
  }

  #effect(effect: Effect): void {
    if (effect.kind === "ask") this.#note(`ask ${effect.parents.join("+")}`);
    if (effect.kind === "again") this.#note("again");
    if (effect.kind === "rerun") this.reruns.push(`${this.#minutes(this.now)} ${effect.check} since ${this.#minutes(effect.since)}`);
    if (effect.kind !== "alert") return;
    const { alert } = effect;
    // A script may begin two runs in one instant; a clock cannot.
    if (this.#ids.has(alert.id) && alert.kind !== "run") throw new Error(`two alerts with one id: ${JSON.stringify(alert)}`);
    this.#ids.add(alert.id);
    this.alerts.push(alert);
    this.#note(`${alert.quiet === true ? "quiet " : ""}${alert.kind}!${alert.channel}`);
  }

  #note(what: string): void {
    this.events.push(`${this.#minutes(this.now)} ${what}`);
  }

  #minutes(at: Instant): number {
    return Math.round(((at - T0) / MINUTE) * 10) / 10;
  }
}

/** The story of a script under a policy. */
export const story = (script: string, wish: PolicyWish = {}): string => new Bench(wish).play(script).story;
