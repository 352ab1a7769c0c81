import { templateProblem, type Variables } from "./liquid.ts";

/** What a template of a message may say of one alert. Times are texts in the site's zone, `iso` ones in ISO 8601. */
export interface AlertVariables {
  /** `down`, `degraded`, `reminder`, `recovered`, ... */
  readonly kind: string;
  /** `DOWN`, `STILL DOWN`, `RECOVERED`, ... */
  readonly word: string;
  readonly mark: string;
  readonly check: string;
  readonly type: string;
  readonly target: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** The state: `down`, `up`, ... */
  readonly status: string;
  readonly since: string;
  readonly sinceIso: string;
  readonly at: string;
  readonly atIso: string;
  /** How long it has lasted, or lasted: `4 min`. */
  readonly duration: string;
  /** Of a reminder, where nothing was seen for long: since when; else empty. */
  readonly unseenSince: string;
  readonly sentence: string;
  readonly code: string;
  readonly hides: readonly string[];
  /** What else depends on it. */
  readonly dependents: readonly string[];
  readonly evidence: readonly { readonly label: string; readonly text: string }[];
  /** Address of the check on the page; empty without `url`. */
  readonly link: string;
  /** Addresses by which the reader acknowledges or silences; empty for a recovery, and without `url`. */
  readonly acknowledgeLink: string;
  readonly silenceLink: string;
}

/** What a template of a message may say: the default texts, the worst alert's values by themselves, and all alerts. */
export interface MessageVariables extends AlertVariables {
  readonly subject: string;
  readonly text: string;
  readonly recipient: string;
  readonly site: { readonly name: string; readonly vantage: string; readonly url: string };
  readonly alerts: readonly AlertVariables[];
}

const ALERT: AlertVariables = {
  kind: "down", word: "DOWN", mark: "▲", check: "shop", type: "http", target: "shop.example.com:443", description: "", tags: ["public"], status: "down", since: "03:12", sinceIso: "2026-11-20T02:12:41.000Z",
  at: "03:16", atIso: "2026-11-20T02:16:41.000Z", duration: "4 min", unseenSince: "", sentence: "HTTP 503", code: "status", hides: ["cart"], dependents: ["wiki"], evidence: [{ label: "received", text: "" }], link: "", acknowledgeLink: "", silenceLink: "",
};
/** One of each kind that a template is likely to tell apart. */
const SAMPLES: readonly MessageVariables[] = [
  ALERT,
  { ...ALERT, kind: "reminder", word: "STILL DOWN" },
  { ...ALERT, kind: "degraded", word: "DEGRADED", mark: "◐", status: "degraded" },
  { ...ALERT, kind: "recovered", word: "RECOVERED", mark: "●", status: "up" },
].map((alert) => ({ ...alert, subject: "", text: "", recipient: "ops@example.com", site: { name: "Example", vantage: "home", url: "" }, alerts: [alert] }));

/** The variables as the engine takes them. */
export const asVariables = (variables: MessageVariables): Variables => ({ ...variables });

/** What is wrong with a template of a message, filled in for an outage, a reminder, a degradation and a recovery; null when nothing is. */
export function messageTemplateProblem(template: string): string | null {
  for (const sample of SAMPLES) {
    const problem = templateProblem(template, asVariables(sample));
    if (problem !== null) return problem;
  }
  return null;
}
