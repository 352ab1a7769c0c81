import type { ProcessEnd } from "../../sys/ports.ts";
import type { Sending } from "./channel.ts";

/** BSD's sysexits.h: this message, and not this moment, is at fault (usage, data, no user, no host, no permission). */
const PERMANENT_EXITS: ReadonlySet<number> = new Set([64, 65, 67, 68, 77]);
/** `sh` and `env`: the program could not be run, or was not found (POSIX, Shell Command Language, 2.8.2). */
const NOT_RUN: { readonly [exit: number]: string } = { 126: "could not be executed", 127: "was not found, or a program that it needs" };
const SAID_MAX = 300;

const firstLine = (text: string): string => (text.trim().split("\n", 1)[0] ?? "").trim().slice(0, SAID_MAX);

/**
 * What the end of a program means for the message that it was given: 0 sent, a few codes of sysexits.h refused, all others may pass, 75
 * (EX_TEMPFAIL) among them: most programs end with 1 whatever went wrong, and somebody must be told. Killed: it may have sent it.
 */
export function judgeEnd(program: string, end: ProcessEnd): Sending {
  if (end.kind === "failed") return { kind: "retry", reason: end.failure.sentence, doubt: false };
  if (end.exit === null) return { kind: "retry", reason: end.killed ? `${program} did not end before the deadline and was killed` : `${program} died of ${end.signal}`, doubt: true };
  const said = firstLine(end.exit === 0 ? end.stdout : end.stderr) || firstLine(end.exit === 0 ? end.stderr : end.stdout);
  if (end.exit === 0) return { kind: "sent", detail: said === "" ? `${program} ended with 0` : said };
  const notRun = NOT_RUN[end.exit];
  const how = notRun === undefined ? `ended with exit code ${end.exit}` : `${notRun} (exit code ${end.exit})`;
  const reason = `${program} ${how}${said === "" ? "" : `: ${said}`}`;
  return PERMANENT_EXITS.has(end.exit) ? { kind: "refused", reason } : { kind: "retry", reason, doubt: false };
}
