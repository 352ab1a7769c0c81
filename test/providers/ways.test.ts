import { expect, test } from "vitest";
import { Ways } from "../../src/app/ways.ts";
import { loadSite } from "../../src/config/load.ts";
import { folder } from "../../src/config/testdata/folder.ts";
import { channels } from "../../src/alert/channels/index.ts";
import { probes } from "../../src/probes/index.ts";
import type { Site } from "../../src/config/site.ts";
import { providers } from "../../src/alert/providers/index.ts";

async function site(text: string): Promise<Site> {
  const loading = await loadSite({ path: "/t/tocsin.yaml", files: folder({ "/t/tocsin.yaml": text }), environment: {}, probes, channels, providers: () => Promise.resolve(providers) });
  if (loading.kind === "broken") throw new Error(JSON.stringify(loading.problems));
  return loading.site;
}

test("a process knows the catalogue from the moment on that its site names one of it", async () => {
  const ways = new Ways();
  await ways.prepare(await site("channels: {a: {type: log}}"));
  expect([ways.channelOf("log")?.type, ways.channelOf("gotify")]).toEqual(["log", undefined]);
  await ways.prepare(await site("channels: {a: {type: gotify, url: 'https://g.example.com', token: abc}}"));
  expect([ways.channelOf("log")?.type, ways.channelOf("gotify")?.type, ways.channelOf("telegram")?.type, ways.channelOf("carrier-pigeon")]).toEqual(["log", "gotify", "telegram", undefined]);
});
