import { type Around, familyOf, tlsOf } from "./blackbox-around.ts";
import { textsOf } from "./blackbox-files.ts";
import { condition } from "./re2.ts";
import { isMapping, listOf, mappingOf, textOf, type Mapping } from "./values.ts";

const CLIENT_KEYS = ["basic_auth", "authorization", "bearer_token", "bearer_token_file", "oauth2", "tls_config", "proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header", "follow_redirects", "enable_http2", "http_headers"];
const HTTP_KEYS = [
  "valid_status_codes", "valid_http_versions", "preferred_ip_protocol", "ip_protocol_fallback",
  "skip_resolve_phase_with_proxy", "no_follow_redirects", "fail_if_ssl", "fail_if_not_ssl",
  "method", "headers", "fail_if_body_matches_regexp", "fail_if_body_not_matches_regexp",
  "fail_if_body_json_matches_cel", "fail_if_body_json_not_matches_cel", "fail_if_header_matches", "fail_if_header_not_matches",
  "body", "body_file", "compression", "body_size_limit",
  "enable_http3",
  ...CLIENT_KEYS,
];
const REDIRECTS = 10;
const LARGEST_BODY = 16 * 1024 * 1024;
/** Binary units, whatever they are called. */
const SIZES: { readonly [unit: string]: number } = { B: 1, KB: 1024, KiB: 1024, MB: 1024 ** 2, MiB: 1024 ** 2, GB: 1024 ** 3, GiB: 1024 ** 3 };

/** Conditions by fact; of several on one fact all must be met. */
class Conditions {
  readonly #facts = new Map<string, string[]>();

  add(fact: string, ...wanted: readonly string[]): void {
    this.#facts.set(fact, [...(this.#facts.get(fact) ?? []), ...wanted]);
  }

  get none(): boolean {
    return this.#facts.size === 0;
  }

