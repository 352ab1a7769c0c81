import { describe, expect, test } from "vitest";
import type { Site } from "../src/config/site.ts";
import { type Alert, checkName, type Policy, type Verdict } from "../src/core/types.ts";
import { HOUR, MINUTE, SECOND, type World } from "../src/run/ground.ts";
import { benchOf, checkOf, fletchck, monsta, siteOf, wordsOf, worldOf } from "./snippets.ts";

/**
 * When the systems that Tocsin replaces check, count and tell, row by row of their documentation: each row's own snippet is read by its importer,
 * and what comes of it is judged. What they ask is tested with the probes, how their files are read with the importers.
 */

type Case = readonly [script: string, policy: Promise<Policy>, expected: string];

function row(statement: string, cases: () => readonly Case[]): void {
  test(statement, async () => {
    for (const [script, policy, expected] of cases()) expect(benchOf(await policy).play(script).story, script).toBe(expected);
  });
}

const set = (world: World, verdict: Verdict, ...names: readonly string[]): void => names.forEach((name) => world.set(name, verdict));
const alertsOf = (world: World) => world.batches.flatMap((batch) => batch.alerts);
const told = (world: World): readonly string[] => alertsOf(world).map(({ check, kind }) => `${check} ${kind}`);
const order = (world: World): readonly string[] => world.began.map((line) => line.split(" ")[1] ?? "");

describe("monsta", () => {
  const t = async (test: string): Promise<Policy> => checkOf(await monsta(`interval=60\n${test}`), "Test_t").policy;
  row("notify: a block fires when the count of failing runs equals its number exactly", () => [["u d d d d d d", t("notify=1:ops 2:boss 5:sms"), "1 up, 2 down, 2 down!ops, 3 down!boss, 6 down!sms"], ["u d d", t("notify=3:ops"), "1 up, 2 down"]]);
  row("notify: the document's example: mail and chat after 1, an SMS after 2, the boss after 5", () => [["d d d d d", t("notify=1:ops,log 2:sms 5:boss"), "1 down, 1 down!ops, 1 down!log, 2 down!sms, 5 down!boss"]]);
  row("the failure count rises by one with each failing run and is set to 0 by a run that succeeds", () => [["u d d u d d d u d", t("notify=2:ops 3:boss"), "1 up, 2 down, 3 down!ops, 4 up, 4 recovered!ops, 5 down, 6 down!ops, 7 down!boss, 8 up, 8 recovered!ops, 8 recovered!boss, 9 down"]]);
  row("`0:` fires after every test performed", () => [["u d d u", t("notify=0:log 2:ops"), "1 up, 1 run!log, 2 down, 2 run!log, 3 run!log, 3 down!ops, 4 up, 4 recovered!ops, 4 run!log"]]);
  row("a test without notify is kept for statistics", () => [["u d d u", t(""), "1 up, 2 down, 4 up"]]);
  row("no recovery message exists: the one that is added goes to those who were told, and to nobody else", () => [["d u", t("notify=1:ops 2:boss"), "1 down, 1 down!ops, 2 up, 2 recovered!ops"], ["d u", t("notify=2:boss"), "1 down, 2 up"]]);
  row("it knows nothing of flapping", () => [["d u d u d u d u d u d u d u d", t("notify=1:ops"), Array.from({ length: 15 }, (_, at) => (at % 2 === 0 ? `${at + 1} down, ${at + 1} down!ops` : `${at + 1} up, ${at + 1} recovered!ops`)).join(", ")]]);
  test("interval: seconds after the previous run ended (a fixed delay)", async () => {
    const world = await worldOf(await monsta("interval=300", "a"));
    world.set("Check_a", "up", 9 * SECOND);
    await world.pass(17 * MINUTE);
    expect(world.runsOf("Check_a").map(Math.round)).toEqual([0, 309, 618, 927]);
  });
  test("requires=all: all checks must succeed; any: at least one, the others may fail", async () => {
    for (const [requires, one, both] of [["all", "down", "down"], ["any", "up", "down"]] as const) {
      const world = await worldOf(await monsta(`interval=60\nrequires=${requires}`));
      set(world, "down", "Check_a");
      await world.pass(5 * SECOND);
      expect(world.status("Test_t"), requires).toBe(one);
      set(world, "down", "Check_b");
      await world.pass(2 * MINUTE);
      expect(world.status("Test_t"), requires).toBe(both);
    }
  });
  test("a test runs its checks itself; a check in no test never runs", async () => {
    const world = await worldOf(await monsta("interval=300", "a"));
    await world.pass(11 * MINUTE);
    expect([world.runsOf("Check_a").length, world.runsOf("Check_b").length]).toEqual([3, 0]);
  });
  test("the count is that of the test, not of its checks: another check that fails each time counts on", async () => {
    const world = await worldOf(await monsta("interval=60\nnotify=3:boss"));
    for (const [good, bad] of [["b", "a"], ["a", "b"], ["b", "a"]]) {
      set(world, "up", `Check_${good}`);
      set(world, "down", `Check_${bad}`);
      await world.pass(MINUTE + SECOND);
    }
    expect(told(world)).toEqual(["Test_t down"]);
  });
  test("message: [Test_NAME]; the same line, then a line a check with status and errors, also of `0:` after a good run", async () => {
    const site = await monsta("interval=60\nnotify=0:log 1:ops,sms");
    const world = await worldOf(site);
    await world.pass(30 * SECOND);
    set(world, "down", "Check_a");
    await world.pass(MINUTE);
    set(world, "up", "Check_a");
    await world.pass(MINUTE);
    const said = (of: readonly Alert[]): readonly string[] => of.map((alert) => wordsOf(site, alert).text);
    const well = "[Test_t]\nCheck_a: up, saw up\nCheck_b: up, saw up\n";
    const failing = "[Test_t]\nCheck_a: down, saw down\nCheck_b: up, saw up\n";
    const [runs, downs, ends] = (["run", "down", "recovered"] as const).map((kind) => alertsOf(world).filter((alert) => alert.kind === kind));
    expect([said(runs ?? []), said(downs ?? [])]).toEqual([[well, failing, well], [failing, failing]]);
    expect(runs?.concat(downs ?? [], ends ?? []).map((alert) => wordsOf(site, alert).subject)).toEqual([...Array.from({ length: 5 }, () => "[Test_t]"), "[Test_t] recovered", "[Test_t] recovered"]);
  });
});

