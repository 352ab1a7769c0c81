import { beforeAll, expect, it } from "vitest";
import { smtp } from "../../src/probes/smtp.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { type Dovecot, startDovecot } from "./dovecot.ts";
import { describeWith, freePort, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { type Postfix, startPostfix } from "./postfix.ts";
import { rawServer } from "./raw.ts";

const LOGIN = { user: "probe@mail.test", password: "probepw" };

describeWith(["postfix", "dovecot-imapd", "dovecot-lmtpd", "openssl"], "smtp against Postfix, LMTP against Dovecot", () => {
  let certificates: Certificates;
  let postfix: Postfix;
  let dovecot: Dovecot;
  beforeAll(async () => {
    certificates = await makeCertificates(temporaryFolder());
    dovecot = await startDovecot(temporaryFolder(), certificates);
    postfix = await startPostfix(temporaryFolder(), certificates.good, { dovecot, certificates });
  }, 60_000);

  const ask = (options: object, context: ContextRequest = {}) => smtp.run(smtp.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
  const line = async (...given: Parameters<typeof ask>): Promise<string> => {
    const { verdict, code, sentence } = await ask(...given);
    return `${verdict} ${code} ${sentence}`;
  };
  const trusted = (more: object = {}): object => ({ ca: certificates.authority, ...more });
  const start = (more: object = {}): object => ({ port: postfix.smtp, starttls: "required", tls: trusted(), ...more });

  it("goes up to the recipient, under TLS, and leaves no mail behind", async () => {
    const outcome = await ask(start({ recipient: "probe@mail.test" }));
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: `127.0.0.1 port ${postfix.smtp} accepts mail for probe@mail.test` });
    expect(outcome.facts).toMatchObject({ address: "127.0.0.1", banner: "mail.test ESMTP Postfix", starttls: true, code: 250, enhanced: "2.1.5", certificate: { days: 90 }, tls: { protocol: "TLSv1.3" } });
    expect(outcome.facts["capabilities"]).toContain("8BITMIME");
    expect(Object.keys(outcome.phases)).toEqual(["connect", "greeting", "hello", "starttls", "tls", "envelope"]);
    expect(outcome.evidence[0]?.text).toBe("EHLO [127.0.0.1]\r\nSTARTTLS\r\nEHLO [127.0.0.1]\r\nMAIL FROM:<>\r\nRCPT TO:<probe@mail.test>\r\nRSET\r\nQUIT\r\n");
    expect(outcome.evidence[1]?.text).toMatch(/221 2\.0\.0 Bye\r\n$/);
    await expect.poll(() => postfix.log()).toMatch(/ehlo=2 starttls=1 mail=1 rcpt=1 rset=1 quit=1 commands=7/);
  });

  it("speaks over IPv6, plain, and under TLS from the first byte", async () => {
    expect((await ask({ port: postfix.smtp, host: "::1", starttls: "off" })).evidence[0]?.text).toBe("EHLO [IPv6:::1]\r\nQUIT\r\n");
    expect(await line({ port: postfix.smtp, host: "::1", starttls: "off" })).toBe(`up ok ::1 port ${postfix.smtp} is ready for mail`);
    expect(await line({ port: postfix.smtps, tls: trusted(), helo: "monitor.example" })).toBe(`up ok 127.0.0.1 port ${postfix.smtps} is ready for mail`);
    expect(await line({ port: postfix.smtp, tls: trusted() })).toMatch(/^down tls-failed TLS failed: the server does not speak TLS on this port/);
    expect(await line({ port: postfix.smtps, starttls: "off" }, { deadlineMs: 1000 })).toBe(`down timeout 127.0.0.1 port ${postfix.smtps} sent nothing in time`);
  });

  it("demands STARTTLS, takes it when offered, or leaves it", async () => {
    expect(await line({ port: postfix.plain, starttls: "required" })).toBe(`down protocol 127.0.0.1 port ${postfix.plain} offers no STARTTLS`);
    expect(await ask({ port: postfix.plain })).toMatchObject({ verdict: "up", facts: { starttls: false } });
    expect(await line({ port: postfix.smtp })).toMatch(/^down tls-untrusted /);
    expect((await ask({ port: postfix.smtp, starttls: "off" })).facts).not.toHaveProperty("certificate");
  });

  it("judges the certificate after STARTTLS", async () => {
    expect(await line(start({ port: postfix.smtpWith.expired }))).toMatch(/^down tls-expired /);
    expect(await line(start({ port: postfix.smtpWith.wrongName }))).toBe("down tls-name the certificate is not for 127.0.0.1 but for elsewhere.test");
    expect(await line(start({ port: postfix.smtpWith.selfSigned }))).toMatch(/^down tls-untrusted .*self-signed/);
    expect(await line(start({ port: postfix.smtpWith.selfSigned, tls: { verify: false, servername: "no.test" } }))).toMatch(/^up ok/);
  });

  it("tells why a recipient is not taken", async () => {
    const peer = `127.0.0.1 port ${postfix.smtp}`;
    expect(await line(start({ recipient: "nobody@mail.test" }))).toMatch(new RegExp(`^down status ${peer} refused the recipient nobody@mail.test: 550 5.1.1 `));
    expect(await line(start({ recipient: "greylist@mail.test" }))).toMatch(new RegExp(`^degraded status ${peer} puts off mail for greylist@mail.test, perhaps by greylisting: 450 4.7.1 `));
    expect(await line(start({ recipient: "greylist@mail.test", temporary: "down" }))).toMatch(/^down status /);
    expect(await line(start({ recipient: "a@grüße.example" }))).toMatch(/^down status .* does not relay mail for a@xn--gre-6ka8l.example: 554 5.7.1 /);
    expect(await line(start({ recipient: "a@example.com", recipientIs: "refused" }))).toMatch(/^up ok .* refuses mail for a@example.com: 554 5.7.1 /);
    expect(await line(start({ recipient: "probe@mail.test", recipientIs: "refused" }))).toMatch(/^down mismatch .* accepts mail for probe@mail.test, which it should refuse: 250 /);
    expect(await line(start({ recipient: "greylist@mail.test", recipientIs: "refused" }))).toMatch(/^down status .* did not refuse greylist@mail.test for good: 450/);
    expect(await line({ port: postfix.deferring, starttls: "off", recipient: "a@example.com" })).toMatch(/^down status .* does not relay mail for a@example.com: 454 4.7.1 .*Relay access denied/);
    expect(await line(start({ sender: "probe@mail.test" }))).toBe(`up ok ${peer} accepts mail from <probe@mail.test>`);
  });

  it("logs in, only under TLS unless told otherwise", async () => {
    const submission = (more: object) => ({ port: postfix.submission, tls: trusted(), starttls: "required", ...more });
    const outcome = await ask(submission({ ...LOGIN, sender: "probe@mail.test", recipient: "probe@mail.test" }));
    expect(outcome).toMatchObject({ verdict: "up", facts: { code: 250 } });
    expect(outcome.evidence[0]?.text).toContain("AUTH PLAIN …\r\nMAIL FROM:<probe@mail.test>");
    expect(Object.keys(outcome.phases)).toContain("login");
    expect(await line(submission({ ...LOGIN, password: "wrong" }))).toMatch(/^down auth .* refused the login of probe@mail.test: 535 5.7.8 /);
    expect(await line(submission({ recipient: "probe@mail.test" }))).toMatch(/^down status .* refused the recipient probe@mail.test: 554 5.7.1 /);
    expect(await line({ port: postfix.submission, starttls: "off", sender: "<>" })).toMatch(/^down auth .* refused the sender <>: 530 5.7.0 Must issue a STARTTLS command first/);
    expect(await line({ port: postfix.smtp, ...LOGIN, tls: trusted(), starttls: "required" })).toBe(`down auth 127.0.0.1 port ${postfix.smtp} offers no login`);
  });

  it("waits for the whole greeting", async () => {
    const outcome = await ask({ port: postfix.teaser, starttls: "off", recipient: "probe@mail.test" });
    expect(outcome).toMatchObject({ verdict: "up", facts: { banner: expect.stringMatching(/^stay on the line\nmail\.test ESMTP/) } });
    expect(postfix.log()).not.toContain("PREGREET");
  });

  it("speaks LMTP", async () => {
    const lmtp = (more: object = {}) => ({ port: dovecot.lmtp, protocol: "lmtp", starttls: "off", ...more });
    const outcome = await ask(lmtp({ recipient: "probe@mail.test" }));
    expect(outcome).toMatchObject({ verdict: "up", facts: { code: 250, enhanced: "2.1.5" } });
    expect(outcome.evidence[0]?.text).toMatch(/^LHLO \[127/);
    expect(await line(lmtp({ host: "::1", recipient: "probe@mail.test" }))).toMatch(/^up ok/);
    expect(await line({ port: dovecot.lmtp, starttls: "off" })).toMatch(/^down status .* refused HELO: 5/);
    expect(await line({ port: postfix.smtp, starttls: "off", protocol: "lmtp" })).toMatch(/^down status .* refused LHLO: 5/);
  });

  it("is not taken in by other servers", async () => {
    expect(await line({ port: dovecot.imap })).toMatch(/^down protocol .* sent no reply of SMTP: \* OK \[CAPABILITY/);
    expect(await line({ port: dovecot.pop3 })).toMatch(/^down protocol .* sent no reply of SMTP: \+OK/);
  });

  it("leaks nothing when servers hang", async () => {
    const run = (port: number, ctx: Parameters<typeof smtp.run>[1]) => smtp.run(smtp.options.parse({ host: "127.0.0.1", port }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
    expect(await leaks({ run, serve: (socket) => void socket.write("220-half\r\n22") })).toEqual({ left: [], codes: ["timeout"] });
  });

  it("is down when Postfix hangs, and when it is gone", async () => {
    const controller = new AbortController();
    const silent = await rawServer(() => controller.abort());
    expect(await line({ port: silent.port }, { signal: controller.signal })).toMatch(/^down timeout /);
    await postfix.stop();
    // Its children may hold the port for a moment longer: then the connection is reset.
    expect(await line({ port: postfix.smtp })).toMatch(/^down (refused|reset) 127\.0\.0\.1 port \d+ /);
    expect(await line({ port: await freePort(), host: "::1" })).toMatch(/^down refused /);
  });
});
