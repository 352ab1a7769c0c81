import { beforeAll, describe, expect, it } from "vitest";
import { snmp } from "../../src/probes/snmp.ts";
import { BER, type BerElement, ber, berElements, berInteger } from "../../src/wire/ber.ts";
import { SNMP_AUTH_PROTOCOLS } from "../../src/wire/snmp-usm.ts";
import { oidElement } from "../../src/wire/snmp-values.ts";
import { describeWith, freePort, temporaryFolder } from "./ground.ts";
import { datagramLeaks } from "./leak.ts";
import { datagramRelay, datagramServer } from "./raw.ts";
import { SNMP_PASSWORDS, type Snmpd, startSnmpd } from "./snmpd.ts";
import { stage } from "./stage.ts";

const { ask, line } = stage(snmp);
const late = { deadlineMs: 400 };
const UPTIME = "1.3.6.1.2.1.1.3.0";
const NAME = "1.3.6.1.2.1.1.5.0";
const LOAD = "1.3.6.1.4.1.2021.10.1.3.1";
const OWN = "1.3.6.1.4.1.99999";
const SILENT = "it is silent as well when the community is wrong, when it does not let this machine ask, or when it does not speak version";
const { authPassword, privacyPassword } = SNMP_PASSWORDS;
/** A user of version 3, by the digest that it is called by. */
const signed = (protocol: string) => ({ version: 3, user: protocol, authProtocol: protocol, authPassword });

const PASSED = {
  [`${OWN}.1`]: ["counter64", "18446744073709551615"],
  [`${OWN}.2`]: ["counter", "4294967295"],
  [`${OWN}.3`]: ["gauge", "3000000000"],
  [`${OWN}.4`]: ["integer", "-5"],
  [`${OWN}.5`]: ["octet", "00 1b 21 ff"],
  [`${OWN}.6`]: ["ipaddress", "192.0.2.1"],
  [`${OWN}.7`]: ["objectid", ".1.3.6.1.4.1.4294967295.128"],
  [`${OWN}.8`]: ["timeticks", "4294967295"],
  [`${OWN}.9`]: ["string", "grün"],
  ...Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`${OWN}.1${index}`, ["string", "x".repeat(200)]] as const)),
} as const;

