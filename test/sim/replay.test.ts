import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/core/state.ts";
import { group } from "../../src/probes/group.ts";
import { tcp } from "../../src/probes/tcp.ts";
import { Replay, toldIn } from "../../src/run/replay.ts";
import type { Store } from "../../src/store/store.ts";
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

const committed = (batches: ReadonlyMap<number, Batch>): readonly Batch[] => [...batches.values()].toSorted((a, b) => a.sequence - b.sequence);
const probes = new Map([tcp, group].map((probe) => [probe.type, probe]));

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

describe("history judged again", () => {
  test.each([1, 7])("is what it was: crashes, stepped clocks, a failing disk; seed %i", async (seed) => {
    const batches = await historyOf(seed);
    const replay = new Replay(simulatedSite(new Chance(seed)).checks, probes);
    replay.run(batches.flatMap((batch) => [...toldIn(batch)]));
    const was = batches.flatMap(({ transitions }) => transitions);
    expect(was.length).toBeGreaterThan(50);
    expect(replay.transitions).toEqual(was);
    expect(replay.alerts.map(({ id }) => id)).toEqual(batches.flatMap(({ alerts }) => alerts.map(({ id }) => id)));
  });

  test("with another threshold outages begin later or not at all, and nothing else differs", async () => {
    const seed = 7;
    const batches = await historyOf(seed);
    const { checks } = simulatedSite(new Chance(seed));
    const quick = new Set(checks.filter(({ name, policy }) => name.startsWith("plain") && policy.failAfter === 1).map(({ name }) => name));
    const changed = checks.map((check) => (quick.has(check.name) ? Object.assign({}, check, { policy: { ...check.policy, failAfter: 4 } }) : check));
    const replay = new Replay(changed, probes);
    replay.run(batches.flatMap((batch) => [...toldIn(batch)]));
    const was = batches.flatMap(({ transitions }) => transitions);
    const downs = (transitions: Batch["transitions"]): readonly string[] => transitions.filter(({ check, to }) => quick.has(check) && to === "down").map(({ reason }) => reason.sentence.replace(/.*; /, ""));
    expect(new Set(downs(was))).toEqual(new Set(["1 failing run"]));
    expect(new Set(downs(replay.transitions))).toEqual(new Set(["4 failing runs"]));
    expect(downs(replay.transitions).length).toBeLessThanOrEqual(downs(was).length);
    const others = (transitions: Batch["transitions"]): Batch["transitions"] => transitions.filter(({ check }) => !quick.has(check));
    expect(others(replay.transitions)).toEqual(others(was));
  });
});
