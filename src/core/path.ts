/** The way to a host: for each hop, the nearest first, the addresses that answered there; none where nobody did. */
export type Path = readonly (readonly string[])[];

const hopText = (addresses: readonly string[]): string => (addresses.length === 0 ? "*" : addresses.join("/"));

/** `192.0.2.1 > * > 198.51.100.1/198.51.100.2`. */
export const pathText = (path: Path): string => path.map(hopText).join(" > ");

/** Where two paths part, hops counted from 1; `*` where one of them has ended. */
export interface PathChange {
  readonly hop: number;
  readonly was: string;
  readonly is: string;
}

/**
 * The first hop at which `now` goes another way than `before`; null when none does. A hop that does not answer says nothing, and where several share the load it is
 * enough that one of them answers again.
 */
export function pathChange(before: Path, now: Path): PathChange | null {
  for (let index = 0; index < Math.max(before.length, now.length); index++) {
    const [was = [], is = []] = [before[index], now[index]];
    const ended = index >= before.length || index >= now.length;
    const differs = ended ? was.length + is.length > 0 : was.length > 0 && is.length > 0 && !is.some((address) => was.includes(address));
    if (differs) return { hop: index + 1, was: hopText(was), is: hopText(is) };
  }
  return null;
}

/** What is known of a path after it was seen again: a hop that did not answer this time is kept, and who shares its load is added, at most `most` of each hop. */
export function mergedPath(before: Path, now: Path, most: number): Path {
  return now.map((is, index) => [...new Set([...(before[index] ?? []), ...is])].slice(0, most));
}

/** Where a path that led to its target is broken: behind the last of its hops that still answers. */
export interface PathBreak {
  /** The last hop that answers, 0 for this machine itself, and who it is. */
  readonly after: number;
  readonly last: string;
  /** Who came next on the good path; null where no good path is known, or none of it answered there. */
  readonly next: string | null;
}

/** Compares a path that no longer reaches its target (`now`) with one that did (`good`, null for none known). */
export function pathBreak(good: Path | null, now: Path): PathBreak {
  const after = now.findLastIndex((addresses) => addresses.length > 0) + 1;
  const next = good?.slice(after).find((addresses) => addresses.length > 0) ?? null;
  return { after, last: after === 0 ? "this machine" : hopText(now[after - 1] ?? []), next: next === null ? null : hopText(next) };
}
