import { tcp } from "../../src/probes/tcp.ts";
import type { ChannelDefinition, CheckDefinition, Settings, Site } from "../../src/config/site.ts";
import type { MaintenanceWindow } from "../../src/core/maintenance.ts";
import type { Rotation } from "../../src/core/rotation.ts";
import { type CronSchedule, parseSchedule, type Schedule, scheduleGapMs } from "../../src/core/schedule.ts";
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
  retention: { resultsMs: millis(2 * 86_400_000), incidentsMs: millis(4 * 86_400_000), bytes: null },
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
  readonly group?: { readonly members: readonly string[]; readonly require: GroupPolicy["require"]; readonly run: "turn" | "own"; readonly renotify?: boolean; readonly bySight?: boolean };
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
    rotations: { duty: DUTY },
    parents: (wish.parents ?? []).map(checkName),
    group: group === undefined ? null : { require: group.require, run: group.run, members, renotify: group.renotify ?? false, bySight: group.bySight ?? false },
    flapping: wish.flapping ?? null,
  };
  const options = group === undefined ? tcp.options.parse({ host: addressOf(wish.name), port: 80 }) : {};
  const hashes = { target: wish.name, judging: "", telling: "" };
  const { schedule } = wish;
  return { name, type: policy.type, options, target: wish.name, description: "", tags: [], schedule, timeoutMs: millis(timeoutMs), retries, expect: [], warn: [], policy, was: null, paused: false, traced: group === undefined ? addressOf(wish.name) : null, hashes };
}

/** Each simulated host has one address of the documentation's network (RFC 5737), told from its name. */
export const addressOf = (host: string): string => `192.0.2.${ADDRESSES.indexOf(host) + 1}`;
export const hostOf = (ip: string): string => ADDRESSES[Number(ip.split(".")[3]) - 1] ?? "";

const PLAIN = Array.from({ length: 9 }, (_, at) => `plain-${at}`);
/** The last one is behind another one too. */
const BEHIND = Array.from({ length: 4 }, (_, at) => `behind-${at}`);
const TURN = ["turn-0", "turn-1"];
const OWN = ["own-0", "own-1"];
const BEYOND = Array.from({ length: 3 }, (_, at) => `beyond-${at}`);
const WITNESSES = ["witness-0", "witness-1", "witness-2"];
/** Checks by the clock on the wall. */
export const WALL = { "wall-once": false, "wall-twice": true } as const;
/** At a quarter past and a quarter to, from one to four: where clocks change. */
export const WALL_MINUTES = [1, 2, 3].flatMap((hour) => [hour * 60 + 15, hour * 60 + 45]);
/** What people acknowledge, silence and pause. */
export const TOUCHED = ["plain-6", "plain-7"] as const;
/** Each night from half past one, by the wall in Berlin, for two hours nobody is told of this check. */
export const NIGHTLY = { check: "plain-5", minute: 90, forMs: 120 * MINUTE } as const;
/** Slow for some runs after each outage. */
export const REELING: readonly string[] = PLAIN.filter((host) => host !== "plain-0" && host !== "plain-4");
/** Told by whom is on duty. */
export const ON_DUTY = "plain-4";
/** The provider's line: nothing beyond is reached while it is down. */
export const LINE = "line";
/** What is there to go down. Of the witnesses only one does by itself: most of them failing means this host. */
export const HOSTS: readonly string[] = ["gateway", "fast", ...PLAIN, ...BEHIND, ...TURN, ...OWN, ...BEYOND, WITNESSES[0] ?? "", LINE];
const ADDRESSES: readonly string[] = [...HOSTS, ...WITNESSES.slice(1), ...Object.keys(WALL)];

/** What lies on the way to a host. */
export function wayTo(host: string): readonly string[] {
  if (host === BEHIND.at(-1)) return [BEHIND.at(-2) ?? "", "gateway"];
  if (host.startsWith("behind")) return ["gateway"];
  return host.startsWith("beyond") || host.startsWith("witness") ? ["gateway", LINE] : [];
}

const RECIPIENTS = { ops: ["anna", "ben"], boss: ["chef"], flaky: ["bot"] };

/** Ops and the boss by turns, each day from half past two on; at the weekend's nights the one that is hard to reach. */
const DUTY: Rotation = {
  zone: "Europe/Berlin",
  handover: { days: [0, 1, 2, 3, 4, 5, 6], minute: 150 },
  firstDay: 20_000,
  turns: [[channelName("ops")], [channelName("boss")]],
  hours: [{ at: { days: [5, 6], minute: 60, endMinute: 240 }, to: [channelName("flaky")] }],
  overrides: [],
};

