import type { CheckSummary, StatusWord } from "../../../src/api/types.ts";

/** A check as the API tells it, for tests. */
export function summary(name: string, state: StatusWord, more: Partial<CheckSummary> = {}): CheckSummary {
  return {
    name,
    type: "http",
    target: `https://${name}.example.com/`,
    description: "",
    tags: [],
    state,
    since: 0,
    summary: "",
    latencyMs: null,
    lastRunAt: null,
    nextRunAt: null,
    recent: "",
    failing: 0,
    incident: null,
    incidentKind: null,
    acknowledged: null,
    silenced: false,
    silencedUntil: null,
    maintenance: [],
    flapping: false,
    cause: null,
    hides: [],
    groups: [],
    certificateDays: null,
    running: false,
    ...more,
  };
}
