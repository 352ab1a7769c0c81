import type { Socket } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { tls } from "../../src/probes/tls.ts";
import { xmpp } from "../../src/probes/xmpp.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { describeWith, freePort, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { type Prosody, startProsody } from "./prosody.ts";
import { drips, rawServer, replies } from "./raw.ts";

const ask = (options: object, context: ContextRequest = {}) => xmpp.run(xmpp.options.parse({ domain: "sni.test", host: "127.0.0.1", ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};

describeWith(["openssl", "prosody"], "xmpp against Prosody", () => {
  let certificates: Certificates;
  let folder: string;
  let prosody: Prosody;
  const trusted = (more: object = {}): object => ({ ca: certificates.authority, ...more });
  beforeAll(async () => {
    folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    prosody = await startProsody(folder, certificates);
  });
  const c2s = (more: object = {}): object => ({ port: prosody.c2s, starttls: "required", tls: trusted(), ...more });

  it("opens a stream as a client, and another under TLS, over both families", async () => {
    const outcome = await ask(c2s());
    expect(outcome).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${prosody.c2s} serves sni.test (c2s, TLS)`, facts: { version: "1.0", starttls: "required", mechanisms: expect.arrayContaining(["SCRAM-SHA-1"]) as string[], certificate: { days: 90 }, address: "127.0.0.1" } });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "stream", "starttls", "tls"]);
    expect(outcome.evidence[0]?.text).toMatch(/^<\?xml version='1.0'\?><stream:stream to='sni.test' .*<starttls .*<\/stream:stream>$/s);
    expect(outcome.evidence[1]?.text).toMatch(/<\/stream:stream>$/);
    expect(await line(c2s({ host: "::1" }))).toMatch(/^up ok ::1 port /);
  });

  it("opens a stream as a server", async () => {
    expect(await line({ stream: "s2s", port: prosody.s2s, starttls: "required", tls: trusted(), from: "monitor.test" })).toBe(`up ok 127.0.0.1 port ${prosody.s2s} serves sni.test (s2s, TLS)`);
    expect(await line({ stream: "s2s", port: prosody.s2s, starttls: "off" })).toBe(`up ok 127.0.0.1 port ${prosody.s2s} serves sni.test (s2s, plain)`);
  });

  it("speaks TLS from the first byte", async () => {
    expect(await ask({ port: prosody.directC2s, tls: trusted() })).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${prosody.directC2s} serves sni.test (c2s, TLS)`, facts: { mechanisms: expect.arrayContaining(["PLAIN"]) as string[] } });
    expect(await line({ stream: "s2s", port: prosody.directS2s, tls: trusted(), from: "monitor.test" })).toMatch(/^up ok .* \(s2s, TLS\)$/);
    expect(await line({ port: prosody.c2s, tls: trusted() })).toMatch(/^down tls-failed /);
  });

  it("judges the certificate by the domain", async () => {
    expect(await line({ port: prosody.c2s })).toMatch(/^down tls-untrusted /);
    expect(await line(c2s({ domain: "other.test" }))).toBe("down tls-name the certificate is not for other.test but for localhost, sni.test, 127.0.0.1, and 1 more");
    expect(await line(c2s({ domain: "old.test" }))).toMatch(/^down tls-expired /);
    expect(await ask(c2s({ domain: "old.test", tls: trusted({ verify: false }) }))).toMatchObject({ verdict: "up", facts: { certificate: { days: -3 } } });
  });

  it("tells a domain that is not served", async () => expect(await line(c2s({ domain: "nobody.test" }))).toMatch(/^down mismatch the server does not know the domain nobody.test: host-unknown/));

  it("tells a stream of the other kind", async () => expect(await line({ port: prosody.s2s })).toMatch(/^down (protocol|status|mismatch) the server /));

  it("wants TLS, or takes it where there is some", async () => {
    const plain = await startProsody(folder, certificates, { tls: false });
    expect(await line({ port: plain.c2s })).toBe(`down protocol 127.0.0.1 port ${plain.c2s} does not offer STARTTLS`);
    expect(await ask({ port: plain.c2s, starttls: "optional" })).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${plain.c2s} serves sni.test (c2s, plain)`, facts: { starttls: "no" } });
    expect(await line(c2s({ starttls: "optional" }))).toMatch(/^up ok .* \(c2s, TLS\)$/);
    expect(await ask({ port: prosody.c2s, starttls: "off" })).toMatchObject({ verdict: "up", facts: { starttls: "required" } });
  });

  it("has its TLS looked at by the tls probe", async () => {
    const look = (options: object) => tls.run(tls.options.parse({ host: "127.0.0.1", tls: trusted({ servername: "sni.test" }), ...options }), probeContext());
    expect(await look({ port: prosody.c2s, starttls: "xmpp" })).toMatchObject({ verdict: "up", facts: { certificate: { days: 90 } } });
    expect(await look({ port: prosody.s2s, starttls: "xmpp-server" })).toMatchObject({ verdict: "up" });
    expect(await look({ port: prosody.c2s, starttls: "xmpp", tls: trusted({ servername: "old.test" }) })).toMatchObject({ code: "tls-expired", facts: { certificate: { days: -3 } } });
  });

  it("sees it hang and go", async () => {
    prosody.signal("SIGSTOP");
    expect(await line(c2s(), { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${prosody.c2s} sent nothing in time`);
    prosody.signal("SIGCONT");
    await prosody.stop();
    expect(await line(c2s())).toBe(`down refused 127.0.0.1 port ${prosody.c2s} refused the connection`);
  });
});

