import { describe, expect, test } from "vitest";
import { type Alert, channelName, checkName, type IncidentId, millis } from "../../src/core/types.ts";
import { alert, definition, incident, KEEPER, LATER, LOST, MINUTE, REFUSED, SENT, T0, type World, world } from "./world.ts";

const ops = definition("ops", { recipients: ["anna", "ben"] });
const pager = definition("pager", { fallback: ops.name });
const pair = [pager, ops];
const page = (w: World, kind: Alert["kind"], more: Partial<Alert> = {}): Alert => alert(w, kind, { channel: pager.name, ...more });
/** What was told over the fallback of checks, not of channels. */
const heard = (w: World, channel = "ops"): readonly string[] =>
  w.received.filter((one) => one.channel === channel).flatMap(({ message }) => message.alerts.filter(({ kind }) => !kind.startsWith("channel-")).map(({ kind, check }) => `${message.recipient}: ${kind} ${check}`));
const both = (...said: readonly string[]): readonly string[] => ["anna", "ben"].flatMap((name) => said.map((one) => `${name}: ${one}`)).toSorted();

/** An outage, or its end, of a check with an incident of its own. */
async function becomes(w: World, check: string, kind: "down" | "recovered"): Promise<void> {
  const id = `i-${check}` as IncidentId;
  await w.commit([page(w, kind, { check: checkName(check), incident: id })], { ...incident, id, check: checkName(check) });
}

test("tells what the other cannot, says so, and tells the end of it; the other is tried on", async () => {
  const w = await world(...pair);
  w.answers = { pager: () => LATER };
  await w.commit([page(w, "down")], incident);
  await w.pass(20_000);
  expect(heard(w)).toEqual([]);
  await w.pass(2 * MINUTE);
  expect(heard(w).toSorted()).toEqual(["anna: down shop", "ben: down shop"]);
  const told = w.received.find(({ message }) => message.recipient === "anna" && message.alerts.some(({ kind }) => kind === "down"));
  expect(told?.message.text).toContain("Told here in place of channel pager, which did not work.");
  w.answers = {};
  await w.commit([page(w, "recovered", { status: "up", outageFrom: T0 })]);
  await w.pass(20 * MINUTE);
  expect(heard(w).toSorted()).toEqual(["anna: down shop", "anna: recovered shop", "ben: down shop", "ben: recovered shop"]);
  expect(w.received.findLast(({ channel }) => channel === "pager")?.message.alerts.map(({ kind }) => kind)).toEqual(["down", "recovered"]);
});

test("tells once, over crashes and further tries", async () => {
  const w = await world(...pair);
  w.answers = { pager: () => REFUSED };
  await w.commit([page(w, "down")], incident);
  await w.pass(MINUTE);
  await w.crash(pair);
  await w.pass(5 * MINUTE);
  expect(heard(w).toSorted()).toEqual(["anna: down shop", "ben: down shop"]);
});

test("tells nobody who hears it anyway", async () => {
  const w = await world(...pair);
  w.answers = { pager: () => REFUSED };
  await w.commit([page(w, "down"), alert(w, "down", { channel: ops.name, recipient: "anna" })], incident);
  await w.pass(5 * MINUTE);
  expect(heard(w).toSorted()).toEqual(["anna: down shop", "ben: down shop"]);
});

test("tells what does not reach one of several", async () => {
  const w = await world(definition("pager", { fallback: ops.name, recipients: ["x", "y"] }), definition("ops", { recipients: ["anna"] }));
  w.answers = { pager: ({ recipient }) => (recipient === "y" ? REFUSED : SENT) };
  await w.commit([page(w, "down", { recipient: "y" }), page(w, "down", { recipient: "x" })], incident);
  await w.pass(5 * MINUTE);
  expect(heard(w)).toEqual(["anna: down shop"]);
});

