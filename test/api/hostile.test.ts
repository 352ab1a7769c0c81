import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectSecure } from "node:tls";
import { beforeAll, expect, test } from "vitest";
import { startServer } from "../../src/api/server.ts";
import { SignIn } from "../../src/api/sign-in.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { temporaryFolder } from "../servers/ground.ts";
import { type Asking, HandClock, KeptLog, type World, raw, summaryOf, world } from "./world.ts";

let here: World;
beforeAll(async () => {
  here = await world([summaryOf("shop")], { url: "https://tocsin.example.com/" });
  writeFileSync(join(here.folder, "outside.html"), "beyond the folder");
});

const status = (answer: string): string => answer.split(" ")[1] ?? "";
const request = (line: string, headers: readonly string[] = ["Host: 127.0.0.1"]): string => `${[line, ...headers, "Connection: close"].join("\r\n")}\r\n\r\n`;

test("malformed and endless requests", async () => {
  const f = async (bytes: string, expected: string) => expect([bytes.slice(0, 60), status(await raw(here.server.port, bytes))]).toEqual([bytes.slice(0, 60), expected]);
  await f(request("GET /healthz HTTP/1.1"), "200");
  await f(request("GET /healthz HTTP/1.1", []), "400");
  await f(request("GET /healthz HTTP/1.0", []), "200");
  await f(request("GET /api/v1/session HTTP/1.0", []), "400");
  await f(request("GET /healthz HTTP/1.1", ["Host: 127.0.0.1", "Host: evil.example"]), "400");
  await f(request("GET http://evil.example/ HTTP/1.1"), "400");
  await f(request("GET /\\..\\x HTTP/1.1"), "400");
  await f(request("CONNECT evil.example:443 HTTP/1.1"), "");
  await f(request("OPTIONS * HTTP/1.1"), "400");
  await f(request(`GET /${"a".repeat(9000)} HTTP/1.1`), "414");
  await f(request(`GET /${"a".repeat(20_000)} HTTP/1.1`), "431");
  await f(request("GET / HTTP/1.1", ["Host: 127.0.0.1", `Cookie: tocsin=${"a".repeat(20_000)}`]), "431");
  await f(request("GET / HTTP/1.1", ["Host: 127.0.0.1", ...Array.from({ length: 3000 }, (_, index) => `X-${index}: 1`)]), "431");
  await f("\u0016\u0003\u0001 hello\r\n\r\n", "400");
  await f("GET / HTTP/9.9\r\n\r\n", "400");
  await f(request("GET /healthz HTTP/1.1", ["Host: 127.0.0.1", "Content-Length: 1", "Transfer-Encoding: chunked"]), "400");
  await f(request("POST /api/v1/login HTTP/1.1", ["Host: 127.0.0.1", "Content-Type: application/json", "Content-Length: -1"]), "400");
  await f(request("GET /%ff%fe HTTP/1.1"), "404");
  await f(request("GET /api/v1/checks/%E0%A4%A HTTP/1.1"), "401");
});

test("only our own names and our own page", async () => {
  const f = async (asking: Asking, path: string, expected: number) => expect((await here.got(path, asking)).status).toBe(expected);
  await f({ headers: { host: "rebound.example" } }, "/api/v1/overview", 421);
  await f({ headers: { host: "rebound.example" } }, "/", 421);
  await f({ headers: { host: "rebound.example" } }, "/metrics", 421);
  await f({ headers: { host: "rebound.example" } }, "/api/v1/session", 421);
  await f({ headers: { host: "tocsin.example.com" } }, "/api/v1/overview", 200);
  await f({ headers: { host: "localhost:2930" } }, "/api/v1/overview", 200);
  const run: Asking = { method: "POST", body: {} };
  await f({ ...run, headers: { origin: "https://evil.example" } }, "/api/v1/checks/shop/run", 403);
  await f({ ...run, headers: { origin: "null" } }, "/api/v1/checks/shop/run", 403);
  await f({ ...run, headers: { "sec-fetch-site": "cross-site" } }, "/api/v1/checks/shop/run", 403);
  await f({ ...run, headers: { origin: new URL(here.server.address).origin } }, "/api/v1/checks/shop/run", 200);
  await f({ ...run, headers: { origin: "https://evil.example" } }, "/api/v1/login", 403);
  await f({ ...run, headers: { origin: "https://evil.example" } }, "/api/v1/logout", 403);
});

