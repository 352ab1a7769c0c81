import { checkHttp } from "./nagios-http.ts";
import { conditionOf, familyOf, latencyOf, type Native, numberOf, type PluginOptions, readOptions, timeoutOf } from "./nagios-options.ts";

type Mapping = { readonly [key: string]: unknown };

/** Null: with these options only the plugin itself can do it. */
type Plugin = { readonly spec: string; make(options: PluginOptions): Native | null };

const COMMON = "H:hostname p:port t:timeout w:warning c:critical 4!use-ipv4 6!use-ipv6 v!verbose";
const WITHOUT_CERTIFICATE = { verify: false };

const given = (key: string, value: unknown): Mapping => (value === undefined || value === null || value === "" ? {} : { [key]: value });
const portOf = (text: string | undefined): number | null | undefined => (text === undefined ? undefined : /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536 ? Number(text) : null);
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);

/** `-D 30,14`: days that a certificate must have left. */
function daysOf(text: string | undefined): { readonly expect: Mapping; readonly warn: Mapping } | null {
  if (text === undefined) return { expect: {}, warn: {} };
  const [, warning, critical] = /^(\d{1,5})(?:,(\d{1,5}))?$/.exec(text) ?? [];
  if (warning === undefined) return null;
  return { expect: { "certificate.days": critical === undefined ? ">= 0" : `> ${critical}` }, warn: { "certificate.days": `> ${warning}` } };
}

const filled = (key: string, mapping: Mapping): Mapping => (Object.keys(mapping).length === 0 ? {} : { [key]: mapping });

/** Joins what nearly every plugin has: host, port, family, timeout and thresholds of time. */
function service(options: PluginOptions, type: string, more: Mapping, conditions: { readonly expect?: Mapping; readonly warn?: Mapping } = {}, differs: readonly string[] = []): Native | null {
  const host = options.text("H") ?? options.rest[0];
  const [port, timeout, latency] = [portOf(options.text("p")), timeoutOf(options), latencyOf(options)];
  if (host === undefined || host === "" || port === null || timeout === null || latency === null) return null;
  const expect = filled("expect", { ...latency.expect, ...conditions.expect });
  const warn = filled("warn", { ...latency.warn, ...conditions.warn });
  return { keys: { type, host, ...given("port", port), ...more, ...familyOf(options), ...timeout, ...expect, ...warn }, differs };
}

/** `100,20%` of round trip in ms and loss. */
function pingLevel(text: string | undefined): { readonly rta: number; readonly loss: number } | null {
  const [, rta, loss] = /^([\d.]+)(?:ms)?,(\d{1,3})%?$/.exec(text ?? "") ?? [];
  return rta === undefined || loss === undefined || numberOf(rta) === null ? null : { rta: Number(rta), loss: Number(loss) };
}

function ping(options: PluginOptions, usual: { readonly count: number; readonly warning: string; readonly critical: string }): Native | null {
  const host = options.text("H") ?? options.rest[0];
  const [warn, critical, timeout] = [pingLevel(options.text("w") ?? usual.warning), pingLevel(options.text("c") ?? usual.critical), timeoutOf(options)];
  const count = options.has("p") ? numberOf(options.text("p")) : usual.count;
  if (host === undefined || options.rest.length > (options.has("H") ? 0 : 1) || warn === null || critical === null || timeout === null || count === null || !Number.isInteger(count) || count < 1 || count > 100) return null;
  const levels = ({ rta, loss }: { readonly rta: number; readonly loss: number }): Mapping => ({ ...(loss >= 100 ? {} : { loss: loss === 0 ? "<= 0%" : `< ${loss}%` }), avg: `< ${rta}ms` });
  const wait = Math.min(Math.max(2000, critical.rta), 8000);
  return { keys: { type: "icmp", host, count, ...(wait > 2000 ? { wait: `${wait}ms` } : {}), ...familyOf(options), ...timeout, expect: levels(critical), warn: levels(warn) }, differs: [] };
}

