import type { Facts, Phases } from "../core/types.ts";
import type { Address, Failure, Family } from "../sys/ports.ts";
import { exchange } from "./http.ts";
import type { TlsSettings } from "./options.ts";
import { type DialContext, printable } from "./outcome.ts";

/** DNS over HTTPS (RFC 8484): one message as the body of a POST, or in the address of a GET. */

export interface HttpsServer {
  readonly host: string;
  readonly port: number;
  readonly family: Family | "any";
  readonly source: string | null;
  readonly tls: TlsSettings;
  /** Begins with a slash. */
  readonly path: string;
  readonly method: "POST" | "GET";
}

/** The message as it came, undecoded. */
export type HttpsReply = { readonly phases: Phases; readonly facts: Facts; readonly notes: readonly string[] } & (
  | { readonly kind: "frame"; readonly bytes: Uint8Array; readonly address: Address }
  | { readonly kind: "failed"; readonly failure: Failure }
);

const MEDIA_TYPE = "application/dns-message";
/** Section 6. */
const MESSAGE_OCTETS_MAX = 65_535;

/** Sends one query; its id should be 0, so that caches on the way find it again (section 4.1). Never rejects. */
export async function exchangeOverHttps(server: HttpsServer, query: Uint8Array, ctx: DialContext): Promise<HttpsReply> {
  const { host, port, family, source, tls, path, method } = server;
  const url = new URL(`https://${host.includes(":") ? `[${host}]` : host}:${port}${path}`);
  const bytes = Buffer.from(query.buffer, query.byteOffset, query.byteLength);
  if (method === "GET") url.searchParams.set("dns", bytes.toString("base64url"));
  const headers = { Accept: MEDIA_TYPE, ...(method === "POST" ? { "Content-Type": MEDIA_TYPE } : {}) };
  const body = method === "POST" ? bytes : null;
  const exchanged = await exchange({ url, method, headers, body, family, source, tls, http2: "auto", proxy: null, bodyLimit: MESSAGE_OCTETS_MAX }, ctx);
  const { phases, facts, attempts } = exchanged;
  const failed = (failure: Failure): HttpsReply => ({ kind: "failed", failure, phases, facts, notes: exchanged.kind === "answered" ? [...attempts, exchanged.received.slice(0, 500)] : attempts });
  if (exchanged.kind === "failed") return failed(exchanged.failure);
  const { response } = exchanged;
  const peer = `${host} port ${port}`;
  if (response.status !== 200) return failed({ code: "status", sentence: `${peer} answered with HTTP ${response.status} ${printable(response.statusText)}`.trimEnd() });
  const type = (response.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type !== MEDIA_TYPE) return failed({ code: "protocol", sentence: `${peer} sent ${type === "" ? "something without a media type" : printable(type)}, not ${MEDIA_TYPE}` });
  if (response.cut) return failed({ code: "too-large", sentence: `${peer} sent more than ${MESSAGE_OCTETS_MAX} octets, which is no DNS message` });
  const ip = typeof facts["address"] === "string" ? facts["address"] : host;
  return { kind: "frame", bytes: response.body, address: { ip, family: ip.includes(":") ? 6 : 4 }, phases, facts, notes: attempts };
}
