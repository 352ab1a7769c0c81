import { describe, expect, test } from "vitest";
import { channelName } from "../../src/core/types.ts";
import { alert, definition, incident, LATER, LOST, MINUTE, REFUSED, SENT, world } from "./world.ts";

describe("crashes and clocks", () => {
  test("a message that was being sent is sent again at once under its id", async () => {
    const w = await world();
    w.answers = { ops: () => new Promise<never>(() => {}) };
    await w.commit([alert(w, "down")]);
    await w.pass(3000);
    w.answers = {};
    await w.crash([definition("ops")]);
    expect([w.received.length, w.keys[0] === w.keys[1], await w.rows()]).toEqual([2, true, ["ops sent (250 ok)"]]);
  });

  test("stopping gives a send its time, then ends it; it is sent again after the start", async () => {
    const w = await world();
    w.answers = { ops: (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(LOST), { once: true })) };
    await w.commit([alert(w, "down")]);
    await w.pass(3000);
    const stopped = w.outbox.stop(4000);
    await w.pass(4000);
    await stopped;
    expect(await w.store.messages({ limit: 1 })).toMatchObject([{ status: "waiting", doubt: true }]);
    w.answers = {};
    await w.crash([definition("ops")]);
    await w.pass(10_000);
    expect([w.received.length, w.keys[0] === w.keys[1]]).toEqual([2, true]);
  });

  test("stopping with nothing to do ends at once", async () => {
    const w = await world();
    await w.outbox.stop(4000);
    await w.commit([alert(w, "down")]);
    await w.pass(MINUTE);
    expect(w.received.length).toBe(0);
  });

  for (const days of [-1, 1]) {
    test(`the clock jumps ${days < 0 ? "back" : "forward"} a day while a message waits`, async () => {
      const w = await world();
      w.answers = { ops: () => LATER };
      await w.commit([alert(w, "down")]);
      await w.pass(3 * MINUTE);
      w.time.step(days * 86_400_000);
      w.answers = {};
      await w.pass(3 * MINUTE);
      await w.commit([alert(w, "recovered")]);
      await w.pass(3000);
      expect([await w.rows(), w.received.at(-1)?.message.alerts[0]?.kind]).toEqual([["ops sent (250 ok)", "ops sent (250 ok)"], "recovered"]);
    });
  }
});

describe("a failing store", () => {
  test("nothing is sent that could not be claimed", async () => {
    const w = await world();
    w.failing.add("claimMessage");
    await w.commit([alert(w, "down")]);
    await w.pass(MINUTE);
    expect([w.received.length, w.outbox.trouble()]).toEqual([0, "the outbox cannot use its store: messages wait"]);
    w.failing.clear();
    await w.pass(15_000);
    expect([w.received.length, w.outbox.trouble()]).toEqual([1, null]);
  });

  test("what was sent and could not be settled is not sent again", async () => {
    const w = await world();
    w.failing.add("settleMessage");
    await w.commit([alert(w, "down")]);
    await w.pass(10 * MINUTE);
    expect(w.received.length).toBe(1);
    w.failing.clear();
    await w.pass(MINUTE);
    expect([w.received.length, await w.rows()]).toEqual([1, ["ops sent (250 ok)"]]);
  });

  for (const verb of ["outbox", "changeOutbox", "formedSince", "incident", "wasTold"]) {
    test(`${verb} fails for a minute: told all the same`, async () => {
      const w = await world(definition("ops", { cap: 60 }));
      w.failing.add(verb);
      await w.commit([alert(w, "down")], incident);
      await w.pass(MINUTE);
      w.failing.clear();
      await w.commit([alert(w, "recovered")]);
      await w.pass(30_000);
      expect(w.received.length).toBeGreaterThan(0);
      expect((await w.store.incident(incident.id))?.alerts.map((one) => one.status)).toEqual(["sent", "sent"]);
    });
  }

  test("it is not asked without pause", async () => {
    const w = await world();
    w.failing.add("outbox");
    for (let times = 0; times < 1000; times++) w.outbox.kick();
    await w.pass(MINUTE);
    expect(w.lines.filter((line) => line.includes("looking at the outbox failed")).length).toBeLessThan(15);
  });
});

describe("from memory", () => {
  test("marked, and once however often it is handed over", async () => {
    const w = await world();
    const down = alert(w, "down");
    w.outbox.sendUnrecorded([down]);
    w.outbox.sendUnrecorded([down]);
    await w.pass(MINUTE);
    expect([w.subjects, w.keys]).toEqual([["ops: ▲ DOWN shop — refused, since 03:00 (0 s) (not recorded, may repeat)"], [down.id]]);
  });
  test("tried again, and what came meanwhile goes along", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    w.outbox.sendUnrecorded([alert(w, "down")]);
    await w.pass(1000);
    w.outbox.sendUnrecorded([alert(w, "recovered")]);
    w.answers = {};
    await w.pass(MINUTE);
    expect(w.received.map(({ message }) => message.alerts.map(({ kind }) => kind))).toEqual([["down"], ["down", "recovered"]]);
  });
  test("what never got out goes before what comes later", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    w.outbox.sendUnrecorded([alert(w, "down")]);
    await w.pass(120 * MINUTE);
    w.answers = {};
    w.outbox.sendUnrecorded([alert(w, "down"), alert(w, "recovered")]);
    await w.pass(MINUTE);
    expect(w.received.at(-1)?.message.alerts.map(({ kind }) => kind)).toEqual(["down", "recovered"]);
  });
  test("what an earlier life could not send goes before what comes later", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    await w.commit([alert(w, "down")]);
    await w.pass(MINUTE);
    await w.crash([definition("ops")]);
    await w.pass(60 * MINUTE);
    const before = w.received.length;
    w.outbox.sendUnrecorded([alert(w, "recovered")]);
    await w.pass(1000);
    expect(w.received.slice(before).map(({ message }) => message.alerts.map(({ kind }) => kind))).toEqual([["down", "recovered"]]);
  });
  test("ends when Tocsin stops", async () => {
    const w = await world();
    w.answers = { ops: () => LATER };
    w.outbox.sendUnrecorded([alert(w, "down")]);
    await w.pass(1000);
    const stopped = w.outbox.stop(3000);
    await w.pass(3000);
    await stopped;
    await w.pass(60 * MINUTE);
    expect(w.received.length).toBe(1);
  });
});

describe("test message", () => {
  test("to every recipient", async () => {
    const w = await world(definition("ops", { recipients: ["a@x", "b@x"] }));
    expect([await w.outbox.test(channelName("ops")), w.received.map(({ message }) => message.recipient)]).toEqual([SENT, ["a@x", "b@x"]]);
    expect(w.subjects[0]).toBe("ops: ● TEST Example — this is a test of channel ops; nothing is wrong");
  });
  test("the channel's own answer", async () => {
    const w = await world();
    w.answers = { ops: () => REFUSED };
    expect(await w.outbox.test(channelName("ops"))).toEqual(REFUSED);
  });
  test("no such channel", async () => expect(await (await world()).outbox.test(channelName("boss"))).toEqual({ kind: "refused", reason: "there is no channel boss" }));
});
