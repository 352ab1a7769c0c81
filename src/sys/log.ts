import { type Level, pino } from "pino";
import type { Log } from "./ports.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogOptions {
  readonly level: LogLevel;
  /** A line for people instead of one for machines (JSON). */
  readonly terminal: boolean;
  /** Takes whole lines with their line feed. */
  readonly write: (line: string) => void;
  /** Takes secrets out of each line. */
  readonly mask: (text: string) => string;
}

/** Bounds one line, so that a field with a body in it does not drown the rest. */
const LINE_MAX = 16_384;

/** Lines to standard error: readable ones on a terminal, JSON else. */
export function realLog(options: { readonly level: LogLevel; readonly mask: (text: string) => string }): Log {
  // Whoever read the log may go: without a taker of this error every line would be one more error to log, for ever.
  if (process.stderr.listenerCount("error") === 0) process.stderr.on("error", () => undefined);
  return lineLog({ ...options, terminal: process.stderr.isTTY, write: (line) => void process.stderr.write(line) });
}

/** A log to any taker of lines. */
export function lineLog({ level, terminal, write, mask }: LogOptions): Log {
  const lines = { write: (line: string): void => write(mask(terminal ? readable(line) : line)) };
  const logger = pino({ level, base: null, messageKey: "text", timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } }, lines);
  const say = (at: Level) => (text: string, fields?: Record<string, unknown>) => logger[at](fields ?? {}, text);
  return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
}

/** `12:00:01 warn  what happened  check=shop tries=2`. */
function readable(line: string): string {
  const { level, time, text, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const more = Object.entries(fields).map(([name, value]) => ` ${name}=${typeof value === "string" && /^\S+$/.test(value) ? value : JSON.stringify(value)}`);
  const whole = `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${String(text)} ${more.join("")}`.trimEnd();
  return `${whole.length > LINE_MAX ? `${whole.slice(0, LINE_MAX)} …` : whole}\n`;
}
