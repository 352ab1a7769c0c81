import { hash128 } from "../core/ids.ts";
import type { Rotation } from "../core/rotation.ts";
import { type Schedule, scheduleGapMs } from "../core/schedule.ts";
import { type ChannelName, channelName, checkName, instant, millis, type Millis, type Policy } from "../core/types.ts";
import { canonical } from "./canonical.ts";
import type { Draft } from "./draft.ts";
import { isOfConnectivity } from "./connectivity.ts";
import { BUILT_IN } from "./keys.ts";
import type { Membership } from "./members.ts";
import type { AnyProbe } from "../probes/probe.ts";
import { channelsOf } from "./rotations.ts";
import type { ChannelDefinition, CheckDefinition } from "./site.ts";

/** Gaps of a schedule are measured from here, so that loading the same text gives the same site at any time. */
export const GAPS_FROM = instant(Date.UTC(2026, 0, 1));

/** Valid checks, by name, with their parents: all that definitions are made from. */
export interface DraftSet {
  readonly drafts: ReadonlyMap<string, Draft>;
  readonly parents: ReadonlyMap<string, readonly string[]>;
  readonly membership: Membership;
  readonly channels: readonly ChannelDefinition[];
  readonly rotations: ReadonlyMap<string, Rotation>;
  /** The site's name. */
  readonly site: string;
}

interface Times {
  readonly timeoutMs: Millis;
  readonly runMs: Millis;
  readonly everyMs: Millis;
}

/** Makes the definitions, in the order of the configuration; circles must have been ruled out. */
export function makeDefinitions(set: DraftSet): readonly CheckDefinition[] {
  const times = createTimes(set);
  const channels = new Map(set.channels.map((channel) => [channel.name as string, channel]));
  return [...set.drafts.values()].map((draft) => makeDefinition(draft, set, times(draft.entry.name), channels));
}

function makeDefinition(draft: Draft, set: DraftSet, times: Times, channels: ReadonlyMap<string, ChannelDefinition>): CheckDefinition {
  const { keys, kind, steps, schedule, expect, warn } = draft;
  const { name } = draft.entry;
  const policy: Policy = {
    check: checkName(name),
    type: kind.of.type,
    site: set.site,
    failAfter: keys.failAfter ?? BUILT_IN.failAfter,
    recoverAfter: keys.recoverAfter ?? BUILT_IN.recoverAfter,
    warnAfter: keys.warnAfter ?? keys.failAfter ?? BUILT_IN.failAfter,
    everyMs: times.everyMs,
    failingEveryMs: millis(Math.min(times.everyMs, keys.failingEvery ?? times.everyMs)),
    runMs: times.runMs,
    initial: keys.initial ?? "pending",
    onFail: keys.onFail ?? true,
    onPass: keys.onPass ?? true,
    steps,
    ...tellingOf(steps, set.rotations, channels),
    parents: (set.parents.get(name) ?? []).map(checkName),
    group: groupOf(draft, set.membership),
    flapping: flappingOf(keys.flapping),
  };
  const definition = {
    name: checkName(name),
    type: kind.of.type,
    options: draft.options,
    target: kind.of.target(draft.options),
    description: keys.description ?? "",
    tags: [...new Set(keys.tags)],
    schedule,
    timeoutMs: times.timeoutMs,
    retries: keys.retries ?? BUILT_IN.retries,
    ...(keys.invert === true ? { invert: true as const } : {}),
    expect,
    warn,
    policy,
    was: keys.was === undefined ? null : checkName(keys.was),
    paused: keys.paused ?? false,
    traced: keys.tracing === "off" ? null : hostOf(kind.of, draft.options),
  };
  return { ...definition, hashes: hashesOf(definition) };
}

/** The rotations that the steps name, and of every channel that they may ever tell its recipients, whether it keeps open what it is told, and whether it publishes states. */
function tellingOf(steps: Policy["steps"], rotations: DraftSet["rotations"], channels: ReadonlyMap<string, ChannelDefinition>): Pick<Policy, "rotations" | "recipients" | "keepers" | "publishers"> {
  const named = [...new Set(steps.flatMap((step) => step.to))];
  const used = named.flatMap((name) => {
    const rotation = rotations.get(name);
    return rotation === undefined ? [] : [[name, rotation] as const];
  });
  const told = [...new Set<string>([...named.filter((name) => !rotations.has(name)), ...used.flatMap(([, rotation]) => channelsOf(rotation))])];
  const recipients = Object.fromEntries(told.map((name) => [name, channels.get(name)?.recipients ?? []]));
  const those = (what: "keepsOpen" | "publishes"): readonly ChannelName[] => told.filter((name) => channels.get(name)?.[what] === true).map(channelName);
  const [keepers, publishers] = [those("keepsOpen"), those("publishes")];
  return { rotations: Object.fromEntries(used), recipients, ...(keepers.length === 0 ? {} : { keepers }), ...(publishers.length === 0 ? {} : { publishers }) };
}

