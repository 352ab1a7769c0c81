import type { Clock } from "../sys/ports.ts";
import { checkName } from "../core/types.ts";
import type { Board } from "./board.ts";
import type { Handle } from "./handle.ts";
import { type CheckSummary, STATUS_MARKS } from "./types.ts";

/** Checks looked up in one go; then the event loop gets its turn. */
const SLICE = 200;
/** Scrapers that come within this time of each other get the same text, ms. */
const FRESH_MS = 1000;

export const OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type Kind = "gauge" | "counter" | "info";

/** One family of samples; OpenMetrics wants them together, so each gathers its own lines. */
class Family {
  readonly #head: { readonly open: string; readonly plain: string };
  readonly #name: string;
  /** Encoded a slice at a time: ten megabytes in one go would hold the event loop. */
  readonly #sealed: Buffer[] = [];
  #lines = "";

  constructor(kind: Kind, name: string, help: string) {
    const suffix = kind === "counter" ? "_total" : kind === "info" ? "_info" : "";
    const unit = /_(seconds|bytes)$/.exec(name)?.[1];
    this.#name = `${name}${suffix}`;
    this.#head = {
      open: `# TYPE ${name} ${kind}\n${unit === undefined ? "" : `# UNIT ${name} ${unit}\n`}# HELP ${name} ${help}\n`,
      plain: `# HELP ${this.#name} ${help}\n# TYPE ${this.#name} ${kind === "info" ? "gauge" : kind}\n`,
    };
  }

  /** `labels` as text between the braces, escaped already. */
  add(labels: string, value: number): void {
    this.#lines += labels === "" ? `${this.#name} ${number(value)}\n` : `${this.#name}{${labels}} ${number(value)}\n`;
  }

  seal(): void {
    if (this.#lines !== "") this.#sealed.push(Buffer.from(this.#lines));
    this.#lines = "";
  }

  /** Head and samples; nothing without samples. */
  pieces(open: boolean): readonly Buffer[] {
    this.seal();
    return this.#sealed.length === 0 ? [] : [Buffer.from(open ? this.#head.open : this.#head.plain), ...this.#sealed];
  }
}

