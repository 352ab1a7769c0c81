import type { DatabaseSync } from "node:sqlite";

const DAY_MS = 86_400_000;
/** Longer texts are not worth a row of their own: they hardly ever repeat. */
const WORD_CHARACTERS = 200;
/** Beyond, the cache begins anew: texts that never end must not fill the memory. */
const CACHED_WORDS = 50_000;

export const dayOf = (slot: number): number => Math.floor(slot / DAY_MS);

/** What the writer remembers of a check. */
export interface KnownCheck {
  readonly id: number;
  /** Greatest slot and the n of its last result; null when there is no result. */
  top: { slot: number; n: number } | null;
  /** The result committed last is not the one at the top. */
  behind: boolean;
  sentence: string;
  facts: string;
}

/** Numbers for names and repeated texts, in the database and before it in memory. */
export class Names {
  readonly #checks = new Map<string, KnownCheck>();
  readonly #words = new Map<string, { readonly id: number; day: number }>();
  readonly #findCheck;
  readonly #addCheck;
  readonly #top;
  readonly #findWord;
  readonly #addWord;
  readonly #seeWord;

  constructor(db: DatabaseSync) {
    this.#findCheck = db.prepare("SELECT id, behind_slot FROM checks WHERE name = ?");
    this.#addCheck = db.prepare("INSERT INTO checks (name) VALUES (?) RETURNING id, behind_slot");
    this.#top = db.prepare("SELECT slot, n FROM results WHERE check_id = ? ORDER BY slot DESC, n DESC LIMIT 1");
    this.#findWord = db.prepare("SELECT id, day FROM words WHERE text = ?");
    this.#addWord = db.prepare("INSERT INTO words (text, day) VALUES (?, ?) RETURNING id, day");
    this.#seeWord = db.prepare("UPDATE words SET day = ? WHERE id = ?");
  }

  /** After a transaction that did not come to be, and when rows were removed: all is read again. */
  forget(): void {
    this.#checks.clear();
    this.#words.clear();
  }

  check(name: string): KnownCheck {
    const known = this.#checks.get(name);
    if (known !== undefined) return known;
    const row = this.#findCheck.get(name) ?? this.#addCheck.get(name);
    const id = Number(row?.["id"]);
    const top = this.#top.get(id);
    const check: KnownCheck = { id, top: top === undefined ? null : { slot: Number(top["slot"]), n: Number(top["n"]) }, behind: row?.["behind_slot"] !== null, sentence: "", facts: "" };
    this.#checks.set(name, check);
    return check;
  }

  /** The number of a check that is known; null for others, which are not made. */
  find(name: string): number | null {
    const row = this.#findCheck.get(name);
    return row === undefined ? null : Number(row["id"]);
  }

  /** The number of a word, which is made when it is new; results of that day may use it. */
  word(text: string, day: number): number {
    let word = this.#words.get(text);
    if (word === undefined) {
      const row = this.#findWord.get(text) ?? this.#addWord.get(text, day);
      word = { id: Number(row?.["id"]), day: Number(row?.["day"]) };
      if (this.#words.size >= CACHED_WORDS) this.#words.clear();
      this.#words.set(text, word);
    }
    if (word.day < day) {
      this.#seeWord.run(day, word.id);
      word.day = day;
    }
    return word.id;
  }

  /** A text, or its number when the check's text before was the same or the word is at hand: what repeats becomes small, what varies makes no words. */
  text(text: string, before: string, day: number): number | string {
    if (text.length > WORD_CHARACTERS || text === "") return text;
    return text === before || this.#words.has(text) ? this.word(text, day) : text;
  }
}
