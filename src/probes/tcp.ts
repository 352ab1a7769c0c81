import type { Duplex } from "node:stream";
import { z } from "zod";
import type { Facts, Phases } from "../core/types.ts";
import { dial } from "../dial/dial.ts";
import { Dialogue, type Read } from "../dial/dialogue.ts";
import { DEFAULT_TLS, type Expected, expected, family, host, port, sourceAddress, type TlsSettings, tlsSettings, unescaped } from "../dial/options.ts";
import { evidenceOf, tenth, verdictOf } from "../dial/outcome.ts";
import { STARTTLS_PROTOCOLS, requestTls } from "../dial/starttls.ts";
import { secure } from "../dial/tls.ts";
import type { Failure } from "../sys/ports.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

/** More turns than any banner dialogue needs. */
const TURNS_MAX = 50;

const turn = z
  .strictObject({
    send: z.string().transform(escapes).optional().describe("Text to send, with \\r, \\n, \\t, \\0, \\\\ and \\xHH; nothing is added to it. {{1}} to {{9}} stand for the groups of the pattern that was found last"),
    sendHex: z
      .string()
      .regex(/^([0-9a-fA-F]{2}[ :]?)+$/, "write pairs of hexadecimal digits: 0d 0a")
      .transform((text) => Buffer.from(text.replaceAll(/[ :]/g, ""), "hex").toString("latin1"))
      .optional()
      .describe("Bytes to send, as hexadecimal digits"),
    expect: expected().optional().describe("What must come then, anywhere in the answer: a text, or /a regular expression/"),
    line: expected().optional().describe("A line that must come then: a text in it, or /a regular expression/; lines before it are passed over"),
    tls: z.literal(true).optional().describe("TLS begins after this turn, with the settings of `tls`"),
  })
  .describe("One turn: what is sent, then what is waited for, then TLS");

const options = z.strictObject({
  host: host().describe("Host name or address"),
  port: port().describe("TCP port"),
  dialogue: z.array(turn).max(TURNS_MAX).default([]).describe("Turns after connecting; without any, an accepted connection is enough"),
  tls: z
    .union([z.boolean(), tlsSettings()])
    .transform((value): TlsSettings | null => (value === false ? null : value === true ? DEFAULT_TLS : value))
    .default(null)
    .describe("TLS from the first byte, or with starttls its settings: true, or {verify, ca, servername, minVersion, cert, key}"),
  starttls: z.enum(STARTTLS_PROTOCOLS).nullable().default(null).describe("Asks for TLS the way this protocol does, before the dialogue").meta({ source: "RFC 3207, RFC 3501, RFC 2595, RFC 4217, RFC 4642, RFC 4511, RFC 6120; SSLRequest of PostgreSQL and of MySQL" }),
  family: family(),
  source: sourceAddress(),
});

type Options = z.output<typeof options>;

function escapes(text: string, ctx: z.RefinementCtx): string {
  const plain = unescaped(text);
  if (plain !== null) return plain;
  ctx.addIssue({ code: "custom", message: `\`${text}\` has a backslash before a letter that means nothing`, params: { right: "write \\\\ for a backslash; known are \\r, \\n, \\t, \\0 and \\xHH" } });
  return z.NEVER;
}

const upgrades = ({ starttls, dialogue }: Options): boolean => starttls !== null || dialogue.some((step) => step.tls === true);
const settingsOf = (chosen: Options): TlsSettings | null => chosen.tls ?? (upgrades(chosen) ? DEFAULT_TLS : null);

