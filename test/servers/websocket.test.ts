import type { Socket } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { websocket } from "../../src/probes/websocket.ts";
import { acceptOf } from "../../src/wire/websocket.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { describeWith, freePort, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { rawServer, replies } from "./raw.ts";
import { type WebSocketServer, startMosquittoWebSocket, startWebSockets } from "./websockets.ts";

const ask = (options: object, context: ContextRequest = {}) => websocket.run(websocket.options.parse(options), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};

describeWith(["mosquitto", "openssl", "python3-websockets"], "websocket against Python's websockets and libwebsockets", () => {
  let certificates: Certificates;
  let folder: string;
  let server: WebSocketServer;
  const trusted = (more: object = {}): object => ({ ca: certificates.authority, ...more });
  const at = (path: string): string => `ws://127.0.0.1:${server.port}${path}`;
  beforeAll(async () => {
    folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    server = await startWebSockets(folder, certificates.good);
  });

  it("opens, has a ping answered and closes, over both families", async () => {
    const outcome = await ask({ url: at("/") });
    expect(outcome).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${server.port} opened a WebSocket and answered a ping`, facts: { status: 101, subprotocol: "", messages: 0, address: "127.0.0.1" } });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "handshake", "ping"]);
    expect(outcome.evidence[0]?.text).toMatch(/^GET \/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n.*\r\n\r\nping\nclose 1000\n$/s);
    expect(outcome.evidence[1]?.text).toMatch(/\\x88\\x02\\x03(è|\\xe8)$/);
    expect(await line({ url: `ws://[::1]:${server.port}/`, ping: false })).toBe(`up ok ::1 port ${server.port} opened a WebSocket`);
  });

  it("sends a message and waits for another", async () => {
    expect(await ask({ url: at("/"), send: "Grüße", answer: "/^Gr.ße$/" })).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${server.port} answered as expected`, facts: { message: "Grüße", messages: 1 } });
    expect(await ask({ url: at("/chatty"), ping: false, answer: "news 49" })).toMatchObject({ verdict: "up", facts: { messages: 50 } });
    expect(await ask({ url: at("/"), send: "fragments", answer: "one two three" })).toMatchObject({ verdict: "up", facts: { messages: 1 } });
    expect(await line({ url: at("/"), send: "a", answer: "b" }, { deadlineMs: 400 })).toBe(`down mismatch no message of 127.0.0.1 port ${server.port} holds "b"; the last was "a"`);
    expect(await ask({ url: at("/"), send: "x".repeat(100_000), answer: "x" })).toMatchObject({ verdict: "up" });
  });

  it("names origin, subprotocol and what else is wanted", async () => {
    const { facts } = await ask({ url: at("/a?b=c"), origin: "https://www.example.com", subprotocols: ["other", "chat"], headers: { "X-Probe": "yes" }, send: "headers", answer: "x-probe" });
    expect(facts).toMatchObject({ subprotocol: "chat", message: expect.stringContaining("https://www.example.com") as string });
    expect(await line({ url: at("/"), subprotocols: ["other"] })).toBe(`down mismatch 127.0.0.1 port ${server.port} speaks none of other`);
  });

  it("tells a refusal, a redirect and a close", async () => {
    expect(await ask({ url: at("/forbidden") })).toMatchObject({ verdict: "down", code: "status", sentence: `127.0.0.1 port ${server.port} did not open a WebSocket: HTTP 403 Forbidden`, facts: { status: 403 } });
    expect(await line({ url: at("/elsewhere") })).toMatch(/: HTTP 302 Found, to \/echo$/);
    expect(await line({ url: at("/close") })).toBe(`down closed 127.0.0.1 port ${server.port} closed the WebSocket: 1011, broken`);
  });

  it("speaks TLS, and judges the certificate", async () => {
    const secure = (host: string): string => `wss://${host}:${server.tlsPort}/`;
    expect(await ask({ url: secure("localhost"), tls: trusted() })).toMatchObject({ verdict: "up", facts: { certificate: { days: 90 } } });
    expect(await line({ url: secure("127.0.0.1") })).toMatch(/^down tls-untrusted /);
    expect(await line({ url: secure("127.0.0.1"), tls: trusted({ servername: "other.test" }) })).toMatch(/^down tls-name /);
    const expired = await startWebSockets(folder, certificates.expired);
    expect(await ask({ url: `wss://127.0.0.1:${expired.tlsPort}/`, tls: trusted() })).toMatchObject({ code: "tls-expired", facts: { certificate: { days: -3 } } });
    expect(await line({ url: `wss://127.0.0.1:${server.port}/` })).toMatch(/^down tls-failed /);
  });

  it("understands libwebsockets", async () => {
    const { port } = await startMosquittoWebSocket(folder);
    expect(await ask({ url: `ws://127.0.0.1:${port}/mqtt`, subprotocols: ["mqtt"] })).toMatchObject({ verdict: "up", facts: { subprotocol: "mqtt" } });
  });

  it("sees it hang and go", async () => {
    server.signal("SIGSTOP");
    expect(await line({ url: at("/") }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${server.port} sent nothing in time`);
    server.signal("SIGCONT");
    await server.stop();
    expect(await line({ url: at("/") })).toBe(`down refused 127.0.0.1 port ${server.port} refused the connection`);
  });
});

/** Takes the handshake as it must, but for `change`, and sends the bytes. */
function takes(bytes: Uint8Array, { change = (head: string) => head, close = true, dripping = false } = {}): (socket: Socket) => void {
  return (socket) =>
    void socket.setNoDelay(true).once("data", (request: Buffer) => {
      const key = /Sec-WebSocket-Key: (\S+)/.exec(request.toString())?.[1] ?? "";
      const head = change(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`);
      const all = Buffer.concat([Buffer.from(head), bytes]);
      if (dripping) for (const byte of all) socket.write(Buffer.of(byte));
      else socket.write(all);
      if (close) socket.end();
    });
}

describe("websocket against faults", () => {
  const against = async (serve: (socket: Socket) => void, options: object = {}, context: ContextRequest = {}): Promise<string> => {
    const server = await rawServer(serve);
    const said = await line({ url: `ws://127.0.0.1:${server.port}/`, answer: "hello", ping: false, ...options }, context);
    await server.idle();
    return said.replaceAll(String(server.port), "P");
  };
  const HELLO = Buffer.from("810568656c6c6f", "hex");
  const frames = (hex: string): Promise<string> => against(takes(Buffer.from(hex.replaceAll(" ", ""), "hex")));
  const heads = (from: string | RegExp, to: string): Promise<string> => against(takes(HELLO, { change: (head) => head.replace(from, to) }));
  it("reads a message that comes with the handshake, and byte by byte", async () => {
    expect(await against(takes(HELLO))).toBe("up ok 127.0.0.1 port P answered as expected");
    expect(await against(takes(HELLO, { dripping: true }))).toBe("up ok 127.0.0.1 port P answered as expected");
    expect(await frames("010268 65 890170 80036c6c6f")).toBe("up ok 127.0.0.1 port P answered as expected");
  });
  it("takes no handshake that is none", async () => {
    expect(await heads(/Accept: \S+/, "Accept: AAAA")).toBe("down protocol 127.0.0.1 port P did not prove that it read the handshake (Sec-WebSocket-Accept)");
    expect(await heads("Upgrade: WebSocket", "Upgrade: h2c")).toBe("down protocol 127.0.0.1 port P switched to something else than a WebSocket");
    expect(await heads("keep-alive, Upgrade", "close")).toBe("down protocol 127.0.0.1 port P switched to something else than a WebSocket");
    expect(await heads("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")).toBe("down protocol 127.0.0.1 port P uses an extension that was not offered");
    expect(await heads("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n")).toBe("down mismatch 127.0.0.1 port P chose the subprotocol chat, which was not offered");
    expect(await heads("\r\n\r\n", "\r\nnonsense\r\n\r\n")).toBe("down protocol 127.0.0.1 port P sent a header field that is none: nonsense");
    expect(await heads("\r\n\r\n", `\r\n${"a: b\r\n".repeat(200)}\r\n`)).toBe("down too-large 127.0.0.1 port P sent more than 100 header fields");
    expect(await against(replies("220 mail.example.com ESMTP\r\n"))).toBe("down protocol 127.0.0.1 port P does not speak HTTP/1.1 but says: 220 mail.example.com ESMTP");
  });
  it("takes no frame that is none", async () => {
    expect(await frames("8185 00000000 68656c6c6f")).toBe("down protocol 127.0.0.1 port P sent a masked frame, which only clients send");
    expect(await frames("8005 68656c6c6f")).toBe("down protocol 127.0.0.1 port P sent a fragment out of its order");
    expect(await frames("0102 6865 8103 6c6c6f")).toBe("down protocol 127.0.0.1 port P sent a fragment out of its order");
    expect(await frames("817f 0000000100000000")).toBe("down too-large 127.0.0.1 port P announces a frame of 4294967296 bytes");
  });
  it("takes no answer without end", async () => {
    expect(await against(takes(Buffer.alloc(400_000, Buffer.from("8900", "hex"))))).toBe("down too-large 127.0.0.1 port P sent more than 10000 frames");
    expect(await against(takes(Buffer.concat(Array.from({ length: 30 }, () => Buffer.concat([Buffer.from("827effff", "hex"), Buffer.alloc(65_535)])))))).toMatch(/^down too-large 127.0.0.1 port P sent more than 1024 KiB/);
  });
  it("tells where the connection ends", async () => {
    expect(await against((socket) => void socket.end())).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await against(takes(HELLO.subarray(0, 4)))).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await frames("8102 6869")).toBe('down mismatch no message of 127.0.0.1 port P holds "hello"; the last was "hi"');
    expect(await frames("8800")).toBe("down closed 127.0.0.1 port P closed the WebSocket: 1005");
  });
  it("ends at its deadline", async () => {
    expect(await against(() => {}, {}, { deadlineMs: 150 })).toBe("down timeout 127.0.0.1 port P sent nothing in time");
    expect(await against(takes(HELLO.subarray(0, 4), { close: false }), {}, { deadlineMs: 150 })).toMatch(/^down timeout 127.0.0.1 port P sent only 2 of 5 bytes in time$/);
    expect(await against(takes(new Uint8Array(0), { close: false }), { ping: true, answer: null }, { deadlineMs: 150 })).toMatch(/^down timeout /);
  });
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof websocket.run>[1]) => websocket.run(websocket.options.parse({ url: `ws://127.0.0.1:${port}/` }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
    expect(await leaks({ run, serve: (socket) => void socket.write("HTTP/1.1 101 Switching Protocols\r\n") })).toEqual({ left: [], codes: ["timeout"] });
  });
  it("cannot resolve", async () => {
    const port = await freePort();
    expect(await line({ url: `ws://nowhere.invalid:${port}/` }, { resolvers: [`127.0.0.1:${port}`] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });
});