function scheduled(text: string, twice = false): CronSchedule {
  const parsed = parseSchedule(text, "Europe/Berlin", twice);
  if (parsed.kind === "wrong" || parsed.schedule.kind !== "cron") throw new Error(`no cron: ${text}`);
  return parsed.schedule;
}

const channel = (name: keyof typeof RECIPIENTS, groupMs: Millis): ChannelDefinition => ({ name: channelName(name), type: "sim", options: { name, to: RECIPIENTS[name] }, recipients: RECIPIENTS[name], cap: null, groupMs, alone: false, templates: { subject: null, text: null }, fallback: null, digest: null, hash: name });

/** Some thirty checks of every kind: parents, groups, retries, escalation, fixed delays, faster paces, schedules by the wall, witnesses, people on duty. */
export function simulatedSite(chance: Chance): Site {
  const pace = (): Schedule => every(chance.pick([5, 5, 10, 10, 15]) * MINUTE);
  const escalating: readonly Step[] = [atOnce("ops"), { after: { kind: "runs", count: 3 }, to: [channelName("flaky")], repeatMs: null }, { after: { kind: "time", ms: millis(20 * MINUTE) }, to: [channelName("boss")], repeatMs: millis(60 * MINUTE) }];
  const checks = [
    define({ name: "gateway", schedule: every(2 * MINUTE), failAfter: 2 }),
    define({ name: "fast", schedule: every(MINUTE), failAfter: 2, flapping: { changes: 4, withinMs: millis(60 * MINUTE) } }),
    ...PLAIN.map((name, at) => define({ name, schedule: at === 8 ? { kind: "after", ms: millis(5 * MINUTE) } : pace(), failAfter: 1 + (at % 3), recoverAfter: 1 + (at % 2), retries: at % 2, steps: name === ON_DUTY ? [atOnce("duty")] : at % 2 === 0 ? escalating : [atOnce("ops", "boss")], ...(at === 2 || at === 3 ? { failingEveryMs: 20_000 } : {}) })),
    ...BEHIND.map((name, at) => define({ name, schedule: pace(), failAfter: 1 + (at % 2), parents: [wayTo(name)[0] ?? ""], retries: at % 2 })),
    ...TURN.map((name) => define({ name, schedule: { kind: "never" }, failAfter: 1, steps: [] })),
    ...OWN.map((name) => define({ name, schedule: pace(), failAfter: 2, steps: [] })),
    define({ name: "group-turn", schedule: every(5 * MINUTE), failAfter: 2, group: { members: TURN, require: "all", run: "turn", renotify: true } }),
    define({ name: "group-own", schedule: { kind: "never" }, failAfter: 1, group: { members: OWN, require: "any", run: "own" } }),
    ...WITNESSES.map((name) => define({ name, schedule: every(5 * MINUTE), failAfter: 2, failingEveryMs: 20_000, parents: ["gateway", "outside"] })),
    define({ name: "outside", schedule: { kind: "never" }, failAfter: 1, parents: ["gateway"], group: { members: WITNESSES, require: 2, run: "own", bySight: true } }),
    ...BEYOND.map((name, at) => define({ name, schedule: pace(), failAfter: 1 + (at % 2), parents: ["gateway", "outside"], ...(at === 0 ? { failingEveryMs: 30_000 } : {}) })),
    ...Object.entries(WALL).map(([name, twice]) => define({ name, schedule: scheduled("15,45 1-3 * * *", twice), failAfter: 1, steps: [] })),
  ];
  const maintenance: readonly MaintenanceWindow[] = [{ name: "nightly", checks: [checkName(NIGHTLY.check)], tags: [], when: { kind: "recurring", schedule: scheduled("30 1 * * *"), forMs: millis(NIGHTLY.forMs) } }];
  const channels = [channel("ops", millis(2000)), channel("boss", millis(2000)), channel("flaky", millis(2000))];
  return { settings: SETTINGS, channels, rotations: [{ name: "duty", rotation: DUTY }], checks, maintenance, version: "simulated", files: [], carried: [], secrets: [] };
}

/** Hosts whose being down makes a check fail by itself. */
export function hostsOf(check: CheckDefinition): readonly string[] {
  if (check.policy.group?.bySight === true) return [LINE];
  return check.policy.group === null ? [check.name] : check.policy.group.members;
}

/** What may be to blame for a check: its parents, and theirs. */
export function ancestorsOf({ policy }: CheckDefinition, byName: ReadonlyMap<string, CheckDefinition>): readonly CheckDefinition[] {
  const found = new Set(policy.parents.map((parent) => byName.get(parent)).filter((one) => one !== undefined));
  for (const one of found) for (const parent of ancestorsOf(one, byName)) found.add(parent);
  return [...found];
}
