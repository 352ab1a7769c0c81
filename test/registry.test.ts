import { expect, test } from "vitest";
import { channels } from "../src/alert/channels/index.ts";
import { providers } from "../src/alert/providers/index.ts";
import { createRegistry } from "../src/config/registry.ts";
import { probes } from "../src/probes/index.ts";

test("no option of a probe or channel has the name of a common key, and no type stands twice", () => {
  const all = [...channels, ...providers];
  const { probes: byType, channels: ways } = createRegistry(probes, all);
  expect([byType.size, ways.size]).toEqual([probes.length, all.length]);
});
