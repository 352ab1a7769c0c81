import fc from "fast-check";
import { expect, test } from "vitest";
import { type DnsMessage, type DnsRecord, decodeMessage, encodeMessage, encodeQuery, formatRecord, rcodeName } from "./dns.ts";

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(" ", ""), "hex");
const IDLE: DnsMessage = {
  kind: "message",
  id: 7,
  response: true,
  opcode: 0,
  authoritative: false,
  truncated: false,
  recursionDesired: false,
  recursionAvailable: false,
  authenticated: false,
  checkingDisabled: false,
  rcode: 0,
  questions: [],
  answers: [],
  authority: [],
  additional: [],
  edns: null,
};

const record: fc.Arbitrary<DnsRecord> = fc.oneof(
  fc.ipV4().map((text) => ({ type: "A", text })),
  fc.constant({ type: "AAAA", text: "2001:db8::1" }),
  fc.nat(65535).map((preference) => ({ type: "MX", text: `${preference} mail.example.com` })),
  fc.stringMatching(/^[a-z0-9 =-]{0,600}$/).map((text) => ({ type: "TXT", text })),
  fc.uint8Array({ maxLength: 40 }).map((data) => ({ type: "TYPE65400", text: data.length === 0 ? "\\# 0" : `\\# ${data.length} ${Buffer.from(data).toString("hex").toUpperCase()}` })),
)
  .chain(({ type, text }) => fc.record({ name: fc.constantFrom("www.example.com", ".", "a.b.c"), type: fc.constant(type), class: fc.constant(1), ttl: fc.nat(0x7fffffff), text: fc.constant(text) }));

const message: fc.Arbitrary<DnsMessage> = fc.record({
  kind: fc.constant("message" as const),
  id: fc.nat(65535),
  response: fc.boolean(),
  opcode: fc.nat(15),
  authoritative: fc.boolean(),
  truncated: fc.boolean(),
  recursionDesired: fc.boolean(),
  recursionAvailable: fc.boolean(),
  authenticated: fc.boolean(),
  checkingDisabled: fc.boolean(),
  rcode: fc.nat(4095),
  questions: fc.array(fc.record({ name: fc.constantFrom("www.example.com", "_imaps._tcp.example.com"), type: fc.constantFrom("A", "TYPE255", "CAA"), class: fc.constantFrom(1, 3) }), { maxLength: 2 }),
  answers: fc.array(record, { maxLength: 4 }),
  authority: fc.array(record, { maxLength: 2 }),
  additional: fc.array(record, { maxLength: 2 }),
  edns: fc.record({ udpOctets: fc.nat(65535), version: fc.nat(255), errors: fc.array(fc.record({ code: fc.nat(65535), text: fc.string() }), { maxLength: 2 }) }),
});

test("a query is the octets of RFC 1035", () => {
  expect(encodeQuery({ id: 0x1234, name: "de.", type: "SOA", recursion: false, edns: false })).toEqual(bytes("1234 0000 0001 0000 0000 0000 02 6465 00 0006 0001"));
  expect(encodeQuery({ id: 1, name: ".", type: "A", recursion: true })).toEqual(bytes("0001 0100 0001 0000 0000 0001 00 0001 0001 00 0029 04d0 00000000 0000"));
  expect(encodeQuery({ id: 1, name: "a", type: "TYPE65", recursion: true, checkingDisabled: true, edns: false, class: 3 })).toEqual(bytes("0001 0110 0001 0000 0000 0000 0161 00 0041 0003"));
  expect(() => encodeQuery({ id: 1, name: "a..b", type: "A", recursion: true })).toThrow(RangeError);
  expect(() => encodeQuery({ id: 1, name: "a", type: "NONSENSE", recursion: true })).toThrow(RangeError);
});

test("an answer of a real server is read", () => {
  const answer = decodeMessage(
    bytes("abcd 8500 0001 0002 0000 0001 05616c696173 076578616d706c65 0474657374 00 0001 0001  c00c 0005 0001 0000012c 0006 03777777 c012  c030 0001 0001 0000012c 0004 c000020a  00 0029 04d0 00000000 0000"),
  );
  expect(answer).toMatchObject({
    id: 0xabcd,
    authoritative: true,
    rcode: 0,
    questions: [{ name: "alias.example.test", type: "A", class: 1 }],
    answers: [
      { name: "alias.example.test", type: "CNAME", text: "www.example.test", ttl: 300 },
      { name: "www.example.test", type: "A", text: "192.0.2.10", ttl: 300 },
    ],
    additional: [],
    edns: { udpOctets: 1232, version: 0, errors: [] },
  });
});

