import fc from "fast-check";
import { expect, test } from "vitest";
import { groupOutcome } from "./group.ts";
import { Bench, MINUTE, parentView, type PolicyWish } from "./ground.ts";
import type { Rotation } from "./rotation.ts";
import type { Action, Decision, Input, View } from "./state.ts";
import { type Alert, type GroupPolicy, channelName, checkName, instant, millis, type Origin, type Status, type Verdict } from "./types.ts";

/** What can happen to a check, with how much time passes before it. */
type Deed =
  | { readonly kind: "run"; readonly verdict: Verdict; readonly origin: Origin; readonly agoMs: number; readonly failing: readonly string[] }
  | { readonly kind: "silence"; readonly forMs: number }
  | { readonly kind: "act"; readonly action: Action }
  | { readonly kind: "parent"; readonly at: number; readonly change: Partial<View>; readonly seen: "now" | "well" | "no" }
  | { readonly kind: "policy"; readonly wish: PolicyWish; readonly changed: "target" | "judging" | "telling" }
  | { readonly kind: "clock"; readonly byMs: number };

const NIGHT: Rotation = { zone: "UTC", handover: { days: [0, 1, 2, 3, 4, 5, 6], minute: 10 }, firstDay: 20_000, turns: [["ann"], ["ben"]].map((turn) => turn.map(channelName)), hours: [{ at: { days: [0, 1, 2, 3, 4, 5, 6], minute: 30, endMinute: 60 }, to: [channelName("boss")] }], overrides: [] };

const verdict = fc.constantFrom<Verdict>("up", "up", "down", "down", "degraded", "unknown");
const origin = fc.constantFrom<Origin>("scheduled", "scheduled", "scheduled", "start", "manual", "confirm");
const status = fc.constantFrom<Status>("pending", "up", "degraded", "down", "blocked", "paused");
const by = "ann";

const action: fc.Arbitrary<Action> = fc.constantFrom<Action>(
  { kind: "acknowledge", by, note: "" },
  { kind: "pause", by },
  { kind: "resume", by, expectBy: null },
  { kind: "silence", by },
  { kind: "unsilence", by },
  { kind: "maintenance", open: ["night"] },
  { kind: "maintenance", open: [] },
  { kind: "restart", expectBy: null },
  { kind: "added", expectBy: null },
  { kind: "skipped", slot: instant(0) },
);

