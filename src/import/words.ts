export type Words = { readonly kind: "words"; readonly words: readonly string[] } | { readonly kind: "wrong"; readonly wrong: string };

/** Splits a line as a POSIX shell splits words (2.2, Quoting; 2.6.5): blanks, single and double quotes, backslashes; nothing is expanded. */
export function splitWords(line: string): Words {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at] ?? "";
    if (/\s/.test(sign)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (sign === "'" || sign === '"') {
      const quoted = readQuoted(line, at);
      if (quoted === null) return { kind: "wrong", wrong: "a quote is not closed" };
      word = (word ?? "") + quoted.text;
      at = quoted.end;
    } else if (sign === "\\") {
      if (at + 1 >= line.length) return { kind: "wrong", wrong: "it ends with a backslash" };
      at += 1;
      word = (word ?? "") + (line[at] ?? "");
    } else word = (word ?? "") + sign;
  }
  if (word !== null) words.push(word);
  return { kind: "words", words };
}

/** The plain address of `Name <name@example.com>`, as Python's `smtplib` sends to it. */
export const plainAddress = (text: string): string => /<([^<>]*)>\s*$/.exec(text)?.[1]?.trim() ?? text;

function readQuoted(line: string, start: number): { readonly text: string; readonly end: number } | null {
  const quote = line[start];
  let text = "";
  for (let at = start + 1; at < line.length; at += 1) {
    const sign = line[at] ?? "";
    if (sign === quote) return { text, end: at };
    if (sign === "\\" && quote === '"' && /["\\$`]/.test(line[at + 1] ?? "")) {
      at += 1;
      text += line[at] ?? "";
    } else text += sign;
  }
  return null;
}
