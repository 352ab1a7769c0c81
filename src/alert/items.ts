import { type Alert, type AlertKind, type Instant, TROUBLE_KINDS } from "../core/types.ts";

export interface Stretch {
  readonly from: Instant;
  readonly to: Instant;
}

/** What one message says of one check: the news of one stretch of trouble as one item, however many alerts and incidents brought it. */
export interface Item {
  readonly alert: Alert;
  /** The trouble at its worst, with its true beginning, when that is in the same message: it is over before anybody was told. */
  readonly opened: Alert | null;
  /** The outage after which it was only degraded, where that was the last of it. */
  readonly outage: Stretch | null;
  readonly mark: string;
  /** In capitals: what the first line begins with. */
  readonly word: string;
  /** In small letters, for sums: `3 down, 1 recovered`. */
  readonly sum: string;
  /** Order of trouble: the highest first. */
  readonly trouble: number;
}

interface Face {
  readonly mark: string;
  readonly word: string;
  readonly trouble: number;
}

/** Marks as everywhere in Tocsin: never colour alone. */
const STATUS: { readonly [status in Alert["status"]]: Face } = {
  down: { mark: "▲", word: "DOWN", trouble: 6 },
  disputed: { mark: "◇", word: "DISPUTED", trouble: 5 },
  degraded: { mark: "◐", word: "DEGRADED", trouble: 4 },
  blocked: { mark: "◌", word: "BLOCKED", trouble: 3 },
  pending: { mark: "·", word: "PENDING", trouble: 2 },
  paused: { mark: "‖", word: "PAUSED", trouble: 1 },
  up: { mark: "●", word: "UP", trouble: 0 },
};
const UNCHECKED: Face = { mark: "?", word: "UNCHECKED", trouble: 5 };

const CLOSING: ReadonlySet<AlertKind> = new Set(["recovered", "settled", "changed", "channel-mended"]);

/** Alerts that tell of trouble; each of them makes its end worth telling to the same recipient. */
export const tellsTrouble = (kind: AlertKind): boolean => TROUBLE_KINDS.has(kind);
/** Alerts that only make sense to somebody who was told of the trouble. */
export const tellsEnd = (kind: AlertKind): boolean => CLOSING.has(kind);
const opens = ({ kind }: Alert): boolean => tellsTrouble(kind) && kind !== "reminder";

const still = (face: Face): Face => ({ ...face, word: `STILL ${face.word}` });

const KINDS: { readonly [kind in AlertKind]: (status: Face) => Face } = {
  down: () => STATUS.down,
  degraded: () => STATUS.degraded,
  // It is of what is open: what waits for a verdict then is unchecked.
  reminder: (status) => still(status === STATUS.pending ? UNCHECKED : status),
  flapping: () => ({ ...STATUS.down, word: "FLAPPING" }),
  // What is wrong with it now is told by itself.
  settled: (status) => ({ ...status, word: "SETTLED", trouble: Math.max(0, status.trouble - 1) }),
  unchecked: () => UNCHECKED,
  recovered: () => ({ ...STATUS.up, word: "RECOVERED" }),
  changed: () => ({ ...STATUS.pending, word: "CHANGED" }),
  run: (status) => status,
  "channel-broken": (status) => (status === STATUS.degraded ? { ...status, word: "CHANNEL DEGRADED" } : { ...STATUS.down, word: "CHANNEL BROKEN", trouble: 7 }),
  "channel-mended": (status) => ({ ...status, word: status === STATUS.pending ? "CHANNEL CHANGED" : "CHANNEL MENDED" }),
  digest: () => ({ ...STATUS.up, mark: "≡", word: "DIGEST" }),
  test: () => ({ ...STATUS.up, word: "TEST" }),
};

const faceOf = (alert: Alert): Face => KINDS[alert.kind](STATUS[alert.status]);

/** What the first line speaks of: to somebody who never heard of it a reminder is the first news. */
function lastWord(alerts: readonly [Alert, ...Alert[]]): Alert {
  // An incident ends once: its end is the last word, even when the clock stepped back and put it first.
  const end = alerts.find((one) => tellsEnd(one.kind));
  if (end !== undefined) return end;
  const ended = new Set(alerts.map((one) => one.ends));
  const open = alerts.filter(({ incident }) => incident === null || !ended.has(incident));
  const last = open.at(-1) ?? alerts[0];
  const opened = last.kind === "reminder" ? open.findLast(opens) : undefined;
  return opened === undefined ? last : { ...last, kind: opened.kind };
}

/** The worst that it was, not what it was first, from its beginning on. */
function worstOf(openings: readonly Alert[]): Alert | null {
  const [first] = openings;
  const [worst] = openings.toSorted((a, b) => faceOf(b).trouble - faceOf(a).trouble);
  return first === undefined || worst === undefined ? null : { ...worst, since: first.since };
}

function itemOf(alerts: readonly [Alert, ...Alert[]]): Item {
  const alert = lastWord(alerts);
  const openings = alerts.filter(opens);
  const opened = tellsEnd(alert.kind) && alert.kind !== "changed" && alert.kind !== "settled" ? worstOf(openings) : null;
  const lesser = alert.kind === "degraded" || opened !== null ? openings.at(-1) : undefined;
  const outage = lesser?.kind === "degraded" && lesser.outageFrom !== null ? { from: lesser.outageFrom, to: lesser.since } : null;
  if (opened === null) {
    const face = faceOf(alert);
    return { alert, opened, outage, ...face, sum: face.word.toLowerCase() };
  }
  const word = opened.kind === "channel-broken" ? "WAS BROKEN" : `WAS ${faceOf(opened).word}`;
  return { alert, opened, outage, mark: STATUS.up.mark, word, sum: word.toLowerCase(), trouble: 0 };
}

/** From when to when the trouble was that an item ends; null where it ends none. */
export function over({ alert, opened }: Item): Stretch | null {
  if (opened !== null) return { from: opened.since, to: alert.since };
  return tellsEnd(alert.kind) && alert.kind !== "settled" && alert.outageFrom !== null ? { from: alert.outageFrom, to: alert.since } : null;
}

/** The stories that an alert is part of: its incident's, then the one that it ends. Flapping goes on over many outages and is a story of its own. */
export function storiesOf({ id, kind, incident, ends }: Alert): readonly [string, ...string[]] {
  if (incident === null) return [id];
  if (kind === "flapping" || kind === "settled") return [`flapping ${incident}`];
  if (ends === undefined) return [incident];
  return [incident, kind === "changed" ? `flapping ${ends}` : ends];
}

/** The name under which a story goes when those that end others are joined with them. */
function joining(alerts: readonly Alert[]): (story: string) => string {
  const into = new Map<string, string>();
  const nameOf = (story: string): string => {
    let name = story;
    for (let next = into.get(name); next !== undefined; next = into.get(name)) name = next;
    return name;
  };
  for (const alert of alerts) {
    const [own, ended] = storiesOf(alert);
    if (ended !== undefined && nameOf(ended) !== nameOf(own)) into.set(nameOf(ended), nameOf(own));
  }
  return nameOf;
}

/** Items of a message, worst first, else in the order in which it happened. */
export function digest(alerts: readonly Alert[]): readonly Item[] {
  const stories = new Map<string, [Alert, ...Alert[]]>();
  const nameOf = joining(alerts);
  for (const alert of alerts) {
    const story = nameOf(storiesOf(alert)[0]);
    const known = stories.get(story);
    if (known === undefined) stories.set(story, [alert]);
    else known.push(alert);
  }
  return [...stories.values()].map(itemOf).sort((a, b) => b.trouble - a.trouble);
}
