import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { domain } from "../../src/probes/domain.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { atEnd, freePort } from "./ground.ts";
import { leaks } from "./leak.ts";
import { drips, rawServer, replies } from "./raw.ts";

const ask = (options: object, context: ContextRequest = {}) => domain.run(domain.options.parse({ name: "example.test", ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};
const inDays = (days: number): string => new Date(Date.now() + (days + 0.5) * 86_400_000).toISOString();
const registration = (name: string, more: object = {}): string =>
  JSON.stringify({
    objectClassName: "domain",
    ldhName: name.toUpperCase(),
    status: ["active"],
    events: [{ eventAction: "registration", eventDate: "1995-08-14T04:00:00Z" }, { eventAction: "expiration", eventDate: inDays(40) }],
    entities: [{ roles: ["registrar"], vcardArray: ["vcard", [["fn", {}, "text", "Example Registrar"]]] }],
    nameservers: [{ ldhName: "NS1.EXAMPLE.TEST" }],
    ...more,
  });

/** A registry over HTTP in this process: RDAP has no server that Debian packages. */
describe("domain against an RDAP server", () => {
  let port = 0;
  let asked: string[] = [];
  const rdap = (text: string, status = 200) => ({ status, text });
  const answers: { readonly [path: string]: () => { readonly status: number; readonly text: string } } = {
    "/rdap/domain/example.test": () => rdap(registration("example.test")),
    "/rdap/domain/xn--bcher-kva.test": () => rdap(registration("xn--bcher-kva.test")),
    "/rdap/domain/ended.test": () => rdap(registration("ended.test", { events: [{ eventAction: "expiration", eventDate: "2020-01-02T03:04:05Z" }] })),
    "/rdap/domain/dateless.test": () => rdap(registration("dateless.test", { events: [] })),
    "/rdap/domain/leaving.test": () => rdap(registration("leaving.test", { status: ["Redemption Period"] })),
    "/rdap/domain/other.test": () => rdap(registration("elsewhere.test")),
    "/rdap/domain/busy.test": () => rdap("{}", 429),
    "/rdap/domain/broken.test": () => rdap("{}", 500),
    "/rdap/domain/html.test": () => rdap("<html>"),
    "/rdap/domain/huge.test": () => rdap(" ".repeat(300_000)),
    "/dns.json": () => rdap(JSON.stringify({ services: [[["test"], [`http://127.0.0.1:${port}/rdap/`]], [["org"], []]] })),
  };
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? "";
    asked.push(`${request.method} ${path}`);
    if (path === "/moved/domain/example.test") {
      response.writeHead(302, { location: "/rdap/domain/example.test" }).end();
      return;
    }
    const { status, text } = answers[path]?.() ?? rdap("{}", 404);
    const zipped = path.endsWith("/example.test");
    response.writeHead(status, { "content-type": "application/rdap+json", ...(zipped ? { "content-encoding": "gzip" } : {}) }).end(zipped ? gzipSync(text) : text);
  };
  beforeAll(async () => {
    for (const address of ["127.0.0.1", "::1"]) {
      const server = createServer(serve);
      await new Promise<void>((resolve) => server.listen(port, address, resolve));
      port = (server.address() as AddressInfo).port;
      atEnd(async () => {
        server.close();
        server.closeAllConnections();
      });
    }
  });
  const at = (options: object = {}): object => ({ server: `http://127.0.0.1:${port}/rdap/`, ...options });

  it("tells when a registration ends, and whose it is", async () => {
    const outcome = await ask(at());
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: "example.test is registered for 40 more days" });
    expect(outcome.facts).toMatchObject({ days: 40, registered: "1995-08-14T04:00:00Z", registrar: "Example Registrar", status: ["active"], nameservers: ["ns1.example.test"], server: `127.0.0.1:${port}` });
    expect(outcome.evidence.map(({ label }) => label)).toEqual(["sent", "received"]);
    expect(outcome.evidence[1]?.text).toContain("Example Registrar");
    expect(await line(at({ name: "bücher.test" }))).toBe("up ok bücher.test is registered for 40 more days");
    expect(await line(at({ server: `http://[::1]:${port}/rdap` }))).toMatch(/^up ok/);
    expect(await line(at({ server: `http://127.0.0.1:${port}/moved/` }))).toMatch(/^up ok/);
  });

  it("finds the server by the registry of all registries", async () => {
    asked = [];
    expect(await line({ bootstrap: `http://127.0.0.1:${port}/dns.json` })).toBe("up ok example.test is registered for 40 more days");
    expect(asked).toEqual(["GET /dns.json", "GET /rdap/domain/example.test"]);
    expect(await line({ bootstrap: `http://127.0.0.1:${port}/dns.json`, name: "example.org" })).toBe(`unknown resolver 127.0.0.1:${port} knows no RDAP server for example.org; name one with \`server\``);
    expect(await line({ bootstrap: `http://127.0.0.1:${port}/elsewhere` })).toBe(`unknown resolver the registry of RDAP servers: 127.0.0.1:${port} answered with HTTP 404`);
    expect(await line({ bootstrap: `http://127.0.0.1:${await freePort()}/` })).toMatch(/^unknown resolver the registry of RDAP servers: .* refused the connection$/);
  });

  it("tells a domain that is lost, or on its way", async () => {
    expect(await line(at({ name: "ended.test" }))).toBe("down mismatch the registration of ended.test ended on 2020-01-02");
    expect(await line(at({ name: "no.test" }))).toBe(`down status no.test is not registered, says 127.0.0.1:${port} (HTTP 404)`);
    expect(await line(at({ name: "leaving.test" }))).toBe("down mismatch leaving.test is in the state `redemption period`");
    expect(await line(at({ name: "leaving.test" }), { wants: ["status"] })).toMatch(/^up ok/);
    expect((await ask(at({ name: "dateless.test" }))).facts).not.toHaveProperty("days");
    expect(await line(at({ name: "dateless.test" }))).toBe("up ok dateless.test is registered; its registry does not tell until when");
  });

  it("tells what is no answer", async () => {
    const where = `127.0.0.1:${port}`;
    expect(await line(at({ name: "other.test" }))).toBe("down protocol the registry answered about elsewhere.test, not other.test");
    expect(await line(at({ name: "busy.test" }))).toBe(`unknown resources ${where} was asked too often (HTTP 429); check less often`);
    expect(await line(at({ name: "broken.test" }))).toBe(`down status ${where} answered with HTTP 500`);
    expect(await line(at({ name: "html.test" }))).toBe(`down protocol ${where} sent no RDAP answer about a domain`);
    expect(await line(at({ name: "huge.test" }))).toBe(`down too-large ${where} sent more than 262144 octets`);
  });
});

