import type { BacktestReport } from "../cli/doors.ts";
import type { Site } from "../config/site.ts";
import { createMask } from "../core/mask.ts";
import type { Terms } from "../core/state.ts";
import type { Alert, CheckName, Instant } from "../core/types.ts";
import { probes } from "../probes/index.ts";
import { differences, firstMismatch } from "../run/difference.ts";
import { Replay } from "../run/replay.ts";
import { termsOf } from "../run/terms.ts";
import { WhatIf } from "../run/what-if.ts";
import { openHistory } from "../store/sqlite/history.ts";
import type { History } from "../store/store.ts";

/** What the outbox tells of channels is no decision about a check. */
const OF_CHANNELS: ReadonlySet<Alert["kind"]> = new Set(["channel-broken", "channel-mended", "test"]);

/** Judges stored history twice: as it was, to prove itself, and by another configuration. Throws `StoreError`. */
export function backtest(site: Site, folder: string, since: Instant): BacktestReport {
  const history = openHistory(folder, since);
  try {
    const terms = termsOfSite(site);
    const renames = [...history.renames, ...renamedNow(site, history)];
    const replay = new Replay(history.beginning);
    const whatIf = new WhatIf(history.beginning, terms, renames);
    for (const told of history.read()) {
      replay.run(told);
      whatIf.run(told);
    }
    const from = Math.max(since, history.beginning.at) as Instant;
    const { judged } = replay;
    const mismatch = firstMismatch(history.transitions, replay.decisions.transitions);
    const unjudged = unjudgedOf(terms, new Map([...replay.terms].map(([name, one]) => [today(name, renames.slice(history.renames.length)), one])));
    const unfit = new Set(unjudged.map(({ check }) => check));
    const counts = (alert: Alert): boolean => alert.at >= from && !unfit.has(alert.check) && !OF_CHANNELS.has(alert.kind);
    const came = history.alerts.map(({ alert, today: name }) => Object.assign(alert, { check: today(name, renames.slice(history.renames.length)) }));
    return { from, judged, missing: history.missing, transitions: history.transitions.length, mismatch, unjudged, changes: differences(came.filter(counts), whatIf.decisions.alerts.filter(counts)) };
  } finally {
    history.close();
  }
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

/** Checks whose results say nothing of how they would have been judged. */
function unjudgedOf(terms: readonly Terms[], last: ReadonlyMap<CheckName, Terms>): BacktestReport["unjudged"] {
  return terms.flatMap((one) => {
    const before = last.get(one.check);
    if (before === undefined) return [{ check: one.check, why: "it has no history" }];
    if (before.asks !== one.asks) return [{ check: one.check, why: "it asks something else now" }];
    const conditions = ({ expect, warn }: Terms): string => JSON.stringify([expect, warn]);
    return conditions(before) === conditions(one) ? [] : [{ check: one.check, why: "its conditions are others; the facts they need were not kept for every run" }];
  });
}