function tcp(options: PluginOptions, usual: { readonly port?: number; readonly expect?: string; readonly tls?: boolean } = {}): Native | null {
  const [days, port] = [daysOf(options.text("D")), portOf(options.text("p")) ?? usual.port];
  if (days === null || port === undefined || options.has("p") && portOf(options.text("p")) === null) return null;
  if (["E", "A", "q", "r", "j", "m", "d"].some((key) => options.has(key)) || options.all("e").length > 1) return null;
  const expect = options.text("e") ?? usual.expect;
  const [send, tls] = [options.text("s"), options.has("S") || options.has("D") || usual.tls === true];
  const turn = { ...given("send", send?.replaceAll("\\", String.raw`\\`)), ...given("expect", expect === undefined ? undefined : `/^${escaped(expect)}/`) };
  const dialogue = Object.keys(turn).length === 0 || options.has("D") ? {} : { dialogue: [turn] };
  const servername = options.text("n");
  const mismatch = expect !== undefined && options.text("M") !== "crit" && !options.has("D");
  const more = { port, ...dialogue, ...(tls ? { tls: { ...WITHOUT_CERTIFICATE, ...given("servername", servername) } } : {}) };
  const made = service(options, "tcp", more, days, mismatch ? ["another answer than `-e` wants is down here, and WARNING there"] : []);
  return options.text("M") === "ok" ? null : made;
}

const TCP = `${COMMON} E!escape s:send e:expect A!all q:quit r:refuse M:mismatch j!jail m:maxbytes d:delay D:certificate S!ssl n:sni`;

/** A mail protocol: the greeting, plain or under TLS. */
function mail(options: PluginOptions, type: string, tls: boolean): Native | null {
  if (["E", "A", "q", "r", "j", "m", "d", "s", "e", "M"].some((key) => options.has(key))) return null;
  const days = daysOf(options.text("D"));
  if (days === null) return null;
  const secure = tls || options.has("S") || options.has("D");
  return service(options, type, secure ? { tls: WITHOUT_CERTIFICATE } : { starttls: "off" }, days);
}

function smtp(options: PluginOptions): Native | null {
  const days = daysOf(options.text("D"));
  if (days === null || ["C", "R", "A", "U", "P", "e"].some((key) => options.has(key))) return null;
  const starttls = options.has("S") || options.has("D");
  return service(options, "smtp", { ...given("helo", options.text("F")), ...given("sender", options.text("f")), ...(options.has("L") ? { protocol: "lmtp" } : {}), ...(starttls ? { starttls: "required", tls: WITHOUT_CERTIFICATE } : { starttls: "off" }) }, days);
}

function ssh(options: PluginOptions): Native | null {
  if (options.has("P") || options.rest.length > 2) return null;
  const [version, port] = [options.text("r"), portOf(options.text("p") ?? options.rest[1])];
  if (port === null) return null;
  const made = service(options, "ssh", { ...given("port", port), until: "identification" }, version === undefined ? {} : { warn: { identification: `/-${escaped(version)}/` } });
  return made;
}

function dns(options: PluginOptions): Native | null {
  const [name, server, timeout, latency] = [options.text("H") ?? options.rest[0], options.text("s") ?? options.rest[1], timeoutOf(options), latencyOf(options)];
  if (name === undefined || timeout === null || latency === null || options.has("n")) return null;
  const answers = options.all("a").flatMap((text) => text.split(",")).map((text) => text.trim()).filter((text) => text !== "");
  if (answers.some((answer) => answer.includes("/"))) return null;
  const expect = filled("expect", { ...latency.expect, ...(options.has("A") ? { aa: true } : {}) });
  const record = (options.text("q") ?? (/^[\d.]+$/.test(name) ? "PTR" : "A")).toUpperCase();
  return { keys: { type: "dns", name, record, ...given("server", server), ...(answers.length === 0 ? {} : { answers, match: options.has("L") ? "exact" : "any" }), ...timeout, ...expect, ...filled("warn", latency.warn) }, differs: [] };
}

function dig(options: PluginOptions): Native | null {
  const [name, server, timeout, latency, port] = [options.text("l"), options.text("H"), timeoutOf(options), latencyOf(options), portOf(options.text("p"))];
  if (name === undefined || timeout === null || latency === null || port === null || options.has("A")) return null;
  return { keys: { type: "dns", name, record: (options.text("T") ?? "A").toUpperCase(), ...given("server", server), ...given("port", port), ...given("answers", options.text("a")), ...familyOf(options), ...timeout, ...filled("expect", latency.expect), ...filled("warn", latency.warn) }, differs: [] };
}

