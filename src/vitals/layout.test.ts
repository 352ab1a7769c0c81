import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TraceAnswer } from "../sys/ports.ts";
import { width } from "./columns.ts";
import { type Look, layout } from "./layout.ts";
import { Scene } from "./scene.ts";

process.env["TZ"] = "UTC";
const NOW = Date.UTC(2018, 0, 1, 12, 59, 59);
const LOOK: Look = { columns: 80, rows: null, colours: false, unicode: true, now: null };

/** A route of hops: addresses (`*` for a lost packet) with their round trip. */
const traced = (reached: boolean, ...hops: readonly (readonly [string, number] | null)[]): Extract<TraceAnswer, { kind: "traced" }> => ({
  kind: "traced",
  hops: hops.map((hop, index) => ({ ttl: index + 1, answers: [hop === null ? null : { ip: hop[0], rttMs: hop[1], report: null }] })),
  reached,
  mtu: null,
});

function scene(): Scene {
  const made = new Scene(["example.com"]);
  const [host] = made.hosts;
  if (host === undefined) throw new Error("no host");
  host.address = "192.0.2.80";
  for (const rttMs of [10, 12.5, 1100]) host.takePing({ rttMs, ttl: 60 });
  host.takePing(null);
  host.takeTrace(traced(true, ["10.0.0.1", 0.5], null, ["192.0.2.80", 11]));
  host.takeTrace(traced(true, ["10.0.0.2", 0.75], null, ["192.0.2.80", 12]));
  host.ports = { http: { rttMs: 1, status: 200, server: "nginx" }, https: null, mysql: { rttMs: 1, version: "8.0.36" } };
  made.names.set("10.0.0.2", "router.example.net");
  return made;
}

const page = (made: Scene, look: Partial<Look> = {}): readonly string[] => layout(made, { ...LOOK, ...look }).lines;

