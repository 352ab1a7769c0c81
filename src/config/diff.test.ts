import { describe, expect, test } from "vitest";
import { diffSite, fingerprint } from "./diff.ts";
import { site } from "./testdata/folder.ts";

const CHANNELS = "channels: {log: {type: log}, ops: {type: email, to: [a@example.com]}}\n";
const shop = (keys: string, options = "host: a, port: 1"): string => `${CHANNELS}checks: {gate: {type: tcp, host: g, port: 1}, shop: {type: tcp, ${options}${keys === "" ? "" : `, ${keys}`}}}`;
const diff = async (before: string, after: string): Promise<ReturnType<typeof diffSite>> => diffSite(fingerprint(await site(before)), await site(after));

const f = async (keys: string, what: string | null, options?: string): Promise<void> => expect((await diff(shop(""), shop(keys, options))).changed).toEqual(what === null ? [] : [{ name: "shop", what }]);

describe("what a change of a check is", () => {
  test("nothing", () => f("", null));
  test("another order of keys", () => f("", null, "port: 1, host: a"));
  test("a default written out", () => f("timeout: 10s, failAfter: 2", null));
  test("target", () => f("", "target", "host: b, port: 1"));
  test("target and more", () => f("failAfter: 3", "target", "host: b, port: 1"));
  test("threshold", () => f("failAfter: 3", "judging"));
  test("condition", () => f("warn: {latency: < 1s}", "judging"));
  test("dependency", () => f("depends: [gate]", "judging"));
  test("retries", () => f("retries: 1", "judging"));
  test("flapping", () => f("flapping: off", "judging"));
  test("whom to tell", () => f("notify: [log]", "telling"));
  test("schedule", () => f("every: 30s", "telling"));
  test("tags", () => f("tags: [a]", "telling"));
  test("description", () => f("description: d", "telling"));
  test("paused", () => f("paused: true", "telling"));
});

test("added, removed and renamed", async () => {
  const after = `${CHANNELS}checks: {gate: {type: tcp, host: g, port: 1}, store: {type: tcp, host: a, port: 1, was: shop}, new: {type: tcp, host: n, port: 1}}`;
  expect(await diff(shop(""), after)).toMatchObject({ added: ["new"], removed: [], renamed: [{ from: "shop", to: "store" }] });
  expect(await diff(after, shop(""))).toMatchObject({ added: ["shop"], removed: ["store", "new"], renamed: [] });
});

test("`was` of a check that has long been renamed says nothing", async () => {
  const text = "checks: {store: {type: tcp, host: a, port: 1, was: shop}}";
  expect(await diff(text, text)).toMatchObject({ added: [], removed: [], renamed: [], changed: [] });
});

test("a channel's new recipient is a change of the channel, and of telling", async () => {
  const before = shop("notify: [ops]");
  const after = before.replace("a@example.com", "b@example.com");
  expect(await diff(before, after)).toMatchObject({ channels: { added: [], removed: [], changed: ["ops"] }, changed: [{ name: "shop", what: "telling" }], settings: false });
});

test("the site's new name is a change of settings, and of telling: what opens from then on is known by it", async () =>
  expect(await diff(shop(""), `name: B\n${shop("")}`)).toMatchObject({ settings: true, changed: [{ name: "gate", what: "telling" }, { name: "shop", what: "telling" }] }));

test("settings and maintenance", async () => {
  expect(await diff("name: A", "name: B")).toMatchObject({ settings: true, maintenance: false });
  expect(await diff("name: A", "name: A\nmaintenance: [{name: n, checks: all, weekly: sun 02:00, for: 1h}]")).toMatchObject({ settings: false, maintenance: true });
});
