import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Batch, Beginning, Terms } from "../../src/core/state.ts";
import { Replay, toldIn } from "../../src/run/replay.ts";
import { type Alert, instant } from "../../src/core/types.ts";
import { type AlertDifference, Tally } from "../../src/run/difference.ts";
import { WhatIf } from "../../src/run/what-if.ts";
import { openHistory } from "../../src/store/sqlite/history.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { Store } from "../../src/store/store.ts";
import { realClock } from "../../src/sys/clock.ts";
import { Chance } from "./random.ts";
import { simulate } from "./run.ts";
import { simulatedSite } from "./site.ts";

/** Keeps every batch that is in the store: what a crash lost is found out at the next start. */
function kept(batches: Map<number, Batch>, store: Store): Store {
  return new Proxy(store, {
    get(of, verb) {
      if (verb === "commit")
        return (batch: Batch, synced?: boolean) => {
          batches.set(batch.sequence, batch);
          return of.commit(batch, synced);
        };
      if (verb === "load")
        return async () => {
          const loaded = await of.load();
          for (const sequence of batches.keys()) if (sequence > loaded.sequence) batches.delete(sequence);
          return loaded;
        };
      const value: unknown = Reflect.get(of, verb);
      return typeof value === "function" ? (value.bind(of) as unknown) : value;
    },
  });
}

const silent = (): void => undefined;
const QUIET = { debug: silent, info: silent, warn: silent, error: silent };

const committed = (batches: ReadonlyMap<number, Batch>): readonly Batch[] => [...batches.values()].toSorted((a, b) => a.sequence - b.sequence);

const known = new Map<number, Promise<readonly Batch[]>>();

/** What simulated days left behind, made once for each seed. */
function historyOf(seed: number): Promise<readonly Batch[]> {
  const made = known.get(seed) ?? history(seed);
  known.set(seed, made);
  return made;
}

async function history(seed: number): Promise<readonly Batch[]> {
  const batches = new Map<number, Batch>();
  const { breaches } = await simulate({ seed, days: 1, plant: (store) => kept(batches, store) });
  expect(breaches).toEqual([]);
  return committed(batches);
}

const byCheck = (transitions: Batch["transitions"]): ReadonlyMap<string, Batch["transitions"]> => Map.groupBy(transitions.toSorted((a, b) => a.check.localeCompare(b.check)), ({ check }) => check);

function tallied(came: readonly Alert[], wouldCome: readonly Alert[]): readonly AlertDifference[] {
  const tally = new Tally();
  for (const alert of came) tally.came(alert);
  for (const alert of wouldCome) tally.wouldCome(alert);
  return tally.differences;
}

describe("history judged again", () => {
  test.each([1, 7])("is what it was: crashes, stepped clocks, a failing disk; seed %i", async (seed) => {
    const batches = await historyOf(seed);
    const replay = new Replay(null);
    replay.run(batches.flatMap((batch) => [...toldIn(batch)]));
    const was = batches.flatMap(({ transitions }) => transitions);
    expect(was.length).toBeGreaterThan(50);
    expect(replay.decisions.transitions).toEqual(was);
    expect(replay.decisions.alerts.map(({ id }) => id)).toEqual(batches.flatMap(({ alerts }) => alerts.map(({ id }) => id)));
  });

  test("with another threshold outages begin later or not at all, and nothing else differs", async () => {
    const seed = 7;
    const batches = await historyOf(seed);
    const { checks } = simulatedSite(new Chance(seed));
    const quick = new Set(checks.filter(({ name, policy }) => name.startsWith("plain") && policy.failAfter === 1).map(({ name }) => name));
    const changed = (terms: Terms): Terms => (quick.has(terms.check) ? { ...terms, policy: { ...terms.policy, failAfter: 4 } } : terms);
    const replay = new Replay(null);
    replay.run(batches.flatMap((batch) => [...toldIn(batch)].map((told) => (told.kind === "result" ? told : { ...told, terms: told.terms?.map(changed) ?? [] }))));
    const was = batches.flatMap(({ transitions }) => transitions);
    const downs = (transitions: Batch["transitions"]): readonly string[] => transitions.filter(({ check, to }) => quick.has(check) && to === "down").map(({ reason }) => reason.sentence.replace(/.*; /, ""));
    expect(new Set(downs(was))).toEqual(new Set(["1 failing run"]));
    expect(new Set(downs(replay.decisions.transitions))).toEqual(new Set(["4 failing runs"]));
    expect(downs(replay.decisions.transitions).length).toBeLessThanOrEqual(downs(was).length);
    const others = (transitions: Batch["transitions"]): Batch["transitions"] => transitions.filter(({ check }) => !quick.has(check));
    expect(others(replay.decisions.transitions)).toEqual(others(was));
  });

  test("by the same terms the same alerts would have come; with more patience, fewer", async () => {
    const batches = await historyOf(7);
    const told = batches.flatMap((batch) => [...toldIn(batch)]);
    const terms = told.flatMap((one) => (one.kind === "input" ? (one.terms ?? []) : []));
    const newest = [...new Map(terms.map((one) => [one.check, one])).values()];
    const beginning: Beginning = { at: told[0]?.at ?? instant(0), terms: [], states: [] };
    const wouldCome = (by: readonly Terms[]): readonly Alert[] => {
      const subjects = by.map(({ check }) => ({ check, tags: [], groups: [] }));
      const whatIf = new WhatIf(beginning, { terms: by, windows: simulatedSite(new Chance(7)).maintenance, subjects, paused: new Set(), match: () => false }, []);
      whatIf.run(told);
      whatIf.end();
      return whatIf.decisions.alerts;
    };
    const came = batches.flatMap(({ alerts }) => alerts);
    const changed = (alerts: readonly Alert[]): readonly AlertDifference[] => tallied(came, alerts).filter(({ fewer, more }) => fewer.length + more.length > 0);
    expect(changed(wouldCome(newest))).toEqual([]);
    const patient = newest.map((one) => (one.check.startsWith("plain") ? Object.assign({}, one, { policy: { ...one.policy, failAfter: 12 } }) : one));
    const less = changed(wouldCome(patient));
    expect(less.filter(({ check }) => !check.startsWith("plain"))).toEqual([]);
    expect(less.flatMap(({ fewer }) => fewer).length).toBeGreaterThan(0);
  });

  test.each([1, 7])("is what it was when it comes out of the store; seed %i", async (seed) => {
    const folder = mkdtempSync(join(tmpdir(), "tocsin-replay-"));
    const store = await openSqliteStore({ folder, clock: realClock(), log: QUIET });
    try {
      const batches = await historyOf(seed);
      for (const batch of batches) await store.commit(batch);
      const history = openHistory(folder, instant(0));
      const replay = new Replay(history.beginning);
      for (const told of history.read()) replay.run(told);
      expect(history.missing).toBe(0);
      expect(replay.judged).toBe(batches.reduce((sum, { results, journal }) => sum + results.length + journal.length, 0));
      expect(replay.decisions.transitions.length).toBeGreaterThan(50);
      // Checks that change in one instant because of another one do so in no order.
      expect(byCheck(replay.decisions.transitions)).toEqual(byCheck([...history.transitions]));
      history.close();
    } finally {
      await store.close();
      rmSync(folder, { recursive: true });
    }
  });
});
