import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Alert, type AlertId, channelName, checkName, type IncidentId, instant, millis, plus } from "../core/types.ts";
import type { MessageRow, OutboxChange } from "../store/store.ts";
import { ALERTS_PER_MESSAGE, type ChannelLimits, dueAt, HELD_MS, heads, plan, type PlanInput, withdraw } from "./plan.ts";

const T0 = instant(Date.UTC(2026, 10, 20, 3, 0, 0));
const OPS = channelName("ops");
const GROUP_MS = millis(2000);

function alert(id: string, more: Partial<Alert> = {}): Alert {
  const rest = { status: "down", since: T0, sentence: "refused", code: "refused", evidence: [], hides: [], outageFrom: null, step: 0, ordinal: 1 } as const;
  return { id: id as AlertId, kind: "down", check: checkName(id), incident: null, channel: OPS, recipient: "a@x", at: T0, ...rest, ...more };
}

function row(id: string, alerts: readonly string[], more: Partial<MessageRow> = {}): MessageRow {
  const rest = { status: "waiting", formedAt: T0, tries: 0, nextTryAt: T0, leaseUntil: null, doubt: false, lastReason: "" } as const;
  return { id, channel: OPS, recipient: "a@x", alerts: alerts as readonly AlertId[], ...rest, ...more };
}

const at = (ms: number): PlanInput["now"] => plus(T0, ms);
function planned(more: Partial<PlanInput>): ReturnType<typeof plan> {
  const channels = new Map([[OPS, { groupMs: GROUP_MS, cap: 60 }]]);
  return plan({ now: at(5000), alerts: [], messages: [], busy: new Set(), channels, formed: new Map(), ...more });
}
const groups = (change: OutboxChange): readonly string[] => change.messages.map((one) => one.alerts.join("+"));

describe("grouping", () => {
  test("nothing waits: nothing is written", () => expect(planned({})).toEqual({ change: { messages: [], supersede: [], withdraw: [], revive: [], alerts: [], health: [] }, wakeAt: null, hasten: [] }));
  test("the window is open: wait for its end", () => expect(planned({ now: at(1500), alerts: [alert("a")] })).toMatchObject({ change: { messages: [] }, wakeAt: at(2000) }));
  test("the window is counted from the first alert", () => expect(groups(planned({ now: at(2000), alerts: [alert("a"), alert("b", { at: at(1999) })] }).change)).toEqual(["a+b"]));
  test("an alert from the future was made before a clock stepped back", () => expect(groups(planned({ alerts: [alert("a", { at: at(86_400_000) })] }).change)).toEqual(["a"]));
  test("one message a recipient", () => expect(groups(planned({ alerts: [alert("a"), alert("b", { recipient: "b@x" }), alert("c")] }).change)).toEqual(["a+c", "b"]));
  test("more alerts than a message holds", () => {
    const alerts = Array.from({ length: ALERTS_PER_MESSAGE + 1 }, (_, index) => alert(String(index)));
    expect(planned({ alerts }).change.messages.map((one) => one.alerts.length)).toEqual([ALERTS_PER_MESSAGE, 1]);
  });
  test("a channel that takes fewer", () => {
    const channels = new Map([[OPS, { groupMs: GROUP_MS, cap: 60, alertsPerMessage: 2 }]]);
    const alerts = ["a", "b", "c"].map((id) => alert(id));
    expect(groups(planned({ alerts, channels }).change)).toEqual(["a+b", "c"]);
    expect(planned({ alerts: alerts.slice(0, 1), channels, messages: [row("m", ["x", "y"])] }).change.supersede).toEqual([]);
    expect(planned({ alerts: alerts.slice(0, 1), channels, messages: [row("m", ["x"])] }).change.supersede).toEqual(["m"]);
  });
  test("the same plan gives the same ids", () => expect(planned({ alerts: [alert("a")] })).toEqual(planned({ alerts: [alert("a")] })));
  test("ids are 32 hexadecimal digits", () => expect(planned({ alerts: [alert("a")] }).change.messages[0]?.id).toMatch(/^[0-9a-f]{32}$/));
});