const STREAM = "<s:stream xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams' id='1' from='sni.test' version='1.0'>";
const OFFER = "<s:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></s:features>";
const PROCEED = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

describe("xmpp against faults", () => {
  const against = async (serve: (socket: Socket) => void, options: object = {}, context: ContextRequest = {}): Promise<string> => {
    const server = await rawServer(serve);
    const said = await line({ port: server.port, starttls: "off", ...options }, context);
    await server.idle();
    return said.replaceAll(String(server.port), "P");
  };
  const says = (text: string, options: object = {}): Promise<string> => against(replies(text), options);
  it("reads byte by byte", async () => expect(await against(drips(Buffer.from(`${STREAM}<s:features/></s:stream>`)))).toBe("up ok 127.0.0.1 port P serves sni.test (c2s, plain)"));
  it("tells another protocol", async () => {
    expect(await says("HTTP/1.1 400 Bad Request\r\n\r\n")).toBe("down protocol the server sent no XML");
    expect(await says("<html>")).toBe("down protocol the server opened no XMPP stream");
    expect(await says(`${STREAM}<message xmlns='jabber:client'/>`)).toBe("down protocol the server sent <message> where its features were due");
    expect(await says(`${STREAM.replace("client", "server")}<s:features/>`)).toBe("down protocol the server opened a stream of jabber:server, not of jabber:client");
    expect(await says("<!DOCTYPE html>")).toMatch(/^down protocol the server sent a comment, a document type /);
  });
  it("knows a server older than features", async () => expect(await says(STREAM.replace(" version='1.0'", ""))).toBe("up ok 127.0.0.1 port P serves sni.test (c2s, plain)"));
  it("tells the end of a stream, and why", async () => {
    const error = (inner: string): string => `${STREAM}<s:error>${inner}</s:error></s:stream>`;
    const named = "xmlns='urn:ietf:params:xml:ns:xmpp-streams'";
    expect(await says(error(`<system-shutdown ${named}/><text ${named}>going down</text>`))).toBe("down status the server ended the stream: system-shutdown, going down");
    expect(await says(error(`<see-other-host ${named}>b.test</see-other-host>`))).toBe("down status the server ended the stream: see-other-host, b.test");
    expect(await says(`${STREAM}</s:stream>`)).toBe("down closed the server closed its stream");
  });
  it("tells where the connection ends", async () => {
    expect(await against((socket) => void socket.end())).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await says(STREAM)).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await says(STREAM.slice(0, 20))).toBe("down closed 127.0.0.1 port P closed the connection");
  });
  it("ends at its deadline", async () => {
    expect(await against(() => {}, {}, { deadlineMs: 150 })).toBe("down timeout 127.0.0.1 port P sent nothing in time");
    expect(await against(replies(STREAM, { close: false }), {}, { deadlineMs: 150 })).toBe("down timeout 127.0.0.1 port P sent only 0 of 1 bytes in time");
  });
  it("takes no answer without end", async () => {
    expect(await says(`${STREAM}<s:features>${"<a/>".repeat(50_000)}`)).toMatch(/^down (protocol the server sent more than 1000 elements|too-large )/);
    expect(await says(`${STREAM}${" ".repeat(200_000)}`)).toMatch(/^down (protocol|too-large) /);
  });
  it("takes nothing for secured that came before", async () => {
    expect(await says(`${STREAM}${OFFER}${PROCEED}<injected/>`, { starttls: "required" })).toBe("down protocol the server sent 11 bytes more before TLS began (command injection, CVE-2011-0411)");
    expect(await says(`${STREAM}${OFFER}<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`, { starttls: "required" })).toBe("down protocol the server refused STARTTLS: <failure>");
    expect(await says(`${STREAM}${OFFER}${PROCEED}`, { starttls: "required" })).toMatch(/^down tls-failed /);
  });
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof xmpp.run>[1]) => xmpp.run(xmpp.options.parse({ domain: "sni.test", host: "127.0.0.1", port }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
    expect(await leaks({ run, serve: (socket) => void socket.write(STREAM) })).toEqual({ left: [], codes: ["timeout"] });
  });
  it("cannot resolve", async () => {
    const port = await freePort();
    expect(await line({ port, host: "nowhere.invalid" }, { resolvers: [`127.0.0.1:${port}`] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });
});
