import { Draft } from "./draft.ts";
import { type Leaf, readLines, type Value } from "./downtime-lines.ts";
import type { Glimpse, Importer, Origin, Source } from "./importer.ts";

type Mapping = { readonly [key: string]: unknown };

/** Without `interval`. */
const EVERY = "5m";
const KEYS: ReadonlySet<string> = new Set(["service", "interval", "server", "domain", "arg", "args"]);
const UNITS: { readonly [unit: string]: number } = { sec: 1, second: 1, min: 60, minute: 60, hour: 3600, hr: 3600, day: 86_400, week: 604_800 };
const NAME_MAX = 150;
const DEFAULTS = { failAfter: 1, flapping: "off", notify: [] };

/** One check being read. */
interface Asked {
  readonly server: string;
  readonly domain: string;
  /** `arg`, or all of `args`. */
  readonly args: readonly string[];
}

/** What a service becomes: one check, or several that must all be well; or why it cannot be. */
type Made = { readonly keys: Mapping } | { readonly parts: { readonly [name: string]: Mapping } } | { readonly refused: string; readonly advice: string } | { readonly left: string };

const need = (what: string, advice: string): Made => ({ refused: `it has no ${what}`, advice });
const portOf = (text: string | undefined): number | undefined => (text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined);
const inUrl = (host: string): string => (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host);

function http({ server, domain, args }: Asked): Made {
  const path = args[0] ?? "/";
  const host = domain !== "" && domain !== server ? { headers: { Host: domain } } : {};
  return { keys: { type: "http", url: `http://${inUrl(server)}${path.startsWith("/") ? "" : "/"}${path}`, redirects: 0, http2: false, ...host } };
}

function openvpn({ server, domain, args }: Asked): Made {
  const transport = domain === "" ? "udp" : domain.toLowerCase();
  if (transport !== "udp" && transport !== "tcp") return { refused: `\`${domain}\` is neither TCP nor UDP`, advice: "write `domain TCP` or `domain UDP`" };
  return { keys: { type: "openvpn", host: server, transport, port: portOf(args[0]) ?? 1194 } };
}

function rdns({ server, domain, args }: Asked): Made {
  const port = portOf(args[0]);
  const root = domain === "" || domain === ".";
  return { keys: { type: "dns", name: root ? "." : domain, record: root ? "NS" : "A", server, ...(port === undefined ? {} : { port }), expect: { ra: true } } };
}

function uptimes({ server, domain, args }: Asked): Made {
  const [key] = args;
  if (key === undefined) return need("key", "write it as `arg`");
  if (domain !== "" && domain !== "localhost") return { left: `the uptime of \`${domain}\` cannot be told from here: run Tocsin there` };
  return { keys: { type: "uptimes", host: server, key } };
}

function xmpp({ server, domain, args }: Asked): Made {
  const stream = (kind: string, port: number): Mapping => ({ type: "xmpp", domain: domain === "" ? server : domain, host: server, stream: kind, port, starttls: "off" });
  return { parts: { c2s: stream("c2s", portOf(args[0]) ?? 5222), s2s: stream("s2s", portOf(args[1]) ?? 5269) } };
}

const SERVICES: { readonly [service: string]: (asked: Asked) => Made } = {
  dns: ({ server, domain }) => (domain === "" ? need("domain", "name the zone as `domain`") : { keys: { type: "dns", name: domain, record: "SOA", server, recursion: false } }),
  http,
  ldap: ({ server }) => ({ keys: { type: "ldap", host: server } }),
  notes: ({ server, domain }) => ({ keys: { type: "notes", host: server, ...(domain === "" ? {} : { name: domain }) } }),
  openvpn,
  rbl: ({ server, domain }) => (domain === "" ? need("domain", "name the list as `domain`") : { keys: { type: "rbl", host: server, lists: [domain] } }),
  rdns,
  rip: ({ server }) => ({ keys: { type: "rip", host: server } }),
  smb: ({ server, domain }) => ({ keys: { type: "smb", host: server, transport: "netbios", ...(domain === "" ? {} : { name: domain }), dialects: ["SMB1", "2.0.2", "2.1", "3.0", "3.0.2", "3.1.1"] } }),
  smtp: ({ server, domain }) => (domain === "" ? need("domain", "name the domain that it takes mail for") : { keys: { type: "smtp", host: server, starttls: "off", recipient: `postmaster@${domain}` } }),
  sntp: ({ server }) => ({ keys: { type: "sntp", host: server, expect: { synchronised: "/true|false/" } } }),
  socks5: ({ server, args }) => ({ keys: { type: "socks5", host: server, port: portOf(args[0]) ?? 1080 } }),
  ssh: ({ server, args }) => ({ keys: { type: "ssh", host: server, port: portOf(args[0]) ?? 22, until: "identification" } }),
  tcp: ({ server, args }) => (portOf(args[0]) === undefined ? need("port", "write it as `arg`") : { keys: { type: "tcp", host: server, port: portOf(args[0]) } }),
  uptimes,
  xmpp,
};

