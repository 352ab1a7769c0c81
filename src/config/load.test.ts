import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AnyChannel } from "../alert/channels/channel.ts";
import type { Policy } from "../core/types.ts";
import { channels, probes } from "./testdata/registry.ts";
import { check, folder, lint, load, site } from "./testdata/folder.ts";
import { loadSite } from "./load.ts";

const TCP = "type: tcp, host: a.example.com, port: 443";
const LOG = "channels: {log: {type: log}, ops: {type: email, to: [a@example.com, b@example.com]}}\n";

describe("defaults", () => {
  test("what holds when nothing is said", async () => {
    const shop = await check("shop", `checks: {shop: {${TCP}}}`);
    expect(shop).toMatchObject({ timeoutMs: 10_000, retries: 0, schedule: { kind: "every", ms: 60_000 }, target: "a.example.com:443", tags: [], was: null, paused: false });
    expect(shop.policy).toMatchObject({ failAfter: 2, recoverAfter: 1, everyMs: 60_000, runMs: 10_000, initial: "pending", onFail: true, onPass: true, steps: [], parents: [], group: null });
  });
  const f = async (defaults: string, own: string, expected: object): Promise<void> => expect(await check("shop", `defaults: {${defaults}}\nchecks: {shop: {${TCP}, ${own}}}`)).toMatchObject(expected);
  test("of the site", () => f("timeout: 3s, retries: 1", "", { timeoutMs: 3000, retries: 1, policy: { runMs: 6000 } }));
  test("of a type are stronger", () => f("timeout: 3s, tcp: {timeout: 4s}", "", { timeoutMs: 4000 }));
  test("its own are the strongest", () => f("timeout: 3s, tcp: {timeout: 4s}", "timeout: 5s", { timeoutMs: 5000 }));
  test("options of a type", () => f("tcp: {wait: 1s}", "", { options: { wait: 1000 } }));
  test("of another type", () => f("http: {timeout: 4s}", "", { timeoutMs: 10_000 }));
  test("a schedule takes `every` of a weaker layer away", () => f("every: 5m", "schedule: '*/10 * * * *'", { schedule: { kind: "cron" }, policy: { everyMs: 600_000 } }));
  test("and the other way round", () => f("schedule: '*/10 * * * *'", "every: {after: 5m}", { schedule: { kind: "after", ms: 300_000 } }));
  test("conditions are laid over each other fact by fact", () => f("warn: {latency: < 1s, a: 1}", "warn: {latency: < 2s}", { warn: [{ fact: "latency", condition: { amount: 2000 } }, { fact: "a" }] }));
  test("an empty value takes a condition away", () => f("warn: {latency: < 1s}", "warn: {latency: }", { warn: [] }));
  test("a default dependency does not bind what it names", async () => {
    const two = await site(`defaults: {depends: [gate]}\nchecks: {gate: {${TCP}}, shop: {${TCP}}}`);
    expect(two.checks.map((each) => each.policy.parents)).toEqual([[], ["gate"]]);
  });
  test("a missed heartbeat is told at once, though others wait", async () => {
    const beat = `type: push, within: 1h, token: ${"a".repeat(20)}`;
    expect((await check("backup", `defaults: {failAfter: 3, every: 5m}\nchecks: {backup: {${beat}}}`)).policy).toMatchObject({ failAfter: 1, everyMs: 0 });
    expect((await check("backup", `defaults: {push: {failAfter: 3}}\nchecks: {backup: {${beat}}}`)).policy.failAfter).toBe(3);
  });
});

describe("conditions", () => {
  test("the probe's own hold for facts that are not named", async () => {
    expect((await check("a", "checks: {a: {type: http, url: 'http://a/', expect: {body: /x/}}}")).expect.map(({ fact }) => fact)).toEqual(["status", "body"]);
    expect((await check("a", "checks: {a: {type: http, url: 'http://a/', expect: {status: 404}}}")).expect).toMatchObject([{ fact: "status" }]);
  });
});