const number = (value: number): string => (Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");

/** A label's value (OpenMetrics 1.0, section 3.2.1). */
export const escapeLabel = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** The figures of `/metrics`, written by hand: a registry of 100,000 labelled samples costs more than all the checks behind them. */
export class Metrics {
  readonly #handle: Handle;
  readonly #board: Board;
  readonly #clock: Clock;
  #kept: Promise<readonly Family[]> | null = null;

  constructor(handle: Handle, board: Board, clock: Clock) {
    this.#handle = handle;
    this.#board = board;
    this.#clock = clock;
  }

  /** The exposition in OpenMetrics 1.0, or in Prometheus' own text format, in pieces to be sent one after the other. */
  async pieces(open: boolean): Promise<readonly Buffer[]> {
    if (this.#kept === null) {
      this.#kept = this.#collect();
      this.#clock.timer(FRESH_MS, () => (this.#kept = null));
    }
    const families = await this.#kept;
    return [...families.flatMap((family) => family.pieces(open)), ...(open ? [Buffer.from("# EOF\n")] : [])];
  }

  async #collect(): Promise<readonly Family[]> {
    const { site, summaries } = await this.#board.states();
    const info = new Family("info", "tocsin", "The version and place of this Tocsin.");
    info.add(`version="${escapeLabel(site.version)}",vantage="${escapeLabel(site.vantage)}"`, 1);
    return [info, ...(await this.#ofChecks(summaries)), ...this.#ofTocsin(), ...this.#ofProcess()];
  }

  async #ofChecks(summaries: readonly CheckSummary[]): Promise<readonly Family[]> {
    const state = new Family("gauge", "tocsin_check_state", "1 for the state that the check is in, 0 for the others.");
    const up = new Family("gauge", "tocsin_check_up", "1 when the check is up or degraded, 0 when it is down; absent while neither is known.");
    const latency = new Family("gauge", "tocsin_check_latency_seconds", "Latency of the last run by phase; phase total is the whole run.");
    const expiry = new Family("gauge", "tocsin_check_certificate_expiry_seconds", "Time until the certificate seen last expires.");
    const lastRun = new Family("gauge", "tocsin_check_last_run_timestamp_seconds", "When the last run started.");
    const failing = new Family("gauge", "tocsin_check_failing_runs", "Consecutive failing runs.");
    const families = [state, up, latency, expiry, lastRun, failing];
    for (const [index, check] of summaries.entries()) {
      const labels = `check="${escapeLabel(check.name)}",type="${escapeLabel(check.type)}"`;
      for (const word of Object.keys(STATUS_MARKS)) state.add(`${labels},state="${word}"`, check.state === word ? 1 : 0);
      if (check.state === "up" || check.state === "degraded") up.add(labels, 1);
      if (check.state === "down") up.add(labels, 0);
      if (check.latencyMs !== null) latency.add(`${labels},phase="total"`, check.latencyMs / 1000);
      const phases = this.#handle.detail(checkName(check.name))?.last?.phases ?? {};
      for (const [phase, ms] of Object.entries(phases)) if (phase !== "total") latency.add(`${labels},phase="${escapeLabel(phase)}"`, ms / 1000);
      if (check.certificateDays !== null) expiry.add(labels, check.certificateDays * 86_400);
      if (check.lastRunAt !== null) lastRun.add(labels, check.lastRunAt / 1000);
      failing.add(labels, check.failing);
      if (index % SLICE !== SLICE - 1) continue;
      for (const family of families) family.seal();
      await this.#turn();
    }
    return families;
  }

  #ofTocsin(): readonly Family[] {
    const figures = this.#handle.figures();
    const one = (kind: Kind, name: string, help: string, value: number): Family => {
      const family = new Family(kind, name, help);
      family.add("", value);
      return family;
    };
    const quantiles = (name: string, help: string, ms: { readonly p50: number; readonly p99: number; readonly max: number }): Family => {
      const family = new Family("gauge", name, help);
      for (const [quantile, value] of [["0.5", ms.p50], ["0.99", ms.p99], ["1", ms.max]] as const) family.add(`quantile="${quantile}"`, value / 1000);
      return family;
    };
    return [
      one("counter", "tocsin_runs_started", "Runs of checks started.", figures.runsStarted),
      one("counter", "tocsin_runs_skipped", "Runs that were due and did not happen.", figures.runsSkipped),
      one("gauge", "tocsin_runs_running", "Runs under way.", figures.runsRunning),
      one("counter", "tocsin_results_dropped", "Plain results dropped because the store did not keep up.", figures.resultsDropped),
      one("counter", "tocsin_commits", "Commits to the store.", figures.commits),
      one("counter", "tocsin_commit_failures", "Commits that failed and were tried again.", figures.commitFailures),
      one("gauge", "tocsin_batches_waiting", "Batches that wait for the store.", figures.batchesWaiting),
      one("gauge", "tocsin_alerts_waiting", "Alerts that wait to be sent.", figures.alertsWaiting),
      one("counter", "tocsin_messages_sent", "Messages sent.", figures.messagesSent),
      one("counter", "tocsin_messages_failed", "Messages given up.", figures.messagesFailed),
      quantiles("tocsin_start_delay_seconds", "How late runs start.", figures.startDelayMs),
      quantiles("tocsin_loop_delay_seconds", "How late the event loop turns.", figures.loopDelayMs),
    ];
  }

  #ofProcess(): readonly Family[] {
    const { user, system } = process.cpuUsage();
    const memory = process.memoryUsage();
    const cpu = new Family("counter", "process_cpu_seconds", "Processor time, user and system.");
    cpu.add("", (user + system) / 1e6);
    const resident = new Family("gauge", "process_resident_memory_bytes", "Resident memory.");
    resident.add("", memory.rss);
    const heap = new Family("gauge", "nodejs_heap_size_used_bytes", "Heap in use.");
    heap.add("", memory.heapUsed);
    const started = new Family("gauge", "process_start_time_seconds", "When it was started.");
    started.add("", this.#handle.startedAt / 1000);
    return [cpu, resident, heap, started];
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.timer(0, resolve);
    });
  }
}
