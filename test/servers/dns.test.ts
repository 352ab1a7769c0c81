import { readFileSync } from "node:fs";
import { type ServerHttp2Session, type ServerHttp2Stream, createSecureServer } from "node:http2";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { beforeAll, expect, it } from "vitest";
import { dns } from "../../src/probes/dns.ts";
import type { Outcome, ProbeContext } from "../../src/probes/probe.ts";
import { realProcesses } from "../../src/sys/processes.ts";
import { realPorts } from "../../src/sys/real.ts";
import { decodeMessage } from "../../src/wire/dns.ts";
import { type Bind9, startBind9 } from "./bind9.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { atEnd, describeWith, freePort, temporaryFolder } from "./ground.ts";
import { fakeUdp, reply } from "./nameserver.ts";
import { type Unbound, startUnbound } from "./unbound.ts";

const ports = realPorts({ level: "error", mask: (text) => text, resolvers: () => [], processes: realProcesses() });
/** Ends a run that is meant to succeed only if something is badly wrong. */
const LONG_MS = 30_000;

function run(options: object, more: { signal?: AbortSignal; wants?: readonly string[]; resolvers?: ProbeContext["network"]["resolvers"] } = {}): Promise<Outcome> {
  const parsed = dns.options.parse(options);
  expect(dns.check?.(parsed)).toBeNull();
  const network = more.resolvers === undefined ? ports.network : { ...ports.network, resolvers: more.resolvers };
  return dns.run(parsed, { ...ports, network, signal: more.signal ?? AbortSignal.timeout(LONG_MS), wants: new Set(more.wants) });
}

async function f(options: object, verdict: string, code: string, sentence: string | RegExp, more: Parameters<typeof run>[1] = {}): Promise<Outcome> {
  const outcome = await run(options, more);
  expect(outcome, JSON.stringify(outcome)).toMatchObject({ verdict, code, sentence: typeof sentence === "string" ? sentence : (expect.stringMatching(sentence) as string) });
  return outcome;
}