/** Connects, and if wanted talks: the plain connect is kept as cheap as a connect can be. */
export const tcp: Probe<Options> = {
  type: "tcp",
  about: "Connects to a TCP port, and if wanted holds a dialogue, plain or under TLS (also by STARTTLS)",
  source: "RFC 9293; RFC 8446 for TLS",
  options,
  facts: {
    address: { about: "The address that answered" },
    banner: { about: "What the server sent, at most 512 characters" },
    bytes: { unit: "bytes", about: "How much the server sent" },
    "certificate.days": { unit: "days", about: "Whole days until the first certificate of the chain expires" },
    "certificate.names": { about: "Names the certificate is for" },
    "tls.protocol": { about: "TLSv1.2 or TLSv1.3" },
  },
  target: ({ host, port }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`),
  check: ({ dialogue }) => {
    const empty = dialogue.findIndex((step) => Object.values(step).every((part) => part === undefined));
    return empty === -1 ? null : { path: ["dialogue", empty], wrong: "this turn neither sends nor expects anything", right: "write send, sendHex, expect, line or tls" };
  },
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const dialed = await dial(chosen, ctx);
  const attempts = dialed.attempts.join("\n");
  if (dialed.kind === "failed") return failed(dialed.failure, dialed.phases, {}, evidenceOf({ attempts }));
  const { socket, address, phases } = dialed;
  const tls = settingsOf(chosen);
  if (chosen.dialogue.length === 0 && tls === null) {
    socket.destroy();
    return { verdict: "up", code: "ok", sentence: `connected to ${address.ip} port ${chosen.port}`, phases, facts: { address: address.ip }, evidence: evidenceOf({ attempts }) };
  }
  const peer = `${chosen.host} port ${chosen.port}`;
  const seen: Seen = { facts: { address: address.ip }, phases };
  // Under TLS from the first byte nobody may read before the handshake does.
  const first = tls !== null && !upgrades(chosen) ? await upgrade(socket, chosen, tls, seen, ctx) : { kind: "read" as const, value: socket };
  if (first.kind === "failed") return failed(first.failure, seen.phases, seen.facts, evidenceOf({ attempts }));
  const dialogue = new Dialogue(first.value, { peer, signal: ctx.signal, clock: ctx.clock });
  const failure = await converse(dialogue, chosen, tls, seen, ctx);
  dialogue.close();
  const { sent, received } = dialogue.transcript;
  const facts = { ...seen.facts, bytes: dialogue.total, ...(received === "" ? {} : { banner: received.slice(0, 512) }) };
  const evidence = evidenceOf({ attempts, sent, received });
  if (failure !== null) return failed(failure, seen.phases, facts, evidence);
  const what = chosen.dialogue.length > 0 ? `${peer} answered as expected` : `${peer} speaks TLS`;
  return { verdict: "up", code: "ok", sentence: what, phases: seen.phases, facts, evidence };
}

const failed = (failure: Failure, phases: Phases, facts: Facts, evidence: Outcome["evidence"]): Outcome => ({ verdict: verdictOf(failure.code), code: failure.code, sentence: failure.sentence, phases, facts, evidence });

interface Seen {
  facts: Facts;
  phases: Phases;
}

async function converse(dialogue: Dialogue, chosen: Options, tls: TlsSettings | null, seen: Seen, ctx: ProbeContext): Promise<Failure | null> {
  const protocol = chosen.starttls;
  if (protocol !== null && tls !== null) {
    const asked = await timed("starttls", seen, ctx, () => requestTls(dialogue, protocol, tls.servername ?? chosen.host));
    if (asked.kind === "failed") return asked.failure;
    const secured = await upgrade(dialogue.detach(), chosen, tls, seen, ctx);
    if (secured.kind === "failed") return secured.failure;
    dialogue.attach(secured.value);
  }
  if (chosen.dialogue.length === 0) return null;
  const done = await timed("dialogue", seen, ctx, () => turns(dialogue, chosen, tls ?? DEFAULT_TLS, seen, ctx));
  return done.kind === "failed" ? done.failure : null;
}

async function upgrade(socket: Duplex, chosen: Options, tls: TlsSettings, seen: Seen, ctx: ProbeContext): Promise<Read<Duplex>> {
  const secured = await secure(socket, { host: chosen.host, settings: tls }, ctx);
  seen.facts = { ...seen.facts, ...secured.facts };
  seen.phases = { ...seen.phases, ...secured.phases };
  return secured.kind === "failed" ? secured : { kind: "read", value: secured.socket };
}

async function timed<Value>(phase: string, seen: Seen, ctx: ProbeContext, act: () => Promise<Value>): Promise<Value> {
  const begun = ctx.clock.monotonic();
  const value = await act();
  seen.phases = { ...seen.phases, [phase]: tenth(ctx.clock.monotonic() - begun) };
  return value;
}

async function turns(dialogue: Dialogue, chosen: Options, tls: TlsSettings, seen: Seen, ctx: ProbeContext): Promise<Read<true>> {
  let groups: readonly string[] = [];
  for (const { send, sendHex, expect, line, tls: begins } of chosen.dialogue) {
    const bytes = sendHex !== undefined ? Buffer.from(sendHex, "latin1") : send?.replaceAll(/\{\{([1-9])\}\}/g, (whole, index: string) => groups[Number(index)] ?? whole);
    if (bytes !== undefined) dialogue.write(bytes);
    for (const wanted of [expect, line]) {
      if (wanted === undefined) continue;
      const found = await (wanted === line ? lineWith(dialogue, wanted, ctx) : dialogue.until((text) => sees(wanted, text, ctx)));
      if (found.kind === "failed") return { kind: "failed", failure: unmet(found.failure, wanted, dialogue) };
      if (found.value === "slow") return { kind: "failed", failure: { code: "pattern-slow", sentence: `the pattern ${shown(wanted)} takes too long on this answer` } };
      groups = found.value;
    }
    if (begins !== true) continue;
    // What comes before TLS is not protected by it (CVE-2011-0411).
    if (dialogue.surplus > 0) return { kind: "failed", failure: { code: "protocol", sentence: `${chosen.host} port ${chosen.port} went on in plain text where TLS begins` } };
    const secured = await upgrade(dialogue.detach(), chosen, tls, seen, ctx);
    if (secured.kind === "failed") return secured;
    dialogue.attach(secured.value);
  }
  return { kind: "read", value: true };
}

async function lineWith(dialogue: Dialogue, wanted: Expected, ctx: ProbeContext): Promise<Read<readonly string[] | "slow">> {
  for (;;) {
    const line = await dialogue.line();
    if (line.kind === "failed") return line;
    const found = sees(wanted, line.value, ctx);
    if (found !== null) return { kind: "read", value: found };
  }
}

/** The groups of what was found, the whole first. */
function sees(expect: Expected, text: string, ctx: ProbeContext): readonly string[] | "slow" | null {
  if (expect.kind === "pattern") return ctx.patterns.match(expect.pattern, text);
  return text.includes(expect.text) ? [expect.text] : null;
}

/** The server spoke and fell silent, or closed, without saying what was expected: that is a mismatch and no trouble of the line. */
function unmet(failure: Failure, expect: Expected, dialogue: Dialogue): Failure {
  if (dialogue.total === 0 || (failure.code !== "timeout" && failure.code !== "closed")) return failure;
  const how = failure.code === "timeout" ? "by the deadline" : "before it closed the connection";
  return { code: "mismatch", sentence: `the server did not send ${shown(expect)} ${how}` };
}

const shown = (expect: Expected): string => (expect.kind === "text" ? JSON.stringify(expect.text) : `/${expect.pattern.source}/${expect.pattern.flags}`);
