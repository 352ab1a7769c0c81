import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { checkName, plus } from "../core/types.ts";
import { openMemoryStore } from "../store/memory.ts";
import { sampleBatch, sampleResult, T0 } from "../store/samples.ts";
import { latencyPicture } from "./picture.ts";

const MINUTE = 60_000;
const SHOP = checkName("shop");

test("what the store knows of the day before becomes a picture", async () => {
  const store = await openMemoryStore();
  expect(await latencyPicture(store, SHOP, T0, "UTC")).toBeNull();
  const results = Array.from({ length: 300 }, (_, at) => sampleResult("shop", at * MINUTE, at < 290 ? { latencyMs: 20 + (at % 7) } : { verdict: "down", latencyMs: 10_000, code: "timeout", sentence: "no answer" }));
  await store.commit(sampleBatch(1, { results }));
  const picture = await latencyPicture(store, SHOP, plus(T0, 300 * MINUTE), "UTC");
  expect(picture).toMatchObject({ name: "latency.png", type: "image/png" });
  const png = Buffer.from(picture?.content ?? []);
  expect(png.length).toBeLessThan(20_000);
  const data = png.indexOf("IDAT");
  const pixels = inflateSync(png.subarray(data + 4, data + 4 + png.readUInt32BE(data - 4)));
  // The mark of an outage, and the line.
  for (const colour of [6, 4]) expect(pixels.filter((index) => index === colour).length).toBeGreaterThan(10);
  await store.close();
});
