import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Problem, Reply } from "./route.ts";
import type { ProblemView } from "./types.ts";

/** For every answer: no frames, no guessing of types, nothing told to other sites, and scripts, styles and connections of our own only. */
export const safeHeaders: { readonly [name: string]: string } = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
};

/** For answers that change and may be secret. */
export const apiHeaders: { readonly [name: string]: string } = { ...safeHeaders, "cache-control": "no-store" };

const JSON_TYPE = "application/json; charset=utf-8";

/** A reply as the response that goes out. */
export function respond(reply: Reply<unknown>, outgoing: ServerResponse, head: boolean): Response {
  switch (reply.kind) {
    case "json":
      return new Response(JSON.stringify(reply.value), { status: reply.status ?? 200, headers: { ...apiHeaders, "content-type": JSON_TYPE, ...cookieHeader(reply.cookie) } });
    case "text":
      return new Response(reply.text, { status: reply.status ?? 200, headers: { ...apiHeaders, "content-type": reply.type } });
    case "empty":
      return new Response(null, { status: 204, headers: { ...apiHeaders, ...cookieHeader(reply.cookie) } });
    case "problem":
      return problemResponse(reply);
    case "pieces":
      writePieces(reply.pieces, reply.type ?? JSON_TYPE, outgoing, head);
      return RESPONSE_ALREADY_SENT;
    case "kept":
      return RESPONSE_ALREADY_SENT;
    default:
      return reply satisfies never;
  }
}

const cookieHeader = (cookie: string | undefined): { readonly [name: string]: string } => (cookie === undefined ? {} : { "set-cookie": cookie });

/** An error in JSON, with what to do. */
export function problemResponse(problem: Problem): Response {
  const view: ProblemView = { error: problem.error, advice: problem.advice };
  const retry = problem.retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(problem.retryAfterMs / 1000)) };
  // What was not read of the body is not waited for.
  const close = problem.status === 413 ? { connection: "close" } : {};
  return new Response(JSON.stringify(view), { status: problem.status, headers: { ...apiHeaders, "content-type": JSON_TYPE, ...retry, ...close } });
}

function writePieces(pieces: readonly Buffer[], type: string, outgoing: ServerResponse, head: boolean): void {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  outgoing.writeHead(200, { ...apiHeaders, "content-type": type, "content-length": length });
  if (!head) for (const piece of pieces) outgoing.write(piece);
  outgoing.end();
}
