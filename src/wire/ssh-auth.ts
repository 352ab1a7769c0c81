import { Reader } from "./reader.ts";
import type { UserKey } from "./ssh-private-key.ts";
import { readString, sshString, u32 } from "./ssh.ts";

/** Messages of logging in: RFC 4252, and RFC 4256 for keyboard-interactive. */

export const AUTH = { serviceRequest: 5, serviceAccept: 6, request: 50, failure: 51, success: 52, banner: 53, infoRequest: 60, infoResponse: 61 } as const;
/** Prompts of one question; a second factor makes two of them. */
const PROMPTS_MAX = 10;
const METHODS_MAX = 20;

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

/** RFC 4253, section 10. */
export const encodeServiceRequest = (): Uint8Array => Buffer.concat([Buffer.of(AUTH.serviceRequest), sshString("ssh-userauth")]);

function request(user: string, method: string, ...rest: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.of(AUTH.request), sshString(user), sshString("ssh-connection"), sshString(method), ...rest]);
}

/** RFC 4252, section 5.2: asks which methods there are. */
export const encodeNone = (user: string): Uint8Array => request(user, "none");

/** RFC 4252, section 8. */
export const encodePassword = (user: string, password: string): Uint8Array => request(user, "password", Buffer.of(0), sshString(password));

/** RFC 4252, section 7: the request with its signature; `session`: the session's id. */
export function encodePublicKey(user: string, key: UserKey, session: Uint8Array): Uint8Array {
  const asked = request(user, "publickey", Buffer.of(1), sshString(key.algorithm), sshString(key.blob));
  return Buffer.concat([asked, sshString(key.sign(Buffer.concat([sshString(session), asked])))]);
}

/** RFC 4256, section 3.1. */
export const encodeInteractive = (user: string): Uint8Array => request(user, "keyboard-interactive", sshString(""), sshString(""));

/** RFC 4256, section 3.4. */
export const encodeAnswers = (answers: readonly string[]): Uint8Array => Buffer.concat([Buffer.of(AUTH.infoResponse), u32(answers.length), ...answers.map(sshString)]);

/** RFC 4252, section 5.1: what may be tried next, and whether what was tried is one of several that are wanted. */
export function decodeAuthFailure(payload: Uint8Array): { readonly methods: readonly string[]; readonly partial: boolean } {
  const reader = new Reader(payload, 1);
  const methods = text(readString(reader)).split(",").filter((name) => name !== "").slice(0, METHODS_MAX);
  return { methods, partial: reader.u8() !== 0 && reader.bad === null };
}

/** RFC 4256, section 3.2: the prompts, and whether what is typed may be seen; null for one that is none. */
export function decodeInfoRequest(payload: Uint8Array): readonly { readonly prompt: string; readonly echo: boolean }[] | null {
  const reader = new Reader(payload, 1);
  for (let skipped = 0; skipped < 3; skipped++) readString(reader);
  const count = reader.u32();
  if (reader.bad !== null || count > PROMPTS_MAX) return null;
  const prompts = Array.from({ length: count }, () => ({ prompt: text(readString(reader)), echo: reader.u8() !== 0 }));
  return reader.bad === null ? prompts : null;
}
