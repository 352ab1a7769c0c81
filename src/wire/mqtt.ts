import { Reader } from "./reader.ts";

/** MQTT 3.1.1 and 5.0 (OASIS): the packets of a client that connects, subscribes, publishes and leaves. */

export type MqttVersion = "3.1.1" | "5";

const TYPE = { connect: 0x10, connack: 2, publish: 3, pubrel: 0x62, subscribe: 0x82, suback: 9, pingreq: 0xc0, pingresp: 13, disconnect: 0xe0 } as const;
/** What a broker answers to a message: at QoS 1 puback, at QoS 2 pubrec and, to our pubrel, pubcomp. */
const ANSWERS: { readonly [type: number]: "puback" | "pubrec" | "pubcomp" } = { 4: "puback", 5: "pubrec", 7: "pubcomp" };

export interface MqttConnect {
  readonly version: MqttVersion;
  readonly clientId: string;
  readonly user: string | null;
  readonly password: string | null;
  readonly keepAliveS: number;
}

export type MqttPacket =
  | { readonly kind: "connack"; readonly sessionPresent: boolean; readonly code: number; /** Version 5: text of the server. */ readonly reason: string }
  | { readonly kind: "suback"; readonly id: number; readonly code: number }
  | { readonly kind: "publish"; readonly topic: string; readonly retained: boolean; readonly payload: Uint8Array }
  | { readonly kind: "puback" | "pubrec" | "pubcomp"; readonly id: number; readonly code: number; readonly reason: string }
  | { readonly kind: "pingresp" }
  | { readonly kind: "disconnect"; readonly code: number; readonly reason: string }
  /** Any other packet of a server. */
  | { readonly kind: "other"; readonly type: number }
  | { readonly kind: "bad"; readonly reason: string };

function lengthBytes(length: number): readonly number[] {
  const bytes: number[] = [];
  let left = length;
  do {
    const more = left >= 128 ? 0x80 : 0;
    bytes.push((left % 128) | more);
    left = Math.floor(left / 128);
  } while (left > 0);
  return bytes;
}

const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);
const text = (value: string): Uint8Array => {
  const bytes = Buffer.from(value);
  return Buffer.concat([u16(bytes.length), bytes]);
};

function packet(head: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of(head, ...lengthBytes(body.length)), body]);
}

const properties = (version: MqttVersion): Uint8Array => (version === "5" ? Uint8Array.of(0) : new Uint8Array(0));

/** Section 3.1: a clean session (3.1.1) or a clean start (5), without a will. */
export function encodeConnect({ version, clientId, user, password, keepAliveS }: MqttConnect): Uint8Array {
  const flags = 0x02 | (user === null ? 0 : 0x80) | (password === null ? 0 : 0x40);
  const login = [user, password].flatMap((part) => (part === null ? [] : [text(part)]));
  return packet(TYPE.connect, text("MQTT"), Uint8Array.of(version === "5" ? 5 : 4, flags), u16(keepAliveS), properties(version), text(clientId), ...login);
}

/** Section 3.8: one topic filter at QoS 0. */
export function encodeSubscribe(version: MqttVersion, id: number, topic: string): Uint8Array {
  return packet(TYPE.subscribe, u16(id), properties(version), text(topic), Uint8Array.of(0));
}

export interface MqttPublish {
  readonly version: MqttVersion;
  readonly topic: string;
  readonly payload: string;
  /** At most once, at least once, exactly once; 0 by default. */
  readonly qos?: 0 | 1 | 2;
  /** The broker keeps it for those that subscribe later. */
  readonly retained?: boolean;
  /** Identifies the packet in the broker's answer, with QoS 1 and 2; not 0. */
  readonly id?: number;
  /** Version 5: the payload's media type, and pairs of a name and a text that go with it. */
  readonly contentType?: string;
  readonly user?: { readonly [name: string]: string };
}

