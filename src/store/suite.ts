import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AlertId, IncidentId } from "../core/types.ts";
import { channelName, checkName, instant, millis } from "../core/types.ts";
import type { Store } from "./store.ts";
import { at, openIncident, sampleAlert, sampleBatch, sampleBelief, sampleIncident, sampleMessage, sampleResult, sampleState, sampleTransition, sampleChange, T0 } from "./samples.ts";
import { outboxSuite } from "./suite-outbox.ts";
import { rangeSuite } from "./suite-range.ts";

/** A place that a store can be opened on again and again. */
export interface Place {
  open(): Promise<Store>;
  /** After every store on it was closed. */
  dispose(): Promise<void>;
}

const shop = checkName("shop");
const DAY = 86_400_000;

/** Declares the conformance cases of the Store contract; `place` makes a new, empty place. */
export function storeSuite(name: string, place: () => Promise<Place>): void {
  describe(name, () => {
    let where: Place;
    let store: Store;
    const current = (): Store => store;
    const reopen = async (): Promise<void> => {
      await store.close();
      store = await where.open();
    };
    beforeEach(async () => {
      where = await place();
      store = await where.open();
    });
    afterEach(async () => {
      await store.close();
      await where.dispose();
    });
    commitCases(current, reopen);
    nameCases(current, reopen);
    readingCases(current);
    houseCases(current, reopen);
    rangeSuite(current);
    outboxSuite(current, reopen);
  });
}

function commitCases(store: () => Store, reopen: () => Promise<void>): void {
  test("a new store knows nothing", async () => {
    expect(await store().load()).toEqual({ states: [], sequence: 0 });
    expect(await store().facts()).toMatchObject({ results: 0, oldest: null, reserveInUse: false });
  });

  test("what was committed is there after reopening", async () => {
    const incident = sampleIncident("a".repeat(32), "shop", 0);
    const belief = sampleBelief({ status: "down", incident: openIncident(incident), outages: [at(-5), at(0)], remembered: { of: "ssh shop:22", value: { keys: ["é", null, 1.5] } } });
    const last = sampleResult("shop", 60_000, { verdict: "down", code: "refused", sentence: "connection refused", evidence: [{ label: "received", text: "RST" }], facts: { a: [1, { b: null }], c: "d", e: true } });
    await store().commit(sampleBatch(1, { results: [sampleResult("shop", 0), last], states: [sampleState("shop", belief), sampleState("new", sampleBelief())], incidents: [{ incident, change: "opened", evidence: last.evidence }] }));
    await reopen();
    const loaded = await store().load();
    expect(loaded.sequence).toBe(1);
    expect([...loaded.states].sort((a, b) => (a.check < b.check ? 1 : -1))).toEqual([
      { check: "shop", belief, last },
      { check: "new", belief: sampleBelief(), last: null },
    ]);
    expect(await store().incident(incident.id)).toEqual({ incident, evidence: last.evidence, transitions: [], alerts: [], attempts: [] });
  });

  test("the last result is the one committed last, though the clock stepped back", async () => {
    await store().commit(sampleBatch(1, { states: [sampleState("shop", sampleBelief())], results: [sampleResult("shop", DAY), sampleResult("shop", 10)] }));
    await store().commit(sampleBatch(2, { results: [sampleResult("shop", 20)] }));
    await reopen();
    expect((await store().load()).states[0]?.last).toEqual(sampleResult("shop", 20));
    await store().commit(sampleBatch(3, { results: [sampleResult("shop", 2 * DAY)] }));
    await reopen();
    expect((await store().load()).states[0]?.last).toEqual(sampleResult("shop", 2 * DAY));
  });

  test("the same sequence twice is written once", async () => {
    const batch = sampleBatch(1, { results: [sampleResult("shop", 0)], transitions: [sampleTransition("shop", 0)], journal: [{ at: T0, check: shop, siteVersion: "v1", input: { kind: "tick" } }] });
    await store().commit(batch);
    await store().commit(batch);
    await reopen();
    await store().commit(batch);
    expect(await store().results({ check: shop, limit: 9 })).toHaveLength(1);
    expect(await store().transitions({ limit: 9 })).toHaveLength(1);
    expect(await store().journal({ limit: 9 })).toHaveLength(1);
    expect(await store().sequence()).toBe(1);
  });

  test("two results of the same slot are two results", async () => {
    await store().commit(sampleBatch(1, { results: [sampleResult("shop", 0, { origin: "start" }), sampleResult("shop", 0, { origin: "manual" })] }));
    await store().commit(sampleBatch(2, { results: [sampleResult("shop", 0, { origin: "retry" })] }));
    expect((await store().results({ check: shop, limit: 9 })).map((one) => one.origin)).toEqual(["retry", "manual", "start"]);
  });

  test("an empty batch moves the sequence on", async () => {
    await store().commit(sampleBatch(1));
    await store().commit(sampleBatch(2));
    await reopen();
    expect(await store().sequence()).toBe(2);
  });

  test("batches asked for at once are written in order", async () => {
    await Promise.all([1, 2, 3, 4, 5].map((sequence) => store().commit(sampleBatch(sequence, { states: [sampleState("shop", sampleBelief({ passes: sequence }))], results: [sampleResult("shop", sequence)] }))));
    const loaded = await store().load();
    expect(loaded.sequence).toBe(5);
    expect(loaded.states[0]?.belief.passes).toBe(5);
    expect(loaded.states[0]?.last?.slot).toBe(at(5));
  });

  test("a removed check has no belief and keeps its history", async () => {
    await store().commit(sampleBatch(1, { states: [sampleState("shop", sampleBelief())], results: [sampleResult("shop", 0)] }));
    await store().commit(sampleBatch(2, { removed: [shop, checkName("never was")] }));
    await reopen();
    expect((await store().load()).states).toEqual([]);
    expect(await store().results({ check: shop, limit: 9 })).toHaveLength(1);
  });

  test("a check removed and made anew in one batch is there", async () => {
    await store().commit(sampleBatch(1, { states: [sampleState("shop", sampleBelief())] }));
    await store().commit(sampleBatch(2, { removed: [shop], states: [sampleState("shop", sampleBelief({ status: "pending" }))] }));
    expect((await store().load()).states.map((one) => one.belief.status)).toEqual(["pending"]);
  });
}

