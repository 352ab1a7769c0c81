import { z } from "zod";
import { nextSlot, parseSchedule, scheduleGapMs } from "../core/schedule.ts";
import { formatDuration } from "../core/time.ts";
import { type Instant, between, instant, plus } from "../core/types.ts";
import { duration, secret } from "../dial/options.ts";
import { printable } from "../dial/outcome.ts";
import type { Beat, Outcome, Probe } from "./probe.ts";

/** 20 signs of base64 are 120 bits: nobody finds that by trying. */
const TOKEN_MIN = 20;
/** Uptime Kuma's were 10 letters and digits, 59 bits: not to be found over a network either. */
const SHORT_TOKEN_MIN = 10;
const NEW_TOKEN = "make one with: openssl rand -hex 20";
const MESSAGE_MAX = 300;
/** A clock that is a little ahead sends a heartbeat just before its slot. */
const EARLY_MS = 60_000;
/** After the last slot of a schedule that ends nothing is expected any more. */
const NEVER_MS = 100 * 365.25 * 86_400_000;

const options = z.strictObject({
  within: duration().nullable().default(null).describe("Longest time between two heartbeats"),
  expected: z.string().min(1).nullable().default(null).describe("Instead of `within`: the schedule by which heartbeats are sent, as a cron line or in the text form: `0 2 * * *`"),
  zone: z.string().min(1).nullable().default(null).describe("Time zone that `expected` is meant in: Europe/Berlin"),
  grace: duration().prefault("0s").describe("How much later a heartbeat may come"),
  token: secret()
    .refine((text) => text.length >= SHORT_TOKEN_MIN, { error: `the token is shorter than ${TOKEN_MIN} characters, so it could be guessed`, params: { right: NEW_TOKEN } })
    .refine((text) => /^[\w.~-]+(\/[\w.~-]+)?$/.test(text), { error: "the token holds signs that cannot stand in an address", params: { right: "use letters, digits, - and _: openssl rand -hex 20" } })
    .describe("Secret last part of the address that heartbeats are sent to: /push/TOKEN; make one with `openssl rand -hex 20`; of Healthchecks a check's UUID, or PING-KEY/SLUG")
    .meta({ secret: true }),
  shortToken: z.boolean().default(false).describe("Takes a token of 10 to 19 characters, as Uptime Kuma made them"),
});
type Options = z.output<typeof options>;

const outcome = (verdict: Outcome["verdict"], code: Outcome["code"], sentence: string, more: Partial<Outcome> = {}): Outcome => ({ verdict, code, sentence, phases: {}, facts: {}, evidence: [], ...more });

/** By when the next heartbeat must have come, grace included, when the last one (or the watch for one) was at `from`. */
function nextDeadline({ within, expected, zone, grace }: Options, from: Instant): Instant {
  if (within !== null) return plus(from, within + grace);
  const parsed = parseSchedule(expected ?? "", zone ?? "UTC");
  if (parsed.kind === "wrong") throw new Error(`a push check was loaded without a valid schedule: ${parsed.wrong}`);
  const early = Math.min(EARLY_MS, scheduleGapMs(parsed.schedule, from) / 4);
  const slot = nextSlot(parsed.schedule, plus(from, early), "");
  return slot === null ? instant(from + NEVER_MS) : plus(slot, grace);
}

function ofBeat(_: Options, beat: Beat): Outcome | null {
  if (beat.status === "start" || beat.status === "log") return null;
  const message = printable(beat.message).trim().slice(0, MESSAGE_MAX);
  const facts = beat.latencyMs === null ? {} : { duration: beat.latencyMs };
  const evidence = beat.message === "" ? [] : [{ label: "message", text: printable(beat.message) }];
  if (beat.status === "up") return outcome("up", "ok", message === "" ? "heartbeat received" : message, { facts, evidence });
  return outcome("down", "exit", message === "" ? "the sender reports a failure" : message, { facts, evidence });
}

function ofMiss({ within, expected, grace }: Options, lastBeatAt: Instant | null, now: Instant): Outcome {
  const late = grace > 0 ? `, with ${formatDuration(grace)} of grace` : "";
  const wanted = within === null ? `expected by \`${expected}\`${late}` : `expected every ${formatDuration(within)}${late}`;
  const since = lastBeatAt === null ? "no heartbeat has come yet" : `no heartbeat for ${formatDuration(between(lastBeatAt, now))}`;
  return outcome("down", "missed", `${since}; ${wanted}`);
}

/** Waits to be told: a job, a device or another monitor sends a heartbeat to an address that cannot be guessed. */
export const push: Probe<Options> = {
  type: "push",
  about: "Waits for heartbeats that a job, a device or another monitor sends over HTTP to an unguessable address, and fails when one is missing or reports a failure",
  source: "Tocsin's own",
  options,
  facts: { duration: { unit: "ms", about: "How long the sender says that its work took" } },
  reaches: "outside",
  target: ({ within, expected }) => (within === null ? `heartbeat by ${expected}` : `heartbeat every ${formatDuration(within)}`),
  check({ within, expected, zone, token, shortToken }) {
    // The secret part of PING-KEY/SLUG is the key.
    if ((token.split("/")[0] ?? "").length < (shortToken ? SHORT_TOKEN_MIN : TOKEN_MIN)) return { path: ["token"], wrong: `the token is shorter than ${TOKEN_MIN} characters, so it could be guessed`, right: NEW_TOKEN };
    if ((within === null) === (expected === null)) return { path: [within === null ? "within" : "expected"], wrong: within === null ? "when a heartbeat is expected is not said" : "`within` and `expected` exclude each other", right: "write within: 25h, or expected: with a schedule" };
    if (expected === null) return null;
    if (zone === null) return { path: ["expected"], wrong: "the time zone of `expected` is not said", right: "add zone: Europe/Berlin, or zone: UTC" };
    const parsed = parseSchedule(expected, zone);
    return parsed.kind === "wrong" ? { path: ["expected"], wrong: parsed.wrong, right: parsed.right } : null;
  },
  run: async () => outcome("unknown", "skipped", "a push check waits for heartbeats and cannot be run; send one to its address"),
  passive: { token: ({ token }) => token, nextDeadline, ofBeat, ofMiss },
};
