import type { IncomingMessage } from "node:http";

/** Longest body of a request that is read whole, bytes. */
export const BODY_BYTES_MAX = 64 * 1024;

export type Body = { readonly kind: "read"; readonly bytes: Buffer; readonly cut: boolean } | { readonly kind: "gone" };

/** Reads at most `limit` bytes of a request's body; `cut` when there was more, which is left unread. How long it may take is the server's business (`requestTimeout`). */
export function readBody(incoming: IncomingMessage, limit: number): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (body: Body): void => {
      incoming.off("data", onData).off("end", onEnd).off("close", onGone).off("error", onGone);
      incoming.pause();
      resolve(body);
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) settle({ kind: "read", bytes: Buffer.concat(chunks).subarray(0, limit), cut: true });
    };
    const onEnd = (): void => settle({ kind: "read", bytes: Buffer.concat(chunks), cut: false });
    const onGone = (): void => settle({ kind: "gone" });
    if (incoming.readableEnded) return onEnd();
    if (incoming.destroyed) return onGone();
    incoming.on("data", onData).on("end", onEnd).on("close", onGone).on("error", onGone);
    return undefined;
  });
}
