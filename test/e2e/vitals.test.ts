import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../servers/ground.ts";
import { Run, until } from "./world.ts";

/** connmonitor and connvitals as their users have them: real programs, pinging loopback. */

const bin = (name: string): string => join(import.meta.dirname, "../../bin", name);
const connmonitor = (args: readonly string[], folder: string, input: string | null = null): Run => new Run(args, folder, {}, { program: bin("connmonitor"), input });
const connvitals = (...args: readonly string[]) => new Run(args, temporaryFolder(), {}, { program: bin("connvitals") }).ended;

const MS = String.raw`\d+\.\d{3}`;
const PING = String.raw`(?:${MS}\t){4}0\.000\n`;
const CTIME = String.raw`(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d \d{4}`;
const lines = (text: string): RegExp => new RegExp(`^${text}$`);
/** An error's line without its time. */
const errors = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "").map((line) => {
  const [, what, at] = /^(.*) - (.*)$/.exec(line) ?? [];
  expect(at).toMatch(lines(CTIME));
  return what ?? "";
});

function file(text: string): { readonly folder: string; readonly path: string } {
  const folder = temporaryFolder();
  const path = join(folder, "connmonitor.conf");
  writeFileSync(path, text);
  return { folder, path };
}

describe("connmonitor", () => {
  test("the old format, until SIGTERM", async () => {
    const { folder, path } = file("1 0 1 3 20 30 0 20\nlocalhost\n127.0.0.1\n");
    const run = connmonitor([path], folder);
    const round = String.raw`localhost \(127\.0\.0\.1\)\n${PING}[^\n]+\t[^\n]+\t[^\n]+\n127\.0\.0\.1\n${PING}[^\n]+\t[^\n]+\t[^\n]+\n`;
    await until("three rounds", () => run.out.split("localhost").length > 3, () => run.said);
    run.child.kill("SIGTERM");
    expect(await run.ended).toMatchObject({ exit: 0, out: expect.stringMatching(lines(`(?:${round}){3,}`)), err: "" });
  });

  test("the new format: JSON and plain text, from standard input, which cannot be read again", async () => {
    const run = connmonitor([], temporaryFolder(), "127.0.0.1 ping=20 numpings=2 json=True\nlocalhost numpings=1 ping=30\n");
    await until("both hosts", () => run.out.includes("localhost") && run.out.includes('"name":"127.0.0.1"'), () => run.said);
    run.child.kill("SIGHUP");
    const told = run.out.length;
    await until("the error", () => run.err.endsWith("\n"), () => run.said);
    await until("it goes on", () => run.out.length > told, () => run.said);
    run.child.kill("SIGTERM");
    const { exit, out, err } = await run.ended;
    expect({ exit, err: errors(err) }).toEqual({ exit: 0, err: ["EE: OSError: the input cannot be read again, for it came from standard input; going on with it"] });
    const json = out.split("\n").filter((line) => line.startsWith("{"));
    for (const line of json) expect(line).toMatch(lines(String.raw`\{"addr":"127\.0\.0\.1","name":"127\.0\.0\.1","timestamp":\d{13}\.\d+,"ping":\{"min": [\d.e-]+, "avg": [\d.e-]+, "max": [\d.e-]+, "std": [\d.e-]+, "loss": 0\.0\}\}`));
    expect(json.map((line) => JSON.parse(line) as unknown)).not.toEqual([]);
    expect(out.split("\n").filter((line) => !line.startsWith("{")).join("\n")).toMatch(lines(String.raw`(?:localhost 127\.0\.0\.1\n${CTIME}\n${PING})+`));
  });

  test("SIGHUP reads the file again; when that fails it ends with 1", async () => {
    const { folder, path } = file("localhost ping=20 numpings=1 timestamp=0");
    const run = connmonitor([path], folder);
    await until("the first file", () => run.out.includes("localhost 127.0.0.1\n"), () => run.said);
    writeFileSync(path, "127.0.0.9 ping=20 numpings=1 timestamp=0");
    run.child.kill("SIGHUP");
    await until("the second file", () => run.out.includes("127.0.0.9\n"), () => run.said);
    const { length } = run.out;
    await until("it goes on", () => run.out.length > length + 100, () => run.said);
    expect(run.out.slice(length)).not.toContain("localhost");
    rmSync(path);
    run.child.kill("SIGHUP");
    const { exit, err } = await run.ended;
    expect({ exit, err: errors(err) }).toEqual({ exit: 1, err: [`EE: FileNotFoundError: ${path} cannot be read: there is no such file; to measure a host once use connvitals, or \`tocsin vitals -t HOST\``] });
  });

  test("an input with mistakes", async () => {
    const { folder, path } = file("localhost ping=5 ping=6\nb nosuch=1");
    const { exit, out, err } = await connmonitor([path], folder).ended;
    expect({ exit, out, err: errors(err) }).toEqual({
      exit: 1,
      out: "",
      err: [`EE: ValueError: ${path}:1:18: ping is set twice in this line; leave one of them out`, `EE: ValueError: ${path}:2:3: there is no option \`nosuch\`; there are ping, numpings, payload, trace, hops, scan, json, timestamp`],
    });
    mkdirSync(join(folder, "d"));
    expect(errors((await connmonitor(["d"], folder).ended).err)).toEqual(["EE: IsADirectoryError: d cannot be read: it is a folder"]);
    expect(errors((await connmonitor([], folder, "").ended).err)).toEqual(["EE: ValueError: standard input: it names no host; write a host a line, such as: example.com ping=500"]);
    expect(errors((await connmonitor(["/dev/zero"], folder).ended).err)).toEqual(["EE: ValueError: /dev/zero: this is too long for a list of hosts; name the file that lists the hosts"]);
  });

  test("ends when nobody reads it any more, and while it waits for its input", async () => {
    const { folder, path } = file("localhost ping=1 numpings=1");
    const run = connmonitor([path], folder);
    await until("something", () => run.out !== "", () => run.said);
    run.child.stdout?.destroy();
    expect(await run.ended).toMatchObject({ exit: 0, err: "" });
    const waiting = spawn(bin("connmonitor"), { stdio: ["pipe", "pipe", "inherit"] });
    waiting.stdin.write("localhost\n");
    const ended = new Promise((resolve) => waiting.once("close", (code, signal) => resolve(code ?? signal)));
    // It has read its input so far when it takes signals, and until then a signal ends it as well.
    waiting.kill("SIGTERM");
    expect([0, "SIGTERM"]).toContain(await ended);
  });

  test("version and usage", async () => {
    expect(await connmonitor(["-v"], temporaryFolder()).ended).toMatchObject({ exit: 0, out: expect.stringMatching(/^connmonitor \(Tocsin \d+\.\d+\.\d+\)\n$/) });
    expect(await connmonitor(["--version"], temporaryFolder()).ended).toMatchObject({ exit: 0, out: expect.stringMatching(/^connmonitor /) });
    expect(await connmonitor(["a", "b"], temporaryFolder()).ended).toMatchObject({ exit: 2, out: "", err: expect.stringMatching(/^usage: connmonitor .*\nconnmonitor: error: too many arguments/) });
  });
});

