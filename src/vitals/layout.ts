import type { WellKnown } from "../dial/scan.ts";
import { cut, fill, fillLeft, harmless, width } from "./columns.ts";
import { ctime } from "./python.ts";
import type { Scene, WatchedHop, WatchedHost } from "./scene.ts";
import type { Tally } from "./tally.ts";

/** How wide and how rich the page may be. */
export interface Look {
  readonly columns: number;
  /** Rows of the screen; null: as many as it takes. */
  readonly rows: number | null;
  readonly colours: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
  /** Milliseconds since the epoch; null: no heading and no keys, as on paper. */
  readonly now: number | null;
}

type Colour = "bold" | "dim" | "red" | "yellow" | "green";
const CODES: { readonly [colour in Colour]: string } = { bold: "1", dim: "2", red: "31", yellow: "33", green: "32" };
type Paint = (colour: Colour, text: string) => string;
const painter = (colours: boolean): Paint => (colours ? (colour, text) => (text === "" ? "" : `\u001b[${CODES[colour]}m${text}\u001b[0m`) : (_, text) => text);

const KEYS = "q quit  p pause  r reset  d display  n names  s ports  \u2191\u2193 scroll";
const KEYS_ASCII = KEYS.replace("\u2191\u2193", "up/down");

/** The page as lines, none wider than the screen and not more than it has rows. `scrolled`: so many lines are really scrolled past, which are never more than there are. */
export function layout(scene: Scene, look: Look): { readonly lines: readonly string[]; readonly scrolled: number } {
  const paint = painter(look.colours);
  const body = scene.display === "hosts" ? hostTable(scene, look, paint) : scene.hosts.flatMap((host) => hostBlock(host, scene, look, paint));
  const head = look.now === null ? [] : heading(scene, look, look.now, paint);
  if (look.rows === null) return { lines: [...head, ...body], scrolled: 0 };
  const room = Math.max(0, look.rows - head.length);
  const scrolled = Math.max(0, Math.min(scene.scrolled, body.length - room));
  return { lines: [...head, ...body.slice(scrolled, scrolled + room)].slice(0, look.rows), scrolled };
}

function heading(scene: Scene, { columns, unicode }: Look, now: number, paint: Paint): readonly string[] {
  const state = scene.paused ? "paused" : "";
  const title = "tocsin vitals";
  const time = ctime(now);
  const right = width(title) + width(state) + width(time) + 4 <= columns ? time : time.slice(11, 19);
  const gap = columns - width(title) - width(right) - (state === "" ? 0 : width(state) + 2);
  const first = gap >= 1 ? `${paint("bold", title)}${state === "" ? "" : `  ${paint("yellow", state)}`}${" ".repeat(gap)}${right}` : paint("bold", cut(title, columns));
  return [first, paint("dim", cut(unicode ? KEYS : KEYS_ASCII, columns)), ""];
}

interface Column {
  readonly title: string;
  readonly columns: number;
  readonly value: (tally: Tally) => string;
}

const ms = (value: number | null): string => (value === null ? "" : value.toFixed(value < 10 ? 2 : value < 1000 ? 1 : 0));
const LOSS: Column = { title: "Loss%", columns: 7, value: (tally) => (tally.sent === 0 ? "" : `${tally.loss.toFixed(1)}%`) };
const SENT: Column = { title: "Snt", columns: 6, value: ({ sent }) => String(sent) };
const LAST: Column = { title: "Last", columns: 8, value: ({ last }) => ms(last) };
const AVERAGE: Column = { title: "Avg", columns: 8, value: ({ average }) => ms(average) };
const BEST: Column = { title: "Best", columns: 8, value: ({ best }) => ms(best) };
const WORST: Column = { title: "Wrst", columns: 8, value: ({ worst }) => ms(worst) };
const DEVIATION: Column = { title: "StDev", columns: 7, value: ({ deviation }) => ms(deviation) };
const ALL: readonly Column[] = [LOSS, SENT, LAST, AVERAGE, BEST, WORST, DEVIATION];
/** What is left out first where there is no room. */
const DISPENSABLE: readonly Column[] = [DEVIATION, SENT, BEST, WORST, LAST, AVERAGE, LOSS];
/** Room for names before a column is worth more; for the last two columns less will do. */
const NAME_LEAST = 22;
const NAME_LEAST_OF_ALL = 12;

function columnsFor(columns: number): { readonly shown: readonly Column[]; readonly name: number } {
  let shown = ALL;
  const used = (): number => shown.reduce((sum, column) => sum + column.columns, 0);
  for (const column of DISPENSABLE) if (columns - used() < (column === LOSS || column === AVERAGE ? NAME_LEAST_OF_ALL : NAME_LEAST)) shown = shown.filter((one) => one !== column);
  return { shown, name: Math.max(1, columns - used()) };
}

const row = (name: string, nameColumns: number, shown: readonly Column[], cell: (column: Column) => string): string => fill(name, nameColumns) + shown.map((column) => fillLeft(cell(column), column.columns)).join("");

/** Green needs no telling; what is lost does. */
function weight({ sent, received, loss }: Tally): Colour | null {
  if (sent === 0 || loss === 0) return null;
  return received === 0 || loss >= 20 ? "red" : "yellow";
}

