import { z } from "zod";
import { type Heard, askDatagram } from "../dial/datagrams.ts";
import { family, host, port, sourceAddress } from "../dial/options.ts";
import { evidenceOf, verdictOf } from "../dial/outcome.ts";
import type { FailureCode, Facts } from "../core/types.ts";
import { type NtpPacket, decodeNtp, encodeNtpRequest, kissCode, referenceName } from "../wire/ntp.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  host: host().describe("Host name or address"),
  port: port().default(123).describe("UDP port"),
  family: family(),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;

/** A lost datagram is asked for again; servers count more than one question in two seconds as too many. */
const TRY_MS = 2500;
/** Clients leave a server out that may be further off than this: MAXDIST of RFC 5905, section 7.2, with the half second that ntpd allows on top. */
const DISTANCE_MS_MAX = 1500;
const MODE_SERVER = 4;
const STRATUM_MAX = 15;

/** Fields of an answer and when it came, both clocks in ms. */
interface Answer {
  readonly packet: NtpPacket;
  readonly sentMs: number;
  readonly receivedMs: number;
}

/** SNTP: one question to a time server, its answer measured against this machine's clock. An exchange of our own: 48 octets each way, and a library would hide the leap indicator. */
export const sntp: Probe<Options> = {
  type: "sntp",
  about: "Asks a time server (NTP) for the time and checks that its own clock is set; tells the offset between it and this machine's clock",
  source: "RFC 5905, sections 7.3, 7.4, 8 and 14",
  options,
  facts: {
    offset: { unit: "ms", about: "Server's clock minus this machine's: positive when the server is ahead" },
    deviation: { unit: "ms", about: "The offset without its sign: `deviation: < 500ms`" },
    delay: { unit: "ms", about: "Way there and back, without the time that the server took" },
    distance: { unit: "ms", about: "How far off the server's time may be: half the root delay and half the delay, and the root dispersion" },
    synchronised: { about: "True when the server's clock is set: stratum 1 to 15, no leap alarm, a distance below 1500 ms; a condition on it decides instead" },
    stratum: { number: true, about: "Steps from a reference clock, which has 1; 0 and 16: not set" },
    leap: { about: "Leap second at the end of the day: `none`, `insert`, `delete`; `unknown` while the clock is not set" },
    reference: { about: "Where its time comes from: `GPS` and the like with stratum 1, else an address" },
    kiss: { about: "Word with which the server sends us away: RATE, DENY, RSTR; absent as a rule" },
    rootDelay: { unit: "ms", about: "Way from the server to the reference clock and back" },
    rootDispersion: { unit: "ms", about: "Error that gathered up to the server" },
    age: { unit: "s", about: "Time since the server's clock was last set" },
    version: { about: "NTP version of the answer" },
    address: { about: "The address that answered" },
  },
  leaves: ["synchronised"],
  target: ({ host, port }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`),
  async run(chosen, ctx): Promise<Outcome> {
    let question: Uint8Array = new Uint8Array(48);
    let sent = { wall: 0, monotonic: 0 };
    let received = "";
    const packet = (): Uint8Array => {
      question = encodeNtpRequest(ctx.random.bytes(8));
      sent = { wall: ctx.clock.now(), monotonic: ctx.clock.monotonic() };
      return question;
    };
    const read = (bytes: Uint8Array): Heard<Answer> => {
      // the wall clock may step in between
      const receivedMs = sent.wall + (ctx.clock.monotonic() - sent.monotonic);
      received = hex(bytes);
      return heard(bytes, question, sent.wall, receivedMs);
    };
    const { host, port, family, source } = chosen;
    const reply = await askDatagram({ host, port, family, source, tryMs: TRY_MS, packet, read }, ctx);
    const evidence = (answer: string) => evidenceOf({ "on the way": reply.notes.join("\n"), sent: reply.tries === 0 ? "" : hex(question), received, answer });
    if (reply.kind === "failed") return { verdict: verdictOf(reply.failure.code), ...reply.failure, phases: reply.phases, facts: {}, evidence: evidence("") };
    const facts = { ...factsOf(reply.value), address: reply.address.ip };
    return { ...judged(reply.value, facts, ctx), phases: reply.phases, facts, evidence: evidence(described(facts)) };
  },
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 256)).toString("hex");
const thousandth = (ms: number): number => Math.round(ms * 1000) / 1000 || 0;

function heard(bytes: Uint8Array, question: Uint8Array, sentMs: number, receivedMs: number): Heard<Answer> {
  const packet = decodeNtp(bytes, receivedMs);
  if (packet.kind === "bad") return { kind: "wrong", reason: packet.reason };
  if (packet.mode !== MODE_SERVER) return { kind: "wrong", reason: `an NTP packet that is no server's (mode ${packet.mode})` };
  if (Buffer.compare(packet.origin, question.subarray(40)) !== 0) return { kind: "wrong", reason: "an answer to another question" };
  if (packet.transmitMs === null && packet.stratum !== 0) return { kind: "wrong", reason: "an answer without the time" };
  return { kind: "answer", value: { packet, sentMs, receivedMs } };
}

/** RFC 5905, section 8: offset and delay from the four timestamps; a kiss-o'-death has none. */
function measured({ packet, sentMs, receivedMs }: Answer): Facts {
  const { receiveMs, transmitMs, rootDelayMs, rootDispersionMs, referenceMs } = packet;
  if (receiveMs === null || transmitMs === null || kissCode(packet) !== null) return {};
  const offset = thousandth((receiveMs - sentMs + (transmitMs - receivedMs)) / 2);
  const delay = thousandth(Math.max(0, receivedMs - sentMs - (transmitMs - receiveMs)));
  const distance = thousandth(rootDelayMs / 2 + rootDispersionMs + delay / 2);
  const age = referenceMs === null ? {} : { age: Math.max(0, Math.round((transmitMs - referenceMs) / 1000)) };
  return { offset, deviation: Math.abs(offset), delay, distance, ...age };
}

function factsOf(answer: Answer): Facts {
  const { packet } = answer;
  const { leap, stratum, version, rootDelayMs, rootDispersionMs } = packet;
  const kiss = kissCode(packet);
  const times = measured(answer);
  const synchronised = leap !== "unknown" && stratum >= 1 && stratum <= STRATUM_MAX && Number(times["distance"] ?? Infinity) < DISTANCE_MS_MAX;
  return {
    ...times,
    synchronised,
    stratum,
    leap,
    ...(kiss === null ? { reference: referenceName(packet) } : { kiss }),
    rootDelay: thousandth(rootDelayMs),
    rootDispersion: thousandth(rootDispersionMs),
    version,
  };
}

/** RFC 5905, section 7.4. */
const KISSES: { readonly [code: string]: string } = { RATE: "asked too often", DENY: "access denied", RSTR: "access restricted" };

function judged({ packet }: Answer, facts: Facts, ctx: ProbeContext): { readonly verdict: Outcome["verdict"]; readonly code: FailureCode; readonly sentence: string } {
  const { kiss, offset, synchronised, distance } = facts;
  const { leap, stratum } = packet;
  const down = (sentence: string) => ({ verdict: "down" as const, code: "status" as const, sentence });
  const time = typeof offset === "number" ? `stratum ${stratum}, ${Math.abs(offset)} ms ${offset < 0 ? "behind" : "ahead of"} this machine` : `stratum ${stratum}`;
  if (synchronised === true || ctx.wants.has("synchronised")) return { verdict: "up", code: "ok", sentence: time };
  if (typeof kiss === "string") return down(`the server sends us away with ${kiss}${KISSES[kiss] === undefined ? "" : ` (${KISSES[kiss]})`}`);
  if (leap === "unknown" || stratum === 0 || stratum > STRATUM_MAX) return down(`the server's own clock is not set (leap ${leap}, stratum ${stratum})`);
  return down(`the server's time may be wrong by ${Number(distance)} ms, more than the ${DISTANCE_MS_MAX} ms that clients accept`);
}

const described = (facts: Facts): string => Object.entries(facts).map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", ");
