import { splitWords } from "./words.ts";

/** A command line with its macros filled in. What may be known at running time only, or to nobody else, stands in it as `\0NAME\0`: a variable of the environment. */
export type Filled =
  | { readonly kind: "filled"; readonly line: string }
  /** Macros that cannot be filled in. */
  | { readonly kind: "unknown"; readonly macros: readonly string[] };

/** The macros `$USERn$`. What is no path is taken for a secret, and goes by the environment. */
export interface Resources {
  /** A path, or the mark of a secret. */
  text(name: string): string | undefined;
  /** What a mark stands for. */
  secret(name: string): string | undefined;
}

/** Gives a macro's value, or undefined; names without dollars. */
export type Macros = (name: string) => string | undefined;

const DEEPEST = 3;
const LONGEST = 100_000;

/** Fills the macros of a text in; those of values too. `$$` is a dollar. */
export function fillMacros(text: string, macros: Macros, depth = 0): Filled {
  const unknown: string[] = [];
  const line = text.replaceAll(/\$([^$\s]*)\$/g, (whole, name: string) => {
    if (name === "") return "$";
    const value = macros(name);
    if (value === undefined) {
      unknown.push(whole);
      return "";
    }
    if (!value.includes("$") || depth >= DEEPEST) return value;
    const inner = fillMacros(value, macros, depth + 1);
    if (inner.kind === "filled") return inner.line;
    unknown.push(...inner.macros);
    return "";
  });
  return unknown.length > 0 ? { kind: "unknown", macros: [...new Set(unknown)] } : { kind: "filled", line: line.slice(0, LONGEST) };
}

/** `check_x!one!two` as the command's name and its arguments; `\!` is an exclamation mark. */
export function splitCommand(text: string): { readonly name: string; readonly args: readonly string[] } {
  const [name = "", ...args] = text.replaceAll(String.raw`\!`, "\0").split("!").map((part) => part.replaceAll("\0", "!"));
  return { name: name.trim(), args };
}

/** Walks a command line as a shell reads it: each sign with how it is quoted. */
function* signs(line: string): Generator<{ readonly sign: string; readonly quote: "" | "'" | '"'; readonly at: number }> {
  let quote: "" | "'" | '"' = "";
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at] ?? "";
    if (sign === "\\" && quote !== "'") at += 1;
    else if (quote === "" && (sign === "'" || sign === '"')) quote = sign;
    else if (sign === quote) quote = "";
    else yield { sign, quote, at };
  }
}

/** Whether only a shell can make words of a line. A question mark is left alone: addresses have it, and hardly any file is called so. */
function needsShell(line: string): boolean {
  if (/^\s*[A-Za-z_]\w*=/.test(line)) return true;
  for (const { sign, quote, at } of signs(line)) {
    if (quote === "" && /[|&;<>()$`*[\]\n]/.test(sign)) return true;
    if (quote === '"' && /[$`]/.test(sign)) return true;
    if (quote === "" && /[~#]/.test(sign) && (at === 0 || /\s/.test(line[at - 1] ?? ""))) return true;
  }
  return false;
}

/** A line for `sh -c` in which variables of the environment stand for the marks, however they are quoted. */
function withVariables(line: string): string {
  let text = "";
  let from = 0;
  let open = -1;
  for (const { sign, quote, at } of signs(line)) {
    if (sign !== "\0") continue;
    if (open < 0) {
      text += line.slice(from, at);
      open = at;
      continue;
    }
    const variable = `\${${line.slice(open + 1, at)}}`;
    text += quote === "'" ? `'"${variable}"'` : quote === '"' ? variable : `"${variable}"`;
    from = at + 1;
    open = -1;
  }
  return text + line.slice(from);
}

/** Names of the variables that a line has marks for. */
const variablesIn = (line: string): readonly string[] => [...new Set([...line.matchAll(/\0(\w+)\0/g)].map(([, name = ""]) => name))];

/** The secrets that a line has marks for, by name; null without any. */
export function secretsIn(line: string, resources: Resources): { readonly [name: string]: string } | null {
  const found = variablesIn(line).flatMap((name): [string, string][] => {
    const secret = resources.secret(name);
    return secret === undefined ? [] : [[name, secret]];
  });
  return found.length === 0 ? null : Object.fromEntries(found);
}

/** A word with its secrets in it. */
export const revealed = (word: string, resources: Resources): string => word.replaceAll(/\0(\w+)\0/g, (_, name: string) => resources.secret(name) ?? "");

export type Words = { readonly kind: "words"; readonly words: readonly string[] } | { readonly kind: "shell" } | { readonly kind: "wrong"; readonly wrong: string };

/** The words of a line, marks left as they are; `shell` when it takes one. */
export const wordsOf = (line: string): Words => (needsShell(line) ? { kind: "shell" } : splitWords(line));

/** What runs a line: the program with its words, or a shell. */
export function programOf(line: string): { readonly kind: "program"; readonly command: readonly string[] } | { readonly kind: "wrong"; readonly wrong: string } {
  const words = wordsOf(line);
  if (words.kind === "wrong") return words;
  if (words.kind === "words" && words.words.length === 0) return { kind: "wrong", wrong: "the command line is empty" };
  if (words.kind === "words" && !line.includes("\0")) return { kind: "program", command: words.words };
  return { kind: "program", command: ["/bin/sh", "-c", withVariables(line)] };
}
