import { Worker } from "node:worker_threads";
import type { BacktestReport } from "../cli/doors.ts";
import type { Site } from "../config/site.ts";
import { matcherOf, wantedFacts } from "../core/expect.ts";
import { createMask } from "../core/mask.ts";
import type { Terms } from "../core/state.ts";
import type { Alert, CheckName, Instant } from "../core/types.ts";
import { probes } from "../probes/index.ts";
import { type AlertDifference, next, Tally } from "../run/difference.ts";
import { termsOf } from "../run/terms.ts";
import { type OtherTerms, WhatIf } from "../run/what-if.ts";
import { openHistory } from "../store/sqlite/history.ts";
import type { History } from "../store/store.ts";
import { realPatterns } from "../sys/patterns.ts";
import type { ProofData, Proven } from "./proof.ts";
import { firstUpdate, Roster } from "./roster.ts";

/** What the outbox tells of channels is no decision about a check. */
const OF_CHANNELS: ReadonlySet<Alert["kind"]> = new Set(["channel-broken", "channel-mended", "digest", "test"]);

/** Nor is what a fallback told in place of a channel that did not work. */
const counts = ({ at, kind, insteadOf }: Alert, from: Instant): boolean => at >= from && insteadOf === undefined && !OF_CHANNELS.has(kind);

/** Judges stored history twice, each in a thread: as it was, to prove itself, and by another configuration. Rejects with `StoreError`. */
export async function backtest(site: Site, folder: string, since: Instant): Promise<BacktestReport> {
  const history = openHistory(folder, since);
  try {
    const [proven, would] = await Promise.all([proof({ folder, since }), Promise.resolve().then(() => judge(history, site, since))]);
    return { ...proven, ...would };
  } finally {
    history.close();
  }
}

/** The thread's file lies beside this one, with the same suffix (built or not). This process's own flags are none of its business. */
function proof(data: ProofData): Promise<Proven> {
  const suffix = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const thread = new Worker(new URL(`./proof.${suffix}`, import.meta.url), { workerData: data, name: "proof", execArgv: [] });
  const { promise, resolve, reject } = Promise.withResolvers<Proven>();
  thread.once("message", resolve).once("error", reject).once("exit", () => reject(new Error("the proof ended without a word")));
  return promise;
}

function judge(history: History, site: Site, since: Instant): Pick<BacktestReport, "from" | "limits" | "changes"> {
  const now = renamedNow(site, history);
  const other = otherTerms(site);
  const whatIf = new WhatIf(history.beginning, other, [...history.renames, ...now]);
  const tally = new Tally();
  const from = Math.max(since, history.beginning.at) as Instant;
  const came = history.alerts[Symbol.iterator]();
  const compare = (most: number): void => {
    for (const { alert, today: name } of next(came, most)) if (counts(alert, from)) tally.came({ ...alert, check: today(name, now) });
  };
  const take = (): void => {
    const { alerts } = whatIf.decisions.take();
    for (const alert of alerts) if (counts(alert, from)) tally.wouldCome(alert);
    compare(alerts.length);
  };
  for (const told of history.read()) {
    whatIf.run(told);
    take();
  }
  whatIf.end();
  take();
  compare(Number.POSITIVE_INFINITY);
  const limits = limitsOf(other.terms, whatIf, from);
  return { from, limits, changes: within(tally.differences, limits) };
}

function otherTerms(site: Site): OtherTerms {
  const paused = new Set(site.checks.filter((check) => check.paused).map(({ name }) => name));
  const roster = new Roster(site.settings);
  roster.apply(firstUpdate(site));
  return { terms: termsOfSite(site), windows: site.maintenance, subjects: [...roster.subjects()], paused, match: matcherOf(realPatterns()) };
}

function termsOfSite(site: Site): readonly Terms[] {
  const policies = new Map(site.checks.map(({ name, policy }) => [name, policy]));
  const parts = { probes, policyOf: (check: CheckName) => policies.get(check) ?? null, mask: createMask(site.secrets) };
  return site.checks.map((definition) => termsOf(definition, parts));
}

/** Checks that take over the history of another name by `was`. */
function renamedNow({ checks }: Site, history: History): History["renames"] {
  const known = new Set(history.checks);
  return checks.flatMap(({ name, was }) => (was !== null && known.has(was) && !known.has(name) ? [{ from: was, to: name }] : []));
}

const today = (name: CheckName, renames: History["renames"]): CheckName => renames.find(({ from }) => from === name)?.to ?? name;

/** Checks whose results do not say, or not from the beginning on, how they would have been judged. */
function limitsOf(terms: readonly Terms[], whatIf: WhatIf, from: Instant): BacktestReport["limits"] {
  const limits = new Map<CheckName, BacktestReport["limits"][number]>();
  const limit = (check: CheckName, why: string, judgedFrom: Instant | null = null): void => void limits.set(check, { check, why, from: judgedFrom });
  for (const one of terms) {
    const { check, policy } = one;
    const since = whatIf.judgedFrom(check);
    const facts = whatIf.unkept.get(check);
    const was = whatIf.was(check);
    const left = was?.asks === one.asks ? leftTo(one, was) : [];
    // Judged from its members alone.
    if (policy.group?.run === "own") continue;
    if (was === null) limit(check, "it has no history");
    else if (since === null) limit(check, "it asks something else now");
    else if (facts !== undefined) limit(check, `what its conditions ask was not kept: ${[...facts].toSorted().join(", ")}`);
    else if (left.length > 0) limit(check, `by its conditions of then the probe judged ${left.join(", ")} in another way`);
    else if (since > from) limit(check, "it asked something else before", since);
  }
  // Groups in groups.
  for (let known = -1; known < limits.size; ) {
    known = limits.size;
    for (const { check, policy } of terms) {
      const member = policy.group?.members.find((name) => limits.get(name)?.from === null);
      if (member !== undefined && !limits.has(check)) limit(check, `its member ${member} is not judged`);
    }
  }
  return [...limits.values()];
}

/** Facts that the probe judges by itself as long as no condition names them, where that is so on one side only. */
function leftTo(now: Terms, was: Terms): readonly string[] {
  const leaves = probes.find(({ type }) => type === now.policy.type)?.leaves ?? [];
  const named = (terms: Terms): ReadonlySet<string> => wantedFacts([...terms.expect, ...terms.warn]);
  return leaves.filter((fact) => named(was).has(fact) !== named(now).has(fact));
}

/** What can be compared: alerts of checks that were judged, from when on they were. */
function within(differences: readonly AlertDifference[], limits: BacktestReport["limits"]): readonly AlertDifference[] {
  const limited = new Map(limits.map((limit) => [limit.check, limit]));
  return differences.flatMap((difference) => {
    const limit = limited.get(difference.check);
    if (limit === undefined) return [difference];
    const { from } = limit;
    if (from === null) return [];
    const fewer = difference.fewer.filter(({ at }) => at >= from);
    return [{ ...difference, fewer, came: difference.came - difference.fewer.length + fewer.length }];
  });
}