test("nothing is read or done without a login", async () => {
  const f = async (method: string, path: string) => expect([path, (await here.get(path, { method, ...(method === "POST" ? { body: {} } : {}) })).status]).toEqual([path, 401]);
  for (const path of ["overview", "stream", "checks", "checks/shop", "checks/shop/history", "checks/shop/results", "incidents", `incidents/${"0".repeat(32)}`, "channels", "outbox", "status"]) await f("GET", `/api/v1/${path}`);
  for (const path of ["run", "pause", "resume", "acknowledge", "silence", "unsilence"]) await f("POST", `/api/v1/checks/shop/${path}`);
  for (const path of ["reload", "channels/ops/test"]) await f("POST", `/api/v1/${path}`);
  // `url` says that a proxy stands before it: then this machine is not trusted either.
  await f("GET", "/metrics");
});

test("every answer forbids frames, foreign scripts and guessing of types", async () => {
  for (const path of ["/", "/healthz", "/api/v1/session", "/api/v1/overview", "/api/v1/none", "/none.js"]) {
    const { headers } = await here.get(path, { headers: { accept: "text/html" } });
    expect(headers["content-security-policy"]).toMatch(/default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/);
    expect(headers["content-security-policy"]).not.toContain("unsafe");
    expect([headers["x-content-type-options"], headers["access-control-allow-origin"]]).toEqual(["nosniff", undefined]);
  }
});