test("that was told by a reminder alone is told the end; so is one that was told of what the trouble was before", async () => {
  const w = await world(...pair);
  await w.commit([page(w, "down")], incident);
  await w.pass(MINUTE);
  w.answers = { pager: () => REFUSED };
  await w.commit([page(w, "reminder")]);
  await w.pass(MINUTE);
  w.answers = {};
  const second = "i2" as IncidentId;
  await w.commit([page(w, "degraded", { status: "degraded", incident: second, ends: incident.id })], { ...incident, id: second, kind: "degraded" });
  await w.pass(MINUTE);
  await w.commit([page(w, "recovered", { incident: second })]);
  await w.pass(MINUTE);
  expect(heard(w).toSorted()).toEqual(["anna: degraded shop", "anna: recovered shop", "anna: reminder shop", "ben: degraded shop", "ben: recovered shop", "ben: reminder shop"]);
});

test.each([["fake", ["down"]], [KEEPER, ["down", "recovered"]]])("is told in a silence what ends only where that would stay open: %s", async (type, kinds) => {
  const w = await world(definition("pager", { type: KEEPER, fallback: ops.name }), definition("ops", { type }));
  w.answers = { pager: () => LATER };
  await w.commit([page(w, "down")], incident);
  await w.pass(5 * MINUTE);
  w.answers = {};
  await w.commit([page(w, "recovered", { status: "up", outageFrom: T0, quiet: true })]);
  await w.pass(20 * MINUTE);
  expect(heard(w)).toEqual(kinds.map((kind) => `: ${kind} shop`));
});

test("keeps out while the other works", async () => {
  const w = await world(...pair);
  await w.commit([page(w, "down")], incident);
  await w.commit([page(w, "recovered", { status: "up", outageFrom: T0 })]);
  await w.pass(5 * MINUTE);
  expect(heard(w)).toEqual([]);
});

describe("what waits behind a message that does not get through", () => {
  test.each([
    ["one that may have arrived", [pager, ops], LOST],
    ["one for each outage", [{ ...pager, alone: true, groupMs: millis(0) }, ops], LATER],
  ] as const)("%s: told as it comes, with its end", async (_, channels, answer) => {
    const w = await world(...channels);
    w.answers = { pager: () => answer };
    await becomes(w, "shop", "down");
    await w.pass(8 * MINUTE);
    expect(heard(w).toSorted()).toEqual(both("down shop"));
    for (const check of ["mail", "vpn"]) {
      await becomes(w, check, "down");
      await w.pass(MINUTE);
    }
    expect(heard(w).toSorted()).toEqual(both("down mail", "down shop", "down vpn"));
    await becomes(w, "mail", "recovered");
    await w.pass(MINUTE);
    await w.pass(120 * MINUTE);
    expect(heard(w).toSorted()).toEqual(both("down mail", "down shop", "down vpn", "recovered mail"));
  });

  test("and was there before a start", async () => {
    const w = await world(pager, ops);
    w.answers = { pager: () => LOST };
    await becomes(w, "shop", "down");
    await w.pass(4000);
    await becomes(w, "mail", "down");
    await w.pass(4000);
    expect(heard(w)).toEqual([]);
    await w.crash(pair);
    await w.pass(2 * MINUTE);
    expect(heard(w).toSorted()).toEqual(both("down mail", "down shop"));
  });

  test("for as long as its receiver asked to wait, though not every recipient was tried", async () => {
    const people = ["a", "b", "c", "d", "e", "f"];
    const w = await world({ ...pager, recipients: people }, ops);
    w.answers = { pager: () => ({ kind: "retry", reason: "429", doubt: false, afterMs: 3_600_000 }) };
    for (const check of ["shop", "mail"]) {
      const id = `i-${check}` as IncidentId;
      await w.commit(people.map((recipient) => page(w, "down", { check: checkName(check), incident: id, recipient })), { ...incident, id, check: checkName(check) });
      await w.pass(MINUTE);
    }
    expect(heard(w).toSorted()).toEqual(both("down mail", "down shop"));
  });

  test("of channels is not told twice", async () => {
    const chat = definition("chat");
    const w = await world(...pair, chat);
    w.answers = { pager: () => LATER, chat: () => REFUSED };
    await w.commit([alert(w, "down", { channel: chat.name })], incident);
    await w.pass(5 * MINUTE);
    expect(w.troubles.map(({ channel }) => channel).toSorted()).toEqual(["chat", "pager"]);
    const told = w.received.filter(({ channel }) => channel === "ops").flatMap(({ message }) => message.alerts.map(({ kind, check }) => `${message.recipient}: ${kind} ${check}`));
    expect(told.toSorted()).toEqual(both("channel-broken channel:chat", "channel-broken channel:pager"));
  });
});

