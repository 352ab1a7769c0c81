/** Lines of the network protocol of NUT, the Network UPS Tools (RFC 9271, sections 4 and 5). */
export type NutLine =
  | { readonly kind: "begin" }
  | { readonly kind: "variable"; readonly ups: string; readonly name: string; readonly value: string }
  | { readonly kind: "end" }
  | { readonly kind: "error"; readonly word: string }
  | { readonly kind: "bad" };

const WORD = /[^\s"\\]+/y;
const QUOTED = /"((?:[^"\\]|\\["\\])*)"/y;

/** A line of the answer to `LIST VAR`, without its line end. */
export function parseNutLine(line: string): NutLine {
  const words = wordsOf(line);
  const [first, second, third, fourth] = words ?? [];
  if (first === "ERR" && second !== undefined && /^[A-Z][A-Z0-9-]*$/.test(second)) return { kind: "error", word: second };
  if (first === "VAR" && second !== undefined && third !== undefined && fourth !== undefined && words?.length === 4) return { kind: "variable", ups: second, name: third, value: fourth };
  if ((first === "BEGIN" || first === "END") && second === "LIST" && third === "VAR" && words?.length === 4) return { kind: first === "BEGIN" ? "begin" : "end" };
  return { kind: "bad" };
}

/** Words between blanks, some of them in quotes with `\"` and `\\` inside; null when they are not well-formed. */
function wordsOf(line: string): readonly string[] | null {
  const words: string[] = [];
  for (let at = 0; at < line.length; ) {
    const pattern = line[at] === '"' ? QUOTED : WORD;
    pattern.lastIndex = at;
    const found = pattern.exec(line);
    if (found === null) return null;
    words.push(found[1]?.replaceAll(/\\(.)/g, "$1") ?? found[0]);
    at = pattern.lastIndex;
    if (at < line.length && line[at] !== " ") return null;
    while (line[at] === " ") at += 1;
  }
  return words;
}
