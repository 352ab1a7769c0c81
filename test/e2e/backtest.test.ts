import { cpSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { CheckDetail, ResultView } from "../../src/api/types.ts";
import type { BacktestReport } from "../../src/cli/doors.ts";
import { hook, type Hook, service, type Service } from "./receivers.ts";
import { type Document, type Ended, Place, tocsin } from "./world.ts";

/** A place where shop fails twice, shortly and for longer, behind stands in its shade, and mail fails once, told by a fallback too; with a kill and a changed threshold between. */
interface Past {
  readonly place: Place;
  readonly told: Hook;
  /** The configuration, with `of` in place of what it says of a check. */
  readonly site: (of?: { readonly [check: string]: Document }) => Document;
  /** Failing runs of the first outage of shop. */
  readonly short: number;
}

/** The longest row of failing runs that count and are stored. */
async function failedRuns(place: Place, check: string): Promise<number> {
  const results = await place.json<readonly ResultView[]>(`/api/v1/checks/${check}/results?limit=500`);
  let [row, longest] = [0, 0];
  for (const { verdict } of results.filter(({ origin }) => origin === "scheduled" || origin === "start")) longest = Math.max(longest, (row = verdict === "down" ? row + 1 : 0));
  return longest;
}

async function fails(place: Place, target: Service, check: string, { longerThan = 0, behind = null as string | null } = {}): Promise<void> {
  await target.close();
  await place.becomes(check, "down");
  if (behind !== null) await place.until(`${behind} failed too`, async () => (await place.json<readonly ResultView[]>(`/api/v1/checks/${behind}/results?limit=1`))[0]?.verdict === "down");
  await place.until(`${check} failed ${longerThan + 1} times`, async () => (await failedRuns(place, check)) > longerThan);
  await target.open();
  await place.becomes(check, "up");
}

async function lived(): Promise<Past> {
  const [told, gone, web, shop, mail] = [await hook(), await hook(), await hook(), await service(), await service()];
  gone.status = 404;
  const webhook = (url: string): Document => ({ type: "webhook", url, group: "0s" });
  const channels = { chat: webhook(told.url()), boss: webhook(told.url("/boss")), pager: { ...webhook(gone.url()), fallback: "boss" } };
  const tcp = (port: number): Document => ({ type: "tcp", host: "127.0.0.1", port });
  const site = (of: { readonly [check: string]: Document } = {}): Document => ({
    defaults: { every: "200ms", timeout: "1s", failAfter: 1, notify: ["chat"] },
    channels,
    checks: { shop: { ...tcp(shop.port), ...of["shop"] }, behind: { ...tcp(shop.port), depends: ["shop"], ...of["behind"] }, mail: { ...tcp(mail.port), notify: ["chat", "pager"], ...of["mail"] }, page: { type: "http", url: web.url(), expect: { status: 200 }, ...of["page"] } },
  });
  const place = new Place(site({ mail: { failAfter: 3 } }));
  await place.start();
  for (const check of ["shop", "behind", "mail", "page"]) await place.becomes(check, "up");
  await fails(place, shop, "shop", { behind: "behind" });
  const short = await failedRuns(place, "shop");
  // What is on its way at a kill may come twice.
  await place.until("all is told", async () => told.kinds.includes("recovered shop") && (await place.messages()).every(({ status }) => status === "sent"));
  await place.kill();
  await place.start();
  await place.runsAgain("shop");
  await fails(place, shop, "shop", { longerThan: short + 1, behind: "behind" });
  place.write(site());
  await place.until("the threshold is another", async () => (await place.json<CheckDetail>("/api/v1/checks/mail")).failAfter === 1);
  await fails(place, mail, "mail");
  await place.becomes("behind", "up");
  await place.until("all is told", () => told.kinds.filter((kind) => kind.startsWith("recovered")).length >= 4);
  return { place, told, site, short };
}

const rowsOf = (data: string, table: string): number => {
  const db = new DatabaseSync(join(data, "tocsin.db"), { readOnly: true });
  const count = Number(db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.["count"]);
  db.close();
  return count;
};

test("history judged again: exactly what it was, and what another configuration would have brought", async () => {
  const { place, told, site, short } = await lived();
  const by = (document: Document, ...more: readonly string[]): Promise<Ended> => {
    place.write(document, "other.yaml");
    return tocsin(["backtest", "other.yaml", "--data", place.data, ...more], place.folder);
  };
  const reportOf = async (document: Document): Promise<BacktestReport> => {
    const { exit, out, err } = await by(document, "--json");
    expect([exit, err]).toEqual([0, ""]);
    return JSON.parse(out) as BacktestReport;
  };
  const changed = ({ changes }: BacktestReport): readonly unknown[] => changes.filter(({ fewer, more }) => fewer.length + more.length > 0).map(({ check, channel, came, wouldCome, fewer, more }) => [check, channel, came, wouldCome, fewer.length, more.length]);

  // While it runs, too.
  expect(await reportOf(site())).toMatchObject({ mismatch: null });
  await place.stop();
  const same = await reportOf(site());
  expect(same).toMatchObject({ missing: 0, mismatch: null, limits: [], transitions: rowsOf(place.data, "transitions"), judged: rowsOf(place.data, "results") + rowsOf(place.data, "journal") });
  expect(same.transitions).toBeGreaterThan(6);
  expect(changed(same)).toEqual([]);
  expect(same.changes.reduce((sum, { came }) => sum + came, 0)).toBe(told.kinds.filter((kind) => !kind.startsWith("channel-")).length);

  // More patience than the first outage of shop was long.
  const patient = await reportOf(site({ shop: { failAfter: short + 1 } }));
  expect(changed(patient)).toEqual([["shop", "chat", 4, 2, 2, 0]]);
  expect(patient.changes.flatMap(({ fewer }) => fewer.map(({ kind }) => kind))).toEqual(["down", "recovered"]);
  // Somebody else is told besides; nobody of mail.
  const others = await reportOf(site({ shop: { notify: [{ after: 1, to: ["chat"] }, { after: 2, to: ["boss"] }] }, mail: { notify: [] } }));
  const boss = short > 1 ? 4 : 2;
  expect(changed(others)).toEqual([["mail", "chat", 2, 0, 2, 0], ["mail", "pager", 2, 0, 2, 0], ["shop", "boss", 0, boss, 0, boss]]);
  // Without its dependency the check behind is told by itself.
  expect(changed(await reportOf(site({ behind: { depends: [] } })))).toEqual([["behind", "chat", 0, 4, 0, 4]]);

  // Other conditions: on what was kept, and on what was not. What hangs on a check that is not judged sees it as it was.
  const strict = await reportOf(site({ mail: { warn: { latency: "< 0.001ms" } }, page: { expect: { status: 200, body: "/Welcome/" } }, shop: { type: "tcp", host: "127.0.0.2" } }));
  expect(changed(strict)).toEqual(["chat", "pager"].map((channel) => ["mail", channel, 2, 3, 1, 2]));
  expect(strict.changes.flatMap(({ more }) => more.map(({ kind }) => kind))).toEqual(["degraded", "degraded", "degraded", "degraded"]);
  expect(strict.limits).toEqual([{ check: "shop", why: "it asks something else now", from: null }, { check: "page", why: "what its conditions ask was not kept: body", from: null }]);
  // A window over all of it.
  const window = { name: "all", checks: ["mail"], from: "2020-01-01 00:00", to: "2090-01-01 00:00" };
  expect(changed(await reportOf({ ...site(), maintenance: [window] }))).toEqual(["chat", "pager"].map((channel) => ["mail", channel, 2, 0, 2, 0]));

  const printed = await by(site({ shop: { failAfter: short + 1 } }));
  expect(printed).toMatchObject({ exit: 0, err: "" });
  expect(printed.out).toMatch(/^Judged again from \S+ \(\S+\): \d+ results and inputs\.\n(.+\n)?Proven: the configurations of then give exactly the \d+ changes of state on record\.\n\n\d+ alerts would have come, \d+ came: 2 would not have come, 0 would have come besides\.\n\nshop, chat: 2 instead of 4\n {2}- \S+ down {6}127\.0\.0\.1 port \d+ refused the connection\n {2}- \S+ recovered /);

  // What is no longer as it was is found.
  cpSync(place.data, join(place.folder, "changed"), { recursive: true });
  const db = new DatabaseSync(join(place.folder, "changed", "tocsin.db"));
  expect(db.prepare("UPDATE results SET verdict = 0 WHERE verdict <> 0 AND check_id = (SELECT id FROM checks WHERE name = 'mail')").run().changes).toBeGreaterThan(0);
  db.close();
  const found = await tocsin(["backtest", "other.yaml", "--data", join(place.folder, "changed")], place.folder);
  expect(found).toMatchObject({ exit: 1, out: expect.stringMatching(/NOT PROVEN: by the configurations of then mail is judged otherwise from \S+ on\.\n {2}on record: .*from up to down \(threshold, .*\n {2}now: {7}nothing\n$/) });
});