/** Section 3.3; a payload is text here. */
export function encodePublish({ version, topic, payload, qos = 0, retained = false, id = 1, contentType, user = {} }: MqttPublish): Uint8Array {
  const pairs = Object.entries(user).map(([name, value]) => Buffer.concat([Uint8Array.of(0x26), text(name), text(value)]));
  const own = Buffer.concat([...(contentType === undefined ? [] : [Uint8Array.of(0x01, 1, 0x03), text(contentType)]), ...pairs]);
  const described = version === "5" ? Buffer.concat([Uint8Array.of(...lengthBytes(own.length)), own]) : new Uint8Array(0);
  return packet(0x30 | (qos << 1) | (retained ? 1 : 0), text(topic), qos === 0 ? new Uint8Array(0) : u16(id), described, Buffer.from(payload));
}

/** Section 3.6: the second half of QoS 2. */
export const encodePubrel = (id: number): Uint8Array => packet(TYPE.pubrel, u16(id));

/** Section 3.12: the broker answers it after all that came before. */
export const encodePing = (): Uint8Array => Uint8Array.of(TYPE.pingreq, 0);

/** Section 3.14. */
export const encodeDisconnect = (): Uint8Array => Uint8Array.of(TYPE.disconnect, 0);

/** What is known of a packet by its first bytes: how many more are needed, or where it ends. */
export type MqttFrame = { readonly kind: "more" } | { readonly kind: "frame"; readonly header: number; readonly total: number } | { readonly kind: "bad" };

/** Section 2.1.4: the remaining length takes one to four bytes. */
export function mqttFrame(bytes: Uint8Array): MqttFrame {
  let length = 0;
  for (let at = 1; at <= 4; at++) {
    const octet = bytes[at];
    if (octet === undefined) return { kind: "more" };
    length += (octet & 0x7f) * 128 ** (at - 1);
    if (octet < 0x80) return { kind: "frame", header: at + 1, total: at + 1 + length };
  }
  return { kind: "bad" };
}

/** One whole packet of a server. */
export function decodeMqtt(bytes: Uint8Array, version: MqttVersion): MqttPacket {
  const frame = mqttFrame(bytes);
  if (frame.kind !== "frame" || frame.total !== bytes.length) return { kind: "bad", reason: "a packet of another length than it says" };
  const type = (bytes[0] ?? 0) >> 4;
  const flags = (bytes[0] ?? 0) & 0x0f;
  const reader = new Reader(bytes, frame.header);
  const read = decodeBody(type, flags, reader, version);
  return reader.bad === null ? read : { kind: "bad", reason: `a packet of type ${type}: ${reader.bad}` };
}

function decodeBody(type: number, flags: number, reader: Reader, version: MqttVersion): MqttPacket {
  if (type === TYPE.publish) return publish(flags, reader, version);
  if (type === 0 || flags !== 0) return { kind: "bad", reason: "a packet that MQTT does not know" };
  if (type === TYPE.connack) {
    const acknowledge = reader.u8();
    const code = reader.u8();
    if (acknowledge > 1) return { kind: "bad", reason: "a CONNACK with reserved flags" };
    return { kind: "connack", sessionPresent: acknowledge === 1, code, reason: version === "5" && reader.left > 0 ? reasonString(reader) : "" };
  }
  if (type === TYPE.suback) {
    const id = reader.u16();
    if (version === "5") reasonString(reader);
    return { kind: "suback", id, code: reader.u8() };
  }
  if (type === 14) {
    const code = reader.left > 0 ? reader.u8() : 0;
    return { kind: "disconnect", code, reason: reader.left > 0 ? reasonString(reader) : "" };
  }
  const answer = ANSWERS[type];
  if (answer !== undefined) {
    const id = reader.u16();
    const code = version === "5" && reader.left > 0 ? reader.u8() : 0;
    return { kind: answer, id, code, reason: version === "5" && reader.left > 0 ? reasonString(reader) : "" };
  }
  return type === TYPE.pingresp ? { kind: "pingresp" } : { kind: "other", type };
}

function publish(flags: number, reader: Reader, version: MqttVersion): MqttPacket {
  const topic = utf8(reader.take(reader.u16()));
  if ((flags & 0x06) !== 0) reader.u16();
  if (version === "5") reader.take(variable(reader));
  return { kind: "publish", topic, retained: (flags & 1) === 1, payload: reader.take(reader.left) };
}

