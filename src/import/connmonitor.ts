import type { Problem } from "../config/problems.ts";

/** A host of a connmonitor file and the line that names it, 1-based. */
export interface ConnmonitorHost {
  /** As written: a name, an IPv4 or an IPv6 address. */
  readonly host: string;
  readonly line: number;
}

/** What the first line of the old format says, for all hosts. A count of 0 says that the statistic is not wanted. */
export interface Rounds {
  readonly pings: number;
  /** Octets. */
  readonly payload: number;
  readonly hops: number;
  readonly scan: boolean;
  readonly json: boolean;
  /** Between the end of a round and the next. */
  readonly sleepMs: number;
}

/** What a line of the new format (4.0 on) says of its host; 0 ms: the statistic is not wanted. */
export interface Pace extends ConnmonitorHost {
  readonly pingMs: number;
  readonly pings: number;
  /** Octets. */
  readonly payload: number;
  readonly traceMs: number;
  readonly hops: number;
  readonly scanMs: number;
  readonly json: boolean;
  readonly timestamp: boolean;
}

/** The input of connmonitor: the old format measures everything in common rounds, the new one each statistic of each host at its own pace. */
export type Connmonitor = { readonly kind: "rounds"; readonly rounds: Rounds; readonly hosts: readonly ConnmonitorHost[] } | { readonly kind: "paces"; readonly hosts: readonly Pace[] };

/** `good`: the input without the lines that are wrong; null when nothing of it can be used. */
export type ParsedConnmonitor = { readonly kind: "parsed"; readonly input: Connmonitor } | { readonly kind: "wrong"; readonly problems: readonly Problem[]; readonly good: Connmonitor | null };

/** Longer files are a slip: ten thousand hosts with all their options are shorter. */
export const CONNMONITOR_TEXT_MAX = 2 * 1_048_576;
const HOSTS_MAX = 10_000;
const PROBLEMS_MAX = 100;
const HOST_MAX = 253;

/** Largest values; longer intervals than 23 days are no intervals, and larger payloads fit no packet. */
const MAX = { pings: 10_000, payload: 65_500, hops: 255, ms: 2_000_000_000 } as const;
const DEFAULTS = { pingMs: 500, pings: 10, payload: 41, traceMs: 0, hops: 30, scanMs: 0, json: false, timestamp: true } as const;

/** What Python takes for the end of a line and for a blank. */
const LINE_END = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;
// oxlint-disable-next-line no-control-regex
const WORDS = /[^\s\u0000-\u001f]+/gu;
const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^\+?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;

interface Word {
  readonly text: string;
  readonly line: number;
  /** 1-based, in characters. */
  readonly column: number;
}

/** Reads either format; they are told apart by their first line. All mistakes at once (a hundred at most), each with its place and what would be right. Never throws. */
export function parseConnmonitor(text: string, file: string): ParsedConnmonitor {
  const findings = new Findings(file);
  if (text.length > CONNMONITOR_TEXT_MAX) return findings.wrongFile("this is too long for a list of hosts", "name the file that lists the hosts");
  const lines = text
    .replace(/^\ufeff/, "")
    .split(LINE_END)
    .map((line, index) => wordsOf(line, index + 1))
    .filter((words) => words.length > 0);
  const [first = []] = lines;
  if (first.length === 0) return findings.wrongFile("it names no host", "write a host a line, such as: example.com ping=500");
  const input: Connmonitor = isOld(first) ? { kind: "rounds", rounds: readRounds(first, findings), hosts: readHosts(lines.slice(1), findings) } : { kind: "paces", hosts: lines.map((words) => readPace(words, findings)) };
  if (input.hosts.length === 0) findings.add(first[0], "there is no host after the first line", "write the hosts below it, one a line");
  if (input.hosts.length > HOSTS_MAX) findings.add(lines[HOSTS_MAX]?.[0], `there are more than ${HOSTS_MAX} hosts`, "spread them over several files");
  if (findings.problems.length === 0) return { kind: "parsed", input };
  return { kind: "wrong", problems: findings.problems, good: isOld(first) && findings.lines.has(first[0]?.line ?? 0) ? null : withoutLines(input, findings.lines) };
}

function withoutLines(input: Connmonitor, wrong: ReadonlySet<number>): Connmonitor {
  const isGood = ({ line }: ConnmonitorHost, index: number): boolean => !wrong.has(line) && index < HOSTS_MAX;
  return input.kind === "rounds" ? { ...input, hosts: input.hosts.filter(isGood) } : { ...input, hosts: input.hosts.filter(isGood) };
}

