import { z } from "zod";
import type { Failure } from "../sys/ports.ts";
import { family, host, port, sourceAddress } from "../dial/options.ts";
import type { Read } from "../dial/dialogue.ts";
import { printable } from "../dial/outcome.ts";
import { type Session, openSession } from "../dial/session.ts";
import { KEX_METHODS, type KexInit, PACKET_MAX, SSH, decodeDisconnect, decodeEcdhReply, decodeKexInit, encodeDisconnect, encodeEcdhInit, encodeKexInit, encodePacket, ephemeral, exchangeHash, packetPayload } from "../wire/ssh.ts";
import { KEY_TYPES, SIGNATURES, fingerprintOf, keyName, keyTypeOf, verifySignature } from "../wire/ssh-key.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const IDENTIFICATION = "SSH-2.0-Tocsin";
/** Lines before the identification; those of banners are a handful. */
const LINES_MAX = 50;
/** Messages that may come before the one that is waited for. */
const MESSAGES_MAX = 20;
const PINS_MAX = 10;

interface Pin {
  readonly fingerprint: string;
  /** Where the whole key was given. */
  readonly type: (typeof KEY_TYPES)[number] | null;
}

function toPin(text: string, ctx: z.RefinementCtx): Pin {
  const written = text.trim();
  if (/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(written)) return { fingerprint: written.replace(/=$/, ""), type: null };
  const base64 = /^(?:[a-z0-9@.-]+ )?(AAAA[A-Za-z0-9+/]+={0,2})(?: .*)?$/.exec(written)?.[1];
  const blob = Buffer.from(base64 ?? "", "base64");
  const type = keyTypeOf(keyName(blob) ?? "");
  if (type !== null) return { fingerprint: fingerprintOf(blob), type };
  ctx.addIssue({ code: "custom", message: "this is no host key of a type that is known here (ed25519, ecdsa, rsa)", params: { right: "write the line of ssh_host_ed25519_key.pub, its Base64 part, or SHA256:... as `ssh-keygen -l` prints it" } });
  return z.NEVER;
}

const options = z.strictObject({
  host: host().describe("Host name or address"),
  port: port().default(22).describe("TCP port"),
  until: z.enum(["key", "identification"]).default("key").describe("How far the exchange goes: to the proven host key, or for very old servers to the identification line only").meta({ source: "RFC 4253, sections 4.2 and 8" }),
  hostKey: z
    .union([z.string(), z.array(z.string()).min(1).max(PINS_MAX)])
    .transform((written, ctx) => [written].flat().map((one) => toPin(one, ctx)))
    .nullable()
    .default(null)
    .describe("Host key that the server must have, or a list of which it must have one: a public key as in known_hosts (Base64), or its fingerprint SHA256:..."),
  keyType: z.enum(KEY_TYPES).nullable().default(null).describe("Type of host key to ask for: ed25519, ecdsa or rsa; by default that of hostKey, else the best the server has"),
  family: family(),
  source: sourceAddress(),
});

type Options = z.output<typeof options>;

