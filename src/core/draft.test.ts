import { expect, test } from "vitest";
import { Bench, policyOf } from "./ground.ts";
import { checkName, millis } from "./types.ts";

const flapping = { changes: 2, withinMs: millis(20 * 60_000) };

/** A check `shop` of `Example` gets other names amid a script; the names under which each alert goes to services that keep incidents. */
function f(before: string, after: string, wish: Parameters<typeof policyOf>[0] = {}): readonly string[] {
  const bench = new Bench({ site: "Example", ...wish }).play(before);
  const check = checkName("store");
  const { incident } = bench.state.belief;
  bench.policy = policyOf({ ...wish, check, site: "Example shops" });
  bench.state = { ...bench.state, check, belief: { ...bench.state.belief, incident: incident && { ...incident, check } } };
  return bench.play(after).alerts.map(({ kind, check: name, openedAs }) => `${kind} ${name} as ${openedAs === undefined ? "today" : `${openedAs.check} of ${openedAs.site}`}`);
}

const [OLD, NEW] = ["shop of Example", "store of Example shops"];

test("what was open when check or site got another name ends under the old one; what opens then has the new", () =>
  expect(f("u d", "telling u d")).toEqual([`down shop as ${OLD}`, `recovered store as ${OLD}`, `down store as ${NEW}`]));

test("also when it gets worse or less, or the check goes", () => {
  expect(f("u g", "telling d g u")).toEqual([`degraded shop as ${OLD}`, `down store as ${OLD}`, `degraded store as ${OLD}`, `recovered store as ${OLD}`]);
  expect(f("u d", "remove")).toEqual([`down shop as ${OLD}`, `changed store as ${OLD}`]);
});

test("a check that flaps keeps its names until it has settled, whatever opens meanwhile", () => {
  const before = ["down shop", "recovered shop", "down shop", "recovered shop", "flapping shop"].map((what) => `${what} as ${OLD}`);
  expect(f("u d u d u d u", `telling ${"u ".repeat(20)}d`, { flapping })).toEqual([...before, `settled store as ${OLD}`, `down store as ${NEW}`]);
  expect(f("u d u d u d u", "telling d d u remove", { flapping })).toEqual([...before, ...["down", "recovered", "changed"].map((what) => `${what} store as ${OLD}`)]);
});

test("one that an earlier version opened has the names of today", () => {
  const bench = new Bench().play("u d");
  bench.policy = policyOf({ site: "Example" });
  expect(bench.play("u").alerts.map(({ openedAs }) => openedAs)).toEqual([undefined, undefined]);
});
