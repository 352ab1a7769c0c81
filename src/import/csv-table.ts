/** One cell, without the blanks around it, with the place where it begins, 1-based. */
export interface Cell {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

export type Table =
  | {
      readonly kind: "read";
      readonly separator: string;
      /** Rows with something in them. */
      readonly rows: readonly (readonly Cell[])[];
      /** Cells that go on behind their closing quote. */
      readonly stray: readonly Cell[];
    }
  | { readonly kind: "wrong"; readonly line: number; readonly column: number; readonly wrong: string; readonly right: string };

/** What a cell holds at most, as Python's `csv` has it. */
const CELL_MAX = 131_072;
/** The first line by which a spreadsheet says what separates its cells. */
const SAID = /^sep=(.)\r?\n/i;
const SEPARATORS = [",", ";", "\t"] as const;

/** Reads comma-separated values (RFC 4180) as Python's `csv` does: a quote counts at the beginning of a cell only. Semicolons and tabs separate as well, where the first line has more of them. */
export function readTable(bytes: Uint8Array): Table {
  const text = decode(bytes);
  if (typeof text !== "string") return text;
  const said = SAID.exec(text);
  return new Reader(text, said?.[1] ?? separatorOf(text), said?.[0].length ?? 0).read();
}

/** What separates the cells of a first line: the sign that stands in it most often, outside quotes. */
export function separatorOf(text: string): string {
  const line = (/^[^\r\n]*/.exec(text)?.[0] ?? "").slice(0, CELL_MAX).replaceAll(/"[^"]*"/g, "");
  const counts = SEPARATORS.map((sign) => line.split(sign).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ",";
}

/** UTF-8, or what a byte order mark says. */
function decode(bytes: Uint8Array): string | Extract<Table, { kind: "wrong" }> {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    const lines = new TextDecoder(encoding).decode(bytes).split("\n");
    const at = lines.findIndex((line) => line.includes("\uFFFD"));
    return { kind: "wrong", line: at + 1, column: (lines[at]?.indexOf("\uFFFD") ?? 0) + 1, wrong: "this is no text in UTF-8", right: "save it as CSV in UTF-8" };
  }
}

class Reader {
  readonly #text: string;
  readonly #separator: string;
  readonly #rows: Cell[][] = [];
  readonly #stray: Cell[] = [];
  #at: number;
  #line: number;
  /** Where the line of `#at` begins. */
  #start: number;

  constructor(text: string, separator: string, from: number) {
    this.#text = text;
    this.#separator = separator;
    this.#at = from;
    this.#start = from;
    this.#line = from === 0 ? 1 : 2;
  }

  read(): Table {
    while (this.#at < this.#text.length) {
      const row: Cell[] = [];
      do {
        const cell = this.#cell();
        if ("kind" in cell) return cell;
        row.push(cell);
      } while (this.#skip(this.#separator));
      this.#endLine();
      if (row.some(({ text }) => text !== "")) this.#rows.push(row);
    }
    return { kind: "read", separator: this.#separator, rows: this.#rows, stray: this.#stray };
  }

  #cell(): Cell | Extract<Table, { kind: "wrong" }> {
    const from = { line: this.#line, column: this.#at - this.#start + 1 };
    const begin = this.#at;
    const quoted = this.#text[begin] === '"' ? this.#quoted() : "";
    if (quoted === null) return { kind: "wrong", ...from, wrong: "this quote is not closed", right: 'close it with "; a quote inside a quoted cell is written twice' };
    const rest = this.#plain();
    const cell = { text: `${quoted}${rest}`.trim(), ...from };
    if (cell.text.length > CELL_MAX) return { kind: "wrong", ...from, wrong: `this cell holds more than ${CELL_MAX} signs`, right: "shorten it" };
    if (rest.trim() !== "" && this.#text[begin] === '"') this.#stray.push(cell);
    return cell;
  }

  /** From the opening quote to behind the closing one; null when there is none. */
  #quoted(): string | null {
    let text = "";
    for (let from = this.#at + 1; ; ) {
      const end = this.#text.indexOf('"', from);
      if (end < 0) return null;
      text += this.#text.slice(from, end);
      this.#lines(from, end);
      this.#at = end + 1;
      if (this.#text[end + 1] !== '"') return text;
      text += '"';
      from = end + 2;
    }
  }

  #plain(): string {
    const from = this.#at;
    while (this.#at < this.#text.length && !this.#ends(this.#text[this.#at])) this.#at += 1;
    return this.#text.slice(from, this.#at);
  }

  #ends(sign: string | undefined): boolean {
    return sign === this.#separator || sign === "\n" || sign === "\r";
  }

  #skip(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  #endLine(): void {
    const from = this.#at;
    this.#skip("\r");
    this.#skip("\n");
    this.#lines(from, this.#at);
  }

  /** Counts the lines that end in a part of the text. */
  #lines(from: number, to: number): void {
    for (const end of this.#text.slice(from, to).matchAll(/\r\n|\n|\r/g)) {
      this.#line += 1;
      this.#start = from + end.index + end[0].length;
    }
  }
}