describe("conditions, spelled either way", () => {
  const f = async (written: string, expected: object): Promise<void> => expect(await check("a", `checks: {a: {type: http, url: 'http://a/', warn: ${written}}}`)).toMatchObject({ warn: expected });
  const both = [{ fact: "latency", condition: { operator: "<", amount: 800, unit: "ms" } }, { fact: "body.json.queue.depth", condition: { operator: ">=", amount: 100 } }, { fact: "status", condition: { kind: "ranges" } }, { fact: "body", condition: { kind: "pattern", source: "all well" } }];
  test("by fact", () => f("{latency: < 800ms, body.json.queue.depth: '>= 100', status: 200-299, body: /all well/}", both));
  test("as texts", () => f("['latency < 800ms', body.json.queue.depth>=100, status 200-299, body /all well/]", both));
  test("laid over each other, either over either", async () => {
    const over = async (site: string, own: string): Promise<unknown> => (await check("a", `defaults: {warn: ${site}}\nchecks: {a: {type: http, url: 'http://a/', warn: ${own}}}`)).warn.map(({ fact, condition }) => [fact, condition.kind]);
    expect(await over("[latency < 800ms, status 200]", "{latency: exists}")).toEqual([["latency", "exists"], ["status", "equal"]]);
    expect(await over("{latency: < 800ms, status: 200}", "[latency exists]")).toEqual([["latency", "exists"], ["status", "equal"]]);
  });
});

describe("several conditions on one fact", () => {
  const f = async (written: string, expected: readonly string[]): Promise<void> => {
    const { warn } = await check("a", `checks: {a: {type: http, url: 'http://a/', warn: ${written}}}`);
    expect(warn.map(({ fact, condition }) => `${fact} ${condition.kind}`)).toEqual(expected);
  };
  test("as a list by fact", () => f("{latency: ['>= 1ms', '< 800ms'], body: [/a/, '!/b/', exists]}", ["latency compare", "latency compare", "body pattern", "body pattern", "body exists"]));
  test("as texts", () => f("['latency >= 1ms', 'body /a/', 'latency < 800ms']", ["latency compare", "latency compare", "body pattern"]));
  test("of one", () => f("{status: [200]}", ["status equal"]));
  test("all of them are replaced together", async () => {
    const { warn } = await check("a", "defaults: {warn: {latency: ['>= 1ms', '< 800ms']}}\nchecks: {a: {type: http, url: 'http://a/', warn: {latency: '< 1s'}}}");
    expect(warn).toHaveLength(1);
  });
});

describe("pace", () => {
  const f = async (keys: string, expected: object): Promise<void> => expect((await check("shop", `checks: {shop: {${TCP}, ${keys}}}`)).policy).toMatchObject(expected);
  test("as ever when nothing is said", () => f("every: 5m", { everyMs: 300_000, failingEveryMs: 300_000 }));
  test("faster while failing", () => f("every: 5m, failingEvery: 10s", { everyMs: 300_000, failingEveryMs: 10_000 }));
  test("with a cron and a fixed delay", async () => {
    await f("schedule: 0 3 * * *, failingEvery: 5m", { everyMs: 86_400_000, failingEveryMs: 300_000 });
    await f("every: {after: 5m}, failingEvery: 10s", { everyMs: 300_000, failingEveryMs: 10_000 });
  });
  test("never slower", () => f("every: 5s, failingEvery: 10s", { everyMs: 5000, failingEveryMs: 5000 }));
  test("thresholds of down and of degraded", async () => {
    await f("failAfter: 3", { failAfter: 3, warnAfter: 3 });
    await f("failAfter: 3, warnAfter: 5", { failAfter: 3, warnAfter: 5 });
  });
});

