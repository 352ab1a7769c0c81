import type { Facts, Phases } from "../core/types.ts";
import type { Address, Failure, Random } from "../sys/ports.ts";
import { SNMP_ERROR, type SnmpBinding, type SnmpPdu, snmpErrorName } from "../wire/snmp.ts";
import { type Replied, type Transaction, askDatagram } from "./datagrams.ts";
import type { Destination } from "./dial.ts";
import { type DialContext, tenth } from "./outcome.ts";
import type { SnmpSettings } from "./snmp-options.ts";
import { type SnmpSpeech, communityRequest } from "./snmp-request.ts";
import { type SnmpEngineSeen, SnmpEngineSession, type SnmpRefusal } from "./snmp-v3.ts";

/** Cards in power supplies and printers take a second or two: a late answer to an earlier try counts, and they are asked again ever less often. */
const REPEATING: Transaction = { repeatMs: (sent) => 1000 * 2 ** Math.min(sent - 1, 3), lengthMs: 60_000 };
/** Where the name has another address. */
const TRY_MS = 3000;
/** Objects in one request: every agent can send 484 octets at least (RFC 3417, section 3.2.1). */
const OIDS_AT_ONCE = 10;

export interface SnmpContext extends DialContext {
  readonly random: Random;
}

/** Facts: `address`; of version 3 `engine` and `boots`. Texts are evidence, without secrets. */
export type SnmpRead = { readonly facts: Facts; readonly phases: Phases; readonly onTheWay: string; readonly sent: string; readonly received: string } & (
  | { readonly kind: "read"; readonly values: readonly SnmpBinding[] }
  | { readonly kind: "failed"; readonly failure: Failure }
);

/**
 * Reads objects of an agent (GetRequest, RFC 3416, section 4.2.1), some at once, again when a datagram is lost, within the context's deadline.
 * What is missing there comes as a value that says so. Without a user, version 3 only shows that the engine is there: no values then.
 */
export async function readSnmp(destination: Destination, settings: SnmpSettings, oids: readonly string[], ctx: SnmpContext): Promise<SnmpRead> {
  const line = new Line(destination, ctx);
  const read = settings.version === 3 ? await readSigned(line, settings, oids, ctx) : await readAll(oids, (some) => getPlain(line, settings, some, ctx));
  return { ...line.seen(), ...read };
}

type Values = { readonly kind: "read"; readonly values: readonly SnmpBinding[] } | { readonly kind: "failed"; readonly failure: Failure };
type Got = { readonly kind: "got"; readonly pdu: SnmpPdu; readonly peer: string } | { readonly kind: "failed"; readonly failure: Failure };

const failed = (code: Failure["code"], sentence: string): { readonly kind: "failed"; readonly failure: Failure } => ({ kind: "failed", failure: { code, sentence } });

/** One agent during one run: every step goes to the address that answered the first one. */
class Line {
  readonly #destination: Destination;
  readonly #ctx: SnmpContext;
  readonly #phases: Record<string, number> = {};
  readonly #notes: string[] = [];
  readonly #sent: string[] = [];
  readonly #received: string[] = [];
  #address: Address | null = null;
  #engine: SnmpEngineSeen | null = null;

  constructor(destination: Destination, ctx: SnmpContext) {
    this.#destination = destination;
    this.#ctx = ctx;
  }

  get answered(): boolean {
    return this.#address !== null;
  }

  get peer(): string {
    return `${this.#address?.ip ?? this.#destination.host} port ${this.#destination.port}`;
  }

