import { describe, expect, test } from "vitest";
import { type Alert, channelName, checkName, type IncidentId, millis, plus } from "../../src/core/types.ts";
import type { OutboxChannel } from "../../src/alert/outbox.ts";
import { alert, definition, FILES, incident, LATER, LOST, MINUTE, REFUSED, SENT, T0, unused, type World, world } from "./world.ts";

describe("trouble of a channel", () => {
  const two = [definition("ops"), definition("boss")];
  test("a thrown error is a bug: logged, in doubt, tried again", async () => {
    const w = await world();
    w.answers = { ops: () => unused() };
    await w.commit([alert(w, "down")]);
    await w.pass(3000);
    expect(await w.store.messages({ limit: 1 })).toMatchObject([{ status: "waiting", doubt: true, lastReason: "a bug in channel type fake: not in these tests" }]);
    w.answers = {};
    await w.pass(10_000);
    expect(await w.rows()).toEqual(["ops sent (250 ok)"]);
  });

  test("one that never answers is left behind after the deadline, in doubt", async () => {
    const w = await world(...two);
    w.answers = { ops: () => new Promise<never>(() => {}) };
    await w.commit([alert(w, "down"), alert(w, "down", { channel: channelName("boss") })]);
    await w.pass(3000);
    expect(w.received.map((one) => one.channel)).toEqual(["ops", "boss"]);
    await w.pass(32_000);
    expect(await w.store.messages({ limit: 9, status: "waiting" })).toMatchObject([{ channel: "ops", doubt: true, lastReason: "no answer before the deadline" }]);
  });

  test("broken after three failures over 30 s; told once on the others, and so is the mending", async () => {
    const w = await world(...two);
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")]);
    await w.pass(60 * MINUTE);
    expect(w.subjects.filter((one) => one.startsWith("boss"))).toEqual([expect.stringMatching(/^boss: ▲ CHANNEL BROKEN ops — 451 later, since 03:00/)]);
    expect([w.troubles, w.outbox.channels()[0]]).toMatchObject([[{ channel: "ops", reason: "451 later", told: true }], { name: "ops", brokenSince: plus(T0, 2000), waiting: 1 }]);
    w.answers = {};
    await w.pass(20 * MINUTE);
    expect(w.subjects.at(-1)).toMatch(/^boss: ● CHANNEL MENDED ops — it works again since 04:\d\d, after 1 h/);
    expect([w.troubles, w.received.filter((one) => one.channel === "boss").length]).toEqual([[], 2]);
  });

  test("a dead letter is sent again when somebody asks for it, once, and not over a channel that is gone", async () => {
    const w = await world(...two);
    w.answers = { ops: () => REFUSED };
    await w.commit([alert(w, "down")]);
    await w.pass(MINUTE);
    const [letter] = await w.store.messages({ limit: 9, status: "failed" });
    const id = letter?.id ?? "";
    expect([letter?.channel, letter?.checks]).toEqual(["ops", ["shop"]]);
    w.configure(two.slice(1));
    expect(await w.outbox.sendAgain(id)).toBe("no-channel");
    w.configure(two);
    w.answers = {};
    const before = w.received.length;
    expect(await w.outbox.sendAgain(id)).toBe("taken");
    await w.pass(MINUTE);
    expect(w.received.slice(before).map((one) => one.channel).toSorted()).toEqual(["boss", "ops"]);
    expect([await w.outbox.sendAgain(id), await w.store.messages({ limit: 9, status: "failed" })]).toEqual(["not-failed", []]);
  });

  test("one recipient of several: named once, over each outage and a restart, until it is reached", async () => {
    const both = [definition("ops", { recipients: ["a", "b"] }), definition("boss")];
    const w = await world(...both);
    const outage = async (name: string): Promise<void> => {
      for (const kind of ["down", "recovered"] as const) {
        await w.commit(["a", "b"].map((recipient) => alert(w, kind, { recipient, incident: name as IncidentId, check: checkName(name) })), { ...incident, id: name as IncidentId });
        await w.pass(MINUTE);
      }
    };
    const boss = (): readonly string[] => w.subjects.filter((one) => one.startsWith("boss"));
    w.answers = { ops: ({ recipient }) => (recipient === "b" ? REFUSED : SENT) };
    await outage("i1");
    await outage("i2");
    await w.crash(both);
    await outage("i3");
    expect(boss()).toEqual([expect.stringMatching(/^boss: ◐ CHANNEL DEGRADED ops — cannot reach b: 550 no, since 03:00/)]);
    expect([w.troubles, w.outbox.channels()[0]]).toMatchObject([[{ channel: "ops", recipient: "b", told: true }], { brokenSince: null, unreachable: [{ recipient: "b", reason: "550 no" }] }]);
    w.answers = {};
    await outage("i4");
    expect(boss().slice(1)).toEqual([expect.stringMatching(/^boss: ● CHANNEL MENDED ops — it reaches b again since 03:\d\d, after \d min$/)]);
    expect(w.troubles).toEqual([]);
  });

  test("told once even across a restart", async () => {
    const w = await world(...two);
    w.answers = { ops: () => REFUSED };
    await w.commit([alert(w, "down")]);
    await w.pass(MINUTE);
    await w.crash(two);
    expect(w.troubles).toMatchObject([{ channel: "ops", told: true }]);
    await w.commit([alert(w, "down", { incident: "i2" as IncidentId })]);
    await w.pass(MINUTE);
    expect(w.subjects.filter((one) => one.startsWith("boss")).length).toBe(1);
  });

  test("with none left it is reported, and told when one works again", async () => {
    const w = await world(...two);
    w.answers = { ops: () => REFUSED, boss: () => REFUSED };
    await w.commit([alert(w, "down"), alert(w, "down", { channel: channelName("boss") })]);
    await w.pass(MINUTE);
    expect(w.troubles.map((one) => one.told)).toEqual([false, false]);
    w.answers = { ops: () => REFUSED };
    expect(await w.outbox.test(channelName("boss"))).toEqual(SENT);
    await w.pass(MINUTE);
    expect(w.subjects.slice(-1)).toEqual([expect.stringMatching(/^boss: ▲ CHANNEL BROKEN ops/)]);
    expect(w.troubles).toMatchObject([{ channel: "ops", told: true }]);
  });

  test("two that work again at the same time: both mendings are told", async () => {
    const w = await world(...two, definition("hook"));
    w.answers = { ops: () => REFUSED, hook: () => REFUSED };
    await w.commit([alert(w, "down"), alert(w, "down", { channel: channelName("hook") })]);
    await w.pass(MINUTE);
    w.answers = {};
    const messages = w.store.messages.bind(w.store);
    // While the store is read because of the first one.
    w.store.messages = async (query) => {
      await w.outbox.test(channelName("hook"));
      return messages(query);
    };
    await w.outbox.test(channelName("ops"));
    await w.pass(MINUTE);
    expect(w.subjects.at(-1)).toBe("boss: ● 2 channel mended — ops, hook");
  });

  test("a channel that is removed: its alerts are dead letters, those who were told of its trouble are told that it is gone", async () => {
    const w = await world(...two);
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")]);
    await w.pass(2 * MINUTE);
    w.configure(two.slice(1));
    await w.pass(MINUTE);
    expect([w.troubles, (await w.rows()).includes("ops failed (channel removed)"), w.subjects.filter((one) => one.startsWith("boss"))]).toEqual([[], true, [expect.stringContaining("CHANNEL BROKEN ops"), expect.stringMatching(/^boss: · CHANNEL CHANGED ops — it is no longer configured since 03:02, after 1 min$/)]]);
  });
});

