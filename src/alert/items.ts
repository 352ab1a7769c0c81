import type { Alert, AlertKind } from "../core/types.ts";

/** What one message says of one check: the news of one incident as one item, however many alerts brought it. */
export interface Item {
  readonly alert: Alert;
  /** The alert that opened the trouble, when it is in the same message: it is over before anybody was told. */
  readonly opened: Alert | null;
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

const OPENING: ReadonlySet<AlertKind> = new Set(["down", "degraded", "unchecked", "flapping", "channel-broken"]);
const CLOSING: ReadonlySet<AlertKind> = new Set(["recovered", "changed", "channel-mended"]);

/** Alerts that tell of trouble; each of them makes its end worth telling to the same recipient. */
export const tellsTrouble = (kind: AlertKind): boolean => OPENING.has(kind) || kind === "reminder";
/** Alerts that only make sense to somebody who was told of the trouble. */
export const tellsEnd = (kind: AlertKind): boolean => CLOSING.has(kind);

const KINDS: { readonly [kind in AlertKind]: (status: Face) => Face } = {
  down: () => STATUS.down,
  degraded: () => STATUS.degraded,
  reminder: (status) => ({ ...status, word: `STILL ${status.word}` }),
  flapping: () => ({ ...STATUS.down, word: "FLAPPING" }),
  settled: (status) => ({ ...status, word: "SETTLED" }),
  unchecked: () => ({ mark: "?", word: "UNCHECKED", trouble: 5 }),
  recovered: () => ({ ...STATUS.up, word: "RECOVERED" }),
  changed: () => ({ ...STATUS.pending, word: "CHANGED" }),
  run: (status) => status,
  "channel-broken": (status) => (status === STATUS.degraded ? { ...status, word: "CHANNEL DEGRADED" } : { ...STATUS.down, word: "CHANNEL BROKEN", trouble: 7 }),
  "channel-mended": () => ({ ...STATUS.up, word: "CHANNEL MENDED" }),
  digest: () => ({ ...STATUS.up, mark: "≡", word: "DIGEST" }),
  test: () => ({ ...STATUS.up, word: "TEST" }),
};

const faceOf = (alert: Alert): Face => KINDS[alert.kind](STATUS[alert.status]);

function itemOf(alerts: readonly [Alert, ...Alert[]]): Item {
  // An incident ends once: its end is the last word, even when the clock stepped back and put it first.
  const alert = alerts.find((one) => tellsEnd(one.kind)) ?? alerts.at(-1) ?? alerts[0];
  const opened = tellsEnd(alert.kind) && alert.kind !== "changed" ? (alerts.find((one) => OPENING.has(one.kind)) ?? null) : null;
  if (opened === null) {
    const face = faceOf(alert);
    return { alert, opened, ...face, sum: face.word.toLowerCase() };
  }
  // The worst that it was, not what it was first.
  const worst = alerts.filter((one) => OPENING.has(one.kind)).sort((a, b) => faceOf(b).trouble - faceOf(a).trouble)[0] ?? opened;
  const word = worst.kind === "channel-broken" ? "WAS BROKEN" : `WAS ${faceOf(worst).word}`;
  return { alert, opened, mark: STATUS.up.mark, word, sum: word.toLowerCase(), trouble: 0 };
}

/** Items of a message, worst first, else in the order in which it happened. */
export function digest(alerts: readonly Alert[]): readonly Item[] {
  const stories = new Map<string, [Alert, ...Alert[]]>();
  for (const alert of alerts) {
    const key = alert.incident ?? alert.id;
    const known = stories.get(key);
    if (known === undefined) stories.set(key, [alert]);
    else known.push(alert);
  }
  return [...stories.values()].map(itemOf).sort((a, b) => b.trouble - a.trouble);
}
