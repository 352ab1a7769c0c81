import type { MysqlServer, WebServer, WellKnown } from "../dial/scan.ts";
import { ctime, fixed3, floatRepr, jsonText } from "./python.ts";
import type { PingStatistics, Report, Step } from "./report.ts";

/** `parentheses`: `host (address)`, as connvitals and the old connmonitor write it; `blank`: `host address`, as connmonitor does from 4.0 on. */
export type Heading = "parentheses" | "blank";

/** The report as lines, the last one ended. `at`: when it is printed (ms since the epoch), where that is wanted. */
export function renderPlain({ name, address, ping, trace, scan }: Report, heading: Heading, at: number | null): string {
  const behind = name === address ? "" : heading === "parentheses" ? ` (${address})` : ` ${address}`;
  const lines = [`${name}${behind}`];
  if (at !== null) lines.push(ctime(at));
  if (ping !== null) lines.push([ping.min, ping.avg, ping.max, ping.std, ping.loss].map(fixed3).join("\t"));
  if (trace !== null) lines.push(...trace.map((step) => (step === null ? "*" : `${step.address}\t${fixed3(step.rttMs)}`)));
  if (scan !== null) lines.push([plainWeb(scan.http), plainWeb(scan.https), plainMysql(scan.mysql)].join("\t"));
  return lines.map((line) => `${line}\n`).join("");
}

const UNNAMED = "Unknown";
// oxlint-disable-next-line no-control-regex
const inLine = (text: string): string => text.replaceAll(/[\0-\x1f\x7f-\x9f]/g, "?");

const plainWeb = (found: WebServer | null): string => (found === null ? "None" : `${fixed3(found.rttMs)}, ${found.status}, ${inLine(found.server) || UNNAMED}`);
const plainMysql = (found: MysqlServer | null): string => (found === null ? "None" : `${fixed3(found.rttMs)}, ${inLine(found.version)}`);

/** The report as one line of JSON: members of the host without blanks between them, what is inside them as `json.dumps` writes it. */
export function renderJson({ name, address, ping, trace, scan }: Report, at: number | null): string {
  const members = [`"addr":${jsonText(address)}`, `"name":${jsonText(name)}`];
  if (at !== null) members.push(`"timestamp":${floatRepr(at)}`);
  if (ping !== null) members.push(`"ping":${jsonPing(ping)}`);
  if (trace !== null) members.push(`"trace":${jsonTrace(trace)}`);
  if (scan !== null) members.push(`"scan":${jsonScan(scan)}`);
  return `{${members.join(",")}}\n`;
}

const jsonObject = (members: readonly (readonly [string, string])[]): string => `{${members.map(([name, value]) => `"${name}": ${value}`).join(", ")}}`;
const NONE = jsonText("None");

const jsonPing = ({ min, avg, max, std, loss }: PingStatistics): string => jsonObject(Object.entries({ min, avg, max, std, loss }).map(([name, value]) => [name, floatRepr(value)]));

const jsonTrace = (steps: readonly Step[]): string => `[${steps.map((step) => (step === null ? '["*"]' : `[${jsonText(step.address)}, ${floatRepr(step.rttMs)}]`)).join(", ")}]`;

function jsonScan({ http, https, mysql }: WellKnown): string {
  const web = (found: WebServer | null): string => (found === null ? NONE : jsonObject([["rtt", floatRepr(found.rttMs)], ["response code", jsonText(String(found.status))], ["server", jsonText(found.server || UNNAMED)]]));
  const database = mysql === null ? NONE : jsonObject([["rtt", floatRepr(mysql.rttMs)], ["version", jsonText(mysql.version)]]);
  return jsonObject([["http", web(http)], ["https", web(https)], ["mysql", database]]);
}
