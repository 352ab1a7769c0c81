import type { Rotation } from "./rotation.ts";
import type { Terms } from "./state.ts";

/** The words of Tocsin as values. Everything else speaks in these types; nothing here does anything. */

declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** A duration in milliseconds. */
export type Millis = Brand<number, "Millis">;
/** A point in time: milliseconds since 1970-01-01T00:00:00Z on the wall clock. */
export type Instant = Brand<number, "Instant">;
/** The unique name of a check in a site. */
export type CheckName = Brand<string, "CheckName">;
/** The name of a channel in a site. */
export type ChannelName = Brand<string, "ChannelName">;
/** 32 hexadecimal digits: the same alert always gets the same id. */
export type AlertId = Brand<string, "AlertId">;
/** 32 hexadecimal digits: one stretch of one check not being well. */
export type IncidentId = Brand<string, "IncidentId">;

export const millis = (value: number): Millis => value as Millis;
export const instant = (value: number): Instant => value as Instant;
export const checkName = (value: string): CheckName => value as CheckName;
export const channelName = (value: string): ChannelName => value as ChannelName;
export const plus = (at: Instant, by: number): Instant => (at + by) as Instant;
export const between = (from: Instant, to: Instant): Millis => (to - from) as Millis;

/** What one run saw. `unknown`: this place could not tell, through its own fault. */
export type Verdict = "up" | "degraded" | "down" | "unknown";

/** What is believed of a check. */
export type Status = "pending" | "up" | "degraded" | "down" | "blocked" | "disputed" | "paused";

/** Why a run was made; only `scheduled` and `start` count for thresholds and steps. */
export type Origin = "scheduled" | "start" | "retry" | "manual" | "confirm";

/** Stable words for what went wrong, for machines and for searching; `ok` when nothing did. */
export type FailureCode =
  | "ok"
  | "timeout"
  | "refused"
  | "unreachable"
  | "reset"
  | "closed"
  | "unresolvable"
  | "tls-expired"
  | "tls-expiring"
  | "tls-untrusted"
  | "tls-name"
  | "tls-failed"
  | "protocol"
  | "auth"
  | "status"
  | "redirects"
  | "mismatch"
  | "too-large"
  | "slow"
  | "loss"
  | "missed"
  | "exit"
  | "killed"
  | "members"
  | "warned"
  | "pattern-slow"
  // of `unknown` only
  | "late"
  | "resolver"
  | "permission"
  | "resources"
  | "stopped"
  | "skipped"
  | "bug";

export type FactValue = string | number | boolean | null | readonly FactValue[] | { readonly [key: string]: FactValue };
/** Measured facts by name; a dot in a condition (`certificate.days`) steps into nested ones. */
export type Facts = { readonly [name: string]: FactValue };
/** Milliseconds on the monotonic clock by phase: resolve, connect, tls, firstByte, transfer, ... in the order they happened. */
export type Phases = { readonly [phase: string]: number };
/** What was sent and what came back: masked, then cut at 4 KiB in all. */
export type Evidence = readonly { readonly label: string; readonly text: string }[];

/** What one vantage saw of one check in one run. */
export interface Result {
  readonly check: CheckName;
  readonly vantage: string;
  /** When the run was due. */
  readonly slot: Instant;
  readonly started: Instant;
  readonly origin: Origin;
  readonly verdict: Verdict;
  readonly code: FailureCode;
  /** One sentence for a human, no final stop: `HTTP 503 Service Unavailable`. */
  readonly sentence: string;
  /** Whole run in milliseconds, retries not included. */
  readonly latencyMs: number;
  readonly phases: Phases;
  readonly facts: Facts;
  readonly evidence: Evidence;
  /** Tries made within this run, 1 or more. */
  readonly tries: number;
}

/** How often a step repeats and whom it tells. `runs`: at the n-th failing run past failAfter (0: after every run); `time`: so long after the incident opened. */
export interface Step {
  readonly after: { readonly kind: "runs"; readonly count: number } | { readonly kind: "time"; readonly ms: Millis };
  /** Channels, and rotations that stand for some. */
  readonly to: readonly ChannelName[];
  readonly repeatMs: Millis | null;
}

/** On-call rotations by the name that steps know them by; each stands for channels, by the time. */
export type Rotations = { readonly [name: string]: Rotation };

/** Whom a channel tells: the recipients that its options name; `[""]` for a channel without recipients of its own. */
export type Recipients = { readonly [channel: string]: readonly string[] };

export interface GroupPolicy {
  readonly require: "all" | "any" | number;
  readonly members: readonly CheckName[];
  /** `turn`: one after the other in the group's slot; `own`: judged from the members' own states. */
  readonly run: "turn" | "own";
  /** Another set of failing members than was told of is told too. */
  readonly renotify: boolean;
  /** Judged by what most of its members saw, two at least, whatever `require` says, and not by what is believed of them, because they depend on it: this node's own connectivity. */
  readonly bySight: boolean;
  /** In turn, a member fails when it is down by its own thresholds; absent: at each run that fails. */
  readonly byState?: true;
}

