import { familyOf, latencyOf, type Native, numberOf, type PluginOptions, readOptions, timeoutOf } from "./nagios-options.ts";

type Mapping = { readonly [key: string]: unknown };

const SPEC = "H:hostname I:IP-address p:port 4!use-ipv4 6!use-ipv6 S?ssl s:string r:regex,ereg R:eregi e:expect u:url P:post j:method N!no-body T:content-type l!linespan i!invert-regex a:authorization A:useragent k:header E!extended-perfdata L!link f:onredirect m:pagesize w:warning c:critical t:timeout v!verbose C:certificate n!sni x:max-redirs d:header-string M:max-age J:client-cert K:private-key b:proxy-authorization B!show-body q!continue-after-certificate";
/** Options that only the plugin itself understands. */
const PLUGIN_ONLY = ["d", "M", "J", "K", "b", "m", "q"];
const VERSIONS: { readonly [version: string]: string } = { "": "", "1": "TLSv1", "1.1": "TLSv1.1", "1.2": "TLSv1.2", "1.3": "TLSv1.3" };

const filled = (key: string, mapping: Mapping): Mapping => (Object.keys(mapping).length === 0 ? {} : { [key]: mapping });
const bracketed = (host: string): string => (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host);
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);

/** Host and port of `-H name:port`. */
function hostOf(text: string): { readonly host: string; readonly port: string | undefined } {
  const [, host, port] = /^(\[[^\]]*\]|[^:]+):(\d+)$/.exec(text) ?? [];
  return host === undefined ? { host: text, port: undefined } : { host, port };
}

/** Which answers are well, by `-e` or by the rules without it: 4xx is WARNING, 5xx CRITICAL, 3xx as `-f` says. */
function statusOf(options: PluginOptions): { readonly expect: string; readonly warn: string } | null {
  const redirect = options.text("f") ?? "ok";
  if (options.has("e")) {
    const codes = options.all("e").flatMap((text) => text.split(",")).map((text) => /^(?:HTTP\/[\d.]*\s*)?(\d{3})?(?:\s.*)?$/.exec(text.trim()));
    if (codes.length === 0 || codes.some((code) => code === null)) return null;
    if (codes.some((code) => code?.[1] === undefined)) return { expect: "100-599", warn: "" };
    return { expect: codes.map((code) => code?.[1]).join(","), warn: "" };
  }
  if (redirect === "warning") return { expect: "100-499", warn: "100-299" };
  if (redirect === "critical") return { expect: "100-299,400-499", warn: "100-399" };
  return /^(ok|follow|sticky|stickyport|curl)/.test(redirect) ? { expect: "100-499", warn: "100-399" } : null;
}

/** What the body must hold; null when one condition cannot say it. */
function bodyOf(options: PluginOptions): Mapping | null {
  const patterns = [
    ...options.all("s").map((text) => `/${escaped(text)}/`),
    ...options.all("r").map((text) => `/${text.replaceAll("/", String.raw`\/`)}/${options.has("l") ? "s" : ""}`),
    ...options.all("R").map((text) => `/${text.replaceAll("/", String.raw`\/`)}/i${options.has("l") ? "s" : ""}`),
  ];
  const [pattern] = patterns;
  if (pattern === undefined) return {};
  if (patterns.length > 1 || !isPattern(pattern)) return null;
  return { body: options.has("i") && !options.has("s") ? `!${pattern}` : pattern };
}

function isPattern(text: string): boolean {
  const [, source = "", flags = ""] = /^\/(.*)\/([is]*)$/s.exec(text) ?? [];
  // Classes such as [:alpha:] are no part of our patterns.
  if (source === "" || /\[:\w+:\]/.test(source)) return false;
  try {
    return RegExp(source, flags).flags === flags;
  } catch {
    return false;
  }
}

function headersOf(options: PluginOptions, virtual: string | undefined, asked: string): Mapping | null {
  const headers: { [name: string]: string } = {};
  if (virtual !== undefined && virtual !== asked) headers["Host"] = virtual;
  if (options.has("A")) headers["User-Agent"] = options.text("A") ?? "";
  for (const line of options.all("k")) {
    const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return null;
    headers[name] = value;
  }
  if (options.has("P")) headers["Content-Type"] = options.text("T") ?? "application/x-www-form-urlencoded";
  return filled("headers", headers);
}