test("the extended bits of the rcode and the extended errors come from EDNS", () => {
  expect(decodeMessage(bytes("0001 8000 0000 0000 0000 0001 00 0029 0200 01000000 0000"))).toMatchObject({ rcode: 16, edns: { udpOctets: 512 } });
  expect(decodeMessage(bytes("0001 8002 0000 0000 0000 0001 00 0029 0200 00000000 000a 000f 0006 0006 626f6775"))).toMatchObject({ rcode: 2, edns: { errors: [{ code: 6, text: "bogu" }] } });
  expect([rcodeName(3), rcodeName(16), rcodeName(11)]).toEqual(["NXDOMAIN", "BADVERS", "RCODE11"]);
});

test("an error reply without its question is sound", () => {
  expect(decodeMessage(bytes("0001 8105 0000 0000 0000 0000"))).toMatchObject({ kind: "message", rcode: 5, questions: [] });
});

test("a TTL with the top bit set counts as zero", () => {
  expect(decodeMessage(bytes("0001 8000 0000 0001 0000 0000 00 0001 0001 ffffffff 0004 7f000001"))).toMatchObject({ answers: [{ ttl: 0 }] });
});

function bad(hex: string, reason: RegExp): void {
  const decoded = decodeMessage(bytes(hex));
  expect(decoded.kind === "bad" ? decoded.reason : "accepted", hex).toMatch(reason);
}

test("hostile messages are refused", () => {
  bad("", /ends after 0 bytes/);
  bad("0001 8000 ffff ffff ffff ffff", /ends after 12 bytes/);
  bad("0001 8000 0000 0001 0000 0000 00 0001 0001 00000000 ffff 7f000001", /claims 65535 octets/);
  bad("0001 8000 0000 0001 0000 0000 c00c 0001 0001 00000000 0004 7f000001", /backward/);
  bad("0001 8000 0000 0001 0000 0000 00 0029 04d0 00000000 0000", /EDNS record/);
  bad("0001 8000 0000 0000 0000 0002 00 0029 04d0 00000000 0000 00 0029 04d0 00000000 0000", /EDNS record/);
  bad("0001 8000 0000 0001 0000 0000 00 0001 0001 00000000 0003 7f0000", /middle of a field/);
  bad("0001 8000 0000 0001 0000 0000 00 0005 0001 00000000 0004 00000000", /longer than its fields/);
});

test("what is encoded is decoded", () => {
  fc.assert(fc.property(message, (given) => { expect(decodeMessage(encodeMessage(given))).toEqual(given); }));
});

test("every truncation point gives `bad`", () => {
  fc.assert(
    fc.property(message, (given) => {
      const whole = encodeMessage(given);
      for (let end = 0; end < whole.length; end++) expect(decodeMessage(whole.subarray(0, end)).kind).toBe("bad");
    }),
    { numRuns: 30 },
  );
});

test("any bytes give a value", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => void decodeMessage(noise)), { numRuns: 500 });
  // sound messages with some octets flipped reach further than noise
  fc.assert(
    fc.property(message, fc.array(fc.tuple(fc.nat(500), fc.nat(255)), { minLength: 1, maxLength: 5 }), (given, flips) => {
      const whole = Uint8Array.from(encodeMessage(given));
      for (const [at, value] of flips) whole[at % whole.length] = value;
      expect(["message", "bad"]).toContain(decodeMessage(whole).kind);
    }),
    { numRuns: 500 },
  );
});

test("the fullest message is read: 5,000 records that all point at the longest name", () => {
  const question = Buffer.concat([bytes("0161".repeat(127)), bytes("00 0001 0001")]);
  const one = bytes("c00c 0010 0001 00000000 0001 00");
  const whole = Buffer.concat([bytes("0001 8000 0001 1388 0000 0000"), question, ...Array.from({ length: 5000 }, () => one)]);
  const decoded = decodeMessage(whole);
  expect(decoded.kind === "message" && decoded.answers.length).toBe(5000);
});

test("an answer is written as dig does", () => {
  expect(formatRecord({ name: "a.test", type: "TXT", class: 1, ttl: 60, text: "b c" })).toBe('a.test 60 IN TXT "b c"');
  expect(formatRecord({ name: "a.test", type: "TXT", class: 1, ttl: 60, text: '"\\255"' })).toBe('a.test 60 IN TXT "\\255"');
  expect(formatRecord({ name: "version.bind", type: "A", class: 3, ttl: 0, text: "\\# 0" })).toBe("version.bind 0 CH A \\# 0");
  expect(encodeMessage(IDLE)).toEqual(bytes("0007 8000 0000 0000 0000 0000"));
});
