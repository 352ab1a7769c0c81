import { expect, test } from "vitest";
import { type AlertId, channelName, type IncidentId, millis } from "../core/types.ts";
import { at, sampleAlert, sampleBatch, sampleChange, sampleMessage, T0 } from "./samples.ts";
import type { ChannelHealth, Settlement, Store } from "./store.ts";

const ops = channelName("ops");
const incident = "1".repeat(32) as IncidentId;
const sent = (offset: number): Settlement => ({ kind: "sent", at: at(offset), tookMs: millis(7), detail: "250 ok" });
const failed = (offset: number): Settlement => ({ kind: "failed", at: at(offset), tookMs: millis(7), reason: "550 no" });
const retry = (offset: number, doubt = false): Settlement => ({ kind: "retry", at: at(offset), tookMs: millis(7), reason: "451 later", doubt, nextTryAt: at(offset + 100) });

/** The cases of the outbox's verbs. */
export function outboxSuite(store: () => Store, reopen: () => Promise<void>): void {
  const withAlerts = async (...ids: string[]): Promise<void> => store().commit(sampleBatch(1, { alerts: ids.map((id, index) => sampleAlert(id, "shop", index, { incident })) }));
  const waiting = async (): Promise<string[]> => (await store().outbox(99)).alerts.map((one) => one.id);
  const told = (recipient = "a@example.com"): Promise<boolean> => store().wasTold(incident, ops, recipient);
  const row = async (id: string): Promise<object | undefined> => (await store().messages({ limit: 99 })).find((one) => one.id === id);

  test("alerts wait, oldest first, once each, until a message takes them", async () => {
    await withAlerts("b", "a");
    await store().commit(sampleBatch(2, { alerts: [sampleAlert("a", "shop", 1, { incident }), sampleAlert("old", "shop", -5)] }));
    await reopen();
    expect(await waiting()).toEqual(["old", "b", "a"]);
    expect((await store().outbox(2)).alerts).toHaveLength(2);
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m", ["b", "a"], 10)] }));
    await reopen();
    const outbox = await store().outbox(99);
    expect(outbox.alerts.map((one) => one.id)).toEqual(["old"]);
    expect(outbox.messages).toEqual([sampleMessage("m", ["b", "a"], 10)]);
  });

  test("what is not settled for one recipient: in a message or in none, the newest, oldest first", async () => {
    const unsettled = async (limit = 99): Promise<string[]> => (await store().unsettled(ops, "a@example.com", limit)).map((one) => one.id);
    const alerts = [...["a", "b", "c", "d"].map((id, index) => sampleAlert(id, "shop", index)), sampleAlert("ben", "shop", 5, { recipient: "b@example.com" }), sampleAlert("boss", "shop", 6, { channel: channelName("boss") })];
    await store().commit(sampleBatch(1, { alerts }));
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m", ["a"], 0), sampleMessage("n", ["b"], 0), sampleMessage("other", ["ben"], 0, { recipient: "b@example.com" })] }));
    await store().claimMessage("n", T0, at(50));
    await reopen();
    expect([await unsettled(), await unsettled(3)]).toEqual([["a", "b", "c", "d"], ["b", "c", "d"]]);
    await store().settleMessage("n", sent(5));
    await store().changeOutbox(sampleChange({ supersede: ["m"], withdraw: ["a" as AlertId] }));
    expect(await unsettled()).toEqual(["c", "d"]);
  });

  test("a change adds alerts of its own and takes them at once", async () => {
    const alert = sampleAlert("x", "channel:ops", 0, { kind: "channel-broken" });
    await store().changeOutbox(sampleChange({ alerts: [alert], messages: [sampleMessage("m", ["x"], 0)] }));
    expect(await waiting()).toEqual([]);
    expect((await store().claimMessage("m", T0, at(9)))?.alerts).toEqual([alert]);
  });

  test("a claim holds until its lease runs out, and then there is doubt", async () => {
    await withAlerts("a", "b");
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m", ["b", "a"], 10)] }));
    expect(await store().claimMessage("m", at(9), at(50))).toBeNull();
    const claimed = await store().claimMessage("m", at(10), at(50));
    expect(claimed?.row).toEqual(sampleMessage("m", ["b", "a"], 10, { status: "sending", leaseUntil: at(50), tries: 1 }));
    expect(claimed?.alerts.map((one) => one.id)).toEqual(["b", "a"]);
    await reopen();
    expect(await store().claimMessage("m", at(49), at(90))).toBeNull();
    expect((await store().claimMessage("m", at(50), at(90)))?.row).toEqual(sampleMessage("m", ["b", "a"], 10, { status: "sending", leaseUntil: at(90), tries: 2, doubt: true }));
    expect(await store().claimMessage("none", at(50), at(90))).toBeNull();
  });

  test("a dead letter is revived once: its alerts wait again for a new message, the old one keeps its tries", async () => {
    await withAlerts("a", "b");
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m", ["b", "a"], 0), sampleMessage("n", [], 1)] }));
    await store().changeOutbox(sampleChange({ revive: ["m", "none"] }));
    expect(await waiting()).toEqual([]);
    await store().claimMessage("m", T0, at(50));
    await store().settleMessage("m", failed(5));
    expect(await row("m")).toMatchObject({ status: "failed", checks: ["shop"] });
    await store().changeOutbox(sampleChange({ revive: ["m"] }));
    await reopen();
    expect(await waiting()).toEqual(["a", "b"]);
    expect(await row("m")).toMatchObject({ status: "superseded", attempts: [{ outcome: "refused" }], checks: ["shop"], tells: [{ check: "shop", kind: "down" }, { check: "shop", kind: "down" }] });
    await store().changeOutbox(sampleChange({ revive: ["m"], messages: [sampleMessage("again", ["a", "b"], 9)] }));
    await store().claimMessage("again", at(9), at(50));
    await store().settleMessage("again", sent(10));
    await store().changeOutbox(sampleChange({ revive: ["again"] }));
    expect([await waiting(), await told()]).toEqual([[], true]);
  });

  test("sent", async () => {
    await withAlerts("a");
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m", ["a"], 0)] }));
    expect(await told()).toBe(false);
    await store().claimMessage("m", T0, at(50));
    await store().settleMessage("m", sent(5));
    await store().settleMessage("m", sent(5));
    await reopen();
    expect(await row("m")).toEqual({ ...sampleMessage("m", ["a"], 0, { status: "sent", tries: 1, lastReason: "250 ok" }), checks: ["shop"], tells: [{ check: "shop", kind: "down" }], attempts: [{ message: "m", at: at(5), tookMs: 7, outcome: "sent", reason: "250 ok" }] });
    expect((await store().outbox(9)).messages).toEqual([]);
    expect(await store().claimMessage("m", at(99), at(999))).toBeNull();
    expect(await told()).toBe(true);
    expect(await told("b@example.com")).toBe(false);
    expect(await store().wasTold(incident, channelName("boss"), "a@example.com")).toBe(false);
    expect(await store().wasTold("2".repeat(32) as IncidentId, ops, "a@example.com")).toBe(false);
  });

  test("retried, lost, then failed for good: every try is kept", async () => {
    await withAlerts("a");
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m", ["a"], 0)] }));
    await store().claimMessage("m", T0, at(50));
    await store().settleMessage("m", retry(5));
    expect((await store().outbox(9)).messages).toEqual([sampleMessage("m", ["a"], 0, { tries: 1, nextTryAt: at(105), lastReason: "451 later" })]);
    expect(await told()).toBe(false);
    expect(await store().claimMessage("m", at(104), at(200))).toBeNull();
    expect((await store().claimMessage("m", at(105), at(200)))?.row.tries).toBe(2);
    await store().settleMessage("m", retry(110, true));
    expect(await told()).toBe(true);
    await store().claimMessage("m", at(210), at(300));
    await store().settleMessage("m", retry(220));
    expect((await store().outbox(9)).messages[0]?.doubt).toBe(true);
    await store().claimMessage("m", at(320), at(400));
    await store().settleMessage("m", failed(330));
    await reopen();
    expect(await row("m")).toMatchObject({ status: "failed", tries: 4, lastReason: "550 no", leaseUntil: null, attempts: [{ outcome: "retry" }, { outcome: "lost" }, { outcome: "retry" }, { outcome: "refused" }] });
    expect((await store().outbox(9)).messages).toEqual([]);
    expect(await waiting()).toEqual([]);
  });

  test("what failed without doubt was not told; a message settled for good stays so", async () => {
    await withAlerts("a");
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m", ["a"], 0)] }));
    await store().claimMessage("m", T0, at(50));
    await store().settleMessage("m", failed(5));
    expect(await told()).toBe(false);
    await store().settleMessage("m", retry(6));
    expect(await row("m")).toMatchObject({ status: "failed" });
    expect(await store().claimMessage("m", at(200), at(300))).toBeNull();
  });

  test.each([["reminder", true], ["flapping", true], ["unchecked", true], ["recovered", false], ["settled", false]] as const)("told of trouble by %s alone: %s", async (kind, expected) => {
    await store().commit(sampleBatch(1, { alerts: [sampleAlert("a", "shop", 0, { incident, kind })] }));
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m", ["a"], 0)] }));
    await store().claimMessage("m", T0, at(50));
    await store().settleMessage("m", sent(5));
    expect(await told()).toBe(expected);
  });

  test("a message that is found in sending after a restart can be given back", async () => {
    await withAlerts("a");
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m", ["a"], 0)] }));
    await store().claimMessage("m", T0, at(50));
    await reopen();
    await store().settleMessage("m", { kind: "retry", at: at(5), tookMs: millis(0), reason: "stopped while sending", doubt: true, nextTryAt: at(5) });
    expect((await store().claimMessage("m", at(5), at(60)))?.row).toMatchObject({ tries: 2, doubt: true });
  });

  test("superseding puts the alerts into the new message", async () => {
    await withAlerts("a", "b", "c");
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m1", ["a", "b"], 0)] }));
    const change = sampleChange({ supersede: ["m1"], messages: [sampleMessage("m2", ["a", "c"], 5)] });
    await store().changeOutbox(change);
    await store().changeOutbox(change);
    await reopen();
    expect(await row("m1")).toMatchObject({ status: "superseded" });
    expect((await store().outbox(9)).messages).toEqual([sampleMessage("m2", ["a", "c"], 5)]);
    expect(await waiting()).toEqual(["b"]);
    expect(await store().claimMessage("m1", at(9), at(99))).toBeNull();
    await store().claimMessage("m2", at(9), at(99));
    await store().settleMessage("m2", sent(10));
    await store().changeOutbox(change);
    expect((await store().incident(incident))?.alerts ?? (await store().messages({ status: "sent", limit: 9 })).map((one) => one.alerts)).toEqual([["a", "c"]]);
    expect(await waiting()).toEqual(["b"]);
  });

  test("a message is formed only of alerts that wait", async () => {
    await withAlerts("a", "b");
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m1", ["a"], 0)] }));
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m2", ["a", "b"], 5)] }));
    expect((await store().outbox(10)).messages.map((message) => message.id)).toEqual(["m1"]);
    expect(await waiting()).toEqual(["b"]);
  });

  test("a message sent cannot be superseded", async () => {
    await withAlerts("a");
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m", ["a"], 0)] }));
    await store().claimMessage("m", T0, at(50));
    await store().settleMessage("m", sent(5));
    await store().changeOutbox(sampleChange({ supersede: ["m"] }));
    expect(await row("m")).toMatchObject({ status: "sent" });
    expect(await waiting()).toEqual([]);
  });

  test("withdrawn alerts wait no more; sent ones stay sent", async () => {
    await withAlerts("a", "b");
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m", ["b"], 0)] }));
    await store().claimMessage("m", T0, at(50));
    await store().settleMessage("m", sent(5));
    await store().changeOutbox(sampleChange({ withdraw: ["a", "b", "none"] as unknown as AlertId[] }));
    await reopen();
    expect(await waiting()).toEqual([]);
    expect(await told()).toBe(true);
  });

  test("a message born failed is a dead letter", async () => {
    await withAlerts("a");
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m", ["a"], 0, { status: "failed", lastReason: "channel removed" })] }));
    expect(await store().outbox(9)).toEqual({ alerts: [], messages: [], health: [] });
    expect(await store().messages({ status: "failed", limit: 9 })).toMatchObject([{ id: "m", lastReason: "channel removed", attempts: [] }]);
  });

  test("formedSince: by channel and time, superseded ones left out", async () => {
    const other = channelName("boss");
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("1", [], 30), sampleMessage("2", [], 10), sampleMessage("3", [], 20), sampleMessage("4", [], 40, { channel: other }), sampleMessage("5", [], 5)] }));
    await store().changeOutbox(sampleChange({ supersede: ["3"] }));
    expect(await store().formedSince(ops, at(10))).toEqual([at(10), at(30)]);
    expect(await store().formedSince(other, at(0))).toEqual([at(40)]);
    expect(await store().formedSince(channelName("none"), at(0))).toEqual([]);
  });

  test("messages: newest first, by check and status, limited", async () => {
    await store().commit(sampleBatch(1, { alerts: [sampleAlert("a", "shop", 0), sampleAlert("b", "mail", 0), sampleAlert("c", "mail", 0)] }));
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("1", ["a"], 1), sampleMessage("2", ["b", "c"], 2), sampleMessage("3", [], 3, { status: "failed" })] }));
    const ids = async (query: object): Promise<string[]> => (await store().messages({ limit: 9, ...query })).map((one) => one.id);
    expect(await ids({})).toEqual(["3", "2", "1"]);
    expect(await ids({ limit: 1 })).toEqual(["3"]);
    expect(await ids({ check: "mail" })).toEqual(["2"]);
    expect(await ids({ check: "none" })).toEqual([]);
    expect(await ids({ status: "waiting" })).toEqual(["2", "1"]);
    expect(await ids({ status: "failed", check: "shop" })).toEqual([]);
  });

  test("health of channels is kept", async () => {
    const broken: ChannelHealth = { channel: ops, brokenSince: T0, reason: "535 no", told: true };
    const well: ChannelHealth = { channel: channelName("boss"), brokenSince: null, reason: "", told: false };
    await store().changeOutbox(sampleChange({ health: [broken, well] }));
    await store().changeOutbox(sampleChange({ health: [{ ...broken, reason: "again" }] }));
    await reopen();
    const { health } = await store().outbox(0);
    expect([...health].sort((a, b) => (a.channel < b.channel ? 1 : -1))).toEqual([{ ...broken, reason: "again" }, well]);
  });
}
