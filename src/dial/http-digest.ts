import { createHash } from "node:crypto";

/** What digest authentication answers a challenge with (RFC 7616). */
export interface DigestRequest {
  readonly user: string;
  readonly password: string;
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly path: string;
  /** Random, hexadecimal. */
  readonly cnonce: string;
}

const HASHES: { readonly [algorithm: string]: string } = { MD5: "md5", "SHA-256": "sha256", "SHA-512-256": "sha512-256" };

/** The strongest first, as far as known here. */
const ORDER = ["SHA-512-256", "SHA-256", "MD5"];

/** The `Authorization` field for a `WWW-Authenticate` field; null when it holds no digest challenge that can be answered. */
export function digestAuthorization(challenges: string, { user, password, method, path, cnonce }: DigestRequest): string | null {
  const known = parseChallenges(challenges).filter(({ algorithm, qop }) => ORDER.includes(base(algorithm)) && (qop === "" || qop.split(/\s*,\s*/).includes("auth")));
  const [challenge] = known.toSorted((a, b) => ORDER.indexOf(base(a.algorithm)) - ORDER.indexOf(base(b.algorithm)));
  if (challenge === undefined) return null;
  const { realm, nonce, algorithm, opaque } = challenge;
  const hash = (text: string): string => createHash(HASHES[base(algorithm)] ?? "md5").update(text, "utf8").digest("hex");
  const plain = hash(`${user}:${realm}:${password}`);
  const secret = /-sess$/i.test(algorithm) ? hash(`${plain}:${nonce}:${cnonce}`) : plain;
  const request = hash(`${method}:${path}`);
  const qop = challenge.qop !== "";
  const response = hash(qop ? `${secret}:${nonce}:00000001:${cnonce}:auth:${request}` : `${secret}:${nonce}:${request}`);
  const parts = [`username=${quoted(user)}`, `realm=${quoted(realm)}`, `nonce=${quoted(nonce)}`, `uri=${quoted(path)}`, `algorithm=${algorithm}`, `response="${response}"`];
  if (opaque !== null) parts.push(`opaque=${quoted(opaque)}`);
  if (qop) parts.push("qop=auth", "nc=00000001", `cnonce="${cnonce}"`);
  return `Digest ${parts.join(", ")}`;
}

/** A quoted string in UTF-8, as the octets that go over the wire; what a server put in to break the line is left out. */
function quoted(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const plain = text.replaceAll(/[\0-\x1f\x7f]/g, "").replaceAll(/["\\]/g, "\\$&");
  return `"${Buffer.from(plain, "utf8").toString("latin1")}"`;
}

const base = (algorithm: string): string => algorithm.toUpperCase().replace(/-SESS$/, "");

interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: string;
  readonly qop: string;
  readonly opaque: string | null;
}

function parseChallenges(text: string): readonly Challenge[] {
  // Other schemes may stand in the same field; `Digest` at the start or after a comma begins one of ours.
  return text.split(/(?:^|,\s*)(?=(?:Digest|Basic|Bearer|Negotiate|NTLM)(?:\s|,|$))/i).flatMap((part) => {
    if (!/^Digest\s/i.test(part)) return [];
    const fields = new Map<string, string>();
    for (const [, name = "", quoted, bare] of part.slice(7).matchAll(/([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi)) fields.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? bare ?? "");
    const nonce = fields.get("nonce");
    if (nonce === undefined) return [];
    return [{ realm: fields.get("realm") ?? "", nonce, algorithm: fields.get("algorithm") ?? "MD5", qop: fields.get("qop") ?? "", opaque: fields.get("opaque") ?? null }];
  });
}
