import { joinPath } from "../config/sources.ts";
import { Draft } from "./draft.ts";
import type { Glimpse, Importer, Origin, Source } from "./importer.ts";

/** A plugin gets so long and is then killed. */
const TIMEOUT = "10s";
/** Tests run every minute or two. */
const EVERY = "1m";
const FOLDERS = ["hosts.d", "alert.d", "plugins"] as const;

/** Tests that need no plugin file: the probe of Tocsin's own that asks the same of a host. */
const BUILT_IN: { readonly [test: string]: (host: string) => { readonly [key: string]: unknown } } = {
  ping: (host) => ({ type: "icmp", host }),
  ssh: (host) => ({ type: "ssh", host, until: "identification" }),
  http: (host) => ({ type: "http", url: `http://${inUrl(host)}/` }),
  https: (host) => ({ type: "http", url: `https://${inUrl(host)}/` }),
  smtp: (host) => ({ type: "smtp", host, starttls: "off" }),
  imap: (host) => ({ type: "imap", host }),
  pop3: (host) => ({ type: "pop3", host }),
  ftp: (host) => ({ type: "ftp", host }),
  ldap: (host) => ({ type: "ldap", host }),
  nntp: (host) => ({ type: "nntp", host }),
  ntp: (host) => ({ type: "sntp", host }),
  redis: (host) => ({ type: "redis", host }),
  mysql: (host) => ({ type: "mysql", host }),
};

const inUrl = (host: string): string => (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host);
const wholeFile = (file: string): Origin => ({ file, line: 0, column: 0 });
/** Files that editors and version control leave behind are no tests. */
const isName = (name: string): boolean => !name.startsWith(".") && !name.endsWith("~");

function namesIn(source: Source, folder: string): readonly string[] {
  return (source.folders.get(joinPath(source.path, folder)) ?? []).filter(isName);
}

function readAlerts(source: Source, draft: Draft): void {
  const folder = joinPath(source.path, "alert.d");
  const addresses = namesIn(source, "alert.d");
  const valid = addresses.filter((address) => /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/u.test(address));
  for (const address of addresses) {
    const origin = wholeFile(joinPath(folder, address));
    if (valid.includes(address)) draft.note("taken", origin, address, "is told", "", ["channels", "alert.d"]);
    else draft.note("left", origin, address, "this is no address", "rename the file to name@example.com");
  }
  if (valid.length === 0) return draft.note("ignored", wholeFile(folder), "alert.d", "there is no address: nobody is told", "make an empty file named like an address");
  const name = draft.add("channels", "alert.d", { type: "email", to: valid, from: `tocsin@${source.hostName}` }, wholeFile(folder));
  draft.put(["defaults", "notify"], [name]);
  draft.note("differs", wholeFile(folder), "alert.d", "recoveries are told as well", "`onPass: false` in tocsin.yaml leaves them out", ["channels", name]);
}

function readNodes(source: Source, draft: Draft): void {
  const path = joinPath(source.path, "nodes.txt");
  const file = source.files.get(path);
  if (file === undefined) return;
  for (const [index, line] of new TextDecoder().decode(file.bytes).split(/\r?\n/).entries()) {
    const node = line.trim();
    if (node === "" || node.startsWith("#")) continue;
    draft.note("later", { file: path, line: index + 1, column: 1 }, node, "other nodes are not asked yet: an outage is told when this node alone sees it", "");
  }
}

function readTest(source: Source, draft: Draft, host: string, test: string): void {
  const origin = wholeFile(joinPath(joinPath(joinPath(source.path, "hosts.d"), host), test));
  const plugin = joinPath(joinPath(source.path, "plugins"), `check_${test}`);
  const file = source.files.get(plugin);
  const builtIn = Object.hasOwn(BUILT_IN, test) ? BUILT_IN[test] : undefined;
  if (file !== undefined) {
    const name = draft.add("checks", `${host} ${test}`, { type: "script", command: [source.absolute(plugin), host], format: "ok-fail", timeout: TIMEOUT }, origin);
    if (file.executable) draft.note("taken", origin, `${host} ${test}`, `runs ${plugin}`, "", ["checks", name]);
    else draft.note("differs", origin, `${host} ${test}`, `${plugin} is not executable`, `run \`chmod +x ${plugin}\``, ["checks", name]);
    return;
  }
  if (builtIn === undefined) return draft.note("left", origin, `${host} ${test}`, `there is no plugin ${plugin}, and no built-in test of that name`, draft.meant(test, () => Object.keys(BUILT_IN), `put an executable there, or use one of ${Object.keys(BUILT_IN).join(", ")}`));
  const keys = builtIn(host);
  const name = draft.add("checks", `${host} ${test}`, { ...keys, timeout: TIMEOUT }, origin);
  draft.note("taken", origin, `${host} ${test}`, `there is no plugin ${plugin}: the built-in probe \`${String(keys["type"])}\` asks`, "", ["checks", name]);
}

function read(source: Source): ReturnType<Importer["read"]> {
  const draft = new Draft(wholeFile(source.path));
  draft.put(["defaults"], { every: EVERY, failAfter: 1, flapping: "off" }, wholeFile(source.path));
  readAlerts(source, draft);
  readNodes(source, draft);
  for (const host of namesIn(source, "hosts.d")) {
    const folder = joinPath(joinPath(source.path, "hosts.d"), host);
    const tests = source.folders.get(folder);
    if (tests === undefined) draft.note("ignored", wholeFile(folder), host, "this is no folder", "make it a folder that holds a file for each test");
    else if (tests.filter(isName).length === 0) draft.note("ignored", wholeFile(folder), host, "no test is named", `make an empty file in it for each test, such as ${joinPath(folder, "ping")}`);
    else for (const test of tests.filter(isName)) readTest(source, draft, host, test);
  }
  return draft.done();
}

/** dmonitor: a folder in which file names say it all. */
export const dmonitor: Importer = {
  format: "dmonitor",
  about: "A dmonitor folder: hosts.d/HOST/TEST, alert.d/ADDRESS, plugins/check_TEST and nodes.txt",
  recognises: ({ names }: Glimpse) => names?.includes("hosts.d") ?? false,
  related(source) {
    const own = [...FOLDERS, "nodes.txt"].map((name) => joinPath(source.path, name));
    const hosts = namesIn(source, "hosts.d").map((host) => joinPath(joinPath(source.path, "hosts.d"), host));
    const plugins = namesIn(source, "plugins").filter((name) => name.startsWith("check_")).map((name) => joinPath(joinPath(source.path, "plugins"), name));
    return [...own, ...hosts, ...plugins];
  },
  read,
};
