import { beforeAll, describe, expect, it } from "vitest";
import { ftp } from "../../src/probes/ftp.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { converses } from "./raw.ts";
import { itKnowsFaults, stage } from "./stage.ts";
import { type Vsftpd, startVsftpd } from "./vsftpd.ts";

const { ask, line, against } = stage(ftp);

describeWith(["vsftpd", "openssl"], "ftp against vsftpd", () => {
  let certificates: Certificates;
  let server: Vsftpd;
  let six: Vsftpd;
  let implicit: Vsftpd;
  let expired: Vsftpd;
  const GUEST = { user: "anonymous", password: "probe@example.test" };
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    server = await startVsftpd(folder, certificates.good);
    six = await startVsftpd(folder, certificates.good, { host: "::1" });
    implicit = await startVsftpd(folder, certificates.good, { implicit: true });
    expired = await startVsftpd(folder, certificates.expired);
  });

  it("is ready over both families, and logs in in plain where that is wanted", async () => {
    expect(await line({ port: server.port, starttls: "off" })).toBe(`up ok 127.0.0.1 port ${server.port} is ready`);
    expect(await line({ port: six.port, host: "::1", starttls: "off" })).toBe(`up ok ::1 port ${six.port} is ready`);
    const outcome = await ask({ port: server.port, starttls: "off", ...GUEST });
    expect(outcome).toMatchObject({ verdict: "up", facts: { banner: expect.stringContaining("vsFTPd"), features: expect.arrayContaining(["AUTH TLS", "EPSV"]), folder: expect.stringContaining('"/"') } });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "greeting", "login", "features"]);
    expect(JSON.stringify(outcome.evidence)).not.toContain("probe@example.test");
    expect(await line({ port: server.port, starttls: "off", user: "nobody", password: "x" })).toMatch(/^down auth the server refused the login of nobody: 530 /);
  });

  it("speaks TLS from the first byte and by AUTH TLS, and judges the certificate", async () => {
    const tls = { ca: certificates.authority };
    const secured = await ask({ port: server.port, starttls: "required", tls, ...GUEST });
    expect(secured).toMatchObject({ verdict: "up", facts: { certificate: { days: 90 } } });
    expect(Object.keys(secured.phases)).toEqual(["connect", "greeting", "starttls", "tls", "login", "features"]);
    expect(await line({ port: implicit.port, tls, ...GUEST })).toMatch(/^up ok .* and anonymous can log in$/);
    expect(await line({ port: server.port, starttls: "required" })).toMatch(/^down tls-untrusted /);
    expect(await line({ port: server.port, starttls: "required", tls: { ...tls, servername: "other.test" } })).toMatch(/^down tls-name /);
    expect(await line({ port: expired.port, starttls: "required", tls })).toMatch(/^down tls-expired /);
    expect(await line({ port: server.port, tls })).toMatch(/^down tls-failed /);
  });

  it("sees it hang and go", async () => {
    server.signal("SIGSTOP");
    expect(await line({ port: server.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${server.port} sent nothing in time`);
    server.signal("SIGCONT");
    await server.stop();
    expect(await line({ port: server.port })).toBe(`down refused 127.0.0.1 port ${server.port} refused the connection`);
  });
});

describe("ftp against faults", () => {
  itKnowsFaults(ftp, { greeted: true, half: (socket) => void socket.write("220-wel"), endless: { octets: "220-welcome\r\n", line: /^down too-large the server's reply has more than 100 lines$/ } });
  const answers: { readonly [line: string]: string } = { "AUTH TLS": "502 no\r\n", FEAT: "211-Features:\r\n EPSV\r\n230 inside\r\n211 End\r\n", QUIT: "221 bye\r\n" };
  const serves = (more: { readonly [line: string]: string }, greeting = "220-hello\r\n230 inside\r\n220 ready\r\n") => converses(greeting, (said) => ({ ...answers, ...more })[said] ?? "500 unknown\r\n", { dripping: true });
  it("reads replies byte by byte", async () => expect(await against(serves({}))).toBe("up ok 127.0.0.1 port P is ready"));
  it("waits where it is told to", async () => expect(await against(serves({}, "120 in a minute\r\n220 ready\r\n"))).toMatch(/^up ok /));
  it("tells what a server says instead", async () => {
    expect(await against(serves({}, "421 too many connections\r\n"))).toBe("down status the server refused a session: 421 too many connections");
    expect(await against(serves({ FEAT: "421 going down\r\n" }))).toBe("down status the server refused a session: 421 going down");
    expect(await against(serves({}), { starttls: "required" })).toBe("down tls-failed the server refused AUTH TLS: 502 no");
    expect(await against(serves({ "USER u": "332 account\r\n" }), { starttls: "off", user: "u", password: "p" })).toBe("down auth the server refused the login of u: 332 account");
  });
  it("takes nothing for secured that came before", async () => {
    expect(await against(converses("220 ready\r\n", () => "234 go\r\n230 inside\r\n"), { starttls: "required" })).toMatch(/^down protocol the server sent 12 bytes more before TLS began /);
  });
});