describeWith(["snmpd"], "snmp against Net-SNMP", () => {
  let agent: Snmpd;
  let port: number;
  beforeAll(async () => {
    agent = await startSnmpd(temporaryFolder(), PASSED);
    port = agent.port;
  });
  const of = (said: string): string => said.replaceAll(String(port), "P");

  it("tells how long the agent is up, in every version, over both families", async () => {
    for (const version of [1, "2c"]) {
      const outcome = await ask({ port, version });
      expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: expect.stringMatching(/^127.0.0.1 port \d+ says: uptime \d+(ms|s)/) as string, facts: { uptime: expect.any(Number) as number, address: "127.0.0.1" } });
      expect(Object.keys(outcome.phases)).toEqual(["answer"]);
      expect(outcome.evidence).toMatchObject([{ label: "sent", text: `GetRequest, version ${version}: ${UPTIME}` }, { label: "received", text: expect.stringMatching(/^1\.3\.6\.1\.2\.1\.1\.3\.0 = TimeTicks: [\d.]+$/) as string }]);
    }
    expect(await line({ port, host: "::1" })).toMatch(/^up ok ::1 port \d+ says: uptime /);
    const outcome = await ask({ port, version: 3, user: "plain" });
    expect(outcome).toMatchObject({ verdict: "up", facts: { uptime: expect.any(Number) as number, engine: expect.stringMatching(/^80001f88[0-9a-f]+$/) as string, boots: 1 } });
    expect(Object.keys(outcome.phases)).toEqual(["discovery", "answer"]);
  });

  it("gives every type as it is, exactly", async () => {
    const { facts } = await ask({ port, oids: Object.keys(PASSED).slice(0, 9) });
    expect(facts).toEqual({
      address: "127.0.0.1",
      [`${OWN}.1`]: "18446744073709551615",
      [`${OWN}.2`]: 4_294_967_295,
      [`${OWN}.3`]: 3_000_000_000,
      [`${OWN}.4`]: -5,
      [`${OWN}.5`]: "00:1b:21:ff",
      [`${OWN}.6`]: "192.0.2.1",
      [`${OWN}.7`]: "1.3.6.1.4.1.4294967295.128",
      [`${OWN}.8`]: 42_949_672.95,
      [`${OWN}.9`]: "grün",
    });
    const named = await ask({ port, oids: { load: LOAD, float: "1.3.6.1.4.1.2021.10.1.6.1", name: `.${NAME}`, octets: "1.3.6.1.2.1.31.1.1.1.6.1" } });
    expect(named).toMatchObject({ verdict: "up", facts: { load: expect.stringMatching(/^\d+\.\d+$/) as string, float: expect.any(Number) as number, name: "tocsin-test", octets: expect.any(Number) as number } });
    expect(named.sentence).toMatch(/ says: load [\d.]+, float [\d.]+, name tocsin-test and 1 more$/);
  });

  it("asks for many in several datagrams", async () => {
    const oids = Object.keys(PASSED);
    const { facts, evidence } = await ask({ port, oids });
    expect(Object.keys(facts)).toHaveLength(oids.length + 1);
    expect(evidence[0]?.text.split("\n")).toHaveLength(2);
  });

  it("is down where an object is missing, and says which and why", async () => {
    const missing = (options: object) => line({ port, ...options }).then(of);
    expect(await missing({ oids: { up: UPTIME, gone: "1.3.6.1.2.1.1.33.0" } })).toBe("down mismatch 127.0.0.1 port P has no gone (1.3.6.1.2.1.1.33.0: noSuchObject)");
    expect(await missing({ oids: ["1.3.6.1.2.1.1.3", "1.3.6.1.2.1.1.33.0"] })).toBe("down mismatch 127.0.0.1 port P has no 1.3.6.1.2.1.1.3 (noSuchInstance), 1.3.6.1.2.1.1.33.0 (noSuchObject)");
    expect(await missing({ ...signed("sha1"), oids: "1.3.6.1.2.1.1.33.0" })).toBe("down mismatch 127.0.0.1 port P has no 1.3.6.1.2.1.1.33.0 (noSuchObject)");
    expect(await missing({ community: "system", oids: LOAD })).toBe(`down mismatch 127.0.0.1 port P has no ${LOAD} (noSuchObject)`);
    // version 1 tells one at a time, and has no Counter64
    const first = await ask({ port, version: 1, oids: { a: "1.3.6.1.2.1.1.33.0", b: `${OWN}.1`, c: NAME, d: "1.3.6.1.2.1.1.34.0", e: "1.3.6.1.2.1.1.35.0" } });
    expect(of(first.sentence)).toBe(`127.0.0.1 port P has no a (1.3.6.1.2.1.1.33.0: noSuchName), b (${OWN}.1: noSuchName), d (1.3.6.1.2.1.1.34.0: noSuchName) and 1 more`);
    expect(first).toMatchObject({ verdict: "down", code: "mismatch", facts: { c: "tocsin-test" } });
  });

  it("is met with silence when the community is wrong, or this machine unknown", async () => {
    const silence = (version: string) => `down timeout 127.0.0.1 port P did not answer in time; ${SILENT} ${version}`;
    expect(of(await line({ port, community: "wrong" }, late))).toBe(silence("2c"));
    expect(of(await line({ port, version: 1, community: "wrong" }, late))).toBe(silence("1"));
    expect(of(await line({ port, source: "127.0.0.9" }, late))).toBe(silence("2c"));
  });

  it("signs with every digest, and encrypts with both ciphers", async () => {
    for (const protocol of SNMP_AUTH_PROTOCOLS) {
      expect(await line({ port, ...signed(protocol) }), protocol).toMatch(/^up ok .* says: uptime /);
      expect(await line({ port, ...signed(protocol), privacyPassword }), protocol).toMatch(/^up ok .* says: uptime /);
    }
    expect(await line({ port, ...signed("md5"), user: "des", privacyPassword, privacyProtocol: "des" })).toMatch(/^up ok /);
    const outcome = await ask({ port, ...signed("sha256"), user: "sealed", privacyPassword, oids: { name: NAME } });
    expect(outcome).toMatchObject({ verdict: "up", facts: { name: "tocsin-test" } });
    expect(outcome.evidence).toMatchObject([{ text: `version 3: who is there?\nGetRequest, version 3, sealed (authPriv, sha256, aes128): ${NAME}` }, { text: expect.stringMatching(/^engine 80001f88/) as string }]);
    expect(JSON.stringify(outcome)).not.toMatch(/authsecret|privsecret/);
  });

  it("looks whether an engine is there without a user", async () => {
    expect(of(await line({ port, version: 3 }))).toMatch(/^up ok 127.0.0.1 port P is there, engine 80001f88[0-9a-f]+$/);
  });

  it("tells what keeps a user out", async () => {
    const kept = (options: object, context = {}): Promise<string> => line({ port, ...options }, context).then(of);
    const there = "127.0.0.1 port P is there, but";
    expect(await kept({ ...signed("sha1"), user: "nobody" })).toBe(`down auth ${there} knows no user nobody (unknownUserNames)`);
    expect(await kept({ ...signed("sha1"), authPassword: "wrong password" })).toBe(`down auth ${there} refuses sha1: authPassword or authProtocol is wrong (wrongDigests)`);
    expect(await kept({ ...signed("sha1"), authProtocol: "sha256" })).toBe(`down auth ${there} refuses sha1: authPassword or authProtocol is wrong (wrongDigests)`);
    expect(await kept({ version: 3, user: "plain", authPassword })).toBe(`down auth ${there} does not take authNoPriv from plain (unsupportedSecLevels)`);
    expect(await kept({ version: 3, user: "sha1" })).toBe("down auth 127.0.0.1 port P denies access: authorizationError");
    expect(await kept({ ...signed("sha256"), user: "sealed" })).toBe("down auth 127.0.0.1 port P denies access: authorizationError");
    expect(await kept({ ...signed("sha1"), privacyPassword: "wrong password" }, late)).toBe(`down timeout ${there} did not answer sha1 in time; it is silent when the privacy password is wrong or the context is unknown`);
    expect(await kept({ ...signed("sha1"), privacyPassword, privacyProtocol: "des" }, late)).toMatch(/^down timeout .* is silent when the privacy password is wrong /);
    expect(await kept({ ...signed("sha1"), context: "elsewhere" }, late)).toBe(`down timeout ${there} did not answer sha1 in time; it is silent when the context is unknown`);
  });

  describe("over a line that plays tricks", () => {
    const through = async (tricks: Omit<Parameters<typeof datagramRelay>[0], "port">, options: object = {}, context = {}): Promise<string> => {
      const relay = await datagramRelay({ port, ...tricks });
      return (await line({ port: relay, ...options }, context)).replaceAll(String(relay), "R");
    };

    it("sets its clock by the engine's, where discovery does not tell it", async () => {
      const outOfTime = (bytes: Buffer): readonly Uint8Array[] => [isReport(bytes, 4) ? withSecurity(bytes, { 1: berInteger(0), 2: berInteger(0) }) : bytes];
      const relay = await datagramRelay({ port, answer: outOfTime });
      const outcome = await ask({ port: relay, ...signed("sha512"), privacyPassword });
      expect(outcome).toMatchObject({ verdict: "up", facts: { boots: 1 } });
      expect(outcome.evidence.find(({ label }) => label === "received")?.text).toMatch(/^engine \w+\nnotInTimeWindows\n1\.3\.6\.1\.2\.1\.1\.3\.0 = TimeTicks/);
      // a clock under a false digest is not taken
      const forged = (bytes: Buffer): readonly Uint8Array[] => outOfTime(bytes).map((one) => (isReport(one, 2) ? withSecurity(one, { 4: ber(BER.octets, new Uint8Array(12)) }) : one));
      expect(await through({ answer: forged }, signed("sha1"), late)).toBe("down protocol 127.0.0.1 port R sent an answer with a false digest");
    });

    it("asks for less where an answer does not fit", async () => {
      const small = (bytes: Buffer): readonly Uint8Array[] => [withSize(bytes, 700)];
      const relay = await datagramRelay({ port, question: small });
      const oids = Array.from({ length: 6 }, (_, index) => `${OWN}.1${index}`);
      const outcome = await ask({ port: relay, version: 3, user: "plain", oids });
      expect(outcome.evidence.find(({ label }) => label === "received")?.text).toMatch(/^engine \w+\ntooBig\n/);
      expect(outcome).toMatchObject({ verdict: "up", facts: Object.fromEntries(oids.map((oid) => [oid, "x".repeat(200)])) });
    });

    it("asks again when a datagram was lost, and takes the late answer", async () => {
      const asked: Buffer[] = [];
      // the second one is answered, by way of the first
      expect(await through({ question: (bytes) => (asked.push(bytes) === 1 ? [] : asked.slice(0, 1)) })).toMatch(/^up ok /);
      expect(new Set(asked.map((bytes) => bytes.toString("hex"))).size).toBe(1);
      expect(asked).toHaveLength(2);
      let answers = 0;
      expect(await through({ answer: (bytes) => (isSigned(bytes) && ++answers === 1 ? [] : [bytes]) }, { ...signed("sha1"), privacyPassword })).toMatch(/^up ok /);
      expect(answers).toBe(2);
    });

    it("takes no answer that was changed on the way", async () => {
      const changed = (bytes: Buffer): Buffer => {
        const copy = Buffer.from(bytes);
        copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
        return copy;
      };
      const keys = { ...signed("sha256"), privacyPassword };
      expect(await through({ answer: (bytes) => [isSigned(bytes) ? changed(bytes) : bytes] }, keys, late)).toBe("down protocol 127.0.0.1 port R sent an answer with a false digest");
      expect(await through({ answer: (bytes) => [isSigned(bytes) ? changed(bytes) : bytes, bytes] }, keys)).toMatch(/^up ok /);
      const unsigned = (bytes: Buffer): Buffer => (isSigned(bytes) ? Buffer.from(withFlags(withSecurity(bytes, { 4: ber(BER.octets) }), 0)) : bytes);
      expect(await through({ answer: (bytes) => [unsigned(bytes)] }, signed("sha1"), late)).toBe("down protocol 127.0.0.1 port R sent an answer that is not signed as the request was");
    });

    it("takes no answer twice, and none to another request, engine or version", async () => {
      let before: Uint8Array | null = null;
      const replayed = (bytes: Buffer): readonly Uint8Array[] => {
        if (!isSigned(bytes)) return [bytes];
        before ??= bytes;
        return [before];
      };
      const relay = await datagramRelay({ port, answer: replayed });
      expect(await line({ port: relay, ...signed("sha1") })).toMatch(/^up ok /);
      expect(await line({ port: relay, ...signed("sha1") }, late)).toBe(`down protocol 127.0.0.1 port ${relay} sent an answer to another request`);
      const other = (bytes: Buffer): readonly Uint8Array[] => [isReport(bytes, 4) ? bytes : withSecurity(bytes, { 0: ber(BER.octets, Buffer.from("another engine")) })];
      expect(await through({ answer: other }, { version: 3, user: "plain" }, late)).toBe("down protocol 127.0.0.1 port R sent an answer of another engine");
      expect(await through({ answer: (bytes) => [bytes, withId(bytes)].reverse() })).toMatch(/^up ok /);
      expect(await through({ answer: (bytes) => [withId(bytes)] }, {}, late)).toBe("down protocol 127.0.0.1 port R sent an answer to another request");
      expect(await through({ question: (bytes) => [withVersion(bytes, 0)] }, {}, late)).toBe("down protocol 127.0.0.1 port R sent an answer of another version of SNMP");
      expect(await through({ answer: (bytes) => [Buffer.from(bytes.toString("latin1").replace("\x2b\x06\x01\x02\x01\x01\x03\0", "\x2b\x06\x01\x02\x01\x01\x04\0"), "latin1")] }, {}, late)).toBe("down protocol 127.0.0.1 port R sent an answer about other objects");
    });

    it("takes no answer that was cut, at any octet", async () => {
      const cuts: string[] = [];
      for (const at of [0, 1, 2, 20, 40]) cuts.push(await through({ answer: (bytes) => [bytes.subarray(0, at)] }, {}, { deadlineMs: 150 }));
      expect(cuts).toEqual([0, 1, 2, 20, 40].map((at) => `down protocol 127.0.0.1 port R sent ${at} octets, which are no SNMP message`));
      expect(await through({ answer: (bytes) => [bytes.subarray(0, 50)] }, { version: 3 }, late)).toBe("down protocol 127.0.0.1 port R sent 50 octets, which are no message of SNMP version 3");
    });
  });

  it("sees it hang, and go", async () => {
    agent.signal("SIGSTOP");
    expect(of(await line({ port }, late))).toMatch(/^down timeout 127.0.0.1 port P did not answer in time; /);
    expect(of(await line({ port, version: 3, user: "plain" }, late))).toBe("down timeout 127.0.0.1 port P did not answer in time; it is silent as well when it does not speak version 3, or does not let this machine ask");
    await agent.stop();
    expect(of(await line({ port }))).toBe("down refused 127.0.0.1 port P refused the connection");
    expect(of(await line({ port, version: 3, user: "plain" }))).toBe("down refused 127.0.0.1 port P refused the connection");
  });
});

