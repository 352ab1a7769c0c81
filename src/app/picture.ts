import { deflateSync } from "node:zlib";
import type { Attachment } from "../alert/channels/channel.ts";
import { COLUMNS, drawLatency } from "../alert/picture.ts";
import { type CheckName, type Instant, instant, millis, plus } from "../core/types.ts";
import type { Store } from "../store/store.ts";
import { encodePng } from "../wire/png.ts";

/** The time of one column: ten minutes, so that a picture shows a day. */
const STEP_MS = millis(600_000);

/** A check's latency in the day before `asOf` as a PNG; null when too little is known. */
export async function latencyPicture(store: Pick<Store, "range">, check: CheckName, asOf: Instant, timezone: string): Promise<Attachment | null> {
  const last = Math.floor(asOf / STEP_MS) * STEP_MS;
  const from = instant(last - (COLUMNS - 1) * STEP_MS);
  const buckets = await store.range({ check, from, to: plus(asOf, 1), stepMs: STEP_MS });
  const picture = drawLatency({ buckets, from, stepMs: STEP_MS, timezone });
  return picture === null ? null : { name: "latency.png", type: "image/png", content: encodePng(picture, deflateSync) };
}
