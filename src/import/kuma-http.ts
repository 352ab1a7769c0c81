import { queryOf } from "./kuma-json.ts";
import { literal, type Monitor, seconds } from "./kuma-monitor.ts";
import { isMapping, type Mapping } from "./values.ts";

const MOST_REDIRECTS = 20;
/** RFC 9110, section 5.1 and 5.5. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;
const ENCODINGS: { readonly [encoding: string]: string } = { "": "application/json", json: "application/json", form: "application/x-www-form-urlencoded", xml: "text/xml; charset=utf-8" };

/** An address of the web without the credentials in it; null when it is none. */
export function addressOf(text: string): { readonly url: string; readonly user: string; readonly password: string; readonly secure: boolean } | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (!/^(https?|wss?):$/.test(url.protocol) || url.hostname === "") return null;
  const [user, password] = [url.username, url.password].map((part) => unescaped(part));
  url.username = "";
  url.password = "";
  // As it was written, unless it held credentials: a slash that is added at the end is no difference worth telling.
  return { url: user === "" && password === "" ? text : url.href, user: user ?? "", password: password ?? "", secure: /^(https|wss):$/.test(url.protocol) };
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Header fields as written, each a text; those that are filled in by themselves are left out. */
export function headersOf(monitor: Monitor): { readonly [name: string]: string } {
  const written = monitor.json("headers");
  if (written === undefined || monitor.text("headers") === "" && !isMapping(written)) {
    if (monitor.text("headers") !== "") monitor.left("headers", "this is no JSON, with which Uptime Kuma fails too", "write the header fields as a mapping");
    return {};
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(isMapping(written) ? written : {})) {
    if (/^(content-length|transfer-encoding|connection)$/i.test(name)) monitor.left("headers", `\`${name}\` is filled in by itself`, "");
    else if (!HEADER_NAME.test(name)) monitor.left("headers", `\`${name.slice(0, 60)}\` cannot be the name of a header field: Uptime Kuma's runs fail with it`, "correct it");
    else {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      if (HEADER_VALUE.test(text)) headers[name] = text;
      else monitor.left("headers", `\`${name}\` has line ends or other signs that cannot be sent: Uptime Kuma's runs fail with it`, "correct it");
    }
  }
  return headers;
}

/** The statuses that are well, as a condition; null when there are none. */
function statusesOf(monitor: Monitor): string | number | null {
  const given = monitor.json("accepted_statuscodes_json") ?? monitor.raw("accepted_statuscodes") ?? ["200-299"];
  const list = (Array.isArray(given) ? given : [given]).map((one) => String(one).trim());
  const good = list.filter((one) => /^\d{1,4}(-\d{1,4})?$/.test(one));
  for (const one of list) if (!good.includes(one)) monitor.left("accepted_statuscodes_json", `\`${one.slice(0, 40)}\` is neither a status nor a range`, "write such as 200-299");
  const [only = ""] = good;
  return good.length === 0 ? null : good.length === 1 && !only.includes("-") ? Number(only) : good.join(",");
}

/** Certificate and key to show, and whom to trust. */
function tlsOf(monitor: Monitor, mutual: boolean): Mapping {
  const [cert, key, ca] = ["tls_cert", "tls_key", "tls_ca"].map((column) => monitor.text(column));
  const own = mutual ? { ...(cert === "" ? {} : { cert }), ...(key === "" ? {} : { key }), ...(ca === "" ? {} : { ca }) } : {};
  const tls = { ...(monitor.flag("ignore_tls") ? { verify: false } : {}), ...own };
  return Object.keys(tls).length === 0 ? {} : { tls };
}

/** How the monitor says who it is; null, with the reason told, where there is no counterpart. */
function authOf(monitor: Monitor, inAddress: { readonly user: string; readonly password: string }): Mapping | null {
  const [user, password] = [monitor.exact("basic_auth_user"), monitor.exact("basic_auth_pass")];
  const token = monitor.text("bearer_token");
  const method = monitor.text("auth_method");
  switch (method) {
    case "":
    case "null":
    case "mtls":
      return inAddress.user === "" ? {} : { auth: { user: inAddress.user, password: inAddress.password } };
    case "basic":
      return user === "" && password === "" ? {} : { auth: { user, password } };
    case "bearer":
      return token === "" ? {} : { auth: { token } };
    case "ntlm":
      return monitor.refuse("it logs in by NTLM, for which there is no counterpart", "let the server take Basic too, or use a `script` check with `curl --ntlm`");
    case "oauth2-cc":
      monitor.pass("oauth_client_id", "oauth_client_secret", "oauth_token_url", "oauth_scopes", "oauth_auth_method", "oauth_audience");
      return monitor.refuse("it fetches a token by OAuth 2 first", "write it as `http-steps`: a first step that asks the token's address and takes `access_token`, a second that sends it on");
    default:
      return monitor.refuse(`the way to log in \`${method.slice(0, 40)}\` is unknown`, "use basic or bearer");
  }
}

