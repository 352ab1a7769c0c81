import { z } from "zod";
import type { Facts, Phases } from "../core/types.ts";
import { type Heard, askDatagram } from "../dial/datagrams.ts";
import { dial } from "../dial/dial.ts";
import { Dialogue } from "../dial/dialogue.ts";
import { family, host, port, secret, sourceAddress } from "../dial/options.ts";
import { evidenceOf, tenth, verdictOf } from "../dial/outcome.ts";
import type { Failure } from "../sys/ports.ts";
import { DIGESTS, type Protection, decodeServerReset, encodeClientReset, parseClientKey, parseStaticKey } from "../wire/openvpn.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  host: host().describe("Host name or address"),
  port: port().default(1194).describe("UDP or TCP port"),
  transport: z.enum(["udp", "tcp"]).default("udp").describe("The server's `proto`"),
  protection: z
    .enum(["none", "tls-auth", "tls-crypt", "tls-crypt-v2"])
    .default("none")
    .describe("How the server's configuration protects its first packets; a server that does answers nobody without the key"),
  key: secret().nullable().default(null).describe("Key for that, as the text of its file: ${file:ta.key}; for tls-crypt-v2 a client's own key"),
  direction: z.union([z.literal(0), z.literal(1), z.literal("none")]).default(1).describe("With tls-auth: our `key-direction`; clients have 1 where servers have 0, none where neither names one"),
  digest: z.enum(DIGESTS).default("SHA1").describe("With tls-auth: the server's `auth`"),
  family: family(),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;

/** OpenVPN's own clients ask again after 2 s. */
const TRY_MS = 2000;
/** More is no answer to a reset. */
const PACKETS_MAX = 32;
/** Before a session there are only packets of the control channel, which fit a network's own. */
const PACKET_MAX = 2048;