function certificate(options: PluginOptions, host: string, port: number, name: string): Native | null {
  const [, warning, critical] = /^(\d{1,5})(?:,(\d{1,5}))?$/.exec(options.text("C") ?? "") ?? [];
  const timeout = timeoutOf(options);
  if (warning === undefined || timeout === null) return null;
  const expect = { "certificate.days": critical === undefined ? ">= 0" : `> ${critical}` };
  return { keys: { type: "tls", host, port, tls: { verify: false, ...(name === host ? {} : { servername: name }) }, ...familyOf(options), ...timeout, expect, warn: { "certificate.days": `> ${warning}` } }, differs: [] };
}

/** check_http, and check_curl where it takes the same options; null when only the plugin itself will do. */
export function checkHttp(words: readonly string[]): Native | null {
  const options = readOptions(words.map((word) => (word === "--invert-regex" ? "-i" : word === "--sni" ? "-n" : word)), SPEC);
  const [virtual, address] = [options?.text("H"), options?.text("I")];
  const named = hostOf(virtual ?? address ?? options?.rest[0] ?? "");
  if (options === null || named.host === "" || PLUGIN_ONLY.some((key) => options.has(key))) return null;
  const secure = options.has("S") || options.has("C");
  const port = numberOf(options.text("p") ?? (address === undefined ? named.port : undefined) ?? (secure ? "443" : "80"));
  const host = address ?? named.host;
  if (port === null || !Number.isInteger(port) || port < 1 || port > 65_535) return null;
  if (options.has("C")) return certificate(options, host, port, named.host);
  const [version, plus] = [(options.text("S") ?? "").replace(/\+$/, ""), (options.text("S") ?? "").endsWith("+")];
  const minVersion = Object.hasOwn(VERSIONS, version) ? VERSIONS[version] : undefined;
  const [latency, timeout, status, body, headers, credentials] = [latencyOf(options), timeoutOf(options), statusOf(options), bodyOf(options), headersOf(options, virtual, bracketed(host)), /^([^:]*):(.*)$/s.exec(options.text("a") ?? ":")];
  const path = options.text("u") ?? "/";
  if (latency === null || timeout === null || status === null || body === null || headers === null || credentials === null || minVersion === undefined || !path.startsWith("/") || /\s/.test(path)) return null;
  if (!/^(\[[0-9a-f:.]+\]|[\w.-]+)$/i.test(bracketed(host))) return null;
  const follow = /^(follow|sticky|stickyport|curl)/.test(options.text("f") ?? "");
  const redirects = follow ? Math.min(numberOf(options.text("x")) ?? 15, 20) : 0;
  const usual = port === (secure ? 443 : 80) ? "" : `:${port}`;
  const tls = { verify: false, ...(minVersion === "" ? {} : { minVersion }), ...(address !== undefined && virtual !== undefined ? { servername: named.host.replace(/^\[|\]$/g, "") } : {}) };
  const keys = {
    type: "http",
    url: `${secure ? "https" : "http"}://${bracketed(host)}${usual}${path}`,
    ...(options.has("j") || options.has("P") ? { method: options.text("j") ?? "POST" } : {}),
    ...headers,
    ...(options.has("P") ? { body: options.text("P") } : {}),
    ...(options.has("a") ? { auth: { user: credentials[1], password: credentials[2] } } : {}),
    redirects,
    ...(secure ? { tls } : {}),
    ...familyOf(options),
    ...timeout,
    expect: { status: status.expect, ...body, ...latency.expect },
    ...filled("warn", { ...(status.warn === "" ? {} : { status: status.warn }), ...latency.warn }),
  };
  const differs = [
    ...(minVersion !== "" && !plus ? [`newer versions of TLS than ${minVersion} are taken as well`] : []),
    ...((options.text("f") ?? "").startsWith("sticky") ? ["a redirect is followed to the address of the name it leads to"] : []),
  ];
  return { keys, differs };
}