describe("telling", () => {
  const f = async (notify: string, expected: object): Promise<void> => expect((await check("shop", `${LOG}checks: {shop: {${TCP}, notify: ${notify}}}`)).policy).toMatchObject(expected);
  test("names", () => f("[log, ops]", { steps: [{ after: { kind: "runs", count: 1 }, to: ["log", "ops"], repeatMs: null }], recipients: { log: [""], ops: ["a@example.com", "b@example.com"] } }));
  test("a service that keeps what it is told open", async () =>
    expect((await check("shop", `channels: {log: {type: log}, pager: {type: pager}}\nchecks: {shop: {${TCP}, notify: [log, pager]}}`)).policy.keepers).toEqual(["pager"]));
  test("one name", () => f("log", { steps: [{ to: ["log"] }] }));
  test("steps", () => f("[{after: 0, to: log}, {after: 10m, to: [ops], repeat: 1h}]", { steps: [{ after: { kind: "runs", count: 0 } }, { after: { kind: "time", ms: 600_000 }, repeatMs: 3_600_000 }] }));
  test("names and steps", () => f("[{after: 3, to: ops}, log]", { steps: [{ to: ["log"], after: { count: 1 } }, { to: ["ops"], after: { count: 3 } }] }));
  test("channels that publish states are known, by a rotation too", async () => {
    const states = { ...channels.find(({ type: known }) => known === "log"), type: "states", publishes: () => true } as AnyChannel;
    const policies = async (type: string): Promise<readonly Policy[]> => {
      const text = `timezone: UTC\nchannels: {a: {type: ${type}}, b: {type: log}}\nrotations: {night: {turns: [a], from: 2026-01-05}}\nchecks: {shop: {${TCP}, notify: [a, b]}, cart: {${TCP}, notify: [night]}, mail: {${TCP}, notify: [b]}}`;
      const loaded = await loadSite({ path: "/t.yaml", files: folder({ "/t.yaml": text }), environment: {}, probes, channels: [...channels, states] });
      return loaded.kind === "broken" ? [] : loaded.site.checks.map(({ policy }) => policy);
    };
    expect((await policies("states")).map(({ publishers }) => publishers)).toEqual([["a"], ["a"], undefined]);
    expect((await policies("log")).map(({ publishers }) => publishers)).toEqual([undefined, undefined, undefined]);
  });
  test("cap and grouping", async () => {
    const read = await site("channels: {a: {type: log}, b: {type: log, cap: off, group: 10s}}");
    expect(read.channels).toMatchObject([{ cap: 60, groupMs: 2000 }, { cap: null, groupMs: 10_000 }]);
  });
});

describe("groups", () => {
  const members = `a: {${TCP}, timeout: 2s}, b: {${TCP}, timeout: 3s, retries: 1}`;
  test("judged from the members' own runs", async () => {
    const all = await check("all", `checks: {${members}, all: {type: group, members: [a, b], require: any}}`);
    expect(all).toMatchObject({ schedule: { kind: "never" }, policy: { group: { require: "any", members: ["a", "b"], run: "own" }, runMs: 6000, everyMs: 0 } });
  });
  test("with a schedule its members run in turn", async () => {
    const read = await site(`${LOG}defaults: {notify: [log], every: 30s}\nchecks: {${members}, all: {type: group, members: [a, b], every: 5m}}`);
    const [a, , all] = read.checks;
    expect(all).toMatchObject({ timeoutMs: 8000, policy: { group: { run: "turn" }, runMs: 8000, everyMs: 300_000, steps: [{ to: ["log"] }] } });
    expect(a).toMatchObject({ schedule: { kind: "never" }, policy: { everyMs: 300_000, steps: [] } });
  });
  test("members in turn may run by a schedule of their own besides; and fail by their own thresholds where the group says so", async () => {
    const read = await site(`${LOG}defaults: {failingEvery: 5s}\nchecks: {a: {${TCP}, every: 20s, failingEvery: 10s}, b: {${TCP}}, all: {type: group, members: [a, b], every: 5m, memberThresholds: true}}`);
    expect(read.checks[0]).toMatchObject({ schedule: { kind: "every", ms: 20_000 }, policy: { everyMs: 20_000, failingEveryMs: 10_000 } });
    expect(read.checks[1]).toMatchObject({ schedule: { kind: "never" }, policy: { everyMs: 300_000, failingEveryMs: 300_000 } });
    expect(read.checks[2]?.policy.group).toMatchObject({ run: "turn", byState: true });
    expect((await check("all", `checks: {${members}, all: {type: group, members: [a, b], memberThresholds: true}}`)).policy.group).not.toHaveProperty("byState");
  });
  test("with a schedule and members of their own", async () => {
    expect((await check("a", `checks: {${members}, all: {type: group, members: [a, b], every: 5m, run: own}}`)).schedule).toEqual({ kind: "every", ms: 60_000 });
  });
  test("a default interval of the site makes no group run", async () => {
    expect((await check("all", `defaults: {every: 5m}\nchecks: {${members}, all: {type: group, members: [a, b]}}`)).policy.group?.run).toBe("own");
  });
  test("defaults of a group, the inner one the stronger", async () => {
    const inner = "inner: {type: group, members: [a], defaults: {retries: 2}}";
    const outer = "outer: {type: group, members: [inner, b], defaults: {retries: 3, recoverAfter: 4, tcp: {wait: 1s}}}";
    const read = await site(`checks: {a: {${TCP}}, b: {${TCP}}, ${inner}, ${outer}}`);
    expect(read.checks.map((each) => [each.retries, each.policy.recoverAfter])).toEqual([[2, 4], [3, 4], [3, 4], [0, 1]]);
    expect(read.checks[0]?.options).toMatchObject({ wait: 1000 });
  });
});

