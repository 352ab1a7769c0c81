import type { Duplex } from "node:stream";
import type { Address, Failure } from "../sys/ports.ts";
import { decodeMysqlGreeting } from "../wire/mysql.ts";
import { type Greeting, isWholeGreeting, readGreeting } from "../wire/greeting.ts";
import { Dialogue } from "./dialogue.ts";
import { Gate } from "./gate.ts";
import { loginMysql, receiveMysql } from "./mysql.ts";
import { type DialContext, tenth, verdictOf } from "./outcome.ts";
import { ANY_TLS, type ScanTarget, askWeb } from "./scan.ts";
import { type OpenedSession, Session, openSession } from "./session.ts";
import { within } from "./within.ts";

export interface PortScan extends ScanTarget {
  readonly ports: readonly number[];
  /** Ports looked at at the same time. */
  readonly atOnce: number;
  /** The longest that each step may take: connecting, each question to find out what listens. */
  readonly waitMs: number;
  /** Whether to find out what listens. */
  readonly detect: boolean;
}

/** What listens at an open port, as far as it shows itself. */
export interface Service {
  /** `http`, `https`, `ssh`, `smtp`, ...; with `s` behind it under TLS; `tls` for TLS and no more; empty when it is not known. */
  readonly service: string;
  /** What the server calls itself; empty when it does not. */
  readonly product: string;
  /** Of the answer to `HEAD /`; null when it is no web server. */
  readonly status: number | null;
  /** From the first packet until it showed itself; null when it did not. */
  readonly rttMs: number | null;
}

/** `closed`: refused; `filtered`: nothing came back, or a router said no. `failure`: why it is not open. */
export type PortSeen =
  | { readonly port: number; readonly state: "open"; /** Time to connect. */ readonly connectMs: number; readonly found: Service }
  | { readonly port: number; readonly state: "closed" | "filtered"; readonly failure: Failure };

/** `cut`: the deadline came before all ports were looked at; those are missing. */
export type PortsScanned = { readonly kind: "scanned"; readonly seen: readonly PortSeen[]; readonly cut: boolean } | { readonly kind: "failed"; readonly failure: Failure };

const NOTHING: Service = { service: "", product: "", status: null, rttMs: null };
/** Whoever greets does so at once; the deadline of a step may be shorter. */
const GREETING_MS = 1000;

/** Where the first question is HTTP over TLS, or plain HTTP, or a greeting under TLS is awaited. */
const WEB_TLS: ReadonlySet<number> = new Set([443, 6443, 8443, 9443]);
const WEB: ReadonlySet<number> = new Set([80, 81, 591, 2375, 3000, 5000, 8000, 8008, 8080, 8081, 8088, 8888, 9000, 9090]);
const TLS: ReadonlySet<number> = new Set([465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 2376, 3269, 5061, 5223, 5671, 6697, 8883]);
/** Services that neither greet nor know HTTP: a request would be garbage in their logs, or an alarm. */
const QUIET: ReadonlySet<number> = new Set([53, 88, 102, 111, 135, 139, 179, 389, 445, 464, 502, 1433, 1521, 1883, 2049, 2181, 3268, 3389, 4222, 5060, 5222, 5269, 5432, 5672, 6379, 9042, 9092, 11211, 11434, 27017]);

/** Looks at ports of one address, each by a connection of its own. Never rejects, and leaves no connection behind. */
export async function scanPorts(scan: PortScan, ctx: DialContext): Promise<PortsScanned> {
  const gate = new Gate(scan.atOnce);
  const looks = await Promise.all(scan.ports.map((port) => gate.pass(async () => (ctx.signal.aborted ? null : look(scan, port, ctx)))));
  const own = looks.find((one) => one !== null && one.state !== "open" && verdictOf(one.failure.code) === "unknown");
  if (own !== undefined && own !== null && own.state !== "open") return { kind: "failed", failure: own.failure };
  const seen = looks.filter((one) => one !== null);
  return { kind: "scanned", seen, cut: looks.includes(null) };
}

/** Null when the deadline of the whole scan came first. */
async function look(scan: PortScan, port: number, ctx: DialContext): Promise<PortSeen | null> {
  const begun = ctx.clock.monotonic();
  const connection = await within(ctx, scan.waitMs, ({ network, signal }) => network.connect({ ip: scan.address.ip, port, source: scan.source, signal }));
  if (connection.kind === "failed") {
    const { code } = connection.failure;
    if (code === "timeout" && ctx.signal.aborted) return null;
    return { port, state: code === "refused" || code === "reset" ? "closed" : "filtered", failure: connection.failure };
  }
  const connectMs = tenth(ctx.clock.monotonic() - begun);
  const found = scan.detect ? await detect(scan, port, connection.socket, ctx) : NOTHING;
  connection.socket.destroy();
  return { port, state: "open", connectMs, found };
}

