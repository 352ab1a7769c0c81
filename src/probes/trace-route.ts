import { mergedPath, type Path, pathChange, pathText } from "../core/path.ts";
import type { FactValue } from "../core/types.ts";

/** What a check knows of the way to its target. */
export interface KnownRoute {
  /** Address and method: ways to other addresses of a name, or of other packets, are other ways. */
  readonly to: string;
  readonly known: Path;
  /** Its far end was cut off to be remembered: nothing is known of what follows. */
  readonly cut: boolean;
  /** Another way that was seen lately, in the last `runs` runs that reached the target. */
  readonly newer: { readonly path: Path; readonly runs: number } | null;
}

/** Addresses that are remembered of each hop, where several share the load. */
const SHARING_MAX = 4;
/** What is remembered may have 4 KiB as JSON; with that, the longest paths fit. */
const ROOM = 3900;
const HOP_MAX = 200;

const isStrings = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((one) => typeof one === "string" && one.length <= HOP_MAX);
const isPath = (value: unknown): value is Path => Array.isArray(value) && value.every(isStrings);

/** Reads what an earlier run had remembered of the way there; null for nothing, or for what another version wrote. */
export function readKnownRoute(remembered: FactValue | undefined, to: string): KnownRoute | null {
  if (typeof remembered !== "object" || remembered === null || !("known" in remembered) || !("newer" in remembered)) return null;
  const { known, newer } = remembered;
  if (remembered["to"] !== to || !isPath(known)) return null;
  const cut = remembered["cut"] === true;
  if (typeof newer !== "object" || newer === null || !("path" in newer) || !("runs" in newer)) return { to, known, cut, newer: null };
  return { to, known, cut, newer: isPath(newer.path) && typeof newer.runs === "number" ? { path: newer.path, runs: newer.runs } : null };
}

/** What is to be remembered, cut until it fits: first those that share a hop's load, then the far ends. */
export function writeKnownRoute({ to, known, cut, newer }: KnownRoute): FactValue {
  const written = (sharing: number, hops: number): FactValue => {
    const front = (path: Path): readonly FactValue[] => path.slice(0, hops).map((hop) => hop.slice(0, sharing));
    return { to, known: front(known), newer: newer === null ? null : { path: front(newer.path), runs: newer.runs }, ...(cut || hops < known.length ? { cut: true } : {}) };
  };
  let sharing = SHARING_MAX;
  let hops = Math.max(known.length, newer?.path.length ?? 0);
  let value = written(sharing, hops);
  while (JSON.stringify(value).length > ROOM && hops > 1) {
    if (sharing > 1) sharing -= 1;
    else hops -= 1;
    value = written(sharing, hops);
  }
  return value;
}

/** `route`: `same`, or what is different. `before`: the known way, where it is another one. */
export interface RouteNews {
  readonly route: string;
  readonly before: string | null;
  readonly learnt: KnownRoute;
}

/** Compares a way that reached the target with the known one. A new way counts as changed for so many runs, then it is the known one. */
export function compareRoute(before: KnownRoute | null, to: string, path: Path, changedFor: number): RouteNews {
  const settled = (known: Path): RouteNews => ({ route: "same", before: null, learnt: { to, known, cut: false, newer: null } });
  if (before === null) return settled(path);
  const { known, newer, cut } = before;
  const comparable = cut ? path.slice(0, known.length) : path;
  const change = pathChange(known, comparable);
  if (change === null) return settled(mergedPath(known, path, SHARING_MAX));
  const again = newer !== null && pathChange(newer.path, comparable) === null;
  const runs = again ? newer.runs + 1 : 1;
  const merged = again ? mergedPath(newer.path, path, SHARING_MAX) : path;
  if (runs > changedFor) return settled(merged);
  return { route: `changed at hop ${change.hop}: ${change.is} instead of ${change.was}`, before: pathText(known), learnt: { to, known, cut, newer: { path: merged, runs } } };
}