describe("joining what waits", () => {
  const news = [alert("b")];
  const join = (old: Partial<MessageRow>, busy: readonly string[] = []): ReturnType<typeof plan> => planned({ alerts: news, messages: [row("m", ["a"], old)], busy: new Set(busy) });
  test("a failed message is superseded by one with the news, tried at once", () => {
    const { change } = join({ tries: 3, nextTryAt: at(600_000), lastReason: "refused" });
    expect(change.supersede).toEqual(["m"]);
    expect(change.messages).toMatchObject([{ alerts: ["a", "b"], tries: 3, nextTryAt: at(5000), lastReason: "refused", status: "waiting", doubt: false }]);
  });
  test("a held message stays held", () => expect(join({ nextTryAt: at(200_000) }).change.messages).toMatchObject([{ nextTryAt: at(200_000) }]));
  test("a held message is not held for ever by a clock that stepped back", () => expect(join({ nextTryAt: at(86_400_000) }).change.messages).toMatchObject([{ nextTryAt: at(5000 + HELD_MS) }]));
  test("a message in doubt is left as it is, and tried at once for the news behind it", () => {
    const { change, hasten } = join({ tries: 1, doubt: true, nextTryAt: at(600_000) });
    expect([change.supersede, groups(change), hasten]).toEqual([[], ["b"], ["m"]]);
  });
  test("a message being sent is left as it is", () => expect([join({ status: "sending" }).change.supersede, groups(join({ status: "sending" }).change)]).toEqual([[], ["b"]]));
  test("a message being claimed is left as it is", () => expect([join({}, ["m"]).change.supersede, join({ tries: 1 }, ["m"]).hasten]).toEqual([[], []]));
  test("a full message is left as it is", () => expect(planned({ alerts: news, messages: [row("m", Array.from({ length: ALERTS_PER_MESSAGE }, String))] }).change.supersede).toEqual([]));
  test("news comes after what waits, whatever the clock does", () => {
    const { change } = planned({ now: at(-86_400_000), alerts: news, messages: [row("m", ["a"], { doubt: true, tries: 1 })] });
    expect(heads([...change.messages, row("m", ["a"])]).map((one) => one.id)).toEqual(["m"]);
  });
});

describe("cap", () => {
  const over = (more: Partial<PlanInput>): ReturnType<typeof plan> => planned({ formed: new Map([[OPS, 60]]), ...more });
  test("below it: at once", () => expect(planned({ formed: new Map([[OPS, 59]]), alerts: [alert("a")] }).change.messages).toMatchObject([{ nextTryAt: at(5000) }]));
  test("at it: held for five minutes", () => expect(over({ alerts: [alert("a")] }).change.messages).toMatchObject([{ nextTryAt: at(5000 + HELD_MS) }]));
  test("messages of the same plan count", () => {
    const made = planned({ formed: new Map([[OPS, 59]]), alerts: [alert("a"), alert("b", { recipient: "b@x" })] });
    expect(made.change.messages.map((one) => one.nextTryAt - at(5000))).toEqual([0, HELD_MS]);
  });
  test("what is held rolls into one message that is not put off further", () => {
    const first = over({ alerts: [alert("a")] }).change.messages[0] ?? row("", []);
    const second = over({ now: at(100_000), alerts: [alert("b")], messages: [first] }).change;
    expect(second.supersede).toEqual([first.id]);
    expect(second.messages).toMatchObject([{ alerts: ["a", "b"], nextTryAt: first.nextTryAt }]);
  });
  test("no cap", () => expect(over({ alerts: [alert("a")], channels: new Map([[OPS, { groupMs: GROUP_MS, cap: null }]]) }).change.messages).toMatchObject([{ nextTryAt: at(5000) }]));
});

