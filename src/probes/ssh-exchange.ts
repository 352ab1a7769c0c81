import { printable } from "../dial/outcome.ts";
import type { Read } from "../dial/dialogue.ts";
import type { Session } from "../dial/session.ts";
import type { Failure, Random } from "../sys/ports.ts";
import { type Agreed, type Suite, SUITES, commonSuite } from "../wire/ssh-cipher.ts";
import { fingerprintOf, keyName, verifySignature } from "../wire/ssh-key.ts";
import { ANY_SUITES, KEX_METHODS, type KexInit, SSH, decodeEcdhReply, decodeKexInit, encodeEcdhInit, encodeKexInit, ephemeral, exchangeHash } from "../wire/ssh.ts";
import type { Shown } from "./ssh-hostkey.ts";
import { type Transport, failed } from "./ssh-transport.ts";

const IDENTIFICATION = "SSH-2.0-Tocsin";
/** Lines before the identification; those of banners are a handful. */
const LINES_MAX = 50;

/** RFC 4253, section 4.2: other lines may come first; 1.99 is a server of version 2 that knows the old one too. */
export async function identify({ dialogue, peer }: Session): Promise<Read<string>> {
  dialogue.write(`${IDENTIFICATION}\r\n`);
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

export interface ExchangeRequest {
  /** The server's identification. */
  readonly server: string;
  /** Algorithms of host keys to ask for, best first. */
  readonly offer: readonly string[];
  /** What the failure is when the server has none of them. */
  readonly lacking: (offered: string) => Failure;
  /** It goes on after the exchange: only ciphers that are known here will do. */
  readonly further: boolean;
}

/** What came of an exchange of keys: the host key, proven, and all that is needed to go on. */
export interface Exchange extends Shown, Agreed {
  /** To the server and from it; null where it does not go on. */
  readonly suites: { readonly to: Suite; readonly from: Suite } | null;
}

interface Common {
  readonly kex: string;
  readonly algorithm: string;
  readonly suites: Exchange["suites"];
}

/** Section 8 of RFC 4253 with the methods of RFC 8731 and 5656, up to the proof of the host key. */
export async function exchange(session: Session, transport: Transport, random: Random, request: ExchangeRequest): Promise<Read<Exchange>> {
  const { peer } = session;
  const clientInit = encodeKexInit(random.bytes(16), request.offer, request.further ? SUITES : ANY_SUITES);
  transport.send(clientInit, "key exchange: our algorithms");
  const serverInit = await transport.due([SSH.kexInit]);
  if (serverInit.kind === "failed") return serverInit;
  const theirs = decodeKexInit(serverInit.value);
  if (theirs.kind === "bad") return failed("protocol", `${peer} sent ${theirs.reason}`);
  const { kex: kexes, hostKey: hostKeys, ciphers, macs } = theirs;
  session.facts = { ...session.facts, offered: { kex: kexes, hostKey: hostKeys, ciphers, macs } };
  const strict = theirs.strict ? transport.beStrict() : null;
  if (strict?.kind === "failed") return strict;
  const common = commonOf(theirs, request, peer);
  if (common.kind === "failed") return common;
  const { kex, algorithm, suites } = common.value;
  const own = ephemeral(kex, random.bytes(32));
  transport.send(encodeEcdhInit(own.publicKey), `key exchange: our half of ${kex}`);
  const answer = await transport.due([SSH.ecdhReply]);
  if (answer.kind === "failed") return answer;
  const reply = decodeEcdhReply(answer.value);
  if (reply.kind === "bad") return failed("protocol", `${peer} sent ${reply.reason}`);
  const { hostKey, publicKey } = reply;
  const secret = own.secret(publicKey);
  if (secret === null) return failed("protocol", `${peer} sent a half of the key exchange that is none`);
  const hash = exchangeHash({ client: IDENTIFICATION, server: request.server, clientInit, serverInit: serverInit.value, hostKey, clientKey: own.publicKey, serverKey: publicKey, secret });
  const fingerprint = fingerprintOf(hostKey);
  const name = keyName(hostKey) ?? "";
  session.facts = { ...session.facts, fingerprint, hostKey: Buffer.from(hostKey).toString("base64"), hostKeyType: name, signature: algorithm, kex };
  if (!verifySignature(algorithm, hostKey, reply.signature, hash)) return failed("mismatch", `${peer} shows the host key ${fingerprint} and cannot prove that it has it: the signature is false`);
  return { kind: "read", value: { name, fingerprint, secret, hash, suites } };
}

/** Section 7.1: the first of ours that the server knows as well. */
function commonOf(theirs: KexInit, { offer, lacking, further }: ExchangeRequest, peer: string): Read<Common> {
  const kex = KEX_METHODS.find((name) => theirs.kex.includes(name));
  const algorithm = offer.find((name) => theirs.hostKey.includes(name));
  const listed = (names: readonly string[]): string => printable(names.join(", ")).slice(0, 200) || "nothing";
  if (kex === undefined) return failed("protocol", `${peer} and Tocsin have no method of key exchange in common; it offers ${listed(theirs.kex)}`);
  if (algorithm === undefined) return { kind: "failed", failure: lacking(listed(theirs.hostKey)) };
  if (!further) return { kind: "read", value: { kex, algorithm, suites: null } };
  const to = commonSuite(theirs.ciphers, theirs.macs);
  const from = commonSuite(theirs.ciphersBack, theirs.macsBack);
  if (to === null || from === null) return failed("protocol", `${peer} and Tocsin have no cipher in common; it offers ${listed([...theirs.ciphers, ...theirs.macs])}`);
  return { kind: "read", value: { kex, algorithm, suites: { to, from } } };
}