describe("domain against faults", () => {
  const head = (length: number): string => `HTTP/1.1 200 OK\r\nContent-Type: application/rdap+json\r\nContent-Length: ${length}\r\n\r\n`;
  const text = registration("example.test");
  const against = async (serve: Parameters<typeof rawServer>[0], context: ContextRequest = {}): Promise<string> => line({ server: `http://127.0.0.1:${(await rawServer(serve)).port}` }, context);

  it("reads an answer byte by byte, and tells how one fails", async () => {
    expect(await against(drips(Buffer.from(`${head(Buffer.byteLength(text))}${text}`)))).toMatch(/^up ok/);
    expect(await against((socket) => void socket.end())).toMatch(/^down closed /);
    expect(await against(replies(`${head(1000)}{`))).toMatch(/^down closed /);
    expect(await against(replies("SSH-2.0-OpenSSH_9.2\r\n"))).toMatch(/^down protocol /);
    expect(await against(() => {}, { deadlineMs: 300 })).toMatch(/^down timeout /);
    expect(await against(replies(`${head(1000)}{`, { close: false }), { deadlineMs: 300 })).toMatch(/^down timeout /);
    expect(await line({ server: `http://127.0.0.1:${await freePort()}` })).toMatch(/^down refused /);
  });

  it("leaves nothing behind", async () => {
    expect(await leaks({ run: (port, ctx) => domain.run(domain.options.parse({ name: "example.test", server: `http://127.0.0.1:${port}` }), ctx) })).toEqual({ left: [], codes: ["timeout"] });
  });

  it("refuses at loading what is no domain", () => {
    const wrong = (name: string): string => domain.check?.(domain.options.parse({ name }))?.wrong ?? "";
    expect(wrong("example.com")).toBe("");
    expect(wrong("com")).toBe("`com` is no registered domain");
    expect(wrong("a..com")).toBe("`a..com` has an empty part between its dots");
  });
});
