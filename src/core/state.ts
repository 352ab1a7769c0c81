import type { Condition } from "./expect.ts";
import type { Schedule } from "./schedule.ts";
import type { CheckName, ChannelName, Evidence, FactValue, FailureCode, Incident, IncidentId, Instant, Millis, OpenedAs, Policy, Result, Status, Alert, Transition, JournalEntry } from "./types.ts";

/** Consecutive counted runs that were not well. */
export interface Streak {
  /** Consecutive runs with verdict down, 0 or more. */
  readonly downs: number;
  /** Consecutive runs with verdict down or degraded, 1 or more. */
  readonly bads: number;
  /** Start of the first of the `bads`. */
  readonly firstStarted: Instant;
  /** Start of the first of the `downs`; null while there are none. */
  readonly firstDownStarted: Instant | null;
  readonly lastStarted: Instant;
  readonly code: FailureCode;
  readonly sentence: string;
  readonly evidence: Evidence;
}

/** Whom an incident was told to, by which step. */
export interface Told {
  readonly channel: ChannelName;
  readonly recipient: string;
}

/** How far one step of the open incident has come; `key` names the step and its recipients by their meaning, so that a reload finds it again. */
export interface StepProgress {
  readonly key: string;
  /** Alerts of this step so far (1 after it fired, more with reminders). */
  readonly fired: number;
  /** When it fired last. */
  readonly at: Instant;
  /** When the next reminder is due; null for none. */
  readonly nextAt: Instant | null;
}

export interface OpenIncident extends Incident {
  /** Counted failing runs past failAfter, 1 at the run that opened it. */
  readonly runs: number;
  readonly steps: readonly StepProgress[];
  /** Names of the steps that there were when it opened: one that came later tells nobody who was told. Absent where an earlier version wrote it. */
  readonly planned?: readonly string[];
  /** It began with the check: its steps are silent, and its end is told. */
  readonly silent?: true;
  /** Times that it was spoken of, with those of the outage that it is what is left of: the ordinal of an alert, so that no two of one incident are taken for one. */
  readonly said: number;
  /** Those who were told, with those of the outage that it is what is left of. */
  readonly told: readonly Told[];
  /** That outage, as long as nothing said that it became less; `from`: its first sign, null where nobody heard that it was down. */
  readonly ended?: { readonly id: IncidentId; readonly from: Instant | null };
  /** Of a group that tells of changes: the members that were failing when it was told last. */
  readonly failing?: readonly string[];
  /** Absent where an earlier version opened it. */
  readonly openedAs?: OpenedAs;
}

/** The child's wait for news of its parents before it goes down. */
export interface Wait {
  readonly since: Instant;
  /** Start of the child's newest failing run when the wait began: the parents must have been seen well since. */
  readonly failedAt: Instant;
  /** When it runs out, the child is told. */
  readonly until: Instant;
  /** When the parents were asked last. */
  readonly askedAt: Instant;
}

/** Why nobody is told for now, each with its own end. */
export interface Muting {
  readonly paused: { readonly at: Instant; readonly by: string } | null;
  /** Until then; without an end: until recovery. */
  readonly silenced: { readonly at: Instant; readonly by: string; readonly until?: Instant | null } | null;
  /** Names of the maintenance windows that are open for this check. */
  readonly maintenance: readonly string[];
}

/** What a probe learnt of its target and gets back at its next run. */
export interface Remembered {
  /** Type and target that it was learnt of; it means nothing for another. */
  readonly of: string;
  /** Null: nothing any more. */
  readonly value: FactValue;
}

/** A check that goes down too often. */
export interface Flapping {
  readonly since: Instant;
  /** Whom it was told to. */
  readonly told: readonly Told[];
  /** The outage with which it began; absent where an earlier version wrote it. */
  readonly incident?: IncidentId;
  readonly openedAs?: OpenedAs;
  /** Who has it; absent: nobody. */
  readonly acknowledged?: NonNullable<Incident["acknowledged"]>;
}

/**
 * The part of a state that is written whenever it changes. The judge keeps the object (===) when nothing in it changed,
 * so that a plain passing result writes no state row.
 */
