import { goDuration } from "../core/external-endpoint.ts";

/** What stands at one side of a condition: a text, something measured, or (of `==` and `!=`) a pattern or a choice. */
export type Operand =
  | { readonly kind: "text"; readonly text: string }
  /** `len(...)` and `has(...)` stand around a placeholder; `path` is what follows `[BODY]` or `[CONTEXT]`, without its first dot. */
  | { readonly kind: "placeholder"; readonly name: PlaceholderName; readonly path: string; readonly call: "len" | "has" | null; readonly text: string }
  | { readonly kind: "pattern"; readonly glob: string; readonly text: string }
  | { readonly kind: "any"; readonly choices: readonly string[]; readonly text: string };

export type Operator = "==" | "!=" | "<=" | ">=" | ">" | "<";

/** One line of `conditions`. */
export interface GatusCondition {
  readonly left: Operand;
  readonly operator: Operator;
  readonly right: Operand;
  /** What stands behind a second operator of the same kind, which Gatus does not look at. */
  readonly rest: string;
}

export type ParsedGatusCondition =
  | { readonly kind: "parsed"; readonly condition: GatusCondition }
  /** `at`: where in the text, from 0. */
  | { readonly kind: "wrong"; readonly at: number; readonly wrong: string; readonly right: string };

const PLACEHOLDERS = ["STATUS", "IP", "DNS_RCODE", "RESPONSE_TIME", "BODY", "CONNECTED", "CERTIFICATE_EXPIRATION", "DOMAIN_EXPIRATION", "CONTEXT"] as const;
export type PlaceholderName = (typeof PLACEHOLDERS)[number];

/** In the order in which Gatus looks for them: the first that is there splits the condition. */
const OPERATORS: readonly Operator[] = ["==", "!=", "<=", ">=", ">", "<"];

/** Reads `LEFT OPERATOR RIGHT`, with one blank at each side of the operator. */
export function parseGatusCondition(text: string): ParsedGatusCondition {
  const operator = OPERATORS.find((one) => text.includes(` ${one} `));
  if (operator === undefined) {
    const near = /==|!=|<=|>=|<|>|=/.exec(text);
    if (near === null) return { kind: "wrong", at: 0, wrong: "this condition compares nothing", right: "write VALUE OPERATOR VALUE: `[STATUS] == 200`" };
    return { kind: "wrong", at: near.index, wrong: `\`${near[0]}\` compares nothing: Gatus wants one of ${OPERATORS.join(" ")} with a blank at each side`, right: "write `[STATUS] == 200`" };
  }
  const [left = "", right = "", ...rest] = text.split(` ${operator} `);
  const equality = operator === "==" || operator === "!=";
  return { kind: "parsed", condition: { left: operandOf(left, equality), operator, right: operandOf(right, equality), rest: rest.join(` ${operator} `) } };
}

/** What is between `name(` and the last bracket; null when it is not called so. */
const inside = (text: string, name: string): string | null => (text.startsWith(`${name}(`) && text.endsWith(")") ? text.slice(name.length + 1, -1) : null);

