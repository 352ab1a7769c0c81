import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { hook } from "../e2e/receivers.ts";
import { Place } from "../e2e/world.ts";
import { type Certificates, makeCertificates } from "../servers/certificates.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { type Postfix, startPostfix } from "../servers/postfix.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("Fletchck's site against Postfix: skipped: Postfix is started by root only\n");
const asRoot = isRoot ? describeWith : (_: readonly string[], title: string, body: () => void): void => void describe.skip(title, body);

asRoot(["postfix", "openssl"], "Fletchck's site, run as it is", () => {
  let postfix: Postfix;
  let certificates: Certificates;
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    postfix = await startPostfix(folder, certificates.good, { certificates });
  });

  test("a first failure is silent and a first pass told; then each change at its threshold, with Fletchck's subjects", async () => {
    const web = await hook();
    const { port } = web;
    const place = new Place("");
    place.config = join(place.folder, "site.conf");
    const authority = join(place.folder, "authority.pem");
    writeFileSync(authority, certificates.authority);
    const email = { type: "email", options: { hostname: "localhost", port: postfix.smtps, sender: "fletchck@mail.test", recipients: ["probe@mail.test"], site: "Place" } };
    const checks = { web: { type: "https", threshold: 2, trigger: { interval: { seconds: 1 } }, options: { hostname: "127.0.0.1", port, tls: false }, actions: ["mail"] } };
    place.write(JSON.stringify({ webui: { host: "127.0.0.1", port: 2930 }, actions: { mail: email }, checks }), "site.conf");
    const subjects = (): readonly (string | undefined)[] => postfix.mails().map((mail) => /^Subject: (.*)$/m.exec(mail)?.[1]);
    await web.close();
    await place.start({ NODE_EXTRA_CA_CERTS: authority });
    await place.runsAgain("web");
    await place.runsAgain("web");
    expect(subjects()).toEqual([]);
    await web.open(port);
    await place.until("the first pass is told", () => subjects().length === 1);
    await web.close();
    await place.until("the outage is told", () => subjects().length === 2);
    await web.open(port);
    await place.until("its end is told", () => subjects().length === 3);
    await place.stop();
    expect([...subjects()].map(String).toSorted()).toEqual(["[Place] FAIL: web (https)", "[Place] PASS: web (https)", "[Place] PASS: web (https)"]);
  });
});
