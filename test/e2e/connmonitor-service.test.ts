import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { atEnd, describeWith, temporaryFolder } from "../servers/ground.ts";
import { startSystemd, systemdObstacle } from "../servers/systemd.ts";
import { until } from "./world.ts";

/** The unit that is shipped, as systemd would run it: its own lines, with other places for its files. */

const ROOT = join(import.meta.dirname, "../..");
const UNIT = readFileSync(join(ROOT, "pack/connmonitor.service"), "utf8");

class Service {
  readonly folder = temporaryFolder();
  readonly #unit: string;
  #main: ChildProcess | null = null;

  constructor() {
    for (const name of ["run", "log"]) mkdirSync(join(this.folder, name));
    this.#unit = UNIT.replaceAll("/opt/tocsin", ROOT).replaceAll("/var/run", join(this.folder, "run")).replaceAll("/var/log", join(this.folder, "log"));
    atEnd(async () => void this.#main?.kill("SIGKILL"));
  }

  setting(name: string): string {
    const found = new RegExp(`^${name}=(.*)$`, "m").exec(this.#unit)?.[1];
    if (found === undefined) throw new Error(`the unit has no ${name}`);
    return found;
  }

  /** The words of a command line, as systemd splits it (systemd.service(5)). */
  #words(name: string): readonly [string, ...string[]] {
    const [program = "", ...args] = [...this.setting(name).matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => (quoted ?? bare ?? "").replace("$MAINPID", String(this.#main?.pid)));
    return [program, ...args];
  }

  #run(name: string): void {
    const [program, ...args] = this.#words(name);
    const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
    expect({ name, status, stderr }).toEqual({ name, status: 0, stderr: "" });
  }

  start(): void {
    this.#run("ExecStartPre");
    const files = ["StandardOutput", "StandardError"].map((name) => openSync(this.setting(name).replace(/^append:/, ""), "a"));
    const [program, ...args] = this.#words("ExecStart");
    this.#main = spawn(program, args, { stdio: ["ignore", ...files] });
    for (const file of files) closeSync(file);
  }

  reload(): void {
    this.#run("ExecReload");
  }

  /** The exit code after SIGTERM, which is what systemd sends. */
  async stop(): Promise<number | null> {
    const main = this.#main;
    if (main === null) return null;
    const ended = new Promise<number | null>((resolve) => main.once("close", resolve));
    main.kill("SIGTERM");
    return ended;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  read(name: string): string {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), "utf8") : "";
  }

  get reports(): readonly { readonly name: string; readonly ping?: object; readonly trace?: readonly unknown[]; readonly scan?: object }[] {
    return this.read("log/connmonitor.log").split("\n").filter((line) => line.endsWith("}")).map((line) => JSON.parse(line) as { readonly name: string });
  }

  async more(count: number): Promise<void> {
    const { length } = this.reports;
    await until(`${count} more reports`, () => this.reports.length >= length + count, () => this.read("log/connmonitor.err"));
  }
}

describe("connmonitor.service", () => {
  let service: Service;
  beforeEach(() => void (service = new Service()));

  test("has the original's places", () => {
    const places = ["/var/run/connmonitor.conf", "append:/var/log/connmonitor.log", "append:/var/log/connmonitor.err"];
    expect(places.filter((place) => !UNIT.includes(place))).toEqual([]);
  });

  test("makes its file when there is none, and writes JSON to its log", async () => {
    service.start();
    await service.more(2);
    expect(service.read("run/connmonitor.conf")).toBe("1 1 1 10 41 40 1 500\nlocalhost\n");
    const [first, second] = service.reports;
    expect(Object.keys(first ?? {})).toEqual(["addr", "name", "ping", "trace", "scan"]);
    // The route is the same as before.
    expect(Object.keys(second ?? {})).toEqual(["addr", "name", "ping", "scan"]);
    expect(first).toMatchObject({ name: "localhost", ping: { loss: 0 }, trace: [["127.0.0.1", expect.any(Number)]] });
    expect(await service.stop()).toBe(0);
    expect(service.read("log/connmonitor.err")).toBe("");
  });

  test("keeps a file that is there, adds to its logs, and reads the file again at a reload only", async () => {
    writeFileSync(service.path("run/connmonitor.conf"), "1 0 0 1 41 40 1 20\n127.0.0.1\n");
    writeFileSync(service.path("log/connmonitor.log"), '{"addr":"x","name":"before"}\n');
    service.start();
    await service.more(3);
    expect(service.reports.slice(0, 2).map(({ name }) => name)).toEqual(["before", "127.0.0.1"]);
    writeFileSync(service.path("run/connmonitor.conf"), "1 0 0 1 41 40 1 20\n127.0.0.5\n");
    await service.more(5);
    expect(service.reports.some(({ name }) => name === "127.0.0.5")).toBe(false);
    service.reload();
    await until("the new host", () => service.reports.at(-1)?.name === "127.0.0.5", () => service.read("log/connmonitor.err"));
    expect(await service.stop()).toBe(0);
    expect(service.read("log/connmonitor.err")).toBe("");
  });
});

describeWith(["systemd"], "connmonitor.service and systemd", () => {
  test("finds nothing wrong with it", () => {
    const file = join(temporaryFolder(), "connmonitor.service");
    const verify = (text: string) => {
      writeFileSync(file, text);
      const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", file], { encoding: "utf8" });
      // Other units of this machine may have their own troubles.
      return { status, said: stderr.split("\n").filter((line) => line.includes("connmonitor")) };
    };
    const unit = UNIT.replaceAll("/opt/tocsin", ROOT);
    expect(verify(unit)).toEqual({ status: 0, said: [] });
    expect(verify(unit.replace("ExecReload=", "ExecRelaod=")).said).toEqual([expect.stringContaining("Unknown key")]);
  });

  const obstacle = systemdObstacle();
  test.skipIf(obstacle !== null)(`is started, reloaded and stopped by systemd${obstacle === null ? "" : ` (${obstacle})`}`, async () => {
    const { inside } = await startSystemd({ name: "connmonitor.service", text: UNIT }, { folder: ROOT, at: "/opt/tocsin" });
    const shown = (): string => inside("systemctl show connmonitor -p ActiveState -p Result -p ExecMainStatus").out;
    const names = (): readonly unknown[] => inside("cat /var/log/connmonitor.log").out.split("\n").filter((line) => line.endsWith("}")).map((line) => (JSON.parse(line) as { readonly name: unknown }).name);
    const heard = (name: string): Promise<unknown> => until(`a report of ${name}`, () => names().includes(name), () => inside("cat /var/log/connmonitor.err; systemctl status connmonitor").out);
    await heard("localhost");
    expect(inside("cat /var/run/connmonitor.conf").out).toBe("1 1 1 10 41 40 1 500\nlocalhost\n");
    inside("printf '1 0 0 1 41 40 1 20\\n127.0.0.5\\n' > /var/run/connmonitor.conf");
    expect(inside("systemctl reload connmonitor")).toEqual({ status: 0, out: "" });
    await heard("127.0.0.5");
    expect(inside("systemctl stop connmonitor")).toEqual({ status: 0, out: "" });
    expect(shown()).toBe("Result=success\nExecMainStatus=0\nActiveState=inactive\n");
    expect(inside("cat /var/log/connmonitor.err").out).toBe("");
    // A file that cannot be read is told, and not tried again.
    inside("rm /var/run/connmonitor.conf; mkdir /var/run/connmonitor.conf; systemctl start connmonitor");
    await until("it gave up", () => shown() === "Result=exit-code\nExecMainStatus=1\nActiveState=failed\n", () => shown());
    expect(inside("cat /var/log/connmonitor.err").out).not.toBe("");
  }, 120_000);
});