describe("limits", () => {
  const forever = (): Promise<never> => new Promise<never>(() => {});
  const people = (name: string, many: number): OutboxChannel => definition(name, { recipients: Array.from({ length: many }, (_, index) => `p${index}`) });
  const toAll = (w: World, channel: OutboxChannel): readonly Alert[] => channel.recipients.map((recipient) => alert(w, "down", { channel: channel.name, recipient }));
  test("four at once a channel", async () => {
    const ops = people("ops", 9);
    const w = await world(ops);
    w.answers = { ops: forever };
    await w.commit(toAll(w, ops));
    await w.pass(20_000);
    expect(w.received.length).toBe(4);
  });
  test("sixteen in all", async () => {
    const all = ["a", "b", "c", "d", "e", "f"].map((name) => people(name, 9));
    const w = await world(...all);
    w.answers = Object.fromEntries(all.map((one) => [one.name, forever]));
    await w.commit(all.flatMap((one) => toAll(w, one)));
    await w.pass(20_000);
    expect(w.received.length).toBe(16);
  });
  test("broken channels that hang keep no place from the others", async () => {
    const dead = ["a", "b", "c", "d", "e", "f"].map((name) => people(name, 9));
    const w = await world(...dead, definition("ops"));
    w.answers = Object.fromEntries(dead.map((one) => [one.name, forever]));
    await w.commit(dead.flatMap((one) => toAll(w, one)));
    await w.pass(30 * MINUTE);
    const began = w.time.monotonic;
    await w.commit([alert(w, "down")]);
    await w.pass(3000);
    expect(w.received.filter((one) => one.channel === "ops" && one.message.subject.includes("shop")).map((one) => one.atMs - began)).toEqual([2000]);
  });
  test("beyond its cap a channel gets one message in five minutes that names every check", async () => {
    const w = await world(definition("ops", { cap: 2 }));
    const names = Array.from({ length: 20 }, (_, index) => `check${index}`);
    for (const name of names) {
      await w.commit([alert(w, "down", { check: checkName(name), incident: name as IncidentId })]);
      await w.pass(10_000);
    }
    await w.pass(5 * MINUTE);
    expect(w.received.length).toBe(3);
    const all = w.received.map((one) => one.message.text).join("\n");
    expect(names.filter((name) => !all.includes(` ${name} — `))).toEqual([]);
  });
  test("beyond it also one with a message for each; what is over meanwhile is told as over", async () => {
    const w = await world(definition("ops", { cap: 3, alone: true, groupMs: millis(0) }));
    const names = Array.from({ length: 8 }, (_, index) => `s${index + 1}`);
    const all = (kind: Alert["kind"]): readonly Alert[] => names.map((name) => alert(w, kind, { check: checkName(name), incident: name as IncidentId }));
    await w.commit(all("down"));
    await w.pass(32_000);
    await w.commit(all("recovered"));
    await w.pass(30 * MINUTE);
    expect(w.received.map(({ message }) => message.subject.replace(/,? .since.*/, ""))).toEqual([
      ...["s1", "s2", "s3"].map((name) => expect.stringMatching(`^▲ DOWN ${name} — refused`)),
      expect.stringMatching("^● 5 was down, ● 3 recovered — "),
    ]);
  });
  test("a receiver that asks to wait is left alone, whatever the news", async () => {
    const w = await world();
    w.answers = { ops: () => (w.received.length < 3 ? { kind: "retry", reason: "429", doubt: false, afterMs: 120_000 } : SENT) };
    for (let at = 0; at < 10; at++) {
      await w.commit([alert(w, "reminder")]);
      await w.pass(10_000);
    }
    expect(w.received.length).toBe(1);
    await w.pass(5 * MINUTE);
    expect(w.received.map(({ atMs }) => atMs - (w.received[0]?.atMs ?? 0))).toEqual([0, 120_000, 240_000]);
    expect(w.received.at(-1)?.message.alerts.length).toBe(10);
  });
  test("one that asks for long is told of, and its fallback tells the news", async () => {
    const w = await world(definition("ops", { fallback: channelName("boss") }), definition("boss"));
    w.answers = { ops: () => ({ kind: "retry", reason: "429", doubt: false, afterMs: 3_600_000 }) };
    await w.commit([alert(w, "down")], incident);
    await w.pass(MINUTE);
    await w.commit([alert(w, "down", { check: checkName("mail"), incident: "i2" as IncidentId })]);
    await w.pass(MINUTE);
    const told = w.received.filter(({ channel }) => channel === "boss").flatMap(({ message }) => message.alerts.map(({ kind, check }) => `${kind} ${check}`));
    expect(told.toSorted()).toEqual(["channel-broken channel:ops", "down mail", "down shop"]);
  });
});

