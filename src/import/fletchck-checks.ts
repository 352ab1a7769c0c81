type Mapping = { readonly [key: string]: unknown };

/** What a check's options become: keys of ours, and what is not the same. */
export interface Translated {
  readonly keys: Mapping;
  readonly differs?: readonly string[];
  /** The original would not run it. */
  readonly refused?: string;
  /** Option names that the type knows; others the original passes over. */
  readonly options: readonly string[];
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const number = (value: unknown): number | undefined => (typeof value === "number" && Number.isFinite(value) ? value : typeof value === "string" && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : undefined);
const port = (value: unknown, usual: number): number => (number(value) ?? 0) || usual;
const seconds = (value: unknown, usual: number): string => `${Math.round(1000 * ((number(value) ?? 0) || usual)) / 1000}s`;
const inUrl = (host: string): string => (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host);
/** Fletchck wants seven whole days. */
const DAYS = { "certificate.days": ">= 7" };

/** TLS with the wanted days left; a self-signed certificate is looked at by nobody. */
const secured = (selfsigned: unknown): Mapping => (selfsigned === true ? { tls: { verify: false } } : { expect: DAYS });

function cert(options: Mapping): Translated {
  const at = number(options["port"]);
  const keys = { type: "tls", host: text(options["hostname"]), port: at, timeout: seconds(options["timeout"], 5), ...(options["selfsigned"] === true ? { tls: { verify: false } } : {}), expect: DAYS };
  const known = ["hostname", "port", "timeout", "selfsigned", "probe"];
  if (at === undefined || at === 0) return { keys, refused: "it has no port", options: known };
  return { keys, options: known, ...(text(options["probe"]) === undefined ? {} : { differs: ["`probe` is not sent: the handshake decides"] }) };
}

function smtp(options: Mapping): Translated {
  const { tls, selfsigned } = options;
  const common = { type: "smtp", host: text(options["hostname"]), port: port(options["port"], 25), timeout: seconds(options["timeout"], 6) };
  const known = ["hostname", "port", "timeout", "tls", "selfsigned"];
  if (tls === false) return { keys: { ...common, starttls: "off" }, options: known };
  const verify = selfsigned === true ? { tls: { verify: false } } : {};
  if (tls === undefined) return { keys: { ...common, starttls: "optional", ...verify }, options: known, differs: ["`tls` is not said: STARTTLS is used where it is offered, and then the days of the certificate are not looked at"] };
  return { keys: { ...common, starttls: "required", ...(selfsigned === true ? verify : { expect: DAYS }) }, options: known };
}

function submit(options: Mapping): Translated {
  const keys = { type: "smtp", host: text(options["hostname"]), port: port(options["port"], 465), timeout: seconds(options["timeout"], 10), tls: options["selfsigned"] === true ? { verify: false } : true, tags: ["submit"] };
  return { keys, options: ["hostname", "port", "timeout", "selfsigned"] };
}

function imap(options: Mapping): Translated {
  const verify = options["selfsigned"] === true;
  const keys = { type: "imap", host: text(options["hostname"]), port: port(options["port"], 993), timeout: seconds(options["timeout"], 6), tls: verify ? { verify: false } : true, ...(verify ? {} : { expect: DAYS }) };
  return { keys, options: ["hostname", "port", "timeout", "selfsigned"] };
}

const HTTPS = ["hostname", "port", "timeout", "tls", "selfsigned", "reqType", "reqPath"];

function https(options: Mapping): Translated {
  const plain = options["tls"] === false;
  const host = text(options["hostname"]);
  const at = number(options["port"]) ?? 0;
  const path = text(options["reqPath"]) ?? "/";
  const url = host === undefined ? undefined : `${plain ? "http" : "https"}://${inUrl(host)}${at === 0 ? "" : `:${at}`}${path.startsWith("/") ? "" : "/"}${path}`;
  const security = plain ? {} : secured(options["selfsigned"]);
  const expect = { ...(security["expect"] as Mapping | undefined), status: "100-999" };
  if (host?.includes("%") === true) return { keys: {}, refused: "a web address cannot name a network interface", options: HTTPS };
  const keys = { type: "http", url, method: (text(options["reqType"]) ?? "HEAD").toUpperCase(), timeout: seconds(options["timeout"], 10), redirects: 0, http2: false, ...security, expect };
  return { keys, options: HTTPS };
}

function ssh(options: Mapping): Translated {
  const keys = { type: "ssh", host: text(options["hostname"]), port: port(options["port"], 22), timeout: seconds(options["timeout"], 5), hostKey: text(options["hostkey"]) ?? "learn" };
  return { keys, options: ["hostname", "port", "timeout", "hostkey"] };
}

function dns(options: Mapping): Translated {
  const server = text(options["hostname"]);
  const keys = {
    type: "dns",
    name: text(options["reqName"]) ?? "org",
    record: (text(options["reqType"]) ?? "soa").toUpperCase(),
    ...(server === undefined ? {} : { server, port: port(options["port"], 53) }),
    timeout: seconds(options["timeout"], 5),
    ...(options["reqTcp"] === true ? { transport: "tcp" } : {}),
  };
  return { keys, options: ["hostname", "port", "timeout", "reqName", "reqType", "reqTcp"] };
}

function ups(options: Mapping): Translated {
  const keys = { type: "ups", host: text(options["hostname"]) ?? "localhost", port: port(options["port"], 3493), ups: text(options["upsName"]) ?? "ups", timeout: seconds(options["timeout"], 5), downOn: ["FSD", "OFF", "OB", "RB"], degradedOn: [], expect: { status: "/\\bOL\\b/" } };
  return { keys, options: ["hostname", "port", "timeout", "upsName"] };
}

const level = (type: string, usual: readonly [level: number, hysteresis: number]) => (options: Mapping): Translated => ({
  keys: { type, ...(type === "disk" ? { path: text(options["volume"]) ?? "/" } : {}), level: number(options["level"]) ?? usual[0], hysteresis: number(options["hysteresis"]) ?? usual[1] },
  options: ["volume", "level", "hysteresis", "timeout"],
});

function temp(options: Mapping): Translated {
  const keys = { type: "temperature", via: "web", host: text(options["hostname"]), port: port(options["port"], 80), limit: number(options["temperature"]) ?? 50, hysteresis: number(options["hysteresis"]) ?? 2, timeout: seconds(options["timeout"], 10) };
  return { keys, options: ["hostname", "port", "timeout", "temperature", "hysteresis"] };
}

/** The types of Fletchck 1.0 and 1.1 that ask something; sequences and remote checks need the whole site. */
export const ASKING: { readonly [type: string]: (options: Mapping) => Translated } = {
  cert,
  smtp,
  submit,
  imap,
  https,
  ssh,
  dns,
  ups,
  disk: level("disk", [90, 2]),
  memory: level("memory", [85, 5]),
  cpu: level("cpu", [80, 5]),
  temp,
};

/** Types that need a host. */
export const NEEDS_HOST: ReadonlySet<string> = new Set(["cert", "smtp", "submit", "imap", "https", "ssh", "temp"]);

/** Options that any type knows. */
export const OPTIONS: ReadonlySet<string> = new Set(Object.values(ASKING).flatMap((asking) => asking({}).options));
