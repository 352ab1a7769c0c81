import { createSocket } from "node:dgram";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { uptimes } from "../../src/probes/uptimes.ts";
import { realHost } from "../../src/sys/host.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { atEnd, freePort } from "./ground.ts";
import { leaks } from "./leak.ts";
import { drips, rawServer, replies } from "./raw.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const ask = (options: object, context: ContextRequest = {}) => uptimes.run(uptimes.options.parse({ host: "127.0.0.1", key: KEY, ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};
const minutes = (): number => Math.floor(realHost().uptimeMs() / 60_000);

/** Against a fake: the project's servers are not in Debian. */
describe("uptimes 5.0", () => {
  const listener = async (address: string): Promise<{ readonly port: number; readonly next: Promise<string> }> => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    const next = new Promise<string>((resolve) => socket.once("message", (bytes) => resolve(bytes.toString())));
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    atEnd(async () => void socket.close());
    return { port: socket.address().port, next };
  };

  it("sends one datagram with what this machine says of itself, over both families", async () => {
    for (const host of ["127.0.0.1", "::1"]) {
      const { port, next } = await listener(host);
      const from = minutes();
      const outcome = await ask({ port, host });
      const [key, uptime, load, idle, os, level, machine, client] = (await next).split("|");
      expect([key, os, level, machine, client]).toEqual([KEY, realHost().system().name, realHost().system().release, realHost().system().machine, "Tocsin"]);
      expect([from, from + 1]).toContain(Number(uptime));
      expect(load).toMatch(/^\d{1,3}\.\d\d$/);
      expect(Number(idle)).toBeLessThanOrEqual(100);
      expect(outcome).toMatchObject({ verdict: "up", sentence: `reported ${uptime} minutes to ${host} (which never answers)`, facts: { uptime: Number(uptime), load: Number(load), idle: Number(idle) } });
      expect(JSON.stringify(outcome)).not.toContain(KEY);
    }
  });
  it("is down where nobody listens, and where there is nothing", async () => {
    expect(await line({ port: await freePort() })).toMatch(/^down refused 127.0.0.1 port \d+ refused the connection$/);
    expect(await line({ host: "nowhere.invalid" }, { resolvers: ["127.0.0.1:9"] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });
});

describe("uptimes 4.2", () => {
  const server = async (answer: string, status = 200): Promise<{ readonly port: number; readonly asked: { head: string; body: string } }> => {
    const asked = { head: "", body: "" };
    const http: Server = createServer((request, response) => {
      asked.head = `${request.method} ${request.url} ${request.headers["user-agent"]} ${request.headers["connection"]}`;
      request.on("data", (chunk: Buffer) => (asked.body += chunk.toString()));
      request.on("end", () => {
        response.writeHead(status);
        // in two chunks, so that the answer is chunked
        response.write(answer.slice(0, 5));
        response.end(answer.slice(5));
      });
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    atEnd(async () => {
      http.closeAllConnections();
      http.close();
    });
    return { port: (http.address() as AddressInfo).port, asked };
  };
  const against = async (answer: string, status?: number): Promise<string> => line({ version: "4.2", port: (await server(answer, status)).port });

  it("sends a form, which is taken", async () => {
    const { port, asked } = await server("UP4: 000 thank you\n");
    const from = minutes();
    const outcome = await ask({ version: "4.2", port });
    expect(asked.head).toBe("POST /server.html upclient/4.20/tocsin-1.0 close");
    const form = new URLSearchParams(asked.body);
    expect([...form.keys()]).toEqual(["auth", "uptime", "load", "idle", "os", "oslevel"]);
    expect([form.get("auth"), form.get("os")]).toEqual([KEY, realHost().system().name]);
    expect([from, from + 1]).toContain(Number(form.get("uptime")));
    expect(outcome).toMatchObject({ verdict: "up", sentence: `reported ${form.get("uptime")} minutes to 127.0.0.1, which took it`, facts: { answer: "000" } });
    expect(JSON.stringify(outcome)).not.toContain(KEY);
  });
  it("is down when it is not taken", async () => {
    expect(await against("UP4: 101 unknown key\n")).toBe("down status the server did not take the report: 101 unknown key");
    expect(await against("<html>hello</html>")).toBe("down protocol the answer holds no `UP4:` and number");
    expect(await against("UP4: 000", 503)).toBe("down status HTTP 503 Service Unavailable");
  });
  it("tells what goes wrong on the way", async () => {
    const to = async (...given: Parameters<typeof rawServer>): Promise<number> => (await rawServer(...given)).port;
    expect(await line({ version: "4.2", port: await freePort() })).toMatch(/^down refused /);
    expect(await line({ version: "4.2", port: await to((socket) => void socket.end()) })).toMatch(/^down (closed|reset) /);
    expect(await line({ version: "4.2", port: await to(replies("220 mail ESMTP\r\n")) })).toMatch(/^down protocol /);
    expect(await line({ version: "4.2", port: await to(() => {}) }, { deadlineMs: 150 })).toMatch(/^down timeout /);
    expect(await line({ version: "4.2", port: await to(drips(Buffer.from("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nUP4: 000 ok"))) })).toMatch(/^up ok /);
    expect(await line({ version: "4.2", port: await to(replies(`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(100_000)}UP4: 000 ok`)) })).toBe("down protocol the answer holds no `UP4:` and number");
  });
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof uptimes.run>[1]) => uptimes.run(uptimes.options.parse({ host: "127.0.0.1", port, key: KEY, version: "4.2" }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
  });
});
