/** A name and a value, as they go into the `Cookie` field. */
interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Lower case, without a dot at its start. */
  readonly domain: string;
  /** Only for that very host. */
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
  /** Wall clock, ms; null: for as long as the jar lives. */
  readonly expiresAt: number | null;
}

/** RFC 6265, section 6.1: every client keeps at least 50 of one host, and 4,096 octets of each. */
const COOKIES_MAX = 100;
const COOKIE_MAX = 4096;
/** Fields of one answer that are looked at, and how much of each. */
const FIELDS_MAX = 100;
const FIELD_MAX = 8192;

/** Of the domains below which anybody may have a name, those with two labels; the public list of all of them changes daily and is long. */
const REGISTRY = /^(ac|co|com|edu|gob|gouv|gov|go|gv|ltd|mil|ne|net|nom|or|org|plc|sch)\.[a-z]{2}$/;

/**
 * The cookies of one run, as RFC 6265 keeps and sends them: by domain, path and `Secure`. At most 100 of 4 KiB: then the oldest goes. Domains
 * of a single label and the common registries (`co.uk`) get no cookies for all that is below them.
 */
export class CookieJar {
  #cookies: readonly Cookie[] = [];

  /** Takes up what an answer sets; `setCookie`: its fields, one a line. */
  store(url: URL, setCookie: string | undefined, now: number): void {
    for (const field of (setCookie ?? "").split("\n").slice(0, FIELDS_MAX)) {
      const cookie = parseCookie(field.slice(0, FIELD_MAX), url, now);
      if (cookie !== null) this.#put(cookie, now);
    }
  }

  /** The `Cookie` field for a request, longer paths first; null for none (section 5.4). */
  header(url: URL, now: number): string | null {
    const cookies = this.#for(url, now).toSorted((a, b) => b.path.length - a.path.length);
    return cookies.length === 0 ? null : cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  /** Names and values that a request to `url` would carry. */
  at(url: URL, now: number): { readonly [name: string]: string } {
    return Object.fromEntries(this.#for(url, now).map(({ name, value }) => [name, value]));
  }

  /** Every value, to keep it out of what is shown. */
  values(): readonly string[] {
    return this.#cookies.map(({ value }) => value);
  }

  #for(url: URL, now: number): Cookie[] {
    const host = url.hostname;
    const secure = url.protocol === "https:";
    return this.#cookies.filter((cookie) => (cookie.hostOnly ? host === cookie.domain : domainMatches(host, cookie.domain)) && pathMatches(url.pathname, cookie.path) && (secure || !cookie.secure) && (cookie.expiresAt === null || cookie.expiresAt > now));
  }

  #put(cookie: Cookie, now: number): void {
    const same = (other: Cookie): boolean => other.name === cookie.name && other.domain === cookie.domain && other.path === cookie.path;
    const at = this.#cookies.findIndex(same);
    const over = cookie.expiresAt !== null && cookie.expiresAt <= now;
    if (over) this.#cookies = this.#cookies.filter((other) => !same(other));
    else if (at >= 0) this.#cookies = this.#cookies.with(at, cookie);
    else this.#cookies = [...this.#cookies, cookie].slice(-COOKIES_MAX);
  }
}

const isAddress = (host: string): boolean => host.startsWith("[") || /^[\d.]+$/.test(host);

/** Section 5.1.3. */
const domainMatches = (host: string, domain: string): boolean => host === domain || (host.endsWith(`.${domain}`) && !isAddress(host));

/** Section 5.1.4. */
const pathMatches = (path: string, of: string): boolean => path === of || (path.startsWith(of) && (of.endsWith("/") || path[of.length] === "/"));
const defaultPath = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")));

/** One `Set-Cookie` field (sections 5.2 and 5.3); null when it is to be ignored. */
function parseCookie(field: string, url: URL, now: number): Cookie | null {
  const [pair = "", ...rest] = field.split(";");
  const equals = pair.indexOf("=");
  const name = pair.slice(0, Math.max(0, equals)).trim();
  const value = pair.slice(equals + 1).trim();
  // oxlint-disable-next-line no-control-regex
  if (name === "" || name.length + value.length > COOKIE_MAX || /[\0-\x1f\x7f]|[^\0-\xff]/.test(name + value)) return null;
  const attributes = new Map<string, string>();
  for (const attribute of rest) {
    const [key = "", ...parts] = attribute.split("=");
    attributes.set(key.trim().toLowerCase(), parts.join("=").trim());
  }
  const scope = scopeOf(url.hostname, (attributes.get("domain") ?? "").replace(/^\./, "").toLowerCase());
  const path = attributes.get("path") ?? "";
  return scope === null ? null : { name, value, ...scope, path: path.startsWith("/") ? path : defaultPath(url.pathname), secure: attributes.has("secure"), expiresAt: expiryOf(attributes, now) };
}

/** Whom a cookie goes to, by the `Domain` that `host` asked for, if any (section 5.3, steps 5 and 6); null: it may not ask for that. */
function scopeOf(host: string, asked: string): Pick<Cookie, "domain" | "hostOnly"> | null {
  if (asked === "") return { domain: host, hostOnly: true };
  if (!asked.includes(".") || REGISTRY.test(asked)) return asked === host ? { domain: host, hostOnly: true } : null;
  return domainMatches(host, asked) ? { domain: asked, hostOnly: false } : null;
}

/** `Max-Age` counts more than `Expires`; what cannot be read does not count. */
function expiryOf(attributes: ReadonlyMap<string, string>, now: number): number | null {
  const seconds = attributes.get("max-age") ?? "";
  if (/^-?\d{1,15}$/.test(seconds)) return now + Number(seconds) * 1000;
  const text = attributes.get("expires") ?? "";
  // The old forms of dates name no zone, and mean GMT.
  const at = Date.parse(/gmt|utc/i.test(text) ? text : `${text} GMT`);
  return Number.isNaN(at) ? null : at;
}
