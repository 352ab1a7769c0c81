import { beforeAll, expect, it } from "vitest";
import { mailflow } from "../../src/probes/mailflow.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { type Dovecot, SHOWN_FOR, startDovecot } from "./dovecot.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { type Postfix, startPostfix } from "./postfix.ts";
import { rawServer } from "./raw.ts";

const LOGIN = { user: "probe@mail.test", password: "probepw" };
const TWO_DAYS_MS = 172_800_000;
const NOW = Date.now();

describeWith(["postfix", "dovecot-imapd", "dovecot-lmtpd", "dovecot-pop3d", "openssl"], "mailflow through Postfix into Dovecot", () => {
  let certificates: Certificates;
  let postfix: Postfix;
  let dovecot: Dovecot;
  beforeAll(async () => {
    certificates = await makeCertificates(temporaryFolder());
    dovecot = await startDovecot(temporaryFolder(), certificates);
    postfix = await startPostfix(temporaryFolder(), certificates.good, { dovecot, certificates });
  }, 60_000);

  interface More {
    readonly smtp?: object;
    readonly mailbox?: object;
    readonly [option: string]: unknown;
  }
  const ask = ({ smtp, mailbox, ...more }: More = {}, context: ContextRequest = {}) => {
    const tls = { ca: certificates.authority };
    const options = {
      smtp: { host: "127.0.0.1", port: postfix.submission, starttls: "required", tls, ...LOGIN, ...smtp },
      mailbox: { host: "127.0.0.1", port: dovecot.imap, starttls: "required", tls, ...LOGIN, ...mailbox },
      sender: "probe@mail.test",
      recipient: "probe@mail.test",
      ...more,
    };
    return mailflow.run(mailflow.options.parse(options), probeContext(context));
  };
  const line = async (...given: Parameters<typeof ask>): Promise<string> => {
    const { verdict, code, sentence } = await ask(...given);
    return `${verdict} ${code} ${sentence}`;
  };
  const pop3 = () => ({ type: "pop3", port: dovecot.pop3 });
  const tocsin = (text: string, date: number) => `Date: ${new Date(date).toUTCString()}\nX-Tocsin: ${text}\nSubject: old\n\nOld.\n`;

  it("sees its mail arrive over IMAP, and takes it away again", async () => {
    const outcome = await ask();
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: expect.stringMatching(/^a mail to probe@mail.test arrived in INBOX after \d+ ms$/) });
    expect(outcome.facts).toMatchObject({ folder: "INBOX", leftovers: 0, reply: expect.stringMatching(/^250 2\.0\.0 Ok: queued as /), smtp: { certificate: { days: 90 } }, mailbox: { tls: { protocol: "TLSv1.3" } } });
    expect(outcome.facts["toMailbox"]).toBeGreaterThan(0);
    expect(Object.keys(outcome.phases)).toEqual(["mailbox", "submit", "delivery", "removal"]);
    expect(outcome.evidence.map(({ label }) => label)).toEqual(["smtp sent", "smtp received", "mailbox sent", "mailbox received"]);
    expect(JSON.stringify(outcome.evidence)).not.toContain("probepw");
    expect(outcome.evidence[0]?.text).toMatch(/X-Tocsin: mailflow [0-9a-f]{32}\r\n/);
    expect(outcome.evidence[0]?.text).toMatch(/\r\n\.\r\nQUIT\r\n$/);
    expect(outcome.evidence[2]?.text).toMatch(/UID EXPUNGE \d+\r\na\d+ LOGOUT\r\n$/);
    expect(dovecot.files()).toEqual([]);
  });

  it("sees it over POP3 as well, and by a null sender", async () => {
    const outcome = await ask({ mailbox: pop3(), sender: "<>" });
    expect(outcome).toMatchObject({ verdict: "up", facts: { folder: "INBOX" } });
    expect(outcome.evidence[2]?.text).toMatch(/TOP 1 0\r\nDELE 1\r\nQUIT\r\n$/);
    expect(dovecot.files()).toEqual([]);
    expect(await line({ mailbox: { type: "pop3", port: dovecot.pop3s, starttls: "off" } })).toMatch(/^up ok/);
  });

  it("takes away what earlier runs left over, and nothing else", async () => {
    const old = NOW - TWO_DAYS_MS;
    dovecot.put(tocsin("mailflow 00", old), new Date(old));
    dovecot.put(tocsin("mailflow 01", NOW), new Date(NOW));
    dovecot.put(tocsin("something else", old), new Date(old));
    dovecot.put("Subject: mailflow X-Tocsin\n\nmailflow\n", new Date(old));
    expect(await ask()).toMatchObject({ verdict: "up", facts: { leftovers: 1 } });
    expect(dovecot.files()).toHaveLength(3);
    dovecot.put(tocsin("mailflow 02", old), new Date(old));
    expect(await ask({ mailbox: pop3() })).toMatchObject({ verdict: "up", facts: { leftovers: 1 } });
    expect(dovecot.files()).toHaveLength(3);
  });

  it("finds it among unwanted mail", async () => {
    const junk = { recipient: "probe+Junk@mail.test", mailbox: { junk: "Junk" } };
    // The folder is made by the first delivery.
    expect(await line(junk)).toMatch(/^down status .* refused SELECT: (\[NONEXISTENT\] )?Mailbox doesn't exist: Junk/);
    const first = new AbortController();
    const blind = ask({ recipient: "probe+Junk@mail.test" }, { signal: first.signal });
    await expect.poll(() => dovecot.files("Junk").length, { timeout: 20_000 }).toBe(1);
    first.abort();
    expect(await blind).toMatchObject({ verdict: "down", code: "timeout" });
    expect(await line(junk)).toMatch(/^degraded warned a mail to probe\+Junk@mail.test arrived in Junk after \d+ ms, and not in INBOX$/);
    expect(dovecot.files("Junk")).toHaveLength(1);
    expect(await line({ ...junk, mailbox: { folder: "Junk" } })).toMatch(/^up ok .* arrived in Junk after \d+ ms$/);
  });

  it("waits until the deadline for a mail that was accepted and never comes", async () => {
    const late = /^down timeout the mail was accepted \(250 2\.0\.0 Ok: queued as \w+\) but did not arrive in INBOX in time$/;
    for (const mailbox of [{}, pop3()]) {
      const taken = (): number => postfix.log().match(/data=1 quit=1/g)?.length ?? 0;
      const before = taken();
      const controller = new AbortController();
      const waiting = line({ recipient: "hold@mail.test", smtp: { port: postfix.smtp, user: null, password: null }, mailbox }, { signal: controller.signal });
      await expect.poll(taken, { timeout: 20_000 }).toBe(before + 1);
      controller.abort();
      expect(await waiting).toMatch(late);
    }
  });

  it("tells why the mail was not taken", async () => {
    const open = { port: postfix.smtp, user: null, password: null };
    expect(await line({ smtp: open, recipient: "nobody@mail.test" })).toMatch(/^down status .* refused the recipient nobody@mail.test: 550 5.1.1 /);
    expect(await line({ smtp: open, recipient: "greylist@mail.test" })).toMatch(/^degraded status .* puts off the recipient greylist@mail.test, perhaps by greylisting: 450 4.7.1 /);
    expect(await line({ smtp: open, recipient: "greylist@mail.test", temporary: "down" })).toMatch(/^down status /);
    expect(await line({ smtp: { password: "wrong" } })).toMatch(/^down auth .* refused the login of probe@mail.test: 535 /);
    expect(await line({ smtp: { port: postfix.smtpWith.expired, user: null, password: null } })).toMatch(/^down tls-expired /);
  });

  it("sends nothing when nobody can look into the mailbox", async () => {
    const before = postfix.log().match(/client=/g)?.length;
    const refused = await ask({ mailbox: { password: "wrong" } });
    expect(refused).toMatchObject({ verdict: "down", code: "auth" });
    expect(refused.facts).not.toHaveProperty("smtp");
    expect(await line({ mailbox: { ...pop3(), password: "wrong" } })).toMatch(/^down auth /);
    expect(await line({ mailbox: { tls: { ca: certificates.authority, servername: SHOWN_FOR.selfSigned } } })).toMatch(/^down tls-untrusted /);
    expect(await line({ mailbox: { folder: "Elsewhere" } })).toMatch(/^down status .* refused SELECT/);
    expect(postfix.log().match(/client=/g)?.length).toBe(before);
  });

  it("leaks nothing when servers hang", async () => {
    const server = (port: number, more = {}) => ({ host: "127.0.0.1", port, starttls: "off", ...LOGIN, ...more });
    const through = (type: string) => (port: number, ctx: Parameters<typeof mailflow.run>[1]) =>
      mailflow.run(mailflow.options.parse({ smtp: server(port), mailbox: server(port, { type }), sender: "a@mail.test", recipient: "a@mail.test" }), ctx);
    expect(await leaks({ run: through("imap") })).toEqual({ left: [], codes: ["timeout"] });
    expect(await leaks({ run: through("pop3"), serve: (socket) => void socket.write("+OK\r\n+OK\r\n.\r\n+OK\r\n+OK\r\n+OK 2 20\r\n+OK\r\nX-Tocsin") })).toEqual({ left: [], codes: ["timeout"] });
  });

  it("is down when either server is gone or hangs", async () => {
    const controller = new AbortController();
    const silent = await rawServer(() => controller.abort());
    expect(await line({ smtp: { port: silent.port } }, { signal: controller.signal })).toMatch(/^down timeout /);
    await postfix.stop();
    expect(await line()).toBe(`down refused 127.0.0.1 port ${postfix.submission} refused the connection`);
    await dovecot.stop();
    expect(await line()).toBe(`down refused 127.0.0.1 port ${dovecot.imap} refused the connection`);
    expect(await line({ mailbox: pop3() })).toBe(`down refused 127.0.0.1 port ${dovecot.pop3} refused the connection`);
  });
});
