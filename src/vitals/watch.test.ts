import { describe, expect, test } from "vitest";
import { LifeClock, VirtualTime } from "../../test/sim/clock.ts";
import type { PingAnswer, TraceAnswer } from "../sys/ports.ts";
import { realRandom } from "../sys/random.ts";
import type { Screen } from "../sys/screen.ts";
import { type WatchOptions, watch } from "./watch.ts";

process.env["TZ"] = "UTC";
const T0 = Date.UTC(2018, 0, 1, 12);
/** So long each answer takes. */
const TAKES_MS = 30;

/** A terminal of which only the lines are kept that were drawn last. */
class Paper implements Screen {
  columns = 80;
  rows = 24;
  lines: string[] = [];
  writes = 0;
  closed = 0;
  suspended = 0;
  press: (keys: string) => void = () => undefined;
  change: () => void = () => undefined;

  write(text: string): void {
    this.writes++;
    const shown = text.replaceAll("\u001b", "^");
    if (shown.includes("^[2J")) this.lines = [];
    for (const [, row, line] of shown.matchAll(/\^\[(\d+);1H\^\[K([^]*?)\^\[0m/g)) this.lines[Number(row) - 1] = line ?? "";
    const [, end] = /\^\[(\d+);1H\^\[J/.exec(shown) ?? [];
    if (end !== undefined) this.lines.length = Number(end) - 1;
  }
  onKeys(take: (keys: string) => void): void {
    this.press = take;
  }
  onChange(take: () => void): void {
    this.change = take;
  }
  suspend(): void {
    this.suspended++;
  }
  close(): void {
    this.closed++;
  }
}

class Stage {
  readonly time = new VirtualTime(T0);
  readonly clock = new LifeClock(this.time);
  readonly paper: Paper | null;
  readonly stop = new AbortController();
  readonly done: Promise<void>;
  pings = 0;
  traces: number[] = [];
  printed = "";
  #passed = 0;

  constructor(hosts: readonly string[], options: Partial<WatchOptions> = {}, terminal = true) {
    this.paper = terminal ? new Paper() : null;
    const later = <Answer>(answer: Answer): Promise<Answer> => new Promise((resolve) => this.clock.timer(TAKES_MS, () => resolve(answer)));
    const pinger = {
      ping: (): Promise<PingAnswer> => later({ kind: "pinged", echoes: [{ rttMs: ++this.pings, ttl: 64 }], late: 0, duplicates: 0, reports: [], by: "test" }),
      trace: ({ hops }: { readonly hops: number }): Promise<TraceAnswer> => {
        this.traces.push(hops);
        return later({ kind: "traced", hops: [{ ttl: 1, answers: [{ ip: "10.0.0.1", rttMs: 1, report: null }] }, { ttl: 2, answers: [{ ip: "10.0.0.2", rttMs: 2, report: null }] }], reached: true, mtu: null });
      },
    };
    const network = {
      resolve: async (host: string) => (host === "nowhere" ? { kind: "failed" as const, failure: { code: "unresolvable" as const, sentence: "there is no such name" } } : { kind: "resolved" as const, addresses: [{ ip: "10.0.0.2", family: 4 as const }] }),
      connect: async () => ({ kind: "failed" as const, failure: { code: "refused" as const, sentence: "refused" } }),
      datagram: async () => ({ kind: "failed" as const, failure: { code: "refused" as const, sentence: "refused" } }),
    };
    const world = { clock: this.clock, network, pinger, random: realRandom(), signal: new AbortController().signal };
    this.done = watch(hosts, { payload: 41, hops: 30, scan: false, rounds: null, ...options }, { world, screen: this.paper, print: (text) => void (this.printed += text), look: { colours: false, unicode: true }, stop: this.stop.signal });
  }

  /** Virtual time passes. */
  async pass(ms: number): Promise<void> {
    this.time.at(this.#passed, () => undefined);
    await this.time.runUntil(this.#passed);
    this.#passed += ms;
    await this.time.runUntil(this.#passed);
  }

  get page(): readonly string[] {
    return (this.paper?.lines ?? []).map((line) => line.trimEnd());
  }
}

describe("on a terminal", () => {
  test("measures every second and draws what changed", async () => {
    const stage = new Stage(["a"]);
    await stage.pass(500);
    expect(stage.page).toEqual([
      "tocsin vitals                                           Mon Jan  1 12:00:00 2018",
      "q quit  p pause  r reset  d display  n names  s ports  ↑↓ scroll",
      "",
      "a (10.0.0.2)",
      "  ping  1.00 ms  loss 0.0%  avg 1.00  best 1.00  wrst 1.00  stdev 0.00",
      "    Hop                       Loss%   Snt    Last     Avg    Best    Wrst  StDev",
      "   1. 10.0.0.1                 0.0%     1    1.00    1.00    1.00    1.00   0.00",
      "   2. 10.0.0.2                 0.0%     1    2.00    2.00    2.00    2.00   0.00",
      "",
    ]);
    await stage.pass(2000);
    expect(stage.page[4]).toBe("  ping  3.00 ms  loss 0.0%  avg 2.00  best 1.00  wrst 3.00  stdev 1.00");
    // Behind the target nothing is looked for any more.
    expect(stage.traces).toEqual([30, 2, 2]);
    const { writes } = stage.paper ?? { writes: 0 };
    expect(writes).toBeLessThan(12);
    stage.paper?.press("q");
    await stage.done;
    expect(stage.paper?.closed).toBe(1);
    expect(stage.printed).toMatch(/^Mon Jan {2}1 12:00:02 2018\na \(10\.0\.0\.2\)\n {2}ping {2}3\.00 ms [^]* {3}2\. 10\.0\.0\.2 .*\n\n$/);
  });

  test("keys", async () => {
    const stage = new Stage(["a"]);
    await stage.pass(1500);
    const press = async (keys: string) => {
      stage.paper?.press(keys);
      await stage.pass(100);
    };
    await press("p");
    const { pings } = stage;
    await stage.pass(5000);
    expect(stage.pings).toBe(pings);
    expect(stage.page[0]).toContain("paused");
    await press("d");
    expect(stage.page.some((line) => line.includes("? lost"))).toBe(true);
    await press("d");
    expect(stage.page[3]).toMatch(/^Host /);
    await press("dr");
    expect(stage.page[4]).toBe("  ping  no answer yet");
    await press("s");
    expect(stage.page).toContain("  ports  http -  https -  mysql -");
    await press(" ");
    await stage.pass(2000);
    expect(stage.pings).toBeGreaterThan(pings);
    expect(stage.page[0]).not.toContain("paused");
    await press("\u001a");
    expect(stage.paper?.suspended).toBe(1);
    await press("\u0003");
    await stage.done;
  });

  test("a smaller screen is scrolled, and drawn anew", async () => {
    const stage = new Stage(["a"]);
    await stage.pass(500);
    Object.assign(stage.paper ?? {}, { columns: 30, rows: 5 });
    stage.paper?.change();
    expect(stage.page).toEqual(["tocsin vitals         12:00:00", "q quit  p pause  r reset  d d…", "", "a (10.0.0.2)", "  ping  1.00 ms  loss 0.0%"]);
    stage.paper?.press("\u001b[B\u001b[Bj");
    expect(stage.page.slice(3)).toEqual(["   1. 10.0.0.1    0.0%    1.00", "   2. 10.0.0.2    0.0%    2.00"]);
    stage.paper?.press("\u001b[6~\u001b[6~\u001b[6~");
    expect(stage.page[4]).toBe("");
    stage.paper?.press("\u001b[H");
    expect(stage.page[3]).toBe("a (10.0.0.2)");
    stage.paper?.press("end");
    await stage.done;
  });

  test("a host without an address is told of", async () => {
    const stage = new Stage(["nowhere", "a"]);
    await stage.pass(500);
    expect(stage.page.slice(3)).toEqual(["Host                          Loss%   Snt    Last     Avg    Best    Wrst  StDev", "nowhere                                 0", "  there is no such name", "a (10.0.0.2)                   0.0%     1    1.00    1.00    1.00    1.00   0.00", "  2 hops"]);
    stage.stop.abort();
    await stage.done;
    expect(stage.paper?.closed).toBe(1);
  });
});

describe("without a terminal", () => {
  test("so many rounds, then the page", async () => {
    const stage = new Stage(["a"], { rounds: 3, scan: true }, false);
    await stage.pass(2900);
    expect(stage.printed).toBe("");
    await stage.pass(1000);
    await stage.done;
    expect(stage.pings).toBe(3);
    expect(stage.printed.split("\n").slice(1, 4)).toEqual(["a (10.0.0.2)", "  ping  3.00 ms  loss 0.0%  avg 2.00  best 1.00  wrst 3.00  stdev 1.00", "  ports  http -  https -  mysql -"]);
  });
  test("the page every ten seconds, and at the end", async () => {
    const stage = new Stage(["a"], {}, false);
    await stage.pass(20_500);
    expect(stage.printed.match(/^a \(/gm)).toHaveLength(2);
    stage.stop.abort();
    await stage.done;
    expect(stage.printed.match(/^a \(/gm)).toHaveLength(3);
  });
});
