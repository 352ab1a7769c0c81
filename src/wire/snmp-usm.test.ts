import { expect, test } from "vitest";
import { encodeGet } from "./snmp.ts";
import { SNMP_AUTH_PROTOCOLS, SNMP_NOBODY, SNMP_PRIVACY_PROTOCOLS, type SnmpAuthProtocol, type SnmpPrivacyProtocol, type SnmpUser, type SnmpV3Request, decodeV3, encodeV3, localizedKey, passwordKey } from "./snmp-usm.ts";

const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replaceAll(" ", ""), "hex"));
const shown = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

const ENGINE = { id: hex("80001f8880 51ad3c7fec650b6b"), boots: 3, time: 70_000 };

function userOf(auth: SnmpAuthProtocol, privacy: SnmpPrivacyProtocol | null): SnmpUser {
  const key = (password: string): Uint8Array => localizedKey(auth, passwordKey(auth, password), ENGINE.id);
  return { name: "probe", auth: { protocol: auth, key: key("authsecret") }, privacy: privacy === null ? null : { protocol: privacy, key: key("privsecret") } };
}

const request = (user: SnmpUser, rest: Partial<SnmpV3Request> = {}): Uint8Array => encodeV3({ messageId: 77, engine: ENGINE, user, context: "ctx", pdu: encodeGet(5, ["1.3.6.1.2.1.1.3.0"]), salt: hex("0102030405060708"), ...rest });

test("keys of a password are those of RFC 3414, sections A.3.1 and A.3.2", () => {
  const engine = hex("000000000000000000000002");
  const md5 = passwordKey("md5", "maplesyrup");
  expect(shown(md5)).toBe("9faf3283884e92834ebc9847d8edd963");
  expect(shown(localizedKey("md5", md5, engine))).toBe("526f5eed9fcce26f8964c2930787d82b");
  const sha1 = passwordKey("sha1", "maplesyrup");
  expect(shown(sha1)).toBe("9fb5cc0381497b3793528939ff788d5d79145211");
  expect(shown(localizedKey("sha1", sha1, engine))).toBe("6695febc9288e36282235fc7151f128497b38f3f");
});

test("discovery names nobody (RFC 3414, section 4)", () => {
  const octets = encodeV3({ messageId: 1, engine: { id: new Uint8Array(0), boots: 0, time: 0 }, user: SNMP_NOBODY, context: "", pdu: encodeGet(1, []), salt: new Uint8Array(0) });
  expect(shown(octets)).toBe("3038 020103 300e 020101 020300ffe3 040104 020103 0410 300e 0400 020100 020100 0400 0400 0400 3011 0400 0400 a00b 020101 020100 020100 3000".replaceAll(" ", ""));
  expect(decodeV3(octets, SNMP_NOBODY)).toMatchObject({ kind: "message", messageId: 1, user: "", signed: false, sealed: false, context: "", pdu: { requestId: 1, bindings: [] } });
});

test("every digest and cipher: what was signed and encrypted is read by the same keys and no others", () => {
  for (const auth of SNMP_AUTH_PROTOCOLS) {
    for (const privacy of [null, ...SNMP_PRIVACY_PROTOCOLS]) {
      const user = userOf(auth, privacy);
      const octets = request(user);
      const how = `${auth} ${privacy}`;
      expect(decodeV3(octets, user), how).toMatchObject({ kind: "message", messageId: 77, engine: { boots: 3, time: 70_000 }, user: "probe", signed: true, sealed: privacy !== null, context: "ctx", pdu: { requestId: 5, bindings: [{ oid: "1.3.6.1.2.1.1.3.0" }] } });
      expect(shown(octets).includes("2b06010201010300"), how).toBe(privacy === null);
      expect(decodeV3(octets, { ...user, auth: { protocol: auth, key: passwordKey(auth, "another one") } }), how).toEqual({ kind: "bad", reason: "an answer with a false digest" });
      expect(decodeV3(octets, SNMP_NOBODY), how).toEqual({ kind: "bad", reason: "an answer with a false digest" });
      if (user.privacy !== null) expect(decodeV3(octets, { ...user, privacy: { ...user.privacy, key: passwordKey(auth, "another one") } }), how).toMatchObject({ kind: "bad" });
    }
  }
});

test("no bit of a signed message can be changed", () => {
  const user = userOf("sha256", "aes128");
  const octets = request(user);
  for (let bit = 0; bit < octets.length * 8; bit++) {
    const changed = Uint8Array.from(octets);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const read = decodeV3(changed, user);
    // without the flag that says so it is no signed message any more, and is not taken for one
    expect(read.kind === "bad" || !read.signed, `bit ${bit}`).toBe(true);
  }
});

test("the same salt gives the same octets, another one others", () => {
  const user = userOf("sha1", "aes128");
  expect(shown(request(user))).toBe(shown(request(user)));
  expect(shown(request(user, { salt: hex("0102030405060709") }))).not.toBe(shown(request(user)));
});

test("what is no message", () => {
  expect(decodeV3(hex("3003020101"), SNMP_NOBODY)).toEqual({ kind: "bad", reason: "5 octets, which are no message of SNMP version 3" });
  const user = userOf("sha1", null);
  const octets = request(user);
  for (let cut = 0; cut < octets.length; cut++) expect(decodeV3(octets.subarray(0, cut), user)).toMatchObject({ kind: "bad", reason: `${cut} octets, which are no message of SNMP version 3` });
  // the flag for privacy alone
  const sealed = Buffer.from(request(SNMP_NOBODY));
  sealed[sealed.indexOf(hex("040104")) + 2] = 2;
  expect(decodeV3(sealed, SNMP_NOBODY)).toEqual({ kind: "bad", reason: "an encrypted answer without a digest" });
});
