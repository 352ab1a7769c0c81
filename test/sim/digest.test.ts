import { expect, test } from "vitest";
import type { Site } from "../../src/config/site.ts";
import { parseWeekly } from "../../src/core/maintenance.ts";
import { LifeClock, VirtualTime } from "./clock.ts";
import { SimulatedDisk } from "./disk.ts";
import { Life } from "./life.ts";
import { remembering } from "./probe.ts";
import { Chance } from "./random.ts";
import { Receivers } from "./receivers.ts";
import { HOSTS, simulatedSite } from "./site.ts";
import { type Outage, Truth } from "./truth.ts";

const HOUR = 3_600_000;

/** The gateway is down for one hour. */
class Hour extends Truth {
  now = (): number => 0;
  override hinders(): Outage | null {
    return this.now() >= HOUR && this.now() < 2 * HOUR ? { from: HOUR, to: 2 * HOUR, how: "refuse" } : null;
  }
}

function daily(site: Site): Site {
  const parsed = parseWeekly("daily 08:00", "Europe/Berlin");
  if (parsed.kind === "wrong") throw new Error(parsed.wrong);
  const digest = { schedule: parsed.schedule, of: "told" } as const;
  return { ...site, checks: site.checks.slice(0, 1), maintenance: [], channels: site.channels.map((channel) => Object.assign({}, channel, { digest })) };
}

test("what happened is in the digest, which comes once to each, over crashes", async () => {
  const time = new VirtualTime(Date.UTC(2026, 4, 1, 12));
  const chance = new Chance(1);
  const truth = new Hour(chance, HOSTS, 0, () => []);
  truth.now = () => time.monotonic;
  const receivers = new Receivers(chance, () => time.monotonic);
  receivers.trouble = {};
  const site = daily(simulatedSite(chance));
  let disk = new SimulatedDisk({ random: () => chance.fraction(), clock: new LifeClock(time) });
  const live = async (forMs: number): Promise<void> => {
    const life = new Life({ time, chance, truth, disk, site, channel: receivers.type(() => 1), probe: remembering(() => undefined), watch: (store) => store, errors: [] });
    const begun = life.begin(() => undefined);
    await time.runUntil(time.monotonic);
    await begun;
    await time.runUntil(time.monotonic + forMs);
    disk = life.crash();
  };
  // Dead at eight o'clock by the wall, and again soon after.
  await live(17 * HOUR);
  await time.runUntil(time.monotonic + 2 * HOUR);
  for (const forMs of [HOUR, HOUR, 3 * HOUR]) await live(forMs);
  const digests = receivers.receipts.filter(({ alerts }) => alerts.some(({ kind }) => kind === "digest")).map(({ recipient, text }) => `${recipient}: ${text.split("\n")[0] ?? ""}`);
  expect(digests.toSorted()).toEqual([
    expect.stringMatching(/^anna: ≡ DIGEST Simulated — one incident of one check in 24 h, (1 h|5\d min|1 h \d min) in all; Tocsin did not run for 1 h of that time$/),
    expect.stringMatching(/^ben: ≡ DIGEST Simulated — one incident of one check in 24 h, /),
    "bot: ≡ DIGEST Simulated — nothing was wrong in 24 h; Tocsin did not run for 1 h of that time",
    "chef: ≡ DIGEST Simulated — nothing was wrong in 24 h; Tocsin did not run for 1 h of that time",
  ]);
});
