import { beforeAll, describe, expect, test } from "vitest";
import { header, hook } from "../e2e/receivers.ts";
import { Place, tocsin } from "../e2e/world.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { type Postfix, startPostfix } from "../servers/postfix.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("a table against Postfix: skipped: Postfix is started by root only\n");
const asRoot = isRoot ? describeWith : (_: readonly string[], title: string, body: () => void): void => void describe.skip(title, body);

asRoot(["postfix", "openssl"], "a table, put into a configuration", () => {
  let postfix: Postfix;
  beforeAll(async () => {
    const folder = temporaryFolder();
    postfix = await startPostfix(folder, (await makeCertificates(folder)).good);
  });

  test("a first failure is silent and a first pass told; then each change at its threshold, one mail for what hangs on it", async () => {
    const web = await hook();
    const { port } = web;
    const ops = { type: "email", to: ["probe@mail.test"], from: "tocsin@mail.test", smtp: { host: "127.0.0.1", port: postfix.smtp, starttls: "off" } };
    const place = new Place({ channels: { ops } });
    const row = (...cells: readonly (string | number)[]): string => `${cells.join(",")}\r\n`;
    place.write(row("name", "checkType", "hostname", "port", "tls", "threshold", "trigger", "depends", "actions") + row("web", "https", "127.0.0.1", port, "no", 2, "1 sec", "", "ops") + row("shop", "https", "127.0.0.1", port, "no", 2, "1 sec", "web", "ops"), "checks.csv");
    expect(await tocsin(["import", "checks.csv", "--into", "tocsin.yaml"], place.folder)).toMatchObject({ exit: 0 });
    const subjects = (): readonly string[] => postfix.mails().map((mail) => header(mail, "Subject"));
    await web.close();
    await place.start();
    await place.runsAgain("web");
    await place.runsAgain("web");
    await place.runsAgain("web");
    expect(subjects()).toEqual([]);
    await web.open(port);
    await place.becomes("web", "up");
    await place.becomes("shop", "up");
    await place.until("the first passes are told", () => ["web", "shop"].every((name) => subjects().some((subject) => subject.includes(name))));
    const first = subjects().length;
    await web.close();
    await place.until("the outage is told", () => subjects().length === first + 1);
    await place.becomes("shop", "blocked");
    await web.open(port);
    await place.until("its end is told", () => subjects().length === first + 2);
    await place.becomes("shop", "up");
    await place.stop();
    const told = subjects();
    // Both passed first within a second or two: in one mail, or in two.
    expect(told.slice(0, first).join()).toMatch(/^● (2 recovered — shop, web|RECOVERED (shop|web) — .*,● RECOVERED (shop|web) — .*)$/);
    expect(told.slice(first)).toEqual([expect.stringMatching(/^▲ DOWN web — 127\.0\.0\.1 port \d+ refused the connection, since /), expect.stringMatching(/^● RECOVERED web — /)]);
  });
});
