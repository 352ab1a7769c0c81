import { setFlagsFromString } from "node:v8";
import { Script, createContext } from "node:vm";
import type { Pattern, Patterns } from "./ports.ts";

/** The longest text a pattern sees; the rest is not looked at. */
export const TEXT_MAX = 1_048_576;
/** What one match may take: below the 100 ms of lateness at which runs no longer count, with room for the machine. */
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
      const found = tame && seen.length <= SHORT_TEXT ? expression.exec(seen) : watched(expression, seen);
      if (found === null || found === "slow") return found;
      return Array.from(found, (group: string | undefined) => group ?? "");
    },
  };
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

function watchdog(): (expression: RegExp, text: string) => RegExpExecArray | null | "slow" {
  const box: { expression: RegExp | null; text: string } = { expression: null, text: "" };
  const context = createContext(box);
  const script = new Script("expression.exec(text)");
  return (expression, text) => {
    box.expression = expression;
    box.text = text;
    try {
      return script.runInContext(context, { timeout: MATCH_MS }) as RegExpExecArray | null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return "slow";
      throw error;
    } finally {
      box.expression = null;
      box.text = "";
    }
  };
}
