import { domainToASCII } from "node:url";
import type { Address } from "../sys/ports.ts";
import { decodeMysqlGreeting } from "../wire/mysql.ts";
import { type Exchanged, exchange } from "./http.ts";
import { loginMysql, receiveMysql } from "./mysql.ts";
import { tlsSettings } from "./options.ts";
import { type DialContext, tenth } from "./outcome.ts";
import { openSession } from "./session.ts";
import { within } from "./within.ts";

/** What answers where: the services that connvitals looks for, by one question each, without credentials and whatever the certificate. */

export interface WebServer {
  /** From the first packet to the answer. */
  readonly rttMs: number;
  readonly status: number;
  /** As the server names itself; empty when it does not. */
  readonly server: string;
}

export interface MysqlServer {
  /** From the first packet to the greeting. */
  readonly rttMs: number;
  readonly version: string;
}

/** Null: nothing that speaks the protocol. */
export interface WellKnown {
  readonly http: WebServer | null;
  readonly https: WebServer | null;
  readonly mysql: MysqlServer | null;
}

export interface ScanTarget {
  /** Told to web servers, in the Host field and under TLS. */
  readonly name: string;
  readonly address: Address;
  readonly source: string | null;
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;
const MYSQL_PORT = 3306;

/** Whatever the certificate and however old the protocol: who is there is the question, not who may be trusted. */
export const ANY_TLS = tlsSettings().parse({ verify: false, minVersion: "TLSv1" });
const NAMED_TLS = (name: string) => ({ ...ANY_TLS, servername: name });
/** The answer to HEAD has no body; a server that sends one all the same is not read on. */
const BODY_MAX = 1024;
const SERVER_MAX = 200;

/** Asks ports 80, 443 and 3306 of one address, all at once, each for at most `waitMs`. */
export async function scanWellKnown(target: ScanTarget, waitMs: number, ctx: DialContext): Promise<WellKnown> {
  const [http, https, mysql] = await Promise.all([
    within(ctx, waitMs, (ctx) => askWeb(target, HTTP_PORT, false, ctx)),
    within(ctx, waitMs, (ctx) => askWeb(target, HTTPS_PORT, true, ctx)),
    within(ctx, waitMs, (ctx) => askMysql(target, MYSQL_PORT, ctx)),
  ]);
  return { http: http.found, https: https.found, mysql };
}

export interface WebAnswer {
  readonly found: WebServer | null;
  readonly exchanged: Exchanged;
}

/** `HEAD /`, over TLS or plain. */
export async function askWeb({ name, address, source }: ScanTarget, port: number, secured: boolean, ctx: DialContext): Promise<WebAnswer> {
  const begun = ctx.clock.monotonic();
  const bracketed = (host: string): string => (host.includes(":") ? `[${host.replace(/%.*/, "")}]` : domainToASCII(host) || address.ip);
  const url = new URL(`${secured ? "https" : "http"}://${bracketed(address.ip)}:${port}/`);
  const usual = port === (secured ? HTTPS_PORT : HTTP_PORT);
  const headers = { Host: usual ? bracketed(name) : `${bracketed(name)}:${port}` };
  const exchanged = await exchange({ url, method: "HEAD", headers, body: null, family: address.family, source, tls: NAMED_TLS(name), http2: false, proxy: null, bodyLimit: BODY_MAX }, ctx);
  const rttMs = tenth(ctx.clock.monotonic() - begun);
  if (exchanged.kind === "failed") return { found: null, exchanged };
  const { status, headers: said } = exchanged.response;
  return { found: { rttMs, status, server: (said["server"] ?? "").slice(0, SERVER_MAX) }, exchanged };
}

/** Reads the greeting and leaves by a login that is refused: who hangs up after the greeting is counted as an error, and shut out in the end. */
async function askMysql({ address, source }: ScanTarget, port: number, ctx: DialContext): Promise<MysqlServer | null> {
  const begun = ctx.clock.monotonic();
  const opened = await openSession({ host: address.ip, port, family: address.family, source, tls: null }, ctx);
  if (opened.kind === "failed") return null;
  const { session } = opened;
  const greeted = await receiveMysql(session, decodeMysqlGreeting, 0);
  const rttMs = tenth(ctx.clock.monotonic() - begun);
  const greeting = greeted.kind === "read" ? greeted.value.packet : null;
  if (greeting?.kind === "greeting") await loginMysql(session, { user: null, password: null }, greeting);
  session.dialogue.close();
  return greeting?.kind === "greeting" ? { rttMs, version: greeting.version.slice(0, SERVER_MAX) } : null;
}
