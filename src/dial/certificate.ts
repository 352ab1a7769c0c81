import { type DetailedPeerCertificate, checkServerIdentity } from "node:tls";
import type { Facts } from "../core/types.ts";
import type { Failure } from "../sys/ports.ts";
import { formatIp6, parseIp6 } from "../wire/ip.ts";

const DAY_MS = 86_400_000;
/** Longer chains than any authority issues; bounds a loop of issuers. */
const CHAIN_MAX = 16;
const NAMES_MAX = 20;

/** What the peer showed, and what OpenSSL says of its chain. */
export interface Shown {
  readonly certificate: DetailedPeerCertificate;
  /** `CERT_HAS_EXPIRED`, `DEPTH_ZERO_SELF_SIGNED_CERT`, ...; null when the chain ends in a trusted authority and every part is valid now. */
  readonly chainError: string | null;
  /** The name or IP address that the certificate must be for. */
  readonly identity: string;
}

export interface Evaluated {
  readonly facts: Facts;
  /** Null when the certificate is good. */
  readonly failure: Failure | null;
}

const UNTRUSTED: { readonly [error: string]: string } = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its authority is unknown here",
  UNABLE_TO_GET_ISSUER_CERT: "its issuer is missing",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its issuer is unknown here, or an intermediate certificate is missing",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its issuer is unknown here, or an intermediate certificate is missing",
  CERT_NOT_YET_VALID: "it is not valid yet",
  CERT_REVOKED: "it was revoked",
  INVALID_PURPOSE: "it is not for servers",
  INVALID_CA: "its issuer is no authority",
  CA_MD_TOO_WEAK: "it is signed with a weak digest",
  EE_KEY_TOO_SMALL: "its key is too short",
};

/** Judges a certificate by expiry, trust and name, each by itself: OpenSSL stops at its first error, and then never looks at the name (RFC 9525, RFC 5280). */
export function evaluateCertificate({ certificate, chainError, identity }: Shown, now: number): Evaluated {
  const chain = chainOf(certificate);
  const names = alternativeNames(certificate);
  const ends = chain.map((link) => endOf(link));
  const expired = chain.find((link) => endOf(link) <= now);
  // A trusted chain may come with a spare that is expired (a cross-signature); it is not part of what was verified.
  const counted = chainError === null && endOf(certificate) > now ? ends.filter((end) => end > now) : ends;
  const notAfter = Math.min(...counted);
  const facts = {
    certificate: {
      days: Math.floor((notAfter - now) / DAY_MS),
      subject: distinguished(certificate.subject),
      issuer: distinguished(certificate.issuer),
      notAfter: new Date(notAfter).toISOString(),
      names: names.slice(0, NAMES_MAX),
      serial: certificate.serialNumber.toLowerCase(),
      fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
    },
  };
  const problems = [expiry(expired, certificate, chainError, now), trust(chainError, certificate, now), name(certificate, identity, names)].filter((problem) => problem !== null);
  const [first, ...more] = problems;
  if (first === undefined) return { facts, failure: null };
  return { facts, failure: { code: first.code, sentence: [first, ...more].map((problem) => problem.sentence).join("; ") } };
}

/** A date that cannot be read counts as long past. */
function endOf(certificate: DetailedPeerCertificate): number {
  return Date.parse(certificate.valid_to) || 0;
}

function expiry(expired: DetailedPeerCertificate | undefined, leaf: DetailedPeerCertificate, chainError: string | null, now: number): Failure | null {
  if (chainError === null || expired === undefined) return null;
  const days = Math.floor((now - endOf(expired)) / DAY_MS);
  const which = expired === leaf ? "the certificate" : `the certificate of its issuer ${distinguished(expired.subject)}`;
  return { code: "tls-expired", sentence: `${which} expired on ${expired.valid_to} (${days === 0 ? "less than a day" : `${days} day${days === 1 ? "" : "s"}`} ago)` };
}

function trust(chainError: string | null, certificate: DetailedPeerCertificate, now: number): Failure | null {
  if (chainError === null || chainError === "CERT_HAS_EXPIRED") return null;
  const early = chainError === "CERT_NOT_YET_VALID" || Date.parse(certificate.valid_from) > now;
  const why = early ? `it is valid only from ${certificate.valid_from} on` : (UNTRUSTED[chainError] ?? chainError.toLowerCase().replaceAll("_", " "));
  return { code: "tls-untrusted", sentence: `the certificate is not trusted: ${why}` };
}

function name(certificate: DetailedPeerCertificate, identity: string, names: readonly string[]): Failure | null {
  if (checkServerIdentity(identity, certificate) === undefined && names.length > 0) return null;
  const listed = names.length === 0 ? "no name" : names.slice(0, 3).join(", ") + (names.length > 3 ? `, and ${names.length - 3} more` : "");
  return { code: "tls-name", sentence: `the certificate is not for ${identity} but for ${listed}` };
}

/** Leaf first; a root that signed itself is left out unless it is the leaf: nobody renews it with the site. */
function chainOf(leaf: DetailedPeerCertificate): readonly DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [leaf];
  for (let link = leaf; chain.length < CHAIN_MAX; ) {
    const issuer = link.issuerCertificate as DetailedPeerCertificate | undefined;
    if (issuer === undefined || issuer === link || issuer.fingerprint256 === link.fingerprint256) break;
    const above = issuer.issuerCertificate as DetailedPeerCertificate | undefined;
    if (above === undefined || above.fingerprint256 === issuer.fingerprint256) break;
    chain.push(issuer);
    link = issuer;
  }
  return chain;
}

function alternativeNames(certificate: DetailedPeerCertificate): readonly string[] {
  return (certificate.subjectaltname ?? "").split(", ").flatMap((entry) => /^(?:DNS|IP Address):"?([^"]+)"?$/.exec(entry)?.[1] ?? []).map(shortest);
}

/** `::1` for `0:0:0:0:0:0:0:1`; names as they are. */
function shortest(name: string): string {
  const bytes = name.includes(":") ? parseIp6(name) : null;
  return bytes === null ? name : formatIp6(bytes);
}

/** `CN=shop.example.com, O=Example`. */
function distinguished(fields: object): string {
  const order = (key: string): number => (key === "CN" ? 0 : 1);
  const parts = Object.entries(fields) as [string, string | string[]][];
  return parts.toSorted(([a], [b]) => order(a) - order(b)).flatMap(([key, value]) => [value].flat().map((text) => `${key}=${text}`)).join(", ");
}