describe("connvitals", () => {
  test("hosts in their order, as plain text and as JSON", async () => {
    expect(await connvitals("-p", "3", "localhost", "127.0.0.1")).toMatchObject({ exit: 0, out: expect.stringMatching(lines(String.raw`localhost \(127\.0\.0\.1\)\n${PING}127\.0\.0\.1\n${PING}`)), err: "" });
    const { exit, out } = await connvitals("--json", "--no-ping", "--port-scan", "localhost");
    expect({ exit, members: Object.keys(JSON.parse(out) as object) }).toEqual({ exit: 0, members: ["addr", "name", "scan"] });
    expect(await connvitals("--pings=1", "--payload-size", "0", "::1")).toMatchObject({ exit: 0, out: expect.stringMatching(lines(String.raw`::1\n${PING}`)) });
    expect(await connvitals("-P", "localhost")).toMatchObject({ exit: 0, out: "localhost (127.0.0.1)\n" });
  });
  test("Ctrl-C: what there is so far", async () => {
    const run = new Run(["-p", "10000", "127.0.0.1", "nowhere.invalid"], temporaryFolder(), {}, { program: bin("connvitals") });
    // By now it takes signals; it would send for a hundred seconds.
    await until("the other host's error", () => run.err !== "", () => run.said);
    run.child.kill("SIGINT");
    expect(await run.ended).toMatchObject({ exit: 1, out: expect.stringMatching(lines(String.raw`127\.0\.0\.1\n(?:(?:${MS}\t){4}${MS}\n)?`)) });
  });
  test("a host without an address", async () => {
    const { exit, out, err } = await connvitals("-p1", "nowhere.invalid", "localhost");
    expect({ exit, out, err: errors(err) }).toEqual({ exit: 1, out: expect.stringMatching(lines(String.raw`localhost \(127\.0\.0\.1\)\n${PING}`)), err: [expect.stringMatching(/^EE: gaierror: nowhere\.invalid cannot be tested: /)] });
  });
  test("version and usage", async () => {
    expect(await connvitals("-V")).toMatchObject({ exit: 0, out: expect.stringMatching(/^connvitals \(Tocsin \d+\.\d+\.\d+\)\n$/) });
    expect(await connvitals("--help")).toMatchObject({ exit: 0, out: expect.stringContaining("-s, --port-scan") });
    const misused = async (...args: readonly string[]) => {
      const { exit, out, err } = await connvitals(...args);
      expect({ exit, out }).toEqual({ exit: 2, out: "" });
      return err.split("\n")[1];
    };
    expect(await misused()).toBe("connvitals: error: missing required argument 'hosts'");
    expect(await misused("--nosuch", "h")).toBe("connvitals: error: unknown option '--nosuch'");
    expect(await misused("-p", "many", "h")).toContain("write a whole number from 0 to 10000");
  });
});
