import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatProblem } from "../config/problems.ts";
import { type Connmonitor, type Pace, CONNMONITOR_TEXT_MAX, parseConnmonitor } from "./connmonitor.ts";

const parsed = (text: string): Connmonitor => {
  const result = parseConnmonitor(text, "f");
  if (result.kind === "wrong") throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.input;
};
const problems = (text: string): readonly string[] => {
  const result = parseConnmonitor(text, "f");
  return result.kind === "wrong" ? result.problems.map(formatProblem) : [];
};
const DEFAULTS = { pingMs: 500, pings: 10, payload: 41, traceMs: 0, hops: 30, scanMs: 0, json: false, timestamp: true };
const pace = (text: string): Pace | undefined => {
  const input = parsed(text);
  return input.kind === "paces" ? input.hosts[0] : undefined;
};

describe("the old format", () => {
  test("the document's example", () => {
    expect(parsed("1 0 1 10 1337 100 0 500\ngoogle.com\ngithub.com\n127.0.0.1")).toEqual({
      kind: "rounds",
      rounds: { pings: 10, payload: 1337, hops: 0, scan: true, json: false, sleepMs: 500 },
      hosts: [{ host: "google.com", line: 2 }, { host: "github.com", line: 3 }, { host: "127.0.0.1", line: 4 }],
    });
  });
  test("what the service creates", () => expect(parsed("1 1 1 10 41 40 1 500\nlocalhost\n")).toMatchObject({ rounds: { pings: 10, payload: 41, hops: 40, scan: true, json: true, sleepMs: 500 }, hosts: [{ host: "localhost" }] }));
  test("flags are any integers", () => {
    const rounds = (line: string) => expect(parsed(`${line}\na`)).toHaveProperty("rounds");
    rounds("-1 +2 007 0 0 0 -9 0");
    expect(parsed("-1 2 -3 4 5 6 -7 0\na")).toMatchObject({ rounds: { pings: 4, payload: 5, hops: 6, scan: true, json: true, sleepMs: 0 } });
    expect(parsed("1 1 0 0 41 0 0 500\na")).toMatchObject({ rounds: { pings: 0, hops: 0 } });
  });
  test("what is not used may be any integer", () => expect(parsed("0 0 0 -1 -1 -1 0 5\na")).toMatchObject({ rounds: { pings: 0, payload: 0, hops: 0, scan: false, json: false, sleepMs: 5 } }));
  test("blanks, empty lines, line ends, a byte order mark", () => {
    expect(parsed("\ufeff\r\n  1\t0  0 1 41 30 0   500 \r\n\r\n a \r\n\t\r\n2001:db8::1\r\n")).toMatchObject({ rounds: { pings: 1 }, hosts: [{ host: "a", line: 4 }, { host: "2001:db8::1", line: 6 }] });
  });
});

describe("the new format", () => {
  test("defaults", () => expect(pace("example.com")).toEqual({ host: "example.com", line: 1, ...DEFAULTS }));
  test("every option", () =>
    expect(pace("h ping=1.5 numpings=2 payload=3 trace=4 hops=5 scan=6 json=1 timestamp=0")).toEqual({ host: "h", line: 1, pingMs: 1.5, pings: 2, payload: 3, traceMs: 4, hops: 5, scanMs: 6, json: true, timestamp: false }));
  test("values", () => {
    const f = (option: string, expected: Partial<Pace>) => expect(pace(`h ${option}`)).toEqual({ host: "h", line: 1, ...DEFAULTS, ...expected });
    f("PING=0", { pingMs: 0 });
    f("pInG=+1e3", { pingMs: 1000 });
    f("trace=.5", { traceMs: 0.5 });
    f("scan=7.", { scanMs: 7 });
    f("numpings=0", { pings: 0 });
    f("json=True", { json: true });
    f("JSON=TRUE", { json: true });
    f("json=-5", { json: true });
    f("timestamp=False", { timestamp: false });
  });
  test("several hosts, one of them twice, with empty lines", () => {
    expect(parsed("\n10.0.0.1\ttrace=1000\u2003hops=9\n\n10.0.0.1 scan=1\nbücher.example json=true\nfe80::1%eth0")).toMatchObject({
      kind: "paces",
      hosts: [{ host: "10.0.0.1", line: 2, traceMs: 1000, hops: 9 }, { host: "10.0.0.1", line: 4, scanMs: 1 }, { host: "bücher.example", line: 5, json: true }, { host: "fe80::1%eth0", line: 6 }],
    });
  });
});

