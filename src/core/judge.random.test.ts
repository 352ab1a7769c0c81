import fc from "fast-check";
import { expect, test } from "vitest";
import { groupOutcome } from "./group.ts";
import { Bench, MINUTE, parentView, type PolicyWish } from "./ground.ts";
import type { Action, Decision, Input, View } from "./state.ts";
import { type Alert, type GroupPolicy, checkName, instant, millis, type Origin, type Status, type Verdict } from "./types.ts";

/** What can happen to a check, with how much time passes before it. */
type Deed =
  | { readonly kind: "run"; readonly verdict: Verdict; readonly origin: Origin; readonly agoMs: number }
  | { readonly kind: "act"; readonly action: Action }
  | { readonly kind: "parent"; readonly at: number; readonly change: Partial<View>; readonly seen: "now" | "well" | "no" }
  | { readonly kind: "policy"; readonly wish: PolicyWish; readonly changed: "target" | "judging" | "telling" }
  | { readonly kind: "clock"; readonly byMs: number };

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
  everyMs: fc.constantFrom(millis(5000), millis(MINUTE), millis(0)),
  runMs: fc.constantFrom(millis(10_000), millis(0)),
  initial: fc.constantFrom("pending" as const, "pending" as const, "down" as const),
  onFail: fc.constantFrom(true, true, true, false),
  onPass: fc.constantFrom(true, true, true, false),
  steps: fc.constantFrom("1:ops", "1:ops 3:boss 10m:sms*7m", "2:ops*5m", "10m:boss", "0:log 1:ops+boss", "", "1:ops*1m 1:boss"),
  parents: fc.constantFrom([], ["gw"], ["gw", "dns"]),
  flapping: fc.constantFrom(null, { changes: 1, withinMs: millis(10 * MINUTE) }),
});

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("run" as const), verdict, origin, agoMs: fc.constantFrom(0, 0, 50, 9000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("act" as const), action }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("parent" as const), at: fc.integer({ min: 0, max: 1 }), change: fc.record({ status, failing: fc.boolean() }), seen: fc.constantFrom("now" as const, "well" as const, "no" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("policy" as const), wish, changed: fc.constantFrom("target" as const, "judging" as const, "telling" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clock" as const), byMs: fc.constantFrom(86_400_000, -86_400_000, 5000, -5000) }) },
);

const life = fc.record({ wish, deeds: fc.array(fc.tuple(fc.constantFrom(0, 1000, 30_000, MINUTE, 5 * MINUTE), deed), { maxLength: 60 }) });

/** Watches each decision; the bench itself checks that no id comes twice, that the same input decides the same, and that the judge does not wake for ever. */
class Witness extends Bench {
  readonly #told = new Set<string>();
  #open: string | null = null;
  #excepted = false;

  override feed(input: Input): Decision {
    const before = this.state;
    this.#excepted ||= !this.policy.onFail || this.policy.initial === "down";
    const decision = super.feed(input);
    const { belief, wakeAt } = decision.state;
    const alerts = decision.effects.filter((effect) => effect.kind === "alert").map((effect) => effect.alert);
    expect(JSON.parse(JSON.stringify(decision.state))).toEqual(decision.state);
    for (const { from, to } of decision.transitions) expect(from).not.toBe(to);
    expect(decision.transitions.at(-1)?.to ?? before.belief.status).toBe(belief.status);
    if (input.kind !== "action" && JSON.stringify(belief) === JSON.stringify(before.belief)) expect(belief).toBe(before.belief);
    if (belief.status === "paused") expect(wakeAt).toBeNull();
    this.#incidents(decision);
    this.#counts(decision);
    for (const alert of alerts) this.#alert(alert, decision);
    return decision;
  }

  /** Opened only when none is open; what opens closes; what is open is known. */
  #incidents(decision: Decision): void {
    for (const effect of decision.effects) {
      if (effect.kind !== "incident") continue;
      const { change, incident } = effect;
      if (change === "opened") expect(this.#open).toBeNull();
      else expect(this.#open).toBe(incident.id);
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
    const who = `${alert.incident} ${alert.channel} ${alert.recipient}`;
    const closed = decision.effects.some((effect) => effect.kind === "incident" && effect.change === "closed");
    if (alert.kind === "down" || alert.kind === "degraded" || alert.kind === "reminder" || alert.kind === "unchecked") {
      expect(decision.state.belief.status).not.toBe("blocked");
      expect(decision.state.belief.muting.paused).toBeNull();
      expect(decision.state.belief.muting.silenced).toBeNull();
      this.#told.add(who);
    }
    // The exceptions: a check that began as down, and one whose owner wants passes alone.
    if (alert.kind === "recovered" && !this.#excepted) {
      expect(closed).toBe(true);
      expect(this.#told).toContain(who);
    }
  }
}

function happen(bench: Witness, what: Deed): void {
  if (what.kind === "run") bench.result(what.verdict, what.origin, what.agoMs);
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
      const outcome = (of: readonly Verdict[]): number => rank[groupOutcome(require, of.map((one, index) => ({ name: `m${index}`, verdict: one, sentence: "" }))).verdict];
      const better = verdicts.map((one, index) => (index === at % verdicts.length ? "up" : one));
      expect(outcome(better)).toBeGreaterThanOrEqual(outcome(verdicts));
    }),
  );
});
