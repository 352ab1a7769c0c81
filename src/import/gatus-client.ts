import { durationOf, flag, present, type Remark, some } from "./gatus-words.ts";
import type { Source } from "./importer.ts";
import { written } from "./json.ts";
import { durationText, listOf, mappingOf, textOf, type Mapping } from "./values.ts";

/** How an endpoint is asked, whatever is asked. */
export interface Client {
  readonly timeoutMs: number;
  /** Keys that a check has besides those of its type. */
  readonly keys: Mapping;
  readonly insecure: boolean;
  readonly tls: Mapping | undefined;
  readonly proxy: Mapping | undefined;
  readonly family: 4 | 6 | undefined;
  readonly follows: boolean;
  /** A token that is asked for first. */
  readonly oauth2: OAuth2 | null;
  readonly remarks: readonly Remark[];
}

export interface OAuth2 {
  readonly tokenUrl: string;
  readonly id: string;
  readonly secret: string;
  readonly scopes: readonly string[];
}

const KNOWN: ReadonlySet<string> = new Set(["insecure", "ignore-redirect", "timeout", "dns-resolver", "oauth2", "proxy-url", "identity-aware-proxy", "tls", "network", "tunnel", "store-cookies"]);
const HTTP_ONLY = ["identity-aware-proxy", "oauth2", "proxy-url", "ignore-redirect", "store-cookies"];
/** Gatus takes its usual time for less than that. */
const LEAST_MS = 1;
/** Between these a timeout may be here. */
const SHORTEST_MS = 10;
const LONGEST_MS = 86_400_000;
const USUAL_MS = 10_000;

/** Certificates and keys that some endpoint shows. */
export function clientFiles(entries: readonly Mapping[]): readonly string[] {
  return entries.flatMap((entry) => {
    const { "certificate-file": certificate, "private-key-file": key } = mappingOf(mappingOf(entry["client"])["tls"]);
    return some(certificate) === undefined || some(key) === undefined ? [] : [textOf(certificate), textOf(key)];
  });
}

/** Reads `client`; `http`: whether the type makes web requests. */
export function readClient(client: Mapping, http: boolean, source: Source): Client {
  const remarks: Remark[] = [];
  const say = (kind: Remark["kind"], key: string, text: string, advice = "", stops = kind === "refused"): void => void remarks.push({ kind, path: ["client", key], text, advice, stops });
  for (const key of Object.keys(client)) if (!KNOWN.has(key)) say("ignored", key, "Gatus does not know this key");
  const time = durationOf(client["timeout"]);
  if (time === "wrong") say("refused", "timeout", `\`${written(client["timeout"])}\` is no duration`, "write 10s");
  const timeoutMs = time === "wrong" || time === null || time < LEAST_MS ? USUAL_MS : Math.min(LONGEST_MS, Math.max(SHORTEST_MS, time));
  const insecure = flag(client["insecure"]) === true;
  if (some(client["tunnel"]) !== undefined) say("left", "tunnel", "there are no SSH tunnels here", "run a Tocsin behind the tunnel, or forward a port with `ssh -L` and name that", true);
  for (const key of HTTP_ONLY) if (!http && client[key] !== undefined) say("ignored", key, "Gatus does not look at it for an endpoint of this kind");
  if (http && client["identity-aware-proxy"] !== undefined) say("left", "identity-aware-proxy", "no token of Google's is asked for here", "check from inside, or with a `script`", true);
  const resolver = some(client["dns-resolver"]);
  if (resolver !== undefined && !/^.*:\/\/[A-Za-z0-9.-]+:\d{1,5}/.test(resolver)) say("refused", "dns-resolver", `\`${resolver}\` is no resolver`, "write tcp://8.8.8.8:53");
  else if (resolver !== undefined) say("differs", "dns-resolver", "names are looked up as for every other check", "`resolvers` in tocsin.yaml names servers for all");
  if (http && flag(client["store-cookies"]) === true) say("differs", "store-cookies", "cookies are not kept from run to run");
  const tls = tlsOf(mappingOf(client["tls"]), insecure, source, say);
  return {
    timeoutMs,
    keys: timeoutMs === USUAL_MS ? {} : { timeout: durationText(timeoutMs) },
    insecure,
    tls,
    proxy: http ? proxyOf(some(client["proxy-url"]), say) : undefined,
    family: client["network"] === "ip4" ? 4 : client["network"] === "ip6" ? 6 : undefined,
    follows: flag(client["ignore-redirect"]) !== true,
    oauth2: http ? oauth2Of(client["oauth2"], say) : null,
    remarks,
  };
}

type Say = (kind: Remark["kind"], key: string, text: string, advice?: string, stops?: boolean) => void;

function tlsOf(tls: Mapping, insecure: boolean, { files, missing }: Source, say: Say): Mapping | undefined {
  const [certificate, key] = [some(tls["certificate-file"]), some(tls["private-key-file"])];
  const verify = insecure ? { verify: false } : {};
  if (certificate === undefined || key === undefined) return insecure ? verify : undefined;
  const texts = [certificate, key].map((path) => {
    const file = files.get(path);
    if (file === undefined) say("refused", "tls", `${path}: ${missing.get(path) ?? "this is no file"}`, "name the file as it lies on this machine");
    return new TextDecoder().decode(file?.bytes);
  });
  if (files.has(certificate) && files.has(key)) say("differs", "tls", "certificate and key are read now, and stand here", "`${file:PATH}` in tocsin.yaml keeps them in their files");
  return { ...verify, cert: texts[0], key: texts[1] };
}

function proxyOf(text: string | undefined, say: Say): Mapping | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "http:" || url.hostname === "") {
    say("left", "proxy-url", `\`${url === null ? text : `${url.protocol}//${url.host}`}\` is no HTTP proxy`, "name one that begins with http://", true);
    return undefined;
  }
  const [user, password] = [decoded(url.username), decoded(url.password)];
  return present({ host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port === "" ? 80 : Number(url.port), ...(user === "" ? {} : { user, password }) });
}

/** A part of an address, without its percent signs where they are sound. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function oauth2Of(value: unknown, say: Say): OAuth2 | null {
  if (value === undefined || value === null) return null;
  const { "token-url": url, "client-id": id, "client-secret": secret, scopes } = mappingOf(value);
  const named = listOf(scopes).map(textOf).filter((scope) => scope !== "");
  const [tokenUrl, clientId, clientSecret] = [some(url), some(id), some(secret)];
  if (tokenUrl !== undefined && clientId !== undefined && clientSecret !== undefined && named.length > 0) return { tokenUrl, id: clientId, secret: clientSecret, scopes: named };
  say("refused", "oauth2", "token-url, client-id, client-secret and scopes are all needed", "add what is missing");
  return null;
}
