import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { ProblemView } from "./types.ts";

/** Longest request target, bytes. Ours stay below 1 KiB; many proxies stop at 8 KiB too. */
const TARGET_BYTES_MAX = 8 * 1024;

/** What of a request decides whether it may come in at all, before any route is looked for. */
export interface Knock {
  readonly method: string;
  /** The request target as sent. */
  readonly target: string;
  readonly host: string | null;
  /** `Host` lines in the request; more than one is refused (RFC 9112 section 3.2). */
  readonly hosts: number;
  readonly origin: string | null;
  /** `Sec-Fetch-Site` of browsers. */
  readonly site: string | null;
}

/** How the page may be addressed. */
export interface House {
  /** `url` of the site: its host is known here. */
  readonly url: string | null;
  /** The host it listens on, when that is a name. */
  readonly listenHost: string | null;
}

export interface Refusal extends ProblemView {
  readonly status: 400 | 403 | 414 | 421;
}

export function knockOf(incoming: IncomingMessage): Knock {
  let hosts = 0;
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) if (incoming.rawHeaders[index]?.toLowerCase() === "host") hosts += 1;
  const single = (value: string | string[] | undefined): string | null => (typeof value === "string" ? value : null);
  return {
    method: incoming.method ?? "GET",
    target: incoming.url ?? "",
    host: single(incoming.headers.host),
    hosts,
    origin: single(incoming.headers.origin),
    site: single(incoming.headers["sec-fetch-site"]),
  };
}

/** Requests that no server of pages has to understand: proxies' forms, endless targets, doubled hosts. */
export function refuseForm(knock: Knock): Refusal | null {
  if (knock.hosts > 1) return { status: 400, error: "more than one Host header", advice: "send one" };
  if (!knock.target.startsWith("/")) return { status: 400, error: "the request target is not a path", advice: "send a path that begins with a slash; this is no proxy" };
  if (knock.target.length > TARGET_BYTES_MAX) return { status: 414, error: `the address is longer than ${TARGET_BYTES_MAX} bytes`, advice: "shorten it" };
  return null;
}

/** The host of a `Host` header in lower case without port and brackets; null when it is malformed. */
export function hostOf(header: string): string | null {
  const found = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header.trim());
  const host = (found?.[1] ?? found?.[2])?.toLowerCase().replace(/\.$/, "");
  return host === undefined || host === "" ? null : host;
}

const hostOfUrl = (url: string | null): string | null => (url !== null && URL.canParse(url) ? hostOf(new URL(url).host) : null);

/**
 * Refuses names that are not known to be ours, so that a foreign site cannot rebind its own name to this address and read the page
 * with its visitor's browser. Address literals and `localhost` cannot be rebound.
 */
export function refuseHost(knock: Knock, house: House): Refusal | null {
  const host = knock.host === null ? null : hostOf(knock.host);
  if (host === null) return { status: 400, error: "the Host header is missing or malformed", advice: "send the name or address of this server" };
  const known = isIP(host) !== 0 || host === "localhost" || host === hostOfUrl(house.url) || host === house.listenHost?.toLowerCase();
  if (known) return null;
  return { status: 421, error: `\`${host}\` is not a name of this Tocsin`, advice: `open it by its address, or set \`url: http://${host}/\` in the configuration` };
}

/** Refuses what another site made a browser send. Requests without `Origin` come from no browser's page. */
export function refuseOrigin(knock: Knock, house: House): Refusal | null {
  if (knock.method === "GET" || knock.method === "HEAD") return null;
  const refusal: Refusal = { status: 403, error: "this request comes from another site", advice: "use the page of this Tocsin itself" };
  if (knock.site !== null && knock.site !== "same-origin" && knock.site !== "none") return refusal;
  if (knock.origin === null) return null;
  if (!URL.canParse(knock.origin)) return refusal;
  const origin = new URL(knock.origin);
  const own = origin.host !== "" && (origin.host === knock.host?.trim().toLowerCase() || (house.url !== null && URL.canParse(house.url) && origin.origin === new URL(house.url).origin));
  return own ? null : refusal;
}

/** Marks that a proxy passed the request on: then the peer's address is not the asker's. */
const PROXY_HEADERS = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"] as const;

/** Whether the asker is a program of this machine, as far as can be told: figures are shown to it without a login. */
export function isLocal(incoming: IncomingMessage, house: House): boolean {
  const published = hostOfUrl(house.url);
  if (published !== null && !isLoopback(published)) return false;
  if (PROXY_HEADERS.some((name) => incoming.headers[name] !== undefined)) return false;
  const host = hostOf(incoming.headers.host ?? "");
  return host !== null && isLoopback(host) && isLoopback(incoming.socket.remoteAddress ?? "");
}

/** Whether the browser came over TLS: to us, or to the proxy before us that `url` names. */
export function isSecure(incoming: IncomingMessage, house: House): boolean {
  if ("encrypted" in incoming.socket && incoming.socket.encrypted === true) return true;
  return house.url?.startsWith("https:") === true && hostOf(incoming.headers.host ?? "") === hostOfUrl(house.url);
}

const isLoopback = (host: string): boolean => host === "localhost" || host === "::1" || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(host);