export interface Belief {
  readonly status: Status;
  readonly since: Instant;
  /** The rule and the sentence of the last transition. */
  readonly rule: string;
  readonly sentence: string;
  /** The check that blocks this one, the root of it; null when that one is back and this one's own next run decides. */
  readonly cause: CheckName | null;
  readonly streak: Streak | null;
  /** Consecutive counted runs with verdict up while not yet recovered; 0 when well. */
  readonly passes: number;
  /** Consecutive counted runs with verdict up or degraded while down; 0 otherwise. */
  readonly reprieves: number;
  readonly incident: OpenIncident | null;
  /** Incidents opened so far: a clock put back may bring the same instant again, and two incidents must not be taken for one. */
  readonly incidents: number;
  readonly wait: Wait | null;
  /** Runs begun earlier do not count (after a parent's recovery), and do not show that what is open still is (after a pause, a window, a restart). */
  readonly countFrom: Instant;
  readonly muting: Muting;
  /** Recent openings of outages, newest last, for flapping. */
  readonly outages: readonly Instant[];
  /** Null when not flapping. */
  readonly flapping: Flapping | null;
  /** False until it first was up, degraded or down by its own runs; `initial: down` is silent until then. */
  readonly known: boolean;
  /**
   * Of a check that waits to be told, since the last start and until something is heard or missed: from when the silence counts, with the time
   * in which nobody listened added, as worked out at `at`.
   */
  readonly watch?: { readonly from: Instant; readonly at: Instant } | null;
  /** No rule of the judge looks at it. Absent until a probe asked for something to be remembered. */
  readonly remembered?: Remembered;
}

/** What was seen last; rebuilt from the results after a restart. */
export interface Seen {
  readonly last: Result | null;
  /** Start of the newest result with a verdict (not `unknown`). */
  readonly verdictStarted: Instant | null;
  readonly verdict: "up" | "degraded" | "down" | null;
  /** Start of the first passing result after the last failing one. */
  readonly wellSince: Instant | null;
  /** Runs without a verdict since the last one with one. */
  readonly unjudged: number;
  /** By then a verdict is due, or the check is `unchecked`. */
  readonly expectBy: Instant | null;
  /** Times that this was put off to hear of the parents first, since the last verdict or since it was worked out anew. */
  readonly putOff?: number;
}

export interface CheckState {
  readonly check: CheckName;
  readonly belief: Belief;
  readonly seen: Seen;
  /** When the judge wants a tick; null for never. */
  readonly wakeAt: Instant | null;
}

/** What a check is judged by, as far as its history can be judged again by it. Plain data without secrets. */
export interface Terms {
  readonly check: CheckName;
  /** Equal for equal terms. */
  readonly hash: string;
  readonly policy: Policy;
  readonly schedule: Schedule;
  /** It waits to be told: no verdict is due of it. */
  readonly passive: boolean;
  readonly expect: readonly { readonly fact: string; readonly condition: Condition }[];
  readonly warn: readonly { readonly fact: string; readonly condition: Condition }[];
  /** What is down counts as up, and the other way round. */
  readonly invert?: true;
  /** Hash of what it asks: results of another say nothing of this one. */
  readonly asks: string;
  /** Hash of its type and target: what is believed of another one is not believed of this. Absent where an earlier version wrote it. */
  readonly target?: string;
  /** Of a check that begins: what it begins with where another system knew it already, else null. */
  readonly begun?: CheckState | null;
}

/** What a check may know of a neighbour (parent or member). */
export interface View {
  readonly check: CheckName;
  readonly status: Status;
  /** The check that blocks it in turn. */
  readonly cause: CheckName | null;
  /** Its newest verdict is down, whatever run gave it and whether or not its threshold is reached: that holds children as well. */
  readonly failing: boolean;
  readonly verdict: "up" | "degraded" | "down" | null;
  readonly verdictStarted: Instant | null;
  /** Its newest run gave no verdict. */
  readonly unjudged: boolean;
  /** Start of its newest run, whatever it gave. */
  readonly lastStarted: Instant | null;
  /** Nothing was ever seen of it, and nothing is due: it waits to be told. */
  readonly unheard: boolean;
  /** The root of what is down of what it depends on in turn; null: nothing is. */
  readonly hiddenBy: CheckName | null;
  /** It failed as often in a row as makes it down, or could not tell as often, whatever it depends on. */
  readonly reached: boolean;
  readonly wellSince: Instant | null;
  readonly sentence: string;
  readonly latencyMs: number;
  /** The longest that a run of it may take. */
  readonly runMs: Millis;
  /** The longest that children wait for it to count to its threshold: every + failAfter x failingEvery + one run, within bounds. */
  readonly toThresholdMs: Millis;
}