describe("several files", () => {
  const more = { "/t/conf.d/20.yaml": `checks: {c: {${TCP}}}`, "/t/conf.d/10.json": `{"checks": {"b": {"type": "tcp", "host": "b", "port": 1}}}`, "/t/conf.d/notes.txt": "nothing", "/t/more/x.yaml": `checks: {x: {${TCP}}}` };
  test("are read in the order of names", async () => {
    const read = await site({ "/t/tocsin.yaml": `include: more/*.yaml\nchecks: {a: {${TCP}}}`, ...more });
    expect(read.checks.map(({ name }) => name)).toEqual(["a", "x", "b", "c"]);
    expect(read.files).toEqual(["/t/tocsin.yaml", "/t/more/x.yaml", "/t/conf.d/10.json", "/t/conf.d/20.yaml", "/t/conf.d"]);
  });
  test("a name that is defined twice is told with both places", async () => {
    expect(await lint({ "/t/tocsin.yaml": `checks:\n  b: {${TCP}}`, ...more })).toEqual(["conf.d/10.json:1:13: `b` is defined twice; rename or remove one of them; the other is at tocsin.yaml:2"]);
  });
  test("settings belong in the main file", async () => {
    expect(await lint({ "/t/tocsin.yaml": "", "/t/conf.d/a.yaml": "name: A\ncheks: {}" })).toEqual(["conf.d/a.yaml:1:1: `name` belongs in the main file; move it there", "conf.d/a.yaml:2:1: `cheks` is not known here; did you mean `checks`?"]);
  });
  test("a broken one hides no problem of the others", async () => {
    expect((await lint({ "/t/tocsin.yaml": "a: b: c", "/t/conf.d/a.yaml": "checks: {a: {type: tpc}}" })).length).toBe(2);
  });
  test("no main file", async () => expect(await lint({})).toEqual(["tocsin.yaml: there is no such file; create it, correct the path, or let Tocsin read it"]));
});

describe("references", () => {
  test("are filled in, and are secrets", async () => {
    const texts = { "/t/tocsin.yaml": "checks: {a: {type: http, url: 'http://${env:HOST}/', auth: {user: u, password: '${file:pw}'}}}", "/t/pw": "hush hush\n" };
    const read = await site(texts, { HOST: "db.example.com" });
    expect(read.checks[0]?.options).toMatchObject({ url: "http://db.example.com/", auth: { password: "hush hush" } });
    expect([...read.secrets].sort()).toEqual(["db.example.com", "hush hush"]);
    expect(read.files).toContain("/t/pw");
  });
  test("a number where one is wanted, which is no secret then", async () => {
    const read = await site("checks: {a: {type: tcp, host: a, port: '${env:PORT}'}}", { PORT: "993" });
    expect(read.checks[0]?.options).toMatchObject({ port: 993 });
    expect(read.secrets).toEqual([]);
  });
  test("a literal secret is masked as well, and told once a file that everybody can read", async () => {
    const text = "checks: {a: {type: http, url: 'http://a/', notify: [], headers: {authorization: tell-me, accept: text/html}, auth: {user: u, password: hunter22}}}\n";
    const loading = await load(text);
    expect(loading.kind === "loaded" && loading.site.secrets).toEqual(["hunter22"]);
    expect((await lint(text, {}, true)).filter((line) => line.includes("chmod"))).toHaveLength(1);
  });
  test("no finding shows a secret", async () => {
    expect((await lint("checks: {a: {type: http, url: '${env:SECRET}'}}", { SECRET: "hunter22" })).join()).not.toContain("hunter22");
  });
});