function proxyOf(monitor: Monitor): Mapping {
  const id = monitor.text("proxy_id");
  if (id === "") return {};
  const proxy = monitor.around.proxies.get(id);
  if (proxy === undefined) {
    monitor.left("proxy_id", "its proxy is not in this file: the server is asked directly", "add `proxy: {host, port}`");
    return {};
  }
  const text = (key: string): string => (typeof proxy[key] === "string" || typeof proxy[key] === "number" ? String(proxy[key]) : "");
  if (text("active") === "0" || proxy["active"] === false) return {};
  if (text("protocol") !== "http") {
    monitor.left("proxy_id", `there is no way through a proxy of kind ${text("protocol").slice(0, 20)}: the server is asked directly`, "use an HTTP proxy, if there is one");
    return {};
  }
  const login = proxy["auth"] === true || proxy["auth"] === 1 ? { user: text("username"), password: text("password") } : {};
  return { proxy: { host: text("host"), port: Number(text("port")), ...login } };
}

function bodyOf(monitor: Monitor, headers: { readonly [name: string]: string }): Mapping {
  const body = monitor.exact("body");
  const encoding = monitor.text("http_body_encoding");
  if (body.trim() === "") return Object.keys(headers).length === 0 ? {} : { headers };
  const type = ENCODINGS[encoding];
  if (type === undefined) monitor.left("http_body_encoding", `the encoding \`${encoding.slice(0, 40)}\` is unknown: no Content-Type is sent`, "add it to `headers`");
  const said = type === undefined || Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
  return { headers: said ? headers : { "Content-Type": type, ...headers }, body };
}

/** What a keyword monitor looks for. */
function keywordOf(monitor: Monitor): Mapping {
  const keyword = monitor.exact("keyword");
  const inverted = monitor.flag("invert_keyword");
  if (keyword.includes('"')) monitor.differs("keyword", "of an answer in JSON Uptime Kuma looks through the text without blanks; here it is looked through as it came");
  return keyword === "" && !inverted ? {} : { body: `${inverted ? "!" : ""}/${keyword === "" ? "(?:)" : literal(keyword)}/` };
}

/** When a certificate is told; of a server whose certificate nobody looks at, never. */
export function expiryOf(monitor: Monitor, secure: boolean): Mapping {
  if (!monitor.flag("expiry_notification") || !secure || monitor.flag("ignore_tls")) return {};
  const { expiryDays } = monitor.around;
  monitor.differs("expiry_notification", `a certificate that expires within ${expiryDays} days makes it degraded, which is told once`);
  return { warn: { "certificate.days": `> ${expiryDays}` } };
}

/** The types `http`, `keyword`, `json-query` and `real-browser`. */
export function web(monitor: Monitor): Mapping | null {
  const address = addressOf(monitor.text("url"));
  if (address === null || !/^https?:/i.test(address.url)) return monitor.refuse("its URL is no address of the web", "write it whole: https://www.example.com/path");
  const auth = authOf(monitor, address);
  if (auth === null) return null;
  const status = statusesOf(monitor);
  if (status === null) return monitor.refuse("no status is well for it: it could only fail", "name one in its accepted status codes");
  const redirects = monitor.number("maxredirects") ?? 10;
  if (redirects > MOST_REDIRECTS) monitor.differs("maxredirects", `${MOST_REDIRECTS} redirects are followed at most`);
  const method = (monitor.text("method") || "GET").toUpperCase();
  const family = monitor.text("ip_family");
  const query = monitor.type === "json-query" ? queryOf(monitor, "body.json") : null;
  if (monitor.flag("retry_only_on_status_code_failure")) monitor.differs("retry_only_on_status_code_failure", "a wrong value is tried as often as a wrong status before anybody is told");
  if (monitor.flag("cache_bust")) monitor.left("cache_bust", "nothing is added to the address to get past caches", "ask for an address that is not cached");
  if (monitor.flag("save_response")) monitor.differs("save_response", "answers are kept of runs that fail");
  return {
    type: "http",
    url: address.url,
    ...(method === "GET" ? {} : { method }),
    ...bodyOf(monitor, headersOf(monitor)),
    ...auth,
    redirects: Math.min(MOST_REDIRECTS, Math.max(0, Math.round(redirects))),
    ...tlsOf(monitor, monitor.text("auth_method") === "mtls"),
    ...proxyOf(monitor),
    ...(family === "ipv4" || family === "ipv6" ? { family: family === "ipv4" ? 4 : 6 } : {}),
    timeout: seconds(monitor.timeout),
    expect: { status, ...(monitor.type === "keyword" ? keywordOf(monitor) : {}), ...query },
    ...expiryOf(monitor, address.secure),
  };
}

/** A page that a browser drew is asked for alone. */
export function browser(monitor: Monitor): Mapping | null {
  monitor.differs("", "the page is asked for, and no browser draws it");
  monitor.pass("remote_browser", "screenshot_delay");
  return web(monitor);
}

/** RabbitMQ's own alarms; of several nodes one that answers well is enough. */
export function rabbitmqUrls(monitor: Monitor): readonly string[] {
  const nodes = monitor.json("rabbitmq_nodes");
  return (Array.isArray(nodes) ? nodes : []).flatMap((node) => {
    const address = addressOf(String(node));
    return address === null || !/^https?:/i.test(address.url) ? [] : [new URL("api/health/checks/alarms/", address.url.endsWith("/") ? address.url : `${address.url}/`).href];
  });
}
