import fc from "fast-check";
import { expect, test } from "vitest";
import type { CheckSummary } from "../../../src/api/types.ts";
import { arrange, EVERYTHING, type Filter, isWrong, readFilter, SORTS, STATES, tagsOf, writeFilter } from "./order.ts";
import { summary } from "./sample.ts";

const checks: readonly CheckSummary[] = [
  summary("web10", "up", { tags: ["public"], latencyMs: 30 }),
  summary("web2", "up", { latencyMs: 40 }),
  summary("old", "down", { since: 100, incident: "a", incidentKind: "down" }),
  summary("new", "down", { since: 200, incident: "b", incidentKind: "down", summary: "HTTP 503 Service Unavailable" }),
  summary("seen", "down", { since: 300, incident: "c", incidentKind: "down", acknowledged: { at: 310, by: "admin", note: "" } }),
  summary("slow", "degraded", { since: 50, tags: ["public", "customer"] }),
  summary("silent", "up", { incident: "d", incidentKind: "unchecked" }),
  summary("behind", "blocked", { cause: "old", incident: "e", incidentKind: "down" }),
  summary("off", "paused"),
];

test("trouble first, the newest and unseen before the rest, the well by name", () => {
  expect(arrange(checks, EVERYTHING)).toEqual(["new", "old", "seen", "silent", "slow", "behind", "off", "web2", "web10"]);
});

test("what is wrong now", () => {
  expect(checks.filter(isWrong).map((check) => check.name)).toEqual(["old", "new", "seen", "silent"]);
});

test("filters", () => {
  const f = (filter: Partial<Filter>, names: string): void => expect(arrange(checks, { ...EVERYTHING, ...filter }).join(" ")).toBe(names);
  f({ text: "web" }, "web2 web10");
  f({ text: "503 UNAVAILABLE" }, "new");
  f({ text: "503 web" }, "");
  f({ states: ["degraded", "paused"] }, "slow off");
  f({ tag: "public" }, "slow web10");
  f({ tag: "public", states: ["up"] }, "web10");
  f({ text: "web", sort: "latency" }, "web2 web10");
  f({ states: ["down"], sort: "name" }, "new old seen");
  f({ states: ["down"], sort: "since" }, "seen new old");
});

test("tags in use", () => expect(tagsOf(checks)).toEqual(["customer", "public"]));

test("a filter survives its address", () => {
  const filters = fc.record({ text: fc.string(), states: fc.uniqueArray(fc.constantFrom(...STATES)), tag: fc.string(), sort: fc.constantFrom(...SORTS) });
  fc.assert(fc.property(filters, (filter) => {
      expect(readFilter(new URLSearchParams(writeFilter(filter)))).toEqual(filter);
    }));
  expect(writeFilter(EVERYTHING)).toBe("");
  expect(readFilter(new URLSearchParams("?state=down,nonsense&sort=sideways"))).toEqual({ ...EVERYTHING, states: ["down"] });
});

test("the order is the same wherever the checks began", () => {
  const all = fc.shuffledSubarray([...checks], { minLength: checks.length });
  fc.assert(fc.property(all, fc.constantFrom(...SORTS), (mixed, sort) => {
      expect(arrange(mixed, { ...EVERYTHING, sort })).toEqual(arrange(checks, { ...EVERYTHING, sort }));
    }));
});
