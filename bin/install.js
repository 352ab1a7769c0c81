// Plain JavaScript for Node 20 and newer, with nothing installed: brings the folder to what the lock file and the sources say.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { findRuntime, root, say } from "./runtime.js";

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages ?? {};
  } catch {
    return null;
  }
}

/** Of optional packages only those that name this machine are sure to be installed; which C library it has is npm's to find out. */
const isForHere = ({ os, cpu, libc }) => libc === undefined && os !== undefined && [os].flat().includes(process.platform) && [cpu].flat().includes(process.arch);

/** Why `npm ci` is needed, or null when everything that is locked lies in node_modules. */
export function whatIsMissing() {
  const wanted = readLock(join(root, "package-lock.json"));
  if (wanted === null) throw new Error(`${join(root, "package-lock.json")} is missing or broken; get the whole source again`);
  const present = readLock(join(root, "node_modules/.package-lock.json"));
  if (present === null) return "nothing is installed yet";
  for (const [path, { version, optional, peer, ...rest }] of Object.entries(wanted)) {
    if (path === "" || peer || (optional && !isForHere(rest))) continue;
    if (present[path]?.version !== version || !existsSync(join(root, path, "package.json"))) return `${path.replace(/^node_modules\//, "")} ${version} is missing`;
  }
  return null;
}

/** `npm` with the machine's own node, because the pinned one is about to be replaced. */
function npm(args) {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  const environment = { ...process.env, PATH: path.join(delimiter), NODE_ENV: "" };
  for (const name of Object.keys(environment)) if (/^npm_(config_global|config_prefix|lifecycle|package|command|execpath|node_execpath)/.test(name)) delete environment[name];
  return spawnSync("npm", args, { cwd: root, stdio: ["ignore", "ignore", "inherit"], env: environment });
}

/** Installs what is missing. Gives false, after saying why, when it could not. */
export function installPackages() {
  const missing = whatIsMissing();
  if (missing === null) return true;
  say(`installing packages (${missing}) ...`);
  const { status, error } = npm(["ci", "--no-audit", "--no-fund", "--loglevel=error", "--include=dev", "--include=optional"]);
  if (status === 0) return true;
  say(`could not install: ${error === undefined ? `npm ci ended with ${status}` : `npm: ${error.message}`}; see above, mend it and start again`);
  return false;
}

function newest(path) {
  const at = statSync(path);
  if (!at.isDirectory()) return at.mtimeMs;
  let latest = 0;
  for (const name of readdirSync(path)) if (name !== "dist" && name !== "node_modules") latest = Math.max(latest, newest(join(path, name)));
  return latest;
}

/** Builds the page when there is none or its sources are newer. Gives false when it could not. */
export function buildPage() {
  const page = join(root, "web/dist/index.html");
  if (!existsSync(join(root, "web/index.html"))) return true;
  const sources = Math.max(newest(join(root, "web")), newest(join(root, "src/api/types.ts")));
  if (existsSync(page) && statSync(page).mtimeMs >= sources) return true;
  const runtime = findRuntime();
  if (runtime === null) return false;
  say("building the page ...");
  const { status, stdout, stderr } = spawnSync(runtime, [join(root, "node_modules/vite/bin/vite.js"), "build", "web", "--logLevel", "warn"], { cwd: root, encoding: "utf8" });
  if (status === 0) return true;
  say(`could not build the page: vite ended with ${status}\n${stdout}${stderr}`);
  return false;
}
