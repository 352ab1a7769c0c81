import { nameOctets, readName } from "./dns-names.ts";
import { dataOctets, readData, typeCode, typeName } from "./dns-records.ts";
import { Reader } from "./reader.ts";

/** Messages of RFC 1035, section 4.1, with EDNS (RFC 6891) and extended errors (RFC 8914). Bytes <-> values. */

/** RFC 9715 and DNS flag day 2020: fits an unfragmented IPv6 packet everywhere. */
const UDP_OCTETS = 1232;
const TYPE_OPT = 41;
const CLASS_IN = 1;
const CLASSES: { readonly [code: number]: string } = { 1: "IN", 3: "CH", 4: "HS", 254: "NONE", 255: "ANY" };
const RCODES: { readonly [code: number]: string } = {
  0: "NOERROR",
  1: "FORMERR",
  2: "SERVFAIL",
  3: "NXDOMAIN",
  4: "NOTIMP",
  5: "REFUSED",
  6: "YXDOMAIN",
  7: "YXRRSET",
  8: "NXRRSET",
  9: "NOTAUTH",
  10: "NOTZONE",
  16: "BADVERS",
  23: "BADCOOKIE",
};

export interface DnsQuestion {
  /** Lower case, without final dot; the root is `.`. */
  readonly name: string;
  /** `A`, `MX`, ... or `TYPE123`. */
  readonly type: string;
  /** 1 is the Internet. */
  readonly class: number;
}

export interface DnsRecord extends DnsQuestion {
  /** Seconds. */
  readonly ttl: number;
  /** The data as canonical text: `192.0.2.1`, `10 mail.example.com`; the strings of a TXT joined. */
  readonly text: string;
}

export interface DnsMessage {
  readonly kind: "message";
  readonly id: number;
  readonly response: boolean;
  readonly opcode: number;
  /** AA */
  readonly authoritative: boolean;
  /** TC: the sections are not whole; ask again over TCP. */
  readonly truncated: boolean;
  /** RD */
  readonly recursionDesired: boolean;
  /** RA */
  readonly recursionAvailable: boolean;
  /** AD: the answering resolver found the DNSSEC signatures good. */
  readonly authenticated: boolean;
  /** CD */
  readonly checkingDisabled: boolean;
  /** With the extended bits of EDNS: 3 is NXDOMAIN, 16 BADVERS. */
  readonly rcode: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  /** Without the OPT record, which is in `edns`. */
  readonly additional: readonly DnsRecord[];
  readonly edns: Edns | null;
}

export interface Edns {
  /** Largest UDP payload that the sender takes, octets. */
  readonly udpOctets: number;
  readonly version: number;
  /** Info codes of RFC 8914 with their texts. */
  readonly errors: readonly { readonly code: number; readonly text: string }[];
}

export type DecodedMessage = DnsMessage | { readonly kind: "bad"; readonly reason: string };

/** `NXDOMAIN` for 3, `RCODE11` for one without a name. */
export function rcodeName(rcode: number): string {
  return RCODES[rcode] ?? `RCODE${rcode}`;
}

function className(code: number): string {
  return CLASSES[code] ?? `CLASS${code}`;
}

export interface Query {
  /** 16 random bits. */
  readonly id: number;
  readonly name: string;
  /** `A`, `MX`, ... or `TYPE123`. */
  readonly type: string;
  /** RD: ask a resolver to find out; false for an authoritative server. */
  readonly recursion: boolean;
  /** Send an OPT record; default true. Ask without it after FORMERR, NOTIMP or BADVERS. */
  readonly edns?: boolean;
  readonly checkingDisabled?: boolean;
  /** AD: ask a resolver to tell whether signatures were good (RFC 6840, section 5.7). */
  readonly authenticated?: boolean;
  /** Default 1, the Internet. */
  readonly class?: number;
}

/** A query of one question. Throws a RangeError for a name or type that cannot be written; ask `nameOctets` and `typeCode` before. */
export function encodeQuery(query: Query): Uint8Array {
  return encodeMessage({
    kind: "message",
    id: query.id,
    response: false,
    opcode: 0,
    authoritative: false,
    truncated: false,
    recursionDesired: query.recursion,
    recursionAvailable: false,
    authenticated: query.authenticated ?? false,
    checkingDisabled: query.checkingDisabled ?? false,
    rcode: 0,
    questions: [{ name: query.name, type: query.type, class: query.class ?? CLASS_IN }],
    answers: [],
    authority: [],
    additional: [],
    edns: query.edns === false ? null : { udpOctets: UDP_OCTETS, version: 0, errors: [] },
  });
}

const u16 = (value: number): Uint8Array => Uint8Array.of((value >> 8) & 255, value & 255);
const u32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);

function questionOctets(question: DnsQuestion): Uint8Array[] {
  const name = nameOctets(question.name);
  const type = typeCode(question.type);
  if (name.kind === "wrong") throw new RangeError(name.wrong);
  if (type === null) throw new RangeError(`\`${question.type}\` is no record type`);
  return [name.octets, u16(type), u16(question.class)];
}

function recordOctets(record: DnsRecord): Uint8Array[] {
  const data = dataOctets(typeCode(record.type) ?? 0, record.text);
  if (data === null) throw new RangeError(`\`${record.text}\` is no data of a ${record.type} record`);
  return [...questionOctets(record), u32(record.ttl), u16(data.length), data];
}

