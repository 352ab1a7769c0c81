import { beforeAll, describe, expect, test } from "vitest";
import { service } from "../e2e/receivers.ts";
import { Place } from "../e2e/world.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { type Postfix, startPostfix } from "../servers/postfix.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("monsta against Postfix: skipped: Postfix is started by root only\n");
const asRoot = isRoot ? describeWith : (_: readonly string[], title: string, body: () => void): void => void describe.skip(title, body);

asRoot(["postfix", "openssl"], "monsta's configuration, run as it is", () => {
  let postfix: Postfix;
  beforeAll(async () => {
    const folder = temporaryFolder();
    postfix = await startPostfix(folder, (await makeCertificates(folder)).good);
  });

  test("a test of two checks tells by Postfix at the counts it names, each once, and its end to those who were told", async () => {
    const [one, two] = [await service(), await service()];
    const place = new Place("");
    place.config = `${place.folder}/monsta.conf`;
    place.write(
      `[main]
daemonize=1
[smtp_default]
host=127.0.0.1
port=${postfix.plain}
sender=monsta@mail.test
[Notification_bob]
type=smtp
recipient=probe@mail.test
[Notification_boss]
type=smtp
recipient=probe@mail.test
sender=boss@mail.test
[portconnect_default]
host=127.0.0.1
timeout=2
[Check_one]
type=portconnect
port=${one.port}
[Test_both]
checks=one two
interval=0.3
notify=1:bob 3:boss
`,
      "monsta.conf",
    );
    place.write(`[Check_two]\ntype=portconnect\nport=${two.port}\n`, "conf.d/two.conf");
    await place.start();
    await place.becomes("Test_both", "up");
    await two.close();
    await place.until("both are told", () => postfix.mails().length >= 2);
    await two.open();
    await place.becomes("Test_both", "up");
    const mails = await place.until("both hear of the end", () => (postfix.mails().length >= 4 ? postfix.mails() : null));
    await place.stop();
    const said = mails.map((mail) => [/^From: .*<(\w+)@/m.exec(mail)?.[1], /^Subject: (.*)$/m.exec(mail)?.[1]].join(" "));
    expect(said.toSorted()).toEqual(["boss [Test_both]", "boss [Test_both] recovered", "monsta [Test_both]", "monsta [Test_both] recovered"]);
    const first = mails.find((mail) => /^Subject: \[Test_both\]\r?$/m.test(mail)) ?? "";
    expect(first).toMatch(/^\[Test_both\]\r?\nCheck_one: up, .*\r?\nCheck_two: down, 127\.0\.0\.1 port \d+ refused the connection/m);
  });
});
