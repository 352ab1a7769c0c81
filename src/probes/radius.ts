import { z } from "zod";
import type { FailureCode, Facts } from "../core/types.ts";
import { type Heard, askDatagram } from "../dial/datagrams.ts";
import { family, host, port, secret, sourceAddress } from "../dial/options.ts";
import { evidenceOf, printable, verdictOf } from "../dial/outcome.ts";
import { credentials, endpoint } from "../dial/service-options.ts";
import { RADIUS, RADIUS_ATTRIBUTE, RADIUS_PASSWORD_MAX, type RadiusAttribute, type RadiusReply, type RadiusRequest, chapPassword, decodeRadius, encodeRadius, hiddenPassword } from "../wire/radius.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

/** RFC 5080, section 2.2.1, begins with 2 s; servers hold a refusal back for a second. */
const TRY_MS = 3000;
const ATTRIBUTE_MAX = 253;

const text = () => z.string().min(1).refine((value) => Buffer.byteLength(value) <= ATTRIBUTE_MAX, "it is longer than 253 bytes");

const options = z.strictObject({
  host: host().describe("Host name or address of the server"),
  port: port().default(1812).describe("UDP port: 1812 for logins, 1813 for accounting").meta({ source: "RFC 2865, section 3" }),
  secret: secret().describe("The secret that this machine shares with the server"),
  ...credentials(),
  method: z.enum(["pap", "chap"]).default("pap").describe("How the password is sent: pap, hidden by the secret, or chap, as a digest").meta({ source: "RFC 2865, section 2.2" }),
  answer: z.enum(["accept", "reject", "challenge", "any"]).default("accept").describe("What a login must be answered with"),
  nasIdentifier: text().default("tocsin").describe("Name that Tocsin gives itself (NAS-Identifier)").meta({ source: "RFC 2865, section 5.32" }),
  callingStationId: text().nullable().default(null).describe("With a login: where the user calls from").meta({ source: "RFC 2865, section 5.31" }),
  calledStationId: text().nullable().default(null).describe("With a login: what the user calls").meta({ source: "RFC 2865, section 5.30" }),
  family: family(),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;

const ANSWERS: { readonly [code: number]: string } = { [RADIUS.accept]: "accept", [RADIUS.reject]: "reject", [RADIUS.challenge]: "challenge", [RADIUS.accountingResponse]: "accounting" };
const NAMES: { readonly [code: number]: string } = { [RADIUS.accept]: "Access-Accept", [RADIUS.reject]: "Access-Reject", [RADIUS.challenge]: "Access-Challenge", [RADIUS.accountingResponse]: "Accounting-Response" };
const named = (code: number): string => NAMES[code] ?? `a packet with code ${code}`;

/** RADIUS over UDP, by an exchange of our own: one signed datagram each way, and a library would hide who signed what. */
export const radius: Probe<Options> = {
  type: "radius",
  about: "Asks a RADIUS server whether it is there (Status-Server), or logs a user in, and checks that the answer was made with the secret",
  source: "RFC 2865; RFC 5997 (Status-Server), RFC 3579, section 3.2 (Message-Authenticator)",
  options,
  facts: {
    answer: { about: "accept, reject or challenge; accounting from a server of accounting" },
    signed: { about: "Whether the answer has a Message-Authenticator, without which it can be forged (CVE-2024-3596)" },
    message: { about: "What the server has to say to the user (Reply-Message)" },
    address: { about: "The address that answered" },
  },
  target: ({ host, port }) => endpoint(host, port),
  check: problemOf,
  run,
};

function problemOf({ user, password, answer }: Options): ReturnType<NonNullable<Probe<Options>["check"]>> {
  if ((user === null) !== (password === null)) {
    const missing = user === null ? "user" : "password";
    return { path: [missing], wrong: `a login needs both \`user\` and \`password\`, and \`${missing}\` is missing`, right: "write both, or neither" };
  }
  if (Buffer.byteLength(user ?? "") > ATTRIBUTE_MAX) return { path: ["user"], wrong: `a user name in RADIUS has at most ${ATTRIBUTE_MAX} bytes`, right: "write a shorter one" };
  if (Buffer.byteLength(password ?? "") > RADIUS_PASSWORD_MAX) return { path: ["password"], wrong: `a password in RADIUS has at most ${RADIUS_PASSWORD_MAX} bytes`, right: "write a shorter one" };
  if (user === null && answer !== "accept") return { path: ["answer"], wrong: "`answer` is about a login, and there is no `user`", right: "write user and password, or leave answer out" };
  return null;
}

function requestOf(chosen: Options, ctx: ProbeContext): RadiusRequest {
  const authenticator = ctx.random.bytes(16);
  const [id = 0, chapId = 0] = ctx.random.bytes(2);
  const { user, password, method, nasIdentifier, callingStationId, calledStationId } = chosen;
  const attributes: RadiusAttribute[] = [];
  const add = (type: number, value: string | Uint8Array): void => void attributes.push({ type, value: typeof value === "string" ? Buffer.from(value) : value });
  if (user !== null && password !== null) {
    add(RADIUS_ATTRIBUTE.userName, user);
    if (method === "pap") add(RADIUS_ATTRIBUTE.userPassword, hiddenPassword(password, authenticator, chosen.secret));
    else add(RADIUS_ATTRIBUTE.chapPassword, chapPassword(chapId, password, authenticator));
    if (callingStationId !== null) add(RADIUS_ATTRIBUTE.callingStationId, callingStationId);
    if (calledStationId !== null) add(RADIUS_ATTRIBUTE.calledStationId, calledStationId);
  }
  add(RADIUS_ATTRIBUTE.nasIdentifier, nasIdentifier);
  return { code: user === null ? RADIUS.statusServer : RADIUS.accessRequest, id, authenticator, attributes };
}

type Reply = Extract<RadiusReply, { kind: "reply" }>;

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const { host, port, family, source, user } = chosen;
  let request = requestOf(chosen, ctx);
  let received = "";
  const packet = (tries: number): Uint8Array => {
    if (tries > 0) request = requestOf(chosen, ctx);
    return encodeRadius(request, chosen.secret);
  };
  const read = (bytes: Uint8Array): Heard<Reply> => {
    const reply = decodeRadius(bytes, request, chosen.secret);
    if (reply.kind === "reply") return { kind: "answer", value: reply };
    const reason = reply.kind === "bad" ? reply.reason : "an answer to another request";
    received = reason;
    return { kind: "wrong", reason };
  };
  const replied = await askDatagram({ host, port, family, source, tryMs: TRY_MS, packet, read }, ctx);
  // The packet itself would let whoever reads the evidence try secrets on it.
  const sent = user === null ? "Status-Server" : `Access-Request for ${user} (${chosen.method})`;
  const evidence = (answer: string) => evidenceOf({ "on the way": replied.notes.join("\n"), sent: replied.tries === 0 ? "" : `${sent}, NAS-Identifier ${chosen.nasIdentifier}`, received: answer });
  if (replied.kind === "failed") {
    const { code, sentence } = replied.failure;
    const advice = code === "timeout" ? "; it is silent as well when the secret is wrong or this machine is not among its clients" : "";
    return { verdict: verdictOf(code), code, sentence: `${sentence}${advice}`, phases: replied.phases, facts: {}, evidence: evidence(received) };
  }
  const reply = replied.value;
  const message = messageOf(reply.attributes);
  const facts: Facts = { answer: ANSWERS[reply.code] ?? String(reply.code), signed: reply.signed, ...(message === "" ? {} : { message }), address: replied.address.ip };
  const peer = `${host} port ${port}`;
  return { ...judged(chosen, reply.code, peer, message), phases: replied.phases, facts, evidence: evidence(`${named(reply.code)}${reply.signed ? ", signed" : ""}${message === "" ? "" : `: ${message}`}`) };
}

/** Its parts are one text (RFC 2865, section 5.18). */
function messageOf(attributes: readonly RadiusAttribute[]): string {
  const parts = attributes.filter(({ type }) => type === RADIUS_ATTRIBUTE.replyMessage).map(({ value }) => value);
  return printable(Buffer.concat(parts)).slice(0, 512);
}

function judged({ user, answer }: Options, code: number, peer: string, message: string): { readonly verdict: Outcome["verdict"]; readonly code: FailureCode; readonly sentence: string } {
  const said = message === "" ? "" : `: ${message.slice(0, 200)}`;
  const down = (why: FailureCode, sentence: string) => ({ verdict: "down" as const, code: why, sentence });
  if (user === null) {
    // RFC 5997, section 3
    if (code === RADIUS.accept || code === RADIUS.accountingResponse) return { verdict: "up", code: "ok", sentence: `${peer} answers with ${named(code)}` };
    return down("status", `${peer} answers Status-Server with ${named(code)}${said}`);
  }
  const got = ANSWERS[code];
  if (got === undefined || got === "accounting") return down("protocol", `${peer} answers a login with ${named(code)}`);
  const words = { accept: "lets in", reject: "refuses", challenge: "wants more than a password from" }[got] ?? got;
  if (answer === "any" || answer === got) return { verdict: "up", code: "ok", sentence: `${peer} ${words} ${user}` };
  return down(answer === "accept" ? "auth" : "mismatch", `${peer} ${words} ${user}${said}${answer === "accept" ? "" : `; ${answer} was expected`}`);
}
