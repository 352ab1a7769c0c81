import type { Batch, Belief, CheckState, OpenIncident } from "../core/state.ts";
import { type Alert, type AlertId, channelName, checkName, type Incident, type IncidentId, instant, millis, type Result, type Transition } from "../core/types.ts";
import type { MessageRow, OutboxChange } from "./store.ts";

/** Values for tests of the store: each whole, with what matters given. */

export const T0 = instant(1_760_000_000_000);
export const at = (offsetMs: number): ReturnType<typeof instant> => instant(T0 + offsetMs);

export function sampleResult(check: string, offsetMs: number, more: Partial<Result> = {}): Result {
  return {
    check: checkName(check),
    vantage: "home",
    slot: at(offsetMs),
    started: at(offsetMs + 12),
    origin: "scheduled",
    verdict: "up",
    code: "ok",
    sentence: "HTTP 200 OK",
    latencyMs: 35.125,
    phases: { resolve: 0.5, connect: 1.25, tls: 8.125, firstByte: 20.001, transfer: 5.249 },
    facts: { status: 200 },
    evidence: [],
    tries: 1,
    ...more,
  };
}

export function sampleIncident(id: string, check: string, offsetMs: number, more: Partial<Incident> = {}): Incident {
  return {
    id: id as IncidentId,
    check: checkName(check),
    kind: "down",
    firstSign: at(offsetMs - 1000),
    opened: at(offsetMs),
    closed: null,
    closedBy: null,
    code: "refused",
    sentence: "connection refused",
    acknowledged: null,
    ...more,
  };
}

export function sampleBelief(more: Partial<Belief> = {}): Belief {
  return {
    status: "up",
    since: T0,
    rule: "recovered",
    sentence: "HTTP 200 OK",
    cause: null,
    streak: null,
    passes: 0,
    incident: null,
    incidents: 0,
    wait: null,
    countFrom: instant(0),
    muting: { paused: null, silenced: null, maintenance: [] },
    outages: [],
    flapping: null,
    reprieves: 0,
    known: true,
    ...more,
  };
}

export function openIncident(incident: Incident): OpenIncident {
  return { ...incident, runs: 2, said: 1, steps: [{ key: "after 1", fired: 1, at: T0, nextAt: at(60_000) }], told: [{ channel: channelName("ops"), recipient: "a@example.com" }] };
}

export function sampleState(check: string, belief: Belief): CheckState {
  return { check: checkName(check), belief, seen: { last: null, verdictStarted: null, verdict: null, wellSince: null, unjudged: 0, expectBy: null }, wakeAt: null };
}

export function sampleTransition(check: string, offsetMs: number, more: Partial<Transition> = {}): Transition {
  return {
    check: checkName(check),
    at: at(offsetMs),
    from: "up",
    to: "down",
    reason: { rule: "threshold", sentence: "connection refused, 2 runs in a row", cause: null },
    incident: null,
    telling: "told",
    ...more,
  };
}

export function sampleAlert(id: string, check: string, offsetMs: number, more: Partial<Alert> = {}): Alert {
  return {
    id: id as AlertId,
    kind: "down",
    check: checkName(check),
    incident: null,
    channel: channelName("ops"),
    recipient: "a@example.com",
    at: at(offsetMs),
    status: "down",
    since: at(offsetMs),
    sentence: "connection refused",
    code: "refused",
    evidence: [{ label: "sent", text: "GET /" }],
    hides: [],
    outageFrom: null,
    step: 0,
    ordinal: 1,
    ...more,
  };
}

export function sampleMessage(id: string, alerts: readonly string[], offsetMs: number, more: Partial<MessageRow> = {}): MessageRow {
  return {
    id,
    channel: channelName("ops"),
    recipient: "a@example.com",
    alerts: alerts as readonly AlertId[],
    status: "waiting",
    formedAt: at(offsetMs),
    tries: 0,
    nextTryAt: at(offsetMs),
    leaseUntil: null,
    doubt: false,
    lastReason: "",
    ...more,
  };
}

export function sampleChange(more: Partial<OutboxChange>): OutboxChange {
  return { messages: [], supersede: [], withdraw: [], revive: [], alerts: [], health: [], ...more };
}

export function sampleBatch(sequence: number, more: Partial<Batch> = {}): Batch {
  return { sequence, results: [], states: [], removed: [], transitions: [], incidents: [], alerts: [], journal: [], ...more };
}

export const took = (ms: number): { readonly tookMs: ReturnType<typeof millis> } => ({ tookMs: millis(ms) });
