import fc from "fast-check";
import { expect, test } from "vitest";
import { SimulatedDisk } from "../../test/sim/disk.ts";
import { checkName, millis } from "../core/types.ts";
import { DiskError, joinFrom, memoryDisk } from "./disk.ts";
import { openMemoryStore } from "./memory.ts";
import { decodeRecords, encodeRecord } from "./record.ts";
import { at, sampleAlert, sampleBatch, sampleBelief, sampleChange, sampleMessage, sampleResult, sampleState, sampleTransition, T0 } from "./samples.ts";
import type { Store } from "./store.ts";
import { storeSuite } from "./suite.ts";

const shop = checkName("shop");
const noTimer = { timer: () => ({ cancel: () => {} }) };

storeSuite("memory", () => {
  const disk = memoryDisk();
  return Promise.resolve({ open: () => openMemoryStore({ disk }), dispose: () => Promise.resolve() });
});

storeSuite("memory, rewritten after every commit", () => {
  const disk = memoryDisk();
  return Promise.resolve({ open: () => openMemoryStore({ disk, compactBytes: 1 }), dispose: () => Promise.resolve() });
});

function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

test("records: cut at any byte, whole ones are read and the rest is not", () => {
  const first = encodeRecord("a");
  const written = joinFrom([first, encodeRecord("näme")], 0);
  for (let cut = 0; cut < written.length; cut += 1) expect(decodeRecords(written.subarray(0, cut)).texts).toEqual(cut >= first.length ? ["a"] : []);
  expect(decodeRecords(written)).toEqual({ texts: ["a", "näme"], length: written.length });
});

test("records: a flipped bit ends reading there", () => {
  const written = joinFrom([encodeRecord("first"), encodeRecord("second")], 0);
  for (let bit = 0; bit < written.length * 8; bit += 1) {
    const flipped = written.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(decodeRecords(flipped).texts.length).toBeLessThan(2);
  }
});

test("records: any text comes back", () => {
  const texts = fc.array(fc.string({ unit: "grapheme", minLength: 1 }));
  fc.assert(
    fc.property(texts, (drawn) => {
      expect(decodeRecords(joinFrom(drawn.map(encodeRecord), 0)).texts).toEqual(drawn);
    }),
  );
});

test("only the last plain results of a check are kept where that is asked for", async () => {
  const store = await openMemoryStore({ keepResults: 3 });
  for (let index = 1; index <= 20; index += 1) await store.commit(sampleBatch(index, { results: [sampleResult("shop", index)], transitions: [sampleTransition("shop", index)] }));
  const kept = await store.results({ check: shop, limit: 99 });
  expect(kept.length).toBeGreaterThanOrEqual(3);
  expect(kept.length).toBeLessThanOrEqual(6);
  expect(kept[0]?.slot).toBe(at(20));
  expect(await store.transitions({ limit: 99 })).toHaveLength(20);
});

test("the journal does not grow for ever", async () => {
  const disk = new SimulatedDisk({ random: seeded(1), clock: noTimer });
  const store = await openMemoryStore({ disk, keepResults: 2, compactBytes: 10_000 });
  for (let index = 1; index <= 2000; index += 1) await store.commit(sampleBatch(index, { results: [sampleResult("shop", index)] }));
  expect(disk.length).toBeLessThan(30_000);
  expect((await (await openMemoryStore({ disk })).results({ check: shop, limit: 1 }))[0]?.slot).toBe(at(2000));
});

test("a full disk is told as full, and what was refused is not there", async () => {
  const disk = new SimulatedDisk({ random: seeded(2), clock: noTimer });
  const store = await openMemoryStore({ disk });
  await store.commit(sampleBatch(1, { results: [sampleResult("shop", 1)] }));
  disk.faults = { ...disk.faults, full: true };
  await expect(store.commit(sampleBatch(2, { transitions: [sampleTransition("shop", 2)] }))).rejects.toMatchObject({ trouble: "full" });
  disk.faults = { ...disk.faults, full: false };
  expect(await store.sequence()).toBe(1);
  await store.commit(sampleBatch(2, { transitions: [sampleTransition("shop", 2)] }));
  expect(await (await openMemoryStore({ disk })).transitions({ limit: 9 })).toHaveLength(1);
});

