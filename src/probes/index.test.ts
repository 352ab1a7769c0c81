import { expect, test } from "vitest";
import { parseCondition } from "../core/expect.ts";
import { probes } from "./index.ts";

test("every type stands in the list once", () => {
  const types = probes.map(({ type }) => type);
  expect(types).toEqual([...new Set(types)]);
  expect(types).toEqual(expect.arrayContaining(["http", "tcp", "icmp", "dns", "script", "push", "group"]));
});

test("every probe says what it does, after which document, and what its facts mean", () => {
  for (const { type, about, source, facts } of probes) {
    expect(about, type).toMatch(/^[A-Z].{20,}[^.]$/);
    expect(source, type).not.toBe("");
    for (const [fact, info] of Object.entries(facts)) expect(info.about, `${type} ${fact}`).not.toBe("");
  }
});

test("conditions that hold by themselves can be parsed", () => {
  for (const { type, expect: conditions } of probes) for (const written of Object.values(conditions ?? {})) expect(parseCondition(written).kind, `${type} ${written}`).toBe("parsed");
});
