import type { AnyChannel } from "../alert/channels/channel.ts";
import { hash128 } from "../core/ids.ts";
import { parseWeekly } from "../core/maintenance.ts";
import { channelName, millis } from "../core/types.ts";
import { canonical } from "./canonical.ts";
import { unknownName } from "./issues.ts";
import { BUILT_IN, CHANNEL_KEYS, type ChannelKeys, channelSchema } from "./keys.ts";
import { type Layer, overlay, validate } from "./layers.ts";
import { noteSecrets } from "./literals.ts";
import type { Registry } from "./registry.ts";
import type { Report } from "./report.ts";
import type { Entry } from "./sections.ts";
import type { ChannelDefinition } from "./site.ts";
import type { Document } from "./sources.ts";

/** Keys of the configuration's own and options of the type, taken apart. */
export function split(values: { readonly [key: string]: unknown }, own: { readonly [key: string]: unknown }): { readonly common: { [key: string]: unknown }; readonly options: { [key: string]: unknown } } {
  const common: [string, unknown][] = [];
  const options: [string, unknown][] = [];
  for (const pair of Object.entries(values)) (Object.hasOwn(own, pair[0]) ? common : options).push(pair);
  return { common: Object.fromEntries(common), options: Object.fromEntries(options) };
}

/** Reads every channel; those with errors are left out, their names stay known. */
export function readChannels(entries: ReadonlyMap<string, Entry>, registry: Registry, documents: readonly Document[], zone: string, report: Report): readonly ChannelDefinition[] {
  const channels: ChannelDefinition[] = [];
  for (const entry of entries.values()) {
    const channel = readChannel(entry, registry, documents, zone, report);
    if (channel !== null) channels.push(channel);
  }
  for (const channel of channels) checkFallback(channel, channels, entries, report);
  return channels;
}

/** A fallback must be there, and lead to a channel that stands for itself. */
function checkFallback({ name, fallback }: ChannelDefinition, channels: readonly ChannelDefinition[], entries: ReadonlyMap<string, Entry>, report: Report): void {
  const entry = entries.get(name);
  if (fallback === null || entry === undefined) return;
  if (!entries.has(fallback)) return report.local([entry], unknownName(fallback, [...entries.keys()], ["fallback"], "value"));
  const passed = new Set<string>([name]);
  for (let at: string | null = fallback; at !== null; at = channels.find((one) => one.name === at)?.fallback ?? null) {
    if (passed.has(at)) return report.error([entry], ["fallback"], "the fallbacks go round in a circle", "let the last channel have none");
    passed.add(at);
  }
}

/** When a digest is due, by the clock on the wall of the site. */
function readDigest(digest: ChannelKeys["digest"], { type, keepsOpen }: AnyChannel, layers: readonly Layer[], zone: string, report: Report): ChannelDefinition["digest"] {
  if (digest === undefined) return null;
  if (keepsOpen === true) {
    report.error(layers, ["digest"], `a channel of type \`${type}\` cannot show a digest: it only opens and closes troubles`, "give `digest` to a channel that people read");
    return null;
  }
  const { at, of = "told" } = typeof digest === "string" ? { at: digest } : digest;
  const parsed = parseWeekly(at, zone);
  if (parsed.kind === "parsed") return { schedule: parsed.schedule, of };
  report.error(layers, typeof digest === "string" ? ["digest"] : ["digest", "at"], parsed.wrong, parsed.right);
  return null;
}

function readChannel(entry: Entry, registry: Registry, documents: readonly Document[], zone: string, report: Report): ChannelDefinition | null {
  const layers = [entry];
  const values = overlay([entry.filled]);
  const type = values["type"];
  const kind = typeof type === "string" ? registry.channels.get(type) : undefined;
  if (typeof type === "string" && kind === undefined) {
    report.local(layers, { ...unknownName(type, [...registry.channels.keys()], ["type"], "value"), wrong: `there is no channel of type \`${type}\`` });
    return null;
  }
  const { common, options } = split(values, CHANNEL_KEYS);
  const written = (): unknown => overlay([entry.written]);
  const keys = validate(channelSchema, common, written, []);
  if (keys.kind === "wrong") for (const finding of keys.findings) report.local(layers, finding);
  if (kind === undefined) return null;
  noteSecrets(kind.secretPaths, options, layers, documents, report);
  const read = validate(kind.of.options, options, written, Object.keys(CHANNEL_KEYS));
  if (read.kind === "wrong") for (const finding of read.findings) report.local(layers, finding);
  if (keys.kind === "wrong" || read.kind === "wrong") return null;
  for (const number of read.numbers) report.numbers.add(number);
  const { cap, group, subject = null, text = null, fallback = null } = keys.value;
  const digest = readDigest(keys.value.digest, kind.of, layers, zone, report);
  return {
    name: channelName(entry.name),
    type: kind.of.type,
    options: read.value,
    recipients: kind.of.recipients(read.value),
    ...(kind.of.publishes?.(read.value) === true ? { publishes: true as const } : {}),
    cap: cap === "off" ? null : (cap ?? BUILT_IN.cap),
    groupMs: group === "off" ? millis(0) : (group ?? BUILT_IN.groupMs),
    alone: group === "off",
    templates: { subject, text },
    fallback: fallback === null ? null : channelName(fallback),
    digest,
    ...(kind.of.keepsOpen === true ? { keepsOpen: true as const } : {}),
    hash: hash128(canonical([kind.of.type, read.value, cap, group, subject, text, fallback, digest])),
  };
}