function nameCases(store: () => Store, reopen: () => Promise<void>): void {
  for (const odd of ["", "näme 名前 🔔", `"'); -- ?1 :x`, "a\u0000b\nc\\", "x".repeat(5000), "__proto__"]) {
    test(`a check named ${JSON.stringify(odd.slice(0, 30))}`, async () => {
      const result = sampleResult(odd, 0, { sentence: odd, vantage: odd, facts: { status: odd }, phases: { "☃ phase": 1.5 } });
      await store().commit(sampleBatch(1, { results: [result], states: [sampleState(odd, sampleBelief({ sentence: odd }))], transitions: [sampleTransition(odd, 0)], journal: [{ at: T0, check: result.check, siteVersion: odd, input: odd }] }));
      await reopen();
      expect(await store().load()).toEqual({ sequence: 1, states: [{ check: odd, belief: sampleBelief({ sentence: odd }), last: result }] });
      expect(await store().transitions({ check: result.check, limit: 1 })).toEqual([sampleTransition(odd, 0)]);
      expect(await store().journal({ check: result.check, limit: 1 })).toEqual([{ at: T0, check: odd, siteVersion: odd, input: odd }]);
    });
  }

  test("many phases, big texts and numbers at their bounds come back", async () => {
    const phases = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`phase${index}`, index + 0.001]));
    const text = "é".repeat(300_000);
    const result = sampleResult("shop", 0, { verdict: "down", code: "mismatch", sentence: text, phases, facts: { text, tiny: 1e-300, big: Number.MAX_SAFE_INTEGER, no: false }, evidence: [{ label: text, text }], latencyMs: 3_600_000.125, tries: 1000, started: at(-5000) });
    const empty = sampleResult("shop", 1, { sentence: "", vantage: "", phases: {}, facts: {}, latencyMs: 0 });
    await store().commit(sampleBatch(1, { results: [result, empty] }));
    await reopen();
    expect(await store().results({ check: shop, limit: 9 })).toEqual([empty, result]);
  });

  test("renaming takes everything along", async () => {
    const incident = sampleIncident("a".repeat(32), "shop", 0);
    const remembered = { of: "ssh shop:22", value: "key" };
    await store().commit(
      sampleBatch(1, { results: [sampleResult("shop", 0)], states: [sampleState("shop", sampleBelief({ incident: openIncident(incident), remembered })), sampleState("other", sampleBelief())], incidents: [{ incident, change: "opened", evidence: [] }], transitions: [sampleTransition("shop", 0)], alerts: [sampleAlert("1", "shop", 0)] }),
    );
    const store2 = checkName("store");
    await store().rename(shop, store2);
    await store().rename(checkName("never was"), checkName("x"));
    await expect(store().rename(store2, checkName("other"))).rejects.toMatchObject({ trouble: "failed" });
    await reopen();
    const loaded = (await store().load()).states.find((one) => one.check === store2);
    expect(loaded?.belief.incident?.check).toBe(store2);
    expect(loaded?.belief.remembered).toEqual(remembered);
    expect(loaded?.last).toEqual(sampleResult("store", 0));
    expect(await store().results({ check: shop, limit: 1 })).toEqual([]);
    expect(await store().incidents({ check: store2, limit: 1 })).toEqual([{ ...incident, check: store2 }]);
    expect(await store().transitions({ check: store2, limit: 1 })).toEqual([sampleTransition("store", 0)]);
    expect((await store().outbox(9)).alerts).toEqual([sampleAlert("1", "store", 0)]);
    expect((await store().load()).states).toHaveLength(2);
  });
}