describe("fletchck", () => {
  const EACH_MINUTE = { trigger: { interval: { minutes: 1 } } };
  const ssh = (host: string, more: object = {}): object => ({ type: "ssh", options: { hostname: `${host}.example.com` }, ...more });
  const sequence = (checks: readonly string[], more: object = {}): object => ({ type: "sequence", trigger: { interval: { minutes: 5 } }, options: { checks }, actions: ["ops"], ...more });
  const web = async (more: object = {}): Promise<Policy> => checkOf(await fletchck({ web: ssh("web", { ...EACH_MINUTE, actions: ["ops"], ...more }), gw: ssh("gw") }), "web").policy;
  const worldWith = async (checks: { readonly [name: string]: object }): Promise<World> => worldOf(await fletchck(checks));
  row("threshold: consecutive failing runs before the state is fail", () => [["u d d u d d d", web({ threshold: 3 }), "1 up, 1 recovered!ops, 7 down, 7 down!ops"]]);
  row("actions fire on the transition pass to fail and fail to pass, once each", () => [["u d d d u u d", web({ actions: ["ops", "boss"] }), "1 up, 1 recovered!ops, 1 recovered!boss, 2 down, 2 down!ops, 2 down!boss, 5 up, 5 recovered!ops, 5 recovered!boss, 7 down, 7 down!ops, 7 down!boss"]]);
  row("failAction false: the pass alone; passAction false: the fail alone", () => [["u d u", web({ failAction: false }), "1 up, 1 recovered!ops, 2 down, 3 up, 3 recovered!ops"], ["u d u", web({ passAction: false }), "1 up, 2 down, 2 down!ops, 3 up"]]);
  row("a new check starts in fail state: its first failing run is silent, and its first pass sends a pass message", () => [["d u", web(), "2 up, 2 recovered!ops"], ["u", web(), "1 up, 1 recovered!ops"], ["d d d u d", web(), "4 up, 4 recovered!ops, 5 down, 5 down!ops"], ["d d u", web({ threshold: 3 }), "3 up, 3 recovered!ops"]]);
  test("publish: every run with the count of failing ones and the threshold", async () => {
    const bench = benchOf(await web({ threshold: 3, publish: "sites/web", actions: [] })).play("u d d d d u");
    expect(bench.alerts.map(({ kind, status, fails }) => `${kind} ${status} ${fails?.runs} of ${fails?.of}`)).toEqual(["run up 0 of 3", "run up 1 of 3", "run up 2 of 3", "run down 3 of 3", "run down 4 of 3", "run up 0 of 3"]);
  });
  row("a check whose dependency is in fail state becomes a soft failure and sends nothing", () => {
    const behind = web({ depends: ["gw"] });
    return [["u gw:down d d d", behind, "1 up, 1 recovered!ops, 2 blocked"], ["u gw:down d d gw:up u", behind, "1 up, 1 recovered!ops, 2 blocked, 4 up"], ["u gw:down d d gw:up d gw:answer", behind, "1 up, 1 recovered!ops, 2 blocked, 4 ask gw, 4 down, 4 down!ops"]];
  });
  test("so does one whose dependency waits for another in turn", async () => {
    const chain = { ...EACH_MINUTE, actions: ["ops"] };
    const world = await worldWith({ gw: ssh("gw", chain), core: ssh("core", { ...chain, depends: ["gw"] }), mail: ssh("mail", { ...chain, depends: ["core"] }) });
    await world.pass(5 * MINUTE);
    set(world, "down", "gw", "core", "mail");
    await world.pass(10 * MINUTE);
    set(world, "up", "gw", "core", "mail");
    await world.pass(10 * MINUTE);
    expect(told(world).filter((line) => !line.endsWith(" recovered"))).toEqual(["gw down"]);
    expect(["gw", "core", "mail"].map((name) => world.status(name))).toEqual(["up", "up", "up"]);
  });
  test("retries: immediate tries within one run, stopping at the first pass", async () => {
    const world = await worldWith({ shop: ssh("shop", { ...EACH_MINUTE, retries: 5 }) });
    let tries = 0;
    world.behaviours.get = () => ({ verdict: (tries += 1) === 3 ? "up" : "down", tookMs: 1 });
    await world.pass(SECOND);
    expect(world.resultsOf("shop")).toMatchObject([{ verdict: "up", tries: 3 }]);
  });
  test("retries: so many tries and no more; certificate and host-key failures are not retried", async () => {
    for (const [tries, more] of [[5, {}], [1, { code: "tls-expired" as const }], [1, { code: "mismatch" as const, final: true as const }]] as const) {
      const world = await worldWith({ shop: ssh("shop", { ...EACH_MINUTE, retries: 5 }) });
      world.behaviours.get = () => ({ verdict: "down", tookMs: 1, more });
      await world.pass(SECOND);
      expect(world.resultsOf("shop")).toMatchObject([{ verdict: "down", tries }]);
    }
  });
  test("an interval trigger runs first about 1 s after the start, and from then on at its pace; one with a start date not before it", async () => {
    const world = await worldWith({ check: ssh("a", { trigger: { interval: { minutes: 5 } } }), later: ssh("b", { trigger: { interval: { minutes: 5, start_date: "2026-01-01T12:07:00" } } }) });
    await world.pass(21 * MINUTE);
    const [first = -1, second = 0, ...others] = world.runsOf("check");
    expect(first).toBeLessThanOrEqual(1);
    expect(second).toBeLessThanOrEqual(300);
    expect(others.map((at, index) => Math.round(at - ([second, ...others][index] ?? 0)))).toEqual([300, 300, 300]);
    expect(world.runsOf("later").map(Math.round)).toEqual([420, 720, 1020]);
  });
  test("a cron trigger runs when it is due and not at the start", async () => {
    const world = await worldWith({ check: ssh("a", { trigger: { cron: { hour: "12,13", minute: 30 } } }) });
    await world.pass(2 * HOUR);
    expect(world.runsOf("check").map(Math.round)).toEqual([1800, 5400]);
  });
  test("jitter: each run is put off by up to so much", async () => {
    const world = await worldWith({ check: ssh("a", { trigger: { cron: { minute: "*/5", jitter: 5 } } }) });
    await world.pass(HOUR);
    const lateness = world.runsOf("check").map((at) => at % 300);
    expect(lateness.length).toBeGreaterThan(10);
    expect(Math.max(...lateness)).toBeLessThan(5.1);
    expect(new Set(lateness).size).toBeGreaterThan(5);
  });
  test("one that is paused is not run, and tells nothing", async () => {
    const world = await worldWith({ check: ssh("a", { ...EACH_MINUTE, actions: ["ops"] }) });
    await world.pass(SECOND);
    world.act("check", "pause");
    set(world, "down", "check");
    await world.pass(HOUR);
    expect([world.runsOf("check").length, told(world)]).toEqual([1, ["check recovered"]]);
  });
  test("a check with no trigger runs only as a member of a sequence or on demand", async () => {
    const world = await worldWith({ lonely: ssh("a"), seq: sequence(["inside"]), inside: ssh("b", { trigger: null }) });
    await world.pass(16 * MINUTE);
    world.engine.demand(checkName("lonely"), "manual");
    await world.pass(SECOND);
    expect([world.runsOf("lonely").length, world.runsOf("inside").length]).toEqual([1, 4]);
  });
  test("a member with a trigger of its own runs by that too, and its own actions fire when they are due", async () => {
    const world = await worldWith({ seq: sequence(["gw", "web"], { trigger: { interval: { hours: 1 } } }), gw: ssh("gw", { ...EACH_MINUTE, actions: ["boss"] }), web: ssh("web") });
    await world.pass(10 * MINUTE);
    set(world, "down", "gw");
    await world.pass(MINUTE);
    // Ten by itself, one by the sequence; then one that fails.
    expect([world.runsOf("gw").length >= 11, world.runsOf("web").length, world.overlaps]).toEqual([true, 1, 0]);
    expect(told(world)).toEqual(["gw recovered", "seq recovered", "gw down"]);
  });
  test("a sequence runs its members by priority, then in the order of its list; each member's own actions fire, and it fails if any member fails", async () => {
    const world = await worldWith({ a: ssh("a", { actions: ["boss"] }), b: ssh("b", { priority: -5 }), c: ssh("c"), seq: sequence(["c", "a", "b"]) });
    await world.pass(SECOND);
    expect(order(world)).toEqual(["b", "c", "a"]);
    set(world, "down", "a");
    await world.pass(5 * MINUTE);
    expect(told(world)).toEqual(["a recovered", "seq recovered", "a down", "seq down"]);
  });
  test("a member's threshold holds in its sequence: a failing run under it fails neither", async () => {
    const world = await worldWith({ seq: sequence(["mail", "web"], EACH_MINUTE), mail: ssh("mail", { threshold: 3 }), web: ssh("web") });
    await world.pass(2 * MINUTE);
    set(world, "down", "mail");
    await world.pass(2 * MINUTE);
    set(world, "up", "mail");
    await world.pass(MINUTE);
    expect([told(world), world.status("seq")]).toEqual([["seq recovered"], "up"]);
    set(world, "down", "mail");
    await world.pass(2 * MINUTE);
    expect(told(world)).toEqual(["seq recovered"]);
    await world.pass(MINUTE);
    expect(told(world)).toEqual(["seq recovered", "seq down"]);
  });
  test("it notifies again when the set of failing members changes, and passes when all pass", async () => {
    const bench = benchOf(checkOf(await fletchck({ seq: sequence(["a", "b"], EACH_MINUTE), a: ssh("a"), b: ssh("b") }), "seq").policy);
    for (const failing of [[], ["a"], ["a"], ["a", "b"], ["b"], []]) {
      bench.pass(MINUTE);
      bench.result(failing.length === 0 ? "up" : "down", "scheduled", 0, failing);
    }
    expect(bench.story).toBe("1 up, 1 recovered!ops, 2 down, 2 down!ops, 4 reminder!ops, 5 reminder!ops, 6 up, 6 recovered!ops");
  });
  test("members whose dependency fails do not fail their sequence", async () => {
    const world = await worldWith({ gw: ssh("gw", { ...EACH_MINUTE, actions: ["ops"] }), seq: sequence(["mail"]), mail: ssh("mail", { depends: ["gw"] }) });
    await world.pass(MINUTE);
    set(world, "down", "gw", "mail");
    await world.pass(20 * MINUTE);
    expect([told(world), world.status("seq")]).toEqual([["gw recovered", "seq recovered", "gw down"], "blocked"]);
  });
  test("once failed, a disk passes below level minus hysteresis: a run is told that its check is down, and not that one run failed", async () => {
    const world = await worldWith({ disk: { type: "disk", threshold: 2, ...EACH_MINUTE } });
    await world.pass(SECOND);
    set(world, "down", "disk");
    await world.pass(3 * MINUTE);
    // It begins in fail state.
    expect(world.failing).toEqual([true, false, false, true]);
  });
  test("subjects: [SITE] STATE: NAME (TYPE); one that is changed or removed while it fails does not fail once more", async () => {
    const site: Site = await fletchck({ web: { type: "https", ...EACH_MINUTE, options: { hostname: "web.example.com" }, actions: ["ops"] } });
    const subjects = (script: string, of: Site): readonly string[] => benchOf(checkOf(site, "web").policy).play(script).alerts.map((alert) => wordsOf(of, alert).subject);
    const before = ["[Fletchck] PASS: web (https)", "[Fletchck] FAIL: web (https)"];
    expect(subjects("u d target", site)).toEqual([...before, "[Fletchck] CHANGED: web (https)"]);
    expect(subjects("u d remove", { ...site, checks: [] }).at(-1)).toBe("[Fletchck] CHANGED: web");
  });
});

