import { expect, test } from "vitest";
import { LifeClock, VirtualTime } from "../../test/sim/clock.ts";
import type { Batch } from "../core/state.ts";
import { type Alert, checkName, instant, type JournalEntry } from "../core/types.ts";
import { at, sampleAlert, sampleBelief, sampleResult, sampleState, sampleTransition } from "../store/samples.ts";
import { StoreError } from "../store/store.ts";
import { Committer } from "./commit.ts";
import { T0 } from "./ground.ts";
import { toldIn } from "./replay.ts";

type Mood = "well" | "fail" | "doubt" | "hang";

/** A store that writes, fails, writes and says that it failed, or never answers; and a committer before it. */
class Desk {
  readonly time = new VirtualTime(T0);
  readonly batches: Batch[] = [];
  readonly story: string[] = [];
  readonly committed: string[] = [];
  readonly unrecorded = new Set<string>();
  readonly troubles: (string | null)[] = [];
  readonly synced: boolean[] = [];
  mood: Mood = "well";
  refusesRename = false;
  readonly committer = new Committer({
    store: { commit: (batch, synced) => this.#commit(batch, synced === true), sequence: () => Promise.resolve(this.batches.at(-1)?.sequence ?? 0), rename: (from, to) => this.#rename(from, to) },
    clock: new LifeClock(this.time),
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: (text) => void this.story.push(text) },
    sequence: 0,
    hooks: {
      committed: (alerts) => void this.committed.push(...alerts.map(({ sentence }) => sentence)),
      unrecorded: (alerts) => alerts.forEach(({ sentence }) => this.unrecorded.add(sentence)),
      trouble: (sentence) => void this.troubles.push(sentence),
    },
  });

  async pass(ms: number): Promise<void> {
    await this.time.runUntil(this.time.monotonic + ms);
  }

  alert(sentence: string): void {
    const alert: Alert = sampleAlert(sentence, "shop", 0, { sentence });
    this.committer.effects([{ kind: "alert", alert }]);
  }

  result(): void {
    this.committer.result(sampleResult("shop", 0), at(0));
  }

  async #commit(batch: Batch, synced: boolean): Promise<void> {
    const { mood } = this;
    if (mood === "hang") await new Promise<void>((resolve) => void this.time.at(this.time.monotonic + 60_000, resolve));
    if (mood === "fail") throw new StoreError("failed", "no");
    this.batches.push(batch);
    this.synced.push(synced);
    this.story.push(`batch ${batch.sequence}: ${batch.results.length} results, ${batch.states.map(({ check }) => check).join("+")}`);
    if (mood === "doubt") throw new StoreError("failed", "who knows");
  }

  async #rename(from: string, to: string): Promise<void> {
    if (this.refusesRename || this.mood === "fail") throw new StoreError("failed", "no");
    this.story.push(`rename ${from} ${to}`);
  }
}

test("what is gathered within 50 ms is one batch, with the next number", async () => {
  const desk = new Desk();
  desk.result();
  await desk.pass(20);
  desk.result();
  desk.committer.decided(sampleState("shop", sampleBelief()), [sampleTransition("shop", 0)], []);
  desk.alert("down");
  await desk.pass(60);
  desk.result();
  await desk.pass(60);
  expect(desk.batches.map(({ sequence, results, states, transitions, alerts }) => [sequence, results.length, states.length, transitions.length, alerts.length])).toEqual([[1, 2, 1, 1, 1], [2, 1, 0, 0, 0]]);
  expect(desk.committed).toEqual(["down"]);
});

test("nothing is written before its turn is over: a judgement and its neighbours' stay together", async () => {
  const desk = new Desk();
  for (let at = 0; at < 1000; at += 1) desk.result();
  expect(desk.batches.length).toBe(0);
  desk.alert("down");
  await desk.pass(1);
  expect(desk.batches.map(({ results, alerts }) => [results.length, alerts.length])).toEqual([[1000, 1]]);
});

test("the first commit after a second is synced, so that no more is lost with the power", async () => {
  const desk = new Desk();
  for (const passes of [100, 100, 1000]) {
    desk.result();
    await desk.pass(passes);
  }
  desk.result();
  await desk.pass(100);
  expect(desk.synced).toEqual([true, false, false, true]);
});

test("a failed batch is tried again before any later one, and the trouble is said and unsaid", async () => {
  const desk = new Desk();
  desk.mood = "fail";
  desk.alert("first");
  await desk.pass(200);
  desk.alert("second");
  await desk.pass(2000);
  expect([desk.batches.length, desk.committer.failures > 2, desk.committer.waiting]).toEqual([0, true, 2]);
  desk.mood = "well";
  await desk.pass(5000);
  expect(desk.batches.map(({ sequence, alerts }) => [sequence, alerts.map(({ sentence }) => sentence)])).toEqual([[1, ["first"]], [2, ["second"]]]);
  expect([desk.troubles[0], desk.troubles.at(-1), desk.committer.failingSince]).toEqual(["no", null, null]);
});

test("a batch in doubt is asked about and never written twice", async () => {
  const desk = new Desk();
  desk.mood = "doubt";
  desk.alert("first");
  await desk.pass(1000);
  expect(desk.batches.map(({ sequence }) => sequence)).toEqual([1]);
  expect(desk.committed).toEqual(["first"]);
});

