import { createSocket, type Socket } from "node:dgram";
import { createServer, type Server } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { type DnsMessage, type DnsRecord, decodeMessage, encodeMessage } from "../wire/dns.ts";
import { realClock } from "./clock.ts";
import { openDatagram } from "./datagram.ts";
import type { SystemAnswer } from "./getaddrinfo.ts";
import { parseHosts } from "./nameservice.ts";
import type { Family } from "./ports.ts";
import { realRandom } from "./random.ts";
import { asciiName, candidates, resolver } from "./resolver.ts";
import { connectTcp } from "./tcp.ts";

const endings: (() => void)[] = [];
afterAll(() => {
  for (const end of endings) end();
});

type Zone = { readonly [question: string]: Partial<DnsMessage> | "silent" };
const record = (name: string, type: string, text: string, ttl = 60): DnsRecord => ({ name, type, class: 1, ttl, text });
const soa = (minimum: number): DnsRecord => record("test", "SOA", `ns.test hostmaster.test 1 2 3 4 ${minimum}`, 3600);
const MISSING: Partial<DnsMessage> = { rcode: 3, authority: [soa(60)] };
const EMPTY: Partial<DnsMessage> = { authority: [soa(60)] };

/** A name server on a port of its own, UDP and TCP; questions it has no answer for do not exist. `overTcp` answers there alone. */
async function nameServer(zone: Zone, overTcp: Zone = zone) {
  const asked: string[] = [];
  const reply = (bytes: Uint8Array, from: Zone, kind: string): Uint8Array | null => {
    const query = decodeMessage(bytes);
    if (query.kind === "bad") return null;
    const question = `${query.questions[0]?.type} ${query.questions[0]?.name}`;
    asked.push(kind + question);
    const answer = from[question] ?? MISSING;
    return answer === "silent" ? null : encodeMessage({ ...query, response: true, recursionAvailable: true, ...answer });
  };
  const onUdp = (udp: Socket): void =>
    void udp.on("message", (bytes, peer) => {
      const answer = reply(bytes, zone, "");
      if (answer !== null) udp.send(answer, peer.port, peer.address);
    });
  const tcp = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      const answer = reply(chunk.subarray(2), overTcp, "tcp ");
      if (answer === null) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      // In two segments, cut within the length.
      socket.write(length.subarray(0, 1), () => socket.write(Buffer.concat([length.subarray(1), answer])));
    });
  });
  const port = await onOnePort(onUdp, tcp);
  endings.push(() => tcp.close());
  return { port, asked };
}

/** Both on one port: where TCP's is taken by another, on another one. */
async function onOnePort(onUdp: (udp: Socket) => void, tcp: Server): Promise<number> {
  for (;;) {
    const udp = createSocket("udp4");
    await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
    const { port } = udp.address();
    const free = await new Promise<boolean>((resolve) => {
      tcp.once("error", () => resolve(false));
      tcp.listen(port, "127.0.0.1", () => resolve(true));
    });
    tcp.removeAllListeners("error");
    if (!free) {
      udp.close();
      continue;
    }
    onUdp(udp);
    endings.push(() => udp.close());
    return port;
  }
}

interface World {
  readonly servers: readonly number[];
  /** True: as the system's servers, with the system's look-up as the last resort. */
  readonly system?: SystemAnswer;
  readonly hosts?: string;
  readonly search?: readonly string[];
}

function resolverOf({ servers, system, hosts = "", search = [] }: World) {
  const addresses = servers.map((port) => ({ ip: "127.0.0.1", port }));
  return resolver({
    clock: realClock(),
    transport: { random: realRandom(), connect: connectTcp, datagram: openDatagram },
    servers: () => (system === undefined ? addresses.map(({ ip, port }) => `${ip}:${port}`) : []),
    hosts: async () => parseHosts(hosts),
    configuration: async () => ({ servers: addresses, search, ndots: 1 }),
    system: async () => system ?? { kind: "broken" },
  });
}

/** Addresses in order, or code and sentence. */
async function resolved(world: World, host: string, family: Family | null = null, signal = AbortSignal.timeout(20_000)): Promise<string> {
  const resolution = await resolverOf(world)(host, family, signal);
  return resolution.kind === "resolved" ? resolution.addresses.map(({ ip }) => ip).join(" ") : `${resolution.failure.code}: ${resolution.failure.sentence}`;
}

const A = (...ips: string[]): Partial<DnsMessage> => ({ answers: ips.map((ip) => record("shop.test", "A", ip)) });

