import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { z } from "zod";
import type { Facts, Phases } from "../core/types.ts";
import { dial } from "../dial/dial.ts";
import { Dialogue, type Read } from "../dial/dialogue.ts";
import { family, host, port, sourceAddress, type TlsSettings, tlsSettings } from "../dial/options.ts";
import { evidenceOf, tenth, verdictOf } from "../dial/outcome.ts";
import { STARTTLS_PROTOCOLS, leaveTls, requestTls } from "../dial/starttls.ts";
import { secure, tlsFailure } from "../dial/tls.ts";
import type { Failure } from "../sys/ports.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

/** How long a server that sends no ticket is given to object to our certificate: in TLS 1.3 it does so only after the handshake. */
const OBJECTION_MS = 1000;
/** How long a farewell is waited for. */
const FAREWELL_MS = 1000;
const PINS_MAX = 10;

/** The digest as Base64. */
function toPin(text: string, ctx: z.RefinementCtx): string {
  const bare = text.trim().replace(/^(pin-)?sha256[/:=]+/i, "");
  const digest = /^[0-9a-f]{64}$/i.test(bare) ? Buffer.from(bare, "hex") : Buffer.from(bare, "base64");
  if (digest.length === 32 && (bare.length === 64 || digest.toString("base64") === bare)) return digest.toString("base64");
  ctx.addIssue({ code: "custom", message: `\`${text}\` is no SHA-256 digest of a key`, params: { right: "write 44 characters of Base64, as the fact `key` shows them, or 64 hexadecimal digits" } });
  return z.NEVER;
}

const options = z.strictObject({
  host: host().describe("Host name or address; asked for by SNI and looked for in the certificate, unless tls.servername is given"),
  port: port().default(443).describe("TCP port"),
  tls: tlsSettings().prefault({}).describe("Settings of TLS: {verify, ca, servername, minVersion, cert, key}"),
  starttls: z.enum(STARTTLS_PROTOCOLS).nullable().default(null).describe("Asks for TLS the way this protocol does; without it TLS begins with the first byte").meta({ source: "RFC 3207, RFC 3501, RFC 2595, RFC 4217, RFC 4642, RFC 4511, RFC 6120; SSLRequest of PostgreSQL and of MySQL" }),
  alpn: z.array(z.string().min(1).max(255)).max(10).default([]).describe("Protocols to offer, best first: [h2, http/1.1]; the server must choose one of them").meta({ source: "RFC 7301" }),
  pin: z
    .union([z.string(), z.array(z.string()).min(1).max(PINS_MAX)])
    .transform((written, ctx) => [written].flat().map((one) => toPin(one, ctx)))
    .nullable()
    .default(null)
    .describe("SHA-256 of the public key (SPKI) that the server must have, or a list of which it must have one: Base64 or hexadecimal")
    .meta({ source: "RFC 7469, section 2.4" }),
  family: family(),
  source: sourceAddress(),
});

type Options = z.output<typeof options>;

