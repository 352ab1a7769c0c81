import { createSocket } from "node:dgram";
import type { Socket } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { openvpn } from "../../src/probes/openvpn.ts";
import { makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { atEnd, describeWith, freePort, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { type OpenvpnServer, openvpnObstacle, startOpenvpn } from "./openvpn.ts";
import { dripNow, rawServer, replies } from "./raw.ts";

const ask = (options: object, context: ContextRequest = {}) => openvpn.run(openvpn.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};
const obstacle = openvpnObstacle();
if (obstacle !== null) process.stderr.write(`openvpn against OpenVPN: ${obstacle}\n`);

describeWith(["openvpn", "openssl"], "openvpn against OpenVPN", () => {
  if (obstacle !== null) {
    it.skip(obstacle, () => {});
    return;
  }
  type Kind = "plain" | "auth" | "authTwoWay" | "crypt" | "v2" | "tcp" | "tcpAuth" | "six";
  const servers = {} as Record<Kind, OpenvpnServer>;
  beforeAll(async () => {
    const folder = temporaryFolder();
    const { authorityPath, good } = await makeCertificates(folder);
    const start = async (kind: Kind, request: Parameters<typeof startOpenvpn>[3]): Promise<void> => void (servers[kind] = await startOpenvpn(folder, authorityPath, good, request));
    await start("plain", { transport: "udp4", protection: "none" });
    await start("auth", { transport: "udp4", protection: "tls-auth", direction: 0, digest: "SHA256" });
    await start("authTwoWay", { transport: "udp4", protection: "tls-auth", direction: null, digest: "SHA1" });
    await start("crypt", { transport: "udp4", protection: "tls-crypt" });
    await start("v2", { transport: "udp4", protection: "tls-crypt-v2" });
    await start("tcp", { transport: "tcp4-server", protection: "none" });
    await start("tcpAuth", { transport: "tcp4-server", protection: "tls-auth", direction: 1, digest: "SHA512" });
    await start("six", { transport: "udp6", protection: "none" });
  }, 60_000);
  const of = (kind: Kind): object => ({ port: servers[kind].port, ...(servers[kind].key === "" ? {} : { key: servers[kind].key }) });

  it("is answered over UDP, without protection and with each", async () => {
    const outcome = await ask(of("plain"));
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: "answered our reset over UDP", facts: { address: "127.0.0.1", transport: "udp", tries: 1 } });
    expect(outcome.evidence.map(({ label, text }) => `${label} ${text.slice(0, 2)} ${text.length / 2}`)).toEqual(["sent 38 14", "received 40 26"]);
    expect(await line({ ...of("auth"), protection: "tls-auth", digest: "SHA256" })).toBe("up ok answered our reset over UDP");
    expect(await line({ ...of("authTwoWay"), protection: "tls-auth", direction: "none" })).toBe("up ok answered our reset over UDP");
    expect(await line({ ...of("crypt"), protection: "tls-crypt" })).toBe("up ok answered our reset over UDP");
    expect(await line({ ...of("v2"), protection: "tls-crypt-v2" })).toBe("up ok answered our reset over UDP");
  });

  it("is answered again and again, by name and over IPv6", async () => {
    for (let run = 0; run < 5; run++) expect(await line(of("plain"))).toMatch(/^up ok/);
    expect(await line({ ...of("plain"), host: "localhost", family: 4 })).toMatch(/^up ok/);
    expect(await line({ ...of("six"), host: "::1" })).toMatch(/^up ok/);
  });

  it("is answered over TCP", async () => {
    expect(await ask({ ...of("tcp"), transport: "tcp" })).toMatchObject({ verdict: "up", sentence: "answered our reset over TCP", facts: { transport: "tcp" } });
    expect(await line({ ...of("tcpAuth"), transport: "tcp", protection: "tls-auth", digest: "SHA512", direction: 0 })).toMatch(/^up ok/);
  });

  it("says what silence may mean", async () => {
    const silent = "did not answer in time; a server with";
    expect(await line({ port: servers.crypt.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${servers.crypt.port} ${silent} tls-auth or tls-crypt does so to who has no key`);
    expect(await line({ port: servers.crypt.port, protection: "tls-crypt", key: servers.auth.key }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${servers.crypt.port} ${silent} another key than ours for tls-crypt does so too`);
    expect(await line({ ...of("auth"), protection: "tls-auth", digest: "SHA512" }, { deadlineMs: 300 })).toMatch(/^down timeout /);
    expect(await line({ ...of("auth"), protection: "tls-auth", digest: "SHA256", direction: 0 }, { deadlineMs: 300 })).toMatch(/^down timeout /);
    expect(await line({ port: servers.tcpAuth.port, transport: "tcp" })).toBe(`down closed 127.0.0.1 port ${servers.tcpAuth.port} closed the connection at our reset; a server with tls-auth or tls-crypt does so to who has no key`);
    servers.plain.signal("SIGSTOP");
    expect(await line(of("plain"), { deadlineMs: 300 })).toMatch(/^down timeout /);
    servers.plain.signal("SIGCONT");
  });

  it("sees it go", async () => {
    await Promise.all([servers.plain.stop(), servers.tcp.stop()]);
    expect(await line(of("plain"))).toBe(`down refused 127.0.0.1 port ${servers.plain.port} refused the connection`);
    expect(await line({ ...of("tcp"), transport: "tcp" })).toBe(`down refused 127.0.0.1 port ${servers.tcp.port} refused the connection`);
  });
});

/** The server's answer to a reset without protection, as OpenVPN gives it. */
const answerTo = (reset: Uint8Array): Uint8Array => Buffer.concat([Uint8Array.of(0x40), new Uint8Array(8).fill(7), Uint8Array.of(1, 0, 0, 0, 0), reset.subarray(1, 9), new Uint8Array(4)]);

describe("openvpn against faults over UDP", () => {
  const against = async (answers: (reset: Uint8Array) => readonly Uint8Array[], context: ContextRequest = { deadlineMs: 300 }): Promise<string> => {
    const server = createSocket("udp4");
    server.on("message", (reset, peer) => {
      for (const answer of answers(reset)) server.send(answer, peer.port, peer.address);
    });
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    atEnd(async () => void server.close());
    const { port } = server.address();
    return (await line({ port }, context)).replaceAll(String(port), "P");
  };
  it("passes over what is not the answer", async () => {
    expect(await against((reset) => [Buffer.concat([Uint8Array.of(0x28), new Uint8Array(20)]), new Uint8Array(30), answerTo(reset)])).toBe("up ok answered our reset over UDP");
  });
  it("tells what came instead", async () => {
    expect(await against((reset) => [reset])).toMatch(/^down timeout 127.0.0.1 port P did not answer in time$/);
    expect(await against(() => [new TextEncoder().encode("\x80 ICMP?")])).toBe("down protocol 127.0.0.1 port P sent no packet of OpenVPN");
    expect(await against((reset) => [answerTo(Buffer.concat([Uint8Array.of(0x38), new Uint8Array(8), reset]))])).toBe("down protocol 127.0.0.1 port P sent a reset of another session");
    expect(await against((reset) => [answerTo(reset).subarray(0, 20)])).toBe("down protocol 127.0.0.1 port P sent a reset that is cut short");
  });
  it("leaves nothing behind", async () => {
    const port = await freePort();
    const server = createSocket("udp4");
    const waiting: (() => void)[] = [];
    server.on("message", () => waiting.shift()?.());
    await new Promise<void>((resolve) => server.bind(port, "127.0.0.1", resolve));
    const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "UDPWrap").length;
    const before = sockets();
    for (let run = 0; run < 200; run++) {
      const controller = new AbortController();
      waiting.push(() => controller.abort());
      expect(await line({ port }, { signal: controller.signal })).toMatch(/^down timeout /);
    }
    await expect.poll(sockets).toBeLessThanOrEqual(before);
    server.close();
  });
});

describe("openvpn against faults over TCP", () => {
  const framed = (packet: Uint8Array): Uint8Array => Buffer.concat([Uint8Array.of(packet.length >> 8, packet.length & 255), packet]);
  const against = async (serve: (socket: Socket) => void, context: ContextRequest = {}): Promise<string> => {
    const server = await rawServer(serve);
    const said = await line({ port: server.port, transport: "tcp" }, context);
    await server.idle();
    return said.replaceAll(String(server.port), "P");
  };
  it("reads an answer byte by byte", async () => {
    expect(await against((socket) => void socket.once("data", (request: Buffer) => dripNow(socket, framed(answerTo(request.subarray(2))))))).toBe("up ok answered our reset over TCP");
  });
  it("tells another protocol", async () => {
    expect(await against(replies("HTTP/1.1 400 Bad Request\r\n"))).toBe("down protocol the server sent no packet of OpenVPN");
    expect(await against(replies(framed(new Uint8Array(0))))).toBe("down protocol the server sent an empty packet");
    expect(await against(replies(Buffer.concat(Array.from({ length: 50 }, () => framed(Uint8Array.of(0x28))))))).toBe("down protocol the server sends packets, but no answer to our reset");
  });
  it("tells where the connection ends", async () => {
    expect(await against((socket) => void socket.end())).toMatch(/^down closed 127.0.0.1 port P closed the connection at our reset; /);
    expect(await against(replies(Uint8Array.of(0, 26, 0x40)))).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await against(replies(Uint8Array.of(0, 26, 0x40), { close: false }), { deadlineMs: 200 })).toBe("down timeout 127.0.0.1 port P sent only 1 of 26 bytes in time");
  });
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof openvpn.run>[1]) => openvpn.run(openvpn.options.parse({ host: "127.0.0.1", port, transport: "tcp" }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
  });
});