/** The host key is proven by the server's signature. An exchange of our own: it stops before login, which a client library cannot, and needs six messages. */
export const ssh: Probe<Options> = {
  type: "ssh",
  about: "Makes the key exchange with an SSH server up to the proof of its host key, which can be pinned; nobody logs in",
  source: "RFC 4253, sections 4.2, 6, 7 and 8; RFC 8731 (curve25519-sha256), RFC 5656, RFC 8709, RFC 8332",
  options,
  facts: {
    identification: { about: "The server's first line: SSH-2.0-OpenSSH_9.2p1 Debian-2" },
    software: { about: "Its software alone: OpenSSH_9.2p1" },
    fingerprint: { about: "SHA256:... of the host key; a condition on it pins the key as well" },
    hostKey: { about: "The host key, Base64" },
    hostKeyType: { about: "ssh-ed25519, ssh-rsa, ecdsa-sha2-nistp256, ..." },
    signature: { about: "Algorithm of the proof: ssh-ed25519, rsa-sha2-512, ..." },
    kex: { about: "Method of key exchange: curve25519-sha256, ..." },
    offered: { about: "What the server offers, lists: offered.kex, offered.hostKey, offered.ciphers, offered.macs" },
    address: { about: "The address that answered" },
  },
  target: ({ host, port }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`),
  check({ until, hostKey, keyType }) {
    if (until === "identification" && hostKey !== null) return { path: ["until"], wrong: "a pinned key cannot be seen without the key exchange", right: "leave out until, or hostKey" };
    const other = keyType === null ? undefined : hostKey?.find(({ type }) => type !== null && type !== keyType);
    return other === undefined ? null : { path: ["keyType"], wrong: `the pinned key is of type ${other.type}`, right: `write keyType: ${other.type}, or leave it out` };
  },
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const opened = await openSession({ ...chosen, tls: null, totalMax: 4 * PACKET_MAX }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const said = await converse(session, chosen, ctx);
  session.dialogue.close();
  if (said.kind === "failed") return session.failed(said.failure);
  return { verdict: "up", code: "ok", sentence: said.value, phases: session.phases, facts: session.facts, evidence: session.evidence };
}

const failed = (code: Failure["code"], sentence: string): { readonly kind: "failed"; readonly failure: Failure } => ({ kind: "failed", failure: { code, sentence } });

/** The sentence of a run that went well. */
async function converse(session: Session, chosen: Options, ctx: ProbeContext): Promise<Read<string>> {
  const { dialogue } = session;
  dialogue.write(`${IDENTIFICATION}\r\n`);
  const line = await session.timed("identification", () => identify(session));
  if (line.kind === "failed") return line;
  const server = line.value;
  const software = /^SSH-[^-]+-(\S*)/.exec(server)?.[1] ?? "";
  session.facts = { ...session.facts, identification: server, software };
  if (chosen.until === "key") return session.timed("kex", () => exchange(session, server, chosen, ctx));
  dialogue.write(encodePacket(encodeDisconnect("done")), "disconnect\n");
  return { kind: "read", value: `${session.peer} is ${software}` };
}

/** Section 4.2: other lines may come first; 1.99 is a server of version 2 that knows the old one too. */
async function identify({ dialogue, peer }: Session): Promise<Read<string>> {
  let other = "";
  for (let lines = 0; lines < LINES_MAX; lines++) {
    const line = await dialogue.line();
    if (line.kind === "failed") {
      if (other === "" || (line.failure.code !== "closed" && line.failure.code !== "timeout" && line.failure.code !== "reset")) return line;
      // These are sshd's own words when it has too many connections, or too many from here (MaxStartups, PerSourcePenalties).
      return /^(exceeded maxstartups|not allowed at this time)/i.test(other) ? failed("status", `${peer} turns connections away: ${other}`) : failed("protocol", `${peer} does not identify itself as SSH but says: ${other}`);
    }
    if (/^SSH-(2\.0|1\.99)-[\x20-\x7e]*$/.test(line.value)) return line;
    if (line.value.startsWith("SSH-")) return failed("protocol", `${peer} identifies itself as ${printable(line.value).slice(0, 80)}, which is no SSH 2`);
    other = printable(line.value).slice(0, 80) || other;
  }
  return failed("protocol", `${peer} sent ${LINES_MAX} lines and no SSH identification`);
}

function offerOf({ hostKey, keyType }: Options): readonly string[] {
  const pinned = hostKey?.map(({ type }) => type) ?? [];
  const types = keyType !== null ? [keyType] : pinned.length > 0 && !pinned.includes(null) ? KEY_TYPES.filter((type) => pinned.includes(type)) : KEY_TYPES;
  return types.flatMap((type) => SIGNATURES[type]);
}

async function exchange(session: Session, server: string, chosen: Options, ctx: ProbeContext): Promise<Read<string>> {
  const { dialogue } = session;
  const offer = offerOf(chosen);
  const clientInit = encodeKexInit(ctx.random.bytes(16), offer);
  dialogue.write(encodePacket(clientInit), "key exchange: our algorithms\n");
  const serverInit = await message(session, SSH.kexInit);
  if (serverInit.kind === "failed") return serverInit;
  const theirs = decodeKexInit(serverInit.value);
  if (theirs.kind === "bad") return failed("protocol", `${session.peer} sent ${theirs.reason}`);
  const { kex: kexes, hostKey: hostKeys, ciphers, macs } = theirs;
  session.facts = { ...session.facts, offered: { kex: kexes, hostKey: hostKeys, ciphers, macs } };
  const common = commonOf(theirs, offer, session.peer);
  if (common.kind === "failed") return common;
  const { kex, algorithm } = common.value;
  const own = ephemeral(kex, ctx.random.bytes(32));
  dialogue.write(encodePacket(encodeEcdhInit(own.publicKey)), `key exchange: our half of ${kex}\n`);
  const answer = await message(session, SSH.ecdhReply);
  if (answer.kind === "failed") return answer;
  const reply = decodeEcdhReply(answer.value);
  if (reply.kind === "bad") return failed("protocol", `${session.peer} sent ${reply.reason}`);
  const { hostKey, publicKey } = reply;
  const secret = own.secret(publicKey);
  if (secret === null) return failed("protocol", `${session.peer} sent a half of the key exchange that is none`);
  const hash = exchangeHash({ client: IDENTIFICATION, server, clientInit, serverInit: serverInit.value, hostKey, clientKey: own.publicKey, serverKey: publicKey, secret });
  const fingerprint = fingerprintOf(hostKey);
  session.facts = { ...session.facts, fingerprint, hostKey: Buffer.from(hostKey).toString("base64"), hostKeyType: keyName(hostKey) ?? "", signature: algorithm, kex };
  dialogue.write(encodePacket(encodeDisconnect("done")), "disconnect\n");
  if (!verifySignature(algorithm, hostKey, reply.signature, hash)) return failed("mismatch", `${session.peer} shows the host key ${fingerprint} and cannot prove that it has it: the signature is false`);
  const pinned = chosen.hostKey?.some((one) => one.fingerprint === fingerprint) ?? true;
  if (!pinned) return failed("mismatch", `the host key of ${session.peer} is ${fingerprint} (${keyName(hostKey)}), which is not the pinned one`);
  return { kind: "read", value: `${session.peer} proved its host key ${fingerprint}` };
}

/** Section 7.1: the first of ours that the server knows as well. */
function commonOf(theirs: KexInit, offer: readonly string[], peer: string): Read<{ readonly kex: string; readonly algorithm: string }> {
  const kex = KEX_METHODS.find((name) => theirs.kex.includes(name));
  const algorithm = offer.find((name) => theirs.hostKey.includes(name));
  const listed = (names: readonly string[]): string => printable(names.join(", ")).slice(0, 200) || "nothing";
  if (kex === undefined) return failed("protocol", `${peer} and Tocsin have no method of key exchange in common; it offers ${listed(theirs.kex)}`);
  if (algorithm === undefined) return failed("mismatch", `${peer} has no host key of a kind that was asked for; it offers ${listed(theirs.hostKey)}`);
  return { kind: "read", value: { kex, algorithm } };
}

const PASSED: ReadonlySet<number> = new Set([SSH.ignore, SSH.unimplemented, SSH.debug, SSH.extensions]);

/** The payload of the next message of that number; what may come at any time (section 11) is passed over. */
async function message({ dialogue, peer }: Session, number: number): Promise<Read<Uint8Array>> {
  for (let messages = 0; messages < MESSAGES_MAX; messages++) {
    const head = await dialogue.take(4);
    if (head.kind === "failed") return head;
    const length = Buffer.from(head.value).readUInt32BE();
    if (length < 5 || length > PACKET_MAX) return failed("protocol", `${peer} sent a packet of ${length} bytes`);
    const body = await dialogue.take(length);
    if (body.kind === "failed") return body;
    const payload = packetPayload(body.value);
    if (payload === null) return failed("protocol", `${peer} sent a packet without content`);
    if (payload[0] === number) return { kind: "read", value: payload };
    if (payload[0] === SSH.disconnect) {
      const { reason, words } = decodeDisconnect(payload);
      return failed("closed", `${peer} ended the exchange: ${printable(words).slice(0, 200) || `reason ${reason}`}`);
    }
    if (!PASSED.has(payload[0] ?? 0)) return failed("protocol", `${peer} sent message ${payload[0]} where ${number} was due`);
  }
  return failed("protocol", `${peer} sent ${MESSAGES_MAX} messages, and not the one that was due`);
}
