import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Done } from "./handle.ts";
import { isMissing, readIfThere, writePrivate } from "./private-file.ts";

/** The password of the one user, `admin`: a scrypt hash in `password.hash`; the first one, until it is changed, also readable in `password`. */

export const USER = "admin";
/** scrypt (RFC 7914): 32 MiB and about a fifth of a second for a guess on a small machine. */
const COST = { logN: 15, blockSize: 8, parallel: 3 } as const;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const PASSWORD_LENGTH_MIN = 10;
const PASSWORD_LENGTH_MAX = 1024;
/** Without i, l, o and u: nothing to misread, and few words. 32 letters, so 16 of them are 80 bits. */
const ALPHABET = "abcdefghjkmnpqrstvwxyz0123456789";

const hashPath = (folder: string): string => join(folder, "password.hash");
const plainPath = (folder: string): string => join(folder, "password");

/** Makes the first password when there is none yet; `fresh` is the one to show on the terminal, null when one was set before. */
export async function ensurePassword(folder: string): Promise<{ readonly fresh: string | null }> {
  if ((await readIfThere(hashPath(folder))) !== null) return { fresh: null };
  const left = (await readIfThere(plainPath(folder)))?.trim() ?? "";
  const fresh = left.length >= PASSWORD_LENGTH_MIN ? left : generatePassword();
  await writePrivate(plainPath(folder), `${fresh}\n`);
  await writePrivate(hashPath(folder), await hashPassword(fresh));
  return { fresh };
}

/** Changes the password; every sign-in made under the old one ends, in a running Tocsin too. */
export async function setPassword(folder: string, password: string): Promise<Done> {
  const length = password.normalize("NFKC").length;
  if (length < PASSWORD_LENGTH_MIN) return { kind: "refused", reason: `the password is shorter than ${PASSWORD_LENGTH_MIN} characters`, advice: "take a longer one; a few words will do" };
  if (length > PASSWORD_LENGTH_MAX) return { kind: "refused", reason: `the password is longer than ${PASSWORD_LENGTH_MAX} characters`, advice: "take a shorter one" };
  await writePrivate(hashPath(folder), await hashPassword(password));
  await rm(plainPath(folder), { force: true });
  return { kind: "done" };
}

/** Whether this is the password; takes as long when none was set. */
export async function verifyPassword(folder: string, password: string): Promise<boolean> {
  const stored = parseHash((await readIfThere(hashPath(folder))) ?? "");
  const salt = stored?.salt ?? Buffer.alloc(SALT_BYTES);
  const key = await derive(password.slice(0, PASSWORD_LENGTH_MAX + 1), salt, stored ?? COST);
  return timingSafeEqual(key, stored?.key ?? randomBytes(KEY_BYTES)) && stored !== null;
}

/** Names the password in force without telling it: changes whenever it is set, `""` while there is none. */
export async function passwordStamp(folder: string): Promise<string> {
  try {
    const facts = await stat(hashPath(folder), { bigint: true });
    return `${facts.ino}-${facts.mtimeNs}-${facts.size}`;
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}

/** Four groups of four, 80 bits: `f7kq-20xa-mm3c-9tzr`. */
export function generatePassword(): string {
  const letters = Array.from(randomBytes(16), (byte) => ALPHABET[byte % ALPHABET.length]).join("");
  return letters.replace(/(.{4})(?=.)/g, "$1-");
}

interface Cost {
  readonly logN: number;
  readonly blockSize: number;
  readonly parallel: number;
}

async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, COST);
  return `scrypt$${COST.logN}$${COST.blockSize}$${COST.parallel}$${salt.toString("base64")}$${key.toString("base64")}\n`;
}

function parseHash(line: string): (Cost & { readonly salt: Buffer; readonly key: Buffer }) | null {
  const found = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9+/=]{8,64})\$([A-Za-z0-9+/=]{44})\s*$/.exec(line);
  if (found === null) return null;
  const [, logN, blockSize, parallel, salt = "", key = ""] = found;
  return { logN: Number(logN), blockSize: Number(blockSize), parallel: Number(parallel), salt: Buffer.from(salt, "base64"), key: Buffer.from(key, "base64") };
}

function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  const options = { N: 2 ** cost.logN, r: cost.blockSize, p: cost.parallel, maxmem: 256 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, KEY_BYTES, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