/** All that the judge needs to know of a check's configuration. */
export interface Policy {
  readonly check: CheckName;
  readonly type: string;
  /** Name of the site; absent where an earlier version wrote it. */
  readonly site?: string;
  /** Consecutive failing counted runs before it is down. */
  readonly failAfter: number;
  readonly recoverAfter: number;
  /** Consecutive counted runs that are not well before it is degraded. */
  readonly warnAfter: number;
  /** Nominal distance of runs; for cron the longest of the next few gaps; 0 when it never runs by itself. */
  readonly everyMs: Millis;
  /** The same while it is failing or being confirmed; not more than `everyMs`. */
  readonly failingEveryMs: Millis;
  /** The whole of one run with its retries, the longest it may take. */
  readonly runMs: Millis;
  readonly initial: "pending" | "down";
  readonly onFail: boolean;
  readonly onPass: boolean;
  readonly steps: readonly Step[];
  readonly recipients: Recipients;
  /** Those of its channels where what began stays open until its end is told; absent: none. */
  readonly keepers?: readonly ChannelName[];
  /** Those of its channels that publish states for programs and tell nobody; absent: none. */
  readonly publishers?: readonly ChannelName[];
  /** Those that its steps name. */
  readonly rotations: Rotations;
  readonly parents: readonly CheckName[];
  readonly group: GroupPolicy | null;
  /** More outages than `changes` within `withinMs` are flapping; null: never. */
  readonly flapping: { readonly changes: number; readonly withinMs: Millis } | null;
}

/** By what services that keep incidents know one: the names of the day on which it was opened, whatever site and check are called when it ends. */
export interface OpenedAs {
  readonly site: string;
  readonly check: CheckName;
}

/** One stretch of a check not being well. */
export interface Incident {
  readonly id: IncidentId;
  readonly check: CheckName;
  /** The worst it has been. */
  readonly kind: "down" | "degraded" | "unchecked";
  /** The first sign: start of the first failing run. */
  readonly firstSign: Instant;
  readonly opened: Instant;
  readonly closed: Instant | null;
  /** Why it closed: `recovered`, `changed`, `removed`, `renewed`. */
  readonly closedBy: string | null;
  readonly code: FailureCode;
  readonly sentence: string;
  readonly acknowledged: { readonly at: Instant; readonly by: string; readonly note: string } | null;
}

/** Why a state changed. Log, metric, page and test read this one value. */
export interface Reason {
  /** Stable word for the rule that decided: `threshold`, `recovered`, `parent-down`, `members`, `no-verdict`, `paused`, `changed`, ... */
  readonly rule: string;
  readonly sentence: string;
  /** The check that caused it, when another one did. */
  readonly cause: CheckName | null;
}

/** A change of state with its reason. */
export interface Transition {
  readonly check: CheckName;
  readonly at: Instant;
  readonly from: Status;
  readonly to: Status;
  readonly reason: Reason;
  readonly incident: IncidentId | null;
  /** `told`; why nobody was: `muted`, `silenced`, `acknowledged`, `flapping`, `blocked`, `initial`, `off`, `nobody`, `unheard`, `later`, `not-seen-since`; `none` where there is nothing to tell. */
  readonly telling: string;
}

export type AlertKind = "down" | "degraded" | "recovered" | "reminder" | "flapping" | "settled" | "unchecked" | "changed" | "run" | "channel-broken" | "channel-mended" | "digest" | "test";

/** Kinds that tell of trouble; each of them makes its end worth telling to the same recipient. */
export const TROUBLE_KINDS: ReadonlySet<AlertKind> = new Set<AlertKind>(["down", "degraded", "unchecked", "flapping", "channel-broken", "reminder"]);

/** A transition (or a reminder) addressed to one recipient on one channel. */
export interface Alert {
  readonly id: AlertId;
  readonly kind: AlertKind;
  readonly check: CheckName;
  readonly incident: IncidentId | null;
  readonly channel: ChannelName;
  readonly recipient: string;
  readonly at: Instant;
  /** State to tell, with its true start. */
  readonly status: Status;
  readonly since: Instant;
  readonly sentence: string;
  readonly code: FailureCode;
  readonly evidence: Evidence;
  /** What it hides: the checks that are blocked by this one. */
  readonly hides: readonly CheckName[];
  /** The other checks that depend on it, directly or through others, and are not known to be down: nothing is seen of them while it is. Absent: none. */
  readonly dependents?: readonly CheckName[];
  /** Failing runs in a row so far, and how many make it down. Absent: it is about no check. */
  readonly fails?: { readonly runs: number; readonly of: number };
  /** Start of the outage that a recovery ends, or that became degraded; of `settled`: of the flapping. */
  readonly outageFrom: Instant | null;
  /** Of a reminder, where no verdict came by when one was due: start of the newest run that gave one. */
  readonly unseenSince?: Instant;
  readonly step: number;
  readonly ordinal: number;
  /** The channel that it was for and that does not work, where this one stands in. */
  readonly insteadOf?: ChannelName;
  /** Another incident than its own that it ends as well: the outage before, after which it was only degraded; of `changed` the one with which flapping began. */
  readonly ends?: IncidentId;
  /** An end within a silence, for a channel where it would stay open: it rings nobody. */
  readonly quiet?: true;
  /** Of an incident; absent where an earlier version opened it: the names of today. */
  readonly openedAs?: OpenedAs;
}

/** One line of the journal: every judge input that is not a result. */
export interface JournalEntry {
  readonly at: Instant;
  readonly check: CheckName | null;
  readonly siteVersion: string;
  readonly input: unknown;
  /** Of a changed configuration: what checks are judged by from then on. Kept apart: `Store.journal` leaves it out. */
  readonly terms?: readonly Terms[];
}