class Findings {
  readonly problems: Problem[] = [];
  /** Lines with a mistake in them, also those that are not told any more. */
  readonly lines = new Set<number>();
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  add(word: Word | undefined, wrong: string, right: string): void {
    this.lines.add(word?.line ?? 0);
    if (this.problems.length < PROBLEMS_MAX) this.problems.push({ severity: "error", file: this.#file, line: word?.line ?? 0, column: word?.column ?? 0, wrong, right });
  }

  wrongFile(wrong: string, right: string): ParsedConnmonitor {
    this.add(undefined, wrong, right);
    return { kind: "wrong", problems: this.problems, good: null };
  }
}

const wordsOf = (text: string, line: number): readonly Word[] => [...text.matchAll(WORDS)].map((match) => ({ text: match[0], line, column: match.index + 1 }));

/** Eight integers; or so much like them that a host and its options cannot be meant. */
const isOld = (first: readonly Word[]): boolean => INTEGER.test(first[0]?.text ?? "") && !first.some(({ text }) => text.includes("="));

const FIELDS = ["DOPINGS", "DOTRACE", "DOPSCAN", "NUMPINGS", "PAYLOAD", "HOPS", "JSON", "SLEEP"] as const;

function readRounds(words: readonly Word[], findings: Findings): Rounds {
  if (words.length !== FIELDS.length) findings.add(words[0], `the first line has ${words.length} ${words.length === 1 ? "number" : "numbers"} instead of ${FIELDS.length}`, `write ${FIELDS.join(" ")}, such as: 1 1 1 10 41 40 1 500`);
  else for (const [index, word] of words.entries()) if (!INTEGER.test(word.text)) findings.add(word, `${FIELDS[index]} is \`${shown(word)}\`, which is no integer`, "write a whole number, such as 1");
  const value = (index: number): number => Number(words[index]?.text ?? 0);
  const wanted = (index: number): boolean => value(index) !== 0;
  /** What is not used may be any integer. */
  const count = (index: number, used: boolean, most: number): number => {
    const word = words[index];
    if (!used || word === undefined || words.length !== FIELDS.length || !INTEGER.test(word.text)) return 0;
    if (value(index) < 0 || value(index) > most) findings.add(word, `${FIELDS[index]} is ${shown(word)}`, `write a whole number from 0 to ${most}`);
    return value(index);
  };
  return { pings: count(3, wanted(0), MAX.pings), payload: count(4, wanted(0), MAX.payload), hops: count(5, wanted(1), MAX.hops), scan: wanted(2), json: wanted(6), sleepMs: count(7, true, MAX.ms) };
}

function readHosts(lines: readonly (readonly Word[])[], findings: Findings): readonly ConnmonitorHost[] {
  return lines.flatMap(([word, more]) => {
    if (word === undefined) return [];
    checkHost(word, findings);
    if (more !== undefined) findings.add(more, `\`${shown(more)}\` stands behind the host`, "below a first line of eight numbers a line holds a host and nothing else");
    return [{ host: word.text, line: word.line }];
  });
}

function checkHost(word: Word, findings: Findings): void {
  const { text } = word;
  if (text.includes("=")) return findings.add(word, `this line begins with \`${shown(word)}\` instead of a host`, "write the host first, then its options: example.com ping=500");
  if (text.length > HOST_MAX) return findings.add(word, `this host has ${text.length} letters`, `write a name of ${HOST_MAX} at most`);
  if (text.includes(":") ? /^[\da-f:.]+(?:%[\w.-]+)?$/i.test(text) && text.indexOf(":") !== text.lastIndexOf(":") : /^[\p{L}\p{M}\p{N}._-]+$/u.test(text)) return;
  findings.add(word, `\`${shown(word)}\` is no host`, "write a name or an address, without brackets, port or path");
}

type Options = Omit<Pace, keyof ConnmonitorHost>;
type Read = (word: Word, text: string, findings: Findings) => Partial<Options>;

const KEYS: { readonly [key: string]: Read } = {
  ping: (...given) => ({ pingMs: interval(...given) }),
  numpings: (...given) => ({ pings: count(...given, MAX.pings) }),
  payload: (...given) => ({ payload: count(...given, MAX.payload) }),
  trace: (...given) => ({ traceMs: interval(...given) }),
  hops: (...given) => ({ hops: count(...given, MAX.hops) }),
  scan: (...given) => ({ scanMs: interval(...given) }),
  json: (...given) => ({ json: flag(...given) }),
  timestamp: (...given) => ({ timestamp: flag(...given) }),
};

function readPace([first, ...words]: readonly Word[], findings: Findings): Pace {
  if (first !== undefined) checkHost(first, findings);
  const options: Options = { ...DEFAULTS };
  const seen = new Set<string>();
  for (const word of words) {
    const [, name, value] = /^([^=]*)=(.*)$/s.exec(word.text) ?? [];
    const key = name?.toLowerCase() ?? "";
    const read = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (name === undefined || value === undefined) findings.add(word, `\`${shown(word)}\` is no option`, "write NAME=VALUE without blanks in it, such as ping=500");
    else if (read === undefined) findings.add(word, `there is no option \`${cut(name)}\``, `there are ${Object.keys(KEYS).join(", ")}`);
    else if (seen.has(key)) findings.add(word, `${key} is set twice in this line`, "leave one of them out");
    else Object.assign(options, read(word, value, findings));
    seen.add(key);
  }
  return { host: first?.text ?? "", line: first?.line ?? 0, ...options };
}

function interval(word: Word, text: string, findings: Findings): number {
  const ms = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (ms >= 0 && ms <= MAX.ms) return ms;
  findings.add(word, `\`${shown(word)}\` is no time in milliseconds`, `write a number from 0 (off) to ${MAX.ms}, such as 500 or 0.5`);
  return 0;
}

function count(word: Word, text: string, findings: Findings, most: number): number {
  const value = INTEGER.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= most) return value;
  findings.add(word, `\`${shown(word)}\` is no count`, `write a whole number from 0 to ${most}`);
  return 0;
}

function flag(word: Word, text: string, findings: Findings): boolean {
  if (INTEGER.test(text)) return Number(text) !== 0;
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  findings.add(word, `\`${shown(word)}\` is neither true nor false`, "write 0, 1, True or False");
  return false;
}

const cut = (text: string): string => (text.length <= 40 ? text : `${text.slice(0, 39).toWellFormed()}…`);
const shown = ({ text }: Word): string => cut(text);
