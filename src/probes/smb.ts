import { z } from "zod";
import type { Facts, Phases } from "../core/types.ts";
import { dial } from "../dial/dial.ts";
import { Dialogue, type Read } from "../dial/dialogue.ts";
import { family, host, port, sourceAddress } from "../dial/options.ts";
import { evidenceOf, tenth, verdictOf } from "../dial/outcome.ts";
import type { Failure } from "../sys/ports.ts";
import { DIALECTS, type Negotiated, type SmbAnswer, decodeNegotiated, encodeSessionRequest, encodeSmb1Negotiate, encodeSmb2Negotiate, frameLength, frameSmb, sessionRefusal } from "../wire/smb.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const name = () => z.string().refine((text) => /^[!-~]{1,15}$/.test(text), { error: "this is no NetBIOS name", params: { right: "write at most 15 letters and digits: FILESERVER" } });

const options = z.strictObject({
  host: host().describe("Host name or address"),
  port: port().nullable().default(null).describe("TCP port; 445, with transport: netbios 139"),
  transport: z.enum(["direct", "netbios"]).default("direct").describe("direct: SMB over TCP; netbios: a NetBIOS session is opened before it").meta({ source: "RFC 1002, section 4.3; [MS-SMB2] 2.1" }),
  name: name().default("*SMBSERVER").describe("With netbios: name of the server that is called; *SMBSERVER is any"),
  caller: name().default("TOCSIN").describe("With netbios: name under which we call"),
  dialects: z
    .array(z.enum(DIALECTS))
    .min(1)
    .max(DIALECTS.length)
    .default(() => DIALECTS.filter((dialect) => dialect !== "SMB1"))
    .describe("Dialects to offer; the server picks the newest it knows. SMB1 is only spoken where it is named")
    .meta({ source: "[MS-SMB2] 2.2.3; [MS-CIFS] 2.2.4.52" }),
  family: family(),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;

/** More is no answer to a negotiation; Windows sends about 300 bytes. */
const ANSWER_MAX = 16_384;
const KEEPALIVES_MAX = 16;
const KEEPALIVE = 0x85;

/** SMB: a dialect is agreed on, and with netbios a session before it. An exchange of our own: two messages; no session is set up, no file touched. */
export const smb: Probe<Options> = {
  type: "smb",
  about: "Agrees on a dialect with a file server (Windows, Samba), directly or over a NetBIOS session, without signing in",
  source: "[MS-SMB2] 2.2.3 and 2.2.4; [MS-CIFS] 2.2.4.52; RFC 1002, section 4.3",
  options,
  facts: {
    dialect: { about: "What was agreed on: SMB1, 2.0.2, 2.1, 3.0, 3.0.2 or 3.1.1; `none` when the server knows none of those offered, which a condition on it may allow" },
    signing: { about: "`required`, `enabled` or `off`" },
    guid: { about: "The server's own id" },
    offset: { unit: "ms", about: "The server's clock minus ours, give or take the way there" },
    address: { about: "The address that answered" },
  },
  leaves: ["dialect"],
  target: (chosen) => `${chosen.host.includes(":") ? `[${chosen.host}]` : chosen.host}:${portOf(chosen)}`,
  run,
};

const portOf = (chosen: Options): number => chosen.port ?? (chosen.transport === "netbios" ? 139 : 445);

interface Seen {
  facts: Facts;
  phases: Phases;
  sentence: string;
}

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const dialed = await dial({ host: chosen.host, port: portOf(chosen), family: chosen.family, source: chosen.source }, ctx);
  const attempts = dialed.attempts.join("\n");
  if (dialed.kind === "failed") return { verdict: verdictOf(dialed.failure.code), ...dialed.failure, phases: dialed.phases, facts: {}, evidence: evidenceOf({ attempts }) };
  const dialogue = new Dialogue(dialed.socket, { peer: `${chosen.host} port ${portOf(chosen)}`, signal: ctx.signal, clock: ctx.clock });
  const seen: Seen = { facts: { address: dialed.address.ip }, phases: dialed.phases, sentence: "" };
  const failure = (await openSession(dialogue, chosen, seen, ctx)) ?? (await negotiate(dialogue, chosen, seen, ctx));
  dialogue.close();
  const { sent, received } = dialogue.transcript;
  const judged = failure === null ? { verdict: "up" as const, code: "ok" as const, sentence: seen.sentence } : { verdict: verdictOf(failure.code), ...failure };
  return { ...judged, phases: seen.phases, facts: seen.facts, evidence: evidenceOf({ attempts, sent, received }) };
}

async function openSession(dialogue: Dialogue, { transport, name: called, caller }: Options, seen: Seen, ctx: ProbeContext): Promise<Failure | null> {
  if (transport === "direct") return null;
  const begun = ctx.clock.monotonic();
  dialogue.write(encodeSessionRequest(called, caller), `session request to ${called} from ${caller}\n`);
  const answer = await frame(dialogue);
  seen.phases = { ...seen.phases, session: tenth(ctx.clock.monotonic() - begun) };
  if (answer.kind === "failed") return answer.failure;
  const { type, content } = answer.value;
  const refusal = sessionRefusal(type, content);
  if (refusal === null) return null;
  if (type !== 0x83 && type !== 0x84) return { code: "protocol", sentence: `the server answered the session request with ${refusal}` };
  return { code: "status", sentence: `the server refused the session to ${called}: ${refusal}` };
}

/** Offers the dialects, once more where the server knows the newer form but was asked in the old one. */
async function negotiate(dialogue: Dialogue, { dialects }: Options, seen: Seen, ctx: ProbeContext): Promise<Failure | null> {
  const begun = ctx.clock.monotonic();
  const newer = (messageId: number): Uint8Array => encodeSmb2Negotiate({ dialects, guid: ctx.random.bytes(16), salt: ctx.random.bytes(32), messageId });
  const old = dialects.includes("SMB1");
  const offered = dialects.join(", ");
  let answer = await exchange(dialogue, old ? encodeSmb1Negotiate(dialects) : newer(0), `negotiate ${offered}${old ? " (in the form of SMB1)" : ""}\n`, 0);
  if (answer.kind === "read" && answer.value.kind === "again" && old) answer = await exchange(dialogue, newer(1), `negotiate ${offered}\n`, 1);
  seen.phases = { ...seen.phases, negotiate: tenth(ctx.clock.monotonic() - begun) };
  if (answer.kind === "failed") return answer.failure;
  const said = answer.value;
  if (said.kind === "bad") return { code: "protocol", sentence: `the server sent ${said.reason}` };
  if (said.kind === "again") return { code: "protocol", sentence: "the server asks to be asked again without end" };
  if (said.kind === "negotiated" && !dialects.some((dialect) => dialect === said.dialect)) return { code: "protocol", sentence: `the server agreed to ${said.dialect}, which was not offered` };
  return said.kind === "refused" ? refused(said.reason, offered, seen, ctx) : noted(said, seen, ctx.clock.now());
}

function refused(reason: string, offered: string, seen: Seen, ctx: ProbeContext): Failure | null {
  seen.facts = { ...seen.facts, dialect: "none" };
  seen.sentence = `SMB is spoken, but none of ${offered}`;
  return ctx.wants.has("dialect") ? null : { code: "mismatch", sentence: `the server speaks SMB, but refused ${offered}: ${reason}` };
}

function noted({ dialect, signing, guid, timeMs }: Negotiated, seen: Seen, now: number): null {
  seen.facts = { ...seen.facts, dialect, signing, ...(guid === "" ? {} : { guid }), ...(timeMs === null ? {} : { offset: timeMs - now }) };
  seen.sentence = `agreed on SMB ${dialect.replace("SMB", "")}, signing ${signing}`;
  return null;
}

async function exchange(dialogue: Dialogue, message: Uint8Array, shown: string, messageId: number): Promise<Read<SmbAnswer>> {
  dialogue.write(frameSmb(message), shown);
  const answer = await frame(dialogue);
  if (answer.kind === "failed") return answer;
  return { kind: "read", value: answer.value.type === 0 ? decodeNegotiated(answer.value.content, messageId) : { kind: "bad", reason: "no SMB message" } };
}

/** The next packet that is no keep-alive. */
async function frame(dialogue: Dialogue): Promise<Read<{ readonly type: number; readonly content: Uint8Array }>> {
  for (let packets = 0; packets < KEEPALIVES_MAX; packets++) {
    const header = await dialogue.take(4);
    if (header.kind === "failed") return header;
    const { type, length } = frameLength(header.value);
    if (type === KEEPALIVE && length === 0) continue;
    if (type !== 0 && (type < 0x81 || type > KEEPALIVE)) return { kind: "failed", failure: { code: "protocol", sentence: "the server sent neither SMB nor NetBIOS" } };
    if (length > ANSWER_MAX) return { kind: "failed", failure: { code: "too-large", sentence: `the server announces a message of ${length} bytes` } };
    const content = await dialogue.take(length);
    return content.kind === "failed" ? content : { kind: "read", value: { type, content: content.value } };
  }
  return { kind: "failed", failure: { code: "protocol", sentence: "the server sends keep-alives and no answer" } };
}