describeWith(["bind9", "openssl"], "dns against BIND", () => {
  let bind: Bind9;
  let certificates: Certificates;
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    bind = await startBind9(folder, certificates.good);
  }, 60_000);
  const at = (more: object): object => ({ server: "127.0.0.1", port: bind.port, ...more });

  it("finds records of every type", async () => {
    const www = await f(at({ name: "WWW.example.test." }), "up", "ok", /^WWW\.example\.test\. A is 192\.0\.2\.1[01], 192\.0\.2\.1[01]$/);
    expect(www.facts).toMatchObject({ rcode: "NOERROR", ttl: 300, aa: true, ra: false, ad: false, transport: "udp", address: "127.0.0.1" });
    await f(at({ name: "www.example.test", record: "aaaa", answers: "2001:DB8:0::10", match: "exact" }), "up", "ok", "www.example.test AAAA is 2001:db8::10");
    await f(at({ name: "example.test", record: "MX", answers: "10 MAIL.example.test." }), "up", "ok", "example.test MX is 10 mail.example.test");
    await f(at({ name: "example.test", record: "TXT", answers: "v=spf1 -all" }), "up", "ok", "example.test TXT is v=spf1 -all");
    await f(at({ name: "parts.example.test", record: "TXT", answers: '"one " "two"' }), "up", "ok", "parts.example.test TXT is one two");
    await f(at({ name: "example.test", record: "CAA", answers: "0 issue ca.example" }), "up", "ok", 'example.test CAA is 0 issue "ca.example"');
    await f(at({ name: "_imaps._tcp.example.test", record: "SRV" }), "up", "ok", "_imaps._tcp.example.test SRV is 0 1 993 mail.example.test");
    await f(at({ name: "192.0.2.10", record: "PTR", answers: "www.example.test" }), "up", "ok", "192.0.2.10 PTR is www.example.test");
    await f(at({ name: "odd.example.test", record: "TYPE65400", answers: "\\# 3 01 02 03" }), "up", "ok", "odd.example.test TYPE65400 is \\# 3 010203");
    await f(at({ name: "bücher.example.test", answers: "192.0.2.12" }), "up", "ok", "bücher.example.test A is 192.0.2.12");
    const whole = await f(at({ name: "example.test", record: "MX" }), "up", "ok", /10 mail/, { wants: ["records"] });
    expect(whole.material).toEqual({ records: { answer: ["example.test.\t300\tIN\tMX\t10 mail.example.test."], authority: [], additional: [] } });
    const absent = await f(at({ name: "absent.example.test", match: "none" }), "up", "ok", /has no records/, { wants: ["records"] });
    expect(absent.material).toMatchObject({ records: { authority: [expect.stringMatching(/^example\.test\.\t300\tIN\tSOA\tns1\.example\.test\. hostmaster\.example\.test\. 4294967290 /)] } });
    const soa = await f(at({ name: "example.test", record: "SOA", recursion: false }), "up", "ok", /4294967290/);
    expect(soa.facts["serial"]).toBe(4_294_967_290);
  });

  it("follows aliases inside the answer, and the smallest TTL counts", async () => {
    const far = await f(at({ name: "far.example.test", answers: ["192.0.2.10"] }), "up", "ok", /192\.0\.2\.10/);
    expect(far.facts["ttl"]).toBe(10);
    await f(at({ name: "alias.example.test", record: "CNAME" }), "up", "ok", "alias.example.test CNAME is www.example.test");
  });

  it("compares sets of answers", async () => {
    const name = "www.example.test";
    const both = ["192.0.2.11", "192.0.2.10"];
    await f(at({ name, answers: both, match: "exact" }), "up", "ok", /./);
    await f(at({ name, answers: ["192.0.2.10"], match: "exact" }), "down", "mismatch", /; 192\.0\.2\.11 is too much$/);
    await f(at({ name, answers: [...both, "192.0.2.12"] }), "down", "mismatch", /; 192\.0\.2\.12 is missing$/);
    await f(at({ name, answers: ["192.0.2.12", "192.0.2.10"], match: "any" }), "up", "ok", /./);
    await f(at({ name, answers: ["192.0.2.12", "192.0.2.13"], match: "any" }), "down", "mismatch", /; wanted one of 192\.0\.2\.12, 192\.0\.2\.13$/);
    await f(at({ name, answers: ["192.0.2.12"], match: "none" }), "up", "ok", /./);
    await f(at({ name, answers: ["192.0.2.10"], match: "none" }), "down", "mismatch", /; 192\.0\.2\.10 must not be there$/);
    await f(at({ name, match: "none" }), "down", "mismatch", /; none is wanted$/);
    await f(at({ name: "no.example.test", match: "none" }), "up", "ok", "no.example.test A has no records");
  });

  it("tells no such name, no such record and refusal apart", async () => {
    await f(at({ name: "no.example.test" }), "down", "mismatch", "no.example.test does not exist (NXDOMAIN)");
    await f(at({ name: "mail.example.test", record: "AAAA" }), "down", "mismatch", "mail.example.test AAAA has no records");
    await f(at({ name: "www.elsewhere.test" }), "down", "status", /^the server answered REFUSED to www\.elsewhere\.test A/);
    const refused = await f(at({ name: "www.elsewhere.test" }), "up", "ok", "www.elsewhere.test A: REFUSED", { wants: ["rcode"] });
    expect(refused.facts["rcode"]).toBe("REFUSED");
  });

  it("speaks TCP and TLS, over IPv4 and IPv6, from a source address", async () => {
    const name = "mail.example.test";
    expect((await f(at({ name, transport: "tcp" }), "up", "ok", /./)).facts["transport"]).toBe("tcp");
    expect((await f(at({ name, server: "::1" }), "up", "ok", /./)).facts["address"]).toBe("::1");
    expect((await f(at({ name, server: "localhost", family: 6 }), "up", "ok", /./)).facts["address"]).toBe("::1");
    expect((await f(at({ name, server: "localhost", family: 4, source: "127.0.0.9" }), "up", "ok", /./)).phases).toHaveProperty("resolve");
    const secured = await f({ name, server: "127.0.0.1", port: bind.tlsPort, transport: "tls", tls: { ca: certificates.authority } }, "up", "ok", /./);
    expect(Object.keys(secured.phases)).toEqual(["connect", "tls", "answer"]);
    expect(secured.facts).toMatchObject({ transport: "tls", certificate: { days: expect.any(Number) as number }, tls: { protocol: "TLSv1.3" } });
    const untrusted = await f({ name, server: "127.0.0.1", port: bind.tlsPort, transport: "tls" }, "down", "tls-untrusted", /./);
    expect(untrusted.facts).toHaveProperty("certificate.days");
  });

  it("answers over HTTPS", async () => {
    const https = { server: "127.0.0.1", port: bind.httpsPort, transport: "https", tls: { ca: certificates.authority } };
    const name = "mail.example.test";
    const posted = await f({ name, ...https }, "up", "ok", "mail.example.test A is 127.0.0.1");
    expect(posted.facts).toMatchObject({ transport: "https", address: "127.0.0.1", aa: true, certificate: { days: expect.any(Number) as number }, tls: { protocol: "TLSv1.3" } });
    expect(Object.keys(posted.phases)).toEqual(["connect", "tls", "firstByte", "transfer"]);
    expect(posted.evidence[0]?.text).toBe(`mail.example.test IN A to 127.0.0.1 port ${bind.httpsPort} over HTTPS, recursion desired`);
    await f({ name, method: "GET", ...https }, "up", "ok", "mail.example.test A is 127.0.0.1");
    expect((await f({ name: "big.example.test", record: "TXT", ...https }, "up", "ok", /and 32 more$/)).facts["answers"]).toHaveLength(40);
    await f({ name: "no.example.test", ...https }, "down", "mismatch", "no.example.test does not exist (NXDOMAIN)");
    await f({ name, ...https, path: "/elsewhere" }, "down", "status", `127.0.0.1 port ${bind.httpsPort} answered with HTTP 404 Not Found`);
    await f({ name, ...https, tls: {} }, "down", "tls-untrusted", /./);
    await f({ name, ...https, tls: { ca: certificates.authority, servername: "elsewhere.test" } }, "down", "tls-name", /./);
    // plain DNS over TCP takes the hello of TLS for the beginning of a long message
    await f({ name, ...https, port: bind.port }, "down", "timeout", /./, { signal: AbortSignal.timeout(500) });
  });

  it("asks again over TCP when the answer is cut short", async () => {
    const big = await f(at({ name: "big.example.test", record: "TXT" }), "up", "ok", /and 32 more$/);
    expect(big.facts["transport"]).toBe("tcp");
    expect(big.facts["answers"]).toHaveLength(40);
    expect(big.evidence.find(({ label }) => label === "on the way")?.text).toContain("cut short (TC)");
  });

  it("shows the query and the answer", async () => {
    const { evidence } = await run(at({ name: "mail.example.test" }));
    expect(evidence).toEqual([
      { label: "query", text: `mail.example.test IN A to 127.0.0.1 port ${bind.port} over UDP, recursion desired` },
      { label: "answer", text: ";; NOERROR, flags: qr aa rd\n;; ANSWER\nmail.example.test 300 IN A 127.0.0.1" },
    ]);
  });

  it("asks every server of a list, and the resolver of the machine when none is named", async () => {
    await f(at({ name: "mail.example.test", server: ["127.0.0.1", "::1"] }), "up", "ok", "mail.example.test A is 127.0.0.1");
    await f({ name: "mail.example.test" }, "up", "ok", "mail.example.test A is 127.0.0.1", { resolvers: async () => [{ ip: "127.0.0.1", port: bind.port }] });
    await f({ name: "mail.example.test" }, "unknown", "resolver", "this machine has no name server; name one with `server`", { resolvers: async () => [] });
  });

  it("sees a server that stopped answering, and one that is gone", async () => {
    bind.signal("SIGSTOP");
    // its threads stop one after the other
    await expect.poll(async () => (await run(at({ name: "mail.example.test" }), { signal: AbortSignal.timeout(300) })).code).toBe("timeout");
    await f(at({ name: "mail.example.test" }), "down", "timeout", `127.0.0.1 port ${bind.port} did not answer in time`, { signal: AbortSignal.timeout(300) });
    await f(at({ name: "mail.example.test", transport: "tcp" }), "down", "timeout", `127.0.0.1 port ${bind.port} did not answer in time`, { signal: AbortSignal.timeout(300) });
    await bind.stop();
    await f(at({ name: "mail.example.test" }), "down", "refused", `127.0.0.1 port ${bind.port} refused the connection`);
    await f(at({ name: "mail.example.test", transport: "tcp" }), "down", "refused", `127.0.0.1 port ${bind.port} refused the connection`);
  });
});

