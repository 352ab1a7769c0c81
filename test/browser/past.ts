import { join } from "node:path";
import { loadConfiguration } from "../../src/app/configuration.ts";
import type { CheckDefinition } from "../../src/config/site.ts";
import { type Evidence, type FailureCode, type Facts, type Instant, instant, type Phases, type Result } from "../../src/core/types.ts";
import { Beliefs } from "../../src/run/beliefs.ts";
import { Committer } from "../../src/run/commit.ts";
import { policyOf, scheduleOf } from "../../src/run/entry.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { realClock } from "../../src/sys/clock.ts";
import { realLog } from "../../src/sys/log.ts";

/** What a run of the past saw. */
export interface Seen {
  readonly verdict: "up" | "degraded" | "down";
  readonly code?: FailureCode;
  readonly sentence: string;
  readonly latencyMs: number;
  readonly phases?: Phases;
  readonly facts?: Facts;
  readonly evidence?: Evidence;
}

/** A past for one check: what a run at `at` saw. */
export type Past = (at: number) => Seen;

export interface Living {
  /** The folder with `tocsin.yaml`; the data go to `data` in it. */
  readonly folder: string;
  readonly now: number;
  readonly days: number;
  /** From here on alerts are kept, to be sent when Tocsin starts; before it nobody was told. */
  readonly toldFrom: number;
  readonly pasts: { readonly [check: string]: Past };
  /** Distance of two runs at an instant, ms: long ago they may be rarer. */
  readonly everyMs: (at: number) => number;
}

/** Lets checks live through their past: every result is judged and committed as it would have been then. */
export async function liveThrough({ folder, now, days, toldFrom, pasts, everyMs }: Living): Promise<void> {
  const loaded = await loadConfiguration(join(folder, "tocsin.yaml"), {}, null);
  if (loaded.kind === "broken") throw new Error(JSON.stringify(loaded.problems));
  const clock = realClock();
  const log = realLog({ level: "warn", mask: (text) => text });
  const store = await openSqliteStore({ folder: join(folder, "data"), clock, log });
  const quiet = (): void => undefined;
  const committer = new Committer({ store, clock, log, sequence: 0, hooks: { committed: quiet, unrecorded: quiet, trouble: quiet } });
  const beliefs = new Beliefs(committer, { changed: quiet, ask: quiet, again: quiet, regroup: quiet, rerun: () => true, seen: quiet, wake: quiet });
  beliefs.siteVersion = loaded.site.version;
  const checks = loaded.site.checks.filter(({ name }) => pasts[name] !== undefined);
  const byName = new Map(loaded.site.checks.map((check) => [check.name, check]));
  const place = (check: CheckDefinition, tells: boolean, at: Instant): void => {
    const policy = policyOf(check, scheduleOf(check, (name) => byName.get(name)?.policy ?? null));
    beliefs.put({ ...policy, ...(tells ? {} : { steps: [] }) }, null, at);
  };
  let at = instant(Math.floor((now - days * 86_400_000) / 60_000) * 60_000);
  for (const check of checks) place(check, false, at);
  beliefs.connect();
  let telling = false;
  for (let round = 1; at < now; round += 1) {
    if (!telling && at >= toldFrom) for (const check of checks) place(check, (telling = true), at);
    for (const check of checks) run(beliefs, check, at, pasts[check.name]);
    if (round % 30 === 0) await committer.flush(Number.POSITIVE_INFINITY);
    at = instant(at + everyMs(at));
  }
  await committer.flush(Number.POSITIVE_INFINITY);
  committer.close();
  await store.close();
}

function run(beliefs: Beliefs, { name }: CheckDefinition, slot: Instant, past: Past | undefined): void {
  if (past === undefined) return;
  const started = instant(slot + 20);
  const { verdict, code = "ok", sentence, latencyMs, phases = {}, facts = {}, evidence = [] } = past(slot);
  const result: Result = { check: name, vantage: "office", slot, started, origin: "scheduled", verdict, code, sentence, latencyMs, phases, facts, evidence, tries: 1 };
  beliefs.result(result, null, instant(started + Math.ceil(latencyMs)));
}
