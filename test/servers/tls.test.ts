import { type Socket, connect } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { tls } from "../../src/probes/tls.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { type RunningServer, describeWith, freePort, temporaryFolder } from "./ground.ts";
import { startNews } from "./inn2.ts";
import { leaks } from "./leak.ts";
import { startMariadb } from "./mariadb.ts";
import { type Nginx, startNginx } from "./nginx.ts";
import { startTlsServer } from "./openssl.ts";
import { startPostgresql } from "./postgresql.ts";
import { converses, rawServer, replies } from "./raw.ts";
import { startSlapd } from "./slapd.ts";
import { startVsftpd } from "./vsftpd.ts";

/** Greeting of a MySQL server with these capabilities, the lower two octets in hexadecimal. */
function mysqlGreeting(capabilities: string): Buffer {
  const body = Buffer.from(`0a${Buffer.from("8.0.36\0").toString("hex")}09000000 0102030405060708 00 ${capabilities} ff0200 ffdf15 ${"00".repeat(10)} 0102030405060708090a0b0c00 ${Buffer.from("mysql_native_password\0").toString("hex")}`.replaceAll(" ", ""), "hex");
  return Buffer.concat([Buffer.of(body.length, 0, 0, 0), body]);
}
const GREETING = mysqlGreeting("ffff");

const ask = (options: object, context: ContextRequest = {}) => tls.run(tls.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};

