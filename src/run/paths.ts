import type { CheckDefinition } from "../config/site.ts";
import { type Path, pathBreak, pathChange } from "../core/path.ts";
import { formatDuration } from "../core/time.ts";
import type { CheckName, Evidence, Instant, Result } from "../core/types.ts";
import type { Clock, Log, Timer } from "../sys/ports.ts";
import { EARLY_MS } from "./due.ts";
import type { Seen, Traces } from "./traces.ts";

/** Hosts whose last good way is known: some MB at most. */
const HOSTS_MAX = 1000;
/** Failing checks whose traces are kept. */
const FAILING_MAX = 5000;
/** A good way is looked at again after this time; the first time soon, one host after the other. */
const AGAIN_MS = 3_600_000;
const FIRST_MS = 1000;
const BETWEEN_MS = 600;
/** Traces of good ways wait for those of broken ones. */
const LATER_MS = 5000;
/** A host that nobody asked for so long is forgotten. */
const FORGET_MS = 2 * AGAIN_MS;
/** Checks of the same host that fail within this time of its trace share it. */
const SHARED_MS = 60_000;
/** Lines of one trace in the evidence. */
const LINES_MAX = 30;

export interface PathsParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly traces: Traces;
  /** The trace of a check came after its run was judged: it belongs to the incident that may be open by now. */
  late(check: CheckName, evidence: Evidence): void;
}

interface Host {
  good: Seen | null;
  /** The last trace for a failing check, and when it was there. */
  broken: { readonly seen: Seen; readonly at: number } | null;
  /** On the monotonic clock. */
  due: number;
  askedAt: number;
}

/** What was seen of the way to a failing check's host. */
interface Failing {
  readonly host: string;
  evidence: Evidence | null;
}

/**
 * Ways to the hosts that checks ask. The first failing run of a check has the way traced; what was seen, and the last good way beside it, goes into the evidence of the
 * failing runs that follow, and of the incident. No run and no alert waits for a trace.
 */
export class Paths {
  readonly #parts: PathsParts;
  readonly #hosts = new Map<string, Host>();
  readonly #failing = new Map<CheckName, Failing>();
  #timer: Timer | null = null;
  #stopped = false;

  constructor(parts: PathsParts) {
    this.#parts = parts;
  }

  /** Takes note of a counted run; gives its result with what is known of the way, if it failed. */
  saw({ name, traced }: CheckDefinition, result: Result): Result {
    if (traced === null || this.#stopped || (result.origin !== "scheduled" && result.origin !== "start") || result.verdict === "unknown") return result;
    this.#note(traced);
    if (result.verdict !== "down") {
      this.#failing.delete(name);
      return result;
    }
    const { evidence } = this.#failing.get(name) ?? this.#begin(name, traced);
    return evidence === null ? result : { ...result, evidence: [...result.evidence, ...evidence] };
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#parts.traces.stop();
  }

  #begin(check: CheckName, host: string): Failing {
    const { clock, traces } = this.#parts;
    const known = this.#hosts.get(host);
    const shared = known?.broken ?? null;
    const failing: Failing = { host, evidence: shared !== null && clock.monotonic() - shared.at < SHARED_MS ? evidenceOf(host, shared.seen, known?.good ?? null) : null };
    this.#failing.set(check, failing);
    for (const oldest of this.#failing.keys()) if (this.#failing.size > FAILING_MAX) this.#failing.delete(oldest);
    if (failing.evidence !== null) return failing;
    const tell = async (): Promise<void> => {
      const seen = await traces.trace(host);
      if (this.#stopped || this.#failing.get(check) !== failing) return;
      // Too many wait: the next failing run tries again.
      if (seen === null) return void this.#failing.delete(check);
      if (known !== undefined) known.broken = { seen, at: clock.monotonic() };
      failing.evidence = evidenceOf(host, seen, known?.good ?? null);
      this.#parts.late(check, failing.evidence);
    };
    tell().catch((error: unknown) => this.#bug(error));
    return failing;
  }

  /** A host that is new, or was forgotten, is looked at before long. */
  #note(host: string): void {
    const now = this.#parts.clock.monotonic();
    const known = this.#hosts.get(host);
    if (known !== undefined) known.askedAt = now;
    if (known !== undefined || this.#hosts.size >= HOSTS_MAX) return;
    this.#hosts.set(host, { good: null, broken: null, due: now + FIRST_MS + this.#hosts.size * BETWEEN_MS, askedAt: now });
    this.#arm();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#hosts.size === 0 || this.#stopped) return;
    const { clock } = this.#parts;
    const due = Math.min(...[...this.#hosts.values()].map((host) => host.due));
    this.#timer = clock.timer(Math.max(0, due - clock.monotonic()), () => this.#turn());
  }

  #turn(): void {
    const now = this.#parts.clock.monotonic();
    for (const [name, host] of this.#hosts) {
      if (now - host.askedAt > FORGET_MS) this.#hosts.delete(name);
      else if (host.due <= now + EARLY_MS) this.#lookAgain(name, host, now);
    }
    this.#arm();
  }

  #lookAgain(name: string, host: Host, now: number): void {
    const { traces } = this.#parts;
    const fails = [...this.#failing.values()].some((failing) => failing.host === name);
    host.due = now + (traces.idle || fails ? AGAIN_MS : LATER_MS);
    // A way that may be broken is none to remember.
    if (!traces.idle || fails) return;
    const look = async (): Promise<void> => {
      const seen = await traces.trace(name);
      if (seen === null) return;
      // Many hosts answer no echoes: then the way up to where answers end is the good one. A shorter one than before is not.
      if (seen.reached || host.good === null || (!host.good.reached && seen.path.length >= host.good.path.length)) host.good = seen;
    };
    look().catch((error: unknown) => this.#bug(error));
  }

  #bug(error: unknown): void {
    this.#parts.log.error("a trace failed by itself; this is a bug in Tocsin", { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

/** The trace with what it means, and the last good one. */
function evidenceOf(host: string, now: Seen, good: Seen | null): Evidence {
  const place = host === now.ip ? host : `${host} (${now.ip})`;
  const parts = [{ label: "trace", text: [`to ${place}: ${meaningOf(now, good)}`, ...now.lines.slice(0, LINES_MAX)].join("\n") }];
  if (good !== null) parts.push({ label: `last good trace, ${age(good.at, now.at)} before`, text: good.lines.slice(0, LINES_MAX).join("\n") });
  return parts;
}

const age = (from: Instant, to: Instant): string => formatDuration(Math.max(0, Math.round((to - from) / 1000) * 1000));

function meaningOf(now: Seen, good: Seen | null): string {
  const comparable: Path | null = good !== null && good.ip === now.ip ? good.path : null;
  const change = comparable === null || now.path.length === 0 ? null : pathChange(comparable, now.path.slice(0, comparable.length));
  const another = change === null || change.is === "*" || change.was === "*" ? "" : `; another way than before from hop ${change.hop} on: ${change.is} instead of ${change.was}`;
  if (now.reached) return `the host is reached, ${now.path.length} ${now.path.length === 1 ? "hop" : "hops"} away${another}`;
  const { after, last, next } = pathBreak(comparable, now.path);
  if (comparable !== null && good?.reached === false && after >= comparable.length) return `answers end at hop ${after}, ${last}, as they did before`;
  const behind = after === 0 ? `broken behind ${last}: no hop answers` : `broken behind hop ${after}, ${last}`;
  return `${behind}${next === null ? "" : `; ${next} came next`}${another}`;
}
