import { BER, type BerElement, ber, berElements, berInteger, berText, integerOf } from "./ber.ts";
import { type SnmpValue, oidElement, oidOf, snmpValue } from "./snmp-values.ts";

/** PDUs (RFC 3416, section 3) and messages of versions 1 (RFC 1157, section 4) and 2c (RFC 1901, section 3); version 3 is in `snmp-usm.ts`. */

export const SNMP_PDU = { get: 0xa0, response: 0xa2, report: 0xa8 } as const;

/** An object and its value. */
export interface SnmpBinding extends SnmpValue {
  readonly oid: string;
}

export interface SnmpPdu {
  /** One of `SNMP_PDU`, or what else came. */
  readonly tag: number;
  readonly requestId: number;
  /** 0 when there is no error; see `snmpErrorName`. */
  readonly error: number;
  /** Which binding the error is about, counted from 1; 0: none. */
  readonly errorIndex: number;
  readonly bindings: readonly SnmpBinding[];
}

export type Bad = { readonly kind: "bad"; readonly reason: string };
const bad = (reason: string): Bad => ({ kind: "bad", reason });

/** Request and message ids are 31 bits (RFC 3412, section 6.2). */
export const SNMP_ID_MAX = 0x7fff_ffff;
const BINDINGS_MAX = 2000;

/** A GetRequest for values of objects. */
export function encodeGet(requestId: number, oids: readonly string[]): Uint8Array {
  const bindings = oids.map((oid) => ber(BER.sequence, oidElement(oid), ber(BER.null)));
  return ber(SNMP_PDU.get, berInteger(requestId), berInteger(0), berInteger(0), ber(BER.sequence, ...bindings));
}

/** The whole number from 0 to 2^31 - 1 that an element is; null when it is another one. */
export function smallInteger(element: BerElement | undefined): number | null {
  const value = element?.tag === BER.integer ? integerOf(element.content) : null;
  return value === null || value < 0n || value > BigInt(SNMP_ID_MAX) ? null : Number(value);
}

export function decodePdu({ tag, content }: BerElement): { readonly kind: "pdu"; readonly pdu: SnmpPdu } | Bad {
  const [id, status, index, list, ...rest] = berElements(content) ?? [];
  const requestId = id?.tag === BER.integer ? integerOf(id.content) : null;
  const error = smallInteger(status);
  const errorIndex = smallInteger(index);
  const pairs = list?.tag === BER.sequence ? berElements(list.content) : null;
  if (requestId === null || error === null || errorIndex === null || pairs === null || rest.length > 0) return bad("an SNMP message without a whole PDU");
  if (pairs.length > BINDINGS_MAX) return bad(`an SNMP message with ${pairs.length} values`);
  const bindings: SnmpBinding[] = [];
  for (const pair of pairs) {
    const [name, element] = (pair.tag === BER.sequence ? berElements(pair.content) : null) ?? [];
    const oid = name?.tag === BER.oid ? oidOf(name.content) : null;
    const value = element === undefined ? null : snmpValue(element);
    if (oid === null || value === null) return bad("an SNMP message with a value that is none");
    bindings.push({ oid, ...value });
  }
  return { kind: "pdu", pdu: { tag, requestId: Number(requestId), error, errorIndex, bindings } };
}

export type CommunityVersion = 1 | "2c";
const NUMBERS = { 1: 0, "2c": 1 } as const;

export function encodeCommunityMessage(version: CommunityVersion, community: string, pdu: Uint8Array): Uint8Array {
  return ber(BER.sequence, berInteger(NUMBERS[version]), berText(community), pdu);
}

/** One whole message of this version. The community of an answer means nothing and is not looked at. */
export function decodeCommunityMessage(version: CommunityVersion, bytes: Uint8Array): ReturnType<typeof decodePdu> {
  const [outer, ...rest] = berElements(bytes) ?? [];
  const [number, community, pdu, ...more] = (outer?.tag === BER.sequence ? berElements(outer.content) : null) ?? [];
  const told = smallInteger(number);
  if (told === null || rest.length > 0) return bad(`${bytes.length} octets, which are no SNMP message`);
  if (told !== NUMBERS[version]) return bad("an answer of another version of SNMP");
  if (community?.tag !== BER.octets || pdu === undefined || more.length > 0) return bad("an SNMP message without a whole PDU");
  return decodePdu(pdu);
}

/** Errors of PDUs that are told apart (RFC 3416, section 3). */
export const SNMP_ERROR = { tooBig: 1, noSuchName: 2, noAccess: 6, authorizationError: 16 } as const;
const ERRORS = ["noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType", "wrongLength", "wrongEncoding", "wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable", "commitFailed", "undoFailed", "authorizationError", "notWritable", "inconsistentName"] as const;

export const snmpErrorName = (error: number): string => ERRORS[error] ?? `error ${error}`;