const utf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function variable(reader: Reader): number {
  let value = 0;
  for (let at = 0; at < 4; at++) {
    const octet = reader.u8();
    value += (octet & 0x7f) * 128 ** at;
    if (octet < 0x80) return value;
  }
  reader.fail("a length of more than four bytes");
  return 0;
}

/** Bytes of each property's value that has a fixed length (5.0, section 2.2.2.2). */
const FIXED: { readonly [id: number]: number } = { 0x01: 1, 0x02: 4, 0x11: 4, 0x13: 2, 0x17: 1, 0x18: 4, 0x19: 1, 0x21: 2, 0x22: 2, 0x23: 2, 0x24: 1, 0x25: 1, 0x27: 4, 0x28: 1, 0x29: 1, 0x2a: 1 };
const TEXTS: ReadonlySet<number> = new Set([0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1a, 0x1c, 0x1f]);

/** Goes through the properties and gives the reason string (0x1f), empty when there is none. */
function reasonString(reader: Reader): string {
  const length = variable(reader);
  const inner = new Reader(reader.take(length));
  let reason = "";
  while (inner.left > 0 && reader.bad === null) {
    const id = variable(inner);
    const fixed = FIXED[id];
    if (id === 0x0b) variable(inner);
    else if (fixed !== undefined) inner.take(fixed);
    else if (id === 0x26) void [inner.take(inner.u16()), inner.take(inner.u16())];
    else if (TEXTS.has(id)) {
      const value = inner.take(inner.u16());
      if (id === 0x1f) reason = utf8(value);
    } else inner.fail(`the unknown property ${id}`);
    if (inner.bad !== null) reader.fail(inner.bad);
  }
  return reason;
}

const CODES_3: { readonly [code: number]: string } = { 0: "accepted", 1: "unacceptable protocol version", 2: "identifier rejected", 3: "server unavailable", 4: "bad user name or password", 5: "not authorized" };
const CODES_5: { readonly [code: number]: string } = {
  0x00: "success",
  0x10: "no matching subscribers",
  0x80: "unspecified error",
  0x81: "malformed packet",
  0x82: "protocol error",
  0x83: "implementation specific error",
  0x84: "unsupported protocol version",
  0x85: "client identifier not valid",
  0x86: "bad user name or password",
  0x87: "not authorized",
  0x88: "server unavailable",
  0x89: "server busy",
  0x8a: "banned",
  0x8b: "server shutting down",
  0x8c: "bad authentication method",
  0x8d: "keep alive timeout",
  0x8e: "session taken over",
  0x8f: "topic filter invalid",
  0x90: "topic name invalid",
  0x91: "packet identifier in use",
  0x92: "packet identifier not found",
  0x95: "packet too large",
  0x97: "quota exceeded",
  0x99: "payload format invalid",
  0x9a: "retain not supported",
  0x9b: "QoS not supported",
  0x9c: "use another server",
  0x9d: "server moved",
  0x9f: "connection rate exceeded",
};

/** What a code of CONNACK, SUBACK, PUBACK, PUBREC, PUBCOMP or DISCONNECT means (3.1.1, section 3.2.2.3; 5.0, section 2.4). */
export const mqttCodeName = (code: number, version: MqttVersion): string => (version === "5" || code >= 0x80 ? CODES_5[code] : CODES_3[code]) ?? `code ${code}`;

/** Whether `+` and `#` stand where they may: for a whole level, `#` for the last ones (section 4.7.1). */
export const isTopicFilter = (filter: string): boolean => filter.split("/").every((level, at, all) => level === "+" || (level === "#" && at === all.length - 1) || !/[+#]/.test(level));

/** Whether a topic is meant by a filter (section 4.7). Wildcards do not stand for a first level that begins with `$`. */
export function topicMatches(filter: string, topic: string): boolean {
  const [wanted, levels] = [filter.split("/"), topic.split("/")];
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  for (const [at, level] of wanted.entries()) {
    if (level === "#") return true;
    if (at >= levels.length || (level !== "+" && level !== levels[at])) return false;
  }
  return wanted.length === levels.length;
}
