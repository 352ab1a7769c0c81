import { beforeAll, describe, expect, it } from "vitest";
import { postgres } from "../../src/probes/postgres.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { type Postgresql, startPostgresql } from "./postgresql.ts";
import { drips, replies } from "./raw.ts";
import { itKnowsFaults, stage } from "./stage.ts";

const { ask, line, against } = stage(postgres);
const message = (letter: string, body: string): string => `${letter}\0\0\0${String.fromCharCode(body.length + 4)}${body}`;
const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const error = (code: string, text: string): Uint8Array => bytes(message("E", `SFATAL\0VFATAL\0C${code}\0M${text}\0\0`));
const PASSED = message("R", "\0\0\0\0") + message("Z", "I");

describeWith(["postgresql", "openssl"], "postgres against PostgreSQL", () => {
  let certificates: Certificates;
  let server: Postgresql;
  let expired: Postgresql;
  const PROBE = { user: "probe", password: "probepw" };
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    server = await startPostgresql(folder, certificates.good);
    expired = await startPostgresql(folder, certificates.expired);
  }, 60_000);

  it("is asked over both families without a login", async () => {
    expect(await line({ port: server.port })).toBe(`up ok 127.0.0.1 port ${server.port} is ready for logins`);
    expect(await line({ port: server.port, host: "::1" })).toBe(`up ok ::1 port ${server.port} is ready for logins`);
  });

  it("logs in each way, and asks", async () => {
    const outcome = await ask({ port: server.port, ...PROBE, query: "SELECT 'a' || generate_series(1, 3)" });
    expect(outcome).toMatchObject({ verdict: "up", facts: { value: "a1", rows: 3, standby: "off", version: expect.stringMatching(/^\d+/) } });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "login", "query"]);
    expect(JSON.stringify(outcome.evidence)).not.toContain("probepw");
    expect(await line({ port: server.port, user: "md5user", password: "md5pw", database: "probe" })).toMatch(/^up ok .* lets md5user in and answers$/);
    expect(await line({ port: server.port, user: "trusted", database: "probe" })).toMatch(/^up ok .* lets trusted in and answers$/);
    expect(await line({ port: server.port, user: "clear", password: "clearpw", database: "probe" })).toBe("down auth the server wants the password in clear, and that is sent only under TLS");
    expect(await line({ port: server.port, user: "clear", password: "clearpw", database: "probe", tls: { ca: certificates.authority } })).toMatch(/^up ok /);
  });

  it("tells why it is not let in", async () => {
    expect(await line({ port: server.port, ...PROBE, password: "wrong" })).toBe('down auth the server refused the session: password authentication failed for user "probe" (28P01)');
    expect(await line({ port: server.port, user: "md5user", password: "wrong", database: "probe" })).toMatch(/^down auth .* \(28P01\)$/);
    expect(await line({ port: server.port, user: "barred", password: "x" })).toMatch(/^down auth .* \(28000\)$/);
    expect(await line({ port: server.port, user: "probe" })).toBe("down auth the server wants a password for probe, and none is given");
    expect(await line({ port: server.port, ...PROBE, database: "nowhere" })).toBe('down status the server refused the session: database "nowhere" does not exist (3D000)');
    expect(await line({ port: server.port, ...PROBE, query: "SELECT nonsense" })).toBe('down status the server refused the query: column "nonsense" does not exist (42703)');
    expect(await ask({ port: server.port, ...PROBE, query: "SELECT 1/0" })).toMatchObject({ code: "status", facts: { sqlstate: "22012" } });
  });

  it("speaks TLS and judges the certificate", async () => {
    const tls = { ca: certificates.authority };
    const secured = await ask({ port: server.port, tls, ...PROBE });
    expect(secured).toMatchObject({ verdict: "up", facts: { certificate: { days: 90 }, value: "1" } });
    expect(Object.keys(secured.phases)).toEqual(["connect", "starttls", "tls", "login", "query"]);
    expect(await line({ port: server.port, tls: true })).toMatch(/^down tls-untrusted /);
    expect(await line({ port: server.port, tls: { ...tls, servername: "other.test" } })).toMatch(/^down tls-name /);
    expect(await line({ port: expired.port, tls })).toMatch(/^down tls-expired /);
  });

  it("sees it hang and go", async () => {
    server.signal("SIGSTOP");
    expect(await line({ port: server.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${server.port} sent nothing in time`);
    server.signal("SIGCONT");
    await server.stop();
    expect(await line({ port: server.port })).toBe(`down refused 127.0.0.1 port ${server.port} refused the connection`);
  });
});

describe("postgres against faults", () => {
  itKnowsFaults(postgres, { half: (socket) => void socket.write(bytes("R\0\0\0")), endless: { octets: "R\x7f\xff\xff\xff", line: /^down too-large the server announces a message of 2147483647 bytes$/ } });
  it("reads an answer byte by byte", async () => expect(await against(drips(bytes(PASSED)))).toBe("up ok 127.0.0.1 port P lets everybody in and is ready"));
  it("takes not every error for life", async () => {
    expect(await against(replies(error("53300", "sorry, too many clients already")))).toBe("down status the server refused the session: sorry, too many clients already (53300)");
    expect(await against(replies(error("57P03", "the database system is starting up")))).toBe("down status the server refused the session: the database system is starting up (57P03)");
    expect(await against(replies(error("28000", "no pg_hba.conf entry")))).toBe("up ok 127.0.0.1 port P is there, and lets in nobody from here");
    expect(await against(replies(error("3D000", "no such database")))).toMatch(/^up ok /);
  });
  it("takes nothing for secured that came before", async () => {
    expect(await against(replies(`S${PASSED}`), { tls: true })).toBe("down protocol the server sent 15 bytes more before TLS began (command injection, CVE-2011-0411)");
    expect(await against(replies("N"), { tls: true })).toBe("down tls-failed the server offers no TLS");
    expect(await against(replies("HTTP/1.1 400 Bad Request\r\n"), { tls: true })).toBe("down protocol the server does not speak the protocol of PostgreSQL");
    expect(await against(replies("S"), { tls: true })).toMatch(/^down tls-failed /);
  });
  it("lets no server in that does not know the password, and works for none without end", async () => {
    const login = { user: "u", password: "p" };
    expect(await against(replies(bytes(message("R", "\0\0\0\x0cv=AAAA"))), login)).toBe("down auth the server could not prove that it knows the password");
    expect(await against(replies(bytes(message("R", "\0\0\0\x0br=1,s=AA==,i=999999999"))), login)).toMatch(/^down protocol the server cannot be logged in to: /);
    expect(await against(replies(bytes(message("R", "\0\0\0\x0aPLAIN\0\0"))), login)).toBe("down auth the server takes none but PLAIN");
    expect(await against(replies(bytes(PASSED.slice(0, 9) + message("S", "a\0b\0").repeat(600))), login)).toBe("down too-large the server sent more than 500 messages");
  });
});