test("the page, before and after it is built", async () => {
  const html = { headers: { accept: "text/html" } };
  const unbuilt = await here.get("/", html);
  expect([unbuilt.status, unbuilt.text.includes("npx vite build web")]).toEqual([503, true]);
  mkdirSync(join(here.web, "assets"), { recursive: true });
  writeFileSync(join(here.web, "assets", "index-Bc3dEf9h.js"), "plain");
  writeFileSync(join(here.web, "assets", "index-Bc3dEf9h.js.br"), "squeezed");
  writeFileSync(join(here.web, "favicon.svg"), "<svg/>");
  writeFileSync(join(here.web, "index.html"), "<!doctype html>");
  const f = async (path: string, accept: string, expected: readonly [number, string | undefined, string | undefined]) => {
    const answer = await here.get(path, { headers: { accept } });
    expect([path, answer.status, answer.headers["content-type"], answer.headers["cache-control"]]).toEqual([path, ...expected]);
  };
  await f("/", "text/html", [200, "text/html; charset=utf-8", "no-cache"]);
  await f("/index.html", "text/html", [200, "text/html; charset=utf-8", "no-cache"]);
  await f("/checks/a.b", "text/html,*/*", [200, "text/html; charset=utf-8", "no-cache"]);
  await f("/assets/index-Bc3dEf9h.js", "*/*", [200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"]);
  await f("/favicon.svg", "image/*", [200, "image/svg+xml", "no-cache"]);
  await f("/assets/gone-12345678.js", "*/*", [404, "application/json; charset=utf-8", "no-store"]);
  await f("/api/none", "text/html", [404, "application/json; charset=utf-8", "no-store"]);
  const squeezed = await here.get("/assets/index-Bc3dEf9h.js", { headers: { "accept-encoding": "gzip, br" } });
  expect([squeezed.text, squeezed.headers["content-encoding"], squeezed.headers["content-type"]]).toEqual(["squeezed", "br", "text/javascript; charset=utf-8"]);
  expect((await here.get("/", { method: "HEAD", ...html })).status).toBe(200);
});

test("no path leads out of the page's folder", async () => {
  const paths = ["/../outside.html", "/..%2foutside.html", "/%2e%2e/outside.html", "/assets/..%2f..%2foutside.html", "/..%5coutside.html", "/%252e%252e%252foutside.html", "//outside.html", "/assets/../../outside.html", "/..%00/outside.html"];
  for (const path of paths) {
    const answer = await raw(here.server.port, request(`GET ${path} HTTP/1.1`));
    expect([path, status(answer)]).toEqual([path, "404"]);
    expect(answer).not.toContain("beyond the folder");
  }
});

test("whoever sends slowly is let go, and others are served meanwhile", async () => {
  const socket = connect(here.server.port, "127.0.0.1", () => socket.write("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "));
  const drip = setInterval(() => socket.write("a"), 200);
  const said: string[] = [];
  socket.on("data", (chunk) => said.push(chunk.toString())).on("error", () => undefined);
  expect((await here.get("/healthz")).status).toBe(200);
  await new Promise((resolve) => socket.on("close", resolve));
  clearInterval(drip);
  expect(status(said.join(""))).toBe("408");
});

test("the end waits for nobody longer than a second", async () => {
  const folder = temporaryFolder();
  const [clock, log] = [new HandClock(), new KeptLog()];
  const server = await startServer({ handle: here.handle, listen: { host: "127.0.0.1", port: 0 }, tls: null, url: () => null, auth: await SignIn.open(folder, { clock, log }), webFolder: here.web, ports: { clock, log } });
  if (server.kind === "failed") throw new Error(server.reason);
  const socket = connect(server.port, "127.0.0.1");
  await new Promise((resolve) => socket.write("POST /push/token-token-token-token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nabc", resolve));
  const gone = new Promise((resolve) => socket.on("error", () => undefined).on("close", resolve));
  const closed = server.close();
  clock.advance(1000);
  await Promise.all([closed, gone]);
});

test("why it cannot listen", async () => {
  const options = { handle: here.handle, tls: null, url: () => null, auth: here.signIn, webFolder: here.web, ports: here } as const;
  const taken = await startServer({ ...options, listen: { host: "127.0.0.1", port: here.server.port } });
  expect(taken).toMatchObject({ kind: "failed", reason: `cannot listen on 127.0.0.1:${here.server.port}: something else listens there already` });
  const missing = await startServer({ ...options, listen: { host: "127.0.0.1", port: 0 }, tls: { cert: "/nowhere/cert.pem", key: "/nowhere/key.pem" } });
  expect(missing).toMatchObject({ kind: "failed" });
  const broken = await startServer({ ...options, listen: { host: "127.0.0.1", port: 0 }, tls: { cert: "-----BEGIN nothing", key: "-----BEGIN nothing" } });
  expect(broken).toMatchObject({ kind: "failed" });
});

test("under TLS the cookie is for TLS only", async () => {
  const certificates = await makeCertificates(temporaryFolder());
  const secure = await world([summaryOf("shop")], { tls: { cert: certificates.good.certPath, key: certificates.good.keyPath } });
  const answer = await secure.get("/api/v1/login", { method: "POST", body: { password: secure.password } });
  expect(answer.headers["set-cookie"]?.[0]).toMatch(/^tocsin=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure$/);
  expect((await secure.got("/api/v1/overview")).status).toBe(200);
});

/** The name that the server's certificate has now. */
function certificateOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectSecure({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? "");
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

test("a renewed certificate is taken over, a broken one is not", async () => {
  const folder = temporaryFolder();
  const { good, second } = await makeCertificates(folder);
  const paths = { cert: join(folder, "page.pem"), key: join(folder, "page.key") };
  const place = (from: { readonly certPath: string; readonly keyPath: string }): void => {
    copyFileSync(from.certPath, paths.cert);
    copyFileSync(from.keyPath, paths.key);
  };
  place(good);
  const secure = await world([], { tls: paths });
  const before = await certificateOf(secure.server.port);
  writeFileSync(paths.cert, "nothing");
  secure.clock.advance(3_600_000);
  while (secure.log.lines.length === 0) expect(await certificateOf(secure.server.port)).toBe(before);
  place(second);
  let after = before;
  while (after === before) {
    secure.clock.advance(3_600_000);
    after = await certificateOf(secure.server.port);
  }
  expect(secure.log.lines[0]).toContain("the renewed certificate for the page does not work");
});
