import { createHmac } from "node:crypto";
import type { ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createServer as createNetServer } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import type { Sending } from "../../src/alert/channels/channel.ts";
import { webhook } from "../../src/alert/channels/webhook.ts";
import { type Certificates, makeCertificates } from "../servers/certificates.ts";
import { describeWith, freePort, temporaryFolder } from "../servers/ground.ts";
import { channelContext, KEY, message } from "./message.ts";
import { listen, receiver } from "./receiver.ts";

/** As `receiver`, with its address. */
async function hooked(answer: (response: ServerResponse) => void): Promise<{ readonly url: string; readonly asked: Awaited<ReturnType<typeof receiver>>["asked"] }> {
  const { port, asked } = await receiver(answer);
  return { url: `http://127.0.0.1:${port}/hook?x=1`, asked };
}

const send = (options: object, deadlineMs = 30_000): Promise<Sending> => webhook.send(webhook.options.parse(options), message(), channelContext({ deadlineMs }));
const ok = (response: ServerResponse): void => void response.writeHead(202, { "content-type": "text/plain" }).end("taken");

describe("what is sent", () => {
  test("JSON with the key, the site and the alerts", async () => {
    const { url, asked } = await hooked(ok);
    expect(await send({ url })).toEqual({ kind: "sent", detail: "HTTP 202 Accepted: taken" });
    const [request] = asked;
    expect(request).toMatchObject({ method: "POST", path: "/hook?x=1", headers: { "content-type": "application/json", "idempotency-key": KEY, "x-tocsin-key": KEY, "user-agent": "Tocsin" } });
    expect(JSON.parse(request?.body ?? "")).toMatchObject({ key: KEY, subject: "▲ DOWN shöp <1> — HTTP 503, since 04:00 (0 s)", site: { vantage: "home" }, alerts: [{ id: "a1", kind: "down", check: "shöp <1>", status: "down", since: "2026-11-20T03:00:00.000Z", outageFrom: null, hides: ["cart"] }] });
  });
  test("signed so that forgery and age show", async () => {
    const { url, asked } = await hooked(ok);
    await send({ url, secret: "hush" });
    const [, seconds = "", hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(asked[0]?.headers["x-tocsin-signature"])) ?? [];
    expect(hex).toBe(createHmac("sha256", "hush").update(`${seconds}.${asked[0]?.body}`).digest("hex"));
  });
  test("not signed without a secret", async () => {
    const { url, asked } = await hooked(ok);
    await send({ url });
    expect(asked[0]?.headers["x-tocsin-signature"]).toBe(undefined);
  });
  test("own method, headers and template", async () => {
    const { url, asked } = await hooked(ok);
    await send({ url, method: "PUT", headers: { Authorization: "Bearer x" }, contentType: "text/plain", body: "{{ alerts[0].check | json }} {{ site.vantage }}{% for alert in alerts %} {{ alert.status }}{% endfor %}" });
    expect(asked).toMatchObject([{ method: "PUT", headers: { authorization: "Bearer x", "content-type": "text/plain" }, body: '"shöp <1>" home down' }]);
  });
  test("user and password of the address log in, and stand nowhere in the request", async () => {
    const { url, asked } = await hooked(ok);
    const signedIn = url.replace("//", "//ops%40example:p%C3%A4ss%3Aw@");
    await send({ url: signedIn });
    await send({ url: signedIn, headers: { Authorization: "Bearer x" } });
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([`Basic ${Buffer.from("ops@example:päss:w").toString("base64")}`, "Bearer x"]);
    expect(asked[0]).toMatchObject({ path: "/hook?x=1", headers: { host: new URL(url).host } });
    expect(webhook.options.safeParse({ url: "http://u:50%@a.example/" }).success).toBe(false);
  });
  test("by GET, with what it tells in the address", async () => {
    const { url, asked } = await hooked(ok);
    await send({ url: `${url}&text={{ subject | url_encode }}&from={{ site.vantage }}`, method: "GET" });
    expect(asked).toMatchObject([{ method: "GET", body: "" }]);
    expect(asked[0]?.headers).not.toHaveProperty("content-type");
    expect([...new URL(asked[0]?.path ?? "", url).searchParams]).toEqual([["x", "1"], ["text", "▲ DOWN shöp <1> — HTTP 503, since 04:00 (0 s)"], ["from", "home"]]);
  });
  test("whom it goes to is fixed", () => {
    const f = (url: string): boolean => webhook.options.safeParse({ url }).success;
    expect(["https://a.example/{{ subject }}", "https://a.example?x={{ subject }}", "https://a.example"].filter(f)).toHaveLength(3);
    expect(["https://{{ site.name }}/", "https://a.{{ site.name }}", "{{ subject }}", "https://a.example{{ subject }}", "https://a.example:{{ key }}/", "https://a.example/{{ subject", "ftp://a.example/"].filter(f)).toEqual([]);
  });
  test("a template reads no files", async () => {
    const { url, asked } = await hooked(ok);
    expect(await send({ url, body: "{% render '/etc/hostname' %}" })).toMatchObject({ kind: "retry", doubt: false });
    expect(asked).toEqual([]);
  });
  test("a template that never ends waits until it is mended", async () => {
    const { url, asked } = await hooked(ok);
    expect(await send({ url, body: "{% for a in (1..1000000) %}{% for b in (1..1000000) %}{% endfor %}{% endfor %}" })).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/template/) });
    expect(asked).toEqual([]);
  });
});

