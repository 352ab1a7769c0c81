import { Dialogue } from "./dialogue.ts";
import { type DialContext, tenth } from "./outcome.ts";
import { type Stream, type StreamRequest, openStream } from "./stream.ts";
import { secure } from "./tls.ts";

/** An HTTP proxy: CONNECT for https, the whole URL in the request line for http (RFC 9110, section 9.3.6; RFC 9112, section 3.2.2). */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  readonly password: string | null;
}

const HEAD_LINES_MAX = 100;

/** `Basic …` for the proxy. */
export const proxyAuthorization = ({ user, password }: Proxy): string => `Basic ${Buffer.from(`${user ?? ""}:${password ?? ""}`).toString("base64")}`;

/** A stream to `to` through the proxy; plain ones end at the proxy, which is then asked with the whole URL. Phase `proxy`: the tunnel's making. */
export async function openTunnel(proxy: Proxy, to: StreamRequest, ctx: DialContext): Promise<Stream> {
  const stream = await openStream({ host: proxy.host, port: proxy.port, family: to.family, source: to.source, tls: null }, ctx);
  if (stream.kind === "failed") return { ...stream, failure: { ...stream.failure, sentence: `the proxy: ${stream.failure.sentence}` } };
  if (to.tls === null) return stream;
  const begun = ctx.clock.monotonic();
  const dialogue = new Dialogue(stream.socket, { peer: `the proxy ${proxy.host} port ${proxy.port}`, signal: ctx.signal, clock: ctx.clock });
  const failure = await connectThrough(dialogue, proxy, to);
  const phases = { ...stream.phases, proxy: tenth(ctx.clock.monotonic() - begun) };
  if (failure !== null) {
    dialogue.close();
    return { kind: "failed", failure, facts: stream.facts, phases, attempts: stream.attempts };
  }
  const secured = await secure(dialogue.detach(), { host: to.host, settings: to.tls, ...(to.alpn === undefined ? {} : { alpn: to.alpn }) }, ctx);
  const both = { facts: { ...stream.facts, ...secured.facts }, phases: { ...phases, ...secured.phases }, attempts: stream.attempts };
  if (secured.kind === "failed") return { kind: "failed", failure: secured.failure, ...both };
  return { kind: "open", socket: secured.socket, address: stream.address, alpn: secured.alpn, ...both };
}

type StreamFailure = Extract<Stream, { kind: "failed" }>["failure"];

async function connectThrough(dialogue: Dialogue, proxy: Proxy, to: StreamRequest): Promise<StreamFailure | null> {
  const authority = `${to.host.includes(":") ? `[${to.host}]` : to.host}:${to.port}`;
  const authorization = proxy.user === null ? "" : `Proxy-Authorization: ${proxyAuthorization(proxy)}\r\n`;
  dialogue.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`);
  const first = await dialogue.line();
  if (first.kind === "failed") return first.failure;
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(first.value)?.[1];
  if (status === undefined) return { code: "protocol", sentence: `the proxy does not speak HTTP: ${first.value.slice(0, 80)}` };
  for (let lines = 0; lines < HEAD_LINES_MAX; lines++) {
    const line = await dialogue.line();
    if (line.kind === "failed") return line.failure;
    if (line.value !== "") continue;
    if (status === "407") return { code: "auth", sentence: "the proxy wants other credentials (407)" };
    if (!status.startsWith("2")) return { code: "protocol", sentence: `the proxy refused the connection to ${authority}: ${first.value.slice(9, 80)}` };
    return dialogue.surplus === 0 ? null : { code: "protocol", sentence: "the proxy sent more before TLS began" };
  }
  return { code: "protocol", sentence: `the proxy's answer has more than ${HEAD_LINES_MAX} lines` };
}
