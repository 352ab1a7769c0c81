import { expect, test } from "vitest";
import { Bench, type PolicyWish } from "./ground.ts";
import { isHurried } from "./pace.ts";

test("hurried while it fails or is being confirmed, either way", () => {
  const f = (script: string, wish: PolicyWish, expected: boolean): void => expect(isHurried(new Bench(wish).play(script).state, () => false), script).toBe(expected);
  f("", {}, false);
  f("u u", {}, false);
  f("u ?", {}, false);
  // On its way down, down, on its way up.
  f("u d", { failAfter: 3 }, true);
  f("u d u", { failAfter: 3 }, false);
  f("u d d d d", { failAfter: 3 }, true);
  f("u d u", { recoverAfter: 2 }, true);
  f("u d u u", { recoverAfter: 2 }, false);
  // An answer to a child that does not count.
  f("u c:d", {}, true);
  f("u c:d c:u", {}, false);
  // Degraded is confirmed, and then no reason to hurry.
  f("u g", { warnAfter: 2 }, true);
  f("u g g", { warnAfter: 2 }, false);
  f("u g g d", { warnAfter: 2, failAfter: 3 }, true);
  f("u g g u", { warnAfter: 2, recoverAfter: 2 }, true);
  // What rests.
  f("u gw:down d", { parents: ["gw"] }, false);
  f("u d pause", {}, false);
  // Its parent is back: its own next run decides, and one that failed is asked again soon.
  f("u gw:down d gw:up", { parents: ["gw"] }, true);
  f("u gw:down gw:up d", { parents: ["gw"] }, true);
  f("u gw:down d gw:up u", { parents: ["gw"] }, false);
});

test("what decides about the one that blocks it does not rest", () => {
  const f = (script: string): readonly boolean[] => ["gw", "isp"].map((own) => isHurried(new Bench({ parents: ["gw"] }).play(script).state, (blocker) => blocker === own));
  expect(f("u gw:down d")).toEqual([true, false]);
  expect(f("u gw:blocked d")).toEqual([false, true]);
  expect(f("u gw:down u")).toEqual([false, false]);
});
