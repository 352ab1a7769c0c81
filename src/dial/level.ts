import { z } from "zod";
import type { FailureCode, Verdict } from "../core/types.ts";

/** A bound with hysteresis: a value that wavers around it does not ring again and again. */
export interface Level {
  /** The highest value that is well. */
  readonly level: number;
  /** Once the check is down, the value must fall below `level` less this. */
  readonly hysteresis: number;
}

export interface LevelRequest extends Level {
  readonly value: number;
  /** The check is down so far. */
  readonly failing: boolean;
  /** What the value is, for sentences: `memory in use`. */
  readonly what: string;
  readonly unit: "%" | "°C";
}

const percent = () => z.union([z.number(), z.string().regex(/^\d+(\.\d+)?\s*%$/, "write a share in percent: 5%").transform((text) => Number.parseFloat(text))]).pipe(z.number().min(0).max(100)).meta({ unit: "%" });

/** The options of a share in percent, as a number or with its sign: `level: 90%`. */
export const percentLevel = (level: number, hysteresis: number, what: string) => ({
  level: percent().default(level).describe(`The highest share of ${what} in use that is well`),
  hysteresis: percent().default(hysteresis).describe("Once the check is down, the share must be more than this below `level` to be well again"),
});

/** A hysteresis that leaves nothing below it could never be recovered from. */
export const levelProblem = ({ level, hysteresis }: Level): { readonly path: readonly string[]; readonly wrong: string; readonly right: string } | null =>
  hysteresis < level || (level === 0 && hysteresis === 0) ? null : { path: ["hysteresis"], wrong: `a hysteresis of ${hysteresis} leaves nothing below the level of ${level} to recover to`, right: "write a hysteresis smaller than the level" };

/** Well up to the level; once the check is down, well again only below the level less the hysteresis. */
export function judgeLevel({ value, level, hysteresis, failing, what, unit }: LevelRequest): { readonly verdict: Verdict; readonly code: FailureCode; readonly sentence: string } {
  const shown = `${what} is ${tenths(value)} ${unit}`;
  // `50 °C, more than 50 °C` would not be believed
  if (value > level) return { verdict: "down", code: "mismatch", sentence: `${tenths(value) > level ? shown : `${what} is ${value} ${unit}`}, more than ${level} ${unit}` };
  const low = level - hysteresis;
  if (failing && value >= low && hysteresis > 0) return { verdict: "down", code: "mismatch", sentence: `${shown}, not yet below ${tenths(low)} ${unit} again` };
  return { verdict: "up", code: "ok", sentence: shown };
}

/** One decimal. */
export const tenths = (value: number): number => Math.round(value * 10) / 10;
