import { beforeAll, describe, expect, it } from "vitest";
import { dnsSerial } from "../../src/probes/dns-serial.ts";
import type { DnsMessage } from "../../src/wire/dns.ts";
import { type Bind9, startBind9 } from "./bind9.ts";
import { makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { describeWith, freePort, temporaryFolder } from "./ground.ts";
import { fakeUdp, reply } from "./nameserver.ts";

const ask = (options: object, context: ContextRequest = {}) => dnsSerial.run(dnsSerial.options.parse({ zone: "example.test", ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};

describeWith(["bind9", "openssl"], "dns-serial against BIND", () => {
  /** One server on both addresses, and one on each with another serial. */
  let both: Bind9;
  let four: Bind9;
  let six: Bind9;
  beforeAll(async () => {
    const { good } = await makeCertificates(temporaryFolder());
    both = await startBind9(temporaryFolder(), good, { second: "::1" });
    four = await startBind9(temporaryFolder(), good, { families: [4] });
    // ten steps on, around the turn of the circle
    six = await startBind9(temporaryFolder(), good, { families: [6], port: four.port, serial: 4 });
  }, 60_000);
  const resolvers = (): readonly string[] => [`127.0.0.1:${both.port}`];

  it("finds the zone's own servers and compares them", async () => {
    const outcome = await ask({ port: both.port }, { resolvers: resolvers() });
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: "example.test has serial 4294967290 on 2 addresses" });
    expect(outcome.facts).toEqual({ serial: 4_294_967_290, lag: 0, behind: [], servers: 2, silent: 0 });
    expect(outcome.evidence.map(({ label }) => label)).toEqual(["query", "answers"]);
    expect(outcome.evidence[1]?.text).toContain("ns2.example.test (::1): ;; NOERROR, flags: qr aa");
    expect(Object.keys(outcome.phases)).toEqual(["resolve", "answer"]);
  });

  it("asks every address of a named server, over UDP and TCP", async () => {
    expect(await line({ server: "localhost", port: both.port })).toBe("up ok example.test has serial 4294967290 on 2 addresses");
    expect(await line({ server: "localhost", port: both.port, family: 6 })).toBe("up ok example.test has serial 4294967290 on 1 address");
    expect(await line({ server: ["127.0.0.1", "::1", "127.0.0.1"], port: both.port, transport: "tcp" })).toBe("up ok example.test has serial 4294967290 on 2 addresses");
  });

  it("counts the steps behind around the circle", async () => {
    const server = ["127.0.0.1", "::1"];
    const outcome = await ask({ server, port: four.port });
    expect(outcome).toMatchObject({ verdict: "down", code: "mismatch", sentence: "127.0.0.1 has serial 4294967290, 10 behind 4", facts: { serial: 4, lag: 10, behind: ["127.0.0.1"] } });
    expect(await line({ server, port: four.port }, { wants: ["lag"] })).toBe("up ok example.test has serial 4 on 2 addresses");
    expect(await line({ server: "localhost", port: four.port })).toBe("down mismatch localhost (127.0.0.1) has serial 4294967290, 10 behind 4");
  });

  it("tells a server that does not have the zone, and a name that is none", async () => {
    const { port } = both;
    expect(await line({ zone: "elsewhere.test", server: "127.0.0.1", port })).toBe("down status 127.0.0.1: the server answered REFUSED");
    expect(await line({ zone: "www.example.test", server: "127.0.0.1", port })).toBe("down mismatch 127.0.0.1: www.example.test is no zone of its own there (no SOA record)");
    expect(await line({ zone: "no.example.test", port }, { resolvers: resolvers() })).toBe("down mismatch no.example.test does not exist (NXDOMAIN)");
    expect(await line({ zone: "www.example.test", port }, { resolvers: resolvers() })).toBe("down mismatch www.example.test has no name servers (NS)");
    expect(await line({ zone: "elsewhere.test", port }, { resolvers: resolvers() })).toBe("unknown resolver the resolver of this machine answered REFUSED to elsewhere.test NS");
  });

  it("sees a server hang, and go; the others may be enough", async () => {
    const server = ["127.0.0.1", "::1"];
    const { port } = four;
    six.signal("SIGSTOP");
    // its threads stop one after the other
    await expect.poll(() => line({ server, port }, { deadlineMs: 300 })).toBe(`down timeout ::1: ::1 port ${port} did not answer in time`);
    await six.stop();
    expect(await line({ server: [...server, "127.0.0.9"], port })).toBe(`down refused ::1: ::1 port ${port} refused the connection, and 1 more of 3 gave no serial`);
    expect(await line({ server, port }, { wants: ["silent"] })).toBe("up ok example.test has serial 4294967290 on 1 address, 1 gave none");
    await four.stop();
    expect(await line({ server: "127.0.0.1", port }, { wants: ["silent"] })).toBe(`down refused 127.0.0.1: 127.0.0.1 port ${port} refused the connection`);
  });
});

const soa = (query: DnsMessage, serial: number, more: Partial<DnsMessage> = {}): Uint8Array =>
  reply(query, { authoritative: true, answers: [{ name: "example.test", type: "SOA", class: 1, ttl: 5, text: `ns1.example.test hostmaster.example.test ${serial} 3600 600 86400 300` }], ...more });

describe("dns-serial against faults", () => {
  it("does not believe a server that is not authoritative", async () => {
    const port = await fakeUdp((query) => [soa(query, 5, { authoritative: false })]);
    expect(await line({ server: "127.0.0.1", port })).toBe("down protocol 127.0.0.1: the server is not authoritative for example.test (lame: no AA flag)");
  });

  it("tells serials that have no order", async () => {
    const port = await fakeUdp((query) => [soa(query, 0)]);
    await fakeUdp((query) => [soa(query, 2_147_483_648)], { address: "127.0.0.2", port });
    const outcome = await ask({ server: ["127.0.0.1", "127.0.0.2"], port });
    expect(outcome).toMatchObject({ verdict: "down", code: "mismatch", sentence: "example.test has serials that have no order (RFC 1982): 0, 2147483648", facts: { servers: 2, silent: 0 } });
  });

  it("is not told by a resolver's failure that the zone is down", async () => {
    const port = await freePort();
    expect(await line({}, { resolvers: [`127.0.0.1:${port}`] })).toBe(`unknown resolver the resolver of this machine: 127.0.0.1 port ${port} refused the connection`);
  });

  it("leaves nothing behind", async () => {
    const waiting: (() => void)[] = [];
    const port = await fakeUdp(() => {
      waiting.shift()?.();
      return [];
    });
    const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "UDPWrap").length;
    const before = sockets();
    for (let run = 0; run < 200; run++) {
      const controller = new AbortController();
      waiting.push(() => controller.abort());
      expect(await line({ server: "127.0.0.1", port }, { signal: controller.signal })).toMatch(/^down timeout /);
    }
    await expect.poll(sockets).toBeLessThanOrEqual(before);
  });
});
