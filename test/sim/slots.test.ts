import { expect, test } from "vitest";
import type { Batch } from "../../src/core/state.ts";
import type { Store } from "../../src/store/store.ts";
import { LifeClock, VirtualTime } from "./clock.ts";
import { SimulatedDisk } from "./disk.ts";
import { Life } from "./life.ts";
import { remembering } from "./probe.ts";
import { Chance } from "./random.ts";
import { Receivers } from "./receivers.ts";
import { HOSTS, simulatedSite } from "./site.ts";
import { Truth } from "./truth.ts";

const HOUR = 3_600_000;

/** Timers that fire a little before their time, as real ones do: the wall clock is still short of the slot. */
class EarlyTime extends VirtualTime {
  override at(due: number, run: () => void): ReturnType<VirtualTime["at"]> {
    return super.at(due - 0.4, run);
  }
}

test("a slot is run once, though its timer fires early", async () => {
  // A quarter of a millisecond after a whole one, so that an early timer meets the millisecond before the slot.
  const time = new EarlyTime(Date.UTC(2026, 2, 28, 12) + 0.25);
  const chance = new Chance(1);
  const slots: string[] = [];
  const note = ({ results }: Batch): void => {
    for (const { check, slot, origin } of results) if (origin === "scheduled" && check !== "group-own") slots.push(`${check} ${slot}`);
  };
  const life = new Life({
    time,
    chance,
    truth: new Truth(chance, HOSTS, 0, () => []),
    disk: new SimulatedDisk({ random: () => chance.fraction(), clock: new LifeClock(time) }),
    site: simulatedSite(chance),
    channel: new Receivers(chance, () => time.monotonic).type(() => 1),
    probe: remembering(() => undefined),
    watch: (store) =>
      new Proxy(store, {
        get: (target, verb: keyof Store) => {
          if (verb === "commit") return (batch: Batch, synced?: boolean) => (note(batch), target.commit(batch, synced));
          const value = target[verb];
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
    errors: [],
  });
  await life.begin(() => undefined);
  await time.runUntil(HOUR);
  life.crash();
  expect(slots.length).toBeGreaterThan(200);
  expect(slots.filter((slot, at) => slots.indexOf(slot) !== at)).toEqual([]);
});