function optOctets(edns: Edns, rcode: number): Uint8Array[] {
  const options = edns.errors.map(({ code, text }) => {
    const bytes = Buffer.from(text, "utf8");
    return Buffer.concat([u16(15), u16(bytes.length + 2), u16(code), bytes]);
  });
  const data = Buffer.concat(options);
  return [Uint8Array.of(0), u16(TYPE_OPT), u16(edns.udpOctets), Uint8Array.of((rcode >> 4) & 255, edns.version, 0, 0), u16(data.length), data];
}

/** Any message, names uncompressed. Throws a RangeError for what cannot be written. */
export function encodeMessage(message: DnsMessage): Uint8Array {
  const bit = (flag: boolean, at: number): number => (flag ? 1 << at : 0);
  const flags =
    bit(message.response, 15) |
    ((message.opcode & 15) << 11) |
    bit(message.authoritative, 10) |
    bit(message.truncated, 9) |
    bit(message.recursionDesired, 8) |
    bit(message.recursionAvailable, 7) |
    bit(message.authenticated, 5) |
    bit(message.checkingDisabled, 4) |
    (message.rcode & 15);
  const counts = [message.questions.length, message.answers.length, message.authority.length, message.additional.length + (message.edns === null ? 0 : 1)];
  const records = [...message.answers, ...message.authority, ...message.additional];
  return Buffer.concat([
    u16(message.id),
    u16(flags),
    ...counts.map(u16),
    ...message.questions.flatMap(questionOctets),
    ...records.flatMap(recordOctets),
    ...(message.edns === null ? [] : optOctets(message.edns, message.rcode)),
  ]);
}

function readQuestion(reader: Reader): DnsQuestion {
  return { name: readName(reader), type: typeName(reader.u16()), class: reader.u16() };
}

function readOptions(reader: Reader, end: number): Edns["errors"] {
  const errors: { code: number; text: string }[] = [];
  while (reader.offset < end && reader.bad === null) {
    const option = reader.u16();
    const data = reader.take(reader.u16());
    if (option === 15 && data.length >= 2) errors.push({ code: (data[0] ?? 0) * 256 + (data[1] ?? 0), text: Buffer.from(data.subarray(2)).toString("utf8") });
  }
  return errors;
}

interface Section {
  readonly records: DnsRecord[];
  opt: (Edns & { readonly rcodeHigh: number }) | null;
}

function readRecord(reader: Reader, section: Section): void {
  const name = readName(reader);
  const type = reader.u16();
  const recordClass = reader.u16();
  const ttl = reader.u32();
  const length = reader.u16();
  const end = reader.offset + length;
  if (end > reader.end) reader.fail(`a record claims ${length} octets of data and only ${reader.left} are left`);
  if (reader.bad !== null) return;
  const whole = reader.end;
  reader.end = end;
  if (type === TYPE_OPT) {
    if (section.opt !== null || name !== ".") return reader.fail("its EDNS record is doubled or misplaced");
    section.opt = { udpOctets: recordClass, rcodeHigh: ttl >>> 24, version: (ttl >>> 16) & 255, errors: readOptions(reader, end) };
  } else {
    // RFC 2181, section 8: a TTL with the top bit set counts as zero
    section.records.push({ name, type: typeName(type), class: recordClass, ttl: ttl > 0x7fffffff ? 0 : ttl, text: readData(reader, type, recordClass === CLASS_IN) });
  }
  reader.end = whole;
}

function readSection(reader: Reader, count: number): Section {
  const section: Section = { records: [], opt: null };
  for (let index = 0; index < count && reader.bad === null; index++) readRecord(reader, section);
  return section;
}

/** Decodes a message; anything that is not whole and sound is `bad` with the reason. Never throws. Octets after the last section are ignored. */
export function decodeMessage(bytes: Uint8Array): DecodedMessage {
  const reader = new Reader(bytes);
  const id = reader.u16();
  const flags = reader.u16();
  const counts = [reader.u16(), reader.u16(), reader.u16(), reader.u16()] as const;
  const questions: DnsQuestion[] = [];
  for (let index = 0; index < counts[0] && reader.bad === null; index++) questions.push(readQuestion(reader));
  const answers = readSection(reader, counts[1]);
  const authority = readSection(reader, counts[2]);
  const additional = readSection(reader, counts[3]);
  if (answers.opt !== null || authority.opt !== null) reader.fail("its EDNS record is doubled or misplaced");
  if (reader.bad !== null) return { kind: "bad", reason: `not a sound DNS message: ${reader.bad}` };
  const bit = (at: number): boolean => (flags & (1 << at)) !== 0;
  const opt = additional.opt;
  return {
    kind: "message",
    id,
    response: bit(15),
    opcode: (flags >> 11) & 15,
    authoritative: bit(10),
    truncated: bit(9),
    recursionDesired: bit(8),
    recursionAvailable: bit(7),
    authenticated: bit(5),
    checkingDisabled: bit(4),
    rcode: (flags & 15) | ((opt?.rcodeHigh ?? 0) << 4),
    questions,
    answers: answers.records,
    authority: authority.records,
    additional: additional.records,
    edns: opt === null ? null : { udpOctets: opt.udpOctets, version: opt.version, errors: opt.errors },
  };
}

/** An answer as `dig` writes it: `www.example.com 300 IN A 192.0.2.10`. */
export function formatRecord(record: DnsRecord): string {
  const text = record.type === "TXT" && !record.text.startsWith('"') ? `"${record.text}"` : record.text;
  return `${record.name} ${record.ttl} ${className(record.class)} ${record.type} ${text}`;
}
