import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Sending } from "../../src/alert/channels/channel.ts";
import { email } from "../../src/alert/channels/email.ts";
import { type Certificates, makeCertificates } from "../servers/certificates.ts";
import { startDovecot } from "../servers/dovecot.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { type Postfix, startPostfix } from "../servers/postfix.ts";
import { type Wire, startRelay } from "../servers/relay.ts";
import { channelContext, KEY, message } from "./message.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("email against Postfix: skipped: Postfix is started by root only\n");
const asRoot = isRoot ? describeWith : (_: readonly string[], title: string, body: () => void): void => void describe.skip(title, body);

asRoot(["postfix", "openssl"], "email against Postfix", () => {
  let certificates: Certificates;
  let postfix: Postfix;
  let folder: string;
  beforeAll(async () => {
    folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    postfix = await startPostfix(folder, certificates.good, { certificates });
  });
  const send = (options: object, recipient = "probe@mail.test"): Promise<Sending> =>
    email.send(email.options.parse({ to: [recipient], from: "tocsin@mail.test", ...options }), message({}, recipient), channelContext());
  const smtp = (more: object = {}): object => ({ smtp: { host: "localhost", port: postfix.smtp, ca: certificates.authority, ...more } });
  /** The mail that arrives next after what is there. */
  const next = async (before: number): Promise<string> => {
    await vi.waitUntil(() => postfix.mails().length > before, { timeout: 30_000, interval: 50 });
    return postfix.mails().at(-1) ?? "";
  };

  test("STARTTLS", async () => {
    expect(await send(smtp())).toMatchObject({ kind: "sent", detail: expect.stringMatching(/^250 2\.0\.0 Ok: queued as/) });
    expect(await next(0)).toMatch(new RegExp(`^Message-ID: <${KEY}@tocsin>$`, "m"));
  });
  test("TLS from the first byte", async () => expect(await send(smtp({ port: postfix.smtps, tls: true }))).toMatchObject({ kind: "sent" }));
  test("greylisted: later", async () => expect(await send(smtp(), "greylist@mail.test")).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/^450 4\.7\.1/) }));
  test("unknown: refused", async () => expect(await send(smtp(), "nobody@mail.test")).toMatchObject({ kind: "refused", reason: expect.stringMatching(/^550 5\.1\.1/) }));
  test("elsewhere: refused", async () => expect(await send(smtp(), "a@elsewhere.test")).toMatchObject({ kind: "refused", reason: expect.stringMatching(/^554 5\.7\.1/) }));
  test("busy: later", async () => expect(await send(smtp(), "busy@mail.test")).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/^421 4\.3\.2/) }));
  test("STARTTLS that is not offered where it is required: later, and nothing is said", async () => {
    expect(await send(smtp({ port: postfix.plain }))).toMatchObject({ kind: "retry", doubt: false });
    expect(await send(smtp({ port: postfix.plain, starttls: "optional" }))).toMatchObject({ kind: "sent" });
  });
  test("a certificate that is not right: later", async () => {
    expect(await send(smtp({ port: postfix.smtpWith.expired }))).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/expired/) });
    expect(await send(smtp({ port: postfix.smtpWith.selfSigned, ca: undefined }))).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/self-signed/) });
  });
  test("a login that is not offered", async () => expect(await send(smtp({ user: "u", password: "p" }))).not.toMatchObject({ kind: "sent" }));

  describe("a connection that breaks", () => {
    const at = async (mark: string, then: (wire: Wire) => void, deadlineMs = 30_000): Promise<Sending> => {
      const relay = await startRelay(postfix.smtp, (said, wire) => (said.includes(mark) ? (then(wire), "stop") : "pass"));
      const options = { to: ["probe@mail.test"], from: "tocsin@mail.test", smtp: { host: "127.0.0.1", port: relay.port, starttls: "off" } };
      return email.send(email.options.parse(options), message(), channelContext({ deadlineMs }));
    };
    const cut = ({ client }: Wire): void => void client.destroy();
    const hang = (): void => {};
    const DOT = "\r\n.\r\n";
    test("cut at MAIL: surely not sent", async () => expect(await at("MAIL FROM", cut)).toMatchObject({ kind: "retry", doubt: false }));
    test("cut at the dot: in doubt", async () => expect(await at(DOT, cut)).toMatchObject({ kind: "retry", doubt: true }));
    test("a hang at RCPT: surely not sent", async () => expect(await at("RCPT TO", hang, 1500)).toMatchObject({ kind: "retry", doubt: false, reason: "no answer before the deadline (mail)" }));
    test("a hang at the dot: in doubt", async () => expect(await at(DOT, hang, 1500)).toMatchObject({ kind: "retry", doubt: true, reason: "no answer before the deadline (mail)" }));
  });

  describe("through sendmail", () => {
    const program = (lines: string): string => {
      const path = join(folder, `sendmail${lines.length}`);
      writeFileSync(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
      return path;
    };
    test("arrives whole", async () => {
      const before = postfix.mails().length;
      expect(await send({ sendmail: program(`exec /usr/sbin/sendmail -C ${postfix.configuration} "$@"`) })).toMatchObject({ kind: "sent" });
      const mail = await next(before);
      expect(mail).toMatch(new RegExp(`^X-Tocsin-Key: ${KEY}$`, "m"));
      expect(mail).toMatch(/^Return-Path: <tocsin@mail\.test>$/m);
    });
    test("a bad mail: refused", async () => expect(await send({ sendmail: program("echo no such user >&2; exit 67") })).toEqual({ kind: "refused", reason: expect.stringMatching(/ended with exit code 67: no such user$/) }));
    test("a bad moment: later", async () => expect(await send({ sendmail: program("cat >/dev/null; exit 75") })).toMatchObject({ kind: "retry", doubt: false }));
    test("killed: in doubt", async () => expect(await send({ sendmail: program("cat >/dev/null; kill -9 $$") })).toMatchObject({ kind: "retry", doubt: true }));
    test("no such program: later", async () => expect(await send({ sendmail: "/nowhere/sendmail" })).toMatchObject({ kind: "retry", doubt: false }));
  });

  test("a server that hangs from the first, and one that is gone: later", async () => {
    const own = await startPostfix(temporaryFolder(), certificates.good);
    const mail = (deadlineMs: number): Promise<Sending> => email.send(email.options.parse({ to: ["probe@mail.test"], from: "tocsin@mail.test", smtp: { host: "127.0.0.1", port: own.smtp } }), message(), channelContext({ deadlineMs }));
    // Those that would answer are processes of their own.
    process.kill(-own.pid, "SIGSTOP");
    expect(await mail(400)).toEqual({ kind: "retry", doubt: false, reason: "no answer before the deadline (opening)" });
    process.kill(-own.pid, "SIGCONT");
    await own.stop();
    expect(await mail(30_000)).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/refused the connection$/) });
  });
});