describe("a route", () => {
  test("at 80 columns", () =>
    expect(page(scene(), { now: NOW })).toEqual([
      "tocsin vitals                                           Mon Jan  1 12:59:59 2018",
      "q quit  p pause  r reset  d display  n names  s ports  ↑↓ scroll",
      "",
      "example.com (192.0.2.80)",
      "  ping  1100 ms  loss 25.0%  avg 374.2  best 10.0  wrst 1100  stdev 628.6",
      "  ports  http 200 nginx  https -  mysql 8.0.36",
      "    Hop                       Loss%   Snt    Last     Avg    Best    Wrst  StDev",
      "   1. router.example.net       0.0%     2    0.75    0.63    0.50    0.75   0.18",
      "      10.0.0.1",
      "   2. ???                    100.0%     2                                       ",
      "   3. 192.0.2.80               0.0%     2    12.0    11.5    11.0    12.0   0.71",
      "",
    ]));
  test("narrower", () => {
    const hops = (columns: number) => page(scene(), { columns }).filter((line) => /Hop|1\./.test(line));
    expect(hops(70)).toEqual([
      "    Hop                    Loss%   Snt    Last     Avg    Best    Wrst",
      "   1. router.example.net    0.0%     2    0.75    0.63    0.50    0.75",
      "   3. 192.0.2.80            0.0%     2    12.0    11.5    11.0    12.0",
    ]);
    expect(hops(45)).toEqual([
      "    Hop                 Loss%    Last     Avg",
      "   1. router.example.…   0.0%    0.75    0.63",
      "   3. 192.0.2.80         0.0%    12.0    11.5",
    ]);
    expect(hops(25)).toEqual([
      "    Hop             Loss%",
      "   1. router.exam…   0.0%",
    ]);
    expect(hops(8)).toEqual([
      "    Hop ",
      "   1. r…",
    ]);
  });
  test("paused, in numbers, in colours, in rows", () => {
    const made = scene();
    made.paused = true;
    made.numeric = true;
    expect(page(made, { now: NOW, columns: 40 }).slice(0, 2)).toEqual(["tocsin vitals  paused           12:59:59", "q quit  p pause  r reset  d display  n …"]);
    expect(page(made).find((line) => line.includes("1."))).toContain("10.0.0.2");
    expect(page(made, { colours: true }).map((line) => line.replaceAll("\u001b", "^")).find((line) => line.includes("   2. "))).toMatch(/^\^\[31m {3}2\. \?\?\? .*\^\[0m$/);
    made.scrolled = 99;
    expect(layout(made, { ...LOOK, now: NOW, rows: 8 })).toMatchObject({ lines: { length: 8 }, scrolled: 4 });
    expect(layout(made, { ...LOOK, now: NOW, rows: 2 }).lines).toHaveLength(2);
  });
});

describe("other displays", () => {
  test("history", () => {
    const made = scene();
    made.display = "history";
    const host = made.hosts[0];
    for (let round = 0; round < 30; round++) host?.takeTrace(traced(true, ["10.0.0.2", round / 3], null, ["192.0.2.80", 12]));
    expect(page(made, { columns: 60 }).slice(3)).toEqual([
      "   1. router.example.net       ▁▁▁▁▂▂▂▂▃▃▃▃▃▄▄▄▄▅▅▅▅▅▆▆▆▆▇▇▇",
      "   2. ???                      ?????????????????????????????",
      "   3. 192.0.2.80               █████████████████████████████",
      "      ▁ 0 ms  █ 12.0 ms  ? lost",
      "",
    ]);
    expect(page(made, { columns: 40, unicode: false }).slice(3)).toEqual([
      "   1. router.exampl… ---====+++++****###",
      "   2. ???            ???????????????????",
      "   3. 192.0.2.80     %%%%%%%%%%%%%%%%%%%",
      "      . 0 ms  % 12.0 ms  ? lost",
      "",
    ]);
    expect(page(made, { columns: 8 }).slice(3)).toEqual([
      "… ▆▆▆▇▇▇",
      "… ??????",
      "… ██████",
      "      ▁…",
      "",
    ]);
  });
  test("hosts", () => {
    const made = new Scene(["a.example", "nowhere.example"]);
    const [first, second] = made.hosts;
    first?.takePing({ rttMs: 1.5, ttl: 64 });
    first?.takeTrace(traced(true, ["192.0.2.1", 1]));
    if (first !== undefined) first.address = "192.0.2.1";
    if (second !== undefined) second.trouble = "the name nowhere.example does not exist";
    expect(page(made)).toEqual([
      "Host                          Loss%   Snt    Last     Avg    Best    Wrst  StDev",
      "a.example (192.0.2.1)          0.0%     1    1.50    1.50    1.50    1.50   0.00",
      "  1 hop",
      "nowhere.example                         0                                       ",
      "  the name nowhere.example does not exist",
    ]);
  });
  test("turn", () => {
    const made = new Scene(["a"]);
    const seen = [made.display];
    for (let turns = 0; turns < 3; turns++) {
      made.turn();
      seen.push(made.display);
    }
    expect(seen).toEqual(["hops", "history", "hosts", "hops"]);
    expect(new Scene(["a", "b"]).display).toBe("hosts");
  });
});

describe("what is known of a host", () => {
  test("a route that grows, shrinks, falls silent", () => {
    const host = new Scene(["a"]).hosts[0];
    const hops = () => host?.hops.map(({ addresses, tally }) => `${addresses.join("|")} ${tally.sent}/${tally.received}`);
    host?.takeTrace(traced(true, ["p", 1], ["q", 1], ["t", 1]));
    host?.takeTrace(traced(false, ["p", 1]));
    expect(hops()).toEqual(["p 2/2", "q 2/1", "t 2/1"]);
    expect(host?.reachedAfter).toBeNull();
    host?.takeTrace(traced(true, ["x", 1], ["t", 1]));
    expect(hops()).toEqual(["x|p 3/3", "t|q 3/2"]);
    expect(host?.reachedAfter).toBe(2);
    host?.reset();
    expect(hops()).toEqual(["x|p 0/0", "t|q 0/0"]);
  });
  test("what a router says", () => {
    const host = new Scene(["a"]).hosts[0];
    host?.takeTrace({ ...traced(false), hops: [{ ttl: 1, answers: [{ ip: "10.0.0.1", rttMs: 1, report: "host unreachable" }] }] });
    expect(host?.report).toBe("10.0.0.1: host unreachable");
    host?.takeTrace(traced(true, ["10.0.0.1", 1]));
    expect(host?.report).toBeNull();
  });
  test("addresses at one hop are bounded", () => {
    const host = new Scene(["a"]).hosts[0];
    for (let round = 0; round < 50; round++) host?.takeTrace(traced(true, [`10.0.0.${round}`, 1]));
    expect(host?.hops[0]?.addresses).toHaveLength(8);
    expect(host?.hops[0]?.addresses[0]).toBe("10.0.0.49");
  });
});

test("no line is ever wider than the screen, nor are there more than rows", () => {
  const display = fc.constantFrom("hops" as const, "history" as const, "hosts" as const);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 130 }), fc.integer({ min: 1, max: 40 }), display, fc.boolean(), fc.nat(30), (columns, rows, kind, unicode, scrolled) => {
      const made = scene();
      Object.assign(made, { display: kind, scrolled });
      const { lines } = layout(made, { columns, rows, colours: false, unicode, now: NOW });
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns);
    }),
  );
});
