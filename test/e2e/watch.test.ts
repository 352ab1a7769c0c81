import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { atEnd, describeWith, temporaryFolder } from "../servers/ground.ts";
import { PROGRAM, Run, until } from "./world.ts";

/** `tocsin vitals --watch` on a real terminal: tmux is one that can be asked what it shows. */
class Terminal {
  readonly folder = temporaryFolder();
  readonly #socket = join(this.folder, "tmux");

  /** Runs shell commands in a terminal of 80 columns and 24 rows, then a shell that waits for more. */
  constructor(commands: string) {
    const script = join(this.folder, "script");
    writeFileSync(script, `cd ${this.folder}\nstty -g > before\n${commands}\nstty -g > after\n`);
    execFileSync("tmux", ["-S", this.#socket, "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "sh -i"], { env: { PATH: process.env["PATH"], LANG: "C.UTF-8", TZ: "UTC", PS1: "$ ", ENV: "/dev/null" } });
    atEnd(async () => void this.#tmux("kill-server"));
    this.type(`. ${script}`, "Enter");
  }

  #tmux(...args: readonly string[]): string {
    try {
      return execFileSync("tmux", ["-S", this.#socket, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    } catch {
      return "";
    }
  }

  /** Keys as tmux names them. */
  type(...keys: readonly string[]): void {
    this.#tmux("send-keys", ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  get lines(): readonly string[] {
    return this.#tmux("capture-pane", "-p").replace(/\n+$/, "").split("\n");
  }

  /** Whether a program has the screen to itself, and whether the cursor shows. */
  get state(): string {
    return this.#tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{wrap_flag}").trim();
  }

  /** Waits until a line looks so, and gives the page of that moment. */
  async shows(pattern: RegExp): Promise<readonly string[]> {
    return until(`${pattern} on the screen`, () => {
      const { lines } = this;
      return lines.some((line) => pattern.test(line)) && lines;
    }, () => this.lines.join("\n"));
  }

  /** What a file of its folder holds; waits until it holds something. */
  read(name: string): Promise<string> {
    const path = join(this.folder, name);
    return until(path, () => existsSync(path) && readFileSync(path, "utf8"), () => this.lines.join("\n"));
  }
}

const MINE = "0 1 1";
const HELD = "1 0 0";

describeWith(["tmux"], "vitals --watch on a terminal", () => {
  test("shows routes and pings, turns with the keys, fits its size, and gives the terminal back", async () => {
    const terminal = new Terminal(`${PROGRAM} vitals --watch -s 127.0.0.1 127.0.0.5; echo "ended $?"`);
    const hosts = await terminal.shows(/^127\.0\.0\.5 +0\.0% +[2-9]/);
    expect(hosts.slice(0, 4)).toEqual([expect.stringMatching(/^tocsin vitals +\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/), expect.stringMatching(/^q quit {2}p pause .*↑↓ scroll$/), "", expect.stringMatching(/^Host +Loss% +Snt +Last +Avg +Best +Wrst +StDev$/)]);
    expect(hosts[0]).toHaveLength(80);
    expect(terminal.state).toBe(HELD);
    terminal.type("d");
    const hops = await terminal.shows(/^ {3}1\. 127\.0\.0\.5/);
    expect(hops).toContainEqual(expect.stringMatching(/^ {2}ping {2}\d+\.\d\d ms {2}loss 0\.0% {2}avg /));
    expect(hops).toContainEqual(expect.stringMatching(/^ {2}ports {2}http .* https .* mysql /));
    terminal.resize(40, 9);
    const small = await until("a smaller page", () => {
      const { lines } = terminal;
      return lines[0]?.length === 40 && lines.every((line) => line.length <= 40) && lines;
    }, () => terminal.lines.join("\n"));
    expect(small.length).toBeLessThanOrEqual(9);
    terminal.type("p");
    await terminal.shows(/^tocsin vitals {2}paused/);
    terminal.type("q");
    const left = await terminal.shows(/^ended 0$/);
    // What it last knew stays to be read.
    expect(left).toContainEqual(expect.stringMatching(/^ {3}1\. 127\.0\.0\.5/));
    await until("the shell", () => terminal.state === MINE, () => terminal.state);
    expect(await terminal.read("after")).toBe(await terminal.read("before"));
  });

  for (const signal of ["TERM", "INT", "HUP"]) {
    test(`gives the terminal back at SIG${signal}`, async () => {
      const terminal = new Terminal(`sh -c 'echo $$ > pid; exec ${PROGRAM} vitals --watch 127.0.0.1'; echo "ended $?"`);
      await terminal.shows(/^ {3}1\. 127\.0\.0\.1/);
      expect(terminal.state).toBe(HELD);
      process.kill(Number(await terminal.read("pid")), `SIG${signal}`);
      await terminal.shows(/^ended 0$/);
      await until("the shell", () => terminal.state === MINE, () => terminal.state);
      expect(await terminal.read("after")).toBe(await terminal.read("before"));
    });
  }

  test("stops and goes on (Ctrl-Z, fg)", async () => {
    const terminal = new Terminal("");
    await terminal.read("after");
    terminal.type(`${PROGRAM} vitals --watch 127.0.0.1`, "Enter");
    await terminal.shows(/^ {3}1\. 127\.0\.0\.1/);
    terminal.type("C-z");
    await until("the shell", () => terminal.state === MINE, () => terminal.state);
    terminal.type("fg", "Enter");
    await until("the page again", () => terminal.state === HELD && terminal.lines.some((line) => line.startsWith("   1. 127.0.0.1")), () => terminal.lines.join("\n"));
    terminal.type("C-c");
    await until("the shell", () => terminal.state === MINE, () => terminal.state);
  });
});

test("without a terminal it prints a page after so many rounds", async () => {
  const { exit, out, err } = await new Run(["vitals", "--watch", "-p", "2", "127.0.0.1"], temporaryFolder()).ended;
  expect({ exit, err }).toEqual({ exit: 0, err: "" });
  expect(out).toMatch(/^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\n127\.0\.0\.1\n {2}ping .*\n {4}Hop .*\n {3}1\. 127\.0\.0\.1 +0\.0% +2 .*\n\n$/);
  expect(await new Run(["vitals", "--watch"], temporaryFolder()).ended).toMatchObject({ exit: 64, err: "tocsin vitals: name the hosts to watch: tocsin vitals --watch example.com\n" });
});
