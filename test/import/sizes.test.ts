import { describe, expect, test } from "vitest";
import { type Files, load } from "./disk.ts";

/** What is too large to lie in a corpus: each format with thousands of checks, with lines of megabytes and with bytes of any kind. */

/** The number of checks, or the first problem with its place. */
async function loaded(path: string, format: string, files: Files, keepGoing = false): Promise<number | string> {
  const loading = await load(path, format, files, keepGoing);
  if (loading.kind === "loaded") return loading.site.checks.length;
  const first = loading.problems.find(({ severity }) => severity === "error");
  return first === undefined ? "no problem" : `${first.file}:${first.line}:${first.column}: ${first.wrong}`.slice(0, 200);
}

const MANY = 10_000;
const lines = (count: number, line: (index: number) => string): string => Array.from({ length: count }, (_, index) => line(index)).join("\n");
const site = (checks: readonly (readonly [string, object])[]): string => JSON.stringify({ checks: Object.fromEntries(checks) });
const chained = (index: number): object => ({ type: "ssh", options: { hostname: `host${index}.example.com` }, depends: [`check ${(index + 1) % MANY}`] });

describe("10,000 checks", { timeout: 120_000 }, () => {
  const f = (title: string, path: string, format: string, files: () => Files, expected: number): void => test(title, async () => expect(await loaded(path, format, files(), true)).toBe(expected));
  const each = Array.from({ length: MANY }, (_, index) => index);

  f("fletchck: one sequence of all", "site", "fletchck", () => ({ site: site([["all", { type: "sequence", trigger: { interval: { hours: 1 } }, options: { checks: each.map((index) => `check ${index}`) } }], ...each.map((index) => [`check ${index}`, { type: "memory" }] as const)]) }), MANY + 1);
  f("fletchck: a circle of all", "site", "fletchck", () => ({ site: site(each.map((index) => [`check ${index}`, chained(index)])) }), MANY);
  f("csv: members of a sequence that wait for each other", "checks.csv", "csv", () => ({ "checks.csv": `name,checkType,hostname,trigger,depends,inseq\nall,sequence,,1 hr,,\n${lines(MANY, (index) => `c${index},ssh,h${index}.example.com,,${index === 0 ? "" : `c${index - 1}`},all`)}` }), MANY + 1);
  f("monsta: one test of all", "monsta.conf", "monsta", () => ({ "monsta.conf": `${lines(MANY, (index) => `[Check_${index}]\ntype=portconnect\nhost=host${index}.example.com\nport=80`)}\n[Test_all]\nchecks=${lines(MANY, (index) => `${index === 0 ? "" : "  "}${index}`)}` }), MANY + 1);
  f("downtime: the same one again and again", "downtime.conf", "downtime", () => ({ "downtime.conf": `service TCP, arg 80\n${lines(MANY, () => "  server www.example.com")}` }), MANY);
  f("dmonitor: a hundred tests of each of a hundred hosts", "dmonitor", "dmonitor", () => Object.fromEntries([...each.map((index) => [`dmonitor/hosts.d/host${Math.floor(index / 100)}.example.com/test${index % 100}`, ""]), ...each.slice(0, 100).map((index) => [`dmonitor/plugins/check_test${index}`, "#!/bin/sh\necho OK\n"])]), MANY);
  f("connmonitor, new: a ping of each", "hosts", "connmonitor", () => ({ hosts: lines(MANY, (index) => `host${index}.example.com ping=60000`) }), MANY);
});

