import type { Alert, CheckName, ChannelName, Instant, Transition } from "../core/types.ts";

/** The next ones, so many at most: what is compared is told at one pace, so that little waits for its counterpart. */
export function* next<One>(of: Iterator<One>, most: number): Generator<One, void, undefined> {
  for (let count = 0; count < most; count += 1) {
    const { done, value } = of.next();
    if (done === true) return;
    yield value;
  }
}

/** The first thing that history judged again does not give as it was. */
export interface Mismatch {
  readonly check: CheckName;
  readonly at: Instant;
  /** What is on record, and what came now; null: nothing more. */
  readonly was: string | null;
  readonly is: string | null;
}

const textOf = ({ at, from, to, reason, telling }: Transition): string => `${new Date(at).toISOString()} from ${from} to ${to} (${reason.rule}, ${telling}): ${reason.sentence}`;
const sameness = ({ at, from, to, reason, incident, telling }: Transition): string => JSON.stringify([at, from, to, reason.rule, reason.sentence, reason.cause, incident, telling]);

/** Compares what was decided with what is decided now, check by check, in pieces: only what has no counterpart yet is kept. */
export class Proof {
  readonly #waiting = new Map<CheckName, { was: Transition[]; is: Transition[] }>();
  /** Where each check went another way. */
  readonly #apart = new Map<CheckName, Mismatch>();

  was(transition: Transition): void {
    this.#take(transition, "was");
  }

  is(transition: Transition): void {
    this.#take(transition, "is");
  }

  /** The earliest difference; null when there is none. Asked for when both are told to their ends. */
  get mismatch(): Mismatch | null {
    const left = [...this.#waiting.values()].flatMap(({ was: [was], is: [is] }) => apart(was, is) ?? []);
    return [...this.#apart.values(), ...left].reduce<Mismatch | null>((first, one) => (first === null || one.at < first.at ? one : first), null);
  }

  #take(transition: Transition, side: "was" | "is"): void {
    const { check } = transition;
    if (this.#apart.has(check)) return;
    const waiting = this.#waiting.get(check) ?? { was: [], is: [] };
    this.#waiting.set(check, waiting);
    waiting[side].push(transition);
    const [was, is] = [waiting.was[0], waiting.is[0]];
    if (was === undefined || is === undefined) return;
    waiting.was.shift();
    waiting.is.shift();
    if (sameness(was) === sameness(is)) return;
    const mismatch = apart(was, is);
    if (mismatch !== null) this.#apart.set(check, mismatch);
    this.#waiting.delete(check);
  }
}

function apart(was: Transition | undefined, is: Transition | undefined): Mismatch | null {
  const first = was === undefined || (is !== undefined && is.at < was.at) ? is : was;
  if (first === undefined) return null;
  return { check: first.check, at: first.at, was: was === undefined ? null : textOf(was), is: is === undefined ? null : textOf(is) };
}

/** An alert that came on one side only. */
export type LoneAlert = Pick<Alert, "at" | "kind" | "since" | "sentence">;

/** Alerts of one check to one recipient. */
export interface AlertDifference {
  readonly check: CheckName;
  readonly channel: ChannelName;
  readonly recipient: string;
  readonly came: number;
  readonly wouldCome: number;
  /** Those that came and would not have, and those that would have and did not; oldest first. */
  readonly fewer: readonly LoneAlert[];
  readonly more: readonly LoneAlert[];
}

type Side = "came" | "wouldCome";

interface Place extends Pick<Alert, "check" | "channel" | "recipient"> {
  came: number;
  wouldCome: number;
  /** Those without a counterpart yet, by kind and second of what they are about. */
  readonly alone: { readonly [side in Side]: Map<string, { readonly about: Instant; readonly lone: LoneAlert }[]> };
}

/** What came of time alone was a little late when it was lived, ms: an outage may begin so much apart and be the same. */
const APART_MS = 1000;

/** With `about` what makes an alert the same whenever exactly, and after which others, it was decided; of several, as many are the same as there are on both sides. */
const keyOf = (kind: Alert["kind"], about: Instant, later = 0): string => `${kind} ${Math.floor(about / APART_MS) + later}`;

/** Counts the alerts that came and those that would have come, in any order; only those without a counterpart are kept. */
export class Tally {
  readonly #places = new Map<string, Place>();

  came(alert: Alert): void {
    this.#take(alert, "came", "wouldCome");
  }

  wouldCome(alert: Alert): void {
    this.#take(alert, "wouldCome", "came");
  }

  /** By check, channel and recipient in order of their names; where nothing came and nothing would there is no entry. */
  get differences(): readonly AlertDifference[] {
    const listed = (alone: Place["alone"][Side]): readonly LoneAlert[] => [...alone.values()].flatMap((some) => some.map(({ lone }) => lone)).toSorted((a, b) => a.at - b.at);
    return [...this.#places].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, { alone, check, channel, recipient, came, wouldCome }]) => ({ check, channel, recipient, came, wouldCome, fewer: listed(alone.came), more: listed(alone.wouldCome) }));
  }

  #take(alert: Alert, side: Side, other: Side): void {
    const { check, channel, recipient, at, kind, since, sentence } = alert;
    const name = JSON.stringify([check, channel, recipient]);
    const place: Place = this.#places.get(name) ?? { check, channel, recipient, came: 0, wouldCome: 0, alone: { came: new Map(), wouldCome: new Map() } };
    this.#places.set(name, place);
    place[side] += 1;
    const about = alert.outageFrom ?? since;
    if (takeNearest(place.alone[other], kind, about)) return;
    const key = keyOf(kind, about);
    place.alone[side].set(key, [...(place.alone[side].get(key) ?? []), { about, lone: { at, kind, since, sentence } }]);
  }
}

/** Takes away the counterpart that is nearest, if one is near enough. */
function takeNearest(alone: Place["alone"][Side], kind: Alert["kind"], about: Instant): boolean {
  const apart = (one: { readonly about: Instant }): number => Math.abs(one.about - about);
  const near = [-1, 0, 1].flatMap((later) => alone.get(keyOf(kind, about, later)) ?? []).filter((one) => apart(one) <= APART_MS);
  const [first] = near;
  if (first === undefined) return false;
  const nearest = near.reduce((best, one) => (apart(one) <= apart(best) ? one : best), first);
  const key = keyOf(kind, nearest.about);
  const left = (alone.get(key) ?? []).filter((one) => one !== nearest);
  if (left.length === 0) alone.delete(key);
  else alone.set(key, left);
  return true;
}
