import { expect, test } from "vitest";
import { endpointKey, externalToken, goDuration } from "./external-endpoint.ts";

test("keys are what Gatus shows in its addresses", () => {
  const f = (group: string, name: string, key: string): void => expect(endpointKey(group, name)).toBe(key);
  f("core", "ext-ep-test", "core_ext-ep-test");
  f("", "web", "_web");
  f(" A/B_c.d ", "e,f #g+h&i", "a-b-c-d_e-f--g-h-i");
  f("Größe", "日本", "größe_日本");
});

test("a token is the key's and the bearer's, and can stand in an address", () => {
  expect(externalToken("core_a", "potato")).toMatch(/^[0-9a-f]{32}$/);
  expect(externalToken("Core_A", "potato")).toBe(externalToken("core_a", "potato"));
  const all = [externalToken("core_a", "potato"), externalToken("core_b", "potato"), externalToken("core_a", "Potato"), externalToken("core_a\",\"p", "otato"), externalToken("core_ap", "otato")];
  expect(new Set(all).size).toBe(all.length);
});

test("durations as Go writes them", () => {
  const f = (text: string, ms: number | null): void => expect(goDuration(text), text).toBe(ms);
  f("0", 0);
  f("1h30m", 5_400_000);
  f("1.5h", 5_400_000);
  f(".5s", 500);
  f("250us", 0.25);
  f("-2m", -120_000);
  f("+1s", 1000);
  for (const none of ["", "1", "1d", "s", "1 s", "1s ", "1e3s", "1s-", "1".repeat(1_000_000)]) f(none, null);
});
