import type { Socket } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { sip } from "../../src/probes/sip.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import type { ContextRequest } from "./context.ts";
import { describeWith, freePort, temporaryFolder } from "./ground.ts";
import { type Kamailio, startKamailio } from "./kamailio.ts";
import { datagramLeaks } from "./leak.ts";
import { datagramRelay, datagramServer, dripNow } from "./raw.ts";
import { itKnowsFaults, stage } from "./stage.ts";

const { ask, line, against } = stage(sip);

describeWith(["kamailio", "kamailio-tls-modules", "openssl"], "sip against Kamailio", () => {
  let certificates: Certificates;
  let server: Kamailio;
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    server = await startKamailio(folder, certificates);
  });

  it.each(["udp", "tcp"])("answers over %s, over both families", async (transport) => {
    const outcome = await ask({ port: server.port, transport });
    expect(outcome).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${server.port} answers 200 OK`, facts: { status: 200, reason: "OK", server: expect.stringMatching(/^kamailio/) as string, allow: ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS"], address: "127.0.0.1" } });
    expect(Object.keys(outcome.phases)).toEqual(transport === "udp" ? ["answer"] : ["connect", "answer"]);
    expect(await ask({ port: server.port, transport, host: "::1" })).toMatchObject({ verdict: "up", facts: { address: "::1" } });
    const [sent, received] = outcome.evidence;
    expect(sent?.text).toMatch(new RegExp(`^OPTIONS sip:127\\.0\\.0\\.1:${server.port} SIP/2\\.0\r\nVia: SIP/2\\.0/${transport.toUpperCase()} 127\\.0\\.0\\.1:\\d+;branch=z9hG4bK[0-9a-f]{32};rport\r\n`));
    expect(received?.text).toMatch(/^SIP\/2\.0 200 OK\r\nVia: .*;rport=\d+/);
  });

  it.each(["udp", "tcp"])("tells each kind of answer over %s", async (transport) => {
    const about = (user: string, more: object = {}, context: ContextRequest = {}) => line({ port: server.port, transport, uri: `sip:${user}@pbx.test`, ...more }, context);
    const answers = `127.0.0.1 port ${server.port} answers`;
    expect(await about("busy")).toBe(`up ok ${answers} 486 Busy Here`);
    expect(await about("hidden")).toBe(`up ok ${answers} 401 Unauthorized`);
    expect(await about("hidden", { accept: [] })).toBe(`down status ${answers} 401 Unauthorized`);
    expect(await about("nobody")).toBe(`down status ${answers} 404 Not Found`);
    expect(await about("nobody", { accept: [404] })).toBe(`up ok ${answers} 404 Not Found`);
    expect(await about("full")).toBe(`down status ${answers} 503 Too Many Calls, and wants to be left alone for 120 s`);
    expect((await ask({ port: server.port, transport, uri: "sip:full@pbx.test" })).facts).toMatchObject({ status: 503, retryAfter: 120 });
    expect(await about("ringing")).toBe(`up ok ${answers} 200 OK`);
    expect(await about("trying", {}, { deadlineMs: 400 })).toBe(`down timeout 127.0.0.1 port ${server.port} answered 100 Trying, and nothing final came in time`);
  });

  it("speaks TLS and judges the certificate", async () => {
    const tls = { ca: certificates.authority };
    const outcome = await ask({ port: server.tlsPort, transport: "tls", tls });
    expect(outcome).toMatchObject({ verdict: "up", facts: { status: 200, certificate: { days: 90 } } });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "tls", "answer"]);
    expect(outcome.evidence[0]?.text).toMatch(/^OPTIONS .*\r\nVia: SIP\/2\.0\/TLS 127\.0\.0\.1:\d+;/);
    expect(await line({ port: server.tlsPort, transport: "tls" })).toMatch(/^down tls-untrusted /);
    expect(await line({ port: server.tlsPort, transport: "tls", tls: { ...tls, servername: "other.test" } })).toMatch(/^down tls-name /);
    expect(await line({ port: server.expiredPort, transport: "tls", tls })).toMatch(/^down tls-expired /);
    expect(await line({ port: server.port, transport: "tls", tls }, { deadlineMs: 1000 })).toMatch(/^down (tls-failed|timeout|closed) /);
    expect(await line({ port: server.tlsPort, transport: "tcp" }, { deadlineMs: 1000 })).toMatch(/^down (closed|reset|protocol|timeout) /);
  });

  it("repeats the same request from the same port when it is lost, and takes an answer twice", async () => {
    const seen: string[] = [];
    const lossy = await datagramRelay({ port: server.port, question: (bytes) => (seen.push(bytes.toString()) === 3 ? [bytes, bytes] : []) });
    expect(await line({ port: lossy })).toBe(`up ok 127.0.0.1 port ${lossy} answers 200 OK`);
    expect([seen.length, new Set(seen).size]).toEqual([3, 1]);
    let first: Buffer | null = null;
    const mute = await datagramRelay({ port: server.port, answer: (bytes) => (first === null ? ((first = bytes), []) : [bytes]) });
    expect(await line({ port: mute })).toMatch(/^up ok/);
  });

  it("sees it hang, and go", async () => {
    server.pause();
    expect(await line({ port: server.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${server.port} did not answer in time`);
    expect(await line({ port: server.port, transport: "tcp" }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${server.port} sent nothing in time`);
    server.resume();
    await server.stop();
    for (const transport of ["udp", "tcp"]) expect(await line({ port: server.port, transport })).toBe(`down refused 127.0.0.1 port ${server.port} refused the connection`);
  });
});

/** The fields of a request that an answer repeats, under their compact names where wanted. */
function answerTo(request: string, status: string, { more = "", compact = false, body = "", length = body.length }: { more?: string; compact?: boolean; body?: string; length?: number | null } = {}): string {
  const names: readonly (readonly [string, string])[] = [["Via", "v"], ["From", "f"], ["To", "t"], ["Call-ID", "i"], ["CSeq", "CSEQ"]];
  const repeated = names.map(([name, short]) => `${compact ? short : name}: ${new RegExp(`^${name}: (.*)$`, "m").exec(request)?.[1] ?? ""}\r\n`).join("");
  return `SIP/2.0 ${status}\r\n${repeated}${more}${length === null ? "" : `${compact ? "l" : "Content-Length"}: ${length}\r\n`}\r\n${body}`;
}

type Answers = (request: string) => readonly string[];
const fake = (answers: Answers): Promise<number> => datagramServer((request) => answers(request.toString()).map((answer) => Buffer.from(answer)));

describe("sip over UDP against faults", () => {
  const told = async (answers: Answers, options: object = {}, context: ContextRequest = {}): Promise<string> => {
    const port = await fake(answers);
    return (await line({ port, ...options }, context)).replaceAll(String(port), "P");
  };
  const late = { deadlineMs: 300 };

  it("is refused, and cannot resolve", async () => {
    const port = await freePort();
    expect(await line({ port })).toBe(`down refused 127.0.0.1 port ${port} refused the connection`);
    expect(await line({ port, host: "nowhere.invalid" }, { resolvers: [`127.0.0.1:${port}`] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });

  it("reads compact names, folded fields, any case and an empty reason", async () => {
    expect(await told((request) => [answerTo(request, "200 OK", { compact: true, body: "v=0\r\n" })])).toBe("up ok 127.0.0.1 port P answers 200 OK");
    expect(await told((request) => [answerTo(request, "200 OK").replace(";branch", "\r\n\t;Branch").replace("SIP/2.0 2", "sip/2.0 2").replace("CSeq:", "cSEQ  :")])).toMatch(/^up ok/);
    expect(await told((request) => [`\r\n\r\n${answerTo(request, "204").replaceAll("\r\n", "\n")}`])).toBe("up ok 127.0.0.1 port P answers 204");
    const port = await fake((request) => [answerTo(request, "603 N\u00f3n", { more: "User-Agent: Desk\u00a0Phone\r\nRetry-After: soon\r\n" })]);
    expect(await ask({ port })).toMatchObject({ verdict: "down", code: "status", facts: { status: 603, reason: "N\u00f3n", server: expect.stringContaining("Phone") as string } });
  });

  it("passes over what is not its answer, and tells it when no other comes", async () => {
    const other = (request: string, name: string): string => answerTo(request.replace(new RegExp(`(${name})[^;\r]*`), "$1x"), "200 OK");
    for (const [name, what] of [["branch=", "branch in Via"], ["Call-ID: ", "Call-ID"], ["CSeq: ", "CSeq"]] as const) {
      expect(await told((request) => [other(request, name)], {}, late)).toBe(`down protocol 127.0.0.1 port P sent an answer to another request (${what})`);
      expect(await told((request) => [other(request, name), answerTo(request, "200 OK")])).toMatch(/^up ok/);
    }
    expect(await told((request) => [answerTo(request, "200 OK", { more: "Via: SIP/2.0/UDP 192.0.2.1\r\n" })], {}, late)).toMatch(/^down protocol .* was to go on to somebody else/);
    expect(await told((request) => [request], {}, late)).toBe("down protocol 127.0.0.1 port P sent a request (OPTIONS) and no answer");
    expect(await told((request) => [answerTo(request, "200 OK", { length: 9 })], {}, late)).toBe("down protocol 127.0.0.1 port P sent an answer cut short, with 0 of the 9 bytes of its body");
    expect(await told(() => ["\u00ff\0\u00ff\0"], {}, late)).toBe("down protocol 127.0.0.1 port P sent something that is no whole SIP message");
    expect(await told(() => [""], {}, late)).toMatch(/^down protocol .* nothing but empty lines$/);
    expect(await told(() => [], {}, late)).toBe("down timeout 127.0.0.1 port P did not answer in time");
  });

  it("leaves nothing behind", async () => {
    expect(await datagramLeaks((port, context) => line({ port }, context))).toEqual({ left: 0, said: ["down timeout 127.0.0.1 port P did not answer in time"] });
  });
});

describe("sip over TCP against faults", () => {
  const tcp = { transport: "tcp" };
  itKnowsFaults(sip, { options: tcp, half: (socket) => void socket.write("SIP/2.0 200 OK\r\nVia: SIP"), endless: { octets: "SIP/2.0 200 OK", line: /^down too-large / } });
  /** Answers the first request; byte by byte, each in a segment of its own, where `dripping`. */
  const server = (answer: (request: string) => string, dripping = false): ((socket: Socket) => void) => (socket) =>
    void socket.once("data", (chunk: Buffer) => (dripping ? dripNow(socket, Buffer.from(answer(chunk.toString()))) : void socket.end(answer(chunk.toString()))));

  it("reads interim and final answers byte by byte, framed by their lengths", async () => {
    const both = (request: string): string => `\r\n${answerTo(request, "183 Progress", { body: "SIP/2.0 200 OK\r\n\r\n" })}${answerTo(request, "200 OK", { compact: true, body: "v=0\r\n" })}`;
    expect(await against(server(both, true), tcp)).toBe("up ok 127.0.0.1 port P answers 200 OK");
    expect(await against(server(both), tcp)).toMatch(/^up ok/);
    expect(await against(server((request) => answerTo(request, "200 OK", { length: null })), tcp)).toMatch(/^up ok/);
  });
  it("tells an answer that ends in its middle", async () => {
    expect(await against(server((request) => answerTo(request, "200 OK", { length: 9 })), tcp)).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await against(server((request) => answerTo(request, "200 OK", { length: 70_000 })), tcp)).toBe("down protocol the server sent a message whose Content-Length is no length");
    expect(await against(server((request) => answerTo(request, "200 OK", { more: "nonsense\r\n" })), tcp)).toMatch(/^down protocol the server sent a line that is no header field/);
  });
  it("takes no messages without end, and tells what it passed over", async () => {
    const many = (status: string, count: number) => server((request) => answerTo(request, status).repeat(count));
    expect(await against(many("100 Trying", 150), tcp)).toBe("down too-large 127.0.0.1 port P sent 100 messages, and no final answer among them");
    expect(await against(server((request) => answerTo(request, "200 OK", { more: "a: b\r\n".repeat(400) })), tcp)).toBe("down too-large the server sent a message of more than 300 lines");
    const silent = (socket: Socket): void => void socket.once("data", (chunk: Buffer) => socket.write(answerTo(chunk.toString().replace("branch=", "branch=x"), "200 OK")));
    expect(await against(silent, tcp, { deadlineMs: 300 })).toBe("down protocol 127.0.0.1 port P sent an answer to another request (branch in Via)");
  });
});
