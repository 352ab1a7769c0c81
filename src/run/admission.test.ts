import fc from "fast-check";
import { expect, test } from "vitest";
import { Admission } from "./admission.ts";

test("never more than the limits, never fewer than there is room for, and each has its turn", () => {
  const deed = fc.oneof(fc.record({ ask: fc.constantFrom("", "a", "b", "c") }), fc.record({ end: fc.nat(20) }), fc.record({ runs: fc.integer({ min: 1, max: 6 }), perTarget: fc.integer({ min: 1, max: 3 }) }));
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 80 }), (deeds) => {
      const limits = { runs: 3, perTarget: 2 };
      const admission = new Admission(limits);
      const running: string[] = [];
      let asked = 0;
      let begun = 0;
      const end = (at: number): void => {
        const [target] = running.splice(at, 1);
        if (target !== undefined) admission.done(target);
      };
      for (const what of deeds) {
        if ("ask" in what) {
          asked += 1;
          const target = what.ask;
          const start = (): void => {
            begun += 1;
            running.push(target);
            expect(running.length).toBeLessThanOrEqual(limits.runs);
            if (target !== "") expect(running.filter((other) => other === target).length).toBeLessThanOrEqual(limits.perTarget);
          };
          admission.ask({ target, start });
        } else if ("end" in what) end(what.end % Math.max(1, running.length));
        else admission.limit(Object.assign(limits, what));
        expect(admission.running).toBe(running.length);
      }
      while (running.length > 0) end(0);
      expect(begun).toBe(asked);
    }),
  );
});

test("those of one target wait in order, and hold nobody else up", () => {
  const order: string[] = [];
  const admission = new Admission({ runs: 10, perTarget: 1 });
  for (const [target, name] of [["a", "a1"], ["a", "a2"], ["b", "b1"], ["a", "a3"]] as const) admission.ask({ target, start: () => void order.push(name) });
  expect(order).toEqual(["a1", "b1"]);
  admission.done("a");
  admission.done("a");
  expect(order).toEqual(["a1", "b1", "a2", "a3"]);
});

test("a raised limit lets those go that waited for it", () => {
  const order: number[] = [];
  const admission = new Admission({ runs: 10, perTarget: 1 });
  for (const at of [1, 2, 3]) admission.ask({ target: "a", start: () => void order.push(at) });
  admission.limit({ runs: 10, perTarget: 3 });
  expect(order).toEqual([1, 2, 3]);
});
