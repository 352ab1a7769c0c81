import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { type Heard, askDatagram } from "../dial/datagrams.ts";
import { exchange } from "../dial/http.ts";
import { DEFAULT_TLS, family, host, port, secret, sourceAddress } from "../dial/options.ts";
import { decoded, evidenceOf, printable, verdictOf } from "../dial/outcome.ts";
import type { Failure, HostFacts } from "../sys/ports.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  host: host().describe("The project's server"),
  port: port().nullable().default(null).describe("Its port; 49153, with version: 4.2 port 80"),
  version: z.enum(["5.0", "4.2"]).default("5.0").describe("Protocol: 5.0 is one datagram that is never answered, 4.2 an HTTP request that is"),
  key: secret()
    .refine((text) => /^[!-{}~]{1,64}$/.test(text), { error: "the key has signs that the protocol cannot carry", params: { right: "give the host's key as the project shows it, 32 letters and digits" } })
    .describe("Key of this host, as the project gave it"),
  family: family(),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;

/** A refusal comes back within a round trip; nothing else ever does. */
const REFUSAL_MS = 300;
const BODY_MAX = 4096;
const MINUTE_MS = 60_000;

/** Uptimes: the report went out; with 4.2, and was accepted. An exchange of our own, there being no library: one datagram, or one request. */
export const uptimes: Probe<Options> = {
  type: "uptimes",
  about: "Reports how long this machine has been up to a server of the Uptimes Project; run it every 30 s to 10 minutes",
  source: "Uptimes Project client protocol, revisions 5.0 and 4.2. Proven against a fake built from them",
  options,
  facts: {
    uptime: { unit: "min", about: "Time since this machine started, as reported" },
    load: { about: "Load of the last minute, as reported: percent of all processors with 5.0, processes with 4.2" },
    idle: { unit: "%", about: "Share of the time since the start in which the processors were idle" },
    answer: { about: "With 4.2: what the server said, 000 when it took the report" },
  },
  target: (chosen) => `${chosen.host.includes(":") ? `[${chosen.host}]` : chosen.host}:${portOf(chosen)}`,
  run: (chosen, ctx) => (chosen.version === "5.0" ? sendDatagram(chosen, ctx) : sendRequest(chosen, ctx)),
};

const portOf = (chosen: Options): number => chosen.port ?? (chosen.version === "5.0" ? 49_153 : 80);

interface Report {
  readonly uptime: number;
  readonly loadMean: number;
  readonly loadPercent: number;
  readonly idle: number;
  readonly os: string;
  readonly release: string;
  readonly machine: string;
}

const hundredth = (value: number): number => Math.round(value * 100) / 100;
/** Bars part the fields. */
const plain = (text: string): string => text.replaceAll(/[^ -{}~]/g, " ").slice(0, 64);

function reportOf(machine: HostFacts): Report {
  const { count, idleMs, totalMs } = machine.processors();
  const [loadMean] = machine.load();
  const system = machine.system();
  return {
    uptime: Math.floor(machine.uptimeMs() / MINUTE_MS),
    loadMean: hundredth(loadMean),
    loadPercent: hundredth(Math.min(100, (100 * loadMean) / Math.max(1, count))),
    idle: hundredth(totalMs > 0 ? (100 * idleMs) / totalMs : 0),
    os: plain(system.name),
    release: plain(system.release),
    machine: plain(system.machine),
  };
}

/** Revision 5.0: `authkey|uptime|load|idle|os|oslevel|cpu|client`. */
async function sendDatagram(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const report = reportOf(ctx.host);
  const rest = [report.uptime, report.loadPercent.toFixed(2), report.idle.toFixed(2), report.os, report.release, report.machine, "Tocsin"].join("|");
  const patience = new AbortController();
  const timer = ctx.clock.timer(REFUSAL_MS, () => patience.abort());
  const stop = (): void => patience.abort();
  ctx.signal.addEventListener("abort", stop);
  if (ctx.signal.aborted) stop();
  let sent = false;
  const packet = (): Uint8Array => {
    sent = true;
    return new TextEncoder().encode(`${chosen.key}|${rest}`);
  };
  const { host, family, source } = chosen;
  const read = (): Heard<null> => ({ kind: "ignored" });
  const reply = await askDatagram({ host, port: portOf(chosen), family, source, tryMs: REFUSAL_MS, packet, read }, { clock: ctx.clock, network: ctx.network, signal: patience.signal });
  timer.cancel();
  ctx.signal.removeEventListener("abort", stop);
  const facts: Facts = { uptime: report.uptime, load: report.loadPercent, idle: report.idle };
  const evidence = evidenceOf({ sent: sent ? `(key)|${rest}` : "" });
  // silence is what there should be
  if (reply.kind === "failed" && (!sent || reply.failure.code !== "timeout")) return failed(reply.failure, reply.phases, facts, evidence);
  const { resolve } = reply.phases;
  return { verdict: "up", code: "ok", sentence: `reported ${report.uptime} minutes to ${host} (which never answers)`, phases: resolve === undefined ? {} : { resolve }, latencyMs: resolve ?? 0, facts, evidence };
}

const failed = (failure: Failure, phases: Outcome["phases"], facts: Facts, evidence: Outcome["evidence"]): Outcome => ({ verdict: verdictOf(failure.code), ...failure, phases, facts, evidence });

/** Revision 4.2: a form; the answer holds `UP4: 000 text`, with another number when the report was not taken. */
async function sendRequest(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const report = reportOf(ctx.host);
  const rest = { uptime: String(report.uptime), load: report.loadMean.toFixed(2), idle: report.idle.toFixed(0), os: report.os, oslevel: report.release };
  const { host, family, source } = chosen;
  const url = new URL("http://x/server.html");
  url.hostname = host.includes(":") ? `[${host}]` : host;
  url.port = String(portOf(chosen));
  const headers = { "user-agent": "upclient/4.20/tocsin-1.0", connection: "close", "content-type": "application/x-www-form-urlencoded" };
  const body = new URLSearchParams({ auth: chosen.key, ...rest }).toString();
  const exchanged = await exchange({ url, method: "POST", headers, body, family, source, tls: DEFAULT_TLS, http2: false, proxy: null, bodyLimit: BODY_MAX }, ctx);
  const known: Facts = { ...exchanged.facts, uptime: report.uptime, load: report.loadMean, idle: report.idle };
  const evidence = evidenceOf({ attempts: exchanged.attempts.join("\n"), sent: `POST ${url.pathname} auth=(key)&${new URLSearchParams(rest).toString()}`, received: exchanged.received });
  if (exchanged.kind === "failed") return failed(exchanged.failure, exchanged.phases, known, evidence);
  const { status, statusText, body: received } = exchanged.response;
  if (status !== 200) return failed({ code: "status", sentence: `HTTP ${status} ${printable(statusText)}`.trimEnd() }, exchanged.phases, known, evidence);
  const [, number, said = ""] = /UP4: (\d{3})[ \t]?([^\r\n]{0,200})/.exec(decoded(received)) ?? [];
  if (number === undefined) return failed({ code: "protocol", sentence: "the answer holds no `UP4:` and number" }, exchanged.phases, known, evidence);
  const facts = { ...known, answer: number };
  if (number !== "000") return failed({ code: "status", sentence: `the server did not take the report: ${number} ${printable(said)}`.trimEnd() }, exchanged.phases, facts, evidence);
  return { verdict: "up", code: "ok", sentence: `reported ${report.uptime} minutes to ${host}, which took it`, phases: exchanged.phases, facts, evidence };
}

/** Not used: the protocol has no TLS. */
