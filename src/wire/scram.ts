import { createHash, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";

/** SCRAM-SHA-1 and SCRAM-SHA-256 as client (RFC 5802, RFC 7677), without channel binding. */

/** The standard asks for 4096 at least; more than this would be a server that wants us to work. */
const ROUNDS_MAX = 100_000;
const OCTETS = { sha1: 20, sha256: 32 } as const;

export interface ScramLogin {
  readonly hash: "sha1" | "sha256";
  /** Empty where the protocol has sent it already. */
  readonly user: string;
  readonly password: string;
  /** Ours: printable, without a comma. */
  readonly nonce: string;
}

/** Section 5.1: what a name must not hold is written as `=2C` and `=3D`. */
const bare = ({ user, nonce }: ScramLogin): string => `n=${user.normalize("NFKC").replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;

/** Section 7: the client's first message. */
export const scramFirst = (login: ScramLogin): string => `n,,${bare(login)}`;

export type ScramFinal =
  | { readonly kind: "final"; readonly message: string; /** What the server must answer in the end: `v=...`. */ readonly verifier: string }
  | { readonly kind: "bad"; readonly reason: string };

export type ScramChallenge =
  | { readonly kind: "challenge"; /** Both sides' together. */ readonly nonce: string; readonly salt: Uint8Array; readonly rounds: number }
  | { readonly kind: "bad"; readonly reason: string };

/** Reads the server's first message. */
export function scramChallenge({ nonce }: ScramLogin, serverFirst: string): ScramChallenge {
  const [, both = "", salt = "", rounds = ""] = /^r=([!-+\--~]+),s=([A-Za-z0-9+/=]+),i=(\d{1,9})(?:,.*)?$/.exec(serverFirst) ?? [];
  if (!both.startsWith(nonce) || both.length === nonce.length) return { kind: "bad", reason: "its SCRAM message does not go with ours" };
  const count = Number(rounds);
  if (count < 1 || count > ROUNDS_MAX) return { kind: "bad", reason: `it wants ${count} rounds of hashing, and at most ${ROUNDS_MAX} are made` };
  return { kind: "challenge", nonce: both, salt: Buffer.from(salt, "base64"), rounds: count };
}

/** Answers the server's first message with the proof that we know the password. The rounds, of the server's choice, are worked off beside the event loop. */
export async function scramFinal(login: ScramLogin, serverFirst: string): Promise<ScramFinal> {
  const { hash, password } = login;
  const challenge = scramChallenge(login, serverFirst);
  if (challenge.kind === "bad") return challenge;
  const salted = await derived(password.normalize("NFKC"), challenge, hash);
  const hmac = (key: Uint8Array, text: string): Buffer => createHmac(hash, key).update(text).digest();
  const clientKey = hmac(salted, "Client Key");
  const withoutProof = `c=biws,r=${challenge.nonce}`;
  const signed = `${bare(login)},${serverFirst},${withoutProof}`;
  const signature = hmac(createHash(hash).update(clientKey).digest(), signed);
  const proof = Buffer.from(clientKey.map((octet, at) => octet ^ (signature[at] ?? 0))).toString("base64");
  return { kind: "final", message: `${withoutProof},p=${proof}`, verifier: `v=${hmac(hmac(salted, "Server Key"), signed).toString("base64")}` };
}

const derived = (password: string, { salt, rounds }: Extract<ScramChallenge, { kind: "challenge" }>, hash: ScramLogin["hash"]): Promise<Buffer> =>
  new Promise((resolve, reject) => pbkdf2(password, salt, rounds, OCTETS[hash], hash, (error, key) => (error === null ? resolve(key) : reject(error))));

/** Whether the server's last message proves that it knows the password as well. */
export function scramVerified(verifier: string, serverFinal: string): boolean {
  const [wanted, got] = [Buffer.from(verifier), Buffer.from(serverFinal)];
  return wanted.length === got.length && timingSafeEqual(wanted, got);
}
