// `npm test`: from a fresh clone to the verdict. Plain JavaScript for Node 20 and newer, with nothing installed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildPage, installPackages } from "./install.js";
import { become, findRuntime, newEnough, root, say } from "./runtime.js";

const canFind = (program) => spawnSync("sh", ["-c", 'PATH="$PATH:/usr/sbin:/sbin" command -v "$1"', "sh", program], { stdio: "ignore" }).status === 0;

function debian() {
  try {
    return /^(ID|ID_LIKE)=.*debian/m.test(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return false;
  }
}

const apt = (args) => spawnSync("apt-get", args, { encoding: "utf8", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, stdio: ["ignore", "pipe", "pipe"] });

/** Debian starts what it installs; tests start their own servers, so nothing shall run from here on (policy-rc.d, 101: not allowed). */
function withoutDaemons(work) {
  const policy = "/usr/sbin/policy-rc.d";
  if (existsSync(policy)) return work();
  writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return work();
  } finally {
    rmSync(policy);
  }
}

/** The news server's package cannot be set up on a machine without a domain until its configuration names one. */
function setUpNews() {
  const file = "/etc/news/inn.conf";
  if (!existsSync(file)) return;
  const named = ["domain", "pathhost"].reduce((text, key) => text.replace(new RegExp(`^${key}:.*$`, "m"), `${key}: news.test`), readFileSync(file, "utf8"));
  writeFileSync(file, named);
  spawnSync("dpkg", ["--configure", "-a"], { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, stdio: "ignore" });
}

/** Installs the Debian packages whose programs are missing, or says what will be skipped. The tests themselves say so again. */
async function installServers() {
  const list = join(root, "test/servers/packages.ts");
  const { packages } = existsSync(list) ? await import(pathToFileURL(list).href) : { packages: [] };
  const missing = packages.filter(({ programs, files = [] }) => !programs.every(canFind) || !files.every(existsSync)).map(({ name }) => name);
  if (missing.length === 0) return;
  if (!debian() || process.getuid?.() !== 0) {
    say(`tests of real servers are skipped where these Debian packages are missing (root on Debian has them installed here): ${missing.join(" ")}`);
    return;
  }
  say(`installing Debian packages: ${missing.join(" ")} ...`);
  const install = ["install", "-y", "-q", "--no-install-recommends", ...missing];
  const failed = withoutDaemons(() => {
    // The lists of packages may be missing or old; then the news server may want its domain.
    let said = "";
    for (const prepare of [() => {}, () => apt(["update", "-q"]), setUpNews]) {
      prepare();
      const { status, stderr } = apt(install);
      if (status === 0) return null;
      said = stderr;
    }
    return said;
  });
  if (failed !== null) say(`apt-get could not install them, so their tests are skipped:\n${failed}`);
}

/** One step with its output as it comes; gives whether it passed. */
function step(name, args) {
  say(`\n> ${name}`);
  const { status, signal, error } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (status === 0) return true;
  say(`> ${name} failed${signal === null ? "" : ` (${signal})`}${error === undefined ? "" : `: ${error.message}`}`);
  return false;
}

const program = (path) => join(root, "node_modules", path);

async function test(args) {
  await installServers();
  const page = buildPage();
  // All of them, so that one run tells everything.
  const passed = [
    ["the page builds", page],
    ["types", step("tsc", [program("typescript/bin/tsc"), "-p", "."])],
    ["types of the page", step("tsc (web)", [program("typescript/bin/tsc"), "-p", "web"])],
    ["lint", step("oxlint", [program("oxlint/bin/oxlint"), "--type-aware", "--deny-warnings"])],
    ["tests", step("vitest", [program("vitest/vitest.mjs"), "run", ...args])],
  ];
  const failed = passed.filter(([, well]) => !well).map(([name]) => name);
  say(failed.length === 0 ? "\nall well: page, types, lint, tests" : `\nfailed: ${failed.join(", ")}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

if (!installPackages()) process.exitCode = 1;
else if (newEnough()) await test(process.argv.slice(2));
else {
  const runtime = findRuntime();
  if (runtime === null) {
    say("no runtime new enough was installed; see above");
    process.exitCode = 1;
  } else await become(runtime, [join(root, "bin/test.js"), ...process.argv.slice(2)]);
}