function groupOf(draft: Draft, { members, turn }: Membership): Policy["group"] {
  const { name } = draft.entry;
  if (draft.kind.of.type !== "group") return null;
  const { require = "all", renotify = false, memberThresholds = false } = draft.keys;
  const run = turn.has(name) ? "turn" : "own";
  return { require, members: (members.get(name) ?? []).map(checkName), run, renotify, bySight: isOfConnectivity(draft.entry), ...(memberThresholds && run === "turn" ? { byState: true as const } : {}) };
}

function flappingOf(flapping: Draft["keys"]["flapping"]): Policy["flapping"] {
  if (flapping === "off") return null;
  return flapping === undefined ? BUILT_IN.flapping : { changes: flapping.changes, withinMs: flapping.within };
}

function hostOf(probe: AnyProbe, options: unknown): string | null {
  if (probe.host !== undefined) return probe.host(options);
  return typeof options === "object" && options !== null && "host" in options && typeof options.host === "string" ? options.host : null;
}

/**
 * Three hashes that together cover every field: a check whose hashes are the same is the same.
 * `target`: what is asked; `judging`: how it is judged; `telling`: when it runs and who hears of it.
 */
function hashesOf(definition: Omit<CheckDefinition, "hashes">): CheckDefinition["hashes"] {
  const { type, options, target, description, tags, schedule, timeoutMs, retries, invert, expect, warn, policy, was, paused, traced } = definition;
  const { everyMs, failingEveryMs, onFail, onPass, steps, recipients, keepers, publishers, rotations, site, check: _check, ...judging } = policy;
  return {
    target: hash128(canonical([type, options, target])),
    judging: hash128(canonical([judging, timeoutMs, retries, expect, warn, ...(invert === undefined ? [] : ["invert"])])),
    telling: hash128(canonical([everyMs, failingEveryMs, onFail, onPass, steps, recipients, keepers ?? [], publishers ?? [], rotations, site, description, tags, schedule, was, paused, traced])),
  };
}

/** Times of each check, those of groups from their members'. */
function createTimes({ drafts, membership }: DraftSet): (name: string) => Times {
  const known = new Map<string, Times>();
  const gaps = new Map<Schedule, Millis>();
  const gapOf = (schedule: Schedule): Millis => {
    const before = gaps.get(schedule);
    if (before !== undefined) return before;
    const gap = schedule.kind === "never" ? millis(0) : scheduleGapMs(schedule, GAPS_FROM);
    gaps.set(schedule, gap);
    return gap;
  };
  /** A member runs as often as the group that runs it. */
  const everyOf = (name: string): Millis => {
    const draft = drafts.get(name);
    if (draft === undefined) return millis(0);
    const own = gapOf(draft.schedule);
    const outer = (membership.groups.get(name) ?? []).filter((group) => membership.turn.has(group)).map(everyOf);
    const gapsMs = [own, ...outer].filter((gap) => gap > 0);
    return millis(gapsMs.length === 0 ? 0 : Math.min(...gapsMs));
  };
  const timesOf = (name: string): Times => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const draft = drafts.get(name);
    const members = (membership.members.get(name) ?? []).map(timesOf);
    const timeoutMs = draft?.keys.timeout ?? BUILT_IN.timeoutMs;
    const plain = { timeoutMs, runMs: millis(((draft?.keys.retries ?? BUILT_IN.retries) + 1) * timeoutMs), everyMs: everyOf(name) };
    const inTurn = members.reduce((sum, member) => sum + member.runMs, 0);
    const longest = members.reduce((most, member) => Math.max(most, member.runMs), 0);
    const times = members.length === 0 ? plain : membership.turn.has(name) ? { ...plain, timeoutMs: millis(inTurn), runMs: millis(inTurn) } : { ...plain, runMs: millis(longest) };
    known.set(name, times);
    return times;
  };
  return timesOf;
}
