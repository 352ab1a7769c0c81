import type { z } from "zod";
import type { Schedule } from "../core/schedule.ts";
import { parseSchedule } from "../core/schedule.ts";
import { channelName, type Millis, type Step } from "../core/types.ts";
import type { AnyProbe } from "../probes/probe.ts";
import { split } from "./channels.ts";
import { type ConditionParser, readConditions } from "./conditions.ts";
import { type Defaults, filledOf, layersFor, without, writtenOf } from "./defaults.ts";
import { unknownName } from "./issues.ts";
import { BUILT_IN, CHECK_KEYS, type CheckKeys, checkSchema, GROUP_KEYS, groupSchema } from "./keys.ts";
import { type Layer, type Mapping, validate } from "./layers.ts";
import { noteSecrets } from "./literals.ts";
import type { Membership } from "./members.ts";
import type { Kind, Registry } from "./registry.ts";
import type { Report } from "./report.ts";
import type { Entry } from "./sections.ts";
import type { FactCondition } from "./site.ts";
import type { Document } from "./sources.ts";

/** All that reading one check needs of the rest. */
export interface Around {
  readonly registry: Registry;
  readonly documents: readonly Document[];
  readonly report: Report;
  readonly site: Defaults | null;
  readonly membership: Membership;
  readonly channels: ReadonlySet<string>;
  readonly rotations: ReadonlySet<string>;
  readonly timezone: string;
  readonly conditions: ConditionParser;
}

/** A check that is valid by itself; what it refers to is not looked at yet. */
export interface Draft {
  readonly entry: Entry;
  readonly layers: readonly Layer[];
  readonly kind: Kind<AnyProbe>;
  readonly keys: CheckKeys;
  readonly options: unknown;
  readonly schedule: Schedule;
  readonly steps: readonly Step[];
  readonly expect: readonly FactCondition[];
  readonly warn: readonly FactCondition[];
}

const OF_SCHEDULE = ["every", "schedule", "failingEvery"] as const;
const PLAIN_KEYS = Object.keys(CHECK_KEYS);
const ALL_KEYS = { ...CHECK_KEYS, ...GROUP_KEYS };

/** Reads one check; null when it has errors, which are reported. */
export function readDraft(entry: Entry, around: Around): Draft | null {
  const { report, registry } = around;
  const type = entry.filled["type"];
  const kind = typeof type === "string" ? registry.probes.get(type) : undefined;
  if (typeof type === "string" && kind === undefined) {
    const { right } = unknownName(type, [...registry.probes.keys()], [], "value");
    report.error([entry], ["type"], `there is no check of type \`${type}\``, right);
    return null;
  }
  const layers = kind === undefined ? [entry] : stack(entry, kind, around);
  const isGroup = type === "group";
  const { common, options } = split(filledOf(layers), isGroup ? ALL_KEYS : CHECK_KEYS);
  const written = (): unknown => writtenOf(layers);
  const keys = readKeys(common, isGroup, written, layers, report);
  if (kind === undefined) return null;
  noteSecrets(kind.secretPaths, options, layers, around.documents, report);
  const read = readOptions(kind, options, written, layers, isGroup, report);
  if (keys.value === null) return null;
  if (isGroup && keys.value.invert === true) report.error(layers, ["invert"], "a group is judged by its members, and cannot be inverted", "invert the members, or remove it");
  const schedule = scheduleOf(keys.value, kind, layers, around);
  const steps = stepsOf(keys.value, layers, around);
  if (read !== null && kind.of.channel !== undefined && steps !== null) checkChannel(kind.of.channel(read.options), steps, layers, around);
  const of = { probe: kind.of, named: kind.of.named === undefined ? [] : read === null ? null : kind.of.named(read.options) };
  const expect = readConditions("expect", keys.value.expect ?? {}, of, layers, around);
  const warn = readConditions("warn", keys.value.warn ?? {}, of, layers, around);
  if (!keys.whole || read === null || schedule === null || steps === null || expect === null || warn === null) return null;
  return { entry, layers, kind, keys: keys.value, options: read.options, schedule, steps, expect, warn };
}

/** The channel that a check looks at: it must be there, and somebody must be told who does not depend on it. */
function checkChannel(name: string, steps: readonly Step[], layers: readonly Layer[], { channels, report }: Around): void {
  if (!channels.has(name)) return report.error(layers, ["channel"], `there is no channel \`${name}\``, unknownName(name, [...channels], [], "value").right);
  const told = steps.flatMap(({ to }) => to);
  if (told.length > 0 && told.every((one) => one === name)) report.warn(layers, ["channel"], `only \`${name}\` itself is told when it does not deliver`, "name another channel in `notify`");
}

/** The common keys; what is wrong is told and left out, so that the rest can be looked at all the same. */
function readKeys(common: Mapping, isGroup: boolean, written: () => unknown, layers: readonly Layer[], report: Report): { readonly whole: boolean; readonly value: CheckKeys | null } {
  const schema: z.ZodType<CheckKeys> = isGroup ? groupSchema : checkSchema;
  const keys = validate(schema, common, written, []);
  if (keys.kind === "valid") {
    for (const number of keys.numbers) report.numbers.add(number);
    return { whole: true, value: keys.value };
  }
  for (const finding of keys.findings) report.local(layers, finding);
  const wrong = new Set(keys.findings.map((finding) => finding.path[0]));
  const rest = validate(schema, Object.fromEntries(Object.entries(common).filter(([key]) => !wrong.has(key))), written, []);
  return { whole: false, value: rest.kind === "valid" ? rest.value : null };
}

