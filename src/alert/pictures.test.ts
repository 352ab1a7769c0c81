import { expect, test } from "vitest";
import { type Alert, type AlertId, channelName, checkName, type IncidentId, instant } from "../core/types.ts";
import type { Clock, Log } from "../sys/ports.ts";
import { renderMessage } from "./message.ts";
import { type Draw, picturesOf } from "./pictures.ts";

const T0 = instant(Date.UTC(2026, 10, 20, 2, 12, 41));

const about = (check: string, kind: Alert["kind"] = "down"): Alert => ({ id: `${check} ${kind}` as AlertId, kind, check: checkName(check), incident: check as IncidentId, channel: channelName("ops"), recipient: "a@x", at: T0, status: "down", since: T0, sentence: "HTTP 503", code: "status", evidence: [], hides: [], outageFrom: null, step: 0, ordinal: 1 });

const lines: string[] = [];
const note = (line: string): void => void lines.push(line);
const log: Log = { debug: note, info: note, warn: note, error: note };
/** A clock whose timers fire when they are told to. */
let fire = (): void => undefined;
const clock: Clock = { now: () => T0, monotonic: () => 0 as never, timer: (_, run) => ((fire = run), { cancel: () => undefined }) };
const drawn: Draw = (check) => Promise.resolve({ name: "latency.png", type: "image/png", content: Buffer.from(check) });

const names = async (alerts: readonly Alert[], draw: Draw): Promise<readonly string[]> => [...(await picturesOf(alerts, T0, draw, { clock, log }))].map(([check, { name }]) => `${check}: ${name}`);

test("three at most, each check once, none of channels and tests", async () => {
  expect(await names([about("shop"), about("shop", "reminder")], drawn)).toEqual(["shop: latency.png"]);
  expect(await names(["a", "b", "c", "d"].map((check) => about(check)), drawn)).toEqual(["a: latency.png", "b: latency-2.png", "c: latency-3.png"]);
  expect(await names([about("channel:sms", "channel-broken"), about("Example", "test")], drawn)).toEqual([]);
});

test("a message goes without a picture that there is not, that fails or that takes too long", async () => {
  expect(await names([about("shop")], () => Promise.resolve(null))).toEqual([]);
  expect(await names([about("shop")], () => Promise.reject(new Error("disk on fire")))).toEqual([]);
  expect(lines).toEqual(["a message goes without its picture: disk on fire"]);
  const waiting = names([about("shop"), about("mail")], (check, asOf) => (check === "shop" ? new Promise(() => undefined) : drawn(check, asOf)));
  await new Promise((resolve) => setImmediate(resolve));
  fire();
  expect(await waiting).toEqual(["mail: latency-2.png"]);
});

test("a message shows the picture in its HTML and carries it", async () => {
  const alerts = [about("shop"), about("mail")];
  const pictures = await picturesOf(alerts, T0, drawn, { clock, log });
  const message = renderMessage({ key: "k", recipient: "a@x", alerts, site: { name: "Example", vantage: "home", url: null, timezone: "UTC" }, asOf: T0, alsoTold: [], unrecorded: false, pictures });
  expect(message.attachments?.map(({ name }) => name)).toEqual(["latency.png", "latency-2.png"]);
  expect([...(message.html ?? "").matchAll(/src="cid:([^"]*)"/g)].map(([, name]) => name)).toEqual(["latency.png", "latency-2.png"]);
  expect(message.text).not.toContain("latency.png");
});
