import fc from "fast-check";
import { expect, test } from "vitest";
import { type Matcher, describeCondition, evaluate, evaluateFact, parseCondition } from "./expect.ts";
import type { FactValue } from "./types.ts";

const match: Matcher = ({ source, flags }, texts) => (texts.includes("slow") ? "slow" : texts.some((text) => new RegExp(source, flags).test(text)));

/** met or not, and the reason. */
function f(written: string | number | boolean, value: FactValue | undefined, met: boolean, reason: string, fact = "x"): void {
  const condition = parseCondition(written);
  if (condition.kind === "wrong") throw new Error(`${condition.wrong}; ${condition.right}`);
  expect(evaluate(condition.condition, value, fact, match), String(written)).toEqual({ met, slow: false, reason });
}

function refused(written: string, wrong: string, right: string): void {
  expect(parseCondition(written), written).toEqual({ kind: "wrong", wrong, right });
}

test("comparisons understand durations, sizes, percent and plain numbers", () => {
  f("< 800ms", 912.34, false, "latency is 912 ms, wanted < 800 ms", "latency");
  f("< 800ms", 800.3, false, "latency is 800.3 ms, wanted < 800 ms", "latency");
  f("<800ms", 799.6, true, "latency is 799.6 ms, wanted < 800 ms", "latency");
  f("< 800ms", 12.4, true, "latency is 12 ms, wanted < 800 ms", "latency");
  f("< 5m", 312_000, false, "age is 5m 12s, wanted < 5m", "age");
  f("<= 5", 5, true, "x is 5, wanted <= 5");
  f("<= 5", 5.001, false, "x is 5.001, wanted <= 5");
  f("> 14", 14, false, "x is 14, wanted > 14");
  f(">= 100", 100, true, "x is 100, wanted >= 100");
  f("> -3", -2, true, "x is -2, wanted > -3");
  f("< 20%", 33.333, false, "loss is 33 %, wanted < 20 %", "loss");
  f("< 2MiB", 2_097_152, false, "bytes is 2097.15 kB, wanted < 2097.15 kB", "bytes");
  f("> 1kB", 1001, true, "bytes is 1001 bytes, wanted > 1000 bytes", "bytes");
  f("> 14", "15", true, "x is 15, wanted > 14");
  f("> 14", "many", false, "x is `many`, no number, wanted > 14");
  f("> 14", undefined, false, "x is missing, wanted > 14");
  f("> 14", true, false, "x is true, no number, wanted > 14");
  f("> 14", Number.NaN, false, "x is NaN, no number, wanted > 14");
});

test("facts counted in days and seconds are compared with durations all the same", () => {
  f("> 2w", 14, false, "certificate.days is 14d, wanted > 14d", "certificate.days");
  f("> 2w", 15, true, "certificate.days is 15d, wanted > 14d", "certificate.days");
  f("> 14", 15, true, "certificate.days is 15, wanted > 14", "certificate.days");
  f(">= 5m", 300, true, "ttl is 5m, wanted >= 5m", "ttl");
});

test("ranges and lists of numbers", () => {
  f("200-299", 204, true, "status is 204, wanted 200-299", "status");
  f("200-299", 300, false, "status is 300, wanted 200-299", "status");
  f("200-299,404", 404, true, "status is 404, wanted 200-299, 404", "status");
  f("200, 301", 302, false, "status is 302, wanted 200, 301", "status");
  f("200-299", "no", false, "status is `no`, no number, wanted 200-299", "status");
  f("0.5-1.5", 1.25, true, "x is 1.25, wanted 0.5-1.5");
});

test("equality of texts, numbers and booleans", () => {
  f("pong", "pong", true, "x is `pong`, wanted `pong`");
  f("pong", "Pong", false, "x is `Pong`, wanted `pong`");
  f(404, 404, true, "x is 404, wanted 404");
  f("404", 404, true, "x is 404, wanted `404`");
  f(1.5, "1.50", true, "x is `1.50`, wanted 1.5");
  f(true, true, true, "x is true, wanted true");
  f("true", true, true, "x is true, wanted `true`");
  f(true, "yes", false, "x is `yes`, wanted true");
  f("== < 5", "< 5", true, "x is `< 5`, wanted `< 5`");
  f("!= gone", "here", true, "x is `here`, wanted not `gone`");
  f("!= gone", "gone", false, "x is `gone`, wanted not `gone`");
  f("!= gone", undefined, true, "x is missing, wanted not `gone`");
  f("", "", true, "x is ``, wanted ``");
  f("==", "", true, "x is ``, wanted ``");
  f("/index.html", "/index.html", true, "x is `/index.html`, wanted `/index.html`");
  f("2026-11-20", "2026-11-20", true, "x is `2026-11-20`, wanted `2026-11-20`");
});

test("of a list one element is enough, and a negated condition wants none", () => {
  const list = ["192.0.2.1", "192.0.2.2"];
  f("192.0.2.2", list, true, 'x is `["192.0.2.1","192.0.2.2"]`, wanted `192.0.2.2`');
  f("192.0.2.3", list, false, 'x is `["192.0.2.1","192.0.2.2"]`, wanted `192.0.2.3`');
  f("!= 192.0.2.2", list, false, 'x is `["192.0.2.1","192.0.2.2"]`, wanted not `192.0.2.2`');
  f("/\\.2$/", list, true, 'x is `["192.0.2.1","192.0.2.2"]`, wanted /\\.2$/');
  f("!/^10\\./", list, true, 'x is `["192.0.2.1","192.0.2.2"]`, wanted not /^10\\./');
  f("anything", [], false, "x is `[]`, wanted `anything`");
});