/** An operand by itself, as `store` of a suite has it too. */
export function operandOf(written: string, equality: boolean): Operand {
  const text = written.trim();
  const glob = equality ? inside(text, "pat") : null;
  if (glob !== null) return { kind: "pattern", glob, text };
  const choices = equality ? inside(text, "any") : null;
  if (choices !== null) return { kind: "any", choices: choices.split(",").map((choice) => choice.trim()), text };
  const length = inside(text, "len");
  const presence = length === null ? inside(text, "has") : null;
  const [, word = "", path = ""] = /^\[([A-Z_]+)\](.*)$/is.exec(length ?? presence ?? text) ?? [];
  const name = PLACEHOLDERS.find((one) => one === word.toUpperCase());
  const walks = name === "BODY" || name === "CONTEXT";
  if (name === undefined || (path !== "" && !(walks && /^[.[]/.test(path)))) return { kind: "text", text };
  return { kind: "placeholder", name, path: path.replace(/^\./, ""), call: length === null ? (presence === null ? null : "has") : "len", text };
}

/** Go's `strconv.ParseInt` with base 0: `200`, `0x1f`, `0o17`, `017`, `1_000`; null for no whole number. */
export function goInteger(text: string): number | null {
  const [, sign = "", digits = ""] = /^([+-]?)(0x[\da-f_]+|0b[01_]+|0o?[0-7_]+|\d[\d_]*)$/i.exec(text) ?? [];
  if (digits === "" || /^0[89]/.test(digits)) return null;
  const plain = digits.replaceAll("_", "");
  const value = Number(/^0[0-7]/.test(plain) ? `0o${plain.slice(1)}` : plain);
  return Number.isNaN(value) ? null : sign === "-" ? -value : value;
}

/** The number that Gatus compares, in ms for a duration; `exact` is false when it cuts decimals off, or takes a text for 0. */
export function numberOf(text: string): { readonly value: number; readonly exact: boolean; readonly written: number | null } {
  const ms = goDuration(text);
  if (ms !== null && ms !== 0) return { value: Math.trunc(ms), exact: true, written: Math.trunc(ms) };
  const whole = goInteger(text);
  if (whole !== null) return { value: whole, exact: true, written: whole };
  const number = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(number) ? { value: Math.trunc(number), exact: Number.isInteger(number), written: number } : { value: 0, exact: false, written: null };
}

/** A pattern of Go's `path/filepath.Match` as a regular expression without anchors; null when it is malformed and matches nothing. */
export function globSource(glob: string): string | null {
  let source = "";
  for (let at = 0; at < glob.length; at += 1) {
    const sign = glob[at] ?? "";
    if (sign === "*") source += source.endsWith(".*") && glob[at - 1] === "*" ? "" : ".*";
    else if (sign === "?") source += ".";
    else if (sign === "\\") {
      at += 1;
      if (at >= glob.length) return null;
      source += literal(glob[at] ?? "");
    } else if (sign === "[") {
      const [whole, negated = "", members = ""] = /^\[(\^?)((?:\\.|[^\]\\])+)\]/s.exec(glob.slice(at)) ?? [];
      if (whole === undefined) return null;
      source += `[${negated}${members.replaceAll(/\\(.)|([[^])/gs, (_, escaped: string | undefined, plain: string | undefined) => `\\${escaped ?? plain ?? ""}`)}]`;
      at += whole.length - 1;
    } else source += literal(sign);
  }
  try {
    RegExp(source);
    return source;
  } catch {
    // A range that runs backward.
    return null;
  }
}

/** A text as a regular expression finds it. */
export const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, (sign) => `\\${sign}`).replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");

/** Whether Gatus takes two texts for equal: as whole numbers where both are some. */
function textsEqual(left: string, right: string): boolean {
  const [a, b] = [goInteger(left), goInteger(right)];
  return a !== null && b !== null ? a === b : left === right;
}

/** What Gatus makes of a condition whose two sides are fixed texts; null when that takes a pattern. */
export function judgeTexts(left: Operand, operator: Operator, right: Operand): boolean | null {
  if (operator !== "==" && operator !== "!=") return judgeNumbers(numberOf(left.text).value, operator, numberOf(right.text).value);
  if (left.kind === "pattern" || right.kind === "pattern") return null;
  const equal = left.kind === "any" ? left.choices.includes(right.text) : right.kind === "any" ? right.choices.includes(left.text) : textsEqual(left.text, right.text);
  return equal === (operator === "==");
}

export function judgeNumbers(left: number, operator: Exclude<Operator, "==" | "!=">, right: number): boolean {
  if (operator === "<") return left < right;
  if (operator === "<=") return left <= right;
  return operator === ">" ? left > right : left >= right;
}
