import { randomBytes } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { atEnd } from "./ground.ts";

/** A request as the shop saw it. */
export interface Visit {
  readonly line: string;
  readonly cookie: string;
  readonly authorization: string;
}

export interface Shop {
  readonly port: number;
  readonly visits: readonly Visit[];
  /** Tokens and cookies given out so far: none of them may be shown anywhere. */
  readonly given: ReadonlySet<string>;
  /** How the log-in behaves from now on. */
  behave(how: Partial<Behaviour>): void;
}

interface Behaviour {
  /** The form has no token. */
  readonly noToken: boolean;
  /** The log-in is broken. */
  readonly broken: boolean;
  /** The account never answers. */
  readonly hanging: boolean;
  /** Where a log-in leads to. */
  readonly next: string;
}

/**
 * A web shop with a log-in, which Debian has no small one of: `/login` has a form with a one-time token and sets a cookie; who sends both and
 * the right password (probe, hunter22) is led to `/account`; `/api/session` gives a bearer token for `/api/me` in JSON.
 */
export async function startShop(host = "127.0.0.1"): Promise<Shop> {
  const visits: Visit[] = [];
  const given = new Set<string>();
  const forms = new Map<string, string>();
  const sessions = new Set<string>();
  let behaviour: Behaviour = { noToken: false, broken: false, hanging: false, next: "/account" };
  const make = (): string => {
    // A token as they are: with signs that mean something in a document, an address and a form.
    const token = `${randomBytes(9).toString("hex")}&+/"=`;
    given.add(token);
    return token;
  };
  const cookieOf = (request: IncomingMessage, name: string): string => new RegExp(`(?:^|; )${name}=([^;]*)`).exec(request.headers.cookie ?? "")?.[1] ?? "";
  const makeCookie = (): string => {
    const cookie = randomBytes(12).toString("base64url");
    given.add(cookie);
    return cookie;
  };
  const form = (response: ServerResponse): void => {
    const [token, cookie] = [make(), makeCookie()];
    forms.set(cookie, token);
    const written = token.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("+", "&#43;");
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "set-cookie": [`sid=${cookie}; Path=/; HttpOnly`, "lang=en; Path=/"] });
    response.end(`<form method="post">${behaviour.noToken ? "" : `<input type="hidden" name="csrf" value="${written}">`}<input name="user"></form>`);
  };
  const logIn = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const fields = new URLSearchParams(body);
    const known = forms.get(cookieOf(request, "sid"));
    if (behaviour.broken) return void response.writeHead(500).end(`trouble with ${fields.get("csrf") ?? ""}`);
    if (known === undefined || fields.get("csrf") !== known || fields.get("user") !== "probe" || fields.get("password") !== "hunter22") return void response.writeHead(403).end("no");
    const session = makeCookie();
    sessions.add(session);
    response.writeHead(302, { location: behaviour.next, "set-cookie": `session=${session}; Path=/; HttpOnly` }).end();
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { cookie = "", authorization = "" } = request.headers;
      visits.push({ line: `${request.method ?? ""} ${request.url ?? ""}`, cookie, authorization });
      const body = Buffer.concat(chunks).toString();
      const asked = `${request.method ?? ""} ${(request.url ?? "").replace(/\?.*/, "")}`;
      if (asked === "GET /login") return form(response);
      if (asked === "POST /login") return logIn(request, response, body);
      if (asked === "GET /account" && behaviour.hanging) return;
      if (asked === "GET /account") return void (sessions.has(cookieOf(request, "session")) ? response.writeHead(200, { "content-type": "text/html" }).end("<h1>Signed in as probe</h1>") : response.writeHead(302, { location: "/login" }).end());
      if (asked === "POST /api/session") {
        const right = (JSON.parse(body) as { password?: string }).password === "hunter22";
        return void response.writeHead(right ? 201 : 401, { "content-type": "application/json", ...(right ? { location: "/api/me?a=1" } : {}) }).end(JSON.stringify(right ? { id: 42, token: { value: make() } } : { error: "wrong password" }));
      }
      if (asked === "POST /api/echo") return void response.writeHead(200, { "content-type": "application/json" }).end(body);
      if (asked === "GET /api/me") return void (authorization.length > 7 && given.has(authorization.slice(7)) ? response.writeHead(200, { "content-type": "application/json" }).end('{"name":"probe"}') : response.writeHead(401).end());
      response.writeHead(404).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, visits, given, behave: (how) => (behaviour = { ...behaviour, ...how }) };
}