const wish: fc.Arbitrary<PolicyWish> = fc.record({
  failAfter: fc.integer({ min: 1, max: 3 }),
  recoverAfter: fc.integer({ min: 1, max: 3 }),
  warnAfter: fc.integer({ min: 1, max: 3 }),
  rotations: fc.constant({ night: NIGHT }),
  recipients: fc.constantFrom(["a@x"], ["a@x", "b@x"], ["b@x"]).map((ann) => ({ ops: [""], boss: [""], sms: [""], log: [""], ann, ben: ["b@x"] })),
  group: fc.constantFrom(null, null, { require: "all" as const, members: ["a", "b"].map(checkName), run: "turn" as const, renotify: true, bySight: false }),
  everyMs: fc.constantFrom(millis(5000), millis(MINUTE), millis(0)),
  runMs: fc.constantFrom(millis(10_000), millis(0)),
  initial: fc.constantFrom("pending" as const, "pending" as const, "down" as const),
  onFail: fc.constantFrom(true, true, true, false),
  onPass: fc.constantFrom(true, true, true, false),
  steps: fc.constantFrom("1:ops", "1:ops 3:boss 10m:sms*7m", "2:ops*5m", "10m:boss", "0:log 1:ops+boss", "", "1:ops*1m 1:boss", "1:night*3m 2:boss", "0:night 5m:night+ops"),
  parents: fc.constantFrom([], ["gw"], ["gw", "dns"]),
  flapping: fc.constantFrom(null, { changes: 1, withinMs: millis(10 * MINUTE) }),
});

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("run" as const), verdict, origin, agoMs: fc.constantFrom(0, 0, 50, 9000), failing: fc.constantFrom<readonly string[]>(["a"], ["b"], ["a", "b"]) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("silence" as const), forMs: fc.constantFrom(1000, MINUTE, 7 * MINUTE) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("act" as const), action }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("parent" as const), at: fc.integer({ min: 0, max: 1 }), change: fc.record({ status, failing: fc.boolean() }), seen: fc.constantFrom("now" as const, "well" as const, "no" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("policy" as const), wish, changed: fc.constantFrom("target" as const, "judging" as const, "telling" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clock" as const), byMs: fc.constantFrom(86_400_000, -86_400_000, 5000, -5000) }) },
);

const life = fc.record({ wish, deeds: fc.array(fc.tuple(fc.constantFrom(0, 1000, 30_000, MINUTE, 5 * MINUTE), deed), { maxLength: 60 }) });

/** Who has the night at `at`, worked out otherwise: turns change at ten past midnight, and from half past it to one the boss is told. */
function hasTheNight(at: number): string {
  const minute = Math.floor(at / MINUTE) % 1440;
  if (minute >= 30 && minute < 60) return "boss";
  const days = Math.floor((at - 10 * MINUTE) / (1440 * MINUTE)) - NIGHT.firstDay;
  return days % 2 === 0 ? "ann" : "ben";
}

/** Watches each decision; the bench itself checks that no id comes twice, that the same input decides the same, and that the judge does not wake for ever. */
class Witness extends Bench {
  /** By incident: who was told of it. */
  readonly #told = new Map<string, Set<string>>();
  readonly #steps = new Set<string>();
  #open: string | null = null;
  #excepted = false;
  #flaps = false;

  override feed(input: Input): Decision {
    const before = this.state;
    this.#excepted ||= !this.policy.onFail || this.policy.initial === "down";
    const decision = super.feed(input);
    const { belief, wakeAt } = decision.state;
    const alerts = decision.effects.filter((effect) => effect.kind === "alert").map((effect) => effect.alert);
    expect(JSON.parse(JSON.stringify(decision.state))).toEqual(decision.state);
    this.#flaps = belief.flapping !== null && (this.#flaps || alerts.some(({ kind }) => kind === "flapping"));
    for (const { from, to, telling } of decision.transitions) {
      expect(from).not.toBe(to);
      // Held back as flapping: only where that was told.
      if (telling === "flapping") expect(this.#flaps).toBe(true);
    }
    expect(decision.transitions.at(-1)?.to ?? before.belief.status).toBe(belief.status);
    if (input.kind !== "action" && JSON.stringify(belief) === JSON.stringify(before.belief)) expect(belief).toBe(before.belief);
    if (belief.status === "paused") expect(wakeAt).toBeNull();
    this.#incidents(decision);
    this.#counts(decision);
    for (const alert of alerts) this.#alert(alert, decision);
    this.#recovered(alerts.filter(({ kind }) => kind === "recovered"));
    return decision;
  }

  /** A recovery goes to exactly those who were told of its outage. The exceptions: a check that began as down, and one whose owner wants passes alone. */
  #recovered(alerts: readonly Alert[]): void {
    const [first] = alerts;
    if (first === undefined || this.#excepted) return;
    expect(new Set(alerts.map(({ channel, recipient }) => `${channel} ${recipient}`))).toEqual(this.#told.get(first.incident ?? ""));
  }

  /** Opened only when none is open; what opens closes; what is open is known. */
  #incidents(decision: Decision): void {
    let ended: string | null = null;
    for (const effect of decision.effects) {
      if (effect.kind !== "incident") continue;
      const { change, incident } = effect;
      if (change === "opened") expect(this.#open).toBeNull();
      else expect(this.#open).toBe(incident.id);
      // Of what an outage became those know who were told of it.
      if (change === "closed") ended = incident.id;
      if (change === "opened" && ended !== null && this.policy.onPass) this.#told.set(incident.id, new Set(this.#told.get(ended)));
      this.#open = change === "closed" ? null : incident.id;
    }
    expect(decision.state.belief.incident?.id ?? null).toBe(this.#open);
  }

  #counts({ state: { belief } }: Decision): void {
    const { streak, incident, status } = belief;
    if (streak !== null) {
      expect(streak.bads).toBeGreaterThan(0);
      expect(streak.downs).toBeLessThanOrEqual(streak.bads);
      expect(streak.downs === 0).toBe(streak.firstDownStarted === null);
    }
    if (status === "up") expect(incident).toBeNull();
    if (status === "degraded") expect(incident?.kind).toBe("degraded");
    if (status === "down" && belief.known) expect(incident?.kind).toBe("down");
    if (incident?.kind === "down") expect(["down", "paused"]).toContain(status);
  }

  #alert(alert: Alert, decision: Decision): void {
    const { status, muting, incident } = decision.state.belief;
    const closed = decision.effects.some((effect) => effect.kind === "incident" && effect.change === "closed");
    if (alert.kind === "recovered" && !this.#excepted) expect(closed).toBe(true);
    if (!["down", "degraded", "reminder", "unchecked"].includes(alert.kind)) return;
    expect(status).not.toBe("blocked");
    expect(muting.paused).toBeNull();
    expect(muting.silenced).toBeNull();
    const told = this.#told.get(alert.incident ?? "") ?? new Set();
    this.#told.set(alert.incident ?? "", told.add(`${alert.channel} ${alert.recipient}`));
    // What became better is told to those who know, whatever rests.
    if (alert.kind === "degraded" && alert.ends !== undefined) return;
    expect(incident?.acknowledged).toBeNull();
    expect(muting.maintenance).toEqual([]);
    // The same, held back for as long as nobody was to be told.
    if (alert.kind === "degraded" && alert.ends !== undefined) return;
    if (alert.sentence.startsWith("now failing")) return this.#changed(alert, decision);
    this.#onStep(alert, incident?.opened ?? 0);
  }

  /** One message of a step for each opening and person, to those whom the step names or who are on call. */
  #onStep({ kind, step, channel, recipient, incident, at }: Alert, opened: number): void {
    const { after, to: named = [] } = this.policy.steps[step] ?? {};
    expect(named.map((name) => (name === channelName("night") ? hasTheNight(at) : name))).toContain(channel);
    if (kind === "reminder") return;
    const once = JSON.stringify([incident, opened, kind, after, named, channel, recipient]);
    expect(this.#steps).not.toContain(once);
    this.#steps.add(once);
  }

  /** Other members are told of only when they are others. */
  #changed(alert: Alert, decision: Decision): void {
    const failing = decision.state.belief.incident?.failing?.join(" ") ?? "";
    const before = /\(before: ([^)]*)\)/.exec(alert.sentence)?.[1]?.replaceAll(",", "");
    expect(failing).not.toBe(before);
  }
}

function happen(bench: Witness, what: Deed): void {
  if (what.kind === "run") bench.result(what.verdict, what.origin, what.agoMs, what.verdict === "down" ? what.failing : []);
  else if (what.kind === "silence") bench.act({ kind: "silence", by, until: instant(bench.now + what.forMs) });
  else if (what.kind === "act") bench.act(what.action);
  else if (what.kind === "clock") bench.play(what.byMs > 0 ? "clock" : "clockback");
  else if (what.kind === "policy") {
    bench.policy = { ...new Bench(what.wish).policy };
    bench.parents = bench.policy.parents.map((check) => parentView({ check, verdictStarted: bench.now }));
    bench.act({ kind: "reload", changed: what.changed, expectBy: null });
  } else {
    const seen = what.seen === "no" ? {} : what.seen === "well" ? { verdictStarted: bench.now, wellSince: bench.now } : { verdictStarted: bench.now };
    bench.parents = bench.parents.map((view, at) => (at === what.at ? { ...view, cause: checkName("isp"), ...what.change, ...seen } : view));
    bench.feed({ kind: "neighbour", around: bench.around });
  }
}

function live({ wish: policy, deeds }: { readonly wish: PolicyWish; readonly deeds: readonly (readonly [number, Deed])[] }): Witness {
  const bench = new Witness(policy);
  for (const [passes, what] of deeds) {
    bench.pass(passes);
    happen(bench, what);
  }
  return bench;
}

test("whatever happens, the judge decides, and what must hold holds", () => {
  fc.assert(fc.property(life, (drawn) => void live(drawn)), { numRuns: 600 });
});

test("once every parent is well, failing runs are told in the end, and passing ones end it", () => {
  fc.assert(
    fc.property(life, (drawn) => {
      const bench = live(drawn);
      const { failAfter, recoverAfter } = bench.policy;
      bench.policy = { ...bench.policy, everyMs: millis(MINUTE) };
      bench.play("resume unsilence windowend");
      for (let run = 0; run < recoverAfter + 1; run += 1) bench.play("+1m s:u");
      expect(bench.state.belief).toMatchObject({ status: "up", incident: null });
      bench.policy = { ...bench.policy, onFail: true, onPass: true, flapping: null, steps: new Bench({ steps: "1:ops" }).policy.steps };
      bench.play("telling +20m");
      for (let run = 0; run < recoverAfter; run += 1) bench.play("s:u");
      const before = bench.alerts.length;
      for (let run = 0; run < failAfter + 2; run += 1) {
        bench.play("+1m");
        bench.parents.forEach((view) => (bench.parents = bench.parents.map((other) => (other === view ? parentView({ check: view.check, verdictStarted: bench.now }) : other))));
        bench.play("s:d");
        bench.pass(30_000);
      }
      expect(bench.alerts.slice(before).map(({ kind }) => kind)).toEqual(["down"]);
      for (let run = 0; run < recoverAfter; run += 1) bench.play("+1m s:u");
      expect(bench.alerts.slice(before).map(({ kind }) => kind)).toEqual(["down", "recovered"]);
    }),
    { numRuns: 200 },
  );
});

test("groups: the more members are well, the better, whatever is required", () => {
  const members = fc.array(verdict, { minLength: 1, maxLength: 6 });
  const required = fc.constantFrom<GroupPolicy["require"]>("all", "any", 1, 2, 3);
  fc.assert(
    fc.property(members, required, fc.nat(5), (verdicts, require, at) => {
      const rank = { down: 0, unknown: 1, degraded: 2, up: 3 };
      const outcome = (of: readonly Verdict[]): number => rank[groupOutcome({ require, bySight: false }, of.map((one, index) => ({ name: `m${index}`, verdict: one, sentence: "" }))).verdict];
      const better = verdicts.map((one, index) => (index === at % verdicts.length ? "up" : one));
      expect(outcome(better)).toBeGreaterThanOrEqual(outcome(verdicts));
    }),
  );
});

/** The counts in plain words, written a second time: what a check that depends on nothing must be believed to be. */
class Counting {
  status: Status = "pending";
  #downs = 0;
  #bads = 0;
  #passes = 0;
  #reprieves = 0;

  see(verdict: Verdict, { failAfter, warnAfter, recoverAfter }: { readonly failAfter: number; readonly warnAfter: number; readonly recoverAfter: number }): void {
    if (verdict === "unknown") return;
    const well = verdict === "up";
    this.#downs = verdict === "down" ? this.#downs + 1 : 0;
    this.#bads = well ? 0 : this.#bads + 1;
    this.#passes = well ? this.#passes + 1 : 0;
    this.#reprieves = verdict === "down" ? 0 : this.#reprieves + 1;
    const enough = this.#passes >= recoverAfter;
    if (this.#downs >= failAfter) this.status = "down";
    else if (this.status === "down") this.status = enough ? "up" : verdict === "degraded" && this.#reprieves >= recoverAfter ? "degraded" : "down";
    else if (this.#bads >= warnAfter && verdict === "degraded") this.status = "degraded";
    else if (well && (this.status === "pending" || enough)) this.status = "up";
    // Counted from the change on.
    if (this.status === "up") this.#reprieves = 0;
  }
}

test("counts are as defined", () => {
  const limit = fc.integer({ min: 1, max: 4 });
  const runs = fc.array(fc.constantFrom<Verdict>("up", "up", "down", "down", "down", "degraded", "degraded", "unknown"), { maxLength: 40 });
  fc.assert(
    fc.property(fc.record({ failAfter: limit, warnAfter: limit, recoverAfter: limit }), runs, (limits, verdicts) => {
      const bench = new Bench(limits);
      const counting = new Counting();
      for (const one of verdicts) {
        bench.now = instant(bench.now + 1000);
        bench.result(one);
        counting.see(one, limits);
        expect(bench.state.belief.status).toBe(counting.status);
      }
    }),
    { numRuns: 500 },
  );
});
