import fc from "fast-check";
import { expect, test } from "vitest";
import { HandClock, SmallHandle, summaryOf } from "../../test/api/world.ts";
import { openMemoryStore } from "../store/memory.ts";
import { T0 } from "../store/samples.ts";
import { Board } from "./board.ts";
import { Metrics, escapeLabel } from "./metrics.ts";
import type { CheckSummary } from "./types.ts";

async function metricsOf(checks: readonly CheckSummary[]) {
  const handle = new SmallHandle(await openMemoryStore(), checks);
  const clock = new HandClock();
  const metrics = new Metrics(handle, new Board(handle, clock), clock);
  return { handle, clock, text: async (open: boolean) => Buffer.concat(await metrics.pieces(open)).toString() };
}

const LINE = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?[\d.e+-]+|NaN|[+-]Inf)$/;

/** Families in order with their samples; throws where a line is none or a family comes twice. */
function parse(text: string): Map<string, string[]> {
  const families = new Map<string, string[]>();
  let samples: string[] = [];
  for (const line of text.split("\n")) {
    const type = /^# TYPE (\S+) (gauge|counter|info)$/.exec(line);
    if (type !== null) {
      if (families.has(type[1] ?? "")) throw new Error(`${type[1]} comes twice`);
      families.set(type[1] ?? "", (samples = []));
    } else if (line !== "" && !line.startsWith("# ")) {
      const name = LINE.exec(line)?.[1];
      const family = [...families.keys()].at(-1) ?? "";
      if (name === undefined || ![family, `${family}_total`, `${family}_info`].includes(name)) throw new Error(`not a sample of ${family}: ${line}`);
      samples.push(line);
    }
  }
  return families;
}

test("a check's figures", async () => {
  const { handle, text } = await metricsOf([summaryOf("shop", { type: "http", state: "degraded", latencyMs: 12.5, certificateDays: 30, failing: 2 }), summaryOf("new", { state: "pending", latencyMs: null, lastRunAt: null })]);
  handle.details.set("shop", { last: { slot: T0, startedAt: T0, origin: "scheduled", vantage: "home", verdict: "up", code: "ok", sentence: "", latencyMs: 12.5, phases: { resolve: 1, connect: 2.5 }, facts: {}, evidence: [], tries: 1 } });
  const families = parse(await text(true));
  const f = (family: string, samples: readonly string[]) => expect(families.get(family)).toEqual(samples);
  const shop = 'check="shop",type="http"';
  const fresh = 'check="new",type="tcp"';
  f("tocsin_check_up", [`tocsin_check_up{${shop}} 1`]);
  f("tocsin_check_latency_seconds", [`tocsin_check_latency_seconds{${shop},phase="total"} 0.0125`, `tocsin_check_latency_seconds{${shop},phase="resolve"} 0.001`, `tocsin_check_latency_seconds{${shop},phase="connect"} 0.0025`]);
  f("tocsin_check_certificate_expiry_seconds", [`tocsin_check_certificate_expiry_seconds{${shop}} 2592000`]);
  f("tocsin_check_last_run_timestamp_seconds", [`tocsin_check_last_run_timestamp_seconds{${shop}} ${T0 / 1000}`]);
  f("tocsin_check_failing_runs", [`tocsin_check_failing_runs{${shop}} 2`, `tocsin_check_failing_runs{${fresh}} 0`]);
  expect(families.get("tocsin_check_state")?.filter((line) => line.endsWith(" 1"))).toEqual([`tocsin_check_state{${shop},state="degraded"} 1`, `tocsin_check_state{${fresh},state="pending"} 1`]);
  expect(families.get("tocsin_check_state")).toHaveLength(14);
  f("tocsin_messages_sent", ["tocsin_messages_sent_total 3"]);
  f("tocsin_loop_delay_seconds", ['tocsin_loop_delay_seconds{quantile="0.5"} 0.001', 'tocsin_loop_delay_seconds{quantile="0.99"} 0.002', 'tocsin_loop_delay_seconds{quantile="1"} 0.003']);
  f("tocsin", ['tocsin_info{version="0.1.0",vantage="home"} 1']);
});

test("both forms", async () => {
  const { text } = await metricsOf([summaryOf("shop")]);
  const [open, plain] = [await text(true), await text(false)];
  expect(open).toMatch(/\n# EOF\n$/);
  expect(open).toContain("# TYPE tocsin_commits counter\n");
  expect(open).toContain("# UNIT tocsin_check_latency_seconds seconds\n");
  expect(plain).not.toMatch(/# (EOF|UNIT)/);
  expect(plain).toContain("# TYPE tocsin_commits_total counter\n");
  expect(plain).toContain("# TYPE tocsin_info gauge\n");
});

test("scrapers that come together share one text, later ones get a new one", async () => {
  const { handle, clock, text } = await metricsOf([summaryOf("shop")]);
  const before = await text(true);
  handle.change("shop", { state: "down" });
  expect(await text(true)).toBe(before);
  clock.advance(1000);
  expect(await text(true)).toContain('tocsin_check_up{check="shop",type="tcp"} 0');
});

test("whatever a check is called, the lines stay lines", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 5 }), async (names) => {
      const { text } = await metricsOf(names.map((name) => summaryOf(name)));
      expect(parse(await text(true)).get("tocsin_check_failing_runs") ?? []).toHaveLength(names.length);
    }),
    { numRuns: 50 },
  );
});

test("labels", () => {
  const f = (text: string, escaped: string) => expect(escapeLabel(text)).toBe(escaped);
  f('a"b', 'a\\"b');
  f("a\\b", "a\\\\b");
  f("a\nb", "a\\nb");
});
