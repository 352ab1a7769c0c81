import type { Clock, Failure, Random } from "../sys/ports.ts";
import { SNMP_PDU, type SnmpPdu, encodeGet } from "../wire/snmp.ts";
import { SNMP_NOBODY, type SnmpEngine, type SnmpUser, type SnmpV3Message, decodeV3, encodeV3, localizedKey, passwordKey } from "../wire/snmp-usm.ts";
import type { Heard } from "./datagrams.ts";
import type { SnmpSettings } from "./snmp-options.ts";
import { type SnmpSpeech, newId, strangerOf } from "./snmp-request.ts";

/** Facts of an engine: its id in hexadecimal, and how often it started. */
export type SnmpEngineSeen = { readonly engine: string; readonly boots: number };

/** A Report instead of a response: the object whose count went up. `signed`: with the user's own key. */
export interface SnmpRefusal {
  readonly refusal: string;
  readonly signed: boolean;
  readonly engine: SnmpEngine;
}

/** An honest engine id has 5 to 32 octets (RFC 3411, section 5). */
const ENGINE_OCTETS_MIN = 5;
/** RFC 3414, section 2.2.3. */
const WINDOW_S = 150;
const TIME_MAX = 0x7fff_ffff;

/** Counters that Reports tell (RFC 3414, section 5; RFC 3412, section 5; RFC 3413, section 4.1.2). */
const REPORTS: { readonly [oid: string]: string } = {
  "1.3.6.1.6.3.15.1.1.1.0": "unsupportedSecLevels",
  "1.3.6.1.6.3.15.1.1.2.0": "notInTimeWindows",
  "1.3.6.1.6.3.15.1.1.3.0": "unknownUserNames",
  "1.3.6.1.6.3.15.1.1.4.0": "unknownEngineIDs",
  "1.3.6.1.6.3.15.1.1.5.0": "wrongDigests",
  "1.3.6.1.6.3.15.1.1.6.0": "decryptionErrors",
  "1.3.6.1.6.3.11.2.1.1.0": "unknownSecurityModels",
  "1.3.6.1.6.3.11.2.1.2.0": "invalidMsgs",
  "1.3.6.1.6.3.11.2.1.3.0": "unknownPDUHandlers",
  "1.3.6.1.6.3.12.1.4.0": "unavailableContexts",
  "1.3.6.1.6.3.12.1.5.0": "unknownContexts",
};

const reportOf = ({ bindings }: SnmpPdu): string => REPORTS[bindings[0]?.oid ?? ""] ?? `a report of ${bindings[0]?.oid ?? "nothing"}`;

type Keys = { readonly auth: Uint8Array | null; readonly privacy: Uint8Array | null };
/** Keys of passwords take milliseconds to make: they are kept as long as the check's options are. */
const kept = new WeakMap<SnmpSettings, Keys>();

function keysOf(settings: SnmpSettings): Keys {
  const before = kept.get(settings);
  if (before !== undefined) return before;
  const keyOf = (password: string | null): Uint8Array | null => (password === null ? null : passwordKey(settings.authProtocol, password));
  const keys = { auth: keyOf(settings.authPassword), privacy: keyOf(settings.privacyPassword) };
  kept.set(settings, keys);
  return keys;
}

/** What one user says to one engine of version 3 (RFC 3414) and hears from it, without the socket. */
export class SnmpEngineSession {
  readonly #settings: SnmpSettings;
  readonly #random: Random;
  readonly #clock: Clock;
  #engine: SnmpEngine = { id: new Uint8Array(0), boots: 0, time: 0 };
  #user: SnmpUser = SNMP_NOBODY;
  /** When the engine told its time, on the monotonic clock. */
  #toldMs = 0;

  constructor(settings: SnmpSettings, { random, clock }: { readonly random: Random; readonly clock: Clock }) {
    this.#settings = settings;
    this.#random = random;
    this.#clock = clock;
  }

