import { expect, test } from "vitest";
import { instant } from "../core/types.ts";
import { readWhen } from "./when.ts";

const now = instant(Date.parse("2026-11-20T12:00:00Z"));

test("so long ago, or a date with or without time", () => {
  const f = (text: string, at: string) => expect(readWhen(text, now)).toEqual({ kind: "when", at: Date.parse(at) });
  f("2h", "2026-11-20T10:00:00Z");
  f("1d 12h", "2026-11-19T00:00:00Z");
  f("2026-11-20T02:00:00Z", "2026-11-20T02:00:00Z");
  f("2026-11-20 02:00+01:00", "2026-11-20T01:00:00Z");
  f("2026-11-19", new Date(2026, 10, 19).toISOString());
  f("1890-01-01", "1970-01-01T00:00:00Z");
});

test("a number alone, what lies ahead, and what is no time", () => {
  const f = (text: string, wrong: string) => expect(readWhen(text, now)).toEqual({ kind: "wrong", wrong: expect.stringContaining(wrong) });
  f("5", "`5` what? Write 5m, 5h or 5d");
  f(" 1.5 ", "Write 1.5m");
  f("2030-01-01", "`2030-01-01` lies ahead; write a time that is past");
  f("2026-11-20T12:00:01Z", "lies ahead");
  f("soon", "`soon` is no time; write a duration such as 2h or 7d, or a time such as 2026-11-20T02:00:00Z");
  f("May 5", "is no time");
  f("2026-13-01", "is no time");
  f("99y", "is no time");
  f("", "is no time");
});