/** The fields of a message of version 3, to be put together anew. */
function fieldsOf(bytes: Uint8Array): { readonly version: number; readonly global: readonly BerElement[]; readonly security: readonly BerElement[]; readonly rest: readonly BerElement[] } {
  const [version, global, security, ...rest] = berElements(berElements(bytes)?.[0]?.content ?? bytes) ?? [];
  const inner = berElements(security?.content ?? bytes)?.[0]?.content;
  return { version: version?.content[0] ?? -1, global: berElements(global?.content ?? bytes) ?? [], security: (inner && berElements(inner)) ?? [], rest };
}

const whole = ({ tag, content }: BerElement): Uint8Array => ber(tag, content);
const isSigned = (bytes: Uint8Array): boolean => {
  const { version, global } = fieldsOf(bytes);
  return version === 3 && ((global[2]?.content[0] ?? 0) & 1) === 1;
};
/** A Report of usmStats with this number. */
const isReport = (bytes: Uint8Array, number: number): boolean => Buffer.from(bytes).includes(Buffer.from(oidElement(`1.3.6.1.6.3.15.1.1.${number}.0`)));

function put(bytes: Uint8Array, global: { readonly [index: number]: Uint8Array }, security: { readonly [index: number]: Uint8Array }): Uint8Array {
  const fields = fieldsOf(bytes);
  const globals = fields.global.map((element, index) => global[index] ?? whole(element));
  const securities = fields.security.map((element, index) => security[index] ?? whole(element));
  return ber(BER.sequence, berInteger(3), ber(BER.sequence, ...globals), ber(BER.octets, ber(BER.sequence, ...securities)), ...fields.rest.map(whole));
}
const withSecurity = (bytes: Uint8Array, security: { readonly [index: number]: Uint8Array }): Uint8Array => put(bytes, {}, security);
const withSize = (bytes: Uint8Array, size: number): Uint8Array => put(bytes, { 1: berInteger(size) }, {});
const withFlags = (bytes: Uint8Array, flags: number): Uint8Array => put(bytes, { 2: ber(BER.octets, Uint8Array.of(flags)) }, {});

