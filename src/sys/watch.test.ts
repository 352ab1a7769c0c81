import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { realClock } from "./clock.ts";
import { FileWatch } from "./watch.ts";

let folder = "";
let watch: FileWatch;
let changes = 0;
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const changesAre = (count: number): Promise<void> => vi.waitFor(() => expect(changes).toBe(count), { timeout: 20_000 });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-watch-"));
  changes = 0;
  watch = new FileWatch(realClock(), () => void changes++);
});
afterEach(() => {
  watch.close();
  rmSync(folder, { recursive: true });
});

test("a file that was noted, and written while it was read", async () => {
  const main = file("main", "old");
  await watch.note([main]);
  file("main", "newer");
  await watch.follow([main]);
  await changesAre(1);
});

test("a file that nobody knew of, written after it was read", async () => {
  const main = file("main", "old");
  await watch.note([main]);
  const more = file("more", "read, then written");
  await watch.follow([main, more]);
  await changesAre(1);
  // What was told once is told no more.
  file("main", "newer");
  await changesAre(2);
});

test("a file that nobody knew of, older than the reading, is as it was read", async () => {
  const more = file("more", "old");
  const born = Date.now();
  await vi.waitUntil(() => Date.now() > born + 100);
  const main = file("main", "old");
  await watch.note([main]);
  await watch.follow([main, more]);
  file("main", "newer");
  await changesAre(1);
});
