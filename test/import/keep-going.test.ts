import { expect, test } from "vitest";
import { importers } from "../../src/import/index.ts";
import { type Files, load } from "./disk.ts";

/** Of each format something that is half good: nothing of it runs, but with `--keep-going` the good half does, and what is left out is a warning with its place. */
interface Half {
  readonly format: string;
  readonly path: string;
  readonly files: Files;
  /** The checks that are good. */
  readonly good: readonly string[];
  /** What is left out, as `FILE:LINE`. */
  readonly left: readonly string[];
}

const plugin = "#!/bin/sh\necho OK\n";
const long = "x".repeat(254);
const HALVES: readonly Half[] = [
  {
    format: "fletchck",
    path: "site",
    files: { site: '{"checks": {\n"good": {"type": "memory", "trigger": {"interval": {"minutes": 5}}},\n"port": {"type": "ssh", "options": {"hostname": "a.example.com", "port": 99999}},\n"all": {"type": "sequence", "options": {"checks": ["port", "other"]}},\n"other": {"type": "cpu", "depends": ["port"], "actions": ["log", "mail"]}},\n"actions": {"log": {"type": "log"},\n"mail": {"type": "email", "options": {"sender": "a@example.com", "recipients": ["no address"]}}}}' },
    good: ["all", "good", "other"],
    left: ["site:3", "site:7"],
  },
  { format: "csv", path: "a.csv", files: { "a.csv": "name,checkType,hostname,port,inseq\ngood,ssh,a.example.com,22,all\nbad,ssh,a.example.com,many,all\nport,ssh,a.example.com,99999,\nall,sequence,,,\n" }, good: ["all", "good"], left: ["a.csv:3", "a.csv:4"] },
  { format: "monsta", path: "monsta.conf", files: { "monsta.conf": "[Check_good]\ntype=portconnect\nhost=a.example.com\nport=80\n[Check_bad]\ntype=portconnect\nport=80\n[Test_t]\nchecks=good bad\nno key\n" }, good: ["Check_good", "Test_t"], left: ["monsta.conf:5", "monsta.conf:10"] },
  { format: "downtime", path: "downtime.conf", files: { "downtime.conf": "service TCP, server a.example.com, arg 80\nservice Gopher, server a.example.com\nservice TCP, server a.example.com, arg 99999\n" }, good: ["TCP a.example.com 80"], left: ["downtime.conf:2", "downtime.conf:3"] },
  { format: "dmonitor", path: "dmonitor", files: { "dmonitor/hosts.d/a.example.com/ping": "", [`dmonitor/hosts.d/${long}/ping`]: "", [`dmonitor/hosts.d/${long}/own`]: "", "dmonitor/plugins/check_own": plugin }, good: ["a.example.com ping", long.slice(0, 192)], left: [`dmonitor/hosts.d/${long}/ping:0`] },
  { format: "connmonitor", path: "hosts", files: { hosts: "a.example.com ping=60000\nb.example.com ping=often\nc d e\n" }, good: ["a.example.com ping"], left: ["hosts:2", "hosts:3"] },
  { format: "connmonitor", path: "hosts", files: { hosts: "1 0 0 1 41 30 0 60000\na.example.com\nhttp://b.example.com/\n" }, good: ["a.example.com ping"], left: ["hosts:3"] },
];

const own = new Set(["fletchck", "csv", "monsta", "downtime", "dmonitor", "connmonitor"]);
test("each of these formats has one", () => expect(new Set(HALVES.map(({ format }) => format))).toEqual(new Set(importers.map(({ format }) => format).filter((format) => own.has(format)))));

test.each(HALVES)("$format", async ({ format, path, files, good, left }) => {
  const refused = await load(path, format, files, false);
  expect(refused.kind).toBe("broken");
  const half = await load(path, format, files, true);
  if (half.kind === "broken") throw new Error(half.problems.map(({ wrong }) => wrong).join("\n"));
  expect(half.site.checks.map(({ name }) => String(name)).toSorted()).toEqual(good);
  const warned = new Set(half.warnings.map(({ file, line }) => `${file}:${line}`));
  expect(left.filter((place) => !warned.has(place))).toEqual([]);
});
