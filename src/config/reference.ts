import type { z } from "zod";
import type { AnyChannel } from "../alert/channels/channel.ts";
import type { AnyProbe } from "../probes/probe.ts";
import { CHANNEL_KEYS, CHECK_KEYS, GROUP_KEYS } from "./keys.ts";
import { SETTINGS_KEYS } from "./settings.ts";
import { defOf, fieldOf, keysOf, typeWords } from "./shape.ts";
import { ROTATION_KEYS } from "./rotations.ts";
import { WINDOW_KEYS } from "./windows.ts";

/** One option as the reference shows it. */
export interface OptionRow {
  /** With the options around it: `smtp.host`, `notify[].after`. */
  readonly option: string;
  /** What may be written, in words. */
  readonly type: string;
  readonly unit: string | null;
  /** As it is written; null when there is none. */
  readonly default: string | null;
  readonly required: boolean;
  readonly secret: boolean;
  /** Changes only in the file, never on the page. */
  readonly hostPower: boolean;
  readonly about: string;
  readonly source: string | null;
}

const DEEPEST = 4;

/** Every option of a schema, those of nested mappings below their own. */
export function optionRows(schema: z.core.$ZodType): readonly OptionRow[] {
  return shapeRows(keysOf(schema), "", 0);
}

/** Rows of keys that are no schema by themselves. */
export function shapeRows(shape: { readonly [key: string]: z.core.$ZodType }, before: string, depth: number): readonly OptionRow[] {
  if (depth >= DEEPEST) return [];
  return Object.entries(shape).flatMap(([key, schema]) => {
    const option = before + key;
    const inside = nested(schema).flatMap(({ suffix, shape: inner }) => shapeRows(inner, `${option}${suffix}.`, depth + 1));
    return [rowOf(option, schema)].concat(inside);
  });
}

function rowOf(option: string, schema: z.core.$ZodType): OptionRow {
  const field = fieldOf(schema);
  return { option, type: typeWords(schema), unit: field.unit, default: defaultText(field.default), required: !field.optional, secret: field.secret, hostPower: field.hostPower, about: field.about, source: field.source };
}

/** Mappings inside of an option: its own, those of a list's items, those of its alternatives. */
function nested(schema: z.core.$ZodType): readonly { readonly suffix: string; readonly shape: { readonly [key: string]: z.core.$ZodType } }[] {
  const { core } = fieldOf(schema);
  const def = defOf(core);
  if (def.type === "object") return [{ suffix: "", shape: def.shape }];
  if (def.type === "array") return nested(def.element).map(({ suffix, shape }) => ({ suffix: `[]${suffix}`, shape }));
  if (def.type === "record") return nested(def.valueType).map(({ suffix, shape }) => ({ suffix: `.NAME${suffix}`, shape }));
  if (def.type !== "union") return [];
  const merged = new Map<string, { [key: string]: z.core.$ZodType }>();
  for (const { suffix, shape } of def.options.flatMap(nested)) merged.set(suffix, { ...merged.get(suffix), ...shape });
  return [...merged].map(([suffix, shape]) => ({ suffix, shape }));
}

function defaultText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value === "" ? '""' : value;
  return JSON.stringify(value);
}

const ROW_HEAD = "| Key | Value | Default | Meaning |\n|---|---|---|---|";

/** Rows as a table of Markdown. */
export function markdownTable(rows: readonly OptionRow[]): string {
  const lines = rows.map((row) => {
    const marks = [row.secret ? "Secret: never shown." : "", row.hostPower ? "Changes only in the file." : "", row.source === null ? "" : `(${row.source})`];
    const standard = row.default ?? (row.required ? "**required**" : "");
    return `| \`${row.option}\` | ${cell(row.type.replaceAll(/(duration|size|condition) \([^)]*\)/g, "$1"))} | ${cell(standard)} | ${cell([sentence(row.about), ...marks].filter((part) => part !== "").join(" "))} |`;
  });
  return [ROW_HEAD, ...lines].join("\n");
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const sentence = (text: string): string => (text === "" || /[.!?]$/.test(text) ? text : `${text}.`);

/** Everything about one probe as Markdown: what it does, its options, its facts, its own conditions. */
export function probeMarkdown(probe: AnyProbe): string {
  const rows = optionRows(probe.options);
  const facts = Object.entries(probe.facts).map(([name, fact]) => `| \`${name}\` | ${cell(fact.unit ?? "")} | ${cell(sentence(fact.about))} |`);
  const conditions = Object.entries(probe.expect ?? {}).map(([fact, condition]) => `\`${fact}: ${condition}\``);
  return [
    `### \`${probe.type}\``,
    `${sentence(probe.about)} Source: ${probe.source}.`,
    rows.length === 0 ? "No options of its own." : markdownTable(rows),
    facts.length === 0 ? "" : ["| Fact | Unit | Meaning |", "|---|---|---|", ...facts].join("\n"),
    conditions.length === 0 ? "" : `Expected unless the check says otherwise: ${conditions.join(", ")}.`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Everything about one channel as Markdown. */
export function channelMarkdown(channel: AnyChannel): string {
  const rows = optionRows(channel.options);
  return [`### \`${channel.type}\``, `${sentence(channel.about)} Source: ${channel.source}.`, rows.length === 0 ? "No options of its own." : markdownTable(rows)].join("\n\n");
}

/** The catalogue of providers in a few words each, by links to their options and to their own documentation. */
export function providersTable(providers: readonly AnyChannel[]): string {
  const rows = providers.map(({ type, about, source }) => `| [\`${type}\`](providers.md#${type}) | ${cell(about)} | [${new URL(source).hostname}](${source}) |`);
  return ["| Type | What it does | Its own documentation |", "|---|---|---|", ...rows].join("\n");
}

/** Everything about one provider as Markdown; the settings of TLS are the same everywhere and stand with `webhook`. */
export function providerMarkdown({ type, about, source, options }: AnyChannel): string {
  const rows = optionRows(options).filter(({ option }) => !option.startsWith("tls."));
  return [`### \`${type}\``, `${sentence(about)} [Its documentation](${source}).`, markdownTable(rows)].join("\n\n");
}

/** The generated parts of `docs/configuration.md` by name. */
export function referenceParts(probes: readonly AnyProbe[], channels: readonly AnyChannel[]): { readonly [name: string]: string } {
  return {
    settings: markdownTable(shapeRows(SETTINGS_KEYS, "", 0)),
    check: markdownTable(shapeRows(CHECK_KEYS, "", 0)),
    group: markdownTable(shapeRows(GROUP_KEYS, "", 0)),
    channel: markdownTable(shapeRows(CHANNEL_KEYS, "", 0)),
    rotations: markdownTable(shapeRows(ROTATION_KEYS, "", 0)),
    maintenance: markdownTable(shapeRows(WINDOW_KEYS, "", 0)),
    probes: probes.map(probeMarkdown).join("\n\n"),
    channels: channels.map(channelMarkdown).join("\n\n"),
  };
}

/** Puts the parts between `<!-- generated: NAME -->` and `<!-- end -->`; throws when a part has no place or a place no part. */
export function fillParts(document: string, parts: { readonly [name: string]: string }): string {
  const left = new Set(Object.keys(parts));
  const filled = document.replaceAll(/(<!-- generated: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, begin: string, name: string, end: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`there is no part \`${name}\``);
    left.delete(name);
    return `${begin}\n${part}\n\n${end}`;
  });
  if (left.size > 0) throw new Error(`no place for ${[...left].join(", ")}`);
  return filled;
}
