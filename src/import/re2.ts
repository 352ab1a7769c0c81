/** A pattern of Go's `regexp` (RE2) as one of ours. */
export interface Re2 {
  readonly source: string;
  readonly flags: string;
}

const CLASSES: { readonly [name: string]: string } = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: String.raw`\x00-\x7F`,
  blank: String.raw`\t `,
  cntrl: String.raw`\x00-\x1F\x7F`,
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: String.raw`!-\/:-@\[-\x60{-~`,
  space: String.raw`\t\n\v\f\r `,
  upper: "A-Z",
  word: String.raw`\w`,
  xdigit: "0-9A-Fa-f",
};

/** Translates what differs: flags at the front, named groups, `\A`, `\z`, `\Q..\E`, `\pL`, `[[:alpha:]]`, `^+`, slashes. `unsaid`: only RE2 has it; `wrong`: it is no pattern in RE2 either. */
export function re2(text: string): Re2 | "unsaid" | "wrong" {
  const [, said = "", rest = ""] = /^(?:\(\?([imsU]+)\))?(.*)$/s.exec(text) ?? [];
  if (said.includes("U")) return "unsaid";
  let source = "";
  let unicode = false;
  let inClass = false;
  for (let at = 0; at < rest.length; ) {
    const piece = pieceAt(rest, at, inClass);
    if (piece === null) return "unsaid";
    source += piece.text;
    unicode ||= piece.unicode === true;
    inClass = piece.inClass ?? inClass;
    at = piece.end;
  }
  const flags = [...new Set(`${said}${unicode ? "u" : ""}`)].toSorted((a, b) => a.localeCompare(b)).join("");
  try {
    RegExp(source, flags);
    return { source, flags };
  } catch {
    return "wrong";
  }
}

interface Piece {
  readonly text: string;
  readonly end: number;
  readonly unicode?: boolean;
  readonly inClass?: boolean;
}

function pieceAt(rest: string, at: number, inClass: boolean): Piece | null {
  const sign = rest[at] ?? "";
  if (sign === "\\") return escapeAt(rest, at);
  if (inClass) {
    const [whole, not, name = ""] = /^\[:(\^?)(\w+):\]/.exec(rest.slice(at, at + 12)) ?? [];
    if (whole !== undefined) return not === "" && CLASSES[name] !== undefined ? { text: CLASSES[name], end: at + whole.length } : null;
    return sign === "]" ? { text: sign, end: at + 1, inClass: false } : { text: sign === "[" || sign === "/" ? `\\${sign}` : sign, end: at + 1 };
  }
  if (sign === "[") {
    const [open = "[", first] = /^\[\^?(\])?/.exec(rest.slice(at, at + 3)) ?? [];
    // A bracket right at the front stands for itself.
    return { text: first === undefined ? open : `${open.slice(0, -1)}\\]`, end: at + open.length, inClass: true };
  }
  // What stands for a place may be repeated there.
  if (/[$^]/.test(sign) && /^(?:[*+?]|\{\d)/.test(rest.slice(at + 1, at + 3))) return { text: `(?:${sign})`, end: at + 1 };
  if (sign === "/") return { text: String.raw`\/`, end: at + 1 };
  if (!rest.startsWith("(?", at)) return { text: sign, end: at + 1 };
  const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest.slice(at, at + 80));
  if (named !== null) return { text: `(?<${named[1]}>`, end: at + named[0].length };
  return rest.startsWith("(?:", at) ? { text: "(?:", end: at + 3 } : flagsAt(rest, at);
}

/** `(?i:...)` is the same to us (the linear engine aside); a flag that begins in the middle is not. */
function flagsAt(rest: string, at: number): Piece | null {
  const [whole] = /^\(\?[ims]*(?:-[ims]+)?:/.exec(rest.slice(at, at + 12)) ?? [];
  return whole === undefined ? null : { text: whole, end: at + whole.length };
}

function escapeAt(rest: string, at: number): Piece | null {
  const letter = rest[at + 1] ?? "";
  const plain = (text: string): Piece => ({ text, end: at + 2 });
  switch (letter) {
    case "A":
      return plain("^");
    case "z":
      return plain("$");
    case "a":
      return plain(String.raw`\x07`);
    case "C":
      return null;
    case "":
      return plain("\\");
    case "Q": {
      const end = rest.indexOf(String.raw`\E`, at);
      const literal = rest.slice(at + 2, end === -1 ? rest.length : end);
      return { text: literal.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`), end: end === -1 ? rest.length : end + 2 };
    }
    case "p":
    case "P": {
      const [whole = "", name = ""] = /^\\[pP](?:\{\^?(\w+)\}|[A-Z])/.exec(rest.slice(at, at + 40)) ?? [];
      if (whole === "") return null;
      const category = name === "" ? (whole[2] ?? "") : name;
      const negated = (letter === "P") !== whole.includes("^");
      return { text: `\\${negated ? "P" : "p"}{${category.length > 2 ? `Script=${category}` : category}}`, end: at + whole.length, unicode: true };
    }
    case "x": {
      const [whole, wide] = /^\\x\{([0-9A-Fa-f]+)\}/.exec(rest.slice(at, at + 14)) ?? [];
      return whole === undefined || wide === undefined ? plain(String.raw`\x`) : { text: `\\u{${wide}}`, end: at + whole.length, unicode: true };
    }
    default:
      return plain(`\\${letter}`);
  }
}

/** The condition for it: `/source/flags`, or with a `!` before it when nothing may match. */
export const condition = ({ source, flags }: Re2, negated = false): string => `${negated ? "!" : ""}/${source}/${flags}`;

/** A condition that nothing in a list may fail to match. */
export const everyMatches = ({ source, flags }: Re2): string => `!/^(?![^]*(?:${source}))/${flags}`;