describeWith(["nginx-light", "openssl", "slapd"], "tls against nginx, OpenSSL and slapd", () => {
  let certificates: Certificates;
  let folder: string;
  let nginx: Nginx;
  const trusted = (more: object = {}): object => ({ ca: certificates.authority, ...more });
  beforeAll(async () => {
    folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    nginx = await startNginx(folder, certificates);
  });

  it("tells days, names, protocol, cipher and key, over both families and by name", async () => {
    const outcome = await ask({ port: nginx.https, host: "localhost", family: 4, tls: trusted() });
    expect(outcome).toMatchObject({
      verdict: "up",
      sentence: `localhost port ${nginx.https} speaks TLSv1.3, its certificate has 90 days left`,
      facts: { address: "127.0.0.1", certificate: { days: 90, issuer: "CN=Tocsin test authority", names: ["localhost", "sni.test", "127.0.0.1", "::1"] }, tls: { protocol: "TLSv1.3", cipher: expect.stringMatching(/^TLS_/) as string } },
    });
    expect(Object.keys(outcome.phases)).toEqual(["resolve", "connect", "tls"]);
    expect(outcome.evidence).toMatchObject([{ label: "certificate", text: expect.stringContaining("CN=localhost") as string }]);
    expect(await line({ port: nginx.https, host: "::1", tls: trusted() })).toMatch(/^up ok ::1 port \d+ speaks TLSv1.3, its certificate has 90 days left$/);
    expect(await ask({ port: nginx.https, tls: trusted({ servername: "b.sni.test" }) })).toMatchObject({ verdict: "up", facts: { certificate: { days: 60, names: ["b.sni.test"] } } });
  });

  it("judges expiry, trust and name, and has the facts all the same", async () => {
    expect(await ask({ port: nginx.httpsWith.expired, tls: trusted() })).toMatchObject({ verdict: "down", code: "tls-expired", facts: { certificate: { days: -3 } } });
    expect(await ask({ port: nginx.httpsWith.expired })).toMatchObject({ verdict: "down", code: "tls-expired", facts: { certificate: { days: -3 } } });
    expect(await line({ port: nginx.httpsWith.notYetValid, tls: trusted() })).toMatch(/^down tls-untrusted .* it is valid only from /);
    expect(await ask({ port: nginx.httpsWith.selfSigned })).toMatchObject({ code: "tls-untrusted", facts: { certificate: { subject: "CN=localhost" } } });
    expect(await line({ port: nginx.httpsWith.selfSigned, tls: { servername: "other.test" } })).toMatch(/^down tls-untrusted .*self-signed; the certificate is not for other\.test but for localhost/);
    expect(await line({ port: nginx.httpsWith.wrongName, tls: trusted() })).toBe("down tls-name the certificate is not for 127.0.0.1 but for elsewhere.test");
    expect(await ask({ port: nginx.httpsWith.expiring, tls: trusted() })).toMatchObject({ verdict: "up", facts: { certificate: { days: 5 } } });
    expect(await line({ port: nginx.httpsWith.expired, tls: { verify: false } })).toMatch(/^up ok .*, its certificate has expired$/);
  });

  it("knows a pinned key, and tells another", async () => {
    const { facts } = await ask({ port: nginx.https, tls: trusted() });
    const key = typeof facts["key"] === "string" ? facts["key"] : "";
    expect(await line({ port: nginx.https, tls: trusted(), pin: key })).toMatch(/^up ok/);
    expect(await line({ port: nginx.httpsWith.selfSigned, tls: { verify: false }, pin: key })).toMatch(/^down mismatch the server's key is \S{44}, which is not pinned$/);
    expect(await line({ port: nginx.https, tls: trusted(), pin: ["ab".repeat(32), Buffer.from(key, "base64").toString("hex")] })).toMatch(/^up ok/);
  });

  it("tells the key of the certificate that it sees now, not of the one before", async () => {
    let target = nginx.https;
    const way = await rawServer((client) => {
      const server = connect(target, "127.0.0.1").on("error", () => client.destroy());
      client.pipe(server).pipe(client);
    });
    const chosen = tls.options.parse({ host: "127.0.0.1", port: way.port, tls: { verify: false } });
    const key = async (): Promise<unknown> => (await tls.run(chosen, probeContext())).facts["key"];
    const first = await key();
    expect(await key()).toBe(first);
    target = nginx.httpsWith.selfSigned;
    expect(await key()).toMatch(/^\S{44}$/);
    expect(await key()).not.toBe(first);
  });

  it("agrees on a protocol inside", async () => {
    expect(await ask({ port: nginx.https, tls: trusted(), alpn: ["h2", "http/1.1"] })).toMatchObject({ verdict: "up", facts: { alpn: "h2" } });
    expect(await line({ port: nginx.https, tls: trusted(), alpn: ["xmpp-client"] })).toMatch(/^down (tls-failed|mismatch) /);
    const { port } = await startTlsServer(folder, certificates.good);
    expect(await line({ port, tls: trusted(), alpn: ["h2"] })).toBe("down mismatch the server agreed on none of h2 (ALPN)");
  });

  it("takes no older version than it is told to", async () => {
    const { port } = await startTlsServer(folder, certificates.good, ["-tls1_2"]);
    expect(await ask({ port, tls: trusted() })).toMatchObject({ verdict: "up", facts: { tls: { protocol: "TLSv1.2" } } });
    expect(await line({ port, tls: trusted({ minVersion: "TLSv1.3" }) })).toMatch(/^down tls-failed /);
    const old = await startTlsServer(folder, certificates.good, ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]);
    expect(await line({ port: old.port, tls: trusted() })).toMatch(/^down tls-failed /);
    expect(await ask({ port: old.port, tls: trusted({ minVersion: "TLSv1.1" }) })).toMatchObject({ verdict: "up", facts: { tls: { protocol: "TLSv1.1" } } });
  });

  it("shows its own certificate, and hears that it is not welcome", async () => {
    const { port } = await startTlsServer(folder, certificates.good, ["-Verify", "2", "-verify_return_error", "-CAfile", certificates.authorityPath]);
    const own = ({ cert, key }: { readonly cert: string; readonly key: string }): object => trusted({ cert, key });
    expect(await line({ port, tls: own(certificates.client) })).toMatch(/^up ok/);
    expect(await line({ port, tls: own(certificates.selfSigned) })).toMatch(/^down tls-failed TLS failed: the server sent the alert (unknown ca|bad certificate)$/);
    expect(await line({ port: nginx.https, tls: own(certificates.client) })).toMatch(/^up ok/);
  });

  it("asks a directory for TLS", async () => {
    const slapd = await startSlapd(folder, certificates.expired);
    expect(await ask({ port: slapd.port, starttls: "ldap", tls: trusted() })).toMatchObject({ code: "tls-expired", facts: { certificate: { days: -3 } }, evidence: [{ label: "sent", text: "StartTLS\n" }, { label: "received" }, { label: "certificate" }] });
    expect(await line({ port: slapd.port, starttls: "ldap", tls: { verify: false } })).toMatch(/^up ok/);
  });

  it("finds another protocol, and nobody", async () => {
    expect(await line({ port: nginx.http })).toBe("down tls-failed TLS failed: the server does not speak TLS on this port");
    expect(await line({ port: nginx.http, starttls: "ldap" })).toBe("down protocol the server refused StartTLS: no LDAP message");
    await nginx.stop();
    expect(await line({ port: nginx.https })).toBe(`down refused 127.0.0.1 port ${nginx.https} refused the connection`);
  });
});