  /** The level of security, in the standard's words (RFC 3411, section 3.4.3). */
  get #level(): string {
    const { auth, privacy } = this.#user;
    return auth === null ? "noAuthNoPriv" : privacy === null ? "authNoPriv" : "authPriv";
  }

  /** For evidence: `probe (authPriv, sha1, aes128)`. */
  get shown(): string {
    const { name, auth, privacy } = this.#user;
    return `${name} (${[this.#level, auth?.protocol, privacy?.protocol].filter((part) => part !== undefined).join(", ")})`;
  }

  get silence(): string {
    return `${this.#user.name} in time; it is silent when ${this.#user.privacy === null ? "" : "the privacy password is wrong or "}the context is unknown`;
  }

  seen(): SnmpEngineSeen {
    return { engine: Buffer.from(this.#engine.id).toString("hex"), boots: this.#engine.boots };
  }

  /** Asks without a user and is told the engine (RFC 3414, section 4). What it tells is not signed. */
  discovery(): SnmpSpeech<SnmpEngine> {
    let id = 0;
    return {
      packet: () => {
        id = newId(this.#random);
        return encodeV3({ messageId: id, engine: this.#engine, user: SNMP_NOBODY, context: "", pdu: encodeGet(id, []), salt: new Uint8Array(0) });
      },
      read: (bytes) => {
        const message = decodeV3(bytes, SNMP_NOBODY);
        if (message.kind === "bad") return { kind: "wrong", reason: message.reason };
        if (message.messageId !== id) return { kind: "wrong", reason: "an answer to another request" };
        if (message.pdu.tag !== SNMP_PDU.report || message.engine.id.length < ENGINE_OCTETS_MIN) return { kind: "wrong", reason: "an answer that does not tell its engine" };
        return { kind: "answer", value: message.engine };
      },
    };
  }

  /** Speaks to this engine from now on, by its clock. */
  met(engine: SnmpEngine): void {
    const { user, authProtocol, privacyProtocol } = this.#settings;
    this.#engine = { ...engine, id: Uint8Array.from(engine.id) };
    this.#toldMs = this.#clock.monotonic();
    const keys = keysOf(this.#settings);
    const local = (key: Uint8Array): Uint8Array => localizedKey(authProtocol, key, this.#engine.id);
    this.#user = {
      name: user ?? "",
      auth: keys.auth === null ? null : { protocol: authProtocol, key: local(keys.auth) },
      privacy: keys.privacy === null ? null : { protocol: privacyProtocol, key: local(keys.privacy) },
    };
  }

  #now(): SnmpEngine {
    const passed = Math.floor((this.#clock.monotonic() - this.#toldMs) / 1000);
    return { ...this.#engine, time: Math.min(TIME_MAX, this.#engine.time + passed) };
  }

  request(oids: readonly string[]): SnmpSpeech<SnmpPdu | SnmpRefusal> {
    let id = 0;
    return {
      packet: () => {
        id = newId(this.#random);
        return encodeV3({ messageId: id, engine: this.#now(), user: this.#user, context: this.#settings.context, pdu: encodeGet(id, oids), salt: this.#random.bytes(8) });
      },
      read: (bytes) => {
        const message = decodeV3(bytes, this.#user);
        if (message.kind === "bad") return { kind: "wrong", reason: message.reason };
        return this.#heard(message, id, oids);
      },
    };
  }

  #heard(message: SnmpV3Message, id: number, oids: readonly string[]): Heard<SnmpPdu | SnmpRefusal> {
    const wrong = (reason: string): Heard<never> => ({ kind: "wrong", reason });
    const { pdu, signed, sealed, engine } = message;
    const { auth, privacy } = this.#user;
    if (message.messageId !== id) return wrong("an answer to another request");
    if (Buffer.compare(engine.id, this.#engine.id) !== 0) return wrong("an answer of another engine");
    if (pdu.tag === SNMP_PDU.report) return { kind: "answer", value: { refusal: reportOf(pdu), signed, engine } };
    if (signed !== (auth !== null) || sealed !== (privacy !== null)) return wrong(`an answer that is not ${signed ? "encrypted" : "signed"} as the request was`);
    if (message.user !== this.#user.name || message.context !== this.#settings.context || Buffer.compare(message.contextEngine, this.#engine.id) !== 0) return wrong("an answer to another user or of another context");
    // section 3.2, step 7b: the engine's clock does not run backward
    if (signed && (engine.boots < this.#engine.boots || (engine.boots === this.#engine.boots && engine.time < this.#engine.time - WINDOW_S))) return wrong("an answer that is too old");
    const stranger = strangerOf(pdu, id, oids);
    return stranger === null ? { kind: "answer", value: pdu } : wrong(stranger);
  }

  /** Whether asking again helps: the engine's clock is another one, and it says so under its signature. Takes that clock over. */
  sets({ refusal, signed, engine }: SnmpRefusal): boolean {
    if (refusal !== "notInTimeWindows" || !signed) return false;
    this.met(engine);
    return true;
  }

  /** What a refusal means, behind `is there, but`. */
  meaning({ refusal }: SnmpRefusal): Failure {
    const { name } = this.#user;
    const auths = (sentence: string): Failure => ({ code: "auth", sentence: `${sentence} (${refusal})` });
    switch (refusal) {
      case "unknownUserNames":
        return auths(`knows no user ${name}`);
      case "wrongDigests":
        return auths(`refuses ${name}: authPassword or authProtocol is wrong`);
      case "decryptionErrors":
        return auths(`cannot decrypt what ${name} says: privacyPassword or privacyProtocol is wrong`);
      case "unsupportedSecLevels":
        return auths(`does not take ${this.#level} from ${name}`);
      case "unknownContexts":
      case "unavailableContexts":
        return { code: "mismatch", sentence: `has no context \`${this.#settings.context}\` (${refusal})` };
      case "notInTimeWindows":
        return { code: "protocol", sentence: `takes its own time for wrong (${refusal})` };
      default:
        return { code: "protocol", sentence: `refuses the request with ${refusal}` };
    }
  }
}
