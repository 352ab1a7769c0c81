import type { Random } from "../sys/ports.ts";
import { type CommunityVersion, SNMP_ID_MAX, SNMP_PDU, type SnmpPdu, decodeCommunityMessage, encodeCommunityMessage, encodeGet } from "../wire/snmp.ts";
import type { Heard } from "./datagrams.ts";

/** How a request is packed, and its answer told from noise; each packet that is made has an id of its own. */
export interface SnmpSpeech<Answer> {
  packet(): Uint8Array;
  read(bytes: Uint8Array): Heard<Answer>;
}

/** A new id of 31 bits, not 0. */
export function newId(random: Random): number {
  const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
  return 1 + (((a * 256 + b) * 256 + c) * 256 + d) % SNMP_ID_MAX;
}

/** What a message is instead of the response to a GetRequest; null when it is that (RFC 3416, section 4.2.1: the same names in the same order). */
export function strangerOf({ tag, requestId, error, bindings }: SnmpPdu, id: number, oids: readonly string[]): string | null {
  if (tag !== SNMP_PDU.response) return "a message that is no response";
  if (requestId !== id) return "an answer to another request";
  if (error === 0 && (bindings.length !== oids.length || bindings.some(({ oid }, index) => oid !== oids[index]))) return "an answer about other objects";
  return null;
}

/** A GetRequest of version 1 or 2c. */
export function communityRequest(version: CommunityVersion, community: string, oids: readonly string[], random: Random): SnmpSpeech<SnmpPdu> {
  let id = 0;
  return {
    packet: () => {
      id = newId(random);
      return encodeCommunityMessage(version, community, encodeGet(id, oids));
    },
    read: (bytes) => {
      const message = decodeCommunityMessage(version, bytes);
      if (message.kind === "bad") return { kind: "wrong", reason: message.reason };
      const stranger = strangerOf(message.pdu, id, oids);
      return stranger === null ? { kind: "answer", value: message.pdu } : { kind: "wrong", reason: stranger };
    },
  };
}
