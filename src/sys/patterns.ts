import { setFlagsFromString } from "node:v8";
import { Script, createContext } from "node:vm";
import type { Pattern, Patterns } from "./ports.ts";

/** The longest text a pattern sees; the rest is not looked at. */
export const TEXT_MAX = 1_048_576;
/** What one match may take, and one search through a list of texts: below the 100 ms of lateness at which runs no longer count, with room for the machine. */
const MATCH_MS = 80;
/** Up to here a pattern that V8 can run in linear time is so quick that the watchdog (0.1 ms a match) would be most of its cost. */
const SHORT_TEXT = 16_384;
const SHORT_SOURCE = 500;

interface Compiled {
  readonly expression: RegExp;
  /** Cannot take long on a short text, whatever the text. */
  readonly tame: boolean;
}

/**
 * The one place where users' patterns run. V8 backtracks at first and turns to its linear engine when that grows long; what the linear engine
 * cannot run (lookahead, back references, flags i and u) or what is long by its size runs under a watchdog that ends it.
 */
export function realPatterns(): Patterns {
  setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");
  // Permits the flag `l`, by which is asked whether the linear engine can run a pattern.
  setFlagsFromString("--enable-experimental-regexp-engine");
  const known = new WeakMap<Pattern, Compiled>();
  const watched = watchdog();
  const compiled = (pattern: Pattern): Compiled => {
    const found = known.get(pattern);
    if (found !== undefined) return found;
    const made = compile(pattern);
    known.set(pattern, made);
    return made;
  };
  return {
    match(pattern, text) {
      const { expression, tame } = compiled(pattern);
      const seen = text.length > TEXT_MAX ? text.slice(0, TEXT_MAX) : text;
      const found = tame && seen.length <= SHORT_TEXT ? expression.exec(seen) : watched.exec(expression, seen);
      if (found === null || found === "slow") return found;
      return Array.from(found, (group: string | undefined) => group ?? "");
    },
    matchesAny(pattern, texts) {
      const { expression, tame } = compiled(pattern);
      const { seen, size } = cutList(texts);
      return tame && size <= SHORT_TEXT ? seen.some((text) => expression.test(text)) : watched.some(expression, seen);
    },
  };
}

/** The first texts that together are no longer than the longest text; each counts one character more, so that empty ones end as well. */
function cutList(texts: readonly string[]): { readonly seen: readonly string[]; readonly size: number } {
  let size = 0;
  const seen: string[] = [];
  for (const text of texts) {
    const room = TEXT_MAX - size;
    if (room <= 0) break;
    seen.push(text.length > room ? text.slice(0, room) : text);
    size += text.length + 1;
  }
  return { seen, size };
}

function compile({ source, flags }: Pattern): Compiled {
  // `g` and `y` would carry a position from one match to the next.
  const stateless = flags.replaceAll(/[gy]/g, "");
  const expression = new RegExp(source, stateless);
  return { expression, tame: source.length <= SHORT_SOURCE && !source.includes("{") && runsLinear(source, stateless) };
}

function runsLinear(source: string, flags: string): boolean {
  try {
    return new RegExp(source, `${flags}l`).source !== "";
  } catch {
    return false;
  }
}

interface Watched {
  exec(expression: RegExp, text: string): RegExpExecArray | null | "slow";
  some(expression: RegExp, texts: readonly string[]): boolean | "slow";
}

function watchdog(): Watched {
  const box: { expression: RegExp | null; subject: string | readonly string[] } = { expression: null, subject: "" };
  const context = createContext(box);
  const run = (script: Script, expression: RegExp, subject: string | readonly string[]): unknown => {
    box.expression = expression;
    box.subject = subject;
    try {
      return script.runInContext(context, { timeout: MATCH_MS });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return "slow";
      throw error;
    } finally {
      box.expression = null;
      box.subject = "";
    }
  };
  const exec = new Script("expression.exec(subject)");
  // A whole list is one call: each costs the start of a thread.
  const some = new Script("{ const { expression: one, subject: all } = globalThis; all.some((text) => one.test(text)); }");
  return {
    exec: (expression, text) => run(exec, expression, text) as RegExpExecArray | null | "slow",
    some: (expression, texts) => run(some, expression, texts) as boolean | "slow",
  };
}
