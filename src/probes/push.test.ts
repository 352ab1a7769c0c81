import fc from "fast-check";
import { expect, test } from "vitest";
import { instant } from "../core/types.ts";
import type { Beat, ProbeContext } from "./probe.ts";
import { push } from "./push.ts";

const TOKEN = "0123456789abcdefghij";
const parse = (more: object): ReturnType<typeof push.options.parse> => push.options.parse({ token: TOKEN, ...more });
const at = (text: string): ReturnType<typeof instant> => instant(Date.parse(text));
const passive = push.passive ?? expect.fail("push is passive");

/** By when the next one is due after a heartbeat at `from`. */
function due(options: object, from: string, expected: string): void {
  expect(new Date(passive.nextDeadline(parse(options), at(from))).toISOString(), from).toBe(new Date(expected).toISOString());
}

const beat = (more: Partial<Beat>): Beat => ({ status: "up", message: "", latencyMs: null, ...more });

test("within a time, plus grace", () => {
  due({ within: "25h" }, "2026-11-20T02:00:00Z", "2026-11-21T03:00:00Z");
  due({ within: "25h", grace: "10m" }, "2026-11-20T02:00:00Z", "2026-11-21T03:10:00Z");
});

test("by a schedule in its zone, plus grace", () => {
  const nightly = { expected: "0 2 * * *", zone: "Europe/Berlin", grace: "30m" };
  due(nightly, "2026-11-20T01:10:00Z", "2026-11-21T01:30:00Z");
  due(nightly, "2026-11-20T00:00:00Z", "2026-11-20T01:30:00Z");
  due(nightly, "2026-07-20T12:00:00Z", "2026-07-21T00:30:00Z");
  due({ expected: "*/10 * * * *", zone: "UTC" }, "2026-11-20T02:03:00Z", "2026-11-20T02:10:00Z");
});

test("a sender whose clock is a little ahead is taken for the slot that comes", () => {
  due({ expected: "0 2 * * *", zone: "UTC" }, "2026-11-20T01:59:30Z", "2026-11-21T02:00:00Z");
  due({ expected: "0 2 * * *", zone: "UTC" }, "2026-11-20T01:58:30Z", "2026-11-20T02:00:00Z");
  due({ expected: "* * * * *", zone: "UTC" }, "2026-11-20T02:00:40Z", "2026-11-20T02:01:00Z");
});

test("the deadline always lies ahead, at least the grace", () => {
  const kinds = fc.constantFrom({ within: "1m" }, { expected: "*/5 * * * *", zone: "Europe/Berlin" }, { expected: "0 3 29 2 *", zone: "UTC" });
  fc.assert(
    fc.property(kinds, fc.integer({ min: 0, max: 4e12 }), (kind, from) => {
      expect(passive.nextDeadline(parse({ ...kind, grace: "10s" }), instant(from))).toBeGreaterThan(from + 10_000);
    }),
  );
});

test("a heartbeat is what its sender says", () => {
  const options = parse({ within: "1h" });
  expect(passive.ofBeat(options, beat({}))).toMatchObject({ verdict: "up", code: "ok", sentence: "heartbeat received", facts: {}, evidence: [] });
  expect(passive.ofBeat(options, beat({ message: "3 files\n", latencyMs: 1200 }))).toMatchObject({ verdict: "up", sentence: "3 files", facts: { duration: 1200 }, evidence: [{ label: "message", text: "3 files\n" }] });
  expect(passive.ofBeat(options, beat({ status: "down", message: "disk full" }))).toMatchObject({ verdict: "down", code: "exit", sentence: "disk full" });
  expect(passive.ofBeat(options, beat({ status: "down" }))).toMatchObject({ sentence: "the sender reports a failure" });
  expect(passive.ofBeat(options, beat({ message: "x\u001b[31m".repeat(1000) }))?.sentence).toMatch(/^(x\\x1b\[31m)+x?/);
  expect(passive.ofBeat(options, beat({ status: "start" }))).toBeNull();
  expect(passive.ofBeat(options, beat({ status: "log", message: "half" }))).toBeNull();
});

test("a missing one says since when and what was expected", () => {
  const miss = (options: object, last: string | null): unknown => passive.ofMiss(parse(options), last === null ? null : at(last), at("2026-11-21T03:10:00Z"));
  expect(miss({ within: "25h", grace: "10m" }, "2026-11-20T02:00:00Z")).toMatchObject({ verdict: "down", code: "missed", sentence: "no heartbeat for 1d 1h; expected every 1d 1h, with 10m of grace" });
  expect(miss({ within: "1h" }, null)).toMatchObject({ sentence: "no heartbeat has come yet; expected every 1h" });
  expect(miss({ expected: "0 2 * * *", zone: "UTC" }, null)).toMatchObject({ sentence: "no heartbeat has come yet; expected by `0 2 * * *`" });
});

test("options are checked while loading", () => {
  const wrong = (more: object): string => push.check?.(parse(more))?.wrong ?? "";
  expect(wrong({})).toBe("when a heartbeat is expected is not said");
  expect(wrong({ within: "1h", expected: "0 2 * * *" })).toBe("`within` and `expected` exclude each other");
  expect(wrong({ expected: "0 2 * * *" })).toBe("the time zone of `expected` is not said");
  expect(wrong({ expected: "at noon", zone: "UTC" })).not.toBe("");
  expect(wrong({ within: "1h" })).toBe("");
  expect(wrong({ within: "1h", token: "a1B2c3D4e5" })).toBe("the token is shorter than 20 characters, so it could be guessed");
  expect(wrong({ within: "1h", token: "a1B2c3D4e5", shortToken: true })).toBe("");
  // Healthchecks' PING-KEY/SLUG: the slug is no secret.
  expect(wrong({ within: "1h", token: `${TOKEN}ab/nightly-backup` })).toBe("");
  expect(wrong({ within: "1h", token: "short/nightly-backup-of-everything" })).toBe("the token is shorter than 20 characters, so it could be guessed");
  const issue = (token: string): unknown => push.options.safeParse({ within: "1h", token }).error?.issues[0]?.message;
  expect(issue("short")).toBe("the token is shorter than 20 characters, so it could be guessed");
  expect(issue("012345678")).toBe("the token is shorter than 20 characters, so it could be guessed");
  expect(issue(`${TOKEN}/`)).toBe("the token holds signs that cannot stand in an address");
  expect(issue("with/slash/0123456789abc")).toBe("the token holds signs that cannot stand in an address");
  expect(push.target(parse({ within: "25h" }))).toBe("heartbeat every 1d 1h");
});

test("asked to run it says how it works", async () => {
  expect(await push.run(parse({ within: "1h" }), {} as ProbeContext)).toMatchObject({ verdict: "unknown", code: "skipped" });
});
