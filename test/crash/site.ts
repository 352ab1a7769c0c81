/** What Tocsin watches while it is killed: every kind of check that this test can break by a plan, and whom it tells. */

export const RECIPIENTS = ["anna@crash.test", "bert@crash.test"] as const;
/** Pairs of channel and recipient as `CHANNEL RECIPIENT`. */
export const PAIRS = ["hook ", ...RECIPIENTS.map((recipient) => `mail ${recipient}`)] as const;
/** Never fails: its connections are the beat by which other checks' runs are counted. */
export const PULSE = "pulse";
export const PORT = 21_212;
export const GROUP_WINDOW = "500ms";
export const PUSH_WITHIN_S = 4;

export type Kind = "pulse" | "door" | "banner" | "silent" | "script" | "push" | "own" | "turn" | "member";

export interface Subject {
  readonly name: string;
  readonly kind: Kind;
  readonly everyS: number;
  readonly failAfter: number;
  /** Longest time from the start of a run to its end, ms. */
  readonly runMs: number;
  readonly parent: string | null;
  readonly members: readonly string[];
  /** Told at once: the pairs that must hear of every outage. Empty: it tells nobody. */
  readonly pairs: readonly string[];
  /** Further steps and reminders. */
  readonly escalates: boolean;
}

const plain = { everyS: 1, failAfter: 2, runMs: 2000, parent: null, members: [], pairs: PAIRS, escalates: false };
const numbered = <Item>(count: number, make: (at: number) => Item): Item[] => Array.from({ length: count }, (_, at) => make(at));

/** Two hundred checks, always the same. */
export function subjects(): readonly Subject[] {
  const doors = numbered(130, (at): Subject => ({ ...plain, name: `door-${at}`, kind: "door", everyS: 1 + (at % 2), failAfter: at % 5 === 0 ? 1 : 2, escalates: at >= 120, pairs: at >= 120 ? ["hook "] : PAIRS }));
  const parents = numbered(4, (at): Subject => ({ ...plain, name: `parent-${at}`, kind: "door" }));
  const children = numbered(16, (at): Subject => ({ ...plain, name: `child-${at}`, kind: "door", parent: `parent-${at % 4}` }));
  const banners = numbered(10, (at): Subject => ({ ...plain, name: `banner-${at}`, kind: "banner", runMs: 5000 }));
  const silents = numbered(3, (at): Subject => ({ ...plain, name: `silent-${at}`, kind: "silent", everyS: 3, failAfter: 1 }));
  const scripts = numbered(8, (at): Subject => ({ ...plain, name: `script-${at}`, kind: "script", everyS: 2, runMs: 5000 }));
  const pushes = numbered(2, (at): Subject => ({ ...plain, name: `push-${at}`, kind: "push", failAfter: 1 }));
  const own = numbered(6, (at): Subject => ({ ...plain, name: `own-${at}`, kind: "own", everyS: 2, members: [1, 2, 3].map((step) => `door-${at * 5 + step}`) }));
  const turns = numbered(3, (at): Subject => ({ ...plain, name: `turn-${at}`, kind: "turn", everyS: 2, runMs: 6000, members: [0, 1, 2].map((step) => `member-${at}-${step}`) }));
  const members = turns.flatMap((turn) => turn.members.map((name): Subject => ({ ...plain, name, kind: "member", everyS: 2, pairs: [] })));
  const pulse: Subject = { ...plain, name: PULSE, kind: "pulse" };
  return [pulse, ...doors, ...parents, ...children, ...banners, ...silents, ...scripts, ...pushes, ...own, ...turns, ...members];
}

/** Where the things are that are watched and told. */
export interface Places {
  readonly addressOf: (subject: string) => string;
  readonly flagOf: (subject: string) => string;
  readonly tokenOf: (subject: string) => string;
  readonly mailPort: number;
  readonly hookPort: number;
}

/** The configuration as text; JSON is YAML. */
export function configuration(all: readonly Subject[], places: Places): string {
  const channels = {
    mail: { type: "email", to: RECIPIENTS, from: "tocsin@crash.test", smtp: { host: "127.0.0.1", port: places.mailPort, starttls: "off" }, cap: "off", group: GROUP_WINDOW },
    hook: { type: "webhook", url: `http://127.0.0.1:${places.hookPort}/hook`, cap: "off", group: GROUP_WINDOW },
  };
  const checks = Object.fromEntries(all.map((subject) => [subject.name, definition(subject, places)]));
  return `${JSON.stringify({ name: "Crash", timezone: "UTC", defaults: { flapping: "off", notify: ["mail", "hook"] }, channels, checks }, null, 1)}\n`;
}

function definition(subject: Subject, places: Places): object {
  const { name, kind, everyS, failAfter, runMs, parent, members, escalates } = subject;
  const judged = { failAfter, timeout: `${runMs}ms`, ...(parent === null ? {} : { depends: [parent] }) };
  const notify = escalates ? { notify: [{ after: 1, to: ["hook"], repeat: "10s" }, { after: "3s", to: ["mail"] }, { after: 3, to: ["hook"] }] } : {};
  const tcp = { type: "tcp", host: places.addressOf(name), port: PORT, ...judged, ...notify };
  const every = `${everyS}s`;
  switch (kind) {
    case "pulse":
    case "door":
      return { ...tcp, every };
    case "banner":
    case "silent":
      return { ...tcp, every, dialogue: [{ expect: "220 ready" }] };
    case "script":
      return { type: "script", format: "exit", command: ["test", "!", "-e", places.flagOf(name)], every, ...judged };
    case "push":
      return { type: "push", within: `${PUSH_WITHIN_S}s`, token: places.tokenOf(name), failAfter };
    case "own":
      return { type: "group", members, run: "own" };
    case "turn":
      return { type: "group", members, run: "turn", every, failAfter };
    case "member":
      return tcp;
    default:
      return kind satisfies never;
  }
}