function readingCases(store: () => Store): void {
  test("results: newest first, before, failed, limit", async () => {
    const verdicts = ["up", "down", "degraded", "unknown", "up"] as const;
    await store().commit(sampleBatch(1, { results: [...verdicts.map((verdict, index) => sampleResult("shop", index, { verdict })), sampleResult("other", 0)] }));
    const slots = async (query: object): Promise<number[]> => (await store().results({ check: shop, limit: 9, ...query })).map((one) => one.slot - T0);
    expect(await slots({})).toEqual([4, 3, 2, 1, 0]);
    expect(await slots({ limit: 2 })).toEqual([4, 3]);
    expect(await slots({ before: at(3) })).toEqual([2, 1, 0]);
    expect(await slots({ failed: true })).toEqual([3, 2, 1]);
    expect(await slots({ failed: true, before: at(3), limit: 1 })).toEqual([2]);
    expect(await slots({ check: checkName("none") })).toEqual([]);
  });

  test("incidents: the newest form of each, newest first, open, before, limit", async () => {
    const evidence = [{ label: "received", text: "RST" }];
    const first = sampleIncident("1".repeat(32), "shop", 1);
    const closed = { ...first, closed: at(5), closedBy: "recovered" };
    const second = sampleIncident("2".repeat(32), "shop", 6, { acknowledged: { at: at(7), by: "anna", note: "on it" } });
    const other = sampleIncident("3".repeat(32), "other", 8);
    await store().commit(sampleBatch(1, { incidents: [{ incident: first, change: "opened", evidence }, { incident: other, change: "opened", evidence: [] }] }));
    await store().commit(sampleBatch(2, { incidents: [{ incident: closed, change: "closed", evidence: [] }, { incident: second, change: "opened", evidence: [] }] }));
    expect(await store().incidents({ limit: 9 })).toEqual([other, second, closed]);
    expect(await store().incidents({ check: shop, limit: 9 })).toEqual([second, closed]);
    expect(await store().incidents({ open: true, limit: 9 })).toEqual([other, second]);
    expect(await store().incidents({ open: false, limit: 9 })).toEqual([closed]);
    expect(await store().incidents({ before: at(6), limit: 9 })).toEqual([closed]);
    expect(await store().incidents({ check: shop, open: true, before: at(6), limit: 9 })).toEqual([]);
    expect(await store().incidents({ limit: 1 })).toEqual([other]);
    expect((await store().incident(first.id))?.evidence).toEqual(evidence);
    expect(await store().incident("f".repeat(32) as IncidentId)).toBeNull();
  });

  test("an incident's story: transitions, alerts and tries, oldest first", async () => {
    const incident = sampleIncident("1".repeat(32), "shop", 1);
    const down = sampleTransition("shop", 1, { incident: incident.id });
    const up = sampleTransition("shop", 9, { incident: incident.id, from: "down", to: "up" });
    const told = sampleAlert("a", "shop", 1, { incident: incident.id });
    const late = sampleAlert("b", "shop", 9, { incident: incident.id, kind: "recovered" });
    await store().commit(sampleBatch(1, { incidents: [{ incident, change: "opened", evidence: [] }], transitions: [down, sampleTransition("other", 2)], alerts: [told] }));
    await store().commit(sampleBatch(2, { transitions: [up], alerts: [late, sampleAlert("c", "other", 3)] }));
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m", ["a"], 2)] }));
    await store().claimMessage("m", at(2), at(100));
    await store().settleMessage("m", { kind: "sent", at: at(3), tookMs: millis(5), detail: "250 ok" });
    expect(await store().incident(incident.id)).toEqual({
      incident,
      evidence: [],
      transitions: [down, up],
      alerts: [{ alert: told, status: "sent", message: "m" }, { alert: late, status: "waiting", message: null }],
      attempts: [{ message: "m", at: at(3), tookMs: 5, outcome: "sent", reason: "250 ok" }],
    });
  });

  test("transitions: newest first, of one check or all, since, limit", async () => {
    const made = [sampleTransition("shop", 1), sampleTransition("other", 2), sampleTransition("shop", 3, { reason: { rule: "parent-down", sentence: "", cause: checkName("gateway") } })];
    await store().commit(sampleBatch(1, { transitions: made }));
    expect(await store().transitions({ limit: 9 })).toEqual(made.toReversed());
    expect(await store().transitions({ check: shop, limit: 9 })).toEqual([made[2], made[0]]);
    expect(await store().transitions({ since: at(2), limit: 9 })).toEqual([made[2], made[1]]);
    expect(await store().transitions({ check: shop, since: at(2), limit: 9 })).toEqual([made[2]]);
    expect(await store().transitions({ limit: 1 })).toEqual([made[2]]);
  });

  test("the journal: oldest first, of one check or all, since, limit", async () => {
    const made = [1, 2, 3].map((offset) => ({ at: at(offset), check: offset === 2 ? null : shop, siteVersion: "v1", input: { offset } }));
    await store().commit(sampleBatch(1, { journal: made }));
    expect(await store().journal({ limit: 9 })).toEqual(made);
    expect(await store().journal({ check: shop, limit: 9 })).toEqual([made[0], made[2]]);
    expect(await store().journal({ since: at(2), limit: 1 })).toEqual([made[1]]);
  });
}

