import type { z } from "zod";
import type { Evidence, FactValue, FailureCode, Facts, Instant, Phases, Verdict } from "../core/types.ts";
import type { Clock, HostFacts, Log, Network, Patterns, Pinger, Processes, Random } from "../sys/ports.ts";

/** What a run of a probe saw, before the check's own conditions (`expect`, `warn`) are applied to it. */
export interface Outcome {
  readonly verdict: Verdict;
  readonly code: FailureCode;
  /** One sentence for a human, no final stop. */
  readonly sentence: string;
  readonly phases: Phases;
  /** What counts as the latency, in ms, where it is not the time that the run took: the mean round trip of echoes. */
  readonly latencyMs?: number;
  /** Kept with the result. */
  readonly facts: Facts;
  /** Only for conditions, never kept: bodies, headers. Filled where `ctx.wants` asks for it. */
  readonly material?: Facts;
  readonly evidence: Evidence;
  /**
   * Given back as `ctx.remembered` at the next run, also after a restart. Absent: what is remembered stays; null: it goes. At most 4 KiB as JSON.
   * It belongs to the check, its type and target, and outlives changes of all other options: what depends on those must say so itself.
   * Of runs that do not count (on demand, to confirm) nothing is kept.
   */
  readonly remember?: FactValue;
  /** Another try within the run would see the same, or must not: there is none. */
  readonly final?: true;
}

export interface ProbeContext {
  /** Aborts at the run's one deadline, or when Tocsin stops. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly pinger: Pinger;
  readonly processes: Processes;
  readonly patterns: Patterns;
  readonly host: HostFacts;
  readonly log: Log;
  /** Names of the facts that the check's conditions mention, first segment and whole path (`body`, `body.json.depth`). */
  readonly wants: ReadonlySet<string>;
  /** Whether the check is down so far, and not only failing under its threshold, for rules that want more to recover than to stay well; absent where nobody remembers. */
  readonly failing?: boolean;
  /** What an earlier run of this check on the same target wanted remembered; null or absent: nothing. */
  readonly remembered?: FactValue;
  /** How a channel of the site is; null: there is none of that name. Absent where nothing is delivered. */
  readonly channel?: (name: string) => ChannelState | null;
}

/** How a channel is, by what became of its messages. */
export interface ChannelState {
  /** Alerts that wait to be delivered. */
  readonly waiting: number;
  /** Why its messages fail; null while they do not. */
  readonly broken: { readonly reason: string } | null;
  /** Recipients that it does not reach though it reaches others, with why. */
  readonly unreachable: readonly { readonly recipient: string; readonly reason: string }[];
}

/** A heartbeat that somebody sent. */
export interface Beat {
  readonly status: "up" | "down" | "start" | "log";
  readonly message: string;
  /** Measured by the sender, ms. */
  readonly latencyMs: number | null;
}

/** What a check that waits to be told, instead of asking, brings to the engine: pure functions of its options. */
export interface Passive<Options> {
  /** Whoever knows it may send; compared in constant time. */
  token(options: Options): string;
  /** By when the next heartbeat must have come, grace included, when the last one came at `from`. */
  nextDeadline(options: Options, from: Instant): Instant;
  /** Null for one that only announces or logs. */
  ofBeat(options: Options, beat: Beat): Outcome | null;
  ofMiss(options: Options, lastBeatAt: Instant | null, now: Instant): Outcome;
}

/** What a fact means, for `tocsin types` and the reference page. */
export interface FactInfo {
  /** Only a number has one. */
  readonly unit?: string;
  /** Always a number, though it has no unit: so conditions that no number can meet are found while loading. */
  readonly number?: true;
  readonly about: string;
}

/**
 * One question over one protocol. `run` observes and returns a value; it never judges over time, stores or tells,
 * never rejects for anything the network can do, leaves no socket, timer or process behind, and ends soon after `ctx.signal` aborts.
 */
export interface Probe<Options> {
  readonly type: string;
  /** What it does, in one sentence. */
  readonly about: string;
  /** RFC and section, or the document. */
  readonly source: string;
  /** A strict object of the probe's own options; see `options.ts` for the shared ones and the marks (unit, secret, host power). */
  readonly options: z.ZodType<Options>;
  readonly facts: { readonly [name: string]: FactInfo };
  /** Facts that the options name besides: a name that the user gave to a value. */
  named?(options: Options): readonly string[];
  /** The channel of the site that the option `channel` names: it must be there. */
  channel?(options: Options): string;
  /** Conditions that hold when the check names none for that fact, in the words of the configuration: `{status: "200-299"}`. */
  readonly expect?: { readonly [fact: string]: string };
  /** Facts that `run` does not judge by itself where a condition names them. */
  readonly leaves?: readonly string[];
  /** What is asked, for lists and for the limit of runs per target: `shop.example.com:443`. */
  target(options: Options): string;
  /** The host whose way is traced when it does not answer; null for none. Absent: what the option `host` says, and none without such an option. */
  host?(options: Options): string | null;
  /** Where the target is when its text does not tell: on this host itself, or elsewhere. */
  readonly reaches?: "host" | "outside";
  /** A problem that only options together can have, with the option's path; told while loading. */
  check?(options: Options): { readonly path: readonly (string | number)[]; readonly wrong: string; readonly right: string } | null;
  run(options: Options, ctx: ProbeContext): Promise<Outcome>;
  /** Of a type that waits to be told (push): its `run` is never called by the engine. */
  readonly passive?: Passive<Options>;
}

/** The list's element. Sound though methods vary both ways: the engine only passes what that probe's own schema returned. */
export type AnyProbe = Probe<unknown>;
