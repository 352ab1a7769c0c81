import { tcp } from "../../src/probes/tcp.ts";
import type { ChannelDefinition, CheckDefinition, Settings, Site } from "../../src/config/site.ts";
import { type Schedule, scheduleGapMs } from "../../src/core/schedule.ts";
import { channelName, checkName, type GroupPolicy, instant, type Millis, millis, type Policy, type Step } from "../../src/core/types.ts";
import type { Chance } from "./random.ts";

const MINUTE = 60_000;

const SETTINGS: Settings = {
  name: "Simulated",
  vantage: "here",
  url: null,
  heartbeat: null,
  listen: "off",
  tls: null,
  timezone: "Europe/Berlin",
  retention: { resultsMs: millis(400 * 86_400_000), incidentsMs: millis(1000 * 86_400_000), bytes: null },
  limits: { runs: 512, perTarget: 8 },
  resolvers: [],
};

interface Wish {
  readonly name: string;
  readonly schedule: Schedule;
  readonly failAfter: number;
  readonly recoverAfter?: number;
  readonly failingEveryMs?: number;
  readonly retries?: number;
  readonly timeoutMs?: number;
  readonly parents?: readonly string[];
  readonly steps?: readonly Step[];
  readonly group?: { readonly members: readonly string[]; readonly require: GroupPolicy["require"]; readonly run: "turn" | "own"; readonly renotify?: boolean };
  readonly flapping?: Policy["flapping"];
}

const every = (ms: number): Schedule => ({ kind: "every", ms: millis(ms) });
const atOnce = (...to: string[]): Step => ({ after: { kind: "runs", count: 1 }, to: to.map(channelName), repeatMs: null });

function define(wish: Wish): CheckDefinition {
  const name = checkName(wish.name);
  const { group, retries = 0, timeoutMs = 10_000 } = wish;
  const members = group?.members.map(checkName) ?? [];
  const turns = group?.run === "turn" ? members.length : 1;
  const policy: Policy = {
    check: name,
    type: group === undefined ? "tcp" : "group",
    failAfter: wish.failAfter,
    recoverAfter: wish.recoverAfter ?? 1,
    warnAfter: wish.failAfter,
    everyMs: scheduleGapMs(wish.schedule, instant(0)),
    failingEveryMs: millis(wish.failingEveryMs ?? scheduleGapMs(wish.schedule, instant(0))),
    runMs: millis((retries + 1) * timeoutMs * turns),
    initial: "pending",
    onFail: true,
    onPass: true,
    steps: wish.steps ?? [atOnce("ops")],
    recipients: RECIPIENTS,
    rotations: {},
    parents: (wish.parents ?? []).map(checkName),
    group: group === undefined ? null : { require: group.require, run: group.run, members, renotify: group.renotify ?? false, bySight: false },
    flapping: wish.flapping ?? null,
  };
  const options = group === undefined ? tcp.options.parse({ host: addressOf(wish.name), port: 80 }) : {};
  const hashes = { target: wish.name, judging: "", telling: "" };
  const { schedule } = wish;
  return { name, type: policy.type, options, target: wish.name, description: "", tags: [], schedule, timeoutMs: millis(timeoutMs), retries, expect: [], warn: [], policy, was: null, paused: false, traced: group === undefined ? addressOf(wish.name) : null, hashes };
}

/** Each simulated host has one address of the documentation's network (RFC 5737), told from its name. */
export const addressOf = (host: string): string => `192.0.2.${HOSTS.indexOf(host) + 1}`;
export const hostOf = (ip: string): string => HOSTS[Number(ip.split(".")[3]) - 1] ?? "";

const PLAIN = Array.from({ length: 9 }, (_, at) => `plain-${at}`);
const BEHIND = Array.from({ length: 4 }, (_, at) => `behind-${at}`);
const TURN = ["turn-0", "turn-1"];
const OWN = ["own-0", "own-1"];
export const HOSTS: readonly string[] = ["gateway", "fast", ...PLAIN, ...BEHIND, ...TURN, ...OWN];

const RECIPIENTS = { ops: ["anna", "ben"], boss: ["chef"], flaky: ["bot"] };

const channel = (name: keyof typeof RECIPIENTS, groupMs: Millis): ChannelDefinition => ({ name: channelName(name), type: "sim", options: { name, to: RECIPIENTS[name] }, recipients: RECIPIENTS[name], cap: null, groupMs, alone: false, templates: { subject: null, text: null }, fallback: null, hash: name });

/** Some twenty checks of every kind: parents, groups, retries, escalation, fixed delays. */
export function simulatedSite(chance: Chance): Site {
  const pace = (): Schedule => every(chance.pick([2, 5, 5, 10, 15]) * MINUTE);
  const escalating: readonly Step[] = [atOnce("ops"), { after: { kind: "runs", count: 3 }, to: [channelName("flaky")], repeatMs: null }, { after: { kind: "time", ms: millis(20 * MINUTE) }, to: [channelName("boss")], repeatMs: millis(60 * MINUTE) }];
  const checks = [
    define({ name: "gateway", schedule: every(2 * MINUTE), failAfter: 2 }),
    define({ name: "fast", schedule: every(30_000), failAfter: 2, flapping: { changes: 4, withinMs: millis(60 * MINUTE) } }),
    ...PLAIN.map((name, at) => define({ name, schedule: at === 8 ? { kind: "after", ms: millis(5 * MINUTE) } : pace(), failAfter: 1 + (at % 3), recoverAfter: 1 + (at % 2), retries: at % 2, steps: at % 2 === 0 ? escalating : [atOnce("ops", "boss")] })),
    ...BEHIND.map((name, at) => define({ name, schedule: pace(), failAfter: 1 + (at % 2), parents: ["gateway"], retries: at % 2 })),
    ...TURN.map((name) => define({ name, schedule: { kind: "never" }, failAfter: 1, steps: [] })),
    ...OWN.map((name) => define({ name, schedule: pace(), failAfter: 2, steps: [] })),
    define({ name: "group-turn", schedule: every(5 * MINUTE), failAfter: 2, group: { members: TURN, require: "all", run: "turn" } }),
    define({ name: "group-own", schedule: { kind: "never" }, failAfter: 1, group: { members: OWN, require: "any", run: "own" } }),
  ];
  const channels = [channel("ops", millis(2000)), channel("boss", millis(2000)), channel("flaky", millis(2000))];
  return { settings: SETTINGS, channels, rotations: [], checks, maintenance: [], version: "simulated", files: [], carried: [], secrets: [] };
}

/** Hosts whose being down makes a check fail by itself. */
export function hostsOf(check: CheckDefinition): readonly string[] {
  return check.policy.group === null ? [check.name] : check.policy.group.members;
}