describe("YAML", () => {
  test("merge keys, anchors and x- keys", async () => {
    const read = await site("x-base: &base {type: tcp, port: 1, x-note: for all}\nchecks: {a: {<<: *base, host: a}, b: {<<: [*base, {host: c}], host: b}}");
    expect(read.checks.map(({ target }) => target)).toEqual(["a:1", "b:1"]);
  });
  test("an x- key deep inside", async () => expect((await check("a", "checks: {a: {type: http, url: 'http://a/', headers: {x-real: yes}, auth: {user: u, password: p, x-old: q}}}")).options).toMatchObject({ headers: { "x-real": "yes" } }));
  test("a finding in a merged part stands where it was written", async () => expect(await lint("x-base: &base\n  type: tcp\n  port: 0\nchecks:\n  a: {<<: *base, host: a, notify: []}")).toEqual(["tocsin.yaml:3:9: `port` cannot be `0`; write a whole number 1 to 65535"]));
  test("Windows lines and a byte order mark", async () => expect(await lint("\uFEFFname: A\r\nchekcs: {}\r\n")).toEqual(["tocsin.yaml:2:1: `chekcs` is not known here; did you mean `checks`?"]));
  test("JSON with tabs", async () => expect((await site(`{\n\t"checks": {\n\t\t"a": {"type": "tcp", "host": "a", "port": 1}\n\t}\n}`)).checks).toHaveLength(1));
  test("an empty file is a site without checks", async () => expect((await site("# nothing yet\n")).checks).toEqual([]));
  test("__proto__ is a name like any other, and refused", async () => expect((await lint(`checks: {__proto__: {${TCP}}}`)).length).toBe(1));
});

test("a site is frozen, and the same text gives the same version", async () => {
  const text = `${LOG}checks: {shop: {${TCP}, schedule: '0 9 * * mon-fri'}}`;
  const [one, two, three] = [await site(text), await site(text.replace("channels", "\n\nchannels")), await site(text.replace("443", "80"))];
  expect(Object.isFrozen(one.checks[0]?.policy.steps)).toBe(true);
  expect(one.version).toBe(two.version);
  expect(one.version).not.toBe(three.version);
});

test("settings", async () => {
  const read = await site("listen: '[::1]:8080'\ntls: {cert: a.pem, key: /k.pem}\nretention: {results: 1y, size: off}\nresolvers: 192.0.2.1\nlimits: {runs: 5}");
  expect(read.settings).toMatchObject({ name: "Tocsin", listen: { host: "::1", port: 8080 }, tls: { cert: "/t/a.pem", key: "/k.pem" }, retention: { resultsMs: 365 * 86_400_000, bytes: null }, resolvers: ["192.0.2.1"], limits: { runs: 5, perTarget: 8 } });
  expect((await site("listen: off")).settings.listen).toBe("off");
});

test("maintenance", async () => {
  const read = await site(`timezone: Europe/Berlin\nchecks: {a: {${TCP}}}\nmaintenance:\n  - {name: n, checks: [a], weekly: sun 02:00, for: 2h}\n  - {name: o, checks: all, from: 2026-01-01 00:00, to: 2026-01-02}\n`);
  expect(read.maintenance).toMatchObject([{ checks: ["a"], when: { kind: "recurring", forMs: 7_200_000 } }, { checks: "all", when: { kind: "once", from: Date.UTC(2025, 11, 31, 23) } }]);
});

