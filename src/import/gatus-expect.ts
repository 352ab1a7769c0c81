import { parseCondition } from "../core/expect.ts";
import { type GatusCondition, globSource, goInteger, judgeNumbers, judgeTexts, literal, numberOf, type Operand, type Operator, type PlaceholderName } from "./gatus-condition.ts";

/** What a placeholder is here, for one type of endpoint. */
export type Measured =
  /** A fact; `before` and `after` are what its text has around the value that Gatus compares, as regular expressions. */
  | { readonly kind: "fact"; readonly fact: string; readonly measure: "number" | "text" | "ms" | "days"; readonly before?: string; readonly after?: string }
  /** A text whose JSON can be walked: its path is put behind `json`. */
  | { readonly kind: "body"; readonly fact: string; readonly json: string | null; readonly list: boolean; readonly before?: string; readonly after?: string }
  /** What Gatus has instead for every endpoint of this type. */
  | { readonly kind: "fixed"; readonly text: string }
  /** Whether it can be reached, which is judged in any case. */
  | { readonly kind: "reached" }
  | { readonly kind: "domain" }
  | { readonly kind: "missing"; readonly why: string };

/** What a condition becomes. */
export type Expected =
  | { readonly kind: "expect"; readonly fact: string; readonly conditions: readonly string[]; readonly differs: string }
  /** About the domain of the address: a check of its own. */
  | { readonly kind: "domain"; readonly conditions: readonly string[]; readonly differs: string }
  /** Met by whatever cannot be reached. */
  | { readonly kind: "inverted" }
  /** Met by whatever is up. */
  | { readonly kind: "always" }
  | { readonly kind: "never"; readonly why: string }
  | { readonly kind: "left"; readonly why: string; readonly advice: string };

type Placeholder = Extract<Operand, { kind: "placeholder" }>;
type Ordering = Exclude<Operator, "==" | "!=">;

const DAY_MS = 86_400_000;
const MIRRORED: { readonly [operator in Operator]: Operator } = { "==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<=" };
const ZERO = "a value that is missing or no number meets this in Gatus, which takes it for 0; here it does not";

const expect = (fact: string, conditions: readonly string[], differs = ""): Expected => ({ kind: "expect", fact, conditions, differs });
const left = (why: string, advice: string): Expected => ({ kind: "left", why, advice });
const fixed = (met: boolean | null, why: string): Expected => (met === null ? left(why, "see docs/conditions.md") : met ? { kind: "always" } : { kind: "never", why });
const negated = (pattern: string, not: boolean): string => (not ? `!${pattern}` : pattern);

/** Translates a condition with what each placeholder is for its endpoint. */
export function translate({ left: first, operator, right: second }: GatusCondition, measured: (name: PlaceholderName, path: string) => Measured): Expected {
  if (first.kind === "placeholder" && second.kind === "placeholder") return left("two measured values are not compared with each other here", "compare one of them with a fixed value");
  if (first.kind === "placeholder") return ofPlaceholder(first, operator, second, measured(first.name, first.path));
  if (second.kind === "placeholder") return ofPlaceholder(second, MIRRORED[operator], first, measured(second.name, second.path));
  return fixed(judgeTexts(first, operator, second), "it compares two fixed texts");
}

function ofPlaceholder(what: Placeholder, operator: Operator, other: Operand, measured: Measured): Expected {
  switch (measured.kind) {
    case "missing":
      return left(measured.why, "see docs/migrate/gatus.md");
    case "fixed": {
      const text = what.call === "len" ? String(measured.text.length) : what.call === "has" ? String(measured.text !== "") : measured.text;
      return fixed(judgeTexts({ kind: "text", text }, operator, other), `${what.text} is \`${text}\` for every endpoint of this type`);
    }
    case "reached":
      return reached(operator, other);
    case "domain": {
      const days = what.call === null ? ordered({ fact: "days", measure: "days" }, operator, other) : left("only the time left is compared", "write `[DOMAIN_EXPIRATION] > 720h`");
      return days.kind === "expect" ? { ...days, kind: "domain" } : days;
    }
    case "body":
      return ofBody(what, operator, other, measured);
    default:
      if (what.call === "has") return fixed(judgeTexts({ kind: "text", text: "true" }, operator, other), "what is measured is always there");
      if (what.call === "len") return left("only of a body the length is taken here", "compare the value itself");
      return compared(measured, operator, other);
  }
}

/** What is not reached is down whatever else is said. */
function reached(operator: Operator, other: Operand): Expected {
  const judge = (text: string): boolean | null => judgeTexts({ kind: "text", text }, operator, other);
  if (judge("true") === null) return left("whether it is reached is either true or false", "write `[CONNECTED] == true`");
  if (judge("true") === true) return { kind: "always" };
  return judge("false") === true ? { kind: "inverted" } : { kind: "never", why: "it is met by neither true nor false" };
}

function ofBody(what: Placeholder, operator: Operator, other: Operand, { fact, json, list, before = "\\s*", after = "\\s*" }: Extract<Measured, { kind: "body" }>): Expected {
  const whole = what.path === "";
  if (!whole && json === null) return left("the answer of this type is not read as JSON here", "compare all of it with `[BODY] == pat(*...*)`");
  const at = whole ? fact : `${json ?? ""}${what.path.startsWith("[") ? "" : "."}${what.path}`;
  if (what.call === "has") {
    const judge = (text: string): boolean | null => judgeTexts({ kind: "text", text }, operator, other);
    const [there, absent] = [judge("true"), judge("false")];
    if (there === null || absent === null || there === absent) return fixed(there, "`has` is either true or false");
    return expect(at, [whole ? negated("/\\S/", !there) : there ? "exists" : "absent"]);
  }
  if (what.call === "len") {
    const length = whole && list ? `${json ?? ""}.length` : `${at}.length`;
    const differs = whole && !list ? "it counts characters: of a body that is a JSON list Gatus counts the elements" : "";
    const said = compared({ fact: length, measure: "number" }, operator, other);
    return said.kind === "expect" && differs !== "" ? { ...said, differs } : said;
  }
  return compared({ fact: at, measure: "text", ...(whole ? { before, after } : {}) }, operator, other);
}