/** OpenVPN: the server answers our reset, by our session's id. An exchange of our own: one packet each way, before any TLS; no tunnel is set up. */
export const openvpn: Probe<Options> = {
  type: "openvpn",
  about: "Asks an OpenVPN server to begin a session, over UDP or TCP, also behind tls-auth, tls-crypt and tls-crypt-v2, and checks its answer",
  source: "OpenVPN wire protocol (draft), sections on the control channel; doc/tls-crypt-v2.txt",
  options,
  facts: {
    address: { about: "The address that answered" },
    transport: { about: "`udp` or `tcp`" },
    tries: { number: true, about: "Over UDP: how often it was asked until it answered" },
  },
  target: ({ host, port }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`),
  check({ protection, key }) {
    if (protection === "none") return key === null ? null : { path: ["protection"], wrong: "there is a key, but nothing that it is for", right: "write protection: tls-auth, tls-crypt or tls-crypt-v2, as in the server's configuration" };
    if (key === null) return { path: ["key"], wrong: `${protection} needs a key`, right: "add key: ${file:ta.key}" };
    if (protectionOf({ protection, key, direction: 1, digest: "SHA1" }) !== null) return null;
    const begins = protection === "tls-crypt-v2" ? "OpenVPN tls-crypt-v2 client key" : "OpenVPN Static key V1";
    return { path: ["key"], wrong: `this is no key for ${protection}`, right: `give the whole text of the file that has -----BEGIN ${begins}----- in it` };
  },
  async run(chosen, ctx): Promise<Outcome> {
    const protection = protectionOf(chosen);
    if (protection === null) return { verdict: "unknown", code: "bug", sentence: `the key is none for ${chosen.protection}`, phases: {}, facts: {}, evidence: [] };
    return chosen.transport === "udp" ? overUdp(chosen, protection, ctx) : overTcp(chosen, protection, ctx);
  },
};

function protectionOf({ protection, key, direction, digest }: Pick<Options, "protection" | "key" | "direction" | "digest">): Protection | null {
  if (protection === "none") return { kind: "none" };
  if (protection === "tls-crypt-v2") {
    const parsed = parseClientKey(key ?? "");
    return parsed === null ? null : { kind: "tls-crypt-v2", ...parsed };
  }
  const parsed = parseStaticKey(key ?? "");
  if (parsed === null) return null;
  return protection === "tls-crypt" ? { kind: "tls-crypt", key: parsed } : { kind: "tls-auth", key: parsed, direction: direction === "none" ? null : direction, digest };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 512)).toString("hex");
/** A server that misses a key, or finds it wrong, says nothing (UDP) or hangs up (TCP). */
const hint = ({ protection }: Options): string => (protection === "none" ? "a server with tls-auth or tls-crypt does so to who has no key" : `a server with another key than ours for ${protection} does so too`);

interface Seen {
  readonly phases: Phases;
  readonly facts: Facts;
  readonly sent: string;
  readonly received: readonly string[];
  readonly notes: readonly string[];
}

function outcome(chosen: Options, failure: Failure | null, { phases, facts, sent, received, notes }: Seen): Outcome {
  const judged = failure === null ? { verdict: "up" as const, code: "ok" as const, sentence: `answered our reset over ${chosen.transport.toUpperCase()}` } : { verdict: verdictOf(failure.code), ...failure };
  return { ...judged, phases, facts, evidence: evidenceOf({ "on the way": notes.join("\n"), sent, received: received.join("\n") }) };
}

async function overUdp(chosen: Options, protection: Protection, ctx: ProbeContext): Promise<Outcome> {
  let session: Uint8Array = new Uint8Array(0);
  let sent = "";
  const received: string[] = [];
  const { host, port, family, source } = chosen;
  const packet = (): Uint8Array => {
    session = ctx.random.bytes(8);
    const reset = encodeClientReset(protection, { session, nowS: Math.floor(ctx.clock.now() / 1000) });
    sent = hex(reset);
    return reset;
  };
  const read = (bytes: Uint8Array): Heard<null> => {
    if (received.length < PACKETS_MAX) received.push(hex(bytes));
    const answer = decodeServerReset(bytes, protection, session);
    if (answer.kind === "reset") return { kind: "answer", value: null };
    return answer.kind === "other" ? { kind: "ignored" } : { kind: "wrong", reason: answer.reason };
  };
  const reply = await askDatagram({ host, port, family, source, tryMs: TRY_MS, packet, read }, ctx);
  const seen = { phases: reply.phases, sent, received, notes: reply.notes };
  if (reply.kind === "answered") return outcome(chosen, null, { ...seen, facts: { address: reply.address.ip, transport: "udp", tries: reply.tries } });
  const { code, sentence } = reply.failure;
  return outcome(chosen, { code, sentence: code === "timeout" && received.length === 0 ? `${sentence}; ${hint(chosen)}` : sentence }, { ...seen, facts: {} });
}

async function overTcp(chosen: Options, protection: Protection, ctx: ProbeContext): Promise<Outcome> {
  const dialed = await dial(chosen, ctx);
  const seen = { phases: dialed.phases, facts: {}, sent: "", received: [], notes: dialed.attempts };
  if (dialed.kind === "failed") return outcome(chosen, dialed.failure, seen);
  const session = ctx.random.bytes(8);
  const reset = encodeClientReset(protection, { session, nowS: Math.floor(ctx.clock.now() / 1000) });
  const dialogue = new Dialogue(dialed.socket, { peer: `${chosen.host} port ${chosen.port}`, signal: ctx.signal, clock: ctx.clock });
  const begun = ctx.clock.monotonic();
  // each packet has its length before it
  dialogue.write(Buffer.concat([Uint8Array.of(reset.length >> 8, reset.length & 255), reset]));
  const received: string[] = [];
  const failure = await answered(dialogue, protection, session, received);
  dialogue.close();
  const phases = { ...dialed.phases, answer: tenth(ctx.clock.monotonic() - begun) };
  const hung = failure?.code === "closed" && dialogue.total === 0;
  const told = hung ? { code: failure.code, sentence: `${failure.sentence} at our reset; ${hint(chosen)}` } : failure;
  return outcome(chosen, told, { ...seen, phases, facts: { address: dialed.address.ip, transport: "tcp" }, sent: hex(reset), received });
}

async function answered(dialogue: Dialogue, protection: Protection, session: Uint8Array, received: string[]): Promise<Failure | null> {
  for (let packets = 0; packets < PACKETS_MAX; packets++) {
    const head = await dialogue.take(2);
    if (head.kind === "failed") return head.failure;
    const [high = 0, low = 0] = head.value;
    const length = high * 256 + low;
    if (length > PACKET_MAX) return { code: "protocol", sentence: "the server sent no packet of OpenVPN" };
    const packet = await dialogue.take(length);
    if (packet.kind === "failed") return packet.failure;
    received.push(hex(packet.value));
    const answer = decodeServerReset(packet.value, protection, session);
    if (answer.kind === "reset") return null;
    if (answer.kind === "bad") return { code: "protocol", sentence: `the server sent ${answer.reason}` };
  }
  return { code: "protocol", sentence: "the server sends packets, but no answer to our reset" };
}