function hostBlock(host: WatchedHost, scene: Scene, look: Look, paint: Paint): readonly string[] {
  const behind = host.address === null || host.address === host.name ? "" : ` (${host.address})`;
  const title = paint("bold", cut(harmless(`${host.name}${behind}`), look.columns));
  const why = host.trouble ?? host.report;
  const trouble = why === null ? [] : [paint("red", cut(`  ${harmless(why)}`, look.columns))];
  const hops = scene.display === "history" ? historyLines(host, scene, look, paint) : hopLines(host, scene, look, paint);
  return [title, ...trouble, pingLine(host, look, paint), ...portLines(host.ports, look), ...hops, ""];
}

function pingLine({ ping }: WatchedHost, { columns }: Look, paint: Paint): string {
  if (ping.sent === 0) return "  ping  no answer yet".slice(0, columns);
  const parts = [`  ping  ${ping.last === null ? "no answer" : `${ms(ping.last)} ms`}`, `loss ${ping.loss.toFixed(1)}%`, ...(ping.received === 0 ? [] : [`avg ${ms(ping.average)}`, `best ${ms(ping.best)}`, `wrst ${ms(ping.worst)}`, `stdev ${ms(ping.deviation)}`])];
  while (parts.length > 1 && width(parts.join("  ")) > columns) parts.pop();
  const text = cut(parts.join("  "), columns);
  const colour = weight(ping);
  return colour === null ? text : paint(colour, text);
}

function portLines(ports: WellKnown | null, { columns }: Look): readonly string[] {
  if (ports === null) return [];
  return [cut(`  ports  ${portWords(ports).join("  ")}`, columns)];
}

const portWords = ({ http, https, mysql }: WellKnown): readonly string[] => [
  `http ${http === null ? "-" : harmless(`${http.status} ${http.server}`.trim())}`,
  `https ${https === null ? "-" : harmless(`${https.status} ${https.server}`.trim())}`,
  `mysql ${mysql === null ? "-" : harmless(mysql.version)}`,
];

function hopLines({ hops }: WatchedHost, scene: Scene, { columns }: Look, paint: Paint): readonly string[] {
  if (hops.length === 0) return [];
  const { shown, name } = columnsFor(columns);
  const lines = [paint("dim", row("    Hop", name, shown, ({ title }) => title))];
  for (const [index, hop] of hops.entries()) {
    const [first = "???", ...others] = hop.addresses.map((address) => label(address, scene));
    const line = row(`${fillLeft(`${index + 1}.`, 5)} ${first}`, name, shown, (column) => column.value(hop.tally));
    const colour = weight(hop.tally);
    lines.push(colour === null ? line : paint(colour, line));
    for (const other of others.slice(0, 3)) lines.push(paint("dim", cut(`      ${other}`, columns)));
  }
  return lines;
}

function label(address: string, { names, numeric }: Scene): string {
  const name = numeric ? null : (names.get(address) ?? null);
  return harmless(name ?? address);
}

const LEVELS = "▁▂▃▄▅▆▇█";
const LEVELS_ASCII = ".:-=+*#%";
const HISTORY_LEAST = 10;

function historyLines({ hops }: WatchedHost, scene: Scene, { columns, unicode }: Look, paint: Paint): readonly string[] {
  if (hops.length === 0) return [];
  const name = Math.max(1, Math.min(32, columns - HISTORY_LEAST, Math.floor(columns / 2)));
  const room = columns - name - 1;
  const shown = hops.map(({ tally }) => (room <= 0 ? [] : tally.history.slice(-room)));
  const greatest = Math.max(0, ...shown.flat().map((rtt) => rtt ?? 0));
  const levels = unicode ? LEVELS : LEVELS_ASCII;
  const sign = (rtt: number | null): string => (rtt === null ? "?" : (levels[Math.min(levels.length - 1, Math.floor((rtt / greatest) * levels.length))] ?? " "));
  const lines = hops.map((hop, index) => {
    const text = `${fillLeft(`${index + 1}.`, 5)} ${nameOfHop(hop, scene)}`;
    if (room <= 0) return cut(text, columns);
    return `${fill(text, name)} ` + (shown[index] ?? []).map((rtt) => (rtt === null ? paint("red", "?") : sign(rtt))).join("");
  });
  const scale = `      ${levels[0]} 0 ms  ${levels.at(-1)} ${ms(greatest)} ms  ? lost`;
  return [...lines, paint("dim", cut(scale, columns))];
}

const nameOfHop = ({ addresses }: WatchedHop, scene: Scene): string => (addresses[0] === undefined ? "???" : label(addresses[0], scene));

/** A line a host: its pings, how far it is, what listens there. */
function hostTable({ hosts }: Scene, { columns }: Look, paint: Paint): readonly string[] {
  const { shown, name } = columnsFor(columns);
  const lines = [paint("dim", row("Host", name, shown, ({ title }) => title))];
  for (const host of hosts) {
    const behind = host.address === null || host.address === host.name ? "" : ` (${host.address})`;
    const line = row(harmless(`${host.name}${behind}`), name, shown, (column) => column.value(host.ping));
    const colour = weight(host.ping);
    lines.push(colour === null ? line : paint(colour, line));
    const why = host.trouble ?? host.report;
    const more = [...(why === null ? [] : [harmless(why)]), ...(host.reachedAfter === null ? [] : [`${host.reachedAfter} ${host.reachedAfter === 1 ? "hop" : "hops"}`]), ...(host.ports === null ? [] : portWords(host.ports))];
    if (more.length > 0) lines.push(paint("dim", cut(`  ${more.join("  ")}`, columns)));
  }
  return lines;
}