async function fakeTcp(serve: (socket: Socket, query: Buffer) => void, port?: number): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    socket.on("data", (query) => serve(socket, query));
  });
  const listening = port ?? (await freePort());
  await new Promise<void>((resolve) => server.listen(listening, "127.0.0.1", resolve));
  atEnd(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return listening;
}

/** A sound answer to a question that nobody asked. */
function strangerTo(query: Buffer): Uint8Array {
  const message = decodeMessage(query);
  if (message.kind === "bad") throw new Error(message.reason);
  return reply(message, { questions: [{ name: "y.test", type: "A", class: 1 }] });
}
const framed = (bytes: Uint8Array): Buffer => Buffer.concat([Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes]);
const ask = (port: number, more: object = {}): object => ({ name: "x.test", server: "127.0.0.1", port, ...more });

it("believes only the answer to its own question", async () => {
  const port = await fakeUdp((query) => [
    Buffer.from("noise"),
    reply(query, { id: query.id ^ 1 }),
    reply(query, { questions: [{ name: "y.test", type: "A", class: 1 }] }),
    reply(query, { response: false }),
    reply(query, { opcode: 5 }),
    reply(query, { answers: [{ name: "x.test", type: "A", class: 1, ttl: 5, text: "192.0.2.99" }] }),
  ]);
  await f(ask(port), "up", "ok", "x.test A is 192.0.2.99");
});