describe("without a server", () => {
  const world: World = { servers: [], hosts: "192.0.2.7 Box box.lan # comment\n2001:db8::7 box\nnonsense here\n127.0.0.1 localhost" };
  it("takes literals as they are", async () => {
    expect(await resolved(world, "192.0.2.1")).toBe("192.0.2.1");
    expect(await resolved(world, "2001:db8::1")).toBe("2001:db8::1");
    expect(await resolved(world, "fe80::1%lo")).toBe("fe80::1%lo");
    expect(await resolved(world, "192.0.2.1", 6)).toBe("unresolvable: 192.0.2.1 is not an IPv6 address");
  });
  it("reads the hosts file first", async () => {
    expect(await resolved(world, "BOX")).toBe("2001:db8::7 192.0.2.7");
    expect(await resolved(world, "box", 4)).toBe("192.0.2.7");
    expect(await resolved(world, "localhost")).toBe("127.0.0.1");
    expect(await resolved(world, "localhost", 6)).toBe("::1");
    expect(await resolved(world, "any.localhost")).toBe("::1 127.0.0.1");
  });
  it("knows what can be no name", async () => {
    for (const host of ["", "a..b", ".a", `${"a".repeat(64)}.test`, `${"abc.".repeat(64)}test`, "a b"]) expect(await resolved(world, host)).toBe(`unresolvable: \`${host}\` is not a valid host name`);
  });
  it("could not tell", async () => {
    expect(await resolved(world, "shop.test")).toBe("resolver: shop.test could not be looked up: no resolver is configured");
  });
});

describe("names", () => {
  it("go out as A-labels", () => {
    expect(asciiName("Bücher.example")).toBe("xn--bcher-kva.example");
    expect(asciiName("例え.テスト")).toBe("xn--r8jz45g.xn--zckzah");
    expect(asciiName("_dmarc.example.com.")).toBe("_dmarc.example.com.");
  });
  it("are tried with the search list as resolv.conf(5) says", () => {
    const search = ["a.test", "b.test"];
    expect(candidates("box", { search, ndots: 1 })).toEqual(["box.a.test", "box.b.test", "box"]);
    expect(candidates("www.box", { search, ndots: 1 })).toEqual(["www.box", "www.box.a.test", "www.box.b.test"]);
    expect(candidates("www.box", { search, ndots: 2 })).toEqual(["www.box.a.test", "www.box.b.test", "www.box"]);
    expect(candidates("box.", { search, ndots: 5 })).toEqual(["box"]);
  });
});

describe("servers", () => {
  it("give both families, IPv6 first, in turns", async () => {
    const { port } = await nameServer({ "A shop.test": A("192.0.2.1", "192.0.2.2"), "AAAA shop.test": { answers: [record("shop.test", "AAAA", "2001:db8::1")] } });
    expect(await resolved({ servers: [port] }, "Shop.test")).toBe("2001:db8::1 192.0.2.1 192.0.2.2");
    expect(await resolved({ servers: [port] }, "shop.test", 4)).toBe("192.0.2.1 192.0.2.2");
    expect(await resolved({ servers: [port] }, "shop.test", 6)).toBe("2001:db8::1");
  });
  it("are followed along aliases and no further", async () => {
    const chain = [record("shop.test", "CNAME", "cdn.test"), record("cdn.test", "CNAME", "edge.test"), record("edge.test", "A", "192.0.2.3"), record("other.test", "A", "192.0.2.99")];
    const loop = [record("loop.test", "CNAME", "pool.test"), record("pool.test", "CNAME", "loop.test")];
    const { port } = await nameServer({ "A shop.test": { answers: chain }, "AAAA shop.test": EMPTY, "A loop.test": { answers: loop }, "AAAA loop.test": { answers: loop } });
    expect(await resolved({ servers: [port] }, "shop.test")).toBe("192.0.2.3");
    expect(await resolved({ servers: [port] }, "loop.test")).toBe("unresolvable: loop.test has no address");
  });
  it("say that a name is missing: that is a finding", async () => {
    const { port } = await nameServer({ "A four.test": A(), "AAAA four.test": EMPTY, "A only4.test": { answers: [record("only4.test", "A", "192.0.2.4")] }, "AAAA only4.test": EMPTY });
    expect(await resolved({ servers: [port] }, "nobody.test")).toBe("unresolvable: nobody.test does not exist");
    expect(await resolved({ servers: [port] }, "four.test")).toBe("unresolvable: four.test has no address");
    expect(await resolved({ servers: [port] }, "only4.test", 6)).toBe("unresolvable: only4.test has no IPv6 address");
  });
  it("are asked with the search list", async () => {
    const { port } = await nameServer({ "A box.lan.test": { answers: [record("box.lan.test", "A", "192.0.2.8")] } });
    expect(await resolved({ servers: [port], search: ["lan.test"] }, "box")).toBe("192.0.2.8");
  });
  it("are asked again over TCP when the answer was cut", async () => {
    const cut = { truncated: true, answers: [record("shop.test", "A", "192.0.2.66")] };
    const { port, asked } = await nameServer({ "A shop.test": cut }, { "A shop.test": A("192.0.2.1", "192.0.2.2") });
    expect(await resolved({ servers: [port] }, "shop.test", 4)).toBe("192.0.2.1 192.0.2.2");
    expect(asked).toEqual(["A shop.test", "tcp A shop.test"]);
  });
  it("that fail say nothing about the name, unless two agree", async () => {
    const failing = await nameServer({ "A shop.test": { rcode: 2 }, "AAAA shop.test": { rcode: 2 } });
    const other = await nameServer({ "A shop.test": { rcode: 5 }, "AAAA shop.test": { rcode: 5 } });
    const good = await nameServer({ "A shop.test": A("192.0.2.1") });
    expect(await resolved({ servers: [failing.port] }, "shop.test")).toBe("resolver: shop.test could not be looked up: the resolver answered SERVFAIL (127.0.0.1)");
    expect(await resolved({ servers: [failing.port, other.port] }, "shop.test")).toBe("unresolvable: shop.test cannot be resolved: the resolver answered REFUSED (127.0.0.1), and a second resolver agrees");
    expect(await resolved({ servers: [failing.port, good.port] }, "shop.test")).toBe("192.0.2.1");
  });
  it("that refuse are passed over at once", async () => {
    const good = await nameServer({ "A shop.test": A("192.0.2.1") });
    const gone = createSocket("udp4");
    await new Promise<void>((resolve) => gone.bind(0, "127.0.0.1", resolve));
    const port = gone.address().port;
    await new Promise<void>((resolve) => gone.close(() => resolve()));
    expect(await resolved({ servers: [port, good.port] }, "shop.test", 4)).toBe("192.0.2.1");
    expect(await resolved({ servers: [port] }, "shop.test", 4)).toBe(`resolver: shop.test could not be looked up: 127.0.0.1 port ${port} refused the connection`);
  });
  it("that are silent for one family do not hold up the other", async () => {
    const { port } = await nameServer({ "A shop.test": A("192.0.2.1"), "AAAA shop.test": "silent" });
    expect(await resolved({ servers: [port] }, "shop.test")).toBe("192.0.2.1");
  });
  it("that are silent for the whole time leave it open", async () => {
    const { port } = await nameServer({ "A shop.test": "silent" });
    expect(await resolved({ servers: [port] }, "shop.test", 4, AbortSignal.timeout(100))).toBe("resolver: shop.test was not looked up in time");
  });
  it("are not believed when they answer another question", async () => {
    const { port } = await nameServer({ "A shop.test": { questions: [{ name: "evil.test", type: "A", class: 1 }], ...A("192.0.2.66") } });
    expect(await resolved({ servers: [port] }, "shop.test", 4, AbortSignal.timeout(100))).toMatch(/^resolver/);
  });
});

