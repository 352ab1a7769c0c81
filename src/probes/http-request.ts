import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { decodeContent, textOf } from "../dial/http-body.ts";
import { type Credentials, type Followed, type FollowRequest, follow } from "../dial/http-follow.ts";
import { jsonOf } from "../dial/json.ts";
import { family, host, port, secret, size, sourceAddress, tlsSettings } from "../dial/options.ts";
import { evidenceOf, printable, verdictOf } from "../dial/outcome.ts";
import type { Outcome, ProbeContext } from "./probe.ts";

const MIB = 1_048_576;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What a header field may hold. */
export const FIELD = /^[\t\x20-\x7e\x80-\xff]*$/;
/** A user's name in basic authentication. */
export const USER = /^[^:\p{Cc}]+$/u;

/** A bearer token. */
export const TOKEN_SIGNS = /^[\x21-\x7e]+$/;

const authentication = z
  .union([
    z.strictObject({
      user: z.string().regex(USER, "a user name holds no colon").describe("User name"),
      password: secret().describe("Password"),
      scheme: z.enum(["basic", "digest"]).default("basic").describe("How they are told").meta({ source: "RFC 7617, RFC 7616" }),
    }),
    z.strictObject({ token: secret().regex(TOKEN_SIGNS, "a token holds no blanks").describe("Bearer token").meta({ source: "RFC 6750" }) }),
  ])
  .nullable()
  .default(null)
  .describe("Credentials: {user, password, scheme} or {token}; never sent to another origin after a redirect");

const proxy = z
  .strictObject({
    host: host().describe("Host name or address of the proxy"),
    port: port().describe("Port of the proxy"),
    user: z.string().regex(USER, "a user name holds no colon").nullable().default(null).describe("User name for the proxy"),
    password: secret().nullable().default(null).describe("Password for the proxy"),
  })
  .nullable()
  .default(null)
  .describe("HTTP proxy to go through: CONNECT for https, the whole address in the request for http");

/** What one request says beside its address and its method: spread it into a strict object. */
export const requestOptions = () => ({
  headers: z
    .record(z.string().regex(TOKEN, "a header's name is letters, digits and -"), z.string().regex(FIELD, "a header field holds printable Latin-1 signs only, no line breaks"))
    .default({})
    .describe("Header fields to send; Host, User-Agent and Accept may be replaced")
    .meta({ secret: true }),
  body: z.string().nullable().default(null).describe("Body to send; set content-type with it in headers"),
  auth: authentication,
});

export const method = () => z.string().regex(/^(?!CONNECT$)[A-Z]{1,20}$/, "write a method in capitals: GET, HEAD, POST");
export const redirects = () => z.number().int().min(0).max(20);

/** How servers are reached. */
export const connectionOptions = () => ({
  bodyLimit: size().default(MIB).describe("How much of an answer's body is read; beyond it the fact `cut` is true"),
  http2: z.union([z.boolean(), z.literal("auto")]).default("auto").describe("HTTP/2: auto (where the server agrees under TLS), true (nothing else), false (HTTP/1.1)").meta({ source: "RFC 9113" }),
  tls: tlsSettings().prefault({}).describe("Settings of TLS for https"),
  proxy,
  family: family(),
  source: sourceAddress(),
});

type Requested = z.output<z.ZodObject<ReturnType<typeof requestOptions>>>;

/** A header field that cannot be set, with its path within the request's options; null when all can. */
export function headerProblem({ auth, headers }: Requested): { readonly path: readonly string[]; readonly wrong: string; readonly right: string } | null {
  const own = Object.keys(headers).find((name) => /^(content-length|transfer-encoding|connection)$/i.test(name));
  if (own !== undefined) return { path: ["headers", own], wrong: `\`${own}\` is filled in by itself`, right: "leave it out" };
  const both = auth === null ? undefined : Object.keys(headers).find((name) => name.toLowerCase() === "authorization");
  return both === undefined ? null : { path: ["headers", both], wrong: "credentials are given twice, here and in `auth`", right: "leave one of them out" };
}

/** What the facts of an answer mean. */
export const answerFacts = {
  status: { number: true, about: "Status code of the last answer" },
  version: { about: "HTTP version spoken: 1.0, 1.1 or 2" },
  bytes: { unit: "bytes", about: "Length of the body as it came, compressed or not" },
  cut: { about: "True when the body was longer than bodyLimit" },
  redirects: { number: true, about: "Redirects followed" },
  url: { about: "Where the redirects led to" },
  downgraded: { about: "True when a redirect led from https to http" },
  address: { about: "The address that answered" },
  body: { about: "The decoded body as text (only in conditions)" },
  "body.json": { about: "The body read as JSON: body.json.queue.depth (only in conditions)" },
  header: { about: "Header fields of the answer: header.content-type (only in conditions)" },
  "certificate.days": { unit: "days", about: "Whole days until the first certificate of the chain expires" },
  "certificate.names": { about: "Names the certificate is for" },
  "tls.protocol": { about: "TLSv1.2 or TLSv1.3" },
} as const;

export function credentialsOf({ auth }: Pick<Requested, "auth">): Credentials | null {
  if (auth === null) return null;
  return "token" in auth ? { kind: "bearer", token: auth.token } : { kind: auth.scheme, user: auth.user, password: auth.password };
}

/** Asks, with redirects; the answer's facts, and as `ctx.wants` says its body and header fields as material. */
export async function ask(request: FollowRequest, ctx: ProbeContext): Promise<Outcome> {
  const followed = await follow(request, ctx);
  const { phases, redirects, url, downgraded } = followed;
  const facts: Facts = { ...followed.facts, redirects, url, ...(downgraded ? { downgraded } : {}) };
  if (followed.kind === "failed") {
    const { code, sentence } = followed.failure;
    return { verdict: verdictOf(code), code, sentence, phases, facts, evidence: evidenceOf({ attempts: followed.attempts.join("\n"), sent: followed.sent, received: followed.received }) };
  }
  return answered(request, followed, facts, ctx);
}

async function answered(request: FollowRequest, followed: Extract<Followed, { kind: "answered" }>, facts: Facts, ctx: ProbeContext): Promise<Outcome> {
  const { response, phases, sent, received } = followed;
  const evidence = { attempts: followed.attempts.join("\n"), sent, received };
  const wanted = ctx.wants.has("body");
  const coding = response.headers["content-encoding"];
  // Nobody looks at the body: then it need not be unpacked.
  const content = await decodeContent(response.body, wanted ? coding : undefined, request.bodyLimit, response.cut, ctx.signal);
  if (content.kind === "failed") return { verdict: "down", code: content.code, sentence: content.reason, phases, facts, evidence: evidenceOf(evidence) };
  const text = wanted ? textOf(content.bytes, response.headers["content-type"]) : "";
  const cut = response.cut || content.cut;
  return {
    verdict: "up",
    code: "ok",
    sentence: `HTTP ${response.status} ${response.statusText}`.trim(),
    phases,
    facts: { status: response.status, version: response.version, bytes: response.body.length, ...(cut ? { cut } : {}), ...facts },
    material: materialOf(text, response.headers, ctx.wants),
    evidence: evidenceOf({ ...evidence, ...(coding === undefined ? {} : { unpacked: printable(text) }) }),
  };
}

function materialOf(text: string, headers: { readonly [name: string]: string }, wants: ReadonlySet<string>): Facts {
  const json = wants.has("body.json") ? jsonOf(text) : undefined;
  return { ...(wants.has("body") ? { body: text } : {}), ...(wants.has("header") ? { header: headers } : {}), ...(json === undefined ? {} : { "body.json": json }) };
}
