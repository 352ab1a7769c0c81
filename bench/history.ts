import { DatabaseSync } from "node:sqlite";
import type { Site } from "../src/config/site.ts";
import type { Terms } from "../src/core/state.ts";
import { type CheckName, type Instant, instant, type Millis, millis, type Policy, plus, type Result, type Verdict } from "../src/core/types.ts";
import { probes } from "../src/probes/index.ts";
import { Beliefs } from "../src/run/beliefs.ts";
import { Committer } from "../src/run/commit.ts";
import { DueQueue } from "../src/run/due.ts";
import { expectBy } from "../src/run/entry.ts";
import { termsOf } from "../src/run/terms.ts";
import { databaseFile } from "../src/store/sqlite/database.ts";
import { openSqliteStore } from "../src/store/sqlite/open.ts";
import { realClock } from "../src/sys/clock.ts";
import type { Clock } from "../src/sys/ports.ts";
import { quiet } from "./world.ts";

/** One in so many runs begins an outage, of one run or of several. */
const OUTAGE_IN = 400;
const OUTAGE_RUNS = [1, 1, 1, 2, 3, 8, 30] as const;
const FLUSH_RESULTS = 1000;

const SAID: { readonly [verdict in Verdict]: Pick<Result, "code" | "sentence" | "facts" | "evidence"> } = {
  up: { code: "ok", sentence: "HTTP 200 OK", facts: { status: 200 }, evidence: [] },
  degraded: { code: "slow", sentence: "latency is 912 ms, wanted < 800 ms", facts: { status: 200 }, evidence: [] },
  down: { code: "refused", sentence: "192.0.2.7 port 443 refused the connection", facts: {}, evidence: [{ label: "connect", text: "ECONNREFUSED" }] },
  unknown: { code: "late", sentence: "this host was too busy to judge the deadline", facts: {}, evidence: [] },
};

/** The time of a history that is made up: it goes on when it is told to, and nothing waits for it. */
class ToldClock implements Clock {
  at: number;
  constructor(at: number) {
    this.at = at;
  }
  now(): Instant {
    return instant(this.at);
  }
  monotonic(): Millis {
    return millis(this.at);
  }
  timer(): { cancel(): void } {
    return { cancel: () => undefined };
  }
}

function termsOfSite({ checks }: Site): readonly Terms[] {
  const policies = new Map(checks.map(({ name, policy }) => [name, policy]));
  return checks.map((definition) => termsOf(definition, { probes, policyOf: (check): Policy | null => policies.get(check) ?? null, mask: (text) => text }));
}

/** What the runs of one check see: mostly that all is well, the same in every life. */
class Weather {
  #seed: number;
  #left = 0;
  constructor(seed: number) {
    this.#seed = seed + 1;
  }

  get verdict(): Verdict {
    if (this.#left > 0) {
      this.#left -= 1;
      return "down";
    }
    if (this.below(OUTAGE_IN) !== 0) return this.below(500) === 0 ? "degraded" : "up";
    this.#left = (OUTAGE_RUNS[this.below(OUTAGE_RUNS.length)] ?? 1) - 1;
    return "down";
  }

  /** A whole number from 0 on, below so many (a linear congruential generator, Numerical Recipes). */
  below(count: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * count);
  }
}

/** Judges and stores as many rounds of a site's checks, one a minute, as the program would have up to `until`. */
export async function makeHistory(site: Site, folder: string, rounds: number, until: Instant): Promise<void> {
  const clock = new ToldClock(until - rounds * 60_000);
  const store = await openSqliteStore({ folder, clock: realClock(), log: quiet });
  const nothing = (): void => undefined;
  const committer = new Committer({ store, clock, log: quiet, sequence: 0, hooks: { committed: nothing, unrecorded: nothing, trouble: nothing } });
  const wakes = new DueQueue<CheckName>();
  const beliefs = new Beliefs(committer, { changed: nothing, ask: nothing, again: nothing, regroup: nothing, rerun: () => true, seen: nothing, wake: (check, at) => wakes.push(at, check) });
  const terms = termsOfSite(site);
  beliefs.begin(clock.now());
  beliefs.configured({ renamed: [], gone: [] }, terms.map((one) => Object.assign(one, { begun: null })), clock.now());
  for (const { policy } of terms) beliefs.put(policy, null, clock.now());
  beliefs.connect();
  for (const one of terms) beliefs.action(one.check, { kind: "added", expectBy: expectBy(one, clock.now()) }, clock.now());
  const watched = terms.map((one, index) => ({ one, weather: new Weather(index) }));
  const gap = 60_000 / terms.length;
  let waiting = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { one, weather }] of watched.entries()) {
      const slot = instant(until - (rounds - round) * 60_000 + Math.floor(index * gap));
      const { verdict } = weather;
      const latencyMs = verdict === "degraded" ? 912 : 20 + weather.below(9770) / 100;
      const phases = { resolve: 0.5, connect: latencyMs / 8, tls: latencyMs / 4, firstByte: latencyMs / 2 };
      for (let check = wakes.pop(slot); check !== null; check = wakes.pop(slot)) if ((beliefs.state(check)?.wakeAt ?? Infinity) <= slot) beliefs.tick(check, slot);
      clock.at = slot + 2 + latencyMs;
      beliefs.result({ check: one.check, vantage: "here", slot, started: plus(slot, 2), origin: "scheduled", verdict, ...SAID[verdict], latencyMs, phases, tries: 1 }, expectBy(one, clock.now()), clock.now());
      if ((waiting += 1) % FLUSH_RESULTS === 0) await committer.flush(Number.POSITIVE_INFINITY);
    }
  }
  await committer.flush(Number.POSITIVE_INFINITY);
  committer.close();
  await store.close();
  began(folder, instant(until - rounds * 60_000));
}

/** The store took its first snapshot when it was made, just now. */
function began(folder: string, at: Instant): void {
  const db = new DatabaseSync(databaseFile(folder));
  db.prepare("UPDATE snapshots SET at = ? WHERE turn = 0").run(at);
  db.close();
}
