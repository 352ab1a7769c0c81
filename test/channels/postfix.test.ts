import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Sending } from "../../src/alert/channels/channel.ts";
import { email } from "../../src/alert/channels/email.ts";
import { type Certificates, makeCertificates } from "../servers/certificates.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { type Postfix, startPostfix } from "../servers/postfix.ts";
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
    postfix = await startPostfix(folder, certificates.good);
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
  test("a login that is not offered", async () => expect(await send(smtp({ user: "u", password: "p" }))).not.toMatchObject({ kind: "sent" }));

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
    test("a bad mail: refused", async () => expect(await send({ sendmail: program("echo no such user >&2; exit 67") })).toEqual({ kind: "refused", reason: expect.stringMatching(/ended with 67: no such user$/) }));
    test("a bad moment: later", async () => expect(await send({ sendmail: program("cat >/dev/null; exit 75") })).toMatchObject({ kind: "retry", doubt: false }));
    test("killed: in doubt", async () => expect(await send({ sendmail: program("cat >/dev/null; kill -9 $$") })).toMatchObject({ kind: "retry", doubt: true }));
    test("no such program: later", async () => expect(await send({ sendmail: "/nowhere/sendmail" })).toMatchObject({ kind: "retry", doubt: false }));
  });
});
