import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { Reader } from "./reader.ts";

/** Codes of packets that a client sends and gets (RFC 2865, section 3; RFC 5997). */
export const RADIUS = { accessRequest: 1, accept: 2, reject: 3, accountingResponse: 5, challenge: 11, statusServer: 12 } as const;

/** Numbers of attributes (RFC 2865, section 5; RFC 3579, section 3.2). */
export const RADIUS_ATTRIBUTE = { userName: 1, userPassword: 2, chapPassword: 3, replyMessage: 18, calledStationId: 30, callingStationId: 31, nasIdentifier: 32, messageAuthenticator: 80 } as const;

export interface RadiusAttribute {
  readonly type: number;
  /** At most 253 octets. */
  readonly value: Uint8Array;
}

export interface RadiusRequest {
  readonly code: number;
  /** 0 to 255. */
  readonly id: number;
  /** 16 random octets. */
  readonly authenticator: Uint8Array;
  readonly attributes: readonly RadiusAttribute[];
}

const HEAD = 20;
const PACKET_MAX = 4096;
const DIGEST = 16;
/** RFC 2865, section 5.2. */
export const RADIUS_PASSWORD_MAX = 128;

/** A request with its Message-Authenticator, which stands first: what follows it cannot be moved (CVE-2024-3596). */
export function encodeRadius({ code, id, authenticator, attributes }: RadiusRequest, secret: string): Uint8Array {
  const all = [{ type: RADIUS_ATTRIBUTE.messageAuthenticator, value: new Uint8Array(DIGEST) }, ...attributes];
  const body = Buffer.concat(all.map(({ type, value }) => Buffer.concat([Buffer.of(type, value.length + 2), value])));
  const packet = Buffer.concat([Buffer.of(code, id, 0, 0), authenticator, body]);
  packet.writeUInt16BE(packet.length, 2);
  packet.set(createHmac("md5", secret).update(packet).digest(), HEAD + 2);
  return packet;
}

/** User-Password as it goes over the line (RFC 2865, section 5.2); of a password of up to 128 octets. */
export function hiddenPassword(password: string, authenticator: Uint8Array, secret: string): Uint8Array {
  const plain = Buffer.from(password, "utf8");
  const padded = Buffer.alloc(Math.max(1, Math.ceil(plain.length / DIGEST)) * DIGEST);
  padded.set(plain);
  let before = authenticator;
  for (let at = 0; at < padded.length; at += DIGEST) {
    const key = createHash("md5").update(secret).update(before).digest();
    for (let index = 0; index < DIGEST; index++) padded[at + index] = (padded[at + index] ?? 0) ^ (key[index] ?? 0);
    before = padded.subarray(at, at + DIGEST);
  }
  return padded;
}

/** CHAP-Password whose challenge is the request's authenticator (RFC 2865, sections 2.2 and 5.3). */
export function chapPassword(id: number, password: string, authenticator: Uint8Array): Uint8Array {
  const digest = createHash("md5").update(Buffer.of(id)).update(password, "utf8").update(authenticator).digest();
  return Buffer.concat([Buffer.of(id), digest]);
}

/** `signed`: it has a Message-Authenticator, and the right one. */
export type RadiusReply =
  | { readonly kind: "reply"; readonly code: number; readonly attributes: readonly RadiusAttribute[]; readonly signed: boolean }
  | { readonly kind: "foreign" }
  | { readonly kind: "bad"; readonly reason: string };

/** A datagram as the answer to a request: `foreign` when it has another id; `bad` when it is none, or not made with the secret. Octets beyond its length are padding. */
export function decodeRadius(bytes: Uint8Array, request: Pick<RadiusRequest, "id" | "authenticator">, secret: string): RadiusReply {
  const bad = (reason: string): RadiusReply => ({ kind: "bad", reason });
  const head = new Reader(bytes);
  const [code, id, length] = [head.u8(), head.u8(), head.u16()];
  if (head.bad !== null || length < HEAD || length > PACKET_MAX || length > bytes.length) return bad(`${bytes.length} octets, which are no RADIUS packet`);
  if (id !== request.id) return { kind: "foreign" };
  const packet = Buffer.from(bytes.subarray(0, length));
  const told = Buffer.from(packet.subarray(4, HEAD));
  packet.set(request.authenticator, 4);
  if (!timingSafeEqual(told, createHash("md5").update(packet).update(secret).digest())) return bad("an answer that was not made with this secret");
  const attributes: RadiusAttribute[] = [];
  let signature: Uint8Array | null = null;
  for (const body = new Reader(bytes, HEAD, length); body.left > 0; ) {
    const [type, size] = [body.u8(), body.u8()];
    const value = body.take(Math.max(0, size - 2));
    if (body.bad !== null || size < 2) return bad("an answer whose attributes do not fit into it");
    attributes.push({ type, value });
    if (type !== RADIUS_ATTRIBUTE.messageAuthenticator) continue;
    if (signature !== null || value.length !== DIGEST) return bad("an answer with an unsound Message-Authenticator");
    signature = Buffer.from(value);
    packet.fill(0, body.offset - DIGEST, body.offset);
  }
  if (signature !== null && !timingSafeEqual(signature, createHmac("md5", secret).update(packet).digest())) return bad("an answer with a false Message-Authenticator");
  return { kind: "reply", code, attributes, signed: signature !== null };
}