  get all(): Mapping {
    return Object.fromEntries([...this.#facts].map(([fact, wanted]) => [fact, wanted.length === 1 ? wanted[0] : wanted]));
  }
}

/** What the prober `http` of a module says, in the options of `http`. */
export function httpKeys(values: Mapping, around: Around): Mapping {
  around.known(values, HTTP_KEYS);
  const expect = new Conditions();
  expectAnswer(values, expect, around);
  expectBody(values, expect, around);
  if (textOf(values["body"]) !== "" && textOf(values["body_file"]) !== "") around.refuse("body", "`body` and `body_file` exclude each other", "remove one of the two");
  const follows = values["no_follow_redirects"] === undefined ? around.flag(values, "follow_redirects", true) : !around.flag(values, "no_follow_redirects", false);
  const third = around.flag(values, "enable_http3", false);
  const versions = textsOf(values["valid_http_versions"]);
  if (third && around.flag(values, "enable_http2", true)) around.refuse("enable_http3", "with it, `enable_http2` must be false", "write `enable_http2: false`");
  else if (third) around.stop("enable_http3", "HTTP/3 is not spoken here");
  if (versions.some((version) => (version === "HTTP/3.0") !== third)) around.refuse("valid_http_versions", third ? "with `enable_http3`, there is HTTP/3.0 only" : "without `enable_http3`, there is no HTTP/3.0", "correct one of the two");
  return {
    type: "http",
    method: textOf(values["method"]).toUpperCase() || undefined,
    ...credentials(values, around),
    body: around.textOrFile(values, "body") || undefined,
    redirects: follows ? REDIRECTS : 0,
    http2: around.flag(values, "enable_http2", true) ? undefined : false,
    bodyLimit: limitOf(values, expect, around),
    tls: tlsOf(values, around),
    proxy: proxyOf(values, around),
    family: familyOf(values, around),
    expect: expect.none ? undefined : expect.all,
  };
}

function expectAnswer(values: Mapping, expect: Conditions, around: Around): void {
  const codes = textsOf(values["valid_status_codes"]);
  if (codes.some((code) => !/^[1-9]\d\d$/.test(code))) around.refuse("valid_status_codes", "a status is a number of three digits", "write [200, 204]");
  else if (codes.length > 0) expect.add("status", codes.length === 1 ? `${codes[0]}` : codes.join(","));
  const versions = textsOf(values["valid_http_versions"]).map((version) => version.replace(/^HTTP\//, "").replace(/^2\.0$/, "2"));
  if (versions.length > 0) expect.add("version", `/^(${versions.map((version) => version.replaceAll(/[^\w]/g, String.raw`\$&`)).join("|")})$/`);
  if (around.flag(values, "fail_if_ssl", false)) expect.add("url", "!/^https:/");
  if (around.flag(values, "fail_if_not_ssl", false)) expect.add("url", "/^https:/");
  for (const key of ["fail_if_header_matches", "fail_if_header_not_matches"] as const) {
    for (const [index, spec] of listOf(values[key]).entries()) {
      const { header, regexp, allow_missing: allowed } = mappingOf(spec);
      const name = textOf(header).toLowerCase();
      if (name === "" || textOf(regexp) === "") around.refuse(`${key}.${index}`, "this needs `header` and `regexp`", "write both");
      const pattern = around.pattern(`${key}.${index}.regexp`, regexp);
      if (pattern === undefined || name === "") continue;
      const fact = `header.${name}`;
      if (key === "fail_if_header_matches") expect.add(fact, ...(allowed === true ? [] : ["exists"]), condition(pattern, true));
      // Met by what is missing as well.
      else expect.add(fact, allowed === true ? `!/^(?![^]*(?:${pattern.source}))/${pattern.flags}` : condition(pattern));
    }
  }
}

function expectBody(values: Mapping, expect: Conditions, around: Around): void {
  for (const [key, negated] of [["fail_if_body_matches_regexp", true], ["fail_if_body_not_matches_regexp", false]] as const) {
    for (const [index, text] of textsOf(values[key]).entries()) {
      const pattern = around.pattern(`${key}.${index}`, text);
      if (pattern !== undefined) expect.add("body", condition(pattern, negated));
    }
  }
  for (const [key, negated] of [["fail_if_body_json_matches_cel", true], ["fail_if_body_json_not_matches_cel", false]] as const) {
    const text = textOf(values[key]);
    const said = text === "" ? [] : celConditions(text, negated);
    if (said === null) around.stop(key, `the expression \`${text}\` cannot be said here`, 'write conditions on `body.json`: `expect: {body.json.foo: "== bar"}`');
    else for (const { fact, wanted } of said) expect.add(fact, ...wanted);
  }
}

const OPPOSITE: { readonly [operator: string]: string } = { "==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<" };

/** Comparisons of one field each with a text, number or truth value, joined by `&&`; null for anything beyond. */
function celConditions(text: string, negated: boolean): readonly { readonly fact: string; readonly wanted: readonly string[] }[] | null {
  const parts = text.split("&&");
  if (negated && parts.length > 1) return null;
  const said = parts.map((part) => {
    const [, path = "", operator = "", single, double, plain] = /^\s*body((?:\.[A-Za-z_]\w*|\[\d+\])+)\s*(==|!=|<=|>=|<|>)\s*(?:'([^'\\]*)'|"([^"\\]*)"|(-?\d+(?:\.\d+)?|true|false))\s*$/.exec(part) ?? [];
    const value = single ?? double ?? plain;
    const ordered = operator.startsWith("<") || operator.startsWith(">");
    if (value === undefined || (ordered && (plain === undefined || !/\d/.test(plain)))) return null;
    // What is missing makes the expression fail, either way.
    return { fact: `body.json${path}`, wanted: negated ? ["exists", `${OPPOSITE[operator]} ${value}`] : [`${operator} ${value}`] };
  });
  return said.every((one) => one !== null) ? said : null;
}

/** `body_size_limit`, and what goes with `compression`. */
function limitOf(values: Mapping, expect: Conditions, around: Around): number | undefined {
  const compression = textOf(values["compression"]).toLowerCase();
  const [, offered = ""] = Object.entries(mappingOf(values["headers"])).find(([name]) => name.toLowerCase() === "accept-encoding") ?? [];
  if (compression !== "" && !offers(textOf(offered), compression)) around.refuse("compression", `the field Accept-Encoding does not ask for ${compression}`, "correct one of the two");
  if (compression !== "" && compression !== "identity") {
    expect.add("header.content-encoding", `/^\\s*${compression.replaceAll(/\W/g, String.raw`\$&`)}\\s*$/i`);
    around.differs("compression", "the answer must name its coding, and is unpacked by that name");
  }
  const text = textOf(values["body_size_limit"]);
  if (text === "" || text === "0") return undefined;
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([KMG]?i?B)$/.exec(text) ?? [];
  const bytes = Math.round(Number(amount) * (SIZES[unit] ?? Number.NaN));
  if (amount === "" || !(bytes > 0)) {
    around.refuse("body_size_limit", `\`${text}\` is no size`, "write 10MB");
    return undefined;
  }
  if (bytes > LARGEST_BODY) around.differs("body_size_limit", "a body may have 16 MiB at most");
  expect.add("cut", "absent");
  return Math.min(bytes, LARGEST_BODY);
}

/** Whether a field Accept-Encoding lets a coding come; of several that fit, the one it likes best decides. */
function offers(field: string, coding: string): boolean {
  if (field === "") return true;
  const codings = field.split(",").map((part) => {
    const [name = "", quality = ""] = part.split(/;(?=[^;]*$)/).map((text) => text.trim());
    return { name, quality: quality === "" ? 1 : Number(quality.replace(/^q=/, "")) || 0 };
  });
  const [best] = codings.filter(({ name }) => name === coding || name === "*").toSorted((a, b) => b.quality - a.quality);
  return best !== undefined && best.quality > 0;
}

/** Header fields and who asks, of the http client that several probers share. */
export function credentials(values: Mapping, around: Around, below = ""): Mapping {
  const headers: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(mappingOf(values["headers"]))) headers[name] = isMapping(value) ? textsOf(value["values"]).join(", ") : textOf(value);
  for (const [name, spec] of Object.entries(mappingOf(values["http_headers"]))) {
    const { values: plain, secrets, files } = mappingOf(spec);
    const read = textsOf(files).map((path) => around.content(`${below}http_headers.${name}.files`, path)?.trim() ?? "");
    headers[name] = [...textsOf(plain), ...textsOf(secrets), ...read].join(", ");
  }
  if (isMapping(values["oauth2"])) around.stop(`${below}oauth2`, "a token is fetched before by `http-steps` only", "write a check of type `http-steps`: the first step asks for the token and takes it, the second one sends it");
  const basic = mappingOf(values["basic_auth"]);
  const authorization = mappingOf(values["authorization"]);
  const token = around.textOrFile(authorization, "credentials", `${below}authorization.`) ?? around.textOrFile(values, "bearer_token", below);
  const scheme = textOf(authorization["type"]) || "Bearer";
  if (token !== undefined && scheme.toLowerCase() !== "bearer") headers["Authorization"] = `${scheme} ${token}`;
  const user = around.textOrFile(basic, "username", `${below}basic_auth.`);
  const auth = user !== undefined ? { user, password: around.textOrFile(basic, "password", `${below}basic_auth.`) ?? "" } : token !== undefined && scheme.toLowerCase() === "bearer" ? { token } : undefined;
  if (auth !== undefined && "user" in auth && (auth.user === "" || auth.password === "")) {
    headers["Authorization"] = `Basic ${btoa(String.fromCodePoint(...new TextEncoder().encode(`${auth.user}:${auth.password}`.slice(0, 1000))))}`;
    return { headers };
  }
  return { headers: Object.keys(headers).length === 0 ? undefined : headers, auth };
}

function proxyOf(values: Mapping, around: Around): Mapping | undefined {
  if (around.flag(values, "proxy_from_environment", false)) around.stop("proxy_from_environment", "a proxy is not taken from the environment", "write `proxy_url`");
  if (Object.keys(mappingOf(values["proxy_connect_header"])).length > 0) around.stop("proxy_connect_header", "header fields for the proxy are user and password only");
  const text = textOf(values["proxy_url"]);
  if (text === "") return undefined;
  if (textOf(values["no_proxy"]) !== "") around.stop("no_proxy", "a check goes through its proxy or does not", "use a module without `proxy_url` for those targets");
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "http:") {
    around.stop("proxy_url", `\`${text.replace(/\/\/[^@]*@/, "//")}\` is no proxy over http`, "Tocsin speaks to proxies in plain HTTP");
    return undefined;
  }
  const password = decodeURIComponent(url.password);
  const user = decodeURIComponent(url.username);
  return { host: url.hostname.replaceAll(/[[\]]/g, ""), port: url.port === "" ? 80 : Number(url.port), ...(user === "" ? {} : { user }), ...(password === "" ? {} : { password }) };
}
