import { expect, test } from "vitest";
import { type SrvTarget, srvOrder } from "./srv.ts";

const target = (host: string, priority: number, weight: number): SrvTarget => ({ host, port: 1, priority, weight });
const order = (targets: readonly SrvTarget[], ...fractions: readonly number[]): string => {
  const left = [...fractions];
  return srvOrder(targets, () => left.shift() ?? 0).map(({ host }) => host).join(" ");
};

test("by priority", () => expect(order([target("c", 20, 0), target("a", 0, 0), target("b", 10, 0)])).toBe("a b c"));
test("within one priority by lot, as heavy as they are", () => {
  const three = [target("heavy", 0, 3), target("light", 0, 1), target("none", 0, 0)];
  expect(order(three, 0, 0, 0)).toBe("none light heavy");
  expect(order(three, 0.2, 0.99, 0)).toBe("light heavy none");
  expect(order(three, 0.99, 0.99, 0)).toBe("heavy light none");
});
test("each once, whatever is drawn", () => {
  const many = Array.from({ length: 30 }, (_, index) => target(`h${index}`, index % 3, index % 7));
  for (const fraction of [0, 0.5, 0.999_999]) expect(new Set(srvOrder(many, () => fraction)).size).toBe(30);
});
test("none of none", () => expect(order([])).toBe(""));