describe("each outage in a message of its own", () => {
  const alone = (cap: number | null, more: Partial<PlanInput> = {}, alertsPerMessage?: number): ReturnType<typeof plan> =>
    planned({ channels: new Map([[OPS, { groupMs: millis(0), cap, alone: true, ...(alertsPerMessage === undefined ? {} : { alertsPerMessage }) }]]), ...more });
  const waits = ({ change }: ReturnType<typeof plan>): readonly (readonly [string, number])[] => change.messages.map((one) => [one.alerts.join("+"), one.nextTryAt - at(5000)]);
  const burst = ["a", "b", "c", "d", "e", "f"].map((id) => alert(id, { incident: `i${id}` as IncidentId }));
  const ended = (id: string): Alert => alert(`${id}!`, { kind: "recovered", incident: `i${id}` as IncidentId });
  const told = new Map(burst.map((one) => [one.id, one]));
  test("without a cap", () => expect(waits(alone(null, { alerts: burst.slice(0, 2) }))).toEqual([["a", 0], ["b", 0]]));
  test("the cap counts within a burst; the rest goes into one", () => expect(waits(alone(3, { alerts: burst }))).toEqual([["a", 0], ["b", 0], ["c", 0], ["d+e+f", HELD_MS]]));
  test("above it all go into one", () => expect(waits(alone(3, { alerts: burst, formed: new Map([[OPS, 3]]) }))).toEqual([["a+b+c+d+e+f", HELD_MS]]));
  test("and into the one that is held", () => {
    const made = alone(3, { alerts: [...burst.slice(2), ended("z")], messages: [row("m", ["a", "b"], { nextTryAt: at(5000 + 100) })], formed: new Map([[OPS, 4]]) });
    expect([waits(made), made.change.supersede]).toEqual([[["a+b+c+d+e+f+z!", 100]], ["m"]]);
  });
  test("a type that takes one alert a message gets one, later", () => expect(waits(alone(2, { alerts: burst.slice(0, 4) }, 1))).toEqual([["a", 0], ["b", 0], ["c", HELD_MS], ["d", HELD_MS]]));
  test("the cap of a channel that takes two alerts a message counts each", () => {
    const channels = new Map([[OPS, { groupMs: GROUP_MS, cap: 1, alertsPerMessage: 2 }]]);
    expect(waits(planned({ alerts: burst.slice(0, 4), channels }))).toEqual([["a+b", 0], ["c+d", HELD_MS]]);
  });
  test("the end of an outage joins what still waits to tell of it", () => {
    const messages = [row("m", ["a"], { tries: 1, nextTryAt: at(60_000) }), row("n", ["b"], { formedAt: at(1) })];
    expect(groups(alone(null, { alerts: [ended("a")], messages, told }).change)).toEqual(["a+a!"]);
    expect(groups(alone(null, { alerts: [ended("a")], messages, told, busy: new Set(["m"]) }).change)).toEqual(["a!"]);
    expect(groups(alone(null, { alerts: [ended("b")], messages, told }).change)).toEqual(["b+b!"]);
    expect(groups(alone(null, { alerts: [ended("b")], messages }).change)).toEqual(["b!"]);
  });
  test("beginning and end that come at once", () => expect(groups(alone(null, { alerts: [...burst.slice(0, 2), ended("a")] }).change)).toEqual(["a+a!", "b"]));
});

describe("a receiver that asked to wait", () => {
  const notBefore = new Map([[OPS, at(120_000)]]);
  test("news joins what waits, and is not tried before", () => {
    const { change, hasten } = planned({ alerts: [alert("b")], messages: [row("m", ["a"], { tries: 1, nextTryAt: at(120_000) })], notBefore });
    expect([groups(change), change.messages.map((one) => one.nextTryAt), hasten]).toEqual([["a+b"], [at(120_000)], []]);
  });
  test("nor does it hasten a message in doubt", () => expect(planned({ alerts: [alert("b")], messages: [row("m", ["a"], { tries: 1, doubt: true, nextTryAt: at(120_000) })], notBefore }).hasten).toEqual([]));
  test("a new message waits as well", () => expect(planned({ alerts: [alert("b", { recipient: "b@x" })], notBefore }).change.messages.map((one) => one.nextTryAt)).toEqual([at(120_000)]));
});

describe("a channel that is gone", () => {
  const gone = (more: Partial<PlanInput>): OutboxChange => planned({ channels: new Map(), ...more }).change;
  test("alerts become a dead letter", () => expect(gone({ alerts: [alert("a"), alert("b")] }).messages).toMatchObject([{ alerts: ["a", "b"], status: "failed", lastReason: "channel removed" }]));
  test("messages become dead letters, in doubt or not", () => {
    const change = gone({ messages: [row("m", ["a"]), row("n", ["b"], { doubt: true })] });
    expect([change.supersede, groups(change), change.messages.map((one) => one.status)]).toEqual([["m", "n"], ["a", "b"], ["failed", "failed"]]);
  });
  test("but not while they are being sent", () => expect(gone({ messages: [row("m", ["a"])], busy: new Set(["m"]) }).messages).toEqual([]));
});

describe("due", () => {
  test("at its time", () => expect(dueAt(row("m", [], { nextTryAt: at(7000) }), T0)).toBe(at(7000)));
  test("left behind by a crash: now", () => expect(dueAt(row("m", [], { status: "sending", nextTryAt: at(7000), leaseUntil: at(120_000) }), T0)).toBe(T0));
  test("a day away: the clock stepped back, now", () => expect(dueAt(row("m", [], { nextTryAt: at(86_400_000) }), T0)).toBe(T0));
});

describe("withdrawing", () => {
  const ids = (list: readonly string[]): ReadonlySet<AlertId> => new Set(list as readonly AlertId[]);
  test("some", () => expect(withdraw(row("m", ["a", "b", "c"]), ids(["b"]), T0)).toMatchObject({ messages: [{ alerts: ["a", "c"] }], supersede: ["m"], withdraw: ["b"] }));
  test("all", () => expect(withdraw(row("m", ["a"]), ids(["a"]), T0)).toMatchObject({ messages: [], supersede: ["m"], withdraw: ["a"] }));
});