function houseCases(store: () => Store, reopen: () => Promise<void>): void {
  const ever = millis(1000 * DAY);

  test("pruning by age keeps what is younger", async () => {
    await store().commit(sampleBatch(1, { results: [0, 1, 2, 3].map((day) => sampleResult("shop", day * DAY)), states: [sampleState("shop", sampleBelief())] }));
    expect(await store().prune({ resultsMs: millis(2 * DAY), incidentsMs: ever, bytes: null }, at(3 * DAY))).toBe(1);
    expect((await store().facts()).results).toBe(3);
    await reopen();
    expect((await store().results({ check: shop, limit: 9 })).map((one) => one.slot)).toEqual([at(3 * DAY), at(2 * DAY), at(DAY)]);
    expect((await store().facts()).oldest).toBe(at(DAY));
  });

  test("pruning by age spares open incidents, what belongs to them, and what is not settled", async () => {
    const open = sampleIncident("1".repeat(32), "shop", 0);
    const closed = sampleIncident("2".repeat(32), "shop", 0, { closed: at(1), closedBy: "recovered" });
    const ofOpen = { incident: open.id };
    await store().commit(
      sampleBatch(1, {
        incidents: [open, closed].map((incident) => ({ incident, change: "opened", evidence: [] })),
        transitions: [sampleTransition("shop", 0, ofOpen), sampleTransition("shop", 0, { incident: closed.id }), sampleTransition("shop", 0)],
        alerts: [sampleAlert("open", "shop", 0, ofOpen), sampleAlert("sent", "shop", 0), sampleAlert("waits", "shop", 0)],
        journal: [{ at: T0, check: null, siteVersion: "v1", input: 1 }],
      }),
    );
    await store().changeOutbox(sampleChange({ messages: [sampleMessage("m1", ["open"], 0), sampleMessage("m2", ["sent"], 0), sampleMessage("m3", [], 0)] }));
    for (const id of ["m1", "m2"]) {
      await store().claimMessage(id, T0, at(9));
      await store().settleMessage(id, { kind: "sent", at: T0, tookMs: millis(1), detail: "" });
    }
    // closed incident, two transitions, one entry of the journal, one alert, its message and its try
    expect(await store().prune({ resultsMs: ever, incidentsMs: millis(DAY), bytes: null }, at(9 * DAY))).toBe(7);
    await reopen();
    expect(await store().incidents({ limit: 9 })).toEqual([open]);
    expect((await store().transitions({ limit: 9 })).map((one) => one.incident)).toEqual([open.id]);
    expect((await store().outbox(9)).alerts.map((one) => one.id)).toEqual(["waits"]);
    expect((await store().messages({ limit: 9 })).map((one) => one.id).sort()).toEqual(["m1", "m3"]);
    expect(await store().wasTold(open.id, channelName("ops"), "a@example.com")).toBe(true);
    expect(await store().prune({ resultsMs: ever, incidentsMs: millis(DAY), bytes: null }, at(9 * DAY))).toBe(0);
  });

  test("pruning by size takes the oldest plain results first and only them", async () => {
    const incident = sampleIncident("1".repeat(32), "shop", 0);
    const results = Array.from({ length: 4000 }, (_, index) => sampleResult(`check ${index % 7}`, index * 1000, { verdict: "down", evidence: [{ label: "received", text: `${index} `.repeat(60) }] }));
    await store().commit(sampleBatch(1, { incidents: [{ incident, change: "opened", evidence: [] }], transitions: [sampleTransition("shop", 0)] }));
    for (let part = 0; part < 8; part += 1) await store().commit(sampleBatch(2 + part, { results: results.slice(part * 500, (part + 1) * 500) }));
    const before = await store().facts();
    const bytes = Math.floor(before.bytes / 2);
    const removed = await store().prune({ resultsMs: ever, incidentsMs: ever, bytes }, at(4_000_000));
    const after = await store().facts();
    expect(removed).toBe(4000 - after.results);
    expect(after.bytes).toBeLessThanOrEqual(bytes);
    expect(after.results).toBeGreaterThan(500);
    expect(after.oldest).toBeGreaterThan(T0);
    expect(await store().incidents({ limit: 9 })).toHaveLength(1);
    expect(await store().transitions({ limit: 9 })).toHaveLength(1);
    expect((await store().results({ check: checkName(`check ${3999 % 7}`), limit: 1 }))[0]?.slot).toBe(at(3_999_000));
  });

  test("a store that is closed says so", async () => {
    const closed = store();
    await reopen();
    await expect(closed.sequence()).rejects.toMatchObject({ trouble: "failed" });
    expect(instant(await store().sequence())).toBe(0);
    expect((await store().outbox(1)).alerts satisfies readonly { id: AlertId }[]).toEqual([]);
  });
}
