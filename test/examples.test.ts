import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfiguration } from "../src/app/configuration.ts";
import { formatProblem } from "../src/config/problems.ts";

const root = join(import.meta.dirname, "..");
const examples = globSync("examples/*.yaml", { cwd: root }).toSorted();
const environment = {
  SMTP_PASSWORD: "a".repeat(20),
  PAGER_URL: "https://pager.example.com/hook",
  PAGER_SECRET: "b".repeat(40),
  CHAT_URL: "https://chat.example.com/hook",
  BACKUP_TOKEN: "c".repeat(40),
  PUSH_TOKEN: "d".repeat(40),
  SHOP_PASSWORD: "f".repeat(20),
  STATUS_KEY: "e".repeat(20),
};

test("there are examples", () => expect(examples.length).toBeGreaterThan(2));

test.each(examples)("%s loads without a warning, as the program loads it", async (path) => {
  const loaded = await loadConfiguration(join(root, path), environment, null);
  expect((loaded.kind === "loaded" ? loaded.warnings : loaded.problems).map(formatProblem)).toEqual([]);
  if (loaded.kind === "loaded") expect(loaded.site.checks.length).toBeGreaterThan(5);
});