/** A message of version 2c whose request has another id. */
function withId(bytes: Uint8Array): Uint8Array {
  const [version, community, pdu] = berElements(berElements(bytes)?.[0]?.content ?? bytes) ?? [];
  const [, ...rest] = berElements(pdu?.content ?? bytes) ?? [];
  return ber(BER.sequence, ...[version, community].flatMap((element) => (element === undefined ? [] : [whole(element)])), ber(pdu?.tag ?? 0, berInteger(0), ...rest.map(whole)));
}

function withVersion(bytes: Uint8Array, version: number): Uint8Array {
  const [, ...rest] = berElements(berElements(bytes)?.[0]?.content ?? bytes) ?? [];
  return ber(BER.sequence, berInteger(version), ...rest.map(whole));
}

describe("snmp against faults", () => {
  it("is refused, and cannot resolve", async () => {
    const port = await freePort();
    expect(await line({ port })).toBe(`down refused 127.0.0.1 port ${port} refused the connection`);
    expect(await line({ port, host: "nowhere.invalid" }, { resolvers: [`127.0.0.1:${port}`] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });

  it("tells errors that no agent here can be brought to", async () => {
    const failing = async (error: number, version: 1 | "2c" = "2c", index = 1): Promise<string> => {
      const port = await datagramServer((question) => {
        const [number, community, pdu] = berElements(berElements(question)?.[0]?.content ?? question) ?? [];
        const [id, , , list] = berElements(pdu?.content ?? question) ?? [];
        const parts = [number, community].flatMap((element) => (element === undefined ? [] : [whole(element)]));
        return id === undefined || list === undefined ? [] : [ber(BER.sequence, ...parts, ber(0xa2, whole(id), berInteger(error), berInteger(index), whole(list)))];
      });
      return (await line({ port, version, oids: { up: UPTIME, name: NAME } })).replaceAll(String(port), "P");
    };
    expect(await failing(5)).toBe(`down status 127.0.0.1 port P cannot answer: genErr (${UPTIME})`);
    expect(await failing(5, 1, 2)).toBe(`down status 127.0.0.1 port P cannot answer: genErr (${NAME})`);
    expect(await failing(6, "2c", 0)).toBe("down auth 127.0.0.1 port P denies access: noAccess");
    expect(await failing(2, 1, 9)).toBe("down status 127.0.0.1 port P cannot answer: noSuchName");
    expect(await failing(1)).toBe(`down status 127.0.0.1 port P cannot answer: tooBig (${UPTIME})`);
    // an answer without values
    expect(await failing(0)).toBe(`down mismatch 127.0.0.1 port P has no up (${UPTIME}: NULL), name (${NAME}: NULL)`);
  });

  it("tells another protocol", async () => {
    const told = async (said: string, options: object = {}): Promise<string> => {
      const port = await datagramServer(() => [Buffer.from(said, "latin1")]);
      return (await line({ port, ...options }, late)).replaceAll(String(port), "P");
    };
    expect(await told("HTTP/1.1 400 Bad Request\r\n\r\n")).toBe("down protocol 127.0.0.1 port P sent 28 octets, which are no SNMP message");
    expect(await told("\x30\x84\x7f\xff\xff\xff")).toBe("down protocol 127.0.0.1 port P sent 6 octets, which are no SNMP message");
    expect(await told("\x30\x03\x02\x01\x01", { version: 3 })).toBe("down protocol 127.0.0.1 port P sent 5 octets, which are no message of SNMP version 3");
    expect(await told("x".repeat(60_000))).toBe("down protocol 127.0.0.1 port P sent 60000 octets, which are no SNMP message");
  });

  it("takes no discovery without an engine", async () => {
    const port = await datagramServer((question) => [question]);
    expect(await line({ port, version: 3 }, late)).toBe(`down protocol 127.0.0.1 port ${port} sent an answer that does not tell its engine`);
  });

  it("leaves nothing behind", async () => {
    expect(await datagramLeaks((port, context) => line({ port }, context))).toEqual({ left: 0, said: [expect.stringMatching(/^down timeout /)] });
    expect(await datagramLeaks((port, context) => line({ port, version: 3, user: "plain" }, context))).toEqual({ left: 0, said: [expect.stringMatching(/^down timeout /)] });
  });
});