test("a channel that carries files gets the picture, others do not; again when it is sent again", async () => {
  const w = await world(definition("ops", { type: FILES }), definition("boss"));
  w.answers = { ops: () => (w.received.length < 3 ? LATER : SENT) };
  await w.commit([alert(w, "down"), alert(w, "down", { channel: channelName("boss") })]);
  await w.pass(MINUTE);
  expect(w.received.map(({ channel, message }) => [channel, message.attachments?.map(({ name }) => name)])).toEqual([["ops", ["latency.png"]], ["boss", undefined], ["ops", ["latency.png"]]]);
});

describe("what is told too late", () => {
  const subjects = (w: World): readonly string[] => w.subjects.map((subject) => subject.replace(/^ops: /, ""));
  const over = async (w: World, more: readonly Alert[]): Promise<void> => w.commit(more, { ...incident, closed: w.time.now, closedBy: "recovered" });
  const again = async (w: World): Promise<readonly string[]> => {
    const before = w.received.length;
    for (const { id } of await w.store.messages({ limit: 9, status: "failed" })) await w.outbox.sendAgain(id);
    await w.pass(MINUTE);
    return subjects(w).slice(before);
  };

  test("a dead letter of an outage whose end was withdrawn tells that it was", async () => {
    const w = await world();
    w.answers = { ops: () => REFUSED };
    await w.commit([alert(w, "down")], incident);
    await w.pass(MINUTE);
    await over(w, [alert(w, "recovered")]);
    await w.pass(MINUTE);
    w.answers = {};
    expect(await again(w)).toEqual(["● WAS DOWN shop — refused, 03:00-03:01 (1 min)"]);
  });

  test("and one of which the end was told", async () => {
    const w = await world();
    w.answers = { ops: () => REFUSED };
    await w.commit([alert(w, "down")], incident);
    await w.pass(MINUTE);
    w.answers = {};
    await w.commit([alert(w, "reminder", { since: T0 })]);
    await w.pass(MINUTE);
    await over(w, [alert(w, "recovered")]);
    await w.pass(60 * MINUTE);
    expect(await again(w)).toEqual(["● WAS DOWN shop — refused, 03:00-03:02 (2 min)"]);
  });

  test("one that is not over is told as it is", async () => {
    const w = await world();
    w.answers = { ops: () => REFUSED };
    await w.commit([alert(w, "down")], incident);
    await w.pass(60 * MINUTE);
    w.answers = {};
    expect(await again(w)).toEqual(["▲ DOWN shop — refused, since 03:00 (1 h)"]);
  });

  test("flapping that settled meanwhile", async () => {
    const w = await world();
    w.answers = { ops: () => REFUSED };
    await w.commit([alert(w, "flapping")], incident);
    await w.pass(MINUTE);
    await over(w, [alert(w, "settled", { status: "up", sentence: "settled as up", outageFrom: T0 })]);
    await w.pass(MINUTE);
    w.answers = {};
    expect(await again(w)).toEqual(["● SETTLED shop — settled as up"]);
  });

  test("held until it was over, with an end that nobody is told of", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")], incident);
    await w.pass(3000);
    await over(w, []);
    w.answers = {};
    await w.pass(MINUTE);
    expect(subjects(w).at(-1)).toMatch(/^● WAS DOWN shop — refused, 03:00-03:00/);
  });

  test("not before the message that is to tell the end", async () => {
    const w = await world();
    w.answers = { ops: () => LOST };
    await w.commit([alert(w, "down")], incident);
    await w.pass(3000);
    await over(w, [alert(w, "recovered")]);
    await w.pass(3000);
    w.answers = {};
    await w.pass(MINUTE);
    expect(subjects(w).slice(-2)).toEqual([expect.stringMatching(/^▲ DOWN shop/), expect.stringMatching(/^● RECOVERED shop/)]);
  });

  test("the end of what is left of an outage that was told, though what was left was not", async () => {
    const w = await world();
    await w.commit([alert(w, "down")], incident);
    await w.pass(MINUTE);
    w.answers = { ops: () => REFUSED };
    const second = "i2" as IncidentId;
    await w.commit([alert(w, "degraded", { status: "degraded", incident: second, ends: incident.id })], { ...incident, id: second, kind: "degraded" });
    await w.pass(MINUTE);
    w.answers = {};
    await w.commit([alert(w, "recovered", { incident: second })]);
    await w.pass(MINUTE);
    expect(subjects(w).at(-1)).toMatch(/^● RECOVERED shop/);
  });
});
