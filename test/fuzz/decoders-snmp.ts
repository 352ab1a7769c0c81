import type { Decoder } from "./decoders.ts";
import { BER, ber, berInteger } from "../../src/wire/ber.ts";
import { decodeCommunityMessage, encodeCommunityMessage, encodeGet } from "../../src/wire/snmp.ts";
import { SNMP_NOBODY, type SnmpPrivacyProtocol, type SnmpUser, decodeV3, encodeV3, localizedKey } from "../../src/wire/snmp-usm.ts";
import { parseOid } from "../../src/wire/snmp-values.ts";

const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replaceAll(" ", ""), "hex"));
const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "utf8"));
const ENGINE = { id: hex("80001f888051ad3c7f"), boots: 1, time: 1 };
const key = localizedKey("sha1", new Uint8Array(20).fill(7), ENGINE.id);
const sealing = (protocol: SnmpPrivacyProtocol): SnmpUser => ({ name: "probe", auth: { protocol: "sha1", key }, privacy: { protocol, key } });
const USERS = [SNMP_NOBODY, sealing("aes128"), sealing("des")];
const SEALED = sealing("aes128");
/** A message of version 3 around any octets. */
const message = (user: SnmpUser, pdu: Uint8Array): Uint8Array => encodeV3({ messageId: 1, engine: ENGINE, user, context: "", pdu, salt: new Uint8Array(8) });
const PDU = hex("a21e 0204 12345678 020100 020100 3010 300e 06082b06010201010300 4302 0131");
/** One of each type. */
const VALUES = ["0201fb", "0404 6162c3bc", "0402 00ff", "0500", "06022b06", "4004 c0000201", "4105 00ffffffff", "4201 05", "4302 0131", "4407 9f7804 41bc0000", "4407 9f7904 41bc0000", "4608 ffffffffffffffff", "8000", "8100", "8200"];
const community = (...bindings: readonly Uint8Array[]): Uint8Array => encodeCommunityMessage("2c", "public", ber(0xa2, berInteger(1), berInteger(0), berInteger(0), ber(BER.sequence, ...bindings)));

/** Decoders of SNMP, in the order of their files. */
export const snmpDecoders: readonly Decoder[] = [
  {
    name: "snmp",
    files: ["snmp.ts", "snmp-values.ts", "ber.ts"],
    seeds: [
      encodeCommunityMessage("2c", "public", PDU),
      community(...VALUES.map((value) => ber(BER.sequence, hex("06022b06"), hex(value)))),
      encodeCommunityMessage(1, "public", encodeGet(1, ["1.3.6.1.2.1.1.3.0", "2.999.4294967295"])),
      octets("1.3.6.1.4.1.99999.0"),
    ],
    decode: (bytes) => [decodeCommunityMessage("2c", bytes), decodeCommunityMessage(1, bytes), parseOid(Buffer.from(bytes).toString("utf8"))],
    growth: 16,
  },
  { name: "snmp-v3", files: ["snmp-usm.ts"], seeds: USERS.map((user) => message(user, PDU)), decode: (bytes) => USERS.map((user) => decodeV3(bytes, user)), growth: 24 },
  // What stands behind a right signature, where changes of the whole would not come.
  { name: "snmp-sealed", files: ["snmp-usm.ts"], seeds: [PDU, encodeGet(1, ["1.3.6.1.2.1.1.3.0"])], decode: (bytes) => decodeV3(message(SEALED, bytes), SEALED), growth: 16 },
];