describeWith(["inn2", "mariadb-server", "openssl", "postgresql", "vsftpd"], "tls against PostgreSQL, MariaDB, INN and vsftpd", () => {
  it.each([
    ["postgres", startPostgresql],
    ["mysql", startMariadb],
    ["nntp", (parent, certificate) => startNews(parent, { certificate })],
    ["ftp", (parent, certificate) => startVsftpd(parent, certificate)],
  ] as const satisfies readonly (readonly [string, (parent: string, certificate: Certificates["good"]) => Promise<RunningServer & { readonly port: number }>])[])(
    "asks for TLS the way of %s",
    async (starttls, start) => {
      const folder = temporaryFolder();
      const certificates = await makeCertificates(folder);
      const [good, expired] = [await start(folder, certificates.good), await start(folder, certificates.expired)];
      const trusted = { starttls, tls: { ca: certificates.authority } };
      const outcome = await ask({ port: good.port, ...trusted });
      expect(outcome).toMatchObject({ verdict: "up", facts: { certificate: { days: 90, issuer: "CN=Tocsin test authority" } } });
      expect(outcome.phases).toMatchObject({ starttls: expect.any(Number) as number, tls: expect.any(Number) as number });
      // It counts those who leave without a login, and shuts them out.
      if (starttls === "mysql") expect(JSON.stringify(outcome.evidence)).toContain("Access denied for user 'tocsin'");
      expect(await line({ port: expired.port, ...trusted })).toMatch(/^down tls-expired /);
      expect(await line({ port: good.port, starttls })).toMatch(/^down tls-untrusted /);
      // Asked in the way of another, it is none.
      expect(await line({ port: good.port, ...trusted, starttls: starttls === "mysql" ? "smtp" : "mysql" }, { deadlineMs: 3000 })).toMatch(/^down (protocol|timeout|closed|too-large) /);
      expired.signal("SIGSTOP");
      expect(await line({ port: expired.port, ...trusted }, { deadlineMs: 300 })).toMatch(/^down timeout /);
      await good.stop();
      expect(await line({ port: good.port, ...trusted })).toBe(`down refused 127.0.0.1 port ${good.port} refused the connection`);
    },
    120_000,
  );
});

