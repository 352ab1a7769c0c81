import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { header, service } from "../e2e/receivers.ts";
import { ask, Place, tocsin } from "../e2e/world.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { atEnd, describeWith, temporaryFolder } from "../servers/ground.ts";
import { type Postfix, startPostfix } from "../servers/postfix.ts";
import { buildKuma } from "./kuma/build.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("Uptime Kuma's database against Postfix: skipped: Postfix is started by root only\n");
const asRoot = isRoot ? describeWith : (_: readonly string[], title: string, body: () => void): void => void describe.skip(title, body);

/** A web page that says what a test wants it to say. */
async function page(): Promise<{ says: string; readonly port: number }> {
  const made = { says: "", port: 0 };
  const server = createServer((_, response) => response.writeHead(200, { connection: "close" }).end(made.says));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => void server.close());
  made.port = (server.address() as AddressInfo).port;
  return made;
}

asRoot(["postfix", "openssl"], "Uptime Kuma's database", () => {
  let postfix: Postfix;
  beforeAll(async () => {
    const folder = temporaryFolder();
    postfix = await startPostfix(folder, (await makeCertificates(folder)).good);
  });

  /** A database of version 2 with six monitors; one of them was down when Uptime Kuma was left. */
  async function left() {
    const [web, closed, old] = [await page(), await service(false), await service(false)];
    const place = new Place("");
    const config = JSON.stringify({ name: "mail", type: "smtp", smtpHost: "127.0.0.1", smtpPort: postfix.plain, smtpSecure: false, smtpFrom: "Kuma <kuma@mail.test>", smtpTo: "probe@mail.test" });
    buildKuma(
      join(place.folder, "kuma.db"),
      2,
      `INSERT INTO notification (id, name, config, user_id) VALUES (1, 'mail', '${config}', 1);
       INSERT INTO monitor (id, name, type, interval, parent, url, keyword, maxretries, retry_interval) VALUES (1, 'shop', 'group', 1, NULL, NULL, NULL, 0, 0), (2, 'web', 'keyword', 1, 1, 'http://127.0.0.1:${web.port}/', 'Welcome', 2, 1);
       INSERT INTO monitor (id, name, type, interval, hostname, port, upside_down) VALUES (3, 'telnet', 'port', 1, '127.0.0.1', ${closed.port}, 1), (4, 'old', 'port', 1, '127.0.0.1', ${old.port}, 0);
       INSERT INTO monitor (id, name, type, interval, push_token) VALUES (5, 'job', 'push', 3600, 'a1B2c3D4e5');
       INSERT INTO monitor_notification (monitor_id, notification_id) VALUES (1, 1), (2, 1), (3, 1), (4, 1), (5, 1);
       INSERT INTO heartbeat (monitor_id, status, important, msg, time) VALUES (2, 1, 1, '200 - OK', '2026-11-20 02:00:00.000'), (4, 1, 1, '', '2026-11-20 02:00:00.000'), (4, 0, 1, 'connect ECONNREFUSED', '2026-11-20 02:01:00.000')`,
    );
    web.says = "Welcome";
    const before = postfix.mails().length;
    return { place, web, closed, old, subjects: () => postfix.mails().slice(before).map((mail) => header(mail, "Subject")) };
  }

  /** What fails and recovers, and what is told of it. */
  async function story({ place, web, closed, old, subjects }: Awaited<ReturnType<typeof left>>): Promise<void> {
    await place.start();
    const told = async (what: string, ...more: readonly string[]): Promise<void> => {
      const expected = [...told.all, ...more].toSorted();
      await place.until(what, () => subjects().length >= expected.length);
      expect(subjects().toSorted()).toEqual(expected.map((subject) => expect.stringContaining(subject) as string));
      told.all.push(...more);
    };
    told.all = [] as string[];
    const beat = (query: string) => ask({ host: "127.0.0.1", port: place.page.port, path: `/api/push/a1B2c3D4e5?${query}` });
    await beat("status=up&msg=OK&ping=");
    for (const name of ["web", "shop", "telnet", "job"]) await place.becomes(name, "up");
    // What was down already is not told again.
    await place.runsAgain("old");
    await place.runsAgain("old");
    expect(await place.check("old")).toMatchObject({ state: "down", since: Date.parse("2026-11-20T02:01:00Z") });
    expect(subjects()).toEqual([]);
    await old.open();
    await told("the old outage ends", "[old] [✅ Up]");
    web.says = "Maintenance";
    await told("monitor and group are down", "[shop] [🔴 Down]", "[web] [🔴 Down]");
    web.says = "Welcome";
    await told("and up again", "[shop] [✅ Up]", "[web] [✅ Up]");
    await closed.open();
    await told("what must not answer does", "[telnet] [🔴 Down] up, and should not be");
    await closed.close();
    await told("and no more", "[telnet] [✅ Up] not up, as it should be");
    expect(await beat("status=down&msg=disk%20full")).toMatchObject({ status: 200 });
    await told("the job failed", "[job] [🔴 Down] disk full");
    await beat("status=up&msg=OK&ping=20");
    await told("and went well", "[job] [✅ Up] OK");
    // One failing run is fewer than its retries.
    const [incident, ...others] = await place.incidents("web");
    expect([incident?.check, others]).toEqual(["web", []]);
    await place.stop();
  }

  test("is run as it is: each outage and each end by Postfix once, with Uptime Kuma's subjects", async () => {
    const here = await left();
    here.place.config = join(here.place.folder, "kuma.db");
    await story(here);
  });

  test("is imported, and the written file tells the same", async () => {
    const here = await left();
    const { folder } = here.place;
    const done = await tocsin(["import", "kuma.db", "-o", "site.yaml", "--data", here.place.data], folder);
    expect(done).toMatchObject({ exit: 0, err: expect.stringContaining("kuma.db: as it is: monitor 2 web: checks as before") });
    expect(done.err).toContain(`took 3 runs and 0 outages of 2 checks into ${here.place.data}; 2 checks begin in the state that they were left in\n`);
    expect(await tocsin(["lint", "site.yaml"], folder)).toMatchObject({ exit: 0 });
    here.place.config = join(folder, "site.yaml");
    await here.place.start();
    await here.place.becomes("web", "up");
    await here.place.runsAgain("old");
    expect(await here.place.check("old")).toMatchObject({ state: "down", since: Date.parse("2026-11-20T02:01:00Z") });
    expect((await here.place.json<readonly { slot: number }[]>("/api/v1/checks/web/results")).map(({ slot }) => slot)).toContain(Date.parse("2026-11-20T02:00:00Z"));
    await here.place.until("what was left is part of what is believed", () => !existsSync(join(here.place.data, "carried.json")));
    expect(here.subjects()).toEqual([]);
    expect(await tocsin(["import", "kuma.db", "-o", "other.yaml", "--data", here.place.data], folder)).toMatchObject({ exit: 1, err: expect.stringMatching(/no history was taken: the data folder .* is in use by process/) });
    await here.old.open();
    await here.place.until("the old outage's end is told", () => here.subjects().length === 1);
    here.web.says = "Maintenance";
    const told = () => here.subjects().flatMap((subject) => /^\[(web|shop)\] \[\S+ (\w+)\]/.exec(subject)?.slice(1).join(" ") ?? []).toSorted();
    await here.place.until("monitor and group are told", () => told().length === 2);
    here.web.says = "Welcome";
    await here.place.until("their ends are told", () => told().length >= 4);
    await here.place.stop();
    expect(told()).toEqual(["shop Down", "shop Up", "web Down", "web Up"]);
    // What was taken over stands before all that can be judged again, and what came then is judged as it was.
    expect(await tocsin(["backtest", "site.yaml", "--data", here.place.data, "--since", "1h"], folder)).toMatchObject({ exit: 0, out: expect.stringContaining("\nProven: ") });
  });
});