describe("mistakes have their place", () => {
  const f = (text: string, ...expected: readonly string[]) => expect(problems(text)).toEqual(expected);
  test("files", () => {
    f("", "f: it names no host; write a host a line, such as: example.com ping=500");
    f(" \n\t\n", "f: it names no host; write a host a line, such as: example.com ping=500");
    f("1 1 1 10 41 40 1 500\n\n", "f:1:1: there is no host after the first line; write the hosts below it, one a line");
    f("a\n".repeat(CONNMONITOR_TEXT_MAX), "f: this is too long for a list of hosts; name the file that lists the hosts");
    f("a\n".repeat(10_001), "f:10001:1: there are more than 10000 hosts; spread them over several files");
    expect(problems("a b\n".repeat(500))).toHaveLength(100);
  });
  test("the old format", () => {
    f("1 0 1 10 1337 100 0\nh", "f:1:1: the first line has 7 numbers instead of 8; write DOPINGS DOTRACE DOPSCAN NUMPINGS PAYLOAD HOPS JSON SLEEP, such as: 1 1 1 10 41 40 1 500");
    f("5\nh", "f:1:1: the first line has 1 number instead of 8; write DOPINGS DOTRACE DOPSCAN NUMPINGS PAYLOAD HOPS JSON SLEEP, such as: 1 1 1 10 41 40 1 500");
    f("1 yes 1 10 1337 100 0 0.5\nh", "f:1:3: DOTRACE is `yes`, which is no integer; write a whole number, such as 1", "f:1:23: SLEEP is `0.5`, which is no integer; write a whole number, such as 1");
    f("1 1 1 -10 65501 256 0 -1\nh", "f:1:7: NUMPINGS is -10; write a whole number from 0 to 10000", "f:1:11: PAYLOAD is 65501; write a whole number from 0 to 65500", "f:1:17: HOPS is 256; write a whole number from 0 to 255", "f:1:23: SLEEP is -1; write a whole number from 0 to 2000000000");
    f("1 1 1 10 41 40 1 500\nh ping=5\n", "f:2:3: `ping=5` stands behind the host; below a first line of eight numbers a line holds a host and nothing else");
  });
  test("the new format", () => {
    f("h ping=500 Ping=500", "f:1:12: ping is set twice in this line; leave one of them out");
    f("g\nh pong=5 constructor=1", "f:2:3: there is no option `pong`; there are ping, numpings, payload, trace, hops, scan, json, timestamp", "f:2:10: there is no option `constructor`; there are ping, numpings, payload, trace, hops, scan, json, timestamp");
    f("h ping = 5", "f:1:3: `ping` is no option; write NAME=VALUE without blanks in it, such as ping=500", "f:1:8: there is no option ``; there are ping, numpings, payload, trace, hops, scan, json, timestamp", "f:1:10: `5` is no option; write NAME=VALUE without blanks in it, such as ping=500");
    f("ping=5", "f:1:1: this line begins with `ping=5` instead of a host; write the host first, then its options: example.com ping=500");
    for (const bad of ["", "-1", "nan", "inf", "1e400", "5s", "2000000001"]) f(`h trace=${bad}`, `f:1:3: \`trace=${bad}\` is no time in milliseconds; write a number from 0 (off) to 2000000000, such as 500 or 0.5`);
    for (const bad of ["", "-1", "1.5", "10001"]) f(`h numpings=${bad}`, `f:1:3: \`numpings=${bad}\` is no count; write a whole number from 0 to 10000`);
    f("h json=yes timestamp=", "f:1:3: `json=yes` is neither true nor false; write 0, 1, True or False", "f:1:12: `timestamp=` is neither true nor false; write 0, 1, True or False");
  });
  test("hosts", () => {
    const host = (text: string) => f(text, `f:1:1: \`${text}\` is no host; write a name or an address, without brackets, port or path`);
    for (const bad of ["http://a/", "a:80", "[::1]", "#a", "a/b", "::g", "a@b"]) host(bad);
    f("a".repeat(254), "f:1:1: this host has 254 letters; write a name of 253 at most");
  });
});

describe("any text", () => {
  test("gives hosts or located problems", () => {
    const words = fc.constantFrom("1", "0", "-5", "h", "::1", "ping=5", "json=True", "trace=", "=", "PAYLOAD=1e9", "\u0000", "😀", "a".repeat(300));
    const text = fc.oneof(fc.string({ unit: fc.integer({ min: 0, max: 0x3000 }).map((code) => String.fromCodePoint(code)), maxLength: 200 }), fc.array(fc.array(words, { maxLength: 9 }).map((line) => line.join(" ")), { maxLength: 6 }).map((lines) => lines.join("\n")));
    fc.assert(
      fc.property(text, (given) => {
        const result = parseConnmonitor(given, "f");
        const lines = given.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/);
        if (result.kind === "wrong") {
          expect(result.problems.length).toBeGreaterThan(0);
          for (const { line, wrong, right } of result.problems) expect({ line: line <= lines.length, said: wrong !== "" && right !== "" }).toEqual({ line: true, said: true });
        } else for (const { host, line } of result.input.hosts) expect(lines[line - 1]).toContain(host);
      }),
      { numRuns: 300 },
    );
  });
  test("what is written in the new format is read back", () => {
    const one = fc.record({ pingMs: fc.integer({ min: 0, max: 1e6 }), pings: fc.integer({ min: 0, max: 10_000 }), payload: fc.integer({ min: 0, max: 65_500 }), traceMs: fc.double({ min: 0, max: 1e6, noNaN: true }), hops: fc.integer({ min: 0, max: 255 }), scanMs: fc.integer({ min: 0, max: 1e9 }), json: fc.boolean(), timestamp: fc.boolean() });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 5 }), (hosts) => {
        const lines = hosts.map((host, index) => `h${index} ping=${host.pingMs} numpings=${host.pings} payload=${host.payload} trace=${host.traceMs} hops=${host.hops} scan=${host.scanMs} json=${host.json ? "True" : "0"} timestamp=${host.timestamp ? 1 : "False"}`);
        expect(parsed(lines.join("\n"))).toEqual({ kind: "paces", hosts: hosts.map((host, index) => ({ host: `h${index}`, line: index + 1, ...host, traceMs: Math.abs(host.traceMs) })) });
      }),
    );
  });
});