describe("dmonitor", () => {
  const ping = (): Promise<Site> => siteOf("dmonitor", "d", { "d/hosts.d/www/ping": "", "d/alert.d/ops@example.com": "", "d/nodes.txt": "" });
  const policy = async (): Promise<Policy> => checkOf(await ping(), "www ping").policy;
  row("one node alone: a failure it sees is told, at once, however often it came before", () => [["u d u d u d u d u d u d u d", policy(), `1 up, ${[2, 4, 6, 8, 10, 12, 14].map((at) => `${at} down, ${at} down!alert.d${at === 14 ? "" : `, ${at + 1} up, ${at + 1} recovered!alert.d`}`).join(", ")}`]]);
  test("a plugin that takes longer than 10 s is a failure", async () => {
    const world = await worldOf(await ping());
    world.set("www ping", "up", HOUR, true);
    await world.pass(11 * SECOND);
    expect(world.resultsOf("www ping")).toMatchObject([{ verdict: "down", code: "timeout" }]);
  });
});

describe("downtime", () => {
  const site = (): Promise<Site> => siteOf("downtime", "c", { c: "service TCP, arg 80\n  interval 30 sec, server often\n  interval 10 min, server seldom\n" });
  test("interval: each server at its own pace", async () => {
    const world = await worldOf(await site());
    await world.pass(21 * MINUTE);
    expect(["often", "seldom"].map((host) => world.runsOf(`TCP ${host} 80`).length)).toEqual([43, 3]);
  });
  row("it names nobody to tell", () => [["u d d u", site().then((of) => ({ ...checkOf(of, "TCP often 80").policy, everyMs: MINUTE as Policy["everyMs"] })), "1 up, 2 down, 4 up"]]);
});

