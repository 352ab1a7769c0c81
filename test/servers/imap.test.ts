import { beforeAll, expect, it } from "vitest";
import { imap } from "../../src/probes/imap.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { type Dovecot, SHOWN_FOR, startDovecot } from "./dovecot.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";

const LOGIN = { user: "probe@mail.test", password: "probepw" };

describeWith(["dovecot-imapd", "dovecot-lmtpd", "dovecot-pop3d", "openssl"], "imap against Dovecot", () => {
  let certificates: Certificates;
  let dovecot: Dovecot;
  beforeAll(async () => {
    certificates = await makeCertificates(temporaryFolder());
    dovecot = await startDovecot(temporaryFolder(), certificates);
  }, 60_000);

  const ask = (options: object, context: ContextRequest = {}) => imap.run(imap.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
  const line = async (...given: Parameters<typeof ask>): Promise<string> => {
    const { verdict, code, sentence } = await ask(...given);
    return `${verdict} ${code} ${sentence}`;
  };
  const start = (more: object = {}): object => ({ port: dovecot.imap, starttls: "required", tls: { ca: certificates.authority }, ...more });

  it("greets, turns to TLS, and says goodbye", async () => {
    const outcome = await ask(start());
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: `127.0.0.1 port ${dovecot.imap} is ready` });
    expect(outcome.facts).toMatchObject({ address: "127.0.0.1", banner: expect.stringMatching(/^Dovecot .*ready\.$/), preauthenticated: false, certificate: { days: 90 }, tls: { protocol: "TLSv1.3" } });
    expect(outcome.facts["capabilities"]).toEqual(expect.arrayContaining(["IMAP4REV1", "SASL-IR", "AUTH=PLAIN"]));
    expect(outcome.facts["capabilities"]).not.toContain("STARTTLS");
    expect(Object.keys(outcome.phases)).toEqual(["connect", "greeting", "hello", "starttls", "tls", "mailbox"]);
    expect(outcome.evidence[0]?.text).toBe("a1 CAPABILITY\r\na2 STARTTLS\r\na3 CAPABILITY\r\na4 NOOP\r\na5 LOGOUT\r\n");
    expect(outcome.evidence[1]?.text).toMatch(/\* BYE Logging out\r\na5 OK .*\r\n$/);
  });

  it("speaks over IPv6, plain, and under TLS from the first byte", async () => {
    expect(await line({ port: dovecot.imap, host: "::1", starttls: "off" })).toBe(`up ok ::1 port ${dovecot.imap} is ready`);
    expect(await line({ port: dovecot.imaps, host: "localhost", family: 6, tls: { ca: certificates.authority } })).toMatch(/^up ok/);
    expect(await line({ port: dovecot.imap, tls: true })).toMatch(/^down tls-failed TLS failed: the server does not speak TLS on this port/);
    expect(await line({ port: dovecot.imaps }, { deadlineMs: 1000 })).toMatch(/^down timeout /);
  });

  it("judges the certificate", async () => {
    const shown = (servername: string) => line(start({ tls: { ca: certificates.authority, servername } }));
    expect(await line({ port: dovecot.imap })).toMatch(/^down tls-untrusted /);
    expect(await shown(SHOWN_FOR.expired)).toMatch(/^down tls-expired /);
    expect(await shown(SHOWN_FOR.wrongName)).toBe("down tls-name the certificate is not for wrong.test but for elsewhere.test");
    expect(await shown(SHOWN_FOR.selfSigned)).toMatch(/^down tls-untrusted .*self-signed/);
    expect(await line({ port: dovecot.imap, starttls: "required", tls: { verify: false } })).toMatch(/^up ok/);
  });

  it("logs in and opens a folder without changing it", async () => {
    dovecot.put("Subject: one\n\nA mail.\n", new Date());
    const outcome = await ask(start({ ...LOGIN, folder: "INBOX" }));
    expect(outcome).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${dovecot.imap} is ready, and probe@mail.test can open INBOX`, facts: { messages: 1, unseen: 1 } });
    expect(outcome.evidence[0]?.text).toContain("LOGIN …\r\n");
    expect(JSON.stringify(outcome.evidence)).not.toContain("probepw");
    expect(await ask(start({ ...LOGIN, folder: "INBOX" }))).toMatchObject({ facts: { messages: 1, unseen: 1 } });
    expect(await line(start({ ...LOGIN }))).toMatch(/^up ok .*, and probe@mail.test can log in$/);
    expect(await line(start({ ...LOGIN, folder: "Entwürfe" }))).toMatch(/^down status .* refused STATUS: (\[NONEXISTENT\] )?Mailbox doesn't exist: Entwürfe/);
  });

  it("sends odd passwords as literals", async () => {
    const odd = { user: "odd@mail.test", password: 'ünï"\\code' };
    const outcome = await ask(start(odd));
    expect(outcome).toMatchObject({ verdict: "up" });
    expect(outcome.evidence[0]?.text).toContain("a4 LOGIN …\r\n…\r\na5 NOOP");
    expect(JSON.stringify(outcome.evidence)).not.toContain("ode");
    expect(await line(start({ ...odd, password: 'x"\\code' }))).toMatch(/^down auth /);
  });

  it("tells a wrong password from a server in trouble", async () => {
    expect(await line(start({ ...LOGIN, password: "wrong" }))).toBe(`down auth 127.0.0.1 port ${dovecot.imap} refused the login of probe@mail.test: [AUTHENTICATIONFAILED] Authentication failed.`);
    expect(await line({ ...LOGIN, port: dovecot.imap, starttls: "off", folder: "INBOX" })).toMatch(/^up ok/);
  });

  it("is not taken in by other servers", async () => {
    expect(await line({ port: dovecot.pop3 })).toMatch(/^down protocol .* sent no response of IMAP: \+OK/);
    expect(await line({ port: dovecot.lmtp })).toMatch(/^down protocol .* sent no response of IMAP: 220 /);
  });

  it("leaks nothing when servers hang", async () => {
    const run = (port: number, ctx: Parameters<typeof imap.run>[1]) => imap.run(imap.options.parse({ host: "127.0.0.1", port }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
    expect(await leaks({ run, serve: (socket) => void socket.write("* OK ready\r\n* CAPABILITY {10}\r\nIM") })).toEqual({ left: [], codes: ["timeout"] });
  });

  it("is refused when Dovecot is gone", async () => {
    await dovecot.stop();
    expect(await line({ port: dovecot.imap })).toBe(`down refused 127.0.0.1 port ${dovecot.imap} refused the connection`);
  });
});
