import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { StoreError } from "../store/store.ts";
import { type House, isLocal, isSecure, knockOf, refuseForm, refuseHost, refuseOrigin } from "./admit.ts";
import { BODY_BYTES_MAX, readBody } from "./body.ts";
import type { Pages } from "./pages.ts";
import { problemResponse, respond } from "./respond.ts";
import { type Asker, type Problem, type Room, type Route, problem } from "./route.ts";
import { routes } from "./routes/index.ts";
import { COOKIE, cookie, waitFirst } from "./routes/session.ts";

/** Who is let in without being asked: `by` names whoever comes over the socket of the data folder. */
export type Door = { readonly kind: "page"; readonly house: () => House; readonly pages: Pages } | { readonly kind: "socket"; readonly by: string };

type Bindings = { Bindings: HttpBindings };

/** The table of routes as an application; `room` is what its handlers use. */
export function application(room: Room, door: Door): Hono<Bindings> {
  const app = new Hono<Bindings>({ strict: false });
  app.use(async (context, next) => {
    const refusal = refuseForm(knockOf(context.env.incoming));
    if (refusal !== null) return problemResponse({ kind: "problem", ...refusal });
    await next();
    return undefined;
  });
  for (const route of routes) app.on(route.method, patternOf(route), (context) => serve(route, room, door, context));
  app.notFound((context) => page(context, door));
  app.onError((error, context) => {
    if (error instanceof StoreError && error.trouble === "slow") return problemResponse({ ...problem(503, "the store took too long to answer", "ask for less, or again later"), retryAfterMs: 5000 });
    const id = randomBytes(4).toString("hex");
    room.log.error("a request failed", { id, method: context.req.method, path: context.req.path, error: error.stack ?? String(error) });
    if (context.env.outgoing.headersSent) {
      context.env.outgoing.destroy();
      return RESPONSE_ALREADY_SENT;
    }
    return problemResponse(problem(500, "something went wrong inside Tocsin", `its log tells more under ${id}`));
  });
  return app;
}

/** `/push/{token}` as the router has it: `/push/:token`, or `/push/:token{[a-z]+}` with a shape. */
function patternOf({ path, shapes }: Route): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `:${name}${shapes?.[name] === undefined ? "" : `{${shapes[name]}}`}`);
}

async function serve(route: Route, room: Room, door: Door, context: Context<Bindings>): Promise<Response> {
  const { incoming, outgoing } = context.env;
  const refusal = refuse(route, door, incoming);
  if (refusal !== null) return problemResponse(refusal);
  const admitted = await admit(route, room, door, incoming, outgoing);
  if (admitted.kind === "problem") return problemResponse(admitted);
  const body = await bodyOf(route, incoming, door.kind === "page");
  if (body.kind === "problem") return problemResponse(body);
  const query = Object.fromEntries(new URL(context.req.url).searchParams);
  const reply = await route.run(room, { params: context.req.param(), query, body: body.value, asker: admitted.asker, incoming, outgoing });
  return respond(reply, outgoing, incoming.method === "HEAD");
}

function refuse(route: Route, door: Door, incoming: IncomingMessage): Problem | null {
  if (door.kind === "socket" || route.access === "anybody") return null;
  const knock = knockOf(incoming);
  const house = door.house();
  const refusal = refuseHost(knock, house) ?? refuseOrigin(knock, house);
  return refusal === null ? null : { kind: "problem", ...refusal };
}

type Admitted = { readonly kind: "admitted"; readonly asker: Asker } | Problem;