describe("whatever is written", () => {
  const files = (text: string): ReturnType<typeof folder> => folder({ "/t/tocsin.yaml": text });
  const run = async (text: string): Promise<void> => {
    const loading = await loadSite({ path: "/t/tocsin.yaml", files: files(text), environment: {}, probes, channels });
    if (loading.kind === "loaded") return;
    const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
    expect(loading.problems.some((problem) => problem.severity === "error")).toBe(true);
    for (const { line, column, wrong } of loading.problems) {
      expect(wrong).not.toBe("");
      expect(line).toBeGreaterThan(0);
      expect(line).toBeLessThanOrEqual(lines.length);
      expect(column).toBeGreaterThan(0);
      expect(column).toBeLessThanOrEqual((lines[line - 1] ?? "").length + 1);
    }
  };
  const words = fc.constantFrom("name", "checks", "channels", "defaults", "maintenance", "type", "tcp", "http", "group", "push", "members", "depends", "notify", "every", "expect", "listen", "include", "x-a", "a", "<<", "__proto__", "${env:A}", "$${", "30s", "never", "constructor", "schedule");
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 5 }, words, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.string(), fc.array(tie("any"), { maxLength: 3 }), fc.dictionary(words, tie("any"), { maxKeys: 5 })),
  })).any;
  test("texts", () => fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.string({ unit: "binary" })), run), { numRuns: 300 }));
  test("pieces of YAML", () => fc.assert(fc.asyncProperty(fc.array(fc.oneof(words, fc.constantFrom(": ", "\n", "  ", "- ", "{", "}", "[", "]", ", ", "&a ", "*a", "'", '"', "|", "!", "#", "\t", "? ", "---\n")), { maxLength: 40 }).map((parts) => parts.join("")), run), { numRuns: 1000 }));
  test("values of any shape", () => fc.assert(fc.asyncProperty(fc.dictionary(words, value, { maxKeys: 6 }).map((each) => JSON.stringify(each, null, 1)), run), { numRuns: 500 }));
  test("sections of any shape", () => fc.assert(fc.asyncProperty(fc.dictionary(words, fc.dictionary(words, value)), fc.array(value), (checks, maintenance) => run(JSON.stringify({ checks, channels: { a: { type: "log" } }, maintenance }, null, 1))), { numRuns: 500 }));
});

describe("the catalogue of providers", () => {
  const [email, log] = channels;
  /** Whether it was asked for, and what came of loading. */
  async function f(text: string): Promise<readonly [asked: number, kind: string]> {
    let asked = 0;
    const providers = (): Promise<typeof channels> => {
      asked++;
      return Promise.resolve(email === undefined ? [] : [email]);
    };
    const loading = await loadSite({ path: "/t/tocsin.yaml", files: folder({ "/t/tocsin.yaml": text }), environment: {}, probes, channels: log === undefined ? [] : [log], providers });
    return [asked, loading.kind];
  }
  test("is left alone where no channel is of it", async () => expect(await f("channels: {a: {type: log}, x-b: {type: log}}")).toEqual([0, "loaded"]));
  test("and where there is no channel", async () => expect(await f("checks: {}")).toEqual([0, "loaded"]));
  test("is loaded where one is", async () => expect(await f("channels: {a: {type: email, to: [abc]}}")).toEqual([1, "loaded"]));
  test("and for a type that nobody knows, answered with the nearest of all", async () => {
    const providers = (): Promise<typeof channels> => Promise.resolve(channels);
    const loading = await loadSite({ path: "/t/tocsin.yaml", files: folder({ "/t/tocsin.yaml": "channels: {a: {type: emial}}" }), environment: {}, probes, channels: [], providers });
    expect(loading.kind === "broken" && loading.problems.map(({ right }) => right)).toEqual([expect.stringContaining("`email`")]);
  });
  test("and counted", async () => expect(await f("channels: {a: {type: emial}}")).toEqual([1, "broken"]));
  test("not for what is no mapping", async () => expect(await f("channels: {a: 5, b: }")).toEqual([0, "broken"]));
  test("nor for what is no section", async () => expect(await f("channels: [log]")).toEqual([0, "broken"]));
});