it("asks again with a new id from a new port when a datagram was lost", async () => {
  const seen: number[] = [];
  const port = await fakeUdp((query) => {
    seen.push(query.id);
    return seen.length === 1 ? [] : [reply(query)];
  });
  const outcome = await f(ask(port), "up", "ok", "x.test A is 192.0.2.1");
  expect(new Set(seen).size).toBe(2);
  expect(outcome.evidence.find(({ label }) => label === "on the way")?.text).toBe(`127.0.0.1 port ${port} did not answer in time`);
});

it("fails when one server of a list fails, and names it", async () => {
  const port = await fakeUdp((query) => [reply(query)]);
  const outcome = await f(ask(port, { server: ["127.0.0.1", "::1"] }), "down", "refused", `::1: ::1 port ${port} refused the connection`);
  expect(outcome.evidence[0]?.text).toContain(" to ::1 port ");
});

it("leaves EDNS away for a server that dislikes it", async () => {
  const port = await fakeUdp((query) => [query.edns === null ? reply(query) : reply(query, { rcode: 1, answers: [], questions: [] })]);
  await f(ask(port), "up", "ok", "x.test A is 192.0.2.1");
});

it("tells a lame server and one that does not recurse", async () => {
  const port = await fakeUdp((query) => [reply(query, { recursionAvailable: false, answers: [] })]);
  await f(ask(port, { recursion: false }), "down", "protocol", "the server is not authoritative for x.test (lame: no AA flag)");
  await f(ask(port), "down", "protocol", "the server does not recurse (no RA flag); ask a resolver, or set recursion: false");
  await f(ask(port, { match: "none" }), "up", "ok", "x.test A has no records", { wants: ["ra"] });
});

