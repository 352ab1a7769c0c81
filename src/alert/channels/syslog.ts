import type { Duplex } from "node:stream";
import { z } from "zod";
import type { Alert } from "../../core/types.ts";
import { impatience } from "../../dial/datagrams.ts";
import { host, port, type TlsSettings, tlsSettings } from "../../dial/options.ts";
import { openStream } from "../../dial/stream.ts";
import { FACILITIES, type SyslogRecord, type SyslogSeverity, encodeLocalSyslog, encodeSyslog, syslogFrame } from "../../wire/syslog.ts";
import type { Channel, ChannelContext, Message, Sending } from "./channel.ts";

const options = z
  .strictObject({
    transport: z.enum(["local", "udp", "tcp", "tls"]).default("local").describe("local: the daemon of this machine; udp; tcp, with the length before each message; tls").meta({ source: "RFC 5426, RFC 6587, RFC 5425" }),
    socket: z.string().regex(/^\//, "write the socket's full path").default("/dev/log").describe("With `transport: local`: the daemon's socket").meta({ hostPower: true }),
    host: host().nullable().default(null).describe("Host name or address of the server; not with `transport: local`"),
    port: port().nullable().default(null).describe("Port; by default 514, with tls 6514"),
    tls: tlsSettings().prefault({}).describe("With `transport: tls`: its settings"),
    facility: z.enum(FACILITIES).default("daemon").describe("Facility of the messages"),
    hostname: z.string().regex(/^[\x21-\x7e]{1,255}$/, "a host name is printable ASCII without blanks").nullable().default(null).describe("Host that the messages say they are from; by default this place's name (`vantage`)"),
    enterprise: z.number().int().min(1).max(4_294_967_295).default(32_473).describe("Private enterprise number in the name of the structured data, tocsin@NUMBER; the default is the one for examples").meta({ source: "RFC 5424, section 7.2.2; RFC 5612" }),
  })
  .superRefine(({ transport, host }, ctx) => {
    if (transport !== "local" && host === null) ctx.addIssue({ code: "custom", path: ["host"], message: `\`transport: ${transport}\` needs a server`, params: { right: "write host: HOST" } });
    if (transport === "local" && host !== null) ctx.addIssue({ code: "custom", path: ["transport"], message: "`transport: local` has no host", params: { right: "write transport: udp, tcp or tls" } });
  });
type Options = z.output<typeof options>;

/** A refusal by the receiver's machine (ICMP) comes at once, or not at all. */
const REFUSAL_MS = 250;

const OF_STATUS: { readonly [status in Alert["status"]]: SyslogSeverity } = { down: "crit", disputed: "err", degraded: "warning", blocked: "warning", pending: "notice", paused: "notice", up: "notice" };
const OF_KIND: { readonly [kind in Alert["kind"]]?: SyslogSeverity } = { unchecked: "err", flapping: "err", "channel-broken": "err", recovered: "notice", changed: "notice", "channel-mended": "notice", digest: "info", test: "info" };

/** A reminder is as bad as what it reminds of: what waits for a verdict then is unchecked. */
const severityOf = ({ kind, status }: Alert): SyslogSeverity => OF_KIND[kind === "reminder" && status === "pending" ? "unchecked" : kind] ?? OF_STATUS[status];

/** One record an alert: that is what is looked for in logs. */
function recordsOf({ facility, hostname, enterprise }: Options, { key, subject, alerts, site }: Message): readonly SyslogRecord[] {
  return alerts.map((alert) => {
    const { id, kind, check, status, at, code, sentence, incident } = alert;
    const values: readonly (readonly [string, string])[] = [["key", key], ["id", id], ["kind", kind], ["check", check], ["status", status], ["code", code], ...(incident === null ? [] : [["incident", incident] as const])];
    const text = alerts.length === 1 ? subject : `${kind} ${check}: ${sentence}`;
    return { facility, severity: severityOf(alert), timestamp: new Date(at).toISOString(), hostname: hostname ?? site.vantage, application: "tocsin", messageId: kind, data: { id: `tocsin@${enterprise}`, values }, text };
  });
}

const counted = (records: readonly SyslogRecord[]): string => (records.length === 1 ? "" : `${records.length} messages `);
const later = (reason: string, doubt: boolean): Sending => ({ kind: "retry", reason, doubt });

async function sendLocal(path: string, records: readonly SyslogRecord[], ctx: ChannelContext): Promise<Sending> {
  const handed = await ctx.network.sendToPath?.(path, records.map(encodeLocalSyslog), ctx.signal);
  if (handed === undefined) return later(`there is no way to ${path} on this system`, false);
  return handed.failure === null ? { kind: "sent", detail: `${counted(records)}handed to ${path}` } : later(handed.failure.sentence, handed.taken > 0);
}

/** RFC 5426: nothing is confirmed, and nothing is said but by a machine on which nobody listens. */
async function sendUdp(server: string, at: number, records: readonly SyslogRecord[], ctx: ChannelContext): Promise<Sending> {
  const resolution = await ctx.network.resolve(server, null, ctx.signal);
  if (resolution.kind === "failed") return later(resolution.failure.sentence, false);
  let reason = `${server} has no address`;
  for (const { ip } of resolution.addresses) {
    const opened = await ctx.network.datagram(ip, at, null);
    if (opened.kind === "failed") {
      reason = opened.failure.sentence;
      continue;
    }
    for (const record of records) opened.socket.send(encodeSyslog(record));
    const patience = impatience(REFUSAL_MS, ctx);
    const heard = await opened.socket.receive(patience.signal);
    patience.end();
    opened.socket.close();
    if (heard.kind === "received" || heard.failure.code === "timeout") return { kind: "sent", detail: `${counted(records)}sent to ${ip} port ${at} over UDP, which confirms nothing` };
    reason = heard.failure.sentence;
  }
  return later(reason, false);
}

/** Syslog knows no answer; a server that closes once it has read to the end is the nearest to one. */
function farewell(socket: Duplex, bytes: Uint8Array, peer: string, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const settle = (trouble: string | null): void => {
      signal.removeEventListener("abort", late);
      resolve(trouble);
      socket.destroy();
    };
    const late = (): void => settle(`${peer} did not read to the end in time`);
    let said = false;
    socket.on("error", (error) => settle(`${peer} cut the connection: ${error.message}`));
    socket.on("end", () => settle(said ? null : `${peer} closed the connection before all was said`));
    socket.on("close", () => settle(said ? null : `${peer} closed the connection before all was said`));
    socket.resume();
    signal.addEventListener("abort", late, { once: true });
    if (signal.aborted) late();
    else socket.end(bytes, () => (said = true));
  });
}

