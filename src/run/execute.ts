import { matcherOf } from "../core/expect.ts";
import type { Evidence, FactValue, FailureCode, Facts, Instant, Origin, Result, Verdict } from "../core/types.ts";
import type { CheckDefinition } from "../config/site.ts";
import type { AnyProbe, Outcome, ProbeContext } from "../probes/probe.ts";
import type { Ports } from "../sys/ports.ts";
import { applyConditions, invertOutcome } from "./conditions.ts";
import { asOfNow, momentOf } from "./pulse.ts";

/** Evidence kept with a result, in all. */
const EVIDENCE_MAX = 4096;
const SENTENCE_MAX = 500;
/** What a probe may have remembered, bytes of JSON. */
const REMEMBERED_MAX = 4096;
/** This process woke so late for a deadline that the other side may have answered in time. */
const LATE_MS = 100;
/** A probe that has not ended so long after its deadline is broken. */
const OVERTIME_MS = 2000;

/** What every run of a site shares. */
export interface Bench {
  readonly ports: Ports;
  readonly vantage: string;
  readonly mask: (text: string) => string;
  /** How a channel of the site is. */
  readonly channel?: NonNullable<ProbeContext["channel"]>;
}

/** One run of one check. */
export interface Job {
  readonly definition: CheckDefinition;
  readonly probe: AnyProbe;
  readonly wants: ReadonlySet<string>;
  /** Whether the check is down so far. */
  readonly failing?: boolean;
  /** What an earlier run learnt. */
  readonly remembered?: FactValue;
  readonly slot: Instant;
  readonly origin: Origin;
  /** Aborts when Tocsin stops or the check goes. */
  readonly stop: AbortSignal;
}

/** What came of one run. */
export interface Ran {
  readonly result: Result;
  /** What the probe learnt, within bounds; undefined: nothing new. */
  readonly remember: FactValue | undefined;
}

interface Try {
  readonly outcome: Outcome;
  readonly tookMs: number;
}

const trouble = (verdict: Verdict, code: FailureCode, sentence: string): Outcome => ({ verdict, code, sentence, phases: {}, facts: {}, evidence: [] });

/** Runs a check once: each try under one deadline, failed ones repeated at once as often as configured. Null when it was stopped before it ended. */
export async function execute(bench: Bench, job: Job): Promise<Ran | null> {
  const { clock } = bench.ports;
  const begun = momentOf(clock);
  let tries = 0;
  let last: Try;
  do {
    tries += 1;
    last = await tryOnce(bench, job);
    if (job.stop.aborted) return null;
  } while (tries <= job.definition.retries && mayRetry(last.outcome));
  const result = toResult(bench, job.definition, { slot: job.slot, origin: job.origin, started: asOfNow(clock, begun) }, last, tries);
  return { result, remember: memorable(bench, job, last.outcome.remember) };
}

/** What is remembered is written with the check's state and read at every start: it must be small. */
function memorable(bench: Bench, { definition, probe }: Job, learnt: FactValue | undefined): FactValue | undefined {
  if (learnt === undefined || new TextEncoder().encode(JSON.stringify(learnt)).length <= REMEMBERED_MAX) return learnt;
  bench.ports.log.error("a probe wants too much remembered; this is a bug in Tocsin", { check: definition.name, type: probe.type });
  return undefined;
}

/** What a certificate says does not change within the same second. */
const mayRetry = (outcome: Outcome): boolean => outcome.verdict === "down" && outcome.final !== true && !outcome.code.startsWith("tls-");

async function tryOnce(bench: Bench, job: Job): Promise<Try> {
  const { clock, log } = bench.ports;
  const { timeoutMs, name } = job.definition;
  const controller = new AbortController();
  const begin = clock.monotonic();
  let late = false;
  const abort = (): void => controller.abort();
  let overtime: (() => void) | null = null;
  let timer = clock.timer(timeoutMs, () => {
    late = clock.monotonic() - begin - timeoutMs > LATE_MS;
    abort();
    timer = clock.timer(OVERTIME_MS, () => overtime?.());
  });
  job.stop.addEventListener("abort", abort, { once: true });
  try {
    const ended = new Promise<Outcome>((resolve) => {
      overtime = () => resolve(trouble("unknown", "bug", `the ${job.probe.type} probe did not end at its deadline`));
    });
    const outcome = await Promise.race([job.probe.run(job.definition.options, contextOf(bench, job, controller.signal)), ended]);
    const tookMs = clock.monotonic() - begin;
    if (late && outcome.code === "timeout") return { outcome: trouble("unknown", "late", "this host was too busy to judge the deadline"), tookMs };
    return judged(bench, job, { outcome, tookMs: outcome.latencyMs ?? tookMs });
  } catch (error) {
    log.error("a run failed by itself; this is a bug in Tocsin", { check: name, type: job.probe.type, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    return { outcome: trouble("unknown", "bug", `a run of ${job.probe.type} failed by itself; this is a bug in Tocsin`), tookMs: clock.monotonic() - begin };
  } finally {
    timer.cancel();
    job.stop.removeEventListener("abort", abort);
  }
}

/** What was seen, as the check's own conditions judge it. */
function judged({ ports }: Bench, { definition, stop }: Job, { outcome, tookMs }: Try): Try {
  if (stop.aborted) return { outcome, tookMs };
  return { outcome: invertOutcome(definition, applyConditions(definition, outcome, tookMs, matcherOf(ports.patterns))), tookMs };
}

function contextOf(bench: Bench, job: Job, signal: AbortSignal): ProbeContext {
  const { clock, random, network, pinger, processes, patterns, host, log } = bench.ports;
  return { signal, clock, random, network, pinger, processes, patterns, host, log, wants: job.wants, failing: job.failing ?? false, remembered: job.remembered ?? null, ...(bench.channel === undefined ? {} : { channel: bench.channel }) };
}

/** A result from what one try saw: masked, then cut. */
export function toResult(bench: Bench, definition: CheckDefinition, frame: { readonly slot: Instant; readonly origin: Origin; readonly started: Instant }, last: Try, tries: number): Result {
  const { outcome, tookMs } = last;
  const { verdict, code, phases, facts } = outcome;
  return {
    check: definition.name,
    vantage: bench.vantage,
    ...frame,
    verdict,
    code,
    sentence: cut(bench.mask(outcome.sentence), SENTENCE_MAX),
    latencyMs: tookMs,
    phases,
    facts: maskedFacts(bench.mask, facts),
    evidence: kept(bench, outcome.evidence),
    tries,
  };
}

/** A value with every text in it masked. */
export function maskedValue(mask: Bench["mask"], value: FactValue): FactValue {
  if (typeof value === "string") return mask(value);
  if (typeof value !== "object" || value === null) return value;
  return isList(value) ? value.map((part) => maskedValue(mask, part)) : maskedFacts(mask, value);
}

const isList = (value: FactValue): value is readonly FactValue[] => Array.isArray(value);

function maskedFacts(mask: Bench["mask"], facts: Facts): Facts {
  const clean: Record<string, FactValue> = {};
  for (const name in facts) clean[name] = maskedValue(mask, facts[name] ?? null);
  return clean;
}

const cut = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);

/** Masked first and cut then, so that no half of a secret is left at the edge. */
function kept(bench: Bench, evidence: Evidence): Evidence {
  if (evidence.length === 0) return evidence;
  let room = EVIDENCE_MAX;
  const parts: { label: string; text: string }[] = [];
  for (const { label, text } of evidence) {
    if (room <= 0) break;
    const part = cut(bench.mask(text), room);
    room -= part.length;
    parts.push({ label, text: part });
  }
  return parts;
}
