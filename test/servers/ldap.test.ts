import type { Socket } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { ldap } from "../../src/probes/ldap.ts";
import { ber, berInteger, berText } from "../../src/wire/ber.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { describeWith, freePort, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { drips, rawServer, replies } from "./raw.ts";
import { type Slapd, startSlapd } from "./slapd.ts";

const ask = (options: object, context: ContextRequest = {}) => ldap.run(ldap.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};
const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(" ", ""), "hex");
const BOUND = bytes("300c 020102 6107 0a0100 0400 0400");

describeWith(["slapd", "openssl"], "ldap against slapd", () => {
  let certificates: Certificates;
  let slapd: Slapd;
  let strict: Slapd;
  const PROBE = { dn: "uid=probe,dc=example,dc=test", password: "probepw" };
  const trusted = (more: object = {}): object => ({ ca: certificates.authority, ...more });
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    [slapd, strict] = await Promise.all([startSlapd(folder, certificates.good), startSlapd(folder, certificates.expired, { anonymous: false })]);
  });

  it("binds anonymously over both families and says goodbye", async () => {
    expect(await line({ port: slapd.port })).toBe("up ok bound anonymously");
    expect(await line({ port: slapd.port, host: "::1" })).toBe("up ok bound anonymously");
    const outcome = await ask({ port: slapd.port, host: "localhost", family: 4 });
    expect(Object.keys(outcome.phases)).toEqual(["resolve", "connect", "bind"]);
    expect(outcome).toMatchObject({ facts: { result: 0, resultName: "success", address: "127.0.0.1" }, evidence: [{ text: "anonymous bind\nunbind\n" }, { label: "received" }] });
    await expect.poll(() => slapd.log()).toContain("UNBIND");
  });

  it("binds by name", async () => {
    expect(await line({ port: slapd.port, ...PROBE })).toBe("up ok bound as uid=probe,dc=example,dc=test");
    expect(await line({ port: slapd.port, ...PROBE, password: "wrong" })).toBe("down auth the server refused the bind as uid=probe,dc=example,dc=test: invalidCredentials (49)");
    expect(await line({ port: slapd.port, dn: "nonsense", password: "x" })).toMatch(/^down status the server refused the bind as nonsense: invalidDNSyntax \(34\)/);
    expect(JSON.stringify(await ask({ port: slapd.port, ...PROBE }))).not.toContain("probepw");
  });

  it("reads one entry", async () => {
    expect(await ask({ port: slapd.port, base: "", attributes: ["namingcontexts"] })).toMatchObject({ verdict: "up", sentence: "bound anonymously and read the root DSE", facts: { entry: { namingcontexts: ["dc=example,dc=test"] } } });
    expect(await ask({ port: slapd.port, ...PROBE, base: PROBE.dn, attributes: ["sn", "mail"], filter: "sn" })).toMatchObject({ verdict: "up", facts: { entry: { sn: ["Grüße"], mail: ["probe@example.test", "second@example.test"] } } });
    expect(await line({ port: slapd.port, base: PROBE.dn, filter: "sn" })).toBe(`down mismatch ${PROBE.dn} has no sn, or may not be read by who was bound`);
    expect(await line({ port: slapd.port, base: "uid=nobody,dc=example,dc=test" })).toBe("down mismatch reading uid=nobody,dc=example,dc=test: noSuchObject (32)");
    expect(await ask({ port: slapd.port, base: "uid=nobody,dc=example,dc=test" }, { wants: ["result"] })).toMatchObject({ verdict: "up", facts: { result: 32, resultName: "noSuchObject" } });
    expect(await line({ port: slapd.port, base: "dc=elsewhere" })).toMatch(/^down (status|mismatch) reading dc=elsewhere: (noSuchObject|referral|unwillingToPerform) /);
  });

  it("speaks TLS from the first byte and by StartTLS, and judges the certificate", async () => {
    expect(await ask({ port: slapd.tlsPort, tls: trusted(), base: "" })).toMatchObject({ verdict: "up", facts: { certificate: { days: 90 }, tls: { protocol: "TLSv1.3" } } });
    const secured = await ask({ port: slapd.port, starttls: true, tls: trusted(), ...PROBE, base: "dc=example,dc=test" });
    expect(secured).toMatchObject({ verdict: "up", sentence: `bound as ${PROBE.dn} and read dc=example,dc=test`, facts: { certificate: { days: 90 } } });
    expect(Object.keys(secured.phases)).toEqual(["connect", "starttls", "tls", "bind", "search"]);
    expect(await line({ port: slapd.port, starttls: true })).toMatch(/^down tls-untrusted /);
    expect(await line({ port: slapd.tlsPort, tls: trusted({ servername: "other.test" }) })).toMatch(/^down tls-name /);
    expect(await ask({ port: strict.tlsPort, tls: trusted() })).toMatchObject({ code: "tls-expired", facts: { certificate: { days: -3 } } });
    expect(await line({ port: strict.port, starttls: true, tls: trusted() })).toMatch(/^down tls-expired /);
    expect(await line({ port: slapd.port, tls: trusted() })).toMatch(/^down tls-failed /);
  });

  it("takes a directory that knows no strangers for what the check says", async () => {
    expect(await line({ port: strict.port })).toBe("down auth the server refused the anonymous bind: inappropriateAuthentication (48), anonymous bind disallowed");
    expect(await ask({ port: strict.port }, { wants: ["result"] })).toMatchObject({ verdict: "up", code: "ok", facts: { result: 48 } });
    expect(await line({ port: strict.port, ...PROBE })).toMatch(/^up ok /);
  });

  it("sees it hang and go", async () => {
    slapd.signal("SIGSTOP");
    expect(await line({ port: slapd.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${slapd.port} sent nothing in time`);
    slapd.signal("SIGCONT");
    await slapd.stop();
    expect(await line({ port: slapd.port })).toBe(`down refused 127.0.0.1 port ${slapd.port} refused the connection`);
  });
});

describe("ldap against faults", () => {
  const against = async (serve: (socket: Socket) => void, options: object = {}, context: ContextRequest = {}): Promise<string> => {
    const server = await rawServer(serve);
    const said = await line({ port: server.port, ...options }, context);
    await server.idle();
    return said.replaceAll(String(server.port), "P");
  };
  it("reads an answer byte by byte", async () => expect(await against(drips(BOUND))).toBe("up ok bound anonymously"));
  it("tells another protocol", async () => {
    expect(await against(replies("HTTP/1.1 400 Bad Request\r\n\r\n"))).toBe("down protocol the server sent no LDAP message");
    expect(await against((socket) => void socket.write("220 mail.example.com ESMTP\r\n"))).toBe("down protocol the server sent no LDAP message");
  });
  it("tells where the connection ends", async () => {
    expect(await against((socket) => void socket.end())).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await against(replies(BOUND.subarray(0, 7)))).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await against((socket) => void socket.resetAndDestroy())).toMatch(/^down reset /);
  });
  it("ends at its deadline", async () => {
    expect(await against(() => {}, {}, { deadlineMs: 100 })).toBe("down timeout 127.0.0.1 port P sent nothing in time");
    expect(await against(replies(BOUND.subarray(0, 7), { close: false }), {}, { deadlineMs: 200 })).toMatch(/^down timeout 127.0.0.1 port P sent only \d of \d+ bytes in time/);
  });
  it("takes no answer without end, and no announced one", async () => {
    const passed = Buffer.concat(Array.from({ length: 9000 }, () => bytes("3009 020102 7304 0402 6c64")));
    expect(await against(replies(passed))).toBe("down too-large the server sent more than 100 messages without a result");
    expect(await against(replies(bytes("3084 7fffffff 020102")))).toBe("down too-large the server announces a message of 2147483653 bytes");
  });
  it("takes an answer for its own question only", async () => {
    expect(await against(replies(bytes("300c 020107 6107 0a0100 0400 0400")))).toBe("down protocol the server answered message 7, but 2 was asked");
    expect(await against(replies(bytes("300c 020102 6507 0a0100 0400 0400")))).toBe("down protocol the server answered another operation than was asked");
  });
  it("hears a server say goodbye", async () => {
    const notice = ber(0x30, berInteger(0), ber(0x78, berInteger(52, 0x0a), berText(""), berText("going down"), berText("1.3.6.1.4.1.1466.20036", 0x8a)));
    expect(await against(replies(notice))).toBe("down closed the server ended the connection: unavailable (52), going down");
  });
  it("takes nothing for secured that came before", async () => {
    const go = bytes("300c 020101 7807 0a0100 0400 0400");
    expect(await against(replies(Buffer.concat([go, BOUND])), { starttls: true })).toBe("down protocol the server sent 14 bytes more before TLS began (command injection, CVE-2011-0411)");
    expect(await against(replies(bytes("300c 020101 7807 0a0102 0400 0400")), { starttls: true })).toBe("down protocol the server refused StartTLS: protocolError (2)");
    expect(await against(replies(go), { starttls: true })).toMatch(/^down tls-failed /);
  });
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof ldap.run>[1]) => ldap.run(ldap.options.parse({ host: "127.0.0.1", port }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
    expect(await leaks({ run, serve: (socket) => void socket.write(BOUND.subarray(0, 7)) })).toEqual({ left: [], codes: ["timeout"] });
  });
  it("is refused, and cannot resolve", async () => {
    const port = await freePort();
    expect(await line({ port })).toBe(`down refused 127.0.0.1 port ${port} refused the connection`);
    expect(await line({ port, host: "nowhere.invalid" }, { resolvers: [`127.0.0.1:${port}`] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });
});