function ntp(options: PluginOptions): Native | null {
  const [warning, critical] = [numberOf(options.text("w") ?? "60"), numberOf(options.text("c") ?? "120")];
  const [host, timeout, port] = [options.text("H"), timeoutOf(options), portOf(options.text("p"))];
  if (host === undefined || warning === null || critical === null || timeout === null || port === null || options.has("o")) return null;
  return { keys: { type: "sntp", host, ...given("port", port), ...familyOf(options), ...timeout, expect: { deviation: `<= ${critical}s` }, warn: { deviation: `<= ${warning}s` } }, differs: [] };
}

function ldap(options: PluginOptions, tls: boolean): Native | null {
  const secure = tls || options.has("S");
  return service(options, "ldap", { ...given("base", options.text("b")), ...given("dn", options.text("D")), ...given("password", options.text("P")), ...given("filter", options.text("a")?.replace(/^\((\w+)=\*\)$/, "$1")), ...(secure ? { tls: WITHOUT_CERTIFICATE } : options.has("T") ? { starttls: true, tls: WITHOUT_CERTIFICATE } : {}) });
}

function mysql(options: PluginOptions): Native | null {
  if (["S", "d", "s", "f", "g", "n", "l", "w", "c"].some((key) => options.has(key))) return null;
  const port = portOf(options.text("P"));
  const host = options.text("H");
  if (port === null || host === undefined) return null;
  return { keys: { type: "mysql", host, ...given("port", port), ...given("user", options.text("u")), ...given("password", options.text("p")) }, differs: options.has("u") ? [] : ["nobody logs in; the plugin logs in as its own user"] };
}

function pgsql(options: PluginOptions): Native | null {
  const [host, port, timeout, latency] = [options.text("H"), portOf(options.text("P")), timeoutOf(options), latencyOf(options)];
  if (host === undefined || port === null || timeout === null || latency === null || ["o", "W", "C", "q"].some((key) => options.has(key)) || !options.has("l")) return null;
  return { keys: { type: "postgres", host, ...given("port", port), ...given("user", options.text("l")), ...given("password", options.text("p")), ...given("database", options.text("d")), ...familyOf(options), ...timeout, ...filled("expect", latency.expect), ...filled("warn", latency.warn) }, differs: [] };
}

function snmp(options: PluginOptions): Native | null {
  const [host, oids, port, timeout] = [options.text("H"), (options.text("o") ?? "").split(",").map((oid) => oid.trim()), portOf(options.text("p")), timeoutOf(options)];
  const version = options.text("P") ?? "1";
  if (host === undefined || port === null || timeout === null || !/^(1|2c)$/.test(version) || oids.some((oid) => !/^\.?\d+(\.\d+)+$/.test(oid))) return null;
  const conditions = (text: string | undefined): Mapping | null => {
    const found = (text ?? "").split(",").map((range, at): [string, string | null | undefined] => [(oids[at] ?? "").replace(/^\./, ""), range === "" ? undefined : conditionOf(range)]);
    return found.some(([oid, condition]) => condition === null || (oid === "" && condition !== undefined)) ? null : Object.fromEntries(found.filter(([, condition]) => condition !== undefined));
  };
  const [expect, warn] = [conditions(options.text("c")), conditions(options.text("w"))];
  if (expect === null || warn === null) return null;
  return { keys: { type: "snmp", host, ...given("port", port), version, ...given("community", options.text("C")), oids: oids.map((oid) => oid.replace(/^\./, "")), ...timeout, ...filled("expect", expect), ...filled("warn", warn) }, differs: [] };
}

/** Free space below which it is not well: `20%`, or MB. */
function diskLevel(text: string | undefined): Mapping | null {
  if (text === undefined) return {};
  const free = numberOf(text.replace(/%$/, ""));
  if (free === null || free < 0) return null;
  return text.endsWith("%") ? (free > 100 ? null : { percent: `<= ${Math.round((100 - free) * 100) / 100}` }) : { free: `>= ${free}MiB` };
}

function disk(options: PluginOptions): Native | null {
  const [warn, expect, paths] = [diskLevel(options.text("w")), diskLevel(options.text("c")), options.all("p")];
  const [path] = paths;
  if (warn === null || expect === null || path === undefined || paths.length > 1 || options.rest.length > 0) return null;
  return { keys: { type: "disk", path, level: 100, hysteresis: 0, scope: "host", ...filled("expect", expect), ...filled("warn", warn) }, differs: [] };
}