  async ask<Answer>(phase: string, sent: string, speech: SnmpSpeech<Answer>): Promise<Replied<Answer>> {
    const host = this.#address?.ip ?? this.#destination.host;
    const replied = await askDatagram({ ...this.#destination, ...speech, host, tryMs: TRY_MS, transaction: REPEATING }, this.#ctx);
    const { resolve, answer = 0 } = replied.phases;
    if (resolve !== undefined) this.#phases["resolve"] = resolve;
    this.#phases[phase] = tenth((this.#phases[phase] ?? 0) + answer);
    this.#notes.push(...replied.notes);
    if (replied.tries > 0) this.#sent.push(sent);
    if (replied.kind === "answered") this.#address = replied.address;
    return replied;
  }

  hear(text: string): void {
    this.#received.push(text);
  }

  met(engine: SnmpEngineSeen): void {
    this.#engine = engine;
  }

  seen(): Pick<SnmpRead, "facts" | "phases" | "onTheWay" | "sent" | "received"> {
    const address: Facts = this.#address === null ? {} : { address: this.#address.ip };
    return { facts: { ...address, ...this.#engine }, phases: this.#phases, onTheWay: this.#notes.join("\n"), sent: this.#sent.join("\n"), received: this.#received.join("\n") };
  }
}

/** Takes an answer apart when it does not fit into a datagram, and version 1's, which names one missing object at a time. */
async function readAll(oids: readonly string[], get: (oids: readonly string[]) => Promise<Got>): Promise<Values> {
  const values = new Map<string, SnmpBinding>();
  const waiting: (readonly string[])[] = [];
  for (let at = 0; at < oids.length; at += OIDS_AT_ONCE) waiting.push(oids.slice(at, at + OIDS_AT_ONCE));
  for (let some = waiting.shift(); some !== undefined; some = waiting.shift()) {
    const got = await get(some);
    if (got.kind === "failed") return got;
    const { error, errorIndex, bindings } = got.pdu;
    const missing = some[errorIndex - 1];
    if (error === 0) for (const binding of bindings) values.set(binding.oid, binding);
    else if (error === SNMP_ERROR.tooBig && some.length > 1) waiting.unshift(some.slice(0, some.length / 2), some.slice(some.length / 2));
    else if (error === SNMP_ERROR.noSuchName && missing !== undefined) {
      values.set(missing, { oid: missing, type: "noSuchName", value: null });
      if (some.length > 1) waiting.unshift(some.filter((oid) => oid !== missing));
    } else return refused(got.pdu, some, got.peer);
  }
  return { kind: "read", values: oids.flatMap((oid) => values.get(oid) ?? []) };
}

function refused({ error, errorIndex }: SnmpPdu, oids: readonly string[], peer: string): { readonly kind: "failed"; readonly failure: Failure } {
  const oid = oids[errorIndex - 1];
  const denied = error === SNMP_ERROR.noAccess || error === SNMP_ERROR.authorizationError;
  return failed(denied ? "auth" : "status", `${peer} ${denied ? "denies access" : "cannot answer"}: ${snmpErrorName(error)}${oid === undefined ? "" : ` (${oid})`}`);
}

function shownPdu({ error, bindings }: SnmpPdu): string {
  if (error !== 0) return snmpErrorName(error);
  return bindings.map(({ oid, type, value }) => `${oid} = ${type}${value === null ? "" : `: ${value}`}`).join("\n");
}

async function getPlain(line: Line, { version, community }: SnmpSettings, oids: readonly string[], { random }: SnmpContext): Promise<Got> {
  const plain = version === 1 ? 1 : "2c";
  const before = line.answered;
  const replied = await line.ask("answer", `GetRequest, version ${plain}: ${oids.join(", ")}`, communityRequest(plain, community ?? "public", oids, random));
  if (replied.kind === "failed") {
    const { code, sentence } = replied.failure;
    const silence = code === "timeout" && !before && replied.tries > 0 ? `; it is silent as well when the community is wrong, when it does not let this machine ask, or when it does not speak version ${plain}` : "";
    return failed(code, `${sentence}${silence}`);
  }
  line.hear(shownPdu(replied.value));
  return { kind: "got", pdu: replied.value, peer: line.peer };
}

/** Version 3: first who is there (RFC 3414, section 4), then what is asked. */
async function readSigned(line: Line, settings: SnmpSettings, oids: readonly string[], ctx: SnmpContext): Promise<Values> {
  const session = new SnmpEngineSession(settings, ctx);
  const found = await line.ask("discovery", "version 3: who is there?", session.discovery());
  if (found.kind === "failed") {
    const { code, sentence } = found.failure;
    return failed(code, code === "timeout" && found.tries > 0 ? `${sentence}; it is silent as well when it does not speak version 3, or does not let this machine ask` : sentence);
  }
  session.met(found.value);
  line.met(session.seen());
  line.hear(`engine ${session.seen().engine}`);
  if (settings.user === null) return { kind: "read", values: [] };
  return readAll(oids, (some) => getSigned(line, session, some));
}

async function getSigned(line: Line, session: SnmpEngineSession, oids: readonly string[]): Promise<Got> {
  const sent = `GetRequest, version 3, ${session.shown}: ${oids.join(", ")}`;
  let replied = await line.ask<SnmpPdu | SnmpRefusal>("answer", sent, session.request(oids));
  if (replied.kind === "answered" && "refusal" in replied.value && session.sets(replied.value)) {
    line.met(session.seen());
    line.hear(replied.value.refusal);
    replied = await line.ask("answer", sent, session.request(oids));
  }
  if (replied.kind === "failed") {
    const { code, sentence } = replied.failure;
    return failed(code, code === "timeout" ? `${line.peer} is there, but did not answer ${session.silence}` : sentence);
  }
  if ("refusal" in replied.value) {
    line.hear(replied.value.refusal);
    const { code, sentence } = session.meaning(replied.value);
    return failed(code, `${line.peer} is there, but ${sentence}`);
  }
  line.hear(shownPdu(replied.value));
  return { kind: "got", pdu: replied.value, peer: line.peer };
}
