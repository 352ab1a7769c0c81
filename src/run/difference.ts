import type { Alert, CheckName, ChannelName, Instant, Transition } from "../core/types.ts";

/** The first thing that history judged again does not give as it was. */
export interface Mismatch {
  readonly check: CheckName;
  readonly at: Instant;
  /** What is on record, and what came now; null: nothing more. */
  readonly was: string | null;
  readonly is: string | null;
}

/** Alerts of one check to one recipient. */
export interface AlertDifference {
  readonly check: CheckName;
  readonly channel: ChannelName;
  readonly recipient: string;
  readonly came: number;
  readonly wouldCome: number;
  /** Those that came and would not have, and those that would have and did not. */
  readonly fewer: readonly Alert[];
  readonly more: readonly Alert[];
}

const textOf = ({ at, from, to, reason, telling }: Transition): string => `${new Date(at).toISOString()} from ${from} to ${to} (${reason.rule}, ${telling}): ${reason.sentence}`;
const sameness = ({ at, from, to, reason, incident, telling }: Transition): string => JSON.stringify([at, from, to, reason.rule, reason.sentence, reason.cause, incident, telling]);

/** The earliest difference between what was decided and what is decided now, check by check; null when there is none. */
export function firstMismatch(was: readonly Transition[], is: readonly Transition[]): Mismatch | null {
  const before = Map.groupBy(was, ({ check }) => check);
  const after = Map.groupBy(is, ({ check }) => check);
  let first: Mismatch | null = null;
  for (const check of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(check) ?? [];
    const now = after.get(check) ?? [];
    for (let index = 0; index < Math.max(old.length, now.length); index += 1) {
      const a = old[index];
      const b = now[index];
      if (a !== undefined && b !== undefined && sameness(a) === sameness(b)) continue;
      const at = (a === undefined ? b?.at : b === undefined ? a.at : (Math.min(a.at, b.at) as Instant)) ?? null;
      if (at !== null && (first === null || at < first.at)) first = { check, at, was: a === undefined ? null : textOf(a), is: b === undefined ? null : textOf(b) };
      break;
    }
  }
  return first;
}

/** What makes an alert the same whenever exactly it was decided. */
const keyOf = ({ kind, outageFrom, since, ordinal }: Alert): string => `${kind} ${outageFrom ?? since} ${ordinal}`;

/** How alerts differ, by check, channel and recipient in order of their names; where nothing came and nothing would there is no entry. */
export function differences(came: readonly Alert[], wouldCome: readonly Alert[]): readonly AlertDifference[] {
  const places = new Map<string, { came: Alert[]; would: Alert[] }>();
  const placeOf = ({ check, channel, recipient }: Alert): { came: Alert[]; would: Alert[] } => {
    const name = JSON.stringify([check, channel, recipient]);
    const place = places.get(name) ?? { came: [], would: [] };
    places.set(name, place);
    return place;
  };
  for (const alert of came) placeOf(alert).came.push(alert);
  for (const alert of wouldCome) placeOf(alert).would.push(alert);
  return [...places].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, place]) => {
    const one = place.came[0] ?? place.would[0];
    if (one === undefined) return [];
    const { check, channel, recipient } = one;
    return [{ check, channel, recipient, came: place.came.length, wouldCome: place.would.length, fewer: without(place.came, place.would), more: without(place.would, place.came) }];
  });
}

/** Those of `some` that have no counterpart in `others`. */
function without(some: readonly Alert[], others: readonly Alert[]): readonly Alert[] {
  const left = new Map<string, number>();
  for (const alert of others) left.set(keyOf(alert), (left.get(keyOf(alert)) ?? 0) + 1);
  return some.filter((alert) => {
    const count = left.get(keyOf(alert)) ?? 0;
    left.set(keyOf(alert), count - 1);
    return count <= 0;
  });
}