describe("this host's own connectivity", () => {
  const at = (host: string, more = ""): string => `{type: tcp, host: "${host}", port: 1${more}}`;
  const SITE = `
connectivity: {gateway: gate, witnesses: [w1, w2, w3], notify: [log]}
${LOG}
checks:
  gate: ${at("192.168.1.1", ", depends: [switch]")}
  switch: ${at("192.168.1.2")}
  w1: ${at("192.0.2.1")}
  w2: ${at("192.0.2.2")}
  w3: ${at("192.0.2.3")}
  shop: ${at("shop.example.com", ", depends: [nas]")}
  nas: ${at("nas.local")}
  here: ${at("localhost")}
  vpn: ${at("10.9.8.7", ", scope: outside")}
  far: ${at("shop.example.com", ", scope: host")}
  plugin: {type: script, command: [/usr/lib/nagios/plugins/check_raid]}
  all: {type: group, members: [shop, nas]}
`;
  const parents = async (text: string): Promise<object> => Object.fromEntries((await site(text)).checks.map(({ name, policy }) => [name, policy.parents.join(" ")]));

  test("what is not on this host depends on the gateway, what lies beyond it on the witnesses too; nothing on itself", async () => {
    expect(await parents(SITE)).toEqual({ gate: "switch", switch: "", w1: "gate outside", w2: "gate outside", w3: "gate outside", shop: "nas gate outside", nas: "gate", here: "", vpn: "gate outside", far: "", plugin: "gate outside", all: "", outside: "gate" });
  });
  test("the check of the outside is a group of the witnesses, judged by what they see", async () => {
    expect(await check("outside", SITE)).toMatchObject({ type: "group", schedule: { kind: "never" }, policy: { steps: [{ to: ["log"] }], group: { bySight: true, run: "own", members: ["w1", "w2", "w3"] } } });
  });
  test("a gateway alone, and witnesses alone", async () => {
    const checks = `checks: {gate: ${at("10.0.0.1")}, w1: ${at("192.0.2.1")}, w2: ${at("192.0.2.2")}}`;
    expect(await parents(`connectivity: {gateway: gate}\n${checks}`)).toEqual({ gate: "", w1: "gate", w2: "gate" });
    expect(await parents(`connectivity: {witnesses: [w1, w2]}\n${checks}`)).toEqual({ gate: "", w1: "outside", w2: "outside", outside: "" });
    expect(await parents(checks)).toEqual({ gate: "", w1: "", w2: "" });
  });
  test("a group of two routers as the gateway: they do not depend on themselves", async () => {
    expect(await parents(`connectivity: {gateway: gates}\nchecks: {gates: {type: group, members: [g1, g2], require: any}, g1: ${at("10.0.0.1")}, g2: ${at("10.0.0.2")}, shop: ${at("192.0.2.1")}}`)).toEqual({ gates: "", g1: "", g2: "", shop: "gates" });
  });
  test("a check may be called `outside` where nothing is made of witnesses", async () => {
    expect((await check("outside", `checks: {a: ${at("a")}, outside: {type: group, members: [a]}}`)).policy.group?.bySight).toBe(false);
  });
});

describe("rotations", () => {
  const SITE = `
timezone: Europe/Berlin
channels: {ann: {type: email, to: [ann@example.com]}, ben: {type: log}, desk: {type: log}}
rotations:
  night: {turns: [ann, [ben, desk]], from: 2026-01-05, hours: [{at: "mon-fri 09:00-17:00", to: desk}], overrides: [{from: 2026-12-24 18:00, until: 2026-12-27, to: [ben]}]}
checks: {shop: {${TCP}, notify: [night]}, cart: {${TCP}, notify: [ann]}}
`;
  test("stand for channels in a step, with the recipients of all that they may tell", async () => {
    const shop = await check("shop", SITE);
    expect(shop.policy.steps).toEqual([{ after: { kind: "runs", count: 1 }, to: ["night"], repeatMs: null }]);
    expect(shop.policy.recipients).toEqual({ ann: ["ann@example.com"], ben: [""], desk: [""] });
    expect(shop.policy.rotations).toMatchObject({ night: { zone: "Europe/Berlin", handover: { days: [0], minute: 540 }, firstDay: 20_458, turns: [["ann"], ["ben", "desk"]], hours: [{ to: ["desk"] }], overrides: [{ from: Date.parse("2026-12-24T17:00Z"), until: Date.parse("2026-12-26T23:00Z"), to: ["ben"] }] } });
    expect((await check("cart", SITE)).policy.rotations).toEqual({});
    expect((await site(SITE)).rotations.map(({ name }) => name)).toEqual(["night"]);
  });
  test("a changed rotation changes whom a check tells, and nothing else", async () => {
    const [before, after] = [await check("shop", SITE), await check("shop", SITE.replace("2026-01-05", "2026-01-12"))];
    expect(after.hashes).toMatchObject({ target: before.hashes.target, judging: before.hashes.judging });
    expect(after.hashes.telling).not.toBe(before.hashes.telling);
  });
});
