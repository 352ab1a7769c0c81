import fc from "fast-check";
import { expect, test } from "vitest";
import { judgeLevel, levelProblem } from "./level.ts";

const f = (value: number, failing: boolean, expected: string, hysteresis = 5): void => {
  const { verdict, code, sentence } = judgeLevel({ value, failing, level: 80, hysteresis, what: "the load", unit: "%" });
  expect(`${verdict} ${code} ${sentence}`).toBe(expected);
};

test("well up to the level", () => {
  f(79.96, false, "up ok the load is 80 %");
  f(80, false, "up ok the load is 80 %");
  f(80.2, false, "down mismatch the load is 80.2 %, more than 80 %");
  f(80.04, false, "down mismatch the load is 80.04 %, more than 80 %");
});

test("once failing, well only below the level less the hysteresis", () => {
  f(80.2, true, "down mismatch the load is 80.2 %, more than 80 %");
  f(78, true, "down mismatch the load is 78 %, not yet below 75 % again");
  f(75, true, "down mismatch the load is 75 %, not yet below 75 % again");
  f(74.9, true, "up ok the load is 74.9 %");
  f(80, true, "up ok the load is 80 %", 0);
});

test("a value that stays within the band changes nothing", () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.double({ min: 75, max: 80, noNaN: true }), { maxLength: 20 }), (begin, values) => {
      let failing = begin;
      for (const value of values) failing = judgeLevel({ value, failing, level: 80, hysteresis: 5, what: "", unit: "%" }).verdict === "down";
      expect(failing).toBe(begin);
    }),
  );
});

test("a hysteresis as large as the level is refused", () => {
  expect(levelProblem({ level: 80, hysteresis: 5 })).toBeNull();
  expect(levelProblem({ level: 5, hysteresis: 5 })?.wrong).toBe("a hysteresis of 5 leaves nothing below the level of 5 to recover to");
  expect(levelProblem({ level: 0, hysteresis: 0 })).toBeNull();
});
