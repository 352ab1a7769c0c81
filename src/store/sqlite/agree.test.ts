import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type AlertId, channelName, checkName, type IncidentId, millis, type Verdict } from "../../core/types.ts";
import { openMemoryStore } from "../memory.ts";
import { at, sampleAlert, sampleBatch, sampleBelief, sampleChange, sampleIncident, sampleMessage, sampleResult, sampleState, sampleTransition } from "../samples.ts";
import type { Store } from "../store.ts";
import { quietOptions } from "./ground.ts";
import { openSqliteStore } from "./open.ts";

/** Any deeds, done on both stores, get the same answers: the simulation runs on one and the world on the other. */

const ops = channelName("ops");
const name = fc.constantFrom("shop", "mail", "näme");
const time = fc.nat(300);
const alertId = fc.nat(12).map((number) => `a${number}`);
const messageId = fc.nat(6).map((number) => `m${number}`);
const incidentId = fc.nat(3).map((number) => `i${number}` as IncidentId);

type Deed = (store: Store, sequence: number) => Promise<unknown>;

const commit: fc.Arbitrary<Deed> = fc
  .record({ check: name, slot: time, verdict: fc.constantFrom<Verdict>("up", "degraded", "down", "unknown"), alerts: fc.array(alertId, { maxLength: 3 }), incident: incidentId, closed: fc.option(time), rare: fc.boolean(), remove: fc.boolean() })
  .map(({ check, slot, verdict, alerts, incident, closed, rare, remove }) => (store, sequence) => {
    const results = [sampleResult(check, slot, { verdict }), sampleResult(check, slot, { verdict: "up", origin: "manual" })];
    if (!rare) return store.commit(sampleBatch(sequence, { results }));
    return store.commit(
      sampleBatch(sequence, {
        results,
        removed: remove ? [checkName(check)] : [],
        states: remove ? [] : [sampleState(check, sampleBelief({ passes: slot }))],
        transitions: [sampleTransition(check, slot, { incident })],
        incidents: [{ incident: sampleIncident(incident, check, 0, { closed: closed === null ? null : at(closed) }), change: "opened", evidence: closed === null ? [{ label: "x", text: check }] : [] }],
        alerts: alerts.map((id) => sampleAlert(id, check, slot, { incident })),
        journal: [{ at: at(slot), check: checkName(check), siteVersion: "v", input: slot }],
      }),
    );
  });
const change: fc.Arbitrary<Deed> = fc
  .record({ id: messageId, alerts: fc.uniqueArray(alertId, { maxLength: 3 }), supersede: fc.array(messageId, { maxLength: 1 }), withdraw: fc.array(alertId, { maxLength: 1 }), revive: fc.array(messageId, { maxLength: 1 }), formed: time, failed: fc.boolean() })
  .map(({ id, alerts, supersede, withdraw, revive, formed, failed }) => (store) =>
    store.changeOutbox(sampleChange({ messages: [sampleMessage(id, alerts, formed, failed ? { status: "failed" } : {})], supersede, revive, withdraw: withdraw as AlertId[] })),
  );
const claim: fc.Arbitrary<Deed> = fc.tuple(messageId, time).map(([id, now]) => (store) => store.claimMessage(id, at(now), at(now + 50)));
const settle: fc.Arbitrary<Deed> = fc.tuple(messageId, time, fc.constantFrom("sent", "failed", "retry", "doubt")).map(([id, now, kind]) => (store) => {
  const base = { at: at(now), tookMs: millis(1.5) };
  if (kind === "sent") return store.settleMessage(id, { kind, ...base, detail: "ok" });
  if (kind === "failed") return store.settleMessage(id, { kind, ...base, reason: "no" });
  return store.settleMessage(id, { kind: "retry", ...base, reason: "later", doubt: kind === "doubt", nextTryAt: at(now + 10) });
});
const prune: fc.Arbitrary<Deed> = fc.tuple(time, time).map(([results, incidents]) => (store) => store.prune({ resultsMs: millis(results), incidentsMs: millis(incidents), bytes: null }, at(300)));
const deeds = fc.array(fc.oneof({ weight: 4, arbitrary: commit }, { weight: 3, arbitrary: change }, { weight: 3, arbitrary: claim }, { weight: 3, arbitrary: settle }, { weight: 1, arbitrary: prune }), { minLength: 10, maxLength: 40 });

async function look(store: Store): Promise<unknown> {
  const { states, sequence } = await store.load();
  const checks = ["shop", "mail", "näme"].map(checkName);
  const incidents = ["i0", "i1", "i2", "i3"] as IncidentId[];
  return {
    sequence,
    states: [...states].sort((a, b) => a.check.localeCompare(b.check)),
    outbox: await store.outbox(99),
    unsettled: await store.unsettled(ops, "a@example.com", 9),
    messages: (await store.messages({ limit: 99 })).map((row) => ({ ...row, attempts: [...row.attempts].sort((a, b) => a.at - b.at || a.outcome.localeCompare(b.outcome)) })).sort((a, b) => a.id.localeCompare(b.id)),
    told: await Promise.all(incidents.map((id) => store.wasTold(id, ops, "a@example.com"))),
    formed: await store.formedSince(ops, at(50)),
    results: await Promise.all(checks.map((check) => store.results({ check, limit: 99 }))),
    failed: await Promise.all(checks.map((check) => store.results({ check, failed: true, before: at(200), limit: 5 }))),
    range: await Promise.all(checks.map((check) => store.range({ check, from: at(20), to: at(280), stepMs: millis(37) }))),
    incidents: (await store.incidents({ limit: 99 })).length,
    stories: await Promise.all(incidents.map(async (id) => (await store.incident(id))?.transitions)),
    alerts: await Promise.all(incidents.map(async (id) => (await store.incident(id))?.alerts.map((row) => [row.alert.id, row.status, row.message]).sort())),
    transitions: (await store.transitions({ limit: 99 })).length,
    journal: (await store.journal({ limit: 99 })).length,
    facts: { ...(await store.facts()), bytes: 0 },
  };
}

test("both stores give the same answers to any deeds, also after reopening", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(deeds, async (drawn) => {
      const folder = mkdtempSync(join(tmpdir(), "tocsin-agree-"));
      const memory = await openMemoryStore();
      let sqlite = await openSqliteStore(quietOptions(folder));
      try {
        let sequence = 0;
        for (const deed of drawn) {
          sequence += 1;
          expect((await deed(sqlite, sequence)) ?? null).toEqual((await deed(memory, sequence)) ?? null);
        }
        const expected = await look(memory);
        expect(await look(sqlite)).toEqual(expected);
        await sqlite.close();
        sqlite = await openSqliteStore(quietOptions(folder));
        expect(await look(sqlite)).toEqual(expected);
      } finally {
        await sqlite.close();
        rmSync(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 12, endOnFailure: true },
  );
});