it("gives the reason that a resolver gives for its failure", async () => {
  const port = await fakeUdp((query) => [reply(query, { rcode: 2, answers: [], edns: { udpOctets: 1232, version: 0, errors: [{ code: 6, text: "signature expired" }] } })]);
  await f(ask(port), "down", "status", "the server answered SERVFAIL to x.test A (signature expired)");
});

it("says what garbage came when nothing else does", async () => {
  const port = await fakeUdp(() => [Buffer.from("HTTP/1.1 400 Bad Request")]);
  await f(ask(port), "down", "protocol", new RegExp(`^127\\.0\\.0\\.1 port ${port} sent something that is not a sound DNS message: `), { signal: AbortSignal.timeout(300) });
});

it("says that TCP fails when only UDP works", async () => {
  const port = await fakeUdp((query) => [reply(query, { truncated: true, answers: [] })]);
  await f(ask(port), "down", "refused", `the answer over UDP was cut short, and over TCP 127.0.0.1 port ${port} refused the connection`);
});

it("reads an answer that comes byte by byte", async () => {
  const port = await fakeTcp((socket, query) => {
    const message = decodeMessage(query.subarray(2));
    if (message.kind !== "message") return;
    socket.setNoDelay(true);
    const bytes = framed(reply(message));
    const next = (at: number): void => void (at < bytes.length && socket.write(bytes.subarray(at, at + 1), () => setImmediate(next, at + 1)));
    next(0);
  });
  await f(ask(port, { transport: "tcp" }), "up", "ok", "x.test A is 192.0.2.1");
});

it("tells apart how a TCP server fails", async () => {
  const over = (port: number): object => ask(port, { transport: "tcp" });
  const closing = await fakeTcp((socket) => socket.end());
  await f(over(closing), "down", "closed", `127.0.0.1 port ${closing} closed the connection without an answer`);
  const halfway = await fakeTcp((socket) => socket.end(Buffer.from([0, 40, 1])));
  await f(over(halfway), "down", "closed", `127.0.0.1 port ${halfway} closed the connection in the middle of its answer (3 B)`);
  const resetting = await fakeTcp((socket) => socket.resetAndDestroy());
  await f(over(resetting), "down", "reset", `127.0.0.1 port ${resetting} reset the connection`);
  const hanging = await fakeTcp((socket) => socket.write(Buffer.from([0])));
  await f(over(hanging), "down", "timeout", `127.0.0.1 port ${hanging} sent only a part of its answer (1 B) in time`, { signal: AbortSignal.timeout(300) });
  const garbage = await fakeTcp((socket) => socket.write(framed(Buffer.from("garbage of some length"))));
  await f(over(garbage), "down", "protocol", new RegExp(`^127\\.0\\.0\\.1 port ${garbage} sent something that is not a sound DNS message: `));
  const stranger = await fakeTcp((socket, query) => {
    const message = decodeMessage(query.subarray(2));
    if (message.kind === "message") socket.write(framed(reply(message, { id: message.id ^ 1 })));
  });
  await f(over(stranger), "down", "protocol", `127.0.0.1 port ${stranger} sent an answer to another question`);
});

it("leaves nothing open, whatever the server does", async () => {
  const silent = await fakeUdp(() => []);
  const hanging = await fakeTcp(() => {});
  const open = (): number => process.getActiveResourcesInfo().filter((kind) => /UDP|TCP|Timeout/.test(kind)).length;
  const before = open();
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, index) => {
      const abort = new AbortController();
      const running = run(ask(index % 2 === 0 ? silent : hanging, { transport: index % 2 === 0 ? "udp" : "tcp" }), { signal: abort.signal });
      setImmediate(() => abort.abort());
      return running;
    }),
  );
  expect(new Set(outcomes.map(({ code }) => code))).toEqual(new Set(["timeout"]));
  await expect.poll(open, { timeout: 20_000 }).toBeLessThanOrEqual(before + 1);
});

