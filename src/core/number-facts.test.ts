import { expect, test } from "vitest";
import { parseCondition } from "./expect.ts";
import { unfitForNumber, unitOf } from "./number-facts.ts";

const facts = { status: { number: true, about: "" }, "certificate.days": { unit: "days", about: "" }, body: { about: "" } } as const;

/** What is advised for a condition on a fact with this unit; null: it is taken. */
function advice(written: string | number | boolean, unit: string): string | null {
  const parsed = parseCondition(written);
  if (parsed.kind === "wrong") throw new Error(parsed.wrong);
  return unfitForNumber("x", unit, written, parsed.condition)?.right ?? null;
}

test("which facts are numbers", () => {
  expect(["latency", "phase.connect", "status", "certificate.days", "body", "body.json.queue", "phase", "constructor"].map((fact) => unitOf(fact, facts))).toEqual(["ms", "ms", "", "days", null, null, null, null]);
});

test("what a number can meet is taken", () => {
  for (const written of [200, "200", "== 200", "!= 200", "200-299", "< 5", "/^2/", "exists", "absent", "1.50"]) expect(advice(written, ""), String(written)).toBeNull();
  for (const written of ["== 800", "!= 800", "< 800ms", "0-800", "exists"]) expect(advice(written, "ms"), written).toBeNull();
  for (const written of [14, "14", "> 2w"]) expect(advice(written, "days"), String(written)).toBeNull();
});

test("what none can meet, or by chance only, is answered with what is meant", () => {
  const f = (written: string | number | boolean, unit: string, right: string): void => expect(advice(written, unit), String(written)).toBe(right);
  f("2xx", "", "write `200-299`");
  f("2xx,3xx", "", "write `200-299,300-399`");
  f("!= 2xx", "", "write a number: `!= 200`");
  f("20O", "", "write a number (`200`), a range (`200-299`) or a comparison (`< 300`)");
  f(true, "", "write a number (`200`), a range (`200-299`) or a comparison (`< 300`)");
  f(800, "ms", "write `< 800ms`");
  f("800", "ms", "write `< 800ms`");
  f("800ms", "ms", "write `< 800ms`");
  f("== 800ms", "ms", "write `< 800ms`");
  f("quick", "ms", "write `< 800ms`");
  f("14 >", "days", "write `> 14`");
  f("800ms<=", "ms", "write `<= 800ms`");
  f("14d", "days", "write `> 14d`");
  f("2MiB", "bytes", "write `< 2MiB`");
});
