import type { Duplex } from "node:stream";
import { type DetailedPeerCertificate, type PeerCertificate, type SecureContext, type TLSSocket, connect, createSecureContext } from "node:tls";
import { domainToASCII } from "node:url";
import type { Facts, Phases } from "../core/types.ts";
import { errnoOf } from "../sys/failures.ts";
import type { Failure } from "../sys/ports.ts";
import { evaluateCertificate } from "./certificate.ts";
import type { TlsSettings } from "./options.ts";
import { type DialContext, tenth } from "./outcome.ts";

export interface TlsRequest {
  /** The host as configured: SNI and identity, unless the settings name another. */
  readonly host: string;
  readonly settings: TlsSettings;
  /** Protocols to offer (RFC 7301), best first. */
  readonly alpn?: readonly string[];
}

/** Facts are there also when the certificate made it fail; then the socket is destroyed. */
export type Secured =
  | { readonly kind: "secured"; readonly socket: Duplex; readonly facts: Facts; readonly phases: Phases; /** Empty when none was agreed on. */ readonly alpn: string }
  | { readonly kind: "failed"; readonly failure: Failure; readonly facts: Facts; readonly phases: Phases };

/** Authorities and keys are parsed once for each configured object, not at each run; all that have none of their own share one for each version. */
const own = new WeakMap<TlsSettings, SecureContext>();
const shared = new Map<TlsSettings["minVersion"], SecureContext>();

function contextOf(settings: TlsSettings): SecureContext {
  const plain = settings.ca === null && settings.cert === null;
  const known = plain ? shared.get(settings.minVersion) : own.get(settings);
  if (known !== undefined) return known;
  const made = newContext(settings);
  if (plain) shared.set(settings.minVersion, made);
  else own.set(settings, made);
  return made;
}

function newContext({ ca, cert, key, minVersion }: TlsSettings): SecureContext {
  const old = minVersion === "TLSv1" || minVersion === "TLSv1.1";
  return createSecureContext({
    minVersion,
    // OpenSSL forbids the old versions unless the security level is lowered as well.
    ...(old ? { ciphers: "DEFAULT@SECLEVEL=0" } : {}),
    ...(ca === null ? {} : { ca }),
    ...(cert === null || key === null ? {} : { cert, key }),
  });
}

/** node:tls hands over the certificate with its issuers where it is trusted; its types say less. */
const detailed = (certificate: PeerCertificate): DetailedPeerCertificate | null => ("issuerCertificate" in certificate ? (certificate as DetailedPeerCertificate) : null);

const isAddress = (host: string): boolean => host.includes(":") || /^[\d.]+$/.test(host);

/** TLS as client over any connection; verified here and not by OpenSSL's first error. Phase `tls`; facts `certificate` and `tls`. */
export async function secure(socket: Duplex, { host, settings, alpn }: TlsRequest, ctx: Pick<DialContext, "signal" | "clock">): Promise<Secured> {
  const begun = ctx.clock.monotonic();
  const wanted = settings.servername ?? host;
  const identity = isAddress(wanted) ? wanted : domainToASCII(wanted.replace(/\.$/, ""));
  let shown: DetailedPeerCertificate | null = null;
  const tls = connect({
    socket,
    secureContext: contextOf(settings),
    rejectUnauthorized: false,
    // The name is judged below, with all the rest. Kept, because asking for it again costs a fifth of the handshake.
    checkServerIdentity: (_name, certificate) => {
      shown = detailed(certificate);
      return undefined;
    },
    // RFC 6066, section 3: a server is asked for by name, never by address.
    ...(isAddress(identity) ? {} : { servername: identity }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
  });
  const failure = await handshake(tls, ctx.signal);
  const phases = { tls: tenth(ctx.clock.monotonic() - begun) };
  if (failure !== null) {
    tls.destroy();
    socket.destroy();
    return { kind: "failed", failure, facts: {}, phases };
  }
  const certificate = shown ?? tls.getPeerCertificate(true);
  if (certificate.fingerprint256 === undefined) {
    tls.destroy();
    return { kind: "failed", failure: { code: "tls-failed", sentence: "TLS failed: the server showed no certificate" }, facts: {}, phases };
  }
  const chainError = tls.authorized ? null : String(tls.authorizationError);
  const evaluated = evaluateCertificate({ certificate, chainError, identity }, ctx.clock.now());
  const facts: Facts = { ...evaluated.facts, tls: { protocol: tls.getProtocol() ?? "", cipher: tls.getCipher().name } };
  if (evaluated.failure !== null && settings.verify) {
    tls.destroy();
    return { kind: "failed", failure: evaluated.failure, facts, phases };
  }
  return { kind: "secured", socket: tls, facts, phases, alpn: tls.alpnProtocol === false || tls.alpnProtocol === null ? "" : tls.alpnProtocol };
}

function handshake(tls: TLSSocket, signal: AbortSignal): Promise<Failure | null> {
  return new Promise((resolve) => {
    const settle = (failure: Failure | null): void => {
      signal.removeEventListener("abort", abort);
      resolve(failure);
    };
    const abort = (): void => settle({ code: "timeout", sentence: "the TLS handshake was not done in time" });
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    tls.once("secureConnect", () => settle(null));
    // This listener stays: an alert may come when nobody reads any more.
    tls.on("error", (error) => settle(tlsFailure(error)));
    tls.once("close", () => settle({ code: "tls-failed", sentence: "the server closed the connection during the TLS handshake" }));
  });
}

const REASONS: { readonly [code: string]: string } = {
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS on this port",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the server does not speak TLS on this port",
  ERR_SSL_HTTP_REQUEST: "the server does not speak TLS on this port",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "the server offers no version of TLS that is accepted here",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "the server accepts no version of TLS that is offered",
  "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE": "the server refused the handshake (no common cipher, or it wants a certificate)",
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: "the server refused the handshake (no common cipher, or it wants a certificate)",
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: "the server does not know this name (SNI)",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the server wants a client certificate",
};

/** An error of a TLS connection, before or after its handshake, as a failure. */
export function tlsFailure(error: unknown): Failure {
  const code = errnoOf(error);
  if (code === "ECONNRESET") return { code: "tls-failed", sentence: "the server closed the connection during the TLS handshake" };
  const text = error instanceof Error ? error.message : String(error);
  const reason = REASONS[code] ?? /:SSL routines:[^:]*:([^:]+):/.exec(text)?.[1]?.replace(/^(ssl\/tls|tlsv1\d?|sslv3) alert /, "the server sent the alert ") ?? text;
  return { code: "tls-failed", sentence: `TLS failed: ${reason}` };
}
