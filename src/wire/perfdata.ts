/** Performance data and ranges as the Monitoring Plugins Development Guidelines define them (sections 2.5 and 2.6). */

export interface Perfdatum {
  readonly label: string;
  /** Null for `U`: it could not be told. */
  readonly value: number | null;
  /** `s`, `ms`, `us`, `%`, `B`, `KB`, `c`, ...; empty for none. */
  readonly unit: string;
  readonly warn: Range | null;
  readonly critical: Range | null;
  readonly min: number | null;
  readonly max: number | null;
}

/** An alert is due outside of `[start, end]`, inclusive; with `inside` set, within it. */
export interface Range {
  readonly start: number;
  readonly end: number;
  readonly inside: boolean;
}

/** `text` and what follows the bar on one line. */
export interface PluginLine {
  readonly text: string;
  readonly perfdata: readonly Perfdatum[];
}

/** Pairs that are read of one output, and octets of perfdata; a plugin that prints more is broken. */
const PAIRS_MAX = 1000;
const PERFDATA_MAX = 16_384;
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?/i;

/** `[@][start:][end]`: `10`, `10:`, `~:10`, `10:20`, `@10:20`; null when it is none or empty. */
export function parseRange(text: string): Range | null {
  const [, at, first, colon, last] = /^(@?)(~|[-+.\de]*)(:?)(~|[-+.\de]*)$/i.exec(text.trim().replaceAll(",", ".")) ?? [];
  if (at === undefined || text.trim() === "") return null;
  const [low, high] = colon === ":" ? [first ?? "", last ?? ""] : ["", first ?? ""];
  const start = low === "~" ? -Infinity : low === "" ? 0 : Number(low);
  const end = high === "" || high === "~" ? Infinity : Number(high);
  if (Number.isNaN(start) || Number.isNaN(end) || start > end || (colon === "" && (high === "" || high === "~"))) return null;
  return { start, end, inside: at === "@" };
}

/** `10`, `10:`, `~:10`, `10:20`, `@10:20`. */
export function formatRange(range: Range): string {
  const start = range.start === -Infinity ? "~:" : range.start === 0 && range.end !== Infinity ? "" : `${range.start}:`;
  return `${range.inside ? "@" : ""}${start}${range.end === Infinity ? "" : range.end}`;
}

/** A label in quotes (a quote in it doubled) or up to the `=`, from `at`; null when there is none. One pass, so that hostile output costs no more than its length. */
function labelAt(text: string, at: number): { readonly label: string; readonly next: number } | null {
  if (text[at] !== "'") {
    const word = /[^\s=']*=?/y;
    word.lastIndex = at;
    const label = word.exec(text)?.[0] ?? "";
    return label.length < 2 || !label.endsWith("=") ? null : { label: label.slice(0, -1), next: at + label.length };
  }
  let close = text.indexOf("'", at + 1);
  while (close >= 0 && text[close + 1] === "'") close = text.indexOf("'", close + 2);
  if (close < 0 || text[close + 1] !== "=") return null;
  return { label: text.slice(at + 1, close).replaceAll("''", "'"), next: close + 2 };
}

/** Pairs of label and data, divided by blanks. What is no pair is skipped. */
function pairsOf(text: string): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  const blank = /\s|$/g;
  let at = 0;
  while (at < text.length && pairs.length < PAIRS_MAX) {
    const found = labelAt(text, at);
    blank.lastIndex = found?.next ?? at;
    const end = blank.exec(text)?.index ?? text.length;
    if (found !== null) pairs.push([found.label, text.slice(found.next, end)]);
    at = end + 1;
  }
  return pairs;
}

function numberOf(text: string | undefined): number | null {
  const plain = (text ?? "").trim().replace(",", ".");
  const found = NUMBER.exec(plain);
  return found === null ? null : Number(found[0]);
}

/** Reads what stands after the bar: `'label'=value[unit];[warn];[critical];[min];[max]`, divided by blanks. A decimal comma is tolerated. */
export function parsePerfdata(text: string): readonly Perfdatum[] {
  return pairsOf(text.slice(0, PERFDATA_MAX)).flatMap(([label, data]) => {
    const [first = "", warn = "", critical = "", min, max] = data.split(";");
    const plain = first.replace(",", ".");
    const found = NUMBER.exec(plain);
    if (found === null && !plain.startsWith("U")) return [];
    const unit = found === null ? plain.slice(1) : plain.slice(found[0].length);
    return [{ label, value: found === null ? null : Number(found[0]), unit, warn: parseRange(warn), critical: parseRange(critical), min: numberOf(min), max: numberOf(max) }];
  });
}

/** Divides at the first bar. */
export function parsePluginLine(line: string): PluginLine {
  const bar = line.indexOf("|");
  if (bar < 0) return { text: line.trim(), perfdata: [] };
  return { text: line.slice(0, bar).trim(), perfdata: parsePerfdata(line.slice(bar + 1)) };
}

export interface PluginOutput extends PluginLine {
  /** Further lines, without perfdata. */
  readonly more: string;
}

/** The whole output of a plugin: first line, long text, and perfdata on the first line and after a second bar up to the end. */
export function parsePluginOutput(output: string): PluginOutput {
  const [first = "", ...rest] = output.replace(/^\s*\n/, "").replaceAll("\r\n", "\n").split("\n");
  const line = parsePluginLine(first);
  const tail = rest.join("\n");
  const bar = tail.indexOf("|");
  const long = bar < 0 ? tail : tail.slice(0, bar);
  const further = bar < 0 ? [] : parsePerfdata(tail.slice(bar + 1));
  return { text: line.text, perfdata: [...line.perfdata, ...further].slice(0, PAIRS_MAX), more: long.trim() };
}

function formatDatum(datum: Perfdatum): string {
  const label = /^[^\s=']+$/.test(datum.label) ? datum.label : `'${datum.label.replaceAll("'", "''").replaceAll("=", "_")}'`;
  const fields = [
    `${datum.value === null ? "U" : formatNumber(datum.value)}${datum.unit}`,
    datum.warn === null ? "" : formatRange(datum.warn),
    datum.critical === null ? "" : formatRange(datum.critical),
    datum.min === null ? "" : formatNumber(datum.min),
    datum.max === null ? "" : formatNumber(datum.max),
  ];
  return `${label}=${fields.join(";").replace(/;+$/, "")}`;
}

/** Without exponent, at most nine decimals. */
function formatNumber(value: number): string {
  return Number(value.toFixed(9)).toLocaleString("en", { useGrouping: false, maximumFractionDigits: 9 });
}

/** `text|perfdata`, as a plugin's first line. Bars and line ends in the text become blanks. */
export function formatPluginLine(text: string, perfdata: readonly Perfdatum[]): string {
  const line = text.replaceAll(/[|\r\n]+/g, " ").trim();
  return perfdata.length === 0 ? line : `${line}|${perfdata.map(formatDatum).join(" ")}`;
}
