import { nextSlot, runsTwice } from "../core/schedule.ts";
import { formatDuration } from "../core/time.ts";
import type { Instant } from "../core/types.ts";
import { GAPS_FROM } from "./definitions.ts";
import type { Draft } from "./draft.ts";
import type { Membership } from "./members.ts";
import type { Report } from "./report.ts";
import type { Entry } from "./sections.ts";
import type { ChannelDefinition, CheckDefinition, Settings } from "./site.ts";

/** What is allowed and probably not meant. */
export interface Surroundings {
  readonly settings: Settings;
  readonly drafts: ReadonlyMap<string, Draft>;
  readonly membership: Membership;
  readonly channels: ReadonlyMap<string, Entry>;
  readonly rotations: ReadonlyMap<string, Entry>;
  readonly definitions: readonly ChannelDefinition[];
  readonly checks: readonly CheckDefinition[];
  readonly now: Instant;
}

/** Adds every warning about the whole to the report. */
export function warnAll(surroundings: Surroundings, report: Report): void {
  const { checks, channels } = surroundings;
  warnOfSettings(surroundings.settings, report);
  const top = (wrong: string, right: string): void => report.add({ severity: "warning", document: 0, path: [], at: "value", wrong, right });
  if (checks.length === 0) top("there are no checks", "add some below `checks:`");
  else if (channels.size === 0) top("there are no channels: nobody will be told of anything", "add one below `channels:`, and `notify: [NAME]` below `defaults:`");
  // Channels that a rotation stands for are among the recipients.
  const used = new Set<string>(checks.flatMap(({ policy }) => [...Object.keys(policy.recipients), ...Object.keys(policy.rotations)]));
  for (const { fallback } of surroundings.definitions) if (fallback !== null) used.add(fallback);
  for (const [name, entry] of channels) if (!used.has(name)) report.warn([entry], [], `no check tells the channel \`${name}\``, "name it in a `notify`, or remove it");
  for (const [name, entry] of surroundings.rotations) if (!used.has(name)) report.warn([entry], [], `no check tells the rotation \`${name}\``, "name it in a `notify`, or remove it");
  for (const check of checks) warnOfCheck(check, surroundings, report);
}

function warnOfSettings(settings: Settings, report: Report): void {
  const { listen, tls } = settings;
  if (listen === "off" || tls !== null || /^(127\.|localhost$|\[?::1\]?$)/i.test(listen.host)) return;
  report.add({ severity: "warning", document: 0, path: ["listen"], at: "value", wrong: `the page listens on ${listen.host} without TLS: passwords can be read on the way`, right: "add `tls: {cert: FILE, key: FILE}`, or listen on 127.0.0.1 behind a proxy" });
}

/** A key that needs another one at the top. */
function warnOfScope({ policy }: CheckDefinition, draft: Draft, report: Report): void {
  const { scope } = draft.entry.written;
  if (scope === undefined || scope === "host" || policy.parents.length > 0) return;
  report.warn([draft.entry], ["scope"], "`scope` changes nothing: nothing says by what this host knows that it is cut off", "add `connectivity` at the top of the main file, or remove it");
}

function warnOfCheck(check: CheckDefinition, { drafts, membership, channels, now }: Surroundings, report: Report): void {
  const draft = drafts.get(check.name);
  if (draft === undefined) return;
  const groups = membership.groups.get(check.name) ?? [];
  const { policy, schedule } = check;
  // `notify: []` says that nobody is to be told.
  if (channels.size > 0 && policy.steps.length === 0 && draft.keys.notify === undefined && !isTold(groups, drafts, membership)) {
    report.warn(draft.layers, [], `nobody is told when \`${check.name}\` is down`, "add `notify: [CHANNEL]` to it, to its group or to `defaults:`");
  }
  if (schedule.kind === "never" && draft.kind.of.passive === undefined && policy.group === null && groups.length === 0) {
    // Told at the check, wherever it is that says so.
    report.warn(draft.layers.slice(-1), ["every"], `\`${check.name}\` never runs by itself: it is in no group`, "give it an interval, or make it a member of a group");
  }
  warnOfScope(check, draft, report);
  warnOfHost(check, draft, report);
  if ((schedule.kind === "interval" || schedule.kind === "cron") && nextSlot(schedule, now, check.name) === null) {
    return report.warn(draft.layers, ["schedule"], `\`${check.name}\` does not run any more: its \`schedule\` has no time from now on`, "correct its year or its end, or remove the check");
  }
  warnOfSchedule(check, draft, report);
}

/** What can be no host is never reached, and would be told as an outage. */
function warnOfHost({ options }: CheckDefinition, draft: Draft, report: Report): void {
  const host = typeof options === "object" && options !== null && "host" in options ? options.host : null;
  if (typeof host !== "string" || canBeHost(host)) return;
  report.warn(draft.layers, ["host"], `\`${host.slice(0, 60)}\` can be no host`, /^[\d.]+$/.test(host) ? "write four numbers from 0 to 255, or a name" : "write the name or address alone, a port in `port`", "value");
}

/** A name as the URL standard takes it (IDN allowed), or an address without brackets; of IPv6 with a zone or without. */
function canBeHost(host: string): boolean {
  if (host.includes(":")) return /^[\da-f:.]+(%[\w.-]+)?$/i.test(host) && URL.canParse(`http://[${host.replace(/%.*$/, "")}]/`);
  return !/[\s/\\?#@%[\]]/.test(host) && !/^\.|\.\./.test(host) && URL.canParse(`http://${host}/`);
}

function warnOfSchedule(check: CheckDefinition, draft: Draft, report: Report): void {
  const { policy, schedule } = check;
  const hurry = draft.keys.failingEvery;
  // It runs once: there is no time between two.
  const once = policy.everyMs === 0 && schedule.kind !== "never";
  if (!once && hurry !== undefined && hurry >= policy.everyMs && draft.entry.written["failingEvery"] !== undefined) report.warn(draft.layers, ["failingEvery"], `\`failingEvery\` of \`${check.name}\` changes nothing: ${policy.everyMs === 0 ? "it does not run by itself" : `it runs every ${formatDuration(policy.everyMs)} anyway`}`, "make it shorter, or remove it");
  if (runsTwice(schedule, GAPS_FROM)) report.warn(draft.layers, ["daylightSaving"], `\`${check.name}\` runs twice when clocks go back, as with APScheduler`, "remove `daylightSaving` to run once");
  else if (draft.keys.daylightSaving === "apscheduler" && schedule.kind !== "cron") report.warn(draft.layers, ["daylightSaving"], `\`daylightSaving\` of \`${check.name}\` changes nothing: only a cron \`schedule\` has times on the wall`, "remove it");
  if (schedule.kind !== "never" && schedule.kind !== "after" && !once && policy.runMs > policy.everyMs) {
    const how = policy.group === null ? `${check.retries + 1} x ${formatDuration(check.timeoutMs)}` : `${formatDuration(policy.runMs)} for all members`;
    report.warn(draft.layers, [], `a run of \`${check.name}\` may take longer (${how}) than the time between two (${formatDuration(policy.everyMs)}): runs will be skipped`, "shorten `timeout`, lower `retries`, or run it less often");
  }
}

/** A member is spoken for when a group around it is told of. */
function isTold(groups: readonly string[], drafts: ReadonlyMap<string, Draft>, membership: Membership): boolean {
  return groups.some((group) => (drafts.get(group)?.steps.length ?? 0) > 0 || isTold(membership.groups.get(group) ?? [], drafts, membership));
}
