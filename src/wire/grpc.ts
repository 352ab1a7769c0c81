/** gRPC's health protocol, version 1 (grpc/doc/health-checking.md), in gRPC's framing (grpc/doc/PROTOCOL-HTTP2.md). */

/** Bytes of a string field 1 in protobuf's encoding, behind five bytes of framing: not compressed, and the length. */
export function encodeHealthRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service);
  const message = name.length === 0 ? new Uint8Array(0) : Uint8Array.of(0x0a, ...varint(name.length), ...name);
  return Uint8Array.of(0, message.length >>> 24, (message.length >>> 16) & 255, (message.length >>> 8) & 255, message.length & 255, ...message);
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

const SERVING = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;

export type HealthAnswer = { readonly kind: "answer"; /** `SERVING`, or the number of a value that is new. */ readonly serving: string } | { readonly kind: "bad"; readonly reason: string };

const bad = (reason: string): HealthAnswer => ({ kind: "bad", reason });

/** One whole framed HealthCheckResponse. Fields other than the status are passed over; without a status it is UNKNOWN. */
export function decodeHealthAnswer(bytes: Uint8Array): HealthAnswer {
  if (bytes.length < 5) return bad("no gRPC message");
  if (bytes[0] !== 0) return bad("a compressed message, which was not asked for");
  const length = bytes.subarray(1, 5).reduce((sum, octet) => sum * 256 + octet, 0);
  if (bytes.length !== 5 + length) return bad(`a message of ${bytes.length - 5} bytes that announces ${length}`);
  let status = 0;
  for (let at = 5; at < bytes.length; ) {
    const key = readVarint(bytes, at);
    if (key === null) return bad("a field that is cut short");
    const next = skip(bytes, key.next, key.value & 7);
    if (next === null) return bad("a field that is cut short");
    if (key.value === 0x08) status = readVarint(bytes, key.next)?.value ?? 0;
    at = next;
  }
  return { kind: "answer", serving: SERVING[status] ?? String(status) };
}

/** Where the value of that wire type ends; null when it does not, or is of a type of old. */
function skip(bytes: Uint8Array, at: number, type: number): number | null {
  if (type === 0) return readVarint(bytes, at)?.next ?? null;
  const size = type === 2 ? readVarint(bytes, at) : { value: type === 1 ? 8 : type === 5 ? 4 : Number.NaN, next: at };
  const end = size === null ? Number.NaN : size.next + size.value;
  return end <= bytes.length ? end : null;
}

/** At most ten bytes; only the lower 53 bits count. */
function readVarint(bytes: Uint8Array, from: number): { readonly value: number; readonly next: number } | null {
  let value = 0;
  for (let at = from; at < Math.min(bytes.length, from + 10); at++) {
    const octet = bytes[at] ?? 0;
    value += (octet & 0x7f) * 2 ** (7 * (at - from));
    if (octet < 0x80) return { value, next: at + 1 };
  }
  return null;
}

const STATUS_NAMES = ["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"];

/** `NOT_FOUND` for 5 (grpc/doc/statuscodes.md). */
export const grpcStatusName = (status: number): string => STATUS_NAMES[status] ?? `status ${status}`;

/** `grpc-message` is percent-encoded; what is not encoded well stays as it is. */
export function grpcWords(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