test("a rejected claim holds nothing", async () => {
  const disk = new SimulatedDisk({ random: seeded(3), clock: noTimer });
  const store = await openMemoryStore({ disk });
  await store.changeOutbox(sampleChange({ messages: [sampleMessage("m", [], 0)] }));
  disk.faults = { ...disk.faults, doubtRate: 1 };
  await expect(store.claimMessage("m", T0, at(99))).rejects.toBeInstanceOf(Error);
  disk.faults = { ...disk.faults, doubtRate: 0 };
  expect((await store.claimMessage("m", T0, at(99)))?.row).toMatchObject({ tries: 1, doubt: false });
});

/** Commits on a disk that fails, doubts and crashes: a batch is there whole or not at all, once, and never lost once its commit resolved. */
async function live(seed: number): Promise<void> {
  const random = seeded(seed);
  let disk = new SimulatedDisk({ random, clock: noTimer, faults: { delayMsMax: 0, failRate: 0.1, doubtRate: 0.1, full: false } });
  const retrying = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        expect((error as Store & { cause: unknown }).cause).toBeInstanceOf(DiskError);
      }
    }
  };
  let store = await retrying(() => openMemoryStore({ disk, compactBytes: 3000 }));
  let next = 1;
  let durable = 0;
  for (let round = 0; round < 60; round += 1) {
    const batch = sampleBatch(next, { results: [sampleResult("shop", next)], transitions: [sampleTransition("shop", next)], states: [sampleState("shop", sampleBelief({ passes: next }))], alerts: [sampleAlert(`a${next}`, "shop", next)] });
    const committed = store.commit(batch).then(() => true, () => false);
    if (random() < 0.1) {
      disk = disk.crash();
      store = await retrying(() => openMemoryStore({ disk, compactBytes: 3000 }));
    } else if (await committed) durable = next;
    const sequence = await retrying(() => store.sequence());
    expect(sequence).toBeGreaterThanOrEqual(durable);
    expect(sequence).toBeLessThanOrEqual(next);
    const ids = Array.from({ length: sequence }, (_, index) => index + 1);
    expect((await store.transitions({ limit: 999 })).map((one) => one.at)).toEqual(ids.map((id) => at(id)).toReversed());
    expect((await store.results({ check: shop, limit: 999 })).map((one) => one.slot)).toEqual(ids.map((id) => at(id)).toReversed());
    expect((await store.outbox(999)).alerts.map((one) => one.id)).toEqual(ids.map((id) => `a${id}`));
    expect((await store.load()).states[0]?.belief.passes).toBe(sequence === 0 ? undefined : sequence);
    durable = sequence;
    next = sequence + 1;
  }
}

test("faults and crashes: whole or not at all, once, never lost", async () => {
  for (let seed = 1; seed <= 40; seed += 1) await live(seed).catch((error: unknown) => Promise.reject(new Error(`seed ${seed}`, { cause: error })));
});

test("outbox verbs on a failing disk: a change repeated until it is done happens once", async () => {
  const random = seeded(9);
  const disk = new SimulatedDisk({ random, clock: noTimer, faults: { delayMsMax: 0, failRate: 0.2, doubtRate: 0.3, full: false } });
  const store = await openMemoryStore({ disk }).catch(() => openMemoryStore({ disk })).catch(() => openMemoryStore({ disk }));
  const until = async (work: () => Promise<void>): Promise<void> => {
    let done = false;
    while (!done) done = await work().then(() => true, () => false);
  };
  for (let index = 0; index < 50; index += 1) {
    await until(() => store.changeOutbox(sampleChange({ alerts: [sampleAlert(`a${index}`, "shop", index)], messages: [sampleMessage(`m${index}`, [`a${index}`], index)] })));
    await until(async () => void (await store.claimMessage(`m${index}`, at(index), at(index + 10))));
    await until(() => store.settleMessage(`m${index}`, { kind: "sent", at: at(index), tookMs: millis(1), detail: "" }));
  }
  disk.faults = { ...disk.faults, failRate: 0, doubtRate: 0 };
  const messages = await store.messages({ limit: 99 });
  expect(messages.map((one) => [one.status, one.tries, one.attempts.length])).toEqual(Array.from({ length: 50 }, () => ["sent", 1, 1]));
});