/** Finds out who asks, and whether that suffices. */
async function admit(route: Route, room: Room, door: Door, incoming: IncomingMessage, outgoing: ServerResponse): Promise<Admitted> {
  const always = async (): Promise<boolean> => true;
  if (door.kind === "socket") return { kind: "admitted", asker: { user: door.by, local: true, address: "socket", secure: false, session: null, holds: always } };
  const address = incoming.socket.remoteAddress ?? "";
  const secure = isSecure(incoming, door.house());
  const nobody: Asker = { user: null, local: isLocal(incoming, door.house()), address, secure, session: sessionOf(incoming.headers.cookie), holds: always };
  const header = route.access === "anybody" ? undefined : incoming.headers.authorization;
  const asker = room.signIn === null ? nobody : await identify(nobody, room.signIn, header, outgoing);
  if ("kind" in asker) return asker;
  const enough = route.access === "anybody" || route.access === "page" || asker.user !== null || (route.access === "local" && asker.local);
  return enough ? { kind: "admitted", asker } : problem(401, "not signed in", "open the page and sign in, or send HTTP Basic credentials of `admin`");
}

async function identify(nobody: Asker, signIn: NonNullable<Room["signIn"]>, header: string | undefined, outgoing: ServerResponse): Promise<Asker | Problem> {
  const { session, secure, address } = nobody;
  const known = session === null ? null : await signIn.session(session);
  if (session !== null && known !== null) {
    if (known.renew) outgoing.setHeader("set-cookie", cookie(session, secure));
    return { ...nobody, user: known.user, holds: () => signIn.holds(session) };
  }
  if (header === undefined) return nobody;
  const admission = await signIn.basic(header, address);
  if (admission.kind === "wait") return waitFirst(admission.afterMs);
  if (admission.kind === "wrong") return problem(401, "these are not the credentials", "send HTTP Basic with the user `admin` and the password of the page");
  return { ...nobody, user: "admin", holds: async () => (await signIn.basic(header, address)).kind === "in" };
}

/** The id in our cookie; null when there is none or it has another form. */
function sessionOf(cookies: string | undefined): string | null {
  for (const pair of (cookies ?? "").split(";")) {
    const id = new RegExp(`^${COOKIE}=([\\w-]{43})$`).exec(pair.trim())?.[1];
    if (id !== undefined) return id;
  }
  return null;
}

/** The JSON of a request that may change something. Asking for its type makes browsers ask before they send it for another site. */
async function bodyOf(route: Route, incoming: IncomingMessage, strict: boolean): Promise<{ readonly kind: "body"; readonly value: unknown } | Problem> {
  if (route.body === undefined) return { kind: "body", value: undefined };
  if (strict && !/^application\/json\s*(;|$)/i.test(incoming.headers["content-type"] ?? "")) return problem(415, "the request is not application/json", "send `Content-Type: application/json`");
  const body = await readBody(incoming, BODY_BYTES_MAX);
  if (body.kind === "gone") return problem(400, "the request ended early", "send it again");
  if (body.cut) return problem(413, `the body is longer than ${BODY_BYTES_MAX} bytes`, "send less");
  if (body.bytes.length === 0) return { kind: "body", value: {} };
  try {
    return { kind: "body", value: JSON.parse(body.bytes.toString("utf8")) as unknown };
  } catch {
    return problem(400, "the body is not JSON", "send a JSON object");
  }
}

/** What no route answers: the page and its files, or an error. */
async function page(context: Context<Bindings>, door: Door): Promise<Response> {
  const { incoming } = context.env;
  const path = context.req.path;
  const missing = problem(404, `there is no ${context.req.method} ${path.slice(0, 100)}`, "see /api for what there is");
  const reading = context.req.method === "GET" || context.req.method === "HEAD";
  if (door.kind === "socket" || !reading || /^\/(api|push|ping|probe|metrics|healthz|readyz)(\/|$)/.test(path)) return problemResponse(missing);
  const refusal = refuseHost(knockOf(incoming), door.house());
  if (refusal !== null) return problemResponse({ kind: "problem", ...refusal });
  const encodings = incoming.headers["accept-encoding"] ?? "";
  return (await door.pages.serve(path, incoming.headers.accept ?? "", encodings)) ?? problemResponse(missing);
}