/** An outbox as simple as can be, and what became of each message. */
class Model {
  now = T0;
  alerts: Alert[] = [];
  rows = new Map<string, MessageRow>();
  /** For each pair, the alerts in the order in which they went out; a repeat under the same id counts once. */
  sent = new Map<string, string[]>();
  arrived = new Map<string, string[]>();
  tried = new Map<string, string>();
  count = 0;
  readonly told = new Map<AlertId, Alert>();
  readonly limits: ChannelLimits;

  constructor(limits: ChannelLimits) {
    this.limits = limits;
  }

  add(recipient: string, incident: string | null): void {
    const id = `alert${this.count++}`;
    const made = alert(id, { recipient, at: this.now, incident: incident as IncidentId | null });
    this.alerts.push(made);
    this.told.set(made.id, made);
    this.arrived.set(recipient, [...(this.arrived.get(recipient) ?? []), id]);
  }

  plan(): void {
    const messages = [...this.rows.values()].filter((one) => one.status === "waiting" || one.status === "sending");
    const formed = new Map([[OPS, [...this.rows.values()].filter((one) => one.status !== "superseded").length]]);
    const { change } = planned({ now: this.now, alerts: this.alerts, messages, formed, told: this.told, channels: new Map([[OPS, this.limits]]) });
    for (const id of change.supersede) this.set(id, { status: "superseded" });
    for (const made of change.messages) {
      expect(this.rows.has(made.id)).toBe(false);
      this.rows.set(made.id, made);
    }
    const taken = new Set(change.messages.flatMap((made) => made.alerts));
    this.alerts = this.alerts.filter((one) => !taken.has(one.id));
  }

  try(outcome: "sent" | "retry" | "doubt"): void {
    const waiting = [...this.rows.values()].filter((one) => one.status === "waiting" || one.status === "sending");
    for (const head of heads(waiting)) {
      if (dueAt(head, this.now) > this.now) continue;
      // What may have arrived must be sent again as it was.
      if (head.doubt) expect(this.tried.get(head.id)).toBe(head.alerts.join());
      this.tried.set(head.id, head.alerts.join());
      if (outcome === "sent") {
        this.set(head.id, { status: "sent" });
        this.sent.set(head.recipient, [...(this.sent.get(head.recipient) ?? []), ...head.alerts]);
      } else this.set(head.id, { tries: head.tries + 1, doubt: head.doubt || outcome === "doubt", nextTryAt: plus(this.now, 60_000) });
    }
  }

  set(id: string, change: Partial<MessageRow>): void {
    const known = this.rows.get(id);
    if (known !== undefined) this.rows.set(id, { ...known, ...change });
  }
}

function survives(limits: ChannelLimits, check: (model: Model) => void): void {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("alert" as const), to: fc.constantFrom("a@x", "b@x"), incident: fc.constantFrom(null, "i1", "i2", "i3") }),
    fc.record({ kind: fc.constant("time" as const), ms: fc.oneof({ weight: 9, arbitrary: fc.nat(90_000) }, { weight: 1, arbitrary: fc.constantFrom(-86_400_000, 86_400_000) }) }),
    fc.record({ kind: fc.constant("try" as const), outcome: fc.constantFrom("sent" as const, "retry" as const, "doubt" as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const model = new Model(limits);
      for (const one of steps) {
        if (one.kind === "alert") model.add(one.to, one.incident);
        else if (one.kind === "time") model.now = plus(model.now, one.ms);
        else model.try(one.outcome);
        model.plan();
      }
      for (let rest = 0; rest < 200 && [...model.rows.values()].some((one) => one.status === "waiting") ; rest++) {
        model.now = plus(model.now, 700_000);
        model.plan();
        model.try("sent");
      }
      model.now = plus(model.now, 700_000);
      model.plan();
      for (let rest = 0; rest < 200; rest++) model.try("sent");
      check(model);
    }),
    { numRuns: 500 },
  );
}

test("whatever happens, every alert goes out once and in order", () =>
  survives({ groupMs: GROUP_MS, cap: 60 }, (model) => {
    for (const [recipient, ids] of model.arrived) expect(model.sent.get(recipient)).toEqual(ids);
  }));

test("each outage for itself: every alert once, those of an outage in order", () =>
  survives({ groupMs: millis(0), cap: 5, alone: true }, (model) => {
    for (const [recipient, ids] of model.arrived) {
      const sent = model.sent.get(recipient) ?? [];
      expect(sent.toSorted()).toEqual(ids.toSorted());
      for (const incident of ["i1", "i2", "i3"]) {
        const ofIt = (id: string): boolean => model.told.get(id as AlertId)?.incident === incident;
        expect(sent.filter(ofIt)).toEqual(ids.filter(ofIt));
      }
    }
  }));
