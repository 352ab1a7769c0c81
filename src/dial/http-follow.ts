import type { Facts, Phases } from "../core/types.ts";
import type { Failure, Random } from "../sys/ports.ts";
import { type Exchanged, type HttpRequest, type HttpResponse, exchange } from "./http.ts";
import type { CookieJar } from "./http-cookies.ts";
import { digestAuthorization } from "./http-digest.ts";
import type { TlsSettings } from "./options.ts";
import type { DialContext } from "./outcome.ts";

/** Whom we say we are; never told to another origin than the first. */
export type Credentials =
  | { readonly kind: "basic" | "digest"; readonly user: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

export interface FollowRequest extends HttpRequest {
  readonly credentials: Credentials | null;
  /** Redirects followed at most; 0: the redirect itself is the answer. */
  readonly redirects: number;
  /** Cookies that were set before, and takes those that are set now; without it there are none. */
  readonly cookies?: CookieJar;
}

export interface FollowContext extends DialContext {
  readonly random: Random;
}

interface Hops {
  readonly facts: Facts;
  /** Summed over all requests. */
  readonly phases: Phases;
  /** Failures of other addresses of the last host. */
  readonly attempts: readonly string[];
  /** Of the last request; those before as one line each. */
  readonly sent: string;
  readonly received: string;
  readonly redirects: number;
  readonly url: string;
  /** A redirect led from https to http. */
  readonly downgraded: boolean;
}

export type Followed = Hops & ({ readonly kind: "answered"; readonly response: HttpResponse } | { readonly kind: "failed"; readonly failure: Failure });

/** Fields that another origin may see; all others may hold a credential. */
const HARMLESS = new Set(["accept", "accept-encoding", "accept-language", "cache-control", "pragma", "user-agent"]);
/** Fields that describe a body. */
const OF_THE_BODY = /^content-/i;

/** One request with its redirects and its authentication, within the context's deadline (RFC 9110, section 15.4; RFC 7617, 7616, 6750). */
export async function follow(first: FollowRequest, ctx: FollowContext): Promise<Followed> {
  let request: HttpRequest = first;
  let phases: Phases = {};
  let trail = "";
  let downgraded = false;
  for (let redirects = 0; ; redirects++) {
    const exchanged = await authenticated(request, request.url.origin === first.url.origin ? first.credentials : null, first.cookies, ctx);
    phases = summed(phases, exchanged.phases);
    const hops: Hops = { facts: exchanged.facts, phases, attempts: exchanged.attempts, sent: `${trail}${exchanged.sent}`, received: exchanged.received, redirects, url: request.url.href, downgraded };
    if (exchanged.kind === "failed") return { kind: "failed", failure: exchanged.failure, ...hops };
    const next = first.redirects === 0 ? { kind: "final" as const } : redirected(request, exchanged.response, first.url.origin);
    if (next.kind === "final") return { kind: "answered", response: exchanged.response, ...hops };
    if (next.kind === "failed") return { kind: "failed", failure: next.failure, ...hops };
    if (redirects === first.redirects) return { kind: "failed", failure: { code: "redirects", sentence: `more than ${redirects} redirect${redirects === 1 ? "" : "s"}, the last to ${next.request.url.href}` }, ...hops };
    trail += `${request.method} ${request.url.href} -> ${exchanged.response.status}\n`;
    downgraded ||= request.url.protocol === "https:" && next.request.url.protocol === "http:";
    request = next.request;
  }
}

function summed(before: Phases, now: Phases): Phases {
  const sums: Record<string, number> = { ...before };
  for (const [phase, ms] of Object.entries(now)) sums[phase] = Math.round(((sums[phase] ?? 0) + ms) * 1000) / 1000;
  return sums;
}

/** One exchange with the cookies that belong to it, beside what the request's own `Cookie` field says. */
async function carrying(request: HttpRequest, cookies: CookieJar | undefined, ctx: FollowContext): Promise<Exchanged> {
  if (cookies === undefined) return exchange(request, ctx);
  const [ownName, own] = Object.entries(request.headers).find(([name]) => name.toLowerCase() === "cookie") ?? ["Cookie", undefined];
  const all = [own, cookies.header(request.url, ctx.clock.now())].filter((part) => typeof part === "string").join("; ");
  const exchanged = await exchange(all === "" ? request : { ...request, headers: { ...request.headers, [ownName]: all } }, ctx);
  if (exchanged.kind === "answered") cookies.store(request.url, exchanged.response.headers["set-cookie"], ctx.clock.now());
  return exchanged;
}

async function authenticated(request: HttpRequest, credentials: Credentials | null, cookies: CookieJar | undefined, ctx: FollowContext): Promise<Exchanged> {
  if (credentials === null) return carrying(request, cookies, ctx);
  const withField = (authorization: string): HttpRequest => ({ ...request, headers: { ...request.headers, Authorization: authorization } });
  if (credentials.kind === "bearer") return carrying(withField(`Bearer ${credentials.token}`), cookies, ctx);
  const { user, password } = credentials;
  if (credentials.kind === "basic") return carrying(withField(`Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}`), cookies, ctx);
  const challenged = await carrying(request, cookies, ctx);
  const challenge = challenged.kind === "answered" && challenged.response.status === 401 ? challenged.response.headers["www-authenticate"] : undefined;
  if (challenge === undefined) return challenged;
  const path = `${request.url.pathname}${request.url.search}`;
  const authorization = digestAuthorization(challenge, { user, password, method: request.method, path, cnonce: Buffer.from(ctx.random.bytes(16)).toString("hex") });
  if (authorization === null) return challenged;
  const answered = await carrying(withField(authorization), cookies, ctx);
  return { ...answered, phases: summed(challenged.phases, answered.phases) };
}

type Next = { readonly kind: "final" } | { readonly kind: "follow"; readonly request: HttpRequest } | { readonly kind: "failed"; readonly failure: Failure };

function redirected(request: HttpRequest, response: HttpResponse, firstOrigin: string): Next {
  const { status, headers } = response;
  const location = headers["location"];
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return { kind: "final" };
  const url = targetOf(location, request.url);
  if (url === null) return { kind: "failed", failure: { code: "redirects", sentence: `the redirect leads to something that is no web address: ${location.slice(0, 200)}` } };
  // RFC 9110, section 15.4: 303 always becomes GET; after 301 and 302 every client makes a GET of a POST.
  const bare = status === 303 ? request.method !== "HEAD" : status < 303 && request.method === "POST";
  const away = url.origin !== firstOrigin;
  if (away && !bare && request.body !== null) return { kind: "failed", failure: { code: "redirects", sentence: `the redirect (${status}) would carry the request's body to another place: ${url.origin}` } };
  const kept = Object.entries(request.headers).filter(([name]) => (!away || HARMLESS.has(name.toLowerCase())) && !(bare && OF_THE_BODY.test(name)) && name.toLowerCase() !== "host");
  const tls = away ? tlsElsewhere(request.tls) : request.tls;
  return { kind: "follow", request: { ...request, url, tls, headers: Object.fromEntries(kept), ...(bare ? { method: "GET", body: null } : {}) } };
}

const elsewhere = new WeakMap<TlsSettings, TlsSettings>();

/** Settings for another origin than they were made for: it is not shown our certificate, nor asked for by the other's name. */
export function tlsElsewhere(tls: TlsSettings): TlsSettings {
  const known = elsewhere.get(tls);
  if (known !== undefined) return known;
  const made = tls.cert === null && tls.servername === null ? tls : { ...tls, cert: null, key: null, servername: null };
  elsewhere.set(tls, made);
  return made;
}

function targetOf(location: string, from: URL): URL | null {
  if (!URL.canParse(location, from.href)) return null;
  const url = new URL(location, from);
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  // Credentials in an address that a server chose are not ours to send.
  url.username = "";
  url.password = "";
  if (url.hash === "") url.hash = from.hash;
  return url;
}
