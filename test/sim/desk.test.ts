import { expect, test } from "vitest";
import { Links } from "../../src/api/links.ts";
import { Desk } from "../../src/app/desk.ts";
import { loadSite } from "../../src/config/load.ts";
import { folder } from "../../src/config/testdata/folder.ts";
import { checkName, millis } from "../../src/core/types.ts";
import { group } from "../../src/probes/group.ts";
import { openMemoryStore } from "../../src/store/memory.ts";
import { LifeClock, VirtualTime } from "./clock.ts";
import { collecting, scripted, startMonitor } from "./scripted.ts";

const MINUTE_MS = 60_000;
const START = Date.parse("2026-01-01T00:00:00Z");
const [rack, shop] = [checkName("rack"), checkName("shop")];

/** A monitor with people who give it orders. `down`: the minutes in which each check is down. */
async function begin(checks: string, down: { readonly [row: string]: (minute: number) => boolean }): Promise<World> {
  const time = new VirtualTime(START);
  const minute = (): number => Math.floor(time.monotonic / MINUTE_MS);
  const told: string[] = [];
  const texts: string[] = [];
  const channel = collecting((_, text) => {
    const headlines = text.split("\n").filter((line) => /^\S [A-Z ]+ \S+ — /.test(line));
    told.push(...headlines.map((line) => `${minute()} ${line.split(" — ")[0]}`).toSorted());
    texts.push(text);
  });
  const probes = [scripted((row) => (down[row]?.(minute()) === true ? "down" : "up")), group];
  const defaults = 'defaults: {schedule: "* * * * *", timeout: 10s, failAfter: 1, notify: [ops]}';
  const text = `timezone: UTC\nurl: https://tocsin.example.com/\n${defaults}\nchannels: {ops: {type: people, name: ops, group: 0s}}\nchecks: ${checks}`;
  const loaded = await loadSite({ path: "/t/tocsin.yaml", files: folder({ "/t/tocsin.yaml": text }), environment: {}, probes, channels: [channel] });
  if (loaded.kind === "broken") throw new Error(JSON.stringify(loaded.problems));
  const monitor = await startMonitor(loaded.site, { clock: new LifeClock(time), store: await openMemoryStore(), probes, channelOf: () => channel, links: new Links(Buffer.alloc(32, 7)) });
  return { desk: new Desk(monitor), told, texts, until: (at) => time.runUntil((at + 0.5) * MINUTE_MS) };
}

interface World {
  readonly desk: Desk;
  readonly told: readonly string[];
  readonly texts: readonly string[];
  readonly until: (minute: number) => Promise<void>;
}

const RACK = "{rack: {type: group, members: [a, inner]}, inner: {type: group, members: [b, c]}, a: {type: scripted, row: a}, b: {type: scripted, row: b}, c: {type: scripted, row: c}}";
/** What rang, each after its minute. */
const rang = ({ told }: World): string => told.filter((line) => line.includes("DOWN")).map((line) => line.replace(" ▲ DOWN ", "")).join(" ");
/** Well in three minutes of every ten. */
const often = (minute: number): boolean => minute % 10 >= 3;

test("a group that is silenced for a time is so with all its members", async () => {
  const world = await begin(RACK, { a: often, b: (minute) => minute >= 14 });
  await world.until(1);
  expect(world.desk.silence(rack, "ann", millis(30 * MINUTE_MS))).toEqual({ kind: "done" });
  await world.until(28);
  expect(rang(world)).toBe("");
  expect(world.desk.unsilence(rack, "ann")).toEqual({ kind: "done" });
  await world.until(29);
  expect(rang(world)).toBe("28a 28b 28inner 28rack");
});

test("a group that is silenced until it has recovered is so with the members that are not well", async () => {
  const world = await begin(RACK, { a: often, b: (minute) => minute >= 3 && minute < 20, c: (minute) => minute >= 6 && minute < 8 });
  await world.until(1);
  expect(world.desk.silence(rack, "ann")).toMatchObject({ kind: "refused", reason: "rack is not in trouble, so there is nothing to silence" });
  await world.until(3);
  expect(world.desk.silence(rack, "ann")).toEqual({ kind: "done" });
  expect(world.desk.overview().checks.filter(({ silenced }) => silenced).map(({ name }) => name)).toEqual(["rack", "inner", "a", "b"]);
  await world.until(35);
  // What was well then rings, and what goes down anew.
  expect(world.told.filter((line) => !line.startsWith("3 "))).toEqual(["6 ▲ DOWN c", "8 ● RECOVERED c", "13 ▲ DOWN a", "20 ● RECOVERED a", "23 ▲ DOWN a", "23 ▲ DOWN rack", "30 ● RECOVERED a", "30 ● RECOVERED rack", "33 ▲ DOWN a", "33 ▲ DOWN rack"]);
});

test("a group that holds though a member is down is silenced with that", async () => {
  const world = await begin("{rack: {type: group, require: any, members: [a, b]}, a: {type: scripted, row: a}, b: {type: scripted, row: b}}", { a: often });
  await world.until(4);
  expect(world.desk.silence(rack, "ann")).toEqual({ kind: "done" });
  await world.until(12);
  expect(world.told).toEqual(["3 ▲ DOWN a"]);
});

const FLAPS = "{shop: {type: scripted, row: shop, flapping: {changes: 2, within: 10m}}}";
const flapping = async (end: number): Promise<World & { readonly token: string }> => {
  const world = await begin(FLAPS, { shop: (minute) => minute < end && minute % 2 === 1 });
  await world.until(6);
  expect(world.told.at(-1)).toBe("5 ▲ FLAPPING shop");
  return { ...world, token: /do\/([\w-]+)/.exec(world.texts.at(-1) ?? "")?.[1] ?? "" };
};

test("the links of flapping act until it has settled, up or down", async () => {
  const { desk, told, until, token } = await flapping(14);
  expect(desk.linked(token)).toMatchObject({ name: shop, check: { state: "up", flapping: true, acknowledged: null } });
  expect(desk.acknowledge(shop, "ann", "")).toEqual({ kind: "done" });
  await until(13);
  expect(desk.linked(token)).toMatchObject({ check: { state: "down", acknowledged: { by: "ann" } } });
  await until(22);
  expect(desk.linked(token)).toMatchObject({ check: { state: "up", acknowledged: { by: "ann" } } });
  await until(24);
  expect([desk.linked(token), told.at(-1)]).toEqual(["over", "23 ● SETTLED shop"]);
  expect(desk.acknowledge(shop, "ann", "")).toMatchObject({ kind: "refused" });
});

test("silenced by its link, what flaps is silent until it has settled", async () => {
  const { desk, told, until } = await flapping(14);
  expect(desk.silence(shop, "ann")).toEqual({ kind: "done" });
  await until(22);
  expect(desk.summary(shop)).toMatchObject({ silenced: true });
  await until(24);
  expect([desk.summary(shop)?.silenced, told.at(-1)]).toEqual([false, "5 ▲ FLAPPING shop"]);
});