type Step = () => Promise<Service>;

/** Asks in the order that fits the port, until something shows itself. */
async function detect(scan: PortScan, port: number, socket: Duplex, ctx: DialContext): Promise<Service> {
  const greet: Step = () => within(ctx, scan.waitMs, (ctx) => hear(scan, port, socket, ctx));
  const greetTls: Step = () => within(ctx, scan.waitMs, (ctx) => hearTls(scan, port, ctx));
  const web = (secured: boolean): Step => () => within(ctx, scan.waitMs, (ctx) => askedWeb(scan, port, secured, ctx));
  const greets = !WEB_TLS.has(port) && !WEB.has(port) && !TLS.has(port);
  if (!greets) socket.destroy();
  const steps = WEB_TLS.has(port) ? [web(true), web(false)] : WEB.has(port) ? [web(false), web(true)] : TLS.has(port) ? [greetTls] : QUIET.has(port) ? [greet] : [greet, web(false), web(true)];
  let best = NOTHING;
  for (const step of steps) {
    const found = await step();
    // A web server that wants TLS says 400 to whoever comes without.
    if (found.service === "http" && found.status === 400) best = found;
    // Also what greeted in words unknown here: it knows no HTTP.
    else if (found.service !== "" || found.product !== "") return found;
    if (ctx.signal.aborted) break;
  }
  return best;
}

async function askedWeb(scan: PortScan, port: number, secured: boolean, ctx: DialContext): Promise<Service> {
  const { found, exchanged } = await askWeb(scan, port, secured, ctx);
  if (found !== null) return { service: secured ? "https" : "http", product: found.server, status: found.status, rttMs: found.rttMs };
  // What came in place of an answer may show what it is all the same: Redis says that it knows no such command.
  const { service, product } = readGreeting(Buffer.from(exchanged.received), port) ?? NOTHING;
  if (!secured) return { ...NOTHING, service, product };
  return exchanged.facts["tls"] === undefined ? NOTHING : { ...NOTHING, service: service === "" ? "tls" : `${service}s`, product };
}

/** A greeting on a connection that stands already. */
async function hear(scan: PortScan, port: number, socket: Duplex, ctx: DialContext): Promise<Service> {
  const begun = ctx.clock.monotonic();
  const to = destination(scan, port, scan.address);
  const peer = `${to.host} port ${port}`;
  const session = new Session(new Dialogue(socket, { peer, signal: ctx.signal, clock: ctx.clock }), { ...to, tls: null }, { facts: {}, phases: {}, attempts: [] }, ctx);
  return greeted(session, scan, port, begun);
}

async function hearTls(scan: PortScan, port: number, ctx: DialContext): Promise<Service> {
  const begun = ctx.clock.monotonic();
  const opened: OpenedSession = await openSession({ ...destination(scan, port, scan.address), tls: { ...ANY_TLS, servername: scan.name } }, ctx);
  if (opened.kind === "failed") return NOTHING;
  const found = await greeted(opened.session, scan, port, begun);
  return { ...found, service: found.service === "" ? "tls" : `${found.service}s` };
}

const destination = ({ source }: PortScan, port: number, { ip, family }: Address) => ({ host: ip, port, family, source });

/** Listens, and takes leave in the way of the service. */
async function greeted(session: Session, { waitMs }: PortScan, port: number, begun: number): Promise<Service> {
  const begin = await session.dialogue.peek(isWholeGreeting, GREETING_MS);
  // Some say a first line and keep the rest for those who can wait.
  const bytes = begin.length === 0 || isWholeGreeting(begin) ? begin : await session.dialogue.peek(isWholeGreeting, waitMs);
  const greeting = readGreeting(bytes, port);
  const rttMs = tenth(session.ctx.clock.monotonic() - begun);
  if (greeting === null) {
    session.dialogue.close();
    return NOTHING;
  }
  await leave(session, greeting);
  return { service: greeting.service, product: greeting.product, status: null, rttMs };
}

async function leave(session: Session, { service, farewell }: Greeting): Promise<void> {
  if (service === "mysql") {
    const first = await receiveMysql(session, decodeMysqlGreeting, 0);
    if (first.kind === "read" && first.value.packet.kind === "greeting") await loginMysql(session, { user: null, password: null }, first.value.packet);
    session.dialogue.close();
  } else if (farewell === "") session.dialogue.close();
  // It closes the connection when it has read that; what it says before does not matter.
  else await session.leave(farewell, () => session.dialogue.until(() => null));
}