/** The layers under a check, its own last, without what does not apply to it. */
function stack(entry: Entry, kind: Kind<AnyProbe>, { site, membership, report }: Around): readonly Layer[] {
  const groups = membership.groups.get(entry.name) ?? [];
  const turn = groups.find((group) => membership.turn.has(group));
  const below = layersFor(kind.of.type, site, membership.defaultsOf(entry.name));
  const isOwnGroup = kind.of.type === "group" && !membership.turn.has(entry.name);
  if (kind.of.passive !== undefined || isOwnGroup) return [...below.map((layer) => without(layer, OF_SCHEDULE)), entry];
  if (turn === undefined) return [...below, entry];
  // Besides it runs when it says so itself.
  const { every = "never", schedule, failingEvery } = entry.written;
  const runsBesides = schedule !== undefined || every !== "never";
  if (!runsBesides && failingEvery !== undefined) report.warn([entry], ["failingEvery"], `\`${entry.name}\` runs in turn within \`${turn}\` alone; its own \`failingEvery\` does not count`, `remove it, or write it in \`${turn}\``);
  const quiet = [...OF_SCHEDULE, "notify"];
  const ofSite = new Set([site?.common, site?.byType.get(kind.of.type)]);
  return [...below.map((layer) => without(layer, ofSite.has(layer) ? quiet : OF_SCHEDULE)), runsBesides ? entry : without(entry, OF_SCHEDULE)];
}

function readOptions(kind: Kind<AnyProbe>, options: Mapping, written: () => unknown, layers: readonly Layer[], isGroup: boolean, report: Report): { readonly options: unknown } | null {
  const read = validate(kind.of.options, options, written, isGroup ? Object.keys(ALL_KEYS) : PLAIN_KEYS);
  if (read.kind === "wrong") {
    for (const finding of read.findings) report.local(layers, finding);
    return null;
  }
  for (const number of read.numbers) report.numbers.add(number);
  const problem = kind.of.check?.(read.value) ?? null;
  if (problem === null) return { options: read.value };
  report.error(layers, problem.path, problem.wrong, problem.right);
  return null;
}

function scheduleOf(keys: CheckKeys, kind: Kind<AnyProbe>, layers: readonly Layer[], around: Around): Schedule | null {
  const { report, membership } = around;
  const entry = layers.at(-1);
  const name = String(entry?.path.at(-1));
  if (kind.of.passive !== undefined) {
    const own = OF_SCHEDULE.find((key) => keys[key] !== undefined);
    if (own === undefined) return { kind: "never" };
    report.error(layers, [own], `a ${kind.of.type} check waits to be told and has no \`${own}\``, `remove it; see \`tocsin types ${kind.of.type}\``, "key");
    return null;
  }
  if (keys.every !== undefined && keys.schedule !== undefined) {
    report.error(layers, ["schedule"], "`every` and `schedule` stand side by side", "remove one of them", "key");
    return null;
  }
  if (keys.schedule !== undefined) {
    const parsed = parseSchedule(keys.schedule, keys.timezone ?? around.timezone, keys.daylightSaving === "apscheduler");
    if (parsed.kind === "parsed") return parsed.schedule;
    report.error(layers, ["schedule"], parsed.wrong, parsed.right);
    return null;
  }
  const inTurn = (membership.groups.get(name) ?? []).some((group) => membership.turn.has(group));
  const isOwnGroup = kind.of.type === "group" && !membership.turn.has(name);
  if (keys.every === undefined) return inTurn || isOwnGroup ? { kind: "never" } : { kind: "every", ms: BUILT_IN.everyMs };
  if (keys.every === "never") return { kind: "never" };
  return typeof keys.every === "number" ? { kind: "every", ms: keys.every } : { kind: "after", ms: keys.every.after };
}

type Notify = NonNullable<CheckKeys["notify"]>;

/** Names side by side are one step that fires when the check goes down. */
function stepsOf(keys: CheckKeys, layers: readonly Layer[], around: Around): readonly Step[] | null {
  const notify: Notify = keys.notify ?? [];
  const list = typeof notify === "string" ? [notify] : notify;
  const plain: string[] = [];
  const steps: Step[] = [];
  let wrong = false;
  const known = (name: string, path: readonly (string | number)[]): string => {
    if (!around.channels.has(name) && !around.rotations.has(name)) {
      wrong = true;
      around.report.error(layers, path, `there is no channel \`${name}\``, unknownName(name, [...around.channels, ...around.rotations], [], "value").right);
    }
    return name;
  };
  for (const [index, item] of list.entries()) {
    const path = typeof notify === "string" ? ["notify"] : ["notify", index];
    if (typeof item === "string") plain.push(known(item, path));
    else steps.push({ after: afterOf(item.after), to: unique(item.to.map((name, at) => known(name, [...path, "to", at]))), repeatMs: item.repeat ?? null });
  }
  const all: readonly Step[] = plain.length > 0 ? [{ after: { kind: "runs", count: 1 }, to: unique(plain), repeatMs: null }, ...steps] : steps;
  const twice = toldTwice(all);
  if (twice !== null) around.report.error(layers, ["notify"], `two steps tell \`${twice}\` at the same time; the second would do nothing for it`, "make them one step, with the `repeat`");
  return wrong || twice !== null ? null : all;
}

/** A name that two steps tell at the same time; null: none. */
function toldTwice(steps: readonly Step[]): string | null {
  const told = new Set<string>();
  for (const { after, to } of steps) {
    for (const name of to) {
      const key = JSON.stringify([after, name]);
      if (told.has(key)) return name;
      told.add(key);
    }
  }
  return null;
}

/** A number counts runs; a duration counts from the opening of the incident. */
function afterOf(after: number | { readonly ms: Millis }): Step["after"] {
  return typeof after === "number" ? { kind: "runs", count: after } : { kind: "time", ms: after.ms };
}

const unique = (list: readonly string[]): Step["to"] => [...new Set(list)].map(channelName);
