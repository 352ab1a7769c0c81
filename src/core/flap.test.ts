import { expect, test } from "vitest";
import { acknowledgedOf } from "./draft.ts";
import { Bench, MINUTE, type PolicyWish, policyOf, story } from "./ground.ts";
import { millis } from "./types.ts";

const flapping = { changes: 2, withinMs: millis(20 * MINUTE) };

function f(script: string, wish: PolicyWish, expected: string): void {
  expect(story(script, { flapping, ...wish })).toBe(expected);
}

const THRICE = "1 up, 2 down, 2 down!ops, 3 up, 3 recovered!ops, 4 down, 4 down!ops, 5 up, 5 recovered!ops, 6 down, 6 flapping!ops";

test("too many outages are told as flapping, once, and then that it settled", () => {
  f("u d u d u d u d u", {}, `${THRICE}, 7 up, 8 down, 9 up`);
  f("u d u d u d u +30m", {}, `${THRICE}, 7 up, 10.2 pending, 10.2 unchecked!ops, 26 settled!ops`);
});

test("one that stays down for another failAfter runs is told as down", () => {
  f("u d u d u d d", {}, `${THRICE}, 7 down!ops`);
  f("u d u d u d d u", {}, `${THRICE}, 7 down!ops, 8 up, 8 recovered!ops`);
  f("u d u d u d d d d", { failAfter: 1, steps: "1:ops 3:boss" }, `${THRICE}, 7 down!ops, 8 down!boss`);
});

test("outages long ago do not count", () => {
  f("u d u d u pause +30m resume u d", {}, "1 up, 2 down, 2 down!ops, 3 up, 3 recovered!ops, 4 down, 4 down!ops, 5 up, 5 recovered!ops, 5 paused, 35 pending, 36 up, 37 down, 37 down!ops");
});

test("nobody is told of it while nobody is told of anything", () => {
  f("u window d u d u d u windowend +30m", {}, "1 up, 2 down, 3 up, 4 down, 5 up, 6 down, 7 up, 10.2 pending, 10.2 unchecked!ops");
  f("u d u d u d", { onFail: false, onPass: false }, "1 up, 2 down, 3 up, 4 down, 5 up, 6 down");
  f("u d u d u d silence d pause +30m resume", {}, `${THRICE}, 7 paused, 37 down`);
});

test("what nobody was told of holds no outage back: the first that may be told is told as flapping", () => {
  const muted = "1 up, 2 down, 3 up, 4 down, 5 up, 6 down, 7 up";
  f("u window d u d u d u windowend d u d d u", {}, `${muted}, 8 down, 8 flapping!ops, 9 up, 10 down, 11 down!ops, 12 up, 12 recovered!ops`);
  f("u silence:7 d u d u d u restart d u d", {}, `${muted}, 8 down, 8 flapping!ops, 9 up, 10 down`);
  // By then those in the window are long ago.
  f("u window d u d u d u windowend pause +30m resume u d u", {}, `${muted}, 7 paused, 37 pending, 38 up, 39 down, 39 down!ops, 40 up, 40 recovered!ops`);
});

test("what is down and not told yet settles once it is told, or over", () => {
  const off = (script: string): string => {
    const bench = new Bench({ flapping }).play("u d u d u d");
    bench.policy = policyOf();
    return bench.play(`telling ${script}`).story.slice(THRICE.length + 2);
  };
  expect(off("u")).toBe("7 up, 7 settled!ops");
  expect(off("d d u")).toBe("7 down!ops, 7 settled!ops, 9 up, 9 recovered!ops");
  expect(off("ack d d u")).toBe("9 up, 9 settled!ops");
  expect(off("silence d u u d")).toBe("8 up, 10 down, 10 down!ops");
});

test("a check without steps does not flap: nobody would hear that it does", () => {
  expect(new Bench({ flapping, steps: "" }).play("u d u d u d").state.belief.flapping).toBeNull();
});

test("a flapping check that goes or is changed says so to those who know of it", () => {
  f("u d u d u d u remove", {}, `${THRICE}, 7 up, 7 changed!ops`);
  f("u d u d u d target", {}, `${THRICE}, 6 pending, 6 changed!ops`);
});

test("what settles, or goes, ends the story of the outage with which flapping began", () => {
  const ends = (script: string): readonly (readonly [string, boolean, boolean])[] => {
    const { alerts } = new Bench({ flapping }).play(script);
    const began = alerts.find(({ kind }) => kind === "flapping");
    return alerts.slice(alerts.findIndex((one) => one === began) + 1).map(({ kind, incident, ends: other }) => [kind, incident === began?.incident, other === began?.incident]);
  };
  expect(ends("u d u d u d u +30m").at(-1)).toEqual(["settled", true, false]);
  expect(ends("u d u d u d u remove")).toEqual([["changed", true, true]]);
  expect(ends("u d u d u d u d target")).toEqual([["changed", false, true]]);
});

const times = (count: number, letter: string): string => `${letter} `.repeat(count);

test("acknowledged, it rests until it has settled, and that is told", () => {
  f("u d u d u d u ack d d d u", {}, `${THRICE}, 7 up, 8 down, 11 up`);
  f("u d u d u d ack d d u", {}, `${THRICE}, 9 up`);
  f(`u d u d u d u ack ${times(20, "u")}`, {}, `${THRICE}, 7 up, 26 settled!ops`);
  f(`u d u d u d u ack ${times(22, "d")} u`, {}, `${THRICE}, 7 up, 8 down, 30 up, 30 settled!ops`);
  f(`u d u d u d u ack ${times(19, "u")} d`, {}, `${THRICE}, 7 up, 26 settled!ops, 27 down, 27 down!ops`);
});

test("who has it is whoever was first", () => {
  const { belief } = new Bench({ flapping }).play("u d u d u d u ack").state;
  expect([belief.incident, acknowledgedOf(belief)?.by]).toEqual([null, "ann"]);
});

test("silenced until it recovers: until it has settled and is well, and nothing is told", () => {
  f(`u d u d u d u silence d d d ${times(21, "u")} d`, {}, `${THRICE}, 7 up, 8 down, 11 up, 32 down, 32 down!ops`);
  f(`u d u d u d silence ${times(20, "u")} d`, {}, `${THRICE}, 7 up, 27 down, 27 down!ops`);
  // It settles as down.
  f(`u d u d u d silence u ${times(23, "d")} u d`, {}, `${THRICE}, 7 up, 8 down, 31 up, 32 down, 32 down!ops`);
});
