import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CheckSummary, StatusReport } from "../api/types.ts";
import { openDoors } from "../app/doors.ts";
import { FOREIGN_TYPES } from "../import/formats.ts";
import { instant } from "../core/types.ts";
import { backtest } from "./backtest.ts";
import type { RunDoors } from "./doors.ts";
import { EXIT_USAGE } from "./exits.ts";
import { notify } from "./notify.ts";
import { buildProgram, runCommandLine } from "./program.ts";
import { statusTable } from "./status.ts";

const offline = openDoors();
let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "tocsin-cli-"))));
afterEach(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** One command line with the real doors, but for the terminal, the clock and the environment. */
async function run(args: readonly string[], given: { readonly lines?: string[]; readonly interactive?: boolean; readonly now?: string } = {}): Promise<Ended> {
  const said = { out: "", err: "" };
  const lines = [...(given.lines ?? [])];
  const doors: RunDoors = {
    ...offline,
    environment: { TOCSIN_DATA: join(folder, "data") },
    now: () => instant(Date.parse(given.now ?? "2026-11-20T12:00:00Z")),
    terminal: {
      out: (text) => void (said.out += text),
      err: (text) => void (said.err += text),
      columns: null,
      colours: false,
      errorColours: false,
      gone: new AbortController().signal,
      interactive: given.interactive ?? false,
      secretLine: async () => lines.shift() ?? null,
    },
  };
  const exit = await runCommandLine(args, doors, [backtest, notify]);
  return { exit, ...said };
}

const inFolder = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe("the frame", () => {
  test("help and version", async () => {
    expect(await run(["--version"])).toMatchObject({ exit: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(await run(["--help"])).toMatchObject({ exit: 0, out: expect.stringContaining("tocsin init && tocsin run") });
    expect(await run([])).toMatchObject({ exit: EXIT_USAGE, err: expect.stringContaining("Commands:") });
  });
  test("every command has help with an example", async () => {
    const names = buildProgram(offline, () => undefined, [backtest]).commands.map((command) => command.name());
    expect(names.length).toBeGreaterThan(6);
    for (const name of names) expect(await run([name, "--help"])).toMatchObject({ exit: 0, out: expect.stringMatching(new RegExp(`Example:\n +tocsin ${name}`)) });
  });
  test("what is not understood is said, with the nearest word", async () => {
    const f = async (args: readonly string[], said: string) => expect(await run(args)).toMatchObject({ exit: EXIT_USAGE, err: expect.stringContaining(said) });
    await f(["statsu"], "Did you mean status?");
    await f(["status", "--jsn"], "Did you mean --json?");
    await f(["completion", "tcsh"], "Allowed choices are bash, zsh, fish");
    await f(["next", "@daily", "--count", "0"], "Write a whole number from 1 to 10000.");
  });
});

describe("init and lint", () => {
  test("init writes a configuration without problems and never over one", async () => {
    const site = join(folder, "new", "site");
    expect(await run(["init", site])).toMatchObject({ exit: 0, out: expect.stringContaining(`wrote ${site}/tocsin.yaml`) });
    expect(statSync(join(site, "tocsin.yaml")).mode & 0o777).toBe(0o600);
    expect(statSync(join(site, "data")).mode & 0o777).toBe(0o700);
    expect(await run(["lint", join(site, "tocsin.yaml")])).toMatchObject({ exit: 0, out: "", err: expect.stringContaining("no problems") });
    writeFileSync(join(site, "tocsin.yaml"), "mine");
    expect(await run(["init", site])).toMatchObject({ exit: 1, err: expect.stringContaining("exists already") });
    expect(readFileSync(join(site, "tocsin.yaml"), "utf8")).toBe("mine");
  });
  test("lint prints each error with its place and ends with 2", async () => {
    const path = inFolder("tocsin.yaml", "checks:\n  shop:\n    type: tcp\n    host: localhost\n    prt: 80\n");
    const { exit, out } = await run(["lint", path]);
    expect(exit).toBe(2);
    expect(out).toContain(`${path}:5:5: `);
    expect(out).toContain("`port`");
  });
  test("a missing file is one error", async () => expect(await run(["lint", join(folder, "none.yaml")])).toMatchObject({ exit: 2, out: expect.stringContaining("no such file") }));
});

test("notify of a rotation tells those on call now", async () => {
  const config = inFolder("tocsin.yaml", "channels: {ann: {type: log}, ben: {type: log}}\nrotations: {night: {turns: [ann, ben], from: 2026-11-16, timezone: Europe/Berlin}}\nchecks: {x: {type: disk, notify: [night]}}\n");
  const f = async (now: string) => await run(["notify", "night", "--config", config], { now });
  expect(await f("2026-11-20T12:00:00Z")).toMatchObject({ exit: 0, out: expect.stringMatching(/^night is a rotation; on call now: ann\nsent over ann: /) });
  expect(await f("2026-11-25T12:00:00Z")).toMatchObject({ exit: 0, out: expect.stringMatching(/^night is a rotation; on call now: ben\nsent over ben: /) });
  expect(await run(["notify", "nigth", "--config", config])).toMatchObject({ exit: 2, err: expect.stringContaining("did you mean `night`?") });
});

describe("next", () => {
  test("a text, as ISO times", async () => {
    const f = async (args: readonly string[], ...times: readonly string[]) => expect(JSON.parse((await run(["next", ...args, "--json", "--config", inFolder("tocsin.yaml", "checks: {}\n")])).out)).toEqual(times);
    await f(["*/5 * * * *", "--zone", "UTC", "--count", "2"], "2026-11-20T12:05:00.000Z", "2026-11-20T12:10:00.000Z");
    await f(["cron", "30", "min", "--zone", "UTC", "--count", "1", "--at", "2026-03-29 00:15"], "2026-03-29T00:30:00.000Z");
    await f(["--text", "30 2 * * *", "--zone", "Europe/Berlin", "--at", "2026-03-28T12:00:00Z", "--count", "2"], "2026-03-29T01:30:00.000Z", "2026-03-30T00:30:00.000Z");
    await f(["cron 2020 year", "--zone", "UTC"]);
  });
  test("an exact name wins over a text, and --text over a name", async () => {
    const config = inFolder("tocsin.yaml", 'timezone: UTC\nchecks:\n  "7": {type: tcp, host: localhost, port: 80, schedule: 0 5 * * *, notify: []}\n');
    expect(JSON.parse((await run(["next", "7", "--json", "--count", "1", "--config", config])).out)).toEqual(["2026-11-21T05:00:00.000Z"]);
    expect((await run(["next", "7", "--text", "--count", "1", "--config", config])).out).toContain("interval 7 min");
  });
  test("neither a check nor a schedule, or no time", async () => {
    const night = inFolder("tocsin.yaml", "channels: {ann: {type: log}, ben: {type: log}}\nrotations: {night: {turns: [ann, [ben, ann]], from: 2026-11-16, timezone: Europe/Berlin}}\nchecks: {x: {type: disk, notify: [night]}}\n");
    expect((await run(["next", "night", "--at", "2026-11-20", "--count", "2", "--config", night])).out).toBe(
      ["night (Europe/Berlin)", "2026-11-19T23:00:00.000Z  Fri, 20 Nov 2026, 00:00:00 CET  ann", "2026-11-23T08:00:00.000Z  Mon, 23 Nov 2026, 09:00:00 CET  ben, ann", "2026-11-30T08:00:00.000Z  Mon, 30 Nov 2026, 09:00:00 CET  ann", ""].join("\n"),
    );
    expect(JSON.parse((await run(["next", "night", "--at", "2026-11-20", "--count", "1", "--json", "--config", night])).out)).toEqual([{ at: "2026-11-19T23:00:00.000Z", to: ["ann"] }, { at: "2026-11-23T08:00:00.000Z", to: ["ben", "ann"] }]);
    expect(await run(["next", "shop", "--config", inFolder("tocsin.yaml", "checks: {}\n")])).toMatchObject({ exit: 2, err: expect.stringContaining("neither a check nor a rotation of") });
    expect(await run(["next", "@daily", "--text", "--at", "noon"])).toMatchObject({ exit: 2, err: expect.stringContaining("`noon` is no time") });
    expect(await run(["next", "@daily", "--text", "--at", "0001-01-01"])).toMatchObject({ exit: 2, err: expect.stringContaining("`0001-01-01` is no time") });
  });
  test("in the zone of its own schedule, also for --at; a zone that is none is said", async () => {
    const config = inFolder("tocsin.yaml", "timezone: America/New_York\nchecks: {night: {type: disk, schedule: cron 3 hr 0 min Asia/Tokyo z}}\n");
    const { out } = await run(["next", "night", "--at", "2026-11-20", "--count", "1", "--config", config]);
    expect(out).toBe("cron 3 hr 0 min Asia/Tokyo z (Asia/Tokyo)\n2026-11-19T18:00:00.000Z  Fri, 20 Nov 2026, 03:00:00 GMT+9\n");
    expect((await run(["next", "night", "--at", "2026-11-20", "--count", "1", "--zone", "UTC", "--config", config])).out).toContain("2026-11-20T18:00:00.000Z  Fri, 20 Nov 2026, 18:00:00 UTC");
    for (const asked of ["night", "@daily"]) expect(await run(["next", asked, "--zone", "Mars/X", "--config", config])).toEqual({ exit: 2, out: "", err: "`Mars/X` is no time zone; use a name of the IANA database, such as Europe/Berlin\n" });
  });
  test("a member in turn by its group's slots, and by its own schedule; what is judged by its members or waits for heartbeats says so", async () => {
    const config = inFolder(
      "tocsin.yaml",
      `timezone: UTC
checks:
  smtp: {type: tcp, host: localhost, port: 25}
  imap: {type: tcp, host: localhost, port: 143}
  web: {type: tcp, host: localhost, port: 80, schedule: 0 6 * * *}
  mail: {type: group, members: [smtp, imap, web], schedule: 0 5 * * *}
  other: {type: group, members: [imap], schedule: 0 6 * * *}
  site: {type: group, members: [mail, other], run: own}
  backup: {type: push, within: 25h, token: token-token-token-token}
  idle: {type: tcp, host: localhost, port: 1, every: never}
`,
    );
    const f = async (name: string, ...lines: readonly string[]) => expect((await run(["next", name, "--count", "2", "--config", config])).out.trimEnd().split("\n")).toEqual(lines);
    const [five, six, later] = ["2026-11-21T05:00:00.000Z  Sat, 21 Nov 2026, 05:00:00 UTC", "2026-11-21T06:00:00.000Z  Sat, 21 Nov 2026, 06:00:00 UTC", "2026-11-22T05:00:00.000Z  Sun, 22 Nov 2026, 05:00:00 UTC"];
    await f("smtp", "within `mail`: 0 5 * * * (UTC)", five, later);
    await f("imap", "within `mail`: 0 5 * * * (UTC)", "within `other`: 0 6 * * * (UTC)", five, six);
    await f("web", "0 6 * * * (UTC)", "within `mail`: 0 5 * * * (UTC)", five, six);
    await f("mail", "0 5 * * * (UTC)", five, later);
    await f("site", "judged from the states of its members: mail, other");
    await f("backup", "waits for heartbeats and is not run");
    await f("idle", "only in groups or on demand");
    await f("cron 2020 year", "cron 2020 year (UTC)", "no further runs");
  });
});

describe("types, schema, completion", () => {
  test("every type is listed and explained", async () => {
    const { probes, channels } = await offline.registry();
    const { out } = await run(["types"]);
    for (const { type, about } of [...probes, ...channels]) {
      expect(out).toContain(`${type} `);
      expect(await run(["types", type])).toMatchObject({ exit: 0, out: expect.stringContaining(about) });
    }
    expect(await run(["types", "dnslookup"])).toMatchObject({ exit: 2, err: "there is no type `dnslookup`; here it is `dns`\n" });
    for (const own of Object.values(FOREIGN_TYPES)) expect(await run(["types", own])).toMatchObject({ exit: 0 });
    expect(await run(["types", "htpp"])).toMatchObject({ exit: 2, err: expect.stringContaining("did you mean `http`?") });
  });
  test("the schema is JSON", async () => expect(JSON.parse((await run(["schema"])).out)).toMatchObject({ title: "Tocsin configuration" }));
  test("bash completes commands, options and values", async () => {
    const script = inFolder("completion", (await run(["completion", "bash"])).out);
    const f = (words: string, expected: string) => {
      const asked = `. ${script}; COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _tocsin; echo "\${COMPREPLY[@]}"`;
      expect(spawnSync("bash", ["-c", asked], { encoding: "utf8" }).stdout.trim()).toBe(expected);
    };
    f("tocsin sta", "status");
    f("tocsin status --j", "--json");
    f("tocsin completion z", "zsh");
  });
  test("zsh and fish name every command", async () => {
    for (const shell of ["zsh", "fish"]) expect((await run(["completion", shell])).out).toMatch(/passwd[\s\S]*completion/);
  });
});

describe("passwd", () => {
  const long = "correct horse battery";
  test("typed twice, or one line of a pipe", async () => {
    await run(["init", folder]);
    expect(await run(["passwd"], { lines: [long, long], interactive: true })).toMatchObject({ exit: 0 });
    expect(await run(["passwd"], { lines: [long] })).toMatchObject({ exit: 0, err: "password changed\n" });
    expect(existsSync(join(folder, "data/password.hash"))).toBe(true);
  });
  test("what is refused", async () => {
    const f = async (args: readonly string[], lines: string[], interactive: boolean, said: string) => expect(await run(["passwd", ...args], { lines, interactive })).toMatchObject({ exit: 1, err: expect.stringContaining(said) });
    await f([], [long], false, "there is no data folder");
    await run(["init", folder]);
    await f([], [long, "another one, longer"], true, "the two differ");
    await f([], [], false, "no password was given");
    await f([], ["short"], false, "shorter than");
  });
});

const ordinary: Omit<CheckSummary, "name" | "state" | "summary"> = {
  type: "tcp",
  target: "",
  description: "",
  tags: [],
  since: Date.parse("2026-11-20T11:56:00Z"),
  latencyMs: 12.4,
  lastRunAt: null,
  nextRunAt: null,
  recent: "",
  failing: 0,
  incident: null,
  incidentKind: null,
  acknowledged: null,
  silenced: false,
  silencedUntil: null,
  maintenance: [],
  flapping: false,
  cause: null,
  hides: [],
  groups: [],
  certificateDays: null,
  running: false,
};
const summary = (name: string, state: CheckSummary["state"], text: string): CheckSummary => ({ ...ordinary, name, state, summary: text });

const report = (state: StatusReport["state"], checks: readonly CheckSummary[]): StatusReport => ({ site: { name: "Example", vantage: "home", version: "1", startedAt: 0 }, state, page: "http://127.0.0.1:2930", banners: [], checks });

describe("status", () => {
  let server: Server | null = null;
  afterEach(async () => {
    const open = server;
    server = null;
    if (open !== null) await new Promise((resolve) => open.close(resolve));
  });
  async function answering(status: number, body: string): Promise<void> {
    await run(["init", folder]);
    server = createServer((request, answer) => void answer.writeHead(request.url === "/api/v1/status" ? status : 404).end(body));
    await new Promise<void>((resolve) => server?.listen(join(folder, "data/socket"), resolve));
  }
  test("the exit code tells the state", async () => {
    for (const [state, exit] of [["up", 0], ["degraded", 1], ["down", 2], ["unknown", 3]] as const) {
      await answering(200, JSON.stringify(report(state, state === "unknown" ? [] : [summary("shop", state, "as it is")])));
      const ended = await run(["status", "--json"]);
      expect(ended).toMatchObject({ exit, err: "" });
      expect(JSON.parse(ended.out)).toMatchObject({ state, checks: state === "unknown" ? [] : [{ name: "shop", summary: "as it is" }] });
      await new Promise((resolve) => server?.close(resolve));
      rmSync(join(folder, "tocsin.yaml"));
    }
  });
  test("3 when nothing answers, or nothing sensible", async () => {
    expect(await run(["status"])).toMatchObject({ exit: 3, out: "", err: expect.stringContaining("Tocsin is not running here") });
    await answering(200, "no JSON");
    expect(await run(["status"])).toMatchObject({ exit: 3, err: expect.stringContaining("and no report") });
  });
  test("the table: trouble first, cut to the terminal, colours only when wanted", () => {
    const given = report("down", [summary("web", "up", "HTTP 200"), summary("shop", "down", "HTTP 503\nService Unavailable")]);
    const look = { now: Date.parse("2026-11-20T12:00:00Z"), columns: 60, colours: false };
    const [head, first, second] = statusTable(given, look).split("\n");
    expect(head).toBe("Example (home)  ▲ 1 down  ● 1 up  http://127.0.0.1:2930");
    expect(first).toBe("▲ down     shop       4m     12 ms  HTTP 503 Service Unavai…");
    expect(second).toBe("● up       web        4m     12 ms  HTTP 200");
    const quiet: readonly CheckSummary[] = [
      { ...summary("a", "down", "HTTP 503"), silenced: true, silencedUntil: look.now + 5_400_000 },
      { ...summary("b", "down", "HTTP 503"), acknowledged: { at: 0, by: "ann", note: "" }, flapping: true },
      { ...summary("c", "up", "HTTP 200"), silenced: true, maintenance: ["patch night"] },
    ];
    expect(statusTable(report("down", quiet), { ...look, columns: 99 }).split("\n").slice(1, 4).map((line) => line.replace(/^[^(]*/, ""))).toEqual(["(silenced for 1h 30m) HTTP 503", "(acknowledged, flapping) HTTP 503", "(silenced, maintenance: patch night) HTTP 200"]);
    expect(statusTable(given, { ...look, colours: true })).toContain("\u001b[31m▲ down     \u001b[0m");
  });
});

describe("backtest", () => {
  const site = (): string => inFolder("tocsin.yaml", "checks:\n  shop: {type: tcp, host: 127.0.0.1, port: 1}\n");
  test("where there is no history that is said, with what to do", async () => {
    expect(await run(["backtest", site()])).toMatchObject({ exit: 3, out: "", err: `there is no history in ${join(folder, "data")}; name the data folder with --data\n` });
  });
  test("a time that is none, and a configuration with errors", async () => {
    expect(await run(["backtest", site(), "--since", "soon"])).toMatchObject({ exit: EXIT_USAGE, err: expect.stringContaining("`soon` is no time; write a duration such as 2h or 7d") });
    expect(await run(["backtest", site(), "--since", "2030-01-01"])).toMatchObject({ exit: EXIT_USAGE, out: "", err: expect.stringContaining("lies ahead") });
    expect(await run(["backtest", inFolder("wrong.yaml", "checks:\n  shop: {type: tpc}\n")])).toMatchObject({ exit: 2, out: "", err: expect.stringMatching(/wrong\.yaml:2:\d+: /) });
  });
});