test("after 10 s without a commit alerts go out from memory, failing or not answering, those behind too", async () => {
  for (const mood of ["fail", "hang"] as const) {
    const desk = new Desk();
    desk.mood = mood;
    desk.alert("first");
    await desk.pass(9000);
    expect([...desk.unrecorded]).toEqual([]);
    await desk.pass(2000);
    expect([...desk.unrecorded]).toEqual(["first"]);
    desk.alert("second");
    await desk.pass(1100);
    expect([...desk.unrecorded]).toEqual(["first", "second"]);
    expect(desk.committer.failingSince).not.toBeNull();
    desk.mood = "well";
    await desk.pass(70_000);
    expect([desk.batches.length, desk.committer.failingSince, desk.troubles.at(-1)]).toEqual([2, null, null]);
  }
});

test("when too much waits plain results are dropped and counted, transitions never", async () => {
  const desk = new Desk();
  desk.mood = "fail";
  desk.result();
  await desk.pass(100);
  for (let at = 0; at < 50_100; at += 1) {
    desk.result();
    desk.committer.journal({ at: T0, check: null, siteVersion: "", input: at });
    desk.committer.decided(sampleState(`check-${at}`, sampleBelief()), [sampleTransition("shop", at)], []);
  }
  expect(desk.committer.dropped).toBe(200);
  desk.mood = "well";
  await desk.pass(1000);
  expect(desk.batches.map(({ results, journal, transitions }) => [results.length, journal.length, transitions.length])).toEqual([[1, 0, 0], [50_000, 50_000, 50_100]]);
});

test("only the newest state of a check is written, and none of one that went", async () => {
  const desk = new Desk();
  const [first, second] = [sampleState("shop", sampleBelief({ passes: 1 })), sampleState("shop", sampleBelief({ passes: 2 }))];
  desk.committer.decided(first, [], []);
  desk.committer.decided(second, [], []);
  desk.committer.decided(sampleState("gone", sampleBelief()), [], []);
  desk.committer.removed(checkName("gone"));
  desk.committer.removed(checkName("back"));
  desk.committer.decided(sampleState("back", sampleBelief()), [], []);
  await desk.pass(100);
  expect(desk.batches.map(({ states, removed }) => [states.map(({ check }) => check), removed])).toEqual([[["shop", "back"], ["gone"]]]);
  expect(desk.batches[0]?.states[0]).toBe(second);
});

test("a rename is written in its place: what came before under the old name, what comes after under the new one", async () => {
  const desk = new Desk();
  desk.mood = "fail";
  desk.committer.decided(sampleState("old", sampleBelief()), [], []);
  desk.committer.rename(checkName("old"), checkName("new"));
  desk.committer.decided(sampleState("new", sampleBelief()), [], []);
  await desk.pass(1000);
  desk.mood = "well";
  await desk.pass(2000);
  expect(desk.story.slice(1)).toEqual(["batch 1: 0 results, old", "rename old new", "batch 2: 0 results, new"]);
});

test("a rename that the store refuses for good does not hold up the rest", async () => {
  const desk = new Desk();
  desk.refusesRename = true;
  desk.committer.rename(checkName("old"), checkName("new"));
  desk.alert("down");
  await desk.pass(120_000);
  expect(desk.committed).toEqual(["down"]);
  expect(desk.story).toContain("a renamed check's history stays under its old name");
});

test("flushing ends when all is written, or at its deadline", async () => {
  const desk = new Desk();
  const flushed = async (withinMs: number): Promise<number> => {
    const begun = desk.time.monotonic;
    let at = -1;
    // Promises go on after events only.
    desk.time.at(begun + 50, () => undefined);
    void desk.committer.flush(begun + withinMs).then(() => (at = desk.time.monotonic - begun));
    await desk.pass(withinMs + 100);
    return at;
  };
  desk.result();
  desk.committer.rename(checkName("old"), checkName("new"));
  desk.result();
  const quick = await flushed(1000);
  expect([quick >= 0 && quick <= 100, desk.batches.length]).toEqual([true, 2]);
  desk.mood = "fail";
  desk.result();
  expect(await flushed(3000)).toBe(3000);
  desk.mood = "hang";
  expect(await flushed(3000)).toBe(3000);
});

test("once closed nothing is tried any more", async () => {
  const desk = new Desk();
  desk.mood = "fail";
  desk.result();
  await desk.pass(500);
  desk.committer.close();
  desk.mood = "well";
  desk.result();
  await desk.pass(instant(60_000));
  expect(desk.batches).toEqual([]);
});

test("a batch says when and in which order the judge was told; what others were told of because of a thing comes after it", async () => {
  const desk = new Desk();
  const entry = (input: string): JournalEntry => ({ at: at(1), check: checkName("shop"), siteVersion: "1", input });
  desk.committer.journal(entry("first"));
  desk.result();
  const { place } = desk.committer;
  desk.result();
  desk.committer.journal(entry("because of it"));
  desk.committer.journal(entry("second"), place);
  await desk.pass(60);
  const [batch] = desk.batches;
  expect(batch?.judged).toEqual([at(0), at(0)]);
  expect(batch?.journal.map(({ input }, index) => [input, batch.resultsBefore?.[index]])).toEqual([["first", 0], ["second", 1], ["because of it", 2]]);
  expect(batch === undefined ? [] : [...toldIn(batch)].map((told) => (told.kind === "result" ? "result" : told.input))).toEqual(["first", "result", "second", "result", "because of it"]);
});
