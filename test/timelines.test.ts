import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Monitor } from "../src/app/monitor.ts";
import { loadSite } from "../src/config/load.ts";
import { formatProblem } from "../src/config/problems.ts";
import { folder } from "../src/config/testdata/folder.ts";
import { type Action } from "../src/core/state.ts";
import { checkName, instant } from "../src/core/types.ts";
import { group } from "../src/probes/group.ts";
import { openMemoryStore } from "../src/store/memory.ts";
import { LifeClock, VirtualTime } from "./sim/clock.ts";
import { collecting, scripted, startMonitor } from "./sim/scripted.ts";

/** One table of docs/judging.md with the settings above it. */
interface Timeline {
  readonly title: string;
  readonly settings: string;
  readonly minutes: number;
  readonly rows: ReadonlyMap<string, readonly string[]>;
}

const MINUTE_MS = 60_000;
const START = Date.parse("2026-01-01T00:00:00Z");

function readTimelines(text: string): readonly Timeline[] {
  return text.split(/^## /m).flatMap((section) => {
    const title = section.split("\n", 1)[0] ?? "";
    const pieces = [...section.matchAll(/(?:```yaml\n([\s\S]*?)```\n\n)?((?:^\| minute \|.*\n)(?:^\|.*\n)+)/gm)];
    return pieces.map(([, settings = "", table = ""]) => {
      const lines = table.trim().split("\n").filter((line) => !line.startsWith("|---"));
      const cells = lines.map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()));
      return { title, settings, minutes: (cells[0]?.length ?? 1) - 1, rows: new Map(cells.map(([name = "", ...rest]) => [name, rest])) };
    });
  });
}

function configuration({ settings, rows }: Timeline): string {
  const open = [...(rows.get("window") ?? []).entries()].filter(([, word]) => word === "open").map(([minute]) => minute);
  const at = (minute: number): string => new Date(START + minute * MINUTE_MS).toISOString();
  const witnesses = [...rows.keys()].filter((row) => row.startsWith("witness")).map((row) => row.replaceAll(" ", "-"));
  return [
    "timezone: UTC",
    ...(witnesses.length === 0 ? [] : [`connectivity: {witnesses: [${witnesses.join(", ")}]}`]),
    'defaults: {schedule: "* * * * *", timeout: 10s, failAfter: 2, notify: [ops]}',
    "channels: {ops: {type: people, name: ops}, boss: {type: people, name: boss}}",
    "checks:",
    "  gateway: {type: scripted, row: gateway}",
    ...witnesses.map((name) => `  ${name}: {type: scripted, row: "${name.replaceAll("-", " ")}"}`),
    "  shop:",
    "    type: scripted",
    "    row: run",
    ...settings.split("\n").map((line) => `    ${line}`),
    ...(open.length === 0 ? [] : ["maintenance:", `  - {name: works, checks: [shop], from: "${at(open[0] ?? 0)}", to: "${at((open.at(-1) ?? 0) + 1)}"}`]),
  ].join("\n");
}

/** What somebody does, by its word: `acknowledge`, `silence`, `silence 4m`. */
function actionOf(words: string, now: number): Action | null {
  const [word, minutes] = words.split(/[ m]/);
  if (word === "acknowledge") return { kind: "acknowledge", by: "admin", note: "" };
  if (word !== "silence") return null;
  return { kind: "silence", by: "admin", until: minutes === undefined ? null : instant(now + Number(minutes) * MINUTE_MS) };
}

/** Runs the table through the whole monitor on a virtual clock; what came of it minute by minute. */
async function play(timeline: Timeline): Promise<{ readonly states: readonly string[]; readonly told: readonly string[] }> {
  const time = new VirtualTime(START);
  const minute = (): number => Math.floor(time.monotonic / MINUTE_MS);
  const told: string[][] = Array.from({ length: timeline.minutes }, () => []);
  const probes = [scripted((row) => timeline.rows.get(row)?.[minute()] ?? "up"), group];
  const channels = [collecting((line) => told[minute()]?.push(line))];
  const loaded = await loadSite({ path: "/t/tocsin.yaml", files: folder({ "/t/tocsin.yaml": configuration(timeline) }), environment: {}, probes, channels });
  if (loaded.kind === "broken") throw new Error(loaded.problems.map(formatProblem).join("\n"));
  const store = await openMemoryStore();
  let clock = new LifeClock(time);
  let monitor: Monitor | null = null;
  const states: string[] = [];
  for (let at = 0; at < timeline.minutes; at += 1) {
    const off = timeline.rows.get("Tocsin")?.[at] === "off";
    if (off) {
      clock.kill();
      monitor = null;
    } else if (monitor === null) {
      clock = new LifeClock(time);
      monitor = await startMonitor(loaded.site, { clock, store, probes, channelOf: (type) => channels.find((channel) => channel.type === type) });
    }
    await time.runUntil(at * MINUTE_MS + 30_000);
    states.push(monitor?.beliefs.state(checkName("shop"))?.belief.status ?? "");
    const action = actionOf(timeline.rows.get("done")?.[at] ?? "", time.now);
    if (action !== null) monitor?.act(checkName("shop"), action);
    await time.runUntil((at + 1) * MINUTE_MS - 1);
    // It comes back at the minute, not just before it.
    if (off) await time.runUntil((at + 1) * MINUTE_MS);
  }
  return { states, told: told.map((lines) => lines.toSorted().join(", ")) };
}

describe("docs/judging.md", () => {
  const timelines = readTimelines(readFileSync(new URL("../docs/judging.md", import.meta.url), "utf8"));
  test("has its timelines", () => expect(timelines.length).toBeGreaterThan(8));
  test.each(timelines.map((timeline) => [timeline.title, timeline] as const))("%s", async (_, timeline) => {
    const { states, told } = await play(timeline);
    if (timeline.rows.has("state")) expect(states).toEqual(timeline.rows.get("state"));
    expect(told).toEqual(timeline.rows.get("told"));
  });
});
