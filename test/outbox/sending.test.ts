import { describe, expect, test } from "vitest";
import { channelName, checkName, type IncidentId } from "../../src/core/types.ts";
import type { Sending } from "../../src/alert/channels/channel.ts";
import { alert, definition, incident, LATER, LOST, MINUTE, REFUSED, SENT, world } from "./world.ts";

describe("sending", () => {
  test("when the window ends, once, and settled", async () => {
    const w = await world();
    await w.commit([alert(w, "down")]);
    await w.pass(1999);
    expect(w.received.length).toBe(0);
    await w.pass(1);
    expect(w.subjects).toEqual(["ops: ▲ DOWN shop — refused, since 03:00 (2 s)"]);
    await w.pass(60 * MINUTE);
    expect([w.received.length, await w.rows(), w.outbox.figures()]).toEqual([1, ["ops sent (250 ok)"], { alertsWaiting: 0, messagesSent: 1, messagesFailed: 0 }]);
  });

  test("what comes within the window goes into one message", async () => {
    const w = await world();
    await w.commit([alert(w, "down")]);
    await w.pass(1000);
    await w.commit([alert(w, "down", { check: checkName("mail"), incident: "i2" as IncidentId })]);
    await w.pass(5000);
    expect(w.subjects).toEqual(["ops: ▲ 2 down — shop, mail"]);
  });

  test("a failed message is tried again with growing waits, under one id", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")]);
    await w.pass(60_000);
    const waits = w.received.slice(1).map(({ atMs }, index) => atMs - (w.received[index]?.atMs ?? 0));
    expect(waits.length).toBe(3);
    waits.forEach((wait, index) => expect(Math.abs(wait / (5000 * 2 ** index) - 1)).toBeLessThanOrEqual(0.2));
    expect(new Set(w.keys).size).toBe(1);
  });

  test("as long as the receiver asks", async () => {
    const w = await world();
    w.answers = { ops: () => ({ ...LATER, kind: "retry", reason: "429", doubt: false, afterMs: 90_000 }) };
    await w.commit([alert(w, "down")]);
    await w.pass(200_000);
    expect(w.received.map(({ atMs }) => atMs)).toEqual([2000, 92_000, 182_000]);
  });

  test("given up after two days", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")]);
    await w.pass(49 * 60 * MINUTE);
    expect(await w.rows()).toEqual([expect.stringMatching(/^ops failed \(given up after \d+ tries: 451 later\)$/)]);
    expect(w.outbox.figures().messagesFailed).toBe(1);
  });

  test("secrets in what a channel says are masked", async () => {
    const w = await world();
    w.answers = { ops: () => ({ kind: "retry", reason: "bad password hunter2", doubt: false }) };
    await w.commit([alert(w, "down")]);
    await w.pass(3000);
    expect([await w.rows(), w.lines.join("\n").includes("hunter2")]).toEqual([["ops waiting (bad password ***)"], false]);
  });

  test("who else was told", async () => {
    const w = await world(definition("ops"), definition("boss", { recipients: ["b@x"] }));
    await w.commit([alert(w, "down"), alert(w, "down", { channel: channelName("boss"), recipient: "b@x" })], incident);
    await w.pass(3000);
    expect(w.received.map(({ message }) => /Also told: (.*)/.exec(message.text)?.[1])).toEqual(["boss to b@x", "ops"]);
  });
});

describe("order", () => {
  test("what was dead for an hour sends one message", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")]);
    await w.pass(3 * MINUTE);
    await w.commit([alert(w, "recovered")]);
    await w.pass(10 * MINUTE);
    w.answers = {};
    const before = w.received.length;
    await w.pass(11 * MINUTE);
    expect(w.subjects.slice(before)).toEqual(["ops: ● WAS DOWN shop — refused, 03:00-03:03 (3 min)"]);
  });

  test("news on a dead channel is tried at once", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")]);
    await w.pass(30 * MINUTE);
    const before = w.received.length;
    await w.commit([alert(w, "down", { incident: "i2" as IncidentId, check: checkName("mail") })]);
    await w.pass(2000);
    expect(w.subjects.slice(before)).toEqual(["ops: ▲ 2 down — shop, mail"]);
  });

  test("a message in doubt is sent again unchanged, and news waits behind it", async () => {
    const w = await world();
    w.answers = { ops: () => LOST };
    await w.commit([alert(w, "down")]);
    await w.pass(3000);
    w.answers = {};
    await w.commit([alert(w, "recovered")]);
    await w.pass(3000);
    expect(w.subjects).toEqual(["ops: ▲ DOWN shop — refused, since 03:00 (2 s)", "ops: ▲ DOWN shop — refused, since 03:00 (2 s)", "ops: ● RECOVERED shop — again since 03:00, after 3 s"]);
    expect([w.keys[0] === w.keys[1], w.keys[1] === w.keys[2], w.received[0]?.message.text === w.received[1]?.message.text]).toEqual([true, false, true]);
  });

  test("a message in doubt that fails on is tried each minute while news waits behind it", async () => {
    const w = await world();
    w.answers = { ops: () => LOST };
    await w.commit([alert(w, "down")]);
    await w.pass(60 * 60_000);
    const before = w.received.length;
    await w.commit([alert(w, "down", { incident: "i2" as IncidentId, check: checkName("mail") })]);
    await w.pass(10 * 60_000);
    expect(w.received.length - before).toBeGreaterThanOrEqual(8);
    w.answers = {};
    await w.pass(75_000);
    expect(w.subjects.at(-1)).toMatch(/^ops: ▲ DOWN mail/);
  });

  test("a recovery waits for its outage that is being sent", async () => {
    const w = await world();
    const slow = Promise.withResolvers<Sending>();
    w.answers = { ops: () => slow.promise };
    await w.commit([alert(w, "down")]);
    await w.pass(2000);
    await w.commit([alert(w, "recovered")]);
    await w.pass(10_000);
    expect(w.received.length).toBe(1);
    w.answers = {};
    slow.resolve(SENT);
    await w.pass(0);
    expect(w.received.map(({ message }) => message.alerts[0]?.kind)).toEqual(["down", "recovered"]);
  });

  test("a recovery of an outage that nobody was told of is withdrawn", async () => {
    const w = await world();
    w.answers = { ops: () => REFUSED };
    await w.commit([alert(w, "down")], incident);
    await w.pass(3000);
    w.answers = {};
    await w.commit([alert(w, "recovered"), alert(w, "down", { incident: "i2" as IncidentId, check: checkName("mail") })]);
    await w.pass(5000);
    expect(w.received.slice(1).map(({ message }) => message.alerts.map((one) => one.check))).toEqual([["mail"]]);
    expect((await w.store.incident(incident.id))?.alerts.map((one) => one.status)).toEqual(["failed", "withdrawn"]);
  });

  test("a recovery that was addressed without an outage is told", async () => {
    const w = await world();
    await w.commit([alert(w, "recovered")], incident);
    await w.pass(5000);
    expect(w.received.length).toBe(1);
  });
});