async function sendStream(server: string, at: number, tls: TlsSettings | null, records: readonly SyslogRecord[], ctx: ChannelContext): Promise<Sending> {
  const stream = await openStream({ host: server, port: at, family: "any", source: null, tls }, ctx);
  if (stream.kind === "failed") return later(stream.failure.sentence, false);
  const trouble = await farewell(stream.socket, Buffer.concat(records.map((record) => syslogFrame(encodeSyslog(record)))), `${server} port ${at}`, ctx.signal);
  return trouble === null ? { kind: "sent", detail: `${counted(records)}read by ${stream.address.ip} port ${at}` } : later(trouble, true);
}

/** Each alert as one message of syslog. A receiver tells a repeat by `key` and `id` in the structured data. */
export const syslog: Channel<Options> = {
  type: "syslog",
  about: "Writes each alert to syslog: to the daemon of this machine, or to a server over UDP, TCP or TLS",
  source: "RFC 5424, RFC 5425, RFC 5426; RFC 6587, section 3.4.1",
  options,
  recipients: () => [""],
  send: (chosen, message, ctx) => {
    const records = recordsOf(chosen, message);
    const { transport, socket, host, port, tls } = chosen;
    if (transport === "local" || host === null) return sendLocal(socket, records, ctx);
    if (transport === "udp") return sendUdp(host, port ?? 514, records, ctx);
    return sendStream(host, port ?? (transport === "tls" ? 6514 : 514), transport === "tls" ? tls : null, records, ctx);
  },
};