describe("tls against faults", () => {
  const against = async (serve: (socket: Socket) => void, options: object = {}, context: ContextRequest = {}): Promise<string> => {
    const server = await rawServer(serve);
    const said = await line({ port: server.port, ...options }, context);
    await server.idle();
    return said.replaceAll(String(server.port), "P");
  };
  it("tells where the connection ends", async () => {
    expect(await against((socket) => void socket.end())).toBe("down tls-failed the server closed the connection during the TLS handshake");
    expect(await against((socket) => void socket.resetAndDestroy())).toMatch(/^down (tls-failed|reset) /);
    expect(await against(replies(Buffer.from("160303007a02000076", "hex")))).toBe("down tls-failed the server closed the connection during the TLS handshake");
  });
  it("tells an alert", async () => expect(await against(replies(Buffer.from("15030300020228", "hex")))).toMatch(/^down tls-failed TLS failed: the server refused the handshake/));
  it("ends at its deadline", async () => {
    expect(await against(() => {}, {}, { deadlineMs: 200 })).toBe("down timeout the TLS handshake was not done in time");
    expect(await against(() => {}, { starttls: "smtp" }, { deadlineMs: 200 })).toBe("down timeout 127.0.0.1 port P sent nothing in time");
    expect(await against(replies(Buffer.from("160303007a02000076", "hex"), { close: false }), {}, { deadlineMs: 200 })).toBe("down timeout the TLS handshake was not done in time");
  });
  it("is not drowned", async () => expect(await against(replies(Buffer.alloc(1_000_000, 0x16)))).toMatch(/^down tls-failed /));
  it("takes nothing for secured that came before", async () => {
    const injecting = converses("220 mx\r\n", (said) => (said === "STARTTLS" ? "220 go\r\n250 injected\r\n" : "250 mx\r\n"));
    expect(await against(injecting, { starttls: "smtp" })).toMatch(/^down protocol .*CVE-2011-0411/);
    const ldap = Buffer.from("300c02010178070a010004000400300c02010261070a010004000400", "hex");
    expect(await against(replies(ldap), { starttls: "ldap" })).toBe("down protocol the server sent 14 bytes more before TLS began (command injection, CVE-2011-0411)");
    expect(await against(replies(Buffer.from("300c02010178070a010204000400", "hex")), { starttls: "ldap" })).toBe("down protocol the server refused StartTLS: protocolError");
    expect(await against(replies(Buffer.from("30847fffffff0201", "hex"), { close: false }), { starttls: "ldap" })).toBe("down protocol the server refused StartTLS: no LDAP message");
    const news = converses("200 news\r\n", () => "382 go\r\n111 injected\r\n");
    expect(await against(news, { starttls: "nntp" })).toBe("down protocol the server sent 14 bytes more before TLS began (command injection, CVE-2011-0411)");
    // CVE-2021-23222 of PostgreSQL's clients.
    expect(await against(replies("Sinjected"), { starttls: "postgres" })).toBe("down protocol the server sent 8 bytes more before TLS began (command injection, CVE-2011-0411)");
    expect(await against((socket) => void socket.write(Buffer.concat([GREETING, Buffer.from("0700000200000002000000", "hex")])), { starttls: "mysql" })).toBe("down protocol the server sent 11 bytes more before TLS began (command injection, CVE-2011-0411)");
  });
  it("tells a server without TLS, and what is no such server", async () => {
    expect(await against(replies("N"), { starttls: "postgres" })).toBe("down tls-failed the server offers no TLS");
    expect(await against(replies("E"), { starttls: "postgres" })).toBe("down protocol the server does not speak the protocol of PostgreSQL");
    expect(await against((socket) => void socket.write(mysqlGreeting("fff7")), { starttls: "mysql" })).toBe("down tls-failed the server offers no TLS");
    expect(await against((socket) => void socket.write(GREETING.subarray(0, 30)), { starttls: "mysql" }, { deadlineMs: 200 })).toMatch(/^down timeout /);
    expect(await against((socket) => void socket.write(Buffer.concat([Buffer.from("17000000ff1004", "hex"), Buffer.from("Too many connections")])), { starttls: "mysql" })).toBe("down status the server refused the connection: Too many connections (1040)");
    expect(await against(converses("502 no\r\n", () => null), { starttls: "nntp" })).toBe("down protocol the server does not greet as nntp: 502 no");
    expect(await against(converses("200 news\r\n", () => "580 can not start\r\n"), { starttls: "nntp" })).toBe("down protocol the server refused STARTTLS: 580 can not start");
  });
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof tls.run>[1]) => tls.run(tls.options.parse({ host: "127.0.0.1", port }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
  });
  it("is refused, and cannot resolve", async () => {
    const port = await freePort();
    expect(await line({ port })).toBe(`down refused 127.0.0.1 port ${port} refused the connection`);
    expect(await line({ port, host: "nowhere.invalid" }, { resolvers: [`127.0.0.1:${port}`] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });
});