describe("those who move from elsewhere", () => {
  const gatus = async (): Promise<Policy> => {
    const text = "alerting: {discord: {webhook-url: 'https://discord.com/api/webhooks/1/t'}}\nendpoints:\n- {name: shop, url: 'https://shop.example.com', interval: 1m, conditions: ['[STATUS] == 200'], alerts: [{type: discord, failure-threshold: 3, success-threshold: 2, send-on-resolved: true}]}\n";
    const { checks } = await siteOf("gatus", "config.yaml", { "config.yaml": text });
    return checkOf({ checks } as Site, checks[0]?.name ?? "").policy;
  };
  row("Gatus: failure-threshold 3, success-threshold 2", () => [["u d d u d d d u d u u", gatus(), "1 up, 7 down, 7 down!discord, 11 up, 11 recovered!discord"]]);
  const nagios = async (): Promise<Policy> => {
    const common = "check_interval 1\n retry_interval 1\n max_check_attempts 3\n contacts ops\n notification_interval 0\n";
    const contact = "define contact{\n contact_name ops\n email ops@example.com\n host_notification_commands notify-host-by-email\n service_notification_commands notify-service-by-email\n}\n";
    const lines = { "check-host-alive": "/usr/lib/nagios/plugins/check_ping -H $HOSTADDRESS$ -w 3000,80% -c 5000,100%", check_ssh: "/usr/lib/nagios/plugins/check_ssh $HOSTADDRESS$", "notify-host-by-email": "/usr/bin/mail $CONTACTEMAIL$", "notify-service-by-email": "/usr/bin/mail $CONTACTEMAIL$" };
    const commands = Object.entries(lines).map(([name, line]) => `define command{\n command_name ${name}\n command_line ${line}\n}\n`).join("");
    const host = `define host{\n host_name gw\n address 192.0.2.1\n check_command check-host-alive\n ${common}}\n`;
    const service = `define service{\n host_name gw\n service_description SSH\n check_command check_ssh\n ${common}}\n`;
    const { checks } = await siteOf("nagios", "objects.cfg", { "objects.cfg": contact + commands + host + service });
    const found = checks.find(({ name }) => name.includes("SSH"));
    if (found === undefined) throw new Error("the snippet has no service");
    return found.policy;
  };
  row("Nagios: notifications of a service are held back while its host is down", () => [["u gw:down d d d gw:up u", nagios(), "1 up, 2 blocked, 5 up"]]);
  test("Uptime Kuma: retries at the heartbeat retry interval, then down, and on at that pace until it is up", async () => {
    const chat = { id: 1, name: "chat", active: true, config: JSON.stringify({ name: "chat", type: "slack", slackwebhookURL: "https://hooks.slack.com/services/T0/B0/x" }) };
    const monitor = { id: 1, name: "shop", type: "http", active: 1, url: "https://shop.example.com/", interval: 300, retryInterval: 20, maxretries: 2, notificationIDList: { "1": true } };
    const world = await worldOf(await siteOf("uptime-kuma", "backup.json", { "backup.json": JSON.stringify({ version: "1.23.11", notificationList: [chat], monitorList: [monitor] }) }));
    await world.pass(SECOND);
    set(world, "down", "shop");
    await world.pass(5 * MINUTE + 41 * SECOND);
    expect(told(world)).toEqual(["shop down"]);
    set(world, "up", "shop");
    await world.pass(20 * SECOND);
    expect(told(world)).toEqual(["shop down", "shop recovered"]);
    const [first = 0, second = 0, ...others] = world.runsOf("shop").slice(-4);
    expect([second - first, ...others.map((at) => at - first)].map(Math.round)).toEqual([20, 40, 60]);
  });
});
