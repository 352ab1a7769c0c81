import { beforeAll, expect, it } from "vitest";
import { summaryOf, type World, world } from "./world.ts";

let here: World;
beforeAll(async () => {
  here = await world([summaryOf("shop")], { url: "https://tocsin.example.com/" });
});

it("passes on who asks for what, and answers in Prometheus' own format", async () => {
  here.handle.probing = { kind: "probed", text: "probe_success 1\n" };
  const answer = await here.get("/probe?module=tcp&target=a.example.com%3A80&hostname=shop&debug=true&more=x", { headers: { authorization: "Bearer abc", "x-prometheus-scrape-timeout-seconds": "9.5" } });
  expect([answer.status, answer.text, answer.headers["content-type"]]).toEqual([200, "probe_success 1\n", "text/plain; charset=utf-8"]);
  expect(here.handle.probed.at(-1)).toMatchObject({ module: "tcp", target: "a.example.com:80", hostname: "shop", debug: true, waitsMs: 9500, token: "abc" });
  expect((await here.get("/probe")).headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(here.handle.probed.at(-1)).toMatchObject({ module: "", target: "", hostname: "", debug: false, waitsMs: null, token: null });
});

it("says why it does not answer", async () => {
  here.handle.probing = { kind: "wrong", text: 'Unknown module "x"' };
  expect(await here.get("/probe")).toMatchObject({ status: 400, text: 'Unknown module "x"\n' });
  here.handle.probing = { kind: "off", reason: "off", advice: "on" };
  expect(await here.get("/probe")).toMatchObject({ status: 403, json: { error: "off", advice: "on" } });
  here.handle.probing = { kind: "stranger", reason: "who", advice: "you" };
  expect((await here.get("/probe")).status).toBe(401);
  here.handle.probing = { kind: "busy" };
  expect((await here.get("/probe")).status).toBe(503);
  expect((await here.get("/probe", { headers: { "x-prometheus-scrape-timeout-seconds": "soon" } })).status).toBe(400);
  expect((await here.get(`/probe?target=${"a".repeat(2001)}`)).status).toBe(400);
});

it("is not led by a foreign name that leads here", async () => {
  here.handle.probing = { kind: "probed", text: "" };
  const f = async (host: string, status: number, more: { readonly [name: string]: string } = {}): Promise<void> => expect((await here.get("/probe", { headers: { host, ...more } })).status, host).toBe(status);
  await f("evil.example.net", 421);
  await f("evil.example.net", 200, { authorization: "Bearer abc" });
  await f("tocsin.example.com", 200);
  await f("192.0.2.1:2930", 200);
  await f("[2001:db8::1]", 200);
  await f("localhost", 200);
});

it("tells who asked that the asker is gone", async () => {
  const asked = new Promise<AbortSignal>((resolve) => {
    here.handle.probe = (request) => {
      resolve(request.signal);
      return new Promise(() => undefined);
    };
  });
  const leaving = new AbortController();
  const answer = fetch(new URL("/probe", here.server.address), { signal: leaving.signal }).catch(() => null);
  const signal = await asked;
  const gone = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  leaving.abort();
  await gone;
  expect(await answer).toBeNull();
});
