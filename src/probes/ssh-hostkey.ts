import { z } from "zod";
import type { FactValue } from "../core/types.ts";
import type { Failure } from "../sys/ports.ts";
import { KEY_TYPES, type KeyType, SIGNATURES, fingerprintOf, keyName, keyTypeOf } from "../wire/ssh-key.ts";

const PINS_MAX = 10;

export interface Pin {
  readonly fingerprint: string;
  /** Where the whole key was given. */
  readonly type: KeyType | null;
}

/** Which host key is right: one of these, the one that was seen first, or any. */
export type HostKey = readonly Pin[] | "learn" | null;

/** Fingerprints of keys that were seen and proven before, by the keys' names: `ssh-ed25519`. */
export type Learnt = { readonly [name: string]: string };

/** A proven host key. */
export interface Shown {
  readonly name: string;
  readonly fingerprint: string;
}

function toPin(text: string, ctx: z.RefinementCtx): Pin {
  const written = text.trim();
  if (/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(written)) return { fingerprint: written.replace(/=$/, ""), type: null };
  const base64 = /^(?:[a-z0-9@.-]+ )?(AAAA[A-Za-z0-9+/]+={0,2})(?: .*)?$/.exec(written)?.[1];
  const blob = Buffer.from(base64 ?? "", "base64");
  const type = keyTypeOf(keyName(blob) ?? "");
  if (type !== null) return { fingerprint: fingerprintOf(blob), type };
  ctx.addIssue({ code: "custom", message: "this is no host key of a type that is known here (ed25519, ecdsa, rsa)", params: { right: "write the line of ssh_host_ed25519_key.pub, its Base64 part, SHA256:... as `ssh-keygen -l` prints it, or learn" } });
  return z.NEVER;
}

/** The option: `learn`, a key or fingerprint, or a list of them. */
export const hostKeyOption = () =>
  z
    .union([z.string(), z.array(z.string()).min(1).max(PINS_MAX)])
    .transform((written, ctx): HostKey => (written === "learn" ? "learn" : [written].flat().map((one) => toPin(one, ctx))))
    .nullable()
    .default(null)
    .describe("Host key that the server must have, or a list of which it must have one: a public key as in known_hosts (Base64), or its fingerprint SHA256:...; learn: the key that is seen first is remembered, and from then on another one is down");

/** What an earlier run remembered; empty for anything that is no such thing. */
export function learntFrom(remembered: FactValue | undefined): Learnt {
  if (typeof remembered !== "object" || remembered === null || Array.isArray(remembered)) return {};
  return Object.fromEntries(Object.entries(remembered as { readonly [name: string]: FactValue }).filter((entry): entry is [string, string] => keyTypeOf(entry[0]) !== null && typeof entry[1] === "string"));
}

const ofType = (learnt: Learnt, type: KeyType | null): readonly string[] => Object.keys(learnt).filter((name) => type === null || keyTypeOf(name) === type);
const signaturesFor = (name: string): readonly string[] => (name === "ssh-rsa" ? SIGNATURES.rsa : [name]);

/**
 * Algorithms to ask for, best first. Of a key that was learnt only its own: a server with several keys does not look changed, and nobody
 * passes for it with a key of another kind.
 */
export function offerOf(hostKey: HostKey, type: KeyType | null, learnt: Learnt): readonly string[] {
  const known = hostKey === "learn" ? ofType(learnt, type) : [];
  if (known.length > 0) return known.flatMap(signaturesFor);
  const pinned = hostKey === "learn" ? [] : (hostKey?.map((pin) => pin.type) ?? []);
  const types = type !== null ? [type] : pinned.length > 0 && !pinned.includes(null) ? KEY_TYPES.filter((one) => pinned.includes(one)) : KEY_TYPES;
  return types.flatMap((one) => SIGNATURES[one]);
}

/** Why the server has no key of a kind that was asked for; `offered`: those that it has. */
export function lacking(hostKey: HostKey, type: KeyType | null, learnt: Learnt, peer: string, offered: string): Failure {
  const [name] = hostKey === "learn" ? ofType(learnt, type) : [];
  const sentence = name === undefined ? `${peer} has no host key of a kind that was asked for; it offers ${offered}` : `${peer} no longer has the host key ${learnt[name]} (${name}) that was learnt; it offers ${offered}`;
  return { code: "mismatch", sentence };
}

export type Accepted = { readonly kind: "known" | "new" | "any"; readonly remember: Learnt } | { readonly kind: "wrong"; readonly failure: Failure };

/** Whether that is the right key, and what is to be remembered. */
export function judgeHostKey(hostKey: HostKey, learnt: Learnt, { name, fingerprint }: Shown, peer: string): Accepted {
  const remember = { ...learnt, [name]: fingerprint };
  const wrong = (sentence: string): Accepted => ({ kind: "wrong", failure: { code: "mismatch", sentence } });
  if (hostKey === null) return { kind: "any", remember };
  if (hostKey !== "learn") {
    return hostKey.some((pin) => pin.fingerprint === fingerprint) ? { kind: "known", remember } : wrong(`the host key of ${peer} is ${fingerprint} (${name}), which is not the pinned one`);
  }
  const before = learnt[name];
  if (before === undefined) return { kind: "new", remember };
  return before === fingerprint ? { kind: "known", remember } : wrong(`the host key of ${peer} was ${before} and is ${fingerprint} now (${name}); if that is right, write the new one as hostKey`);
}
