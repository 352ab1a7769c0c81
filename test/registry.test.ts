import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { channels } from "../src/alert/channels/index.ts";
import { providers } from "../src/alert/providers/index.ts";
import { createRegistry } from "../src/config/registry.ts";
import { secretPaths } from "../src/config/shape.ts";
import { probes } from "../src/probes/index.ts";

test("no option of a probe or channel has the name of a common key, and no type stands twice", () => {
  const all = [...channels, ...providers];
  const { probes: byType, channels: ways } = createRegistry(probes, all);
  expect([byType.size, ways.size]).toEqual([probes.length, all.length]);
});

test("a fact that a probe leaves to the conditions is one that it says it does", () => {
  const folder = join(import.meta.dirname, "../src/probes");
  const files = globSync("*.ts", { cwd: folder }).filter((file) => !file.endsWith(".test.ts"));
  // Filled in for conditions, and judged by nothing else.
  const material = new Set(["body", "header", "body.json", "cookie", "output", "output.json", "records"]);
  const asked = (type: string): ReadonlySet<string> => new Set(files.filter((file) => file === `${type}.ts` || file.startsWith(`${type}-`)).flatMap((file) => [...readFileSync(join(folder, file), "utf8").matchAll(/wants\.has\("([\w.]+)"\)/g)].map(([, fact]) => fact ?? "")).filter((fact) => !material.has(fact)));
  const others = (type: string): readonly string[] => probes.filter((probe) => probe.type !== type && probe.type.startsWith(`${type}-`)).flatMap(({ leaves = [] }) => leaves);
  for (const { type, leaves = [], facts } of probes) {
    expect([type, new Set([...leaves, ...others(type)])]).toEqual([type, asked(type)]);
    expect([type, leaves.filter((fact) => !Object.hasOwn(facts, fact))]).toEqual([type, []]);
  }
  expect(probes.filter(({ leaves }) => leaves !== undefined).length).toBeGreaterThan(5);
});

test("addresses that channels post to are secrets: most services put a token into them", () => {
  for (const { type, options } of channels.filter((channel) => ["webhook", "apprise"].includes(channel.type))) expect(secretPaths(options).flat(), type).toContain(type === "webhook" ? "url" : "urls");
});
