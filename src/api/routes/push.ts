import type { IncomingMessage } from "node:http";
import { readBody } from "../body.ts";
import type { Beat } from "../handle.ts";
import { type Call, type Reply, type Room, type Route, problem, route } from "../route.ts";
import { pingParams, pushParams, pushQuery, pushReport } from "../schemas.ts";

/** Bytes of a body that become the message; the rest is dropped. */
const MESSAGE_BYTES_MAX = 4 * 1024;

/** How Healthchecks writes a check's UUID, and a project's ping key. */
const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const PING_KEY = "[\\w-]{22}";
const PLAIN = "text/plain; charset=utf-8";

interface Params {
  readonly token: string;
  readonly word?: string | undefined;
}

interface Ping {
  readonly key: string;
  readonly name?: string | undefined;
  readonly word?: string | undefined;
}

interface Query {
  readonly status?: string | undefined;
  readonly msg?: string | undefined;
  readonly ping?: string | undefined;
}

/** What the word after the token means, as Healthchecks' clients use it: nothing, `start`, `fail`, `log` or an exit status; null for any other. */
export function statusOfWord(word: string | undefined): { readonly status: Beat["status"]; readonly message: string } | null {
  if (word === undefined) return { status: "up", message: "" };
  if (word === "start" || word === "log") return { status: word, message: "" };
  if (word === "fail") return { status: "down", message: "" };
  if (!/^\d{1,3}$/.test(word) || Number(word) > 255) return null;
  return Number(word) === 0 ? { status: "up", message: "" } : { status: "down", message: `exit status ${Number(word)}` };
}

/** Text without control characters but line ends and tabs, in at most 4 KiB; half a character at the cut is dropped. */
export function messageOf(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, MESSAGE_BYTES_MAX), { stream: true });
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "").trim();
}

/** The beat that a request means: the path's word first, then `status` of Uptime Kuma's senders, the body before `msg`. */
export function beatOf(params: Params, query: Query, body: string): Beat | null {
  const told = statusOfWord(params.word);
  if (told === null) return null;
  const status = params.word === undefined && query.status !== undefined && query.status !== "up" ? "down" : told.status;
  const message = [told.message, body === "" ? messageOf(Buffer.from(query.msg ?? "")) : body].filter((part) => part !== "").join(": ");
  const ping = query.ping === undefined || query.ping.trim() === "" ? Number.NaN : Number(query.ping);
  return { status, message, latencyMs: Number.isFinite(ping) && ping >= 0 ? ping : null };
}

/** What the request carries, as text; null when it ended early. */
async function bodyOf(incoming: IncomingMessage): Promise<string | null> {
  if (incoming.method !== "POST" && incoming.method !== "PUT") return "";
  const body = await readBody(incoming, MESSAGE_BYTES_MAX);
  return body.kind === "gone" ? null : messageOf(body.bytes);
}

const early = problem(400, "the request ended early", "send it again");

async function take(room: Room, call: Call<Params, Query, unknown>): Promise<Reply<{ ok: boolean; msg?: string }>> {
  const body = await bodyOf(call.incoming);
  if (body === null) return early;
  const beat = beatOf(call.params, call.query, body);
  if (beat === null) return problem(404, "no such address", "end it with the token, or with /start, /fail, /log or an exit status after it");
  if (room.handle.beat(call.params.token, beat) === "taken") return { kind: "json", value: { ok: true } };
  return { kind: "json", status: 404, value: { ok: false, msg: "no push check has this token" } };
}

/** As Healthchecks names a check: by its UUID, or by the key of its project and its slug; what stands after it. */
export function pingOf({ key, name, word }: Ping): Params {
  return new RegExp(`^${UUID}$`).test(key) || name === undefined ? { token: key, word: word === undefined ? name : `${name}/${word}` } : { token: `${key}/${name}`, word };
}

/** Healthchecks' pinging API (healthchecks.io/docs/http_api): short texts, which its clients do not read. */
async function ping(room: Room, { incoming, outgoing, params }: Call<Ping, unknown, unknown>): Promise<Reply<string>> {
  const body = await bodyOf(incoming);
  if (body === null) return early;
  const meant = pingOf(params);
  const beat = beatOf(meant, {}, body);
  if (beat === null) return { kind: "text", type: PLAIN, status: 400, text: "invalid url format" };
  outgoing.setHeader("ping-body-limit", MESSAGE_BYTES_MAX);
  return room.handle.beat(meant.token, beat) === "taken" ? { kind: "text", type: PLAIN, text: "OK" } : { kind: "text", type: PLAIN, status: 404, text: "not found" };
}

const METHODS = ["GET", "POST", "PUT"] as const;
const PATHS = [
  { path: "/push/{token}", summary: "A push check's heartbeat" },
  { path: "/push/{token}/{word}", summary: "A heartbeat that says start, fail, log or an exit status" },
  { path: "/api/push/{token}", summary: "A heartbeat in the form of Uptime Kuma: status, msg, ping" },
] as const;

const PINGS = ["", "/ping"].flatMap((before) => {
  // Without /ping before it, only what cannot be a page's address is meant.
  const shaped = (key: string): { readonly shapes?: { readonly key: string } } => (before === "" ? { shapes: { key } } : {});
  return [
    { path: `${before}/{key}`, ...shaped(UUID), summary: "A heartbeat in the form of Healthchecks: a check's UUID" },
    { path: `${before}/{key}/{name}`, ...shaped(`(?:${UUID}|${PING_KEY})`), summary: "The same with start, fail, log or an exit status; or a ping key and a slug" },
    { path: `${before}/{key}/{name}/{word}`, ...shaped(PING_KEY), summary: "The same: a ping key, a slug, and start, fail, log or an exit status" },
  ];
});

export const pushRoutes: readonly Route[] = [
  ...PATHS.flatMap(({ path, summary }) => METHODS.map((method) => route({ method, path, summary, tag: "push", access: "anybody", params: pushParams, query: pushQuery, answer: { json: pushReport }, handle: take }))),
  ...PINGS.flatMap((one) => (["GET", "POST"] as const).map((method) => route({ method, ...one, tag: "push", access: "anybody", params: pingParams, answer: { type: "text/plain", about: "OK" }, handle: ping }))),
];