const first = (value: Value | undefined): string => (value === undefined ? "" : typeof value === "string" ? value : (value[0] ?? ""));

/** `10 min`, `1 hour`, `30 sec`; null when it is none. */
function readInterval(text: string): string | null {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*?)s?$/i.exec(text.trim()) ?? [];
  const seconds = Object.hasOwn(UNITS, unit.toLowerCase()) ? UNITS[unit.toLowerCase()] : undefined;
  return count === undefined || seconds === undefined || Number(count) * seconds < 1 ? null : `${Number(count) * seconds}s`;
}

function readLeaf({ origin, pairs }: Leaf, draft: Draft): void {
  const value = (key: string): Value | undefined => pairs.get(key)?.value;
  const service = first(value("service"));
  const server = first(value("server"));
  const domain = first(value("domain"));
  const args = [value("args") ?? value("arg") ?? []].flat();
  // The argument of `uptimes` is a key.
  const about = service.toLowerCase() === "uptimes" ? [] : args;
  const what = [service, server, ...about, domain].filter((part) => part !== "").join(" ").slice(0, NAME_MAX);
  const at = (key: string): Origin => pairs.get(key)?.origin ?? origin;
  for (const [key, pair] of pairs) if (!KEYS.has(key)) draft.note("ignored", pair.origin, what, `downtime knows no key \`${key}\``, `use ${[...KEYS].join(", ")}`);
  const make = Object.hasOwn(SERVICES, service.toLowerCase()) ? SERVICES[service.toLowerCase()] : undefined;
  if (service === "") return draft.note("refused", origin, what, "no service is named here or above", "write `service NAME`");
  if (make === undefined) return draft.note("refused", at("service"), what, `there is no service \`${service}\``, `use ${Object.keys(SERVICES).join(", ")}`);
  if (server === "") return draft.note("refused", origin, what, "no server is named here or above", "write `server HOST`");
  const interval = value("interval");
  const every = interval === undefined ? EVERY : readInterval(first(interval));
  if (every === null) return draft.note("refused", at("interval"), what, `\`${first(interval)}\` is no interval`, "write a number and sec, min, hour or days");
  place(make({ server, domain, args }), { what, every, origin }, draft);
}

function place(made: Made, { what, every, origin }: { readonly what: string; readonly every: string; readonly origin: Origin }, draft: Draft): void {
  if ("refused" in made) return draft.note("refused", origin, what, made.refused, made.advice);
  if ("left" in made) return draft.note("left", origin, what, made.left);
  if ("keys" in made) {
    const path = ["checks", draft.add("checks", what, { ...made.keys, every }, origin)];
    draft.note("taken", origin, what, "checks as before", "", path);
    return;
  }
  const members = Object.entries(made.parts).map(([name, keys]) => draft.add("checks", `${what} ${name}`, { ...keys, every: "never" }, origin));
  draft.note("taken", origin, what, "checks as before", "", ["checks", draft.add("checks", what, { type: "group", require: "all", run: "turn", members, every }, origin)]);
}

function read(source: Source): ReturnType<Importer["read"]> {
  const { path } = source;
  const nowhere: Origin = { file: path, line: 0, column: 0 };
  const draft = new Draft(nowhere);
  const file = source.files.get(path);
  if (file === undefined) {
    draft.note("refused", nowhere, "", source.missing.get(path) ?? "this is a folder", "name the configuration file");
    return draft.done();
  }
  const { leaves, problems } = readLines(path, new TextDecoder().decode(file.bytes).replace(/^\uFEFF/, ""));
  draft.put(["defaults"], DEFAULTS, nowhere);
  for (const leaf of leaves) readLeaf(leaf, draft);
  for (const { origin, wrong, right } of problems) draft.note("refused", origin, "", wrong, right);
  if (leaves.length === 0) draft.note("ignored", nowhere, "", "it names no check", "write `service NAME, server HOST`");
  draft.note("ignored", nowhere, "", "downtime tells nobody", "import it, and add channels to the tocsin.yaml");
  return draft.done();
}

const recognises = ({ names, tables, text }: Glimpse): boolean => names === null && tables === null && /^[ \t]*service[ \t]+\w+[ \t]*(,|$|#)/im.test(text) && /\bserver[ \t]+\S/i.test(text) && !/^\s*[[{]/.test(text);

/** downtime: blocks of services and servers in one file. */
export const downtime: Importer = { format: "downtime", about: "A downtime configuration: blocks of services and servers", recognises, related: () => [], read };