function load(options: PluginOptions): Native | null {
  const levels = (text: string | undefined): Mapping | null => {
    if (text === undefined) return {};
    const parts = text.split(",").map(numberOf);
    const [one, five = one, fifteen = five] = parts;
    return parts.length > 3 || parts.includes(null) ? null : { load1: `<= ${one}`, load5: `<= ${five}`, load15: `<= ${fifteen}` };
  };
  const [warn, expect] = [levels(options.text("w")), levels(options.text("c"))];
  if (warn === null || expect === null || options.has("r")) return null;
  return { keys: { type: "cpu", level: 100, hysteresis: 0, scope: "host", ...filled("expect", expect), ...filled("warn", warn) }, differs: [] };
}

const PING = "H:hostname w:warning c:critical p:packets t:timeout 4!use-ipv4 6!use-ipv6 L!link v!verbose";
const ALIVE = { count: 5, warning: "200,40%", critical: "500,80%" };
const mailPlugin = (type: string, tls: boolean): Plugin => ({ spec: TCP, make: (options) => mail(options, type, tls) });

/** Plugins of the Monitoring Plugins that have a probe in their place. */
const PLUGINS: { readonly [name: string]: Plugin } = {
  check_ping: { spec: PING, make: (options) => (options.has("w") && options.has("c") ? ping(options, ALIVE) : null) },
  check_fping: { spec: "H:hostname w:warning c:critical n:number t:timeout 4!use-ipv4 6!use-ipv6", make: (options) => (options.has("w") && options.has("c") && !options.has("n") ? ping(options, { ...ALIVE, count: 1 }) : null) },
  check_icmp: { spec: "H: w: c: p:n t: v! 4! 6!", make: (options) => ping(options, ALIVE) },
  check_tcp: { spec: TCP, make: (options) => tcp(options) },
  check_ftp: mailPlugin("ftp", false),
  check_imap: mailPlugin("imap", false),
  check_simap: mailPlugin("imap", true),
  check_pop: mailPlugin("pop3", false),
  check_spop: mailPlugin("pop3", true),
  check_nntp: mailPlugin("nntp", false),
  check_nntps: mailPlugin("nntp", true),
  check_smtp: { spec: `${COMMON} e:expect C:command R:response f:from F:fqdn D:certificate S!starttls A:authtype U:authuser P:authpass L!lmtp q!ignore-quit-failure`, make: smtp },
  check_ssh: { spec: `${COMMON} r:remote-version P:remote-protocol`, make: ssh },
  check_dns: { spec: "H:hostname s:server q:querytype a:expected-address A!expect-authority n!expect-nxdomain L!all w:warning c:critical t:timeout v!verbose", make: dns },
  check_dig: { spec: "H:hostname l:query_address p:port T:record_type a:expected_address A:dig-arguments w:warning c:critical t:timeout 4!use-ipv4 6!use-ipv6 v!verbose", make: dig },
  check_ntp_time: { spec: `${COMMON} q!quiet o:time-offset`, make: ntp },
  check_ntp: { spec: `${COMMON} q!quiet`, make: ntp },
  check_ldap: { spec: `${COMMON} a:attr b:base D:bind P:pass T!starttls S!ssl 2!ver2 3!ver3`, make: (options) => ldap(options, false) },
  check_ldaps: { spec: `${COMMON} a:attr b:base D:bind P:pass 2!ver2 3!ver3`, make: (options) => ldap(options, true) },
  check_mysql: { spec: "H:hostname P:port s:socket u:username p:password d:database S!check-slave f:file g:group n!ignore-auth l?ssl w: c:", make: mysql },
  check_pgsql: { spec: "H:hostname P:port l:logname p:password d:database o:option q:query W:query-warning C:query-critical w:warning c:critical t:timeout 4!use-ipv4 6!use-ipv6 v!verbose", make: pgsql },
  check_snmp: { spec: "H:hostname o:oid C:community p:port P:protocol w:warning c:critical t:timeout v!verbose", make: snmp },
  check_disk: { spec: "w:warning c:critical p:path,partition m!megabytes e!errors-only t:timeout", make: disk },
  check_load: { spec: "w:warning c:critical r!percpu", make: load },
};

/** What takes the place of a command line; null when only the program itself will do. */
export function nativeOf([program = "", ...words]: readonly string[]): Native | null {
  const name = program.split("/").at(-1) ?? "";
  if (name === "check_http" || name === "check_curl") return checkHttp(words);
  const plugin = Object.hasOwn(PLUGINS, name) ? PLUGINS[name] : undefined;
  const options = plugin === undefined ? null : readOptions(words, plugin.spec);
  return plugin === undefined || options === null ? null : plugin.make(options);
}