asRoot(["postfix", "dovecot-imapd", "dovecot-lmtpd", "dovecot-pop3d", "openssl"], "email against Postfix with a login", () => {
  let certificates: Certificates;
  let postfix: Postfix;
  beforeAll(async () => {
    certificates = await makeCertificates(temporaryFolder());
    const dovecot = await startDovecot(temporaryFolder(), certificates);
    postfix = await startPostfix(temporaryFolder(), certificates.good, { dovecot });
  }, 60_000);
  const send = (more: object): Promise<Sending> => {
    const smtp = { host: "localhost", port: postfix.submission, ca: certificates.authority, user: "probe@mail.test", password: "probepw", ...more };
    return email.send(email.options.parse({ to: ["probe@mail.test"], from: "tocsin@mail.test", smtp }), message(), channelContext());
  };
  test("that is right", async () => expect(await send({})).toMatchObject({ kind: "sent", detail: expect.stringMatching(/^250 2\.0\.0 Ok: queued as/) }));
  test("that is wrong: refused", async () => expect(await send({ password: "wrong" })).toMatchObject({ kind: "refused", reason: expect.stringMatching(/^login refused: 535 5\.7\.8/) }));
  test("that is missing: refused", async () => expect(await send({ user: undefined, password: undefined })).toMatchObject({ kind: "refused", reason: expect.stringMatching(/^554 5\.7\.1/) }));
});
