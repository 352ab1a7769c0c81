import { beforeAll, expect, it } from "vitest";
import { pop3 } from "../../src/probes/pop3.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { type Dovecot, SHOWN_FOR, startDovecot } from "./dovecot.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";

const LOGIN = { user: "probe@mail.test", password: "probepw" };

describeWith(["dovecot-imapd", "dovecot-lmtpd", "dovecot-pop3d", "openssl"], "pop3 against Dovecot", () => {
  let certificates: Certificates;
  let dovecot: Dovecot;
  beforeAll(async () => {
    certificates = await makeCertificates(temporaryFolder());
    dovecot = await startDovecot(temporaryFolder(), certificates);
  }, 60_000);

  const ask = (options: object, context: ContextRequest = {}) => pop3.run(pop3.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
  const line = async (...given: Parameters<typeof ask>): Promise<string> => {
    const { verdict, code, sentence } = await ask(...given);
    return `${verdict} ${code} ${sentence}`;
  };
  const start = (more: object = {}): object => ({ port: dovecot.pop3, starttls: "required", tls: { ca: certificates.authority }, ...more });

  it("greets, turns to TLS, and says goodbye", async () => {
    const outcome = await ask(start());
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: `127.0.0.1 port ${dovecot.pop3} is ready` });
    expect(outcome.facts).toMatchObject({ banner: expect.stringMatching(/^Dovecot .*ready\. <.+@.+>$/), certificate: { days: 90 }, tls: { protocol: "TLSv1.3" } });
    expect(outcome.facts["capabilities"]).toEqual(expect.arrayContaining(["UIDL", "SASL PLAIN LOGIN"]));
    expect(Object.keys(outcome.phases)).toEqual(["connect", "greeting", "hello", "starttls", "tls"]);
    expect(outcome.evidence[0]?.text).toBe("CAPA\r\nSTLS\r\nCAPA\r\nQUIT\r\n");
    expect(outcome.evidence[1]?.text).toMatch(/\+OK Logging out\r\n$/);
  });

  it("speaks over IPv6, plain, and under TLS from the first byte", async () => {
    expect(await line({ port: dovecot.pop3, host: "::1", starttls: "off" })).toBe(`up ok ::1 port ${dovecot.pop3} is ready`);
    expect(await line({ port: dovecot.pop3s, tls: { ca: certificates.authority } })).toMatch(/^up ok/);
    expect(await line({ port: dovecot.pop3, tls: true })).toMatch(/^down tls-failed /);
    expect(await line({ port: dovecot.pop3s }, { deadlineMs: 1000 })).toMatch(/^down timeout /);
  });

  it("judges the certificate", async () => {
    const shown = (servername: string) => line(start({ tls: { ca: certificates.authority, servername } }));
    expect(await line({ port: dovecot.pop3 })).toMatch(/^down tls-untrusted /);
    expect(await shown(SHOWN_FOR.expired)).toMatch(/^down tls-expired /);
    expect(await shown(SHOWN_FOR.wrongName)).toMatch(/^down tls-name /);
    expect(await shown(SHOWN_FOR.selfSigned)).toMatch(/^down tls-untrusted /);
    expect(await line({ port: dovecot.pop3, starttls: "required", tls: { verify: false } })).toMatch(/^up ok/);
  });

  it("logs in and counts, by password and by digest", async () => {
    dovecot.put("Subject: one\n\nA mail.\n", new Date());
    const outcome = await ask(start(LOGIN));
    expect(outcome).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${dovecot.pop3} is ready, and probe@mail.test can log in`, facts: { messages: 1 } });
    expect(outcome.facts["bytes"]).toBeGreaterThan(20);
    expect(outcome.evidence[0]?.text).toBe("CAPA\r\nSTLS\r\nCAPA\r\nUSER probe@mail.test\r\nPASS …\r\nSTAT\r\nQUIT\r\n");
    expect(await line(start({ user: "odd@mail.test", password: 'ünï"\\code' }))).toMatch(/^up ok/);
    const digest = { ...LOGIN, port: dovecot.pop3, starttls: "off", apop: true };
    expect(await ask(digest)).toMatchObject({ verdict: "up", facts: { messages: 1 } });
    expect(await line({ ...digest, password: "wrong" })).toMatch(/^down auth /);
    expect(await line(start({ ...LOGIN, password: "wrong" }))).toBe(`down auth 127.0.0.1 port ${dovecot.pop3} refused the login of probe@mail.test: [AUTH] Authentication failed.`);
  });

  it("is not taken in by other servers", async () => {
    expect(await line({ port: dovecot.imap })).toMatch(/^down protocol .* sent no answer of POP3: \* OK/);
  });

  it("leaks nothing when servers hang", async () => {
    const run = (port: number, ctx: Parameters<typeof pop3.run>[1]) => pop3.run(pop3.options.parse({ host: "127.0.0.1", port }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
    expect(await leaks({ run, serve: (socket) => void socket.write("+OK\r\n+OK capabilities\r\nUIDL\r\n.") })).toEqual({ left: [], codes: ["timeout"] });
  });

  it("is refused when Dovecot is gone", async () => {
    await dovecot.stop();
    expect(await line({ port: dovecot.pop3 })).toBe(`down refused 127.0.0.1 port ${dovecot.pop3} refused the connection`);
  });
});
