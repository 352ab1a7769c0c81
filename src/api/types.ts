/** What the page, the command line and others see. The only file of `src` that `web/` may import: types, and the words and marks of states and flags. */

export type StatusWord = "pending" | "up" | "degraded" | "down" | "blocked" | "disputed" | "paused";

/** Never colour alone: each state's mark and word, in the order of trouble. */
export const STATUS_MARKS: { readonly [status in StatusWord]: { readonly mark: string; readonly word: string; readonly trouble: number } } = {
  down: { mark: "▲", word: "down", trouble: 6 },
  disputed: { mark: "◇", word: "disputed", trouble: 5 },
  degraded: { mark: "◐", word: "degraded", trouble: 4 },
  blocked: { mark: "◌", word: "blocked", trouble: 3 },
  pending: { mark: "·", word: "pending", trouble: 2 },
  paused: { mark: "‖", word: "paused", trouble: 1 },
  up: { mark: "●", word: "up", trouble: 0 },
};

/** Instants are milliseconds since the epoch; durations end in `Ms`. */
export interface CheckSummary {
  readonly name: string;
  readonly type: string;
  readonly target: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly state: StatusWord;
  readonly since: number;
  /** One sentence: the last result's, or why it is blocked or paused. */
  readonly summary: string;
  readonly latencyMs: number | null;
  readonly lastRunAt: number | null;
  readonly nextRunAt: number | null;
  /** Verdicts of the last runs, oldest first, at most 30: `u` up, `g` degraded, `d` down, `?` unknown. */
  readonly recent: string;
  readonly failing: number;
  readonly incident: string | null;
  /** `unchecked`: no verdict for too long. */
  readonly incidentKind: "down" | "degraded" | "unchecked" | null;
  readonly acknowledged: { readonly at: number; readonly by: string; readonly note: string } | null;
  readonly silenced: boolean;
  /** When the silence ends by itself; null: at recovery, or not silenced. */
  readonly silencedUntil: number | null;
  readonly maintenance: readonly string[];
  /** It went down often of late: told as down only when it stays so. */
  readonly flapping: boolean;
  /** The check that blocks this one. */
  readonly cause: string | null;
  /** The checks that are blocked by this one. */
  readonly hides: readonly string[];
  /** Groups this check is a member of. */
  readonly groups: readonly string[];
  readonly certificateDays: number | null;
  readonly running: boolean;
}

type Flagged = Pick<CheckSummary, "acknowledged" | "silenced" | "silencedUntil" | "maintenance" | "flapping">;

/** What else must be known of a check at a glance, in words. `until` says when a silence ends: `until 14:05`, `for 2h`. */
export function flagsOf({ acknowledged, silenced, silencedUntil, maintenance, flapping }: Flagged, until: (at: number) => string): readonly string[] {
  const silence = silencedUntil === null ? "silenced" : `silenced ${until(silencedUntil)}`;
  return [...(acknowledged === null ? [] : ["acknowledged"]), ...(silenced ? [silence] : []), ...maintenance.map((name) => `maintenance: ${name}`), ...(flapping ? ["flapping"] : [])];
}

/** Something about Tocsin itself that somebody must know; shown as a bar. */
export interface Banner {
  readonly kind: "configuration" | "store" | "channel" | "clock" | "engine";
  readonly since: number;
  readonly text: string;
  /** What to do. */
  readonly advice: string;
  readonly details: readonly string[];
}

export interface Overview {
  readonly site: { readonly name: string; readonly vantage: string; readonly version: string; readonly startedAt: number; readonly timezone: string };
  readonly now: number;
  readonly counts: { readonly [status in StatusWord]: number };
  readonly banners: readonly Banner[];
  readonly checks: readonly CheckSummary[];
  readonly channels: readonly ChannelSummary[];
}

export interface ChannelSummary {
  readonly name: string;
  readonly type: string;
  readonly recipients: readonly string[];
  readonly brokenSince: number | null;
  readonly reason: string;
  /** Recipients that it does not reach though it reaches others. */
  readonly unreachable: readonly { readonly recipient: string; readonly since: number; readonly reason: string }[];
  readonly waiting: number;
}

/** Who is on call, by `GET /api/v1/rotations`. */
export interface RotationView {
  readonly name: string;
  readonly timezone: string;
  /** Channels that are told now. */
  readonly now: readonly string[];
  /** The next changes, at most ten. */
  readonly next: readonly { readonly at: number; readonly to: readonly string[] }[];
}

export interface EvidencePart {
  readonly label: string;
  readonly text: string;
}

export interface ResultView {
  readonly slot: number;
  readonly startedAt: number;
  readonly origin: string;
  readonly vantage: string;
  readonly verdict: "up" | "degraded" | "down" | "unknown";
  readonly code: string;
  readonly sentence: string;
  readonly latencyMs: number;
  readonly phases: { readonly [phase: string]: number };
  readonly facts: { readonly [name: string]: unknown };
  readonly evidence: readonly EvidencePart[];
  readonly tries: number;
}

export interface IncidentView {
  readonly id: string;
  readonly check: string;
  readonly kind: "down" | "degraded" | "unchecked";
  readonly firstSign: number;
  readonly opened: number;
  readonly closed: number | null;
  readonly closedBy: string | null;
  readonly code: string;
  readonly sentence: string;
  readonly acknowledged: { readonly at: number; readonly by: string; readonly note: string } | null;
}