describe("who was told by it is told the end", () => {
  /** Shop is down, and pager does not work for a while. */
  async function told(answer = REFUSED): Promise<World> {
    const w = await world(...pair, definition("boss"));
    w.answers = { pager: () => answer };
    await w.commit([page(w, "down")], incident);
    await w.pass(2 * MINUTE);
    expect(heard(w).toSorted()).toEqual(both("down shop"));
    return w;
  }
  async function over(w: World): Promise<void> {
    await w.commit([page(w, "recovered")], { ...incident, closed: w.time.now, closedBy: "recovered" });
    await w.pass(20 * MINUTE);
  }
  const whole = both("down shop", "recovered shop");

  test.each([["works again", SENT], ["refuses on", REFUSED]])("when the other refused the beginning and %s", async (_, answer) => {
    const w = await told();
    w.answers = { pager: () => answer };
    await over(w);
    expect(heard(w).toSorted()).toEqual(whole);
    const story = await w.store.incident(incident.id);
    expect(story?.alerts.filter(({ alert: one }) => one.channel === pager.name).map(({ status }) => status)).toEqual(["failed", "withdrawn"]);
  });

  test.each([
    ["none is its fallback any more", [definition("pager"), ops, definition("boss")]],
    ["another one is its fallback", [definition("pager", { fallback: channelName("boss") }), ops, definition("boss")]],
    ["the other was removed", [ops, definition("boss")]],
  ])("when %s", async (_, channels) => {
    for (const answer of [REFUSED, LATER, LOST]) {
      const w = await told(answer);
      w.answers = answer === LATER ? {} : w.answers;
      w.configure(channels);
      await over(w);
      expect(heard(w).toSorted()).toEqual(whole);
    }
  });

  test("not when its own channel was removed", async () => {
    const w = await told();
    w.configure([pager, definition("boss")]);
    await over(w);
    expect([heard(w).toSorted(), (await w.rows()).filter((row) => row.startsWith("ops waiting"))]).toEqual([both("down shop"), []]);
  });

  test("of as many outages as there were", async () => {
    const w = await world(...pair);
    w.answers = { pager: () => LATER };
    const checks = Array.from({ length: 120 }, (_, index) => `check${index}`);
    for (const check of checks) await becomes(w, check, "down");
    await w.pass(2 * MINUTE);
    w.answers = {};
    await w.pass(10 * MINUTE);
    for (const check of checks) await becomes(w, check, "recovered");
    await w.pass(10 * MINUTE);
    expect(heard(w).toSorted()).toEqual(both(...checks.flatMap((check) => [`down ${check}`, `recovered ${check}`])));
  });

  test("once, when there were two whom it stood in for, and a fallback of its own", async () => {
    const channels = [definition("pager", { fallback: ops.name, recipients: ["x", "y"] }), definition("ops", { fallback: channelName("boss") }), definition("boss")];
    const w = await world(...channels);
    const all = (kind: Alert["kind"]): readonly Alert[] => ["x", "y"].map((recipient) => page(w, kind, { recipient }));
    w.answers = { pager: () => REFUSED, ops: () => REFUSED };
    await w.commit(all("down"), incident);
    await w.pass(5 * MINUTE);
    w.answers = {};
    await w.commit(all("recovered"));
    await w.pass(5 * MINUTE);
    expect(heard(w, "boss")).toEqual([": down shop", ": recovered shop"]);
  });
});
