import { describe, expect, test } from "vitest";
import { instant } from "../../core/types.ts";
import { judgeReply, retryAfterMs } from "./http-status.ts";

const NOW = instant(Date.UTC(2026, 10, 20, 3, 0, 0));

describe("the table of statuses", () => {
  const reply = (status: number, headers = {}): ReturnType<typeof judgeReply> => judgeReply({ status, reason: "", headers, body: "" }, NOW);
  const f = (statuses: readonly number[], expected: string): void => expect(statuses.filter((status) => reply(status).kind !== expected)).toEqual([]);
  test("sent", () => f([200, 201, 202, 204, 299], "sent"));
  test("try again", () => f([408, 421, 423, 425, 429, 500, 502, 503, 504, 521, 599], "retry"));
  test("refused", () => f([300, 301, 302, 307, 308, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 451], "refused"));
  test("an answer leaves no doubt", () => expect(reply(503)).toEqual({ kind: "retry", reason: "HTTP 503", doubt: false }));
  test("a redirect says where to", () => expect(reply(308, { location: "https://new/" })).toEqual({ kind: "refused", reason: "HTTP 308; redirects are not followed: set url to https://new/" }));
  test("what the receiver says is quoted, cut", () => expect(judgeReply({ status: 400, reason: "Bad Request", headers: {}, body: `no\n such ${"x".repeat(999)}` }, NOW)).toMatchObject({ reason: expect.stringMatching(/^HTTP 400 Bad Request: no such x{192}$/) }));
  test("the wait that is asked for", () => expect(reply(429, { "retry-after": "30" })).toMatchObject({ afterMs: 30_000 }));
});

describe("Retry-After", () => {
  const f = (header: string | undefined): number | undefined => retryAfterMs(header, NOW);
  test("seconds", () => expect(f(" 120 ")).toBe(120_000));
  test("a date", () => expect(f("Fri, 20 Nov 2026 03:01:00 GMT")).toBe(60_000));
  test("a date that is over", () => expect(f("Fri, 20 Nov 2026 02:00:00 GMT")).toBe(0));
  test("nonsense", () => expect(f("soon")).toBe(undefined));
  test("none", () => expect(f(undefined)).toBe(undefined));
});