/** TLS for its own sake: chain, name, days, protocol, cipher, key. node:tls over a socket of our own: it shows the chain also where trust fails. */
export const tls: Probe<Options> = {
  type: "tls",
  about: "Looks at a server's TLS: its certificate, chain and name, the days left, protocol, cipher and key, from the first byte or by STARTTLS",
  source: "RFC 8446; RFC 5280, section 6; RFC 9525; RFC 6066, section 3",
  options,
  facts: {
    "certificate.days": { unit: "days", about: "Whole days until the first certificate of the chain expires, below 0 when it has" },
    "certificate.notAfter": { about: "When that is" },
    "certificate.subject": { about: "Whom the certificate is for" },
    "certificate.issuer": { about: "Who signed it" },
    "certificate.names": { about: "Names the certificate is for" },
    "certificate.serial": { about: "Its serial number, hexadecimal" },
    "certificate.fingerprint": { about: "SHA-256 of the certificate, hexadecimal" },
    "tls.protocol": { about: "TLSv1.2 or TLSv1.3" },
    "tls.cipher": { about: "Cipher suite by its OpenSSL name" },
    alpn: { about: "With `alpn`: the protocol that was agreed on" },
    key: { about: "SHA-256 of the server's public key (SPKI), Base64: what `pin` takes" },
    address: { about: "The address that answered" },
  },
  expect: { "certificate.days": ">= 0" },
  target: ({ host, port }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`),
  run,
};

interface Seen {
  facts: Facts;
  phases: Phases;
  sentence: string;
}

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const dialed = await dial(chosen, ctx);
  const attempts = dialed.attempts.join("\n");
  if (dialed.kind === "failed") return { verdict: verdictOf(dialed.failure.code), ...dialed.failure, phases: dialed.phases, facts: {}, evidence: evidenceOf({ attempts }) };
  const seen: Seen = { facts: { address: dialed.address.ip }, phases: dialed.phases, sentence: "" };
  const { socket } = dialed;
  const dialogue = chosen.starttls === null ? null : new Dialogue(socket, { peer: peerOf(chosen), signal: ctx.signal, clock: ctx.clock });
  const asked = dialogue === null ? null : await ask(dialogue, chosen, seen, ctx);
  const failure = asked ?? (await look(socket, dialogue, chosen, seen, ctx));
  socket.destroy();
  const evidence = evidenceOf({ attempts, sent: dialogue?.transcript.sent ?? "", received: dialogue?.transcript.received ?? "", certificate: JSON.stringify(seen.facts["certificate"] ?? "", null, 1).replace(/^""$/, "") });
  const judged = failure === null ? { verdict: "up" as const, code: "ok" as const, sentence: seen.sentence } : { verdict: verdictOf(failure.code), ...failure };
  return { ...judged, phases: seen.phases, facts: seen.facts, evidence };
}

const peerOf = ({ host, port }: Options): string => `${host} port ${port}`;

async function ask(dialogue: Dialogue, { starttls, tls, host }: Options, seen: Seen, ctx: ProbeContext): Promise<Failure | null> {
  if (starttls === null) return null;
  const begun = ctx.clock.monotonic();
  const asked: Read<null> = await requestTls(dialogue, starttls, tls.servername ?? host);
  seen.phases = { ...seen.phases, starttls: tenth(ctx.clock.monotonic() - begun) };
  return asked.kind === "failed" ? asked.failure : null;
}

async function look(socket: Duplex, dialogue: Dialogue | null, chosen: Options, seen: Seen, ctx: ProbeContext): Promise<Failure | null> {
  const { alpn, tls: settings, starttls } = chosen;
  const secured = await secure(dialogue === null ? socket : dialogue.detach(), { host: chosen.host, settings, ...(alpn.length === 0 ? {} : { alpn }) }, ctx);
  seen.facts = { ...seen.facts, ...secured.facts };
  seen.phases = { ...seen.phases, ...secured.phases };
  if (secured.kind === "failed") return secured.failure;
  const over = secured.socket;
  if (!(over instanceof TLSSocket)) throw new Error("a secured connection is no TLS socket");
  const failure = agreed(secured.alpn, chosen, seen) ?? pinned(over, chosen, seen) ?? (await objection(over, settings, ctx));
  seen.sentence = `${peerOf(chosen)} speaks ${over.getProtocol() ?? "TLS"}${remaining(seen.facts)}`;
  if (dialogue !== null && starttls !== null) {
    const timer = ctx.clock.timer(FAREWELL_MS, () => over.destroy());
    await leaveTls(dialogue, starttls, over);
    timer.cancel();
  }
  over.destroy();
  return failure;
}

function remaining(facts: Facts): string {
  const certificate = facts["certificate"];
  const days = typeof certificate === "object" && certificate !== null && "days" in certificate ? certificate.days : null;
  if (typeof days !== "number") return "";
  return days < 0 ? ", its certificate has expired" : `, its certificate has ${days} ${days === 1 ? "day" : "days"} left`;
}

function agreed(chosen: string, { alpn }: Options, seen: Seen): Failure | null {
  if (alpn.length === 0) return null;
  seen.facts = { ...seen.facts, alpn: chosen };
  return chosen === "" ? { code: "mismatch", sentence: `the server agreed on none of ${alpn.join(", ")} (ALPN)` } : null;
}

/** Of each check, the last certificate's: reading a key costs a tenth of a run, and the next certificate is mostly the same. */
const keys = new WeakMap<Options, { readonly fingerprint: unknown; readonly key: string }>();

function keyOf(over: TLSSocket, chosen: Options, { certificate: shown }: Facts): string | null {
  const fingerprint = typeof shown === "object" && shown !== null && "fingerprint" in shown ? shown.fingerprint : undefined;
  const known = keys.get(chosen);
  if (known !== undefined && known.fingerprint === fingerprint) return known.key;
  const certificate = over.getPeerX509Certificate();
  if (certificate === undefined) return null;
  const key = createHash("sha256").update(certificate.publicKey.export({ type: "spki", format: "der" })).digest("base64");
  keys.set(chosen, { fingerprint, key });
  return key;
}

function pinned(over: TLSSocket, chosen: Options, seen: Seen): Failure | null {
  const key = keyOf(over, chosen, seen.facts);
  if (key === null) return null;
  seen.facts = { ...seen.facts, key };
  return chosen.pin === null || chosen.pin.includes(key) ? null : { code: "mismatch", sentence: `the server's key is ${key}, which is not pinned` };
}

/** With a certificate of our own: waits for the server's ticket, its first words, or its alert. */
function objection(over: TLSSocket, { cert }: TlsSettings, ctx: ProbeContext): Promise<Failure | null> {
  if (cert === null || over.getProtocol() !== "TLSv1.3") return Promise.resolve(null);
  return new Promise((resolve) => {
    const settle = (failure: Failure | null): void => {
      ctx.signal.removeEventListener("abort", late);
      timer.cancel();
      resolve(failure);
    };
    const late = (): void => settle(null);
    const timer = ctx.clock.timer(OBJECTION_MS, late);
    ctx.signal.addEventListener("abort", late);
    over.once("session", late).once("data", late);
    over.once("error", (error) => settle(tlsFailure(error)));
    over.once("close", () => settle({ code: "tls-failed", sentence: "the server closed the connection after it saw our certificate" }));
  });
}