describe("what the answer means", () => {
  const f = async (answer: (response: ServerResponse) => void, deadlineMs?: number): Promise<Sending> => send({ url: (await hooked(answer)).url }, deadlineMs);
  const status = (code: number, headers = {}): ((response: ServerResponse) => void) => (response) => void response.writeHead(code, headers).end();
  test("200", async () => expect(await f(status(200))).toEqual({ kind: "sent", detail: "HTTP 200 OK" }));
  test("204", async () => expect(await f(status(204))).toEqual({ kind: "sent", detail: "HTTP 204 No Content" }));
  test("302 is not followed", async () => expect(await f(status(302, { location: "/b" }))).toMatchObject({ kind: "refused", reason: expect.stringMatching(/set url to \/b$/) }));
  test("401", async () => expect(await f(status(401))).toMatchObject({ kind: "refused" }));
  test("429 with its wait", async () => expect(await f(status(429, { "retry-after": "7" }))).toEqual({ kind: "retry", reason: "HTTP 429 Too Many Requests", doubt: false, afterMs: 7000 }));
  test("503", async () => expect(await f(status(503))).toMatchObject({ kind: "retry", doubt: false }));
  test("no answer: in doubt", async () => expect(await f(() => {}, 300)).toEqual({ kind: "retry", reason: "no answer before the deadline", doubt: true }));
  test("dropped after the request: in doubt", async () => expect(await f((response) => void response.socket?.destroy())).toMatchObject({ kind: "retry", doubt: true }));
  test("dropped within the body: the status stands", async () => {
    const half = (response: ServerResponse): void => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("ta", () => response.socket?.destroy());
    };
    expect(await f(half)).toMatchObject({ kind: "sent" });
  });
  test("an endless body: the status stands", async () => {
    const flood = (response: ServerResponse): void => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(1000)));
      };
      response.on("drain", more);
      more();
    };
    expect(await f(flood)).toMatchObject({ kind: "sent" });
  });
  test("a body that never ends nor comes: the deadline, and the status stands", async () => {
    expect(await f((response) => response.writeHead(200, { "content-length": "9" }).flushHeaders(), 300)).toMatchObject({ kind: "sent" });
  });
});

describe("a connection that fails", () => {
  test("refused: surely not sent", async () => expect(await send({ url: `http://127.0.0.1:${await freePort()}/` })).toMatchObject({ kind: "retry", doubt: false }));
  test("no such name: surely not sent", async () => expect(await send({ url: "http://nowhere.invalid/" })).toMatchObject({ kind: "retry", doubt: false }));
  test("garbage instead of an answer: in doubt", async () => {
    const port = await listen(createNetServer((socket) => void socket.on("error", () => {}).end("hello there\r\n\r\n")));
    expect(await send({ url: `http://127.0.0.1:${port}/` })).toMatchObject({ kind: "retry", doubt: true });
  });
  test("a server that speaks no TLS: surely not sent", async () => {
    const { url } = await hooked(ok);
    expect(await send({ url: url.replace("http:", "https:") })).toMatchObject({ kind: "retry", doubt: false });
  });
  test("a TLS handshake that hangs: surely not sent", async () => {
    const port = await listen(createNetServer((socket) => void socket.on("error", () => {})));
    expect(await send({ url: `https://127.0.0.1:${port}/` }, 300)).toMatchObject({ kind: "retry", doubt: false });
  });
});

describeWith(["openssl"], "certificates", () => {
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates(temporaryFolder());
  });
  async function f(kind: "good" | "expired" | "wrongName" | "selfSigned", tls: object): Promise<Sending> {
    const { cert, key } = certificates[kind];
    const port = await listen(createSecureServer({ cert, key }, (request, response) => void request.resume().on("end", () => ok(response))));
    return send({ url: `https://localhost:${port}/`, tls });
  }
  test("good", async () => expect(await f("good", { ca: certificates.authority })).toMatchObject({ kind: "sent" }));
  test("of an unknown authority", async () => expect(await f("good", {})).toMatchObject({ kind: "retry", doubt: false }));
  test("expired", async () => expect(await f("expired", { ca: certificates.authority })).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/expired/) }));
  test("for another name", async () => expect(await f("wrongName", { ca: certificates.authority })).toMatchObject({ kind: "retry", doubt: false }));
  test("not verified on request", async () => expect(await f("selfSigned", { verify: false })).toMatchObject({ kind: "sent" }));
});

describe("options", () => {
  const f = (options: object): boolean => webhook.options.safeParse({ url: "https://x/", ...options }).success;
  test("an address is enough", () => expect(f({})).toBe(true));
  test("only the web", () => expect(f({ url: "ftp://x/" })).toBe(false));
  test("templates are read while loading", () => expect(f({ body: "{% if %}" })).toBe(false));
  test("unknown filters are found while loading", () => expect(f({ body: "{{ text | shout }}" })).toBe(false));
  test("headers of our own", () => expect(f({ headers: { "Idempotency-Key": "x" } })).toBe(false));
  test("headers of two lines", () => expect(f({ headers: { "X-A": "a\r\nX-B: b" } })).toBe(false));
  test("unknown keys", () => expect(f({ colour: "red" })).toBe(false));
});
