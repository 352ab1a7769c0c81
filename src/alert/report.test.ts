import { expect, test } from "vitest";
import { checkName, type Incident, type IncidentId, instant } from "../core/types.ts";
import { type ReportInput, type Reported, reportOf } from "./report.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FROM = instant(Date.UTC(2026, 10, 19, 7));
const TO = instant(FROM + 24 * HOUR);

/** From and to in minutes after the beginning; null: not over. */
function was(check: string, from: number, to: number | null, more: Partial<Reported> & { readonly kind?: Incident["kind"] } = {}): Reported {
  const { kind = "down", group = null, told = true } = more;
  const firstSign = instant(FROM + from * MINUTE);
  const incident: Incident = { id: `${check} ${from}` as IncidentId, check: checkName(check), kind, firstSign, opened: firstSign, closed: to === null ? null : instant(FROM + to * MINUTE), closedBy: null, code: "refused", sentence: "", acknowledged: null };
  return { incident, group, told };
}

const f = (incidents: readonly Reported[], more: Partial<ReportInput> = {}): readonly string[] => {
  const { sentence, evidence } = reportOf({ from: FROM, to: TO, incidents, undelivered: 0, awayMs: 0, timezone: "Europe/Berlin", ...more });
  return [sentence, ...evidence.map(({ label, text }) => `${label}: ${text.replaceAll("\n", " | ")}`)];
};

test("nothing", () => {
  expect(f([])).toEqual(["nothing was wrong in 24 h"]);
  expect(f([], { undelivered: 2 })).toEqual(["nothing was wrong in 24 h; 2 messages could not be delivered"]);
  expect(f([], { awayMs: 12 * HOUR + 30 * MINUTE })).toEqual(["nothing was wrong in 24 h; Tocsin did not run for 12 h 30 min of that time"]);
});

test("one, several, the longest first", () => {
  expect(f([was("shop", 0, 20)])).toEqual(["one incident of one check in 24 h, 20 min in all", "Checks: shop: down once, 20 min in all"]);
  expect(f([was("shop", 0, 20), was("mail", 0, 60), was("shop", 100, 110)])).toEqual(["3 incidents of 2 checks in 24 h, 1 h 30 min in all", "Checks: mail: down once, 1 h in all | shop: down 2 times, 30 min in all"]);
});

test("only what lies within the time counts, and what is not over says since when", () => {
  expect(f([was("shop", -120, 30)])[0]).toBe("one incident of one check in 24 h, 30 min in all");
  expect(f([was("shop", 23 * 60, null)])).toEqual(["one incident of one check in 24 h, 1 h in all, 1 not over", "Checks: shop: down once, 1 h in all, not over, since 07:00"]);
  expect(f([was("shop", 23 * 60, 25 * 60)])[0]).toMatch(/, 1 h in all, 1 not over$/);
});

test("by group, by kind, and what nobody was told of", () => {
  expect(f([was("shop", 0, 20, { group: "sales" }), was("imap", 0, 60, { group: "mail", told: false }), was("smtp", 0, 10, { group: "mail", kind: "degraded" })])).toEqual([
    "3 incidents of 3 checks in 24 h, 1 h 30 min in all",
    "mail: imap: down once, 1 h in all; nobody was told of it | smtp: degraded once, 10 min in all",
    "sales: shop: down once, 20 min in all",
  ]);
  expect(f([was("shop", 0, 20), was("shop", 30, 40, { told: false })])[1]).toBe("Checks: shop: down 2 times, 30 min in all; nobody was told of 1");
});

test("as many groups and lines as a message shows, and how many more there are", () => {
  const many = Array.from({ length: 8 }, (_, group) => Array.from({ length: 20 }, (__, at) => was(`check-${group}-${at}`, 0, 100 - group, { group: `group-${group}` }))).flat();
  const [, ...parts] = f(many);
  expect(parts.map((part) => part.split(": ")[0])).toEqual([...[0, 1, 2, 3, 4].map((group) => `group-${group}`), "3 other groups"]);
  expect(parts.map((part) => part.split(" | ").length)).toEqual(Array.from({ length: 6 }, () => 15));
  expect(parts[0]).toMatch(/ \| and 6 more checks$/);
  expect(parts[5]).toMatch(/ \| and 46 more checks$/);
});