describe("the system's look-up", () => {
  it("is the last resort, and a second opinion", async () => {
    const failing = await nameServer({ "A shop.test": { rcode: 2 }, "AAAA shop.test": { rcode: 2 } });
    const ask = (system: SystemAnswer, host = "shop.test") => resolved({ servers: [failing.port], system }, host);
    expect(await ask({ kind: "found", ips: ["192.0.2.5"] })).toBe("192.0.2.5");
    expect(await ask({ kind: "none" })).toBe("unresolvable: shop.test does not exist");
    expect(await ask({ kind: "broken" })).toMatch(/^resolver: shop.test could not be looked up/);
    expect(await ask({ kind: "found", ips: ["192.0.2.6"] }, "printer.local")).toBe("192.0.2.6");
    expect(await ask({ kind: "found", ips: ["192.0.2.6"] }, "nobody.test")).toBe("unresolvable: nobody.test does not exist");
  });
});

describe("what is kept", () => {
  it("is shared by all who ask at once, and kept for its TTL", async () => {
    const { port, asked } = await nameServer({ "A shop.test": A("192.0.2.1"), "A brief.test": { answers: [record("brief.test", "A", "192.0.2.2", 0)] } });
    const resolve = resolverOf({ servers: [port] });
    const signal = AbortSignal.timeout(20_000);
    await Promise.all(Array.from({ length: 20 }, () => resolve("shop.test", 4, signal)));
    await resolve("shop.test", 4, signal);
    expect(asked).toEqual(["A shop.test"]);
    await resolve("brief.test", 4, signal);
    await resolve("brief.test", 4, signal);
    expect(asked).toEqual(["A shop.test", "A brief.test", "A brief.test"]);
    await resolve("nobody.test", 4, signal);
    await resolve("nobody.test", 4, signal);
    expect(asked.filter((question) => question === "A nobody.test")).toHaveLength(1);
  });
  it("goes on for those who still wait when one leaves", async () => {
    const { port, asked } = await nameServer({ "A shop.test": A("192.0.2.1") });
    const resolve = resolverOf({ servers: [port] });
    const leaving = new AbortController();
    const both = Promise.all([resolve("shop.test", 4, leaving.signal), resolve("shop.test", 4, AbortSignal.timeout(20_000))]);
    leaving.abort();
    const [left, stayed] = await both;
    expect(stayed.kind).toBe("resolved");
    expect(left.kind).toBe("failed");
    expect(asked).toEqual(["A shop.test"]);
  });
});
