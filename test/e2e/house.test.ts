import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const version = String(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "tocsin-house-"))));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (program: string, ...args: readonly string[]): Ended => spawnSync(program, args, { encoding: "utf8", cwd: folder });

/** A node older than Tocsin needs, outside of node_modules; null when the machine has none. */
function oldNode(): string | null {
  for (const place of (process.env["PATH"] ?? "").split(delimiter).filter((path) => path !== "" && !path.includes("node_modules"))) {
    const asked = spawnSync(join(place, "node"), ["-p", "process.versions.node"], { encoding: "utf8" });
    if (asked.status === 0 && Number.parseInt(asked.stdout, 10) >= 20 && Number.parseInt(asked.stdout, 10) < 24) return join(place, "node");
  }
  return null;
}
const old = oldNode();

describe("bin/tocsin", () => {
  test("runs by itself and through a symbolic link, from anywhere", () => {
    const link = join(folder, "tocsin");
    symlinkSync(join(root, "bin/tocsin"), link);
    expect(run(join(root, "bin/tocsin"), "--version")).toMatchObject({ status: 0, stdout: `${version}\n` });
    expect(run(link, "--version")).toMatchObject({ status: 0, stdout: `${version}\n` });
  });
  test("passes arguments and the exit code", () => expect(run(join(root, "bin/tocsin"), "a b $HOME")).toMatchObject({ status: 64, stderr: expect.stringContaining("unknown command 'a b $HOME'") }));
  test.skipIf(old === null)("goes over to the pinned runtime on an older Node (skipped: this machine has no Node 20 to 23)", () => {
    expect(run(old ?? "", join(root, "bin/tocsin"), "--version")).toMatchObject({ status: 0, stdout: `${version}\n` });
    expect(run(old ?? "", join(root, "bin/tocsin"), "nothing")).toMatchObject({ status: 64, stderr: expect.stringContaining("unknown command 'nothing'") });
  });
  test("says what to do when its packages are missing", () => {
    const bare = join(folder, "bare");
    cpSync(join(root, "bin"), join(bare, "bin"), { recursive: true });
    mkdirSync(join(bare, "src"));
    writeFileSync(join(bare, "src/main.ts"), "");
    writeFileSync(join(bare, "package.json"), '{"type": "module"}');
    expect(run(old ?? process.execPath, join(bare, "bin/tocsin"), "run")).toMatchObject({ status: 1, stderr: expect.stringContaining("run `npm ci` (or `npm start`)") });
  });
});

/** A script that becomes `sh -c COMMANDS`, as bin/tocsin becomes the runtime. */
function become(commands: string): readonly string[] {
  const code = `import { become } from ${JSON.stringify(pathToFileURL(join(root, "bin/runtime.js")).href)}; await become("sh", ["-c", ${JSON.stringify(commands)}]);`;
  return ["--input-type=module", "-e", code];
}

describe("a process that becomes another", () => {
  test("ends as the other ends", () => {
    expect(run(process.execPath, ...become("echo said; exit 7"))).toMatchObject({ status: 7, signal: null, stdout: "said\n" });
    expect(run(process.execPath, ...become("kill -KILL $$"))).toMatchObject({ status: null, signal: "SIGKILL" });
    expect(run(process.execPath, ...become("kill -TERM $$"))).toMatchObject({ status: null, signal: "SIGTERM" });
  });
  test("passes signals on", async () => {
    for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
      const child = spawn(process.execPath, become(`trap 'echo got; exit 9' ${signal.slice(3)}; echo ready; while :; do sleep 0.1; done`), { stdio: ["ignore", "pipe", "inherit"] });
      let said = "";
      child.stdout.on("data", (part: Buffer) => {
        said += part.toString();
        if (said === "ready\n") child.kill(signal);
      });
      const status = await new Promise((resolve) => child.once("close", resolve));
      expect({ signal, status, said }).toEqual({ signal, status: 9, said: "ready\ngot\n" });
    }
  });
});

describe("what has to be installed", () => {
  const f = (wanted: object, present: object | null, missing: string | null) => {
    const place = mkdtempSync(join(folder, "install-"));
    cpSync(join(root, "bin"), join(place, "bin"), { recursive: true });
    writeFileSync(join(place, "package.json"), '{"type": "module"}');
    writeFileSync(join(place, "package-lock.json"), JSON.stringify({ packages: { "": {}, ...wanted } }));
    for (const path of Object.keys(present ?? {})) {
      mkdirSync(join(place, path), { recursive: true });
      writeFileSync(join(place, path, "package.json"), "{}");
    }
    if (present !== null) writeFileSync(join(place, "node_modules/.package-lock.json"), JSON.stringify({ packages: present }));
    const code = `import { whatIsMissing } from ${JSON.stringify(pathToFileURL(join(place, "bin/install.js")).href)}; console.log(JSON.stringify(whatIsMissing()));`;
    expect(JSON.parse(run(process.execPath, "--input-type=module", "-e", code).stdout)).toBe(missing);
  };
  test("nothing, where node_modules is as the lock file says", () => f({ "node_modules/a": { version: "1.0.0" } }, { "node_modules/a": { version: "1.0.0" } }, null));
  test("all, in a fresh clone", () => f({ "node_modules/a": { version: "1.0.0" } }, null, "nothing is installed yet"));
  test("another version", () => f({ "node_modules/a": { version: "1.0.1" } }, { "node_modules/a": { version: "1.0.0" } }, "a 1.0.1 is missing"));
  test("optional packages only for this machine", () => {
    const here = { os: [process.platform], cpu: [process.arch] };
    f({ "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "1.0.0", optional: true, os: ["aix"], cpu: ["ppc64"] } }, { "node_modules/a": { version: "1.0.0" } }, null);
    f({ "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "1.0.0", optional: true, ...here } }, { "node_modules/a": { version: "1.0.0" } }, "b 1.0.0 is missing");
  });
  test("the repository's own lock file names no host to download from", () => expect(readFileSync(join(root, "package-lock.json"), "utf8")).not.toContain('"resolved"'));
});