type FactMeasure = Omit<Extract<Measured, { kind: "fact" }>, "kind">;

function compared(measured: FactMeasure, operator: Operator, other: Operand): Expected {
  if (operator !== "==" && operator !== "!=") return ordered(measured, operator, other);
  const not = operator === "!=";
  const { fact, measure } = measured;
  if (other.kind === "pattern") return ofPattern(measured, other.glob, not);
  if (measure === "ms" || measure === "days") return ofAmount(measured, other, not);
  if (other.kind === "any") return ofChoices(measured, other.choices, not);
  const whole = goInteger(other.text);
  if (measure === "number") return whole === null ? fixed(not, `${fact} is a number and \`${other.text}\` is none`) : expect(fact, [not ? `!= ${whole}` : String(whole)]);
  const { before = "", after = "" } = measured;
  if (before !== "" || after !== "") return expect(fact, [negated(`/^${before}${literal(other.text)}${after}$/`, not)]);
  // Ours compares numbers by their value too, in decimal digits.
  const text = whole !== null && /^[+-]?0\w/.test(other.text) ? String(whole) : other.text;
  return expect(fact, [not ? `!= ${text}` : equalTo(text)]);
}

/** The condition for a text, bare where that means the same. */
function equalTo(text: string): string {
  const parsed = parseCondition(text);
  return parsed.kind === "parsed" && parsed.condition.kind === "equal" && !parsed.condition.negated && parsed.condition.value === text ? text : `== ${text}`;
}

function ofPattern({ fact, before = "", after = "" }: FactMeasure, glob: string, not: boolean): Expected {
  const source = globSource(glob);
  if (source === null) return fixed(not, "this pattern is malformed: it matches nothing");
  const begins = source.startsWith(".*");
  const ends = source.endsWith(".*") && source !== ".*";
  const middle = source.slice(begins ? 2 : 0, ends ? -2 : undefined);
  if (middle === "") return not ? { kind: "never", why: "the pattern `*` matches everything" } : expect(fact, ["exists"]);
  const flags = /(^|[^\\])\./.test(middle) || middle.includes("[^") ? "s" : "";
  return expect(fact, [negated(`/${begins ? "" : `^${before}`}${middle}${ends ? "" : `${after}$`}/${flags}`, not)]);
}

function ofChoices({ fact, measure, before = "", after = "" }: FactMeasure, choices: readonly string[], not: boolean): Expected {
  const numbers = measure === "number" ? choices.flatMap((choice) => (/^\d+$/.test(choice) ? [Number(choice)] : [])) : [];
  if (measure === "number" && numbers.length === 0) return fixed(not, "none of these is a number");
  if (measure === "number" && !not) return expect(fact, [numbers.length === 1 ? String(numbers[0]) : numbers.join(",")]);
  return expect(fact, [negated(`/^${before}(${(measure === "number" ? numbers.map(String) : choices).map(literal).join("|")})${after}$/`, not)]);
}

/** Of an amount that is never the same twice, that it is less than one more. */
function ofAmount(measured: FactMeasure, other: Operand, not: boolean): Expected {
  if (not || measured.measure !== "ms" || other.kind === "any") return left("an amount of time is only compared with <, <=, > and >= here", "use one of them");
  const { value } = numberOf(other.text);
  return expect(measured.fact, [`>= ${value}ms`, `< ${value + 1}ms`]);
}

function ordered({ fact, measure }: FactMeasure, operator: Operator, other: Operand): Expected {
  if (operator === "==" || operator === "!=") return left("the time left is only compared with <, <=, > and >= here", "use one of them");
  const { value, exact, written } = numberOf(other.text);
  if (measure === "days") return ofDays(fact, operator, value);
  if (measure === "ms") return expect(fact, [wholeMs(operator, value)]);
  if (written === null) return expect(fact, [`${operator} 0`], `\`${other.text}\` is no number: Gatus takes it for 0`);
  const differs = exact ? (judgeNumbers(0, operator, value) && fact !== "status" && fact !== "exit" ? ZERO : "") : `it is compared with ${written}; Gatus cuts the decimals off, and compares with ${value}`;
  return expect(fact, [`${operator} ${written}`], differs);
}

/** Gatus counts whole milliseconds. */
function wholeMs(operator: Ordering, value: number): string {
  if (operator === "<" || operator === ">=") return `${operator} ${value}ms`;
  return operator === "<=" ? `< ${value + 1}ms` : `>= ${value + 1}ms`;
}

/** Whole days are counted here: more is wanted rather than less. */
function ofDays(fact: string, operator: Ordering, ms: number): Expected {
  const days = Math.ceil(ms / DAY_MS);
  const differs = ms % DAY_MS === 0 ? "" : `whole days are counted here: it is compared with ${days} d`;
  return expect(fact, [`${operator === ">" || operator === ">=" ? ">=" : "<"} ${days}`], differs);
}
