import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadConfiguration } from "../../src/app/configuration.ts";
import { notifyOnce } from "../../src/app/once.ts";
import { Ways } from "../../src/app/ways.ts";
import type { Site } from "../../src/config/site.ts";
import { channelName } from "../../src/core/types.ts";
import { temporaryFolder } from "../servers/ground.ts";

const path = join(temporaryFolder(), "tocsin.yaml");

/** Through the loading thread, as `tocsin run` does. */
async function site(text: string): Promise<Site> {
  writeFileSync(path, text, { mode: 0o600 });
  const loading = await loadConfiguration(path, { TOKEN: "AKMhKAqqTVhYvkM" }, null);
  if (loading.kind === "broken") throw new Error(JSON.stringify(loading.problems));
  return loading.site;
}

const gotify = (url: string): string => `channels: {a: {type: gotify, url: "${url}", token: "\${env:TOKEN}"}}`;
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url} ${String(request.headers["x-gotify-key"])}`);
  request.resume().on("end", () => response.end(`{"id":1,"token":"${String(request.headers["x-gotify-key"])}"}`));
});
afterAll(() => void server.close());

test("a process knows the catalogue from the moment on that its site names one of it", async () => {
  const ways = new Ways();
  await ways.prepare(await site("channels: {a: {type: log}}"));
  expect([ways.channelOf("log")?.type, ways.channelOf("gotify")]).toEqual(["log", undefined]);
  await ways.prepare(await site(gotify("https://g.example.com")));
  expect([ways.channelOf("log")?.type, ways.channelOf("gotify")?.type, ways.channelOf("telegram")?.type, ways.channelOf("carrier-pigeon")]).toEqual(["log", "gotify", "telegram", undefined]);
});

test("a test message goes the whole way, and its answer brings no secret back", async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  expect(await notifyOnce(await site(gotify(`http://127.0.0.1:${port}/push/`)), channelName("a"))).toEqual({ kind: "sent", detail: 'HTTP 200 OK: {"id":1,"token":"***"}' });
  expect(asked).toEqual(["POST /push/message AKMhKAqqTVhYvkM"]);
});