/** One line of an incident's story, oldest first. */
export interface StoryLine {
  readonly at: number;
  readonly kind: "first-sign" | "transition" | "told" | "not-told" | "acknowledged" | "closed";
  readonly text: string;
  /** Of `told`: whom, how, and whether it arrived. */
  readonly delivery: { readonly channel: string; readonly recipient: string; readonly status: "waiting" | "sending" | "sent" | "failed" | "withdrawn"; readonly tries: number; readonly reason: string } | null;
}

export interface IncidentStory extends IncidentView {
  readonly evidence: readonly EvidencePart[];
  readonly story: readonly StoryLine[];
}

/** One line of the story of a check's state, oldest first; `next` lies ahead. */
export interface WhyLine {
  readonly at: number;
  /** Of runs told in one line, and of what is left out: the start of the last one. */
  readonly until: number | null;
  readonly kind: "runs" | "left-out" | "asked" | "input" | "transition" | "not-told" | "told" | "try" | "closed" | "now" | "next";
  /** Of `runs`: what they saw. */
  readonly verdict: "up" | "degraded" | "down" | "unknown" | null;
  readonly text: string;
}

/** `GET /api/v1/checks/:name/why?since=`. */
export interface WhyView {
  readonly check: string;
  readonly state: StatusWord;
  readonly since: number;
  readonly summary: string;
  readonly now: number;
  readonly timezone: string;
  /** From when the story is told. */
  readonly from: number;
  /** The incident that it is told of: the newest one, or with `since` the newest one then. */
  readonly incident: IncidentView | null;
  readonly lines: readonly WhyLine[];
}

export interface BucketView {
  readonly from: number;
  readonly runs: number;
  readonly up: number;
  readonly degraded: number;
  readonly down: number;
  readonly unknown: number;
  readonly latency: { readonly min: number; readonly p10: number; readonly median: number; readonly p90: number; readonly p99: number; readonly max: number } | null;
  readonly phases: { readonly [phase: string]: number };
}

/** `GET /api/v1/checks/:name/history?from=&to=&stepMs=`. */
export interface HistoryView {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  readonly buckets: readonly BucketView[];
  readonly incidents: readonly IncidentView[];
}

export interface CheckDetail {
  readonly check: CheckSummary;
  /** `every 30s`, `cron 9-17 hr`, ... */
  readonly schedule: string;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly failAfter: number;
  readonly recoverAfter: number;
  readonly parents: readonly string[];
  readonly members: readonly string[];
  /** Steps in words: `at once: ops`, `after 10 min: boss-sms, again every 1 h`. */
  readonly telling: readonly string[];
  readonly expect: readonly string[];
  readonly warn: readonly string[];
  readonly last: ResultView | null;
  readonly results: readonly ResultView[];
  readonly incidents: readonly IncidentView[];
}

/** A message of the stream `GET /api/v1/stream` (server-sent events; the event's name is `kind`). */
export type StreamEvent =
  /** First after connecting, and whenever the site changed. */
  | { readonly kind: "overview"; readonly overview: Overview }
  /** Checks that changed since the last message, at most one message each 250 ms. */
  | { readonly kind: "checks"; readonly now: number; readonly checks: readonly CheckSummary[] }
  | { readonly kind: "banners"; readonly banners: readonly Banner[]; readonly channels: readonly ChannelSummary[] };

/** A message of the outbox with its tries, oldest try first. */
export interface MessageView {
  readonly id: string;
  readonly channel: string;
  readonly recipient: string;
  readonly alerts: readonly string[];
  /** The checks that it tells of, each once. */
  readonly checks: readonly string[];
  readonly status: "waiting" | "sending" | "sent" | "failed" | "superseded";
  readonly formedAt: number;
  readonly nextTryAt: number;
  readonly tries: number;
  /** It may have arrived though its answer was lost. */
  readonly doubt: boolean;
  readonly reason: string;
  readonly attempts: readonly { readonly at: number; readonly tookMs: number; readonly outcome: "sent" | "retry" | "refused" | "lost"; readonly reason: string }[];
}

/** What a signed link in a message is about, while its outage is open. */
export interface LinkedView {
  readonly check: string;
  readonly state: StatusWord;
  readonly since: number;
  readonly summary: string;
  /** Who has it, and since when. */
  readonly acknowledged: { readonly at: number; readonly by: string } | null;
  readonly silenced: boolean;
  readonly flapping: boolean;
  /** Whom the message went to. */
  readonly by: string;
}

/** `GET /api/v1/session`. */
export interface SessionView {
  readonly signedIn: boolean;
  readonly user: string | null;
}

/** `POST /api/v1/reload`: `broken` changed nothing, and `problems` says why. */
export interface ReloadReport {
  readonly kind: "reloaded" | "unchanged" | "broken";
  readonly problems: readonly string[];
}

/** `POST /api/v1/channels/:name/test`: the channel's own answer. */
export interface TestReport {
  readonly kind: "sent" | "retry" | "refused";
  readonly detail: string;
}

export interface ProblemView {
  readonly error: string;
  /** What to do. */
  readonly advice: string;
}

/** `tocsin status --json`, over the socket in the data folder. */
export interface StatusReport {
  readonly site: { readonly name: string; readonly vantage: string; readonly version: string; readonly startedAt: number };
  /** The worst of all checks; `unknown`: there are none. */
  readonly state: "up" | "degraded" | "down" | "unknown";
  readonly page: string | null;
  readonly banners: readonly Banner[];
  readonly checks: readonly CheckSummary[];
}