test("patterns", () => {
  const long = `Welcome ${"x".repeat(200)}`;
  f("/welcome/i", long, true, "body matches /welcome/i", "body");
  f("/welcome/", long, false, "body does not match /welcome/", "body");
  f("!/Welcome/", long, false, "body matches /Welcome/", "body");
  f("! /Error/", "fine", true, "body is `fine`, wanted not /Error/", "body");
  f("/a/b/", "a/b", true, "x is `a/b`, wanted /a/b/");
  f("/^5/", 503, true, "x is 503, wanted /^5/");
  f("/./", undefined, false, "x is missing, wanted /./");
  const slow = parseCondition("/(a+)+$/");
  expect(slow.kind === "parsed" && evaluate(slow.condition, "slow", "body", match)).toEqual({ met: false, slow: true, reason: "the pattern /(a+)+$/ took too long on body" });
});

test("a long list is one search, and only its start is quoted", () => {
  const searches: number[] = [];
  const counting: Matcher = (_, texts) => searches.push(texts.length) < 0;
  const condition = parseCondition("!/error/i");
  if (condition.kind === "wrong") throw new Error(condition.wrong);
  const list = Array<string>(100_000).fill("");
  expect(evaluate(condition.condition, list, "body.json.items", counting)).toEqual({ met: true, slow: false, reason: "body.json.items does not match /error/i" });
  expect(searches).toEqual([100_000]);
  f("full", list, false, `x is \`["${'","'.repeat(26)}...\`, wanted \`full\``);
});

test("what is nested deeper than can be written is no reason to give up", () => {
  let deep: FactValue = [];
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  f("ok", deep, false, "x is `(nested too deeply)`, wanted `ok`");
  f("!/ok/", [deep, "fine"], true, "x is `(nested too deeply)`, wanted not /ok/");
});

test("existence", () => {
  f("exists", 0, true, "x is 0, wanted that it exists");
  f("exists", undefined, false, "x is missing, wanted that it exists");
  f("exists", null, false, "x is missing, wanted that it exists");
  f("absent", undefined, true, "x is missing, wanted that it is absent");
  f("absent", "", false, "x is ``, wanted that it is absent");
});

test("what is no condition is refused with the right form", () => {
  const amounts = "write a number, a duration (800ms, 5m) or a size (20kB, 2MiB): ";
  refused("< fast", "`fast` cannot be compared with <", `${amounts}\`< 800ms\`, or \`== < fast\` for the text itself`);
  refused("<> 5", "`> 5` cannot be compared with <", `${amounts}\`< 800ms\`, or \`== <> 5\` for the text itself`);
  refused("= 5", "`= 5` begins with a single =", "write `== 5`, `<=`, `>=` or a /pattern/");
  refused("=~ x", "`=~ x` begins with a single =", "write `== x`, `<=`, `>=` or a /pattern/");
  refused("!gone", "`!gone` begins with a single !", "write `!= gone`, or `!/gone/` for a pattern that must not match");
  refused("299-200", "the range 299-200 runs backward", "write 200-299, or `== 299-200` for the text itself");
  refused("/a/b", "`b` are no flags of a pattern", "use i, m, s or u after the last slash, or write `== /a/b` for the text itself");
  refused("/a/ii", "`ii` are no flags of a pattern", "use i, m, s or u after the last slash, or write `== /a/ii` for the text itself");
  const broken = parseCondition("/(/");
  expect(broken.kind === "wrong" && broken.wrong).toMatch(/^`\/\(\/` is no regular expression \(.*unterminated group\)$/i);
});

test("a reason never holds a whole page", () => {
  const condition = parseCondition("pong");
  const reason = condition.kind === "parsed" ? evaluate(condition.condition, "y".repeat(100_000), "body", match).reason : "";
  expect(reason).toBe(`body is \`${"y".repeat(80)}...\`, wanted \`pong\``);
});

test("a named fact is looked up", () => {
  const condition = parseCondition("> 14");
  if (condition.kind !== "parsed") throw new Error(condition.wrong);
  expect(evaluateFact({ fact: "certificate.days", condition: condition.condition }, { certificate: { days: 3 } }, match).reason).toBe("certificate.days is 3, wanted > 14");
});

test("any text is parsed or refused, and every condition can be told and evaluated on anything", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom("<", ">=", "!", "/", "200-", "= ").chain((start) => fc.string().map((rest) => start + rest))), fc.jsonValue(), (written, value) => {
      const condition = parseCondition(written);
      if (condition.kind === "wrong") {
        expect(condition.right).not.toBe("");
        return;
      }
      expect(describeCondition(condition.condition)).not.toBe("");
      expect(evaluate(condition.condition, value as FactValue, "x", () => false).reason).toMatch(/^x /);
    }),
    { numRuns: 1000 },
  );
});

test("a comparison and its opposite never agree", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.integer({ min: -1000, max: 1000 }), (value, amount) => {
      const below = parseCondition(`< ${amount}`);
      const above = parseCondition(`>= ${amount}`);
      if (below.kind === "wrong" || above.kind === "wrong") throw new Error("refused");
      expect(evaluate(below.condition, value, "x", match).met).toBe(!evaluate(above.condition, value, "x", match).met);
    }),
  );
});
