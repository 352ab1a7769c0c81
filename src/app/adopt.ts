import { hostname } from "node:os";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readIfThere, writePrivate } from "../api/private-file.ts";
import type { Carried } from "../core/carried.ts";
import { incidentId } from "../core/ids.ts";
import { checkName, type CheckName, type Incident, instant, type Result, type Transition } from "../core/types.ts";
import type { CarriedPast, Imported } from "../import/importer.ts";
import { openAdoption, type Past } from "../store/sqlite/adopt.ts";

/** What was taken over, in all checks; `left`: those that begin in the state that they were left in. */
export interface TakenOver {
  readonly checks: number;
  readonly results: number;
  readonly outages: number;
  readonly left: number;
}

const FILE = "carried.json";
const MOST_STATES = 200_000;
/** Where the checks ran. */
const VANTAGE = "here";
/** No history is older, and none is of tomorrow. */
const OLDEST_MS = 10 * 366 * 86_400_000;

type Run = Extract<CarriedPast, { kind: "run" }>;
type Average = Extract<CarriedPast, { kind: "average" }>;

/** Takes another system's history into a data folder, and notes for the first start in which state it left each check. Throws `StoreError`; what the history throws is thrown on. */
export async function takeOver({ history, state }: Imported, folder: string, now: number): Promise<TakenOver> {
  const adoption = openAdoption(folder, { pid: process.pid, host: hostname(), since: new Date(now).toISOString() });
  const sum = { checks: 0, results: 0, outages: 0 };
  try {
    for (const [check, past] of byCheck(history)) {
      const { results, outages } = adoption.adopt(checkName(check), pastOf(checkName(check), past, now));
      sum.checks += results > 0 ? 1 : 0;
      sum.results += results;
      sum.outages += outages;
    }
    const left = state.filter(({ check }) => !adoption.isJudged(checkName(check)));
    if (left.length > 0) await writePrivate(join(folder, FILE), `${JSON.stringify(left)}\n`);
    return { ...sum, left: left.length };
  } finally {
    adoption.close();
  }
}

/** The states that checks were left in by another system, noted by `takeOver`. */
export async function readLeft(folder: string): Promise<readonly Carried[]> {
  const text = await readIfThere(join(folder, FILE)).catch(() => null);
  if (text === null) return [];
  try {
    const read: unknown = JSON.parse(text);
    return Array.isArray(read) ? read.slice(0, MOST_STATES).filter(isCarried) : [];
  } catch {
    return [];
  }
}

/** They are part of what is believed by now. */
export const forgetLeft = (folder: string): Promise<void> => rm(join(folder, FILE), { force: true });

function isCarried(value: unknown): value is Carried {
  const { check, status, fails, since, lastRun, sentence } = (value ?? {}) as { readonly [key in keyof Carried]?: unknown };
  const isTime = (time: unknown): boolean => time === null || Number.isFinite(time);
  return typeof check === "string" && (status === "up" || status === "down") && Number.isInteger(fails) && isTime(since) && isTime(lastRun) && typeof sentence === "string";
}

/** The history in pieces of one check each; each piece is read before the next one. */
function* byCheck(history: Iterable<CarriedPast>): Generator<readonly [string, Iterable<CarriedPast>]> {
  const all = history[Symbol.iterator]();
  let next = all.next();
  while (next.done !== true) {
    const { check } = next.value;
    const one = function* (): Generator<CarriedPast> {
      while (next.done !== true && next.value.check === check) {
        yield next.value;
        next = all.next();
      }
    };
    yield [check, one()];
  }
}

/** A check's past as results, and the outages that are over. */
function* pastOf(check: CheckName, past: Iterable<CarriedPast>, now: number): Generator<Past> {
  let failing: Run | null = null;
  let outage: Run | null = null;
  for (const one of past) {
    if (one.at < now - OLDEST_MS || one.at > now) continue;
    if (one.kind === "average") {
      for (const result of spread(check, one)) yield { kind: "result", result };
      continue;
    }
    if (!one.counted) yield { kind: "result", result: resultOf(check, one.at, one) };
    if (one.verdict === "up") {
      if (outage !== null) yield outageOf(check, failing ?? outage, outage, one);
      [failing, outage] = [null, null];
      continue;
    }
    failing ??= one;
    if (one.outage) outage ??= one;
  }
}

function resultOf(check: CheckName, at: number, { verdict, latencyMs, code, sentence }: Pick<Run, "verdict" | "latencyMs" | "code" | "sentence">): Result {
  const slot = instant(Math.round(at));
  return { check, vantage: VANTAGE, slot, started: slot, origin: "scheduled", verdict, code, sentence: sentence === "" ? verdict : sentence, latencyMs: latencyMs ?? 0, phases: {}, facts: {}, evidence: [], tries: 1 };
}

/** As many runs as were counted, spread evenly, with the least, the mean and the greatest latency. */
function* spread(check: CheckName, { at, forMs, up, down, latencyMs, sentence }: Average): Generator<Result> {
  const count = up + down;
  const { mean, min, max } = latencyMs;
  const rest = up > 2 ? Math.min(max, Math.max(min, (mean * up - min - max) / (up - 2))) : mean;
  let well = 0;
  for (let index = 0; index < count; index += 1) {
    const isDown = Math.floor(((index + 1) * down) / count) > Math.floor((index * down) / count);
    well += isDown ? 0 : 1;
    const latency = up > 2 && well === 1 ? min : up > 2 && well === 2 ? max : rest;
    yield resultOf(check, at + Math.floor((index * forMs) / count), { verdict: isDown ? "down" : "up", latencyMs: isDown ? null : latency, code: isDown ? "exit" : "ok", sentence });
  }
}

function outageOf(check: CheckName, first: Run, opened: Run, closed: Run): Past {
  const [firstSign, openedAt, closedAt] = [first.at, opened.at, closed.at].map((at) => instant(Math.round(at))) as [Incident["opened"], Incident["opened"], Incident["opened"]];
  const id = incidentId({ check, kind: "down", firstSign, before: 0 });
  const change = (at: Incident["opened"], from: Transition["from"], to: Transition["to"], sentence: string): Transition => ({ check, at, from, to, reason: { rule: "imported", sentence: sentence === "" ? to : sentence, cause: null }, incident: id, telling: "none" });
  const incident: Incident = { id, check, kind: "down", firstSign, opened: openedAt, closed: closedAt, closedBy: "recovered", code: opened.code, sentence: opened.sentence === "" ? "down" : opened.sentence, acknowledged: null };
  return { kind: "outage", incident, transitions: [change(openedAt, "up", "down", opened.sentence), change(closedAt, "down", "up", closed.sentence)] };
}