/** Neighbours as they are believed at the moment of judging, in the order of the configuration. */
export interface Around {
  readonly parents: readonly View[];
  /** Children that are blocked by this check now. */
  readonly hides: readonly CheckName[];
  /** The other checks that depend on it and are not known to be down; absent: none. */
  readonly dependents?: readonly CheckName[];
}

export type Action =
  /** `watchFrom`: of a check that waits to be told, from when the silence counts. */
  | { readonly kind: "added"; readonly expectBy: Instant | null; readonly watchFrom?: Instant }
  | { readonly kind: "acknowledge"; readonly by: string; readonly note: string }
  | { readonly kind: "pause"; readonly by: string }
  | { readonly kind: "resume"; readonly by: string; readonly expectBy: Instant | null }
  | { readonly kind: "silence"; readonly by: string; readonly until?: Instant | null }
  | { readonly kind: "unsilence"; readonly by: string }
  /** `target`: type or target changed; `judging`: condition or threshold changed; `telling`: notify, tags or schedule changed. */
  | { readonly kind: "reload"; readonly changed: "target" | "judging" | "telling"; readonly expectBy: Instant | null }
  | { readonly kind: "remove" }
  | { readonly kind: "maintenance"; readonly open: readonly string[] }
  /** The process starts again: waits and expectations begin anew, nothing that was told is told again. `anew`: after so long that failing runs are counted anew too. */
  | { readonly kind: "restart"; readonly expectBy: Instant | null; readonly watchFrom?: Instant; readonly anew?: true }
  /** A run was due and did not happen (overrun, limits). */
  | { readonly kind: "skipped"; readonly slot: Instant };

export type Input = { readonly around: Around } & (
  /** `remember`: what the probe learnt in this run; absent where it learnt nothing new. */
  | { readonly kind: "result"; readonly result: Result; readonly expectBy: Instant | null; readonly remember?: Remembered }
  | { readonly kind: "tick" }
  | { readonly kind: "neighbour" }
  | { readonly kind: "action"; readonly action: Action }
);

export type Effect =
  | { readonly kind: "alert"; readonly alert: Alert }
  /** Ask these parents now; their answers come as `neighbour`. */
  | { readonly kind: "ask"; readonly parents: readonly CheckName[] }
  /** Run this check now, and count it. */
  | { readonly kind: "again" }
  /**
   * Run this check soon, and count it: the one that is judged, which is no longer blocked and of which no run begun at `since` or later is known;
   * or the one that blocks it, unless its newest run began at `since` or later.
   */
  | { readonly kind: "rerun"; readonly check: CheckName; readonly since: Instant }
  /** An incident as it is now: opened, worse, acknowledged or closed. */
  | { readonly kind: "incident"; readonly incident: Incident; readonly change: "opened" | "worse" | "acknowledged" | "evidence" | "closed"; readonly evidence: Evidence };

export interface Decision {
  readonly state: CheckState;
  readonly transitions: readonly Transition[];
  readonly effects: readonly Effect[];
}

/** One thing that the judge was told, as it is on record; `terms`: of a changed configuration. */
export type Recorded =
  | { readonly kind: "result"; readonly at: Instant; readonly result: Result }
  | { readonly kind: "input"; readonly at: Instant; readonly check: CheckName | null; readonly input: unknown; readonly terms?: readonly Terms[] };

/** What was believed at one moment, to judge from there on. */
export interface Beginning {
  readonly at: Instant;
  /** What each check was judged by then; one without is not judged before its terms come. */
  readonly terms: readonly Terms[];
  /** `recent`: its last results with when they were judged, oldest first. */
  readonly states: readonly { readonly check: CheckName; readonly belief: Belief; readonly recent: readonly { readonly at: Instant; readonly result: Result }[] }[];
}

/** All that one commit carries; written whole or not at all. */
export interface Batch {
  /** One more than the batch before; a batch in doubt is asked about by it and never doubled. */
  readonly sequence: number;
  readonly results: readonly Result[];
  /** States whose belief changed. */
  readonly states: readonly CheckState[];
  readonly removed: readonly CheckName[];
  readonly transitions: readonly Transition[];
  readonly incidents: readonly { readonly incident: Incident; readonly change: string; readonly evidence: Evidence }[];
  readonly alerts: readonly Alert[];
  readonly journal: readonly JournalEntry[];
  /** When the judge was told of each of `results`, in their order; absent where it was not told. */
  readonly judged?: readonly Instant[];
  /** Of each entry of `journal`, how many of `results` the judge was told of before; absent where it was not told. */
  readonly resultsBefore?: readonly number[];
}
