type Mapping = { readonly [key: string]: unknown };

/** What takes the place of a plugin: keys of a check, and what is not quite the same. */
export interface Native {
  readonly keys: Mapping;
  readonly differs: readonly string[];
}

/** The options of a plugin's command line. */
export class PluginOptions {
  readonly #values = new Map<string, string[]>();
  /** Words that are no options. */
  readonly rest: string[] = [];

  constructor(values: ReadonlyMap<string, string[]>, rest: readonly string[]) {
    for (const [key, list] of values) this.#values.set(key, list);
    this.rest.push(...rest);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  all(key: string): readonly string[] {
    return this.#values.get(key) ?? [];
  }

  /** The last one counts. */
  text(key: string): string | undefined {
    return this.#values.get(key)?.at(-1);
  }
}

interface Known {
  readonly short: string;
  readonly takes: "nothing" | "value" | "perhaps";
}

/** `H:hostname w:warning 4!use-ipv4 S?ssl`: short name, whether it takes a value, long names. */
function known(spec: string): ReadonlyMap<string, Known> {
  const options = new Map<string, Known>();
  for (const word of spec.split(" ")) {
    const [, short = "", sign = "", names = ""] = /^(.)([:!?])(.*)$/.exec(word) ?? [];
    const option: Known = { short, takes: sign === ":" ? "value" : sign === "!" ? "nothing" : "perhaps" };
    for (const name of [short, ...names.split(",")]) if (name !== "") options.set(name, option);
  }
  return options;
}

/** Reads a command line as getopt_long(3) does; null when an option is not known or lacks its value. */
export function readOptions(words: readonly string[], spec: string): PluginOptions | null {
  const options = known(spec);
  const values = new Map<string, string[]>();
  const rest: string[] = [];
  const take = (short: string, value: string): void => void values.set(short, [...(values.get(short) ?? []), value]);
  const waiting = [...words];
  for (let word = waiting.shift(); word !== undefined; word = waiting.shift()) {
    if (word === "--") rest.push(...waiting.splice(0));
    else if (word.startsWith("--")) {
      const [name = "", ...parts] = word.slice(2).split("=");
      const option = name.length > 1 ? options.get(name) : undefined;
      const attached = parts.length > 0 ? parts.join("=") : undefined;
      if (option === undefined || (option.takes === "nothing" && attached !== undefined)) return null;
      const value = attached ?? (option.takes === "value" ? waiting.shift() : "");
      if (value === undefined) return null;
      take(option.short, value);
    } else if (word.startsWith("-") && word.length > 1) {
      for (let letters = word.slice(1); letters !== ""; ) {
        const option = options.get(letters[0] ?? "");
        letters = letters.slice(1);
        if (option === undefined) return null;
        if (option.takes === "nothing") take(option.short, "");
        else {
          const value = letters !== "" || option.takes === "perhaps" ? letters : waiting.shift();
          if (value === undefined) return null;
          take(option.short, value);
          letters = "";
        }
      }
    } else rest.push(word);
  }
  return new PluginOptions(values, rest);
}

/** A number as plugins take it; null for anything else. */
export const numberOf = (text: string | undefined): number | null => (text !== undefined && /^-?(\d+\.?\d*|\.\d+)$/.test(text.trim()) && text.length < 20 ? Number(text) : null);

/**
 * The condition that must hold where a threshold range of the Monitoring Plugins must not be left (Development Guidelines, section 2.5): `10`, `10:`, `~:10`, `10:20`;
 * null for one that has no such form (`@10:20`). `key` is the key of `expect` or `warn`.
 */
export function conditionOf(range: string): string | null {
  const [, from, to] = /^(?:(~|-?[\d.]*):)?(-?[\d.]*)$/.exec(range.trim()) ?? [];
  if (to === undefined) return null;
  const low = from === undefined ? 0 : from === "~" ? null : numberOf(from);
  const high = to === "" ? null : numberOf(to);
  if ((low === null && from !== "~") || (to !== "" && high === null)) return null;
  if (low === null) return high === null ? null : `<= ${high}`;
  if (high === null) return `>= ${low}`;
  return low >= 0 && high >= low ? `${low}-${high}` : null;
}

export const familyOf = (options: PluginOptions): Mapping => (options.has("4") ? { family: 4 } : options.has("6") ? { family: 6 } : {});

/** `-t`: seconds, at times with what a timeout means. */
export function timeoutOf(options: PluginOptions): Mapping | null {
  const text = options.text("t");
  if (text === undefined) return {};
  const seconds = numberOf(/^[\d.]+/.exec(text)?.[0]);
  return seconds === null || seconds <= 0 || seconds > 3600 ? null : { timeout: `${seconds}s` };
}

/** `-w` and `-c` in seconds that an answer may take. */
export function latencyOf(options: PluginOptions): { readonly expect: Mapping; readonly warn: Mapping } | null {
  const [warning, critical] = [options.text("w"), options.text("c")];
  const seconds = (text: string | undefined): Mapping | null => (text === undefined ? {} : numberOf(text) === null || Number(text) < 0 ? null : { latency: `<= ${Number(text)}s` });
  const [warn, expect] = [seconds(warning), seconds(critical)];
  return warn === null || expect === null ? null : { expect, warn };
}
