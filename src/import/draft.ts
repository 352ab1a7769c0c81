import { nearest } from "../config/nearest.ts";
import type { Carried } from "../core/carried.ts";
import { oneLine } from "../core/one-line.ts";
import type { CarriedPast, Imported, Note, NoteKind, Origin, Path } from "./importer.ts";

type Mapping = { [key: string]: unknown };

const LONGEST_NAME = 200;
const NOTE_MAX = 500;
const WHAT_MAX = 100;
/** Notes of what is not taken as it is: more would be read by nobody, and a file of megabytes could bring millions. */
const TOLD_MAX = 20_000;
const HINTS_MAX = 1000;
/** Whatever stands in a foreign file, a note is one line of bounded length. */
const noteLine = (text: string, most = NOTE_MAX): string => oneLine(text).slice(0, most).toWellFormed();
const keyOf = (path: Path): string => JSON.stringify(path);

/** A document that grows while a foreign file is read, with the place that each part comes from and what is to be said of it. */
export class Draft {
  readonly #document: Mapping = {};
  readonly #origins = new Map<string, Origin>();
  readonly #notes: Note[] = [];
  /** The last number behind a name that was wanted again. */
  readonly #counts = new Map<string, number>();
  /** Notes of other kinds than `taken` so far, and the index of the one that stands for the rest. */
  #told = 0;
  #rest = -1;
  readonly #state: Carried[] = [];
  #history: Iterable<CarriedPast> = [];

  constructor(whole: Origin) {
    this.#origins.set(keyOf([]), whole);
  }

  /** Sets a value; what is undefined is left out. */
  put(path: Path, value: unknown, origin?: Origin): void {
    if (value === undefined) return;
    const last = path.at(-1);
    if (last === undefined) throw new Error("a document has no value of its own");
    let parent: Mapping = this.#document;
    for (const step of path.slice(0, -1)) parent = below(parent, String(step));
    define(parent, String(last), value);
    if (origin !== undefined) this.#origins.set(keyOf(path), origin);
  }

  /** A check or channel under a name that is free and allowed, as near to the wanted one as can be; the name it got. `keys` that are undefined are left out. */
  add(section: "checks" | "channels", wanted: string, keys: { readonly [key: string]: unknown }, origin: Origin): string {
    const name = this.#freeName(section, wanted);
    const path = [section, name];
    this.put(path, Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined)), origin);
    if (name !== wanted) this.note("differs", origin, wanted, `it is called \`${name}\` here`, "", path);
    return name;
  }

  has(section: "checks" | "channels", name: string): boolean {
    return Object.hasOwn(below(this.#document, section), name);
  }

  note(kind: NoteKind, origin: Origin, what: string, text: string, advice = "", path: Path | null = null): void {
    if (kind !== "taken") this.#told += 1;
    if (kind !== "taken" && this.#told > TOLD_MAX) return this.#tellNoMore(kind, origin);
    this.#notes.push({ kind, ...origin, what: noteLine(what, WHAT_MAX), text: noteLine(text), advice: noteLine(advice), path });
  }

  /** Advice by the known word that was probably meant; the usual one when none is near, or when there is so much to tell that nobody asks. */
  meant(word: string, known: () => readonly string[], usual = ""): string {
    if (this.#told > HINTS_MAX) return usual;
    const words = known();
    const near = words.length <= HINTS_MAX ? nearest(word, words) : null;
    return near === null ? usual : `write \`${near}\` if that is meant`;
  }

  /** The first note too many stands for the rest; what would be refused stays so. */
  #tellNoMore(kind: NoteKind, origin: Origin): void {
    if (this.#told === TOLD_MAX + 1) this.#rest = this.#notes.push({ kind: "left", ...origin, what: "", text: `there is more to tell than ${TOLD_MAX} lines: what comes now is not told`, advice: "mend what is told first", path: null }) - 1;
    const rest = this.#notes[this.#rest];
    if (kind === "refused" && rest !== undefined) this.#notes[this.#rest] = { ...rest, kind };
  }

  carry(state: Carried): void {
    this.#state.push(state);
  }

  history(results: Iterable<CarriedPast>): void {
    this.#history = results;
  }

  done(): Imported {
    const origins = this.#origins;
    return {
      document: this.#document,
      notes: this.#notes,
      state: this.#state,
      history: this.#history,
      origin(path) {
        for (let length = path.length; length > 0; length -= 1) {
          const found = origins.get(keyOf(path.slice(0, length)));
          if (found !== undefined) return found;
        }
        return origins.get(keyOf([])) ?? { file: "", line: 0, column: 0 };
      },
    };
  }

  #freeName(section: "checks" | "channels", wanted: string): string {
    const base = allowedName(wanted);
    const key = keyOf([section, base]);
    let name = base;
    for (let count = this.#counts.get(key) ?? 2; this.has(section, name); count += 1) {
      name = `${base} (${count})`;
      this.#counts.set(key, count);
    }
    return name;
  }
}

/** The name that stands for a foreign one: the same, where it is allowed here. */
export function allowedName(wanted: string): string {
  const plain = wanted.toWellFormed().replaceAll(/\p{Cc}+/gu, " ").trim().slice(0, LONGEST_NAME - 8).toWellFormed().trim();
  return plain === "" || plain === "__proto__" || /^(x-|channel:)/.test(plain) ? `the ${plain}`.trim() : plain;
}

function below(parent: Mapping, key: string): Mapping {
  const value = Object.hasOwn(parent, key) ? parent[key] : undefined;
  if (typeof value === "object" && value !== null) return value as Mapping;
  const made: Mapping = {};
  define(parent, key, made);
  return made;
}

/** `__proto__` is a key like any other. */
function define(parent: Mapping, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}