describe("a line of two megabytes has a place, or is read", () => {
  const long = "x".repeat(2_000_000);
  const f = (title: string, path: string, format: string, files: Files, expected: number | string): void => test(title, async () => expect(await loaded(path, format, files)).toEqual(typeof expected === "number" ? expected : expect.stringContaining(expected)));

  f("fletchck: a host", "site", "fletchck", { site: `{"checks": {\n"a": {"type": "ssh", "options": {"hostname": "${long}"}}}}` }, "site:2:1: `host` is too long");
  f("fletchck: an option that it does not know", "site", "fletchck", { site: `{"checks": {"a": {"type": "memory", "options": {"note": "${long}"}}}}` }, 1);
  f("fletchck: brackets", "site", "fletchck", { site: "[".repeat(2_000_000) }, "site:");
  f("fletchck: objects in objects", "site", "fletchck", { site: `{"checks": ${'{"a":'.repeat(400_000)}` }, "site:");
  f("csv: a cell", "checks.csv", "csv", { "checks.csv": `name,checkType,hostname\na,ssh,${long}\n` }, "checks.csv:2:7: this cell holds more than");
  f("csv: a row of commas", "checks.csv", "csv", { "checks.csv": `name,checkType\na,memory${",".repeat(2_000_000)}\n` }, 1);
  f("csv: a first line of commas", "checks.csv", "csv", { "checks.csv": `name,checkType${",x".repeat(1_000_000)}\na,memory\n` }, "checks.csv:1:2012: there are more than 1000 columns");
  f("csv: quotes", "checks.csv", "csv", { "checks.csv": `name,checkType\na,${'"'.repeat(2_000_001)}` }, "checks.csv:2:3: this quote is not closed");
  f("monsta: a value", "monsta.conf", "monsta", { "monsta.conf": `[Check_a]\ntype=portconnect\nhost=${long}\nport=1\n[Test_t]\nchecks=a\n` }, "monsta.conf:1:1: `host` is too long");
  f("monsta: what is filled in grows to no end", "monsta.conf", "monsta", { "monsta.conf": `[Check_a]\ntype=script\ncommand=%(b)s%(b)s\n${lines(30, (index) => `${String.fromCharCode(98 + index)}=%(${String.fromCharCode(99 + index)})s%(${String.fromCharCode(99 + index)})s`)}\n[Test_t]\nchecks=a\n` }, "monsta.conf:");
  f("monsta: names", "monsta.conf", "monsta", { "monsta.conf": `[Check_a]\ntype=portconnect\nhost=a.example.com\nport=1\n[Test_t]\nchecks=a ${lines(300_000, (index) => `y${index}`).replaceAll("\n", " ")}\n` }, 2);
  f("downtime: a server", "downtime.conf", "downtime", { "downtime.conf": `service TCP, server ${long}, arg 1\n` }, "downtime.conf:1:1: `host` is too long");
  f("downtime: pairs", "downtime.conf", "downtime", { "downtime.conf": `service TCP, server a.example.com, arg 1${", arg 2".repeat(280_000)}\n` }, 1);
  f("downtime: lines that nest deeper and deeper", "downtime.conf", "downtime", { "downtime.conf": `service TCP, server a.example.com\n${lines(1900, (index) => `${" ".repeat(index + 1)}arg ${index + 1}`)}\n` }, 1);
  f("dmonitor: a node", "dmonitor", "dmonitor", { "dmonitor/nodes.txt": `${long}\n`, "dmonitor/hosts.d/a.example.com/ping": "" }, 1);
  f("connmonitor: a host", "hosts", "connmonitor", { hosts: `127.0.0.1 ping=1000\n${long} ping=1000\n` }, "hosts:2:1: ");
  f("connmonitor: a value", "hosts", "connmonitor", { hosts: `127.0.0.1 ping=${"1".repeat(2_000_000)}\n` }, "hosts:1:");
});

describe("bytes of any kind", () => {
  /** The same ones each time: a linear congruential generator. */
  const rubbish = (seed: number): Uint8Array => {
    let state = seed;
    return Uint8Array.from({ length: 200_000 }, () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) >> 16);
  };
  test.each(["fletchck", "csv", "monsta", "downtime", "connmonitor"])("%s: one place at least", async (format) => {
    for (const seed of [1, 2, 3]) expect(await loaded("rubbish", format, { rubbish: rubbish(seed) })).toMatch(/^rubbish(:\d+:\d+)?: ./);
  });
  test("dmonitor: in its nodes", async () => expect(await loaded("dmonitor", "dmonitor", { "dmonitor/nodes.txt": rubbish(1), "dmonitor/hosts.d/a.example.com/ping": "" })).toBe(1));
});
