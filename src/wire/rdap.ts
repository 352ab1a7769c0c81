/** Registration data of domains as JSON (RFC 9083) and the registry of its servers (RFC 9224). Text -> values; nothing here throws. */

export interface DomainRegistration {
  readonly kind: "domain";
  /** As the server writes it, lower case, without final dot. */
  readonly name: string;
  /** ISO 8601 as written; null when the registry does not publish it. */
  readonly expires: string | null;
  readonly registered: string | null;
  readonly changed: string | null;
  readonly registrar: string | null;
  /** `active`, `client transfer prohibited`, `redemption period`, ... (RFC 8056). */
  readonly status: readonly string[];
  readonly nameservers: readonly string[];
}

export type ParsedRegistration = DomainRegistration | { readonly kind: "bad"; readonly reason: string };

/** Events, entities and the like that are looked at. */
const ITEMS_MAX = 256;
const TEXT_MAX = 256;

type Fields = { readonly [name: string]: unknown };

const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value.slice(0, ITEMS_MAX) : []);
const textOf = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value.slice(0, TEXT_MAX) : null);
const nameOf = (value: unknown): string | null => textOf(value)?.toLowerCase().replace(/\.$/, "") ?? null;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** The date of an event that a program can read; of several, the last. */
function eventDate(events: readonly unknown[], action: string): string | null {
  const dates = events.map(fieldsOf).filter((event) => event["eventAction"] === action).flatMap((event) => textOf(event["eventDate"]) ?? []);
  return dates.findLast((date) => !Number.isNaN(Date.parse(date))) ?? null;
}

/** The `fn` of a jCard (RFC 7095): `["vcard", [["fn", {}, "text", "Example Registrar"], ...]]`. */
function fullName(card: unknown): string | null {
  const properties = listOf(listOf(card)[1]).map(listOf);
  return textOf(properties.find(([name]) => name === "fn")?.[3]);
}

function registrarOf(entities: readonly unknown[]): string | null {
  const registrar = entities.map(fieldsOf).find((entity) => listOf(entity["roles"]).includes("registrar"));
  return registrar === undefined ? null : (fullName(registrar["vcardArray"]) ?? textOf(registrar["handle"]));
}

/** Reads the answer to a domain query (RFC 9083, section 5.3). */
export function parseRegistration(text: string): ParsedRegistration {
  const fields = fieldsOf(parsed(text));
  const name = nameOf(fields["ldhName"]) ?? nameOf(fields["unicodeName"]);
  if (fields["objectClassName"] !== "domain" || name === null) return { kind: "bad", reason: "no RDAP answer about a domain" };
  const events = listOf(fields["events"]);
  return {
    kind: "domain",
    name,
    expires: eventDate(events, "expiration"),
    registered: eventDate(events, "registration"),
    changed: eventDate(events, "last changed"),
    registrar: registrarOf(listOf(fields["entities"])),
    status: listOf(fields["status"]).flatMap((status) => textOf(status) ?? []),
    nameservers: listOf(fields["nameservers"]).flatMap((server) => nameOf(fieldsOf(server)["ldhName"]) ?? []),
  };
}

/** The RDAP server for a domain by the bootstrap registry (RFC 9224, section 4): of the entry with the most labels in common, `https` first; null when there is none. */
export function serverFor(registry: string, domain: string): { readonly kind: "found"; readonly server: string | null } | { readonly kind: "bad"; readonly reason: string } {
  const services = fieldsOf(parsed(registry))["services"];
  if (!Array.isArray(services)) return { kind: "bad", reason: "no registry of RDAP servers" };
  const ends = (entry: unknown): number => {
    const suffix = nameOf(entry);
    return suffix !== null && (domain === suffix || domain.endsWith(`.${suffix}`)) ? suffix.length : 0;
  };
  let best = { length: 0, servers: [] as readonly string[] };
  for (const service of services as readonly unknown[]) {
    const [names, servers] = Array.isArray(service) ? (service as readonly unknown[]) : [];
    const length = Math.max(0, ...(Array.isArray(names) ? (names as readonly unknown[]).map(ends) : []));
    if (length > best.length) best = { length, servers: listOf(servers).flatMap((server) => textOf(server) ?? []) };
  }
  return { kind: "found", server: best.servers.find((server) => server.startsWith("https:")) ?? best.servers.find((server) => server.startsWith("http:")) ?? null };
}
