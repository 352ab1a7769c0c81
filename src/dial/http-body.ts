import type { Transform } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from "node:zlib";
import { first } from "../sys/until-aborted.ts";

/** Nobody honest compresses more often than twice. */
const CODINGS_MAX = 3;

export type DecodedBody = { readonly kind: "decoded"; readonly bytes: Uint8Array; readonly cut: boolean } | { readonly kind: "failed"; readonly code: "protocol" | "timeout"; readonly reason: string };

/** Undoes `content-encoding` (RFC 9110, section 8.4), giving out at most `limit` bytes: a small answer that unpacks to gigabytes costs no more than that. `partial`: the answer was cut, its end is missing. */
export async function decodeContent(bytes: Uint8Array, coding: string | undefined, limit: number, partial: boolean, signal: AbortSignal): Promise<DecodedBody> {
  const codings = (coding ?? "").toLowerCase().split(",").map((name) => name.trim()).filter((name) => name !== "" && name !== "identity");
  if (codings.length > CODINGS_MAX) return { kind: "failed", code: "protocol", reason: `the answer is compressed ${codings.length} times over` };
  let decoded: DecodedBody = { kind: "decoded", bytes, cut: false };
  for (const name of codings.toReversed()) {
    if (decoded.kind === "failed" || decoded.bytes.length === 0) return decoded;
    const cut: boolean = decoded.cut;
    const decoder = decoderFor(name, decoded.bytes);
    if (decoder === null) return { kind: "failed", code: "protocol", reason: `the answer has the content coding \`${name.slice(0, 20)}\`, which is not known here` };
    const unpacked: DecodedBody | null = await first(pump(decoder, decoded.bytes, limit, partial || cut), signal);
    decoder.destroy();
    if (unpacked === null) return { kind: "failed", code: "timeout", reason: "the answer was not unpacked in time" };
    decoded = unpacked;
    if (decoded.kind === "decoded") decoded = { ...decoded, cut: decoded.cut || cut };
  }
  return decoded;
}

function decoderFor(name: string, bytes: Uint8Array): Transform | null {
  if (name === "gzip" || name === "x-gzip") return createGunzip();
  if (name === "deflate") return ((bytes[0] ?? 0) & 15) === 8 ? createInflate() : createInflateRaw();
  if (name === "br") return createBrotliDecompress();
  if (name === "zstd") return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: 23 } });
  return null;
}

function pump(decoder: Transform, bytes: Uint8Array, limit: number, partial: boolean): Promise<DecodedBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let room = limit;
    const settle = (cut: boolean): void => {
      resolve({ kind: "decoded", bytes: Buffer.concat(chunks), cut });
    };
    decoder.on("data", (chunk: Buffer) => {
      if (room < 0) return;
      chunks.push(chunk.subarray(0, room));
      room -= chunk.length;
      if (room < 0) settle(true);
    });
    decoder.on("end", () => settle(false));
    decoder.on("error", (error) => {
      if (partial) settle(true);
      else resolve({ kind: "failed", code: "protocol", reason: `the compressed answer is damaged: ${error.message}` });
    });
    decoder.end(bytes);
  });
}

/** The body as text, by its `charset`, else UTF-8; bytes that do not fit become `\ufffd`. */
export function textOf(bytes: Uint8Array, contentType: string | undefined): string {
  const label = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType ?? "")?.[1] ?? "utf-8";
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