it("refuses at loading what cannot be asked", () => {
  const wrong = (options: object): string => dns.check?.(dns.options.parse(options))?.wrong ?? "";
  expect(wrong({ name: "a..b" })).toBe("`a..b` has an empty part between its dots");
  expect(wrong({ name: "a.test", match: "exact" })).toBe("`match: exact` has no `answers` to compare with");
  expect(wrong({ name: "a.test", answers: "1.2.3" })).toBe("`1.2.3` is no data of type A");
  expect(wrong({ name: "a.test", record: "MX", answers: ["10 mäil.test"] })).toBe("");
  expect(dns.options.safeParse({ name: "a.test", record: "NONSENSE" }).success).toBe(false);
  expect(dns.target(dns.options.parse({ name: "a.test", server: "192.0.2.53", port: 5353 }))).toBe("a.test A @192.0.2.53:5353");
  expect(dns.target(dns.options.parse({ name: "a.test" }))).toBe("a.test A");
});

it("tells what came over HTTPS instead of DNS", async () => {
  const { authority, good } = await makeCertificates(temporaryFolder());
  const cases: { readonly [path: string]: (stream: ServerHttp2Stream, query: Buffer) => void } = {
    "/html": (stream) => void (stream.respond({ ":status": 200, "content-type": "text/html" }), stream.end("<html>")),
    "/garbage": (stream) => void (stream.respond({ ":status": 200, "content-type": "application/dns-message" }), stream.end("garbage")),
    "/stranger": (stream, query) => void (stream.respond({ ":status": 200, "content-type": "application/dns-message" }), stream.end(strangerTo(query))),
    "/endless": (stream) => void (stream.respond({ ":status": 200, "content-type": "application/dns-message" }), stream.end(Buffer.alloc(70_000))),
    "/silent": () => {},
  };
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer({ cert: readFileSync(good.certPath), key: readFileSync(good.keyPath) });
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    stream.once("data", (query: Buffer) => cases[headers[":path"] ?? ""]?.(stream, query));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const over = (path: string): object => ({ name: "x.test", server: "127.0.0.1", port, transport: "https", path, tls: { ca: authority } });
  await f(over("/html"), "down", "protocol", `127.0.0.1 port ${port} sent text/html, not application/dns-message`);
  await f(over("/garbage"), "down", "protocol", new RegExp(`^127\\.0\\.0\\.1 port ${port} sent something that is not a sound DNS message: `));
  await f(over("/stranger"), "down", "protocol", `127.0.0.1 port ${port} sent an answer to another question`);
  await f(over("/endless"), "down", "too-large", `127.0.0.1 port ${port} sent more than 65535 octets, which is no DNS message`);
  await f(over("/silent"), "down", "timeout", /./, { signal: AbortSignal.timeout(500) });
});

describeWith(["bind9", "openssl", "unbound"], "dns against unbound", () => {
  let unbound: Unbound;
  beforeAll(async () => {
    const bind = await startBind9(temporaryFolder(), (await makeCertificates(temporaryFolder())).good);
    unbound = await startUnbound(temporaryFolder(), { "example.test": bind.port });
  }, 60_000);
  const at = (more: object): object => ({ server: "127.0.0.1", port: unbound.port, ...more });

  it("finds by recursion, and tells a resolver from an authoritative server", async () => {
    const www = await f(at({ name: "alias.example.test", answers: ["192.0.2.10", "192.0.2.11"], match: "exact" }), "up", "ok", /./);
    expect(www.facts).toMatchObject({ ra: true, aa: false });
    expect((await f(at({ name: "big.example.test", record: "TXT", server: "::1" }), "up", "ok", /./)).facts["transport"]).toBe("tcp");
    await f(at({ name: "no.example.test" }), "down", "mismatch", "no.example.test does not exist (NXDOMAIN)");
    await f(at({ name: "example.test", record: "SOA", recursion: false }), "down", "status", "the server answered REFUSED to example.test SOA");
    await f(at({ name: "alias.example.test", source: "127.0.0.3" }), "down", "status", "the server answered REFUSED to alias.example.test A");
    await f(at({ name: "example.test", record: "SOA" }), "up", "ok", /4294967290/);
  });
});
