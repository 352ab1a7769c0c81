import fc from "fast-check";
import { expect, test } from "vitest";
import { DueQueue } from "./due.ts";

test("what is due comes out, the earliest first, and nothing before its time", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(1000))), (deeds) => {
      const queue = new DueQueue<number>();
      let waiting: number[] = [];
      for (const [push, at] of deeds) {
        if (push) {
          queue.push(at, at);
          waiting.push(at);
        } else {
          const due = waiting.filter((other) => other <= at);
          const expected = due.length === 0 ? null : Math.min(...due);
          expect(queue.pop(at)).toBe(expected);
          if (expected !== null) waiting = waiting.toSpliced(waiting.indexOf(expected), 1);
        }
        expect(queue.earliest).toBe(waiting.length === 0 ? null : Math.min(...waiting));
      }
    }),
  );
});
