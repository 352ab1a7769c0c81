import type { DatabaseSync } from "node:sqlite";
import type { Alert, CheckName, JournalEntry } from "../../core/types.ts";
import { StoreError } from "../store.ts";
import { dayOf, type KnownCheck, Names } from "./names.ts";
import { NUMBERS, type Parcel, type Rare, TEXTS } from "./parcel.ts";

/** History can be judged again from a snapshot on: one a day bounds what must be read before the time that somebody asks for. */
const SNAPSHOT_MS = 86_400_000;

/** Writes batches into the database; throws what SQLite throws, and then nothing of it is there. */
export class Writer {
  readonly names: Names;
  readonly #db: DatabaseSync;
  readonly #statements;
  /** Names as the client numbers them. */
  #told: string[] = [];
  #sequence: number;
  /** The last place in the order of judging. */
  #turn: number;
  /** When the last snapshot was taken; null: not read yet. */
  #snapshotAt: number | null = null;
  #full = true;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.names = new Names(db);
    this.#statements = prepare(db);
    const ledger = db.prepare("SELECT sequence, turn FROM ledger").get();
    this.#sequence = Number(ledger?.["sequence"] ?? 0);
    this.#turn = Number(ledger?.["turn"] ?? 0);
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** Names come with every parcel, written or not: the client numbers them once. */
  learn(parcel: Parcel): void {
    for (const name of parcel.names) this.#told.push(name);
  }

  /** Writes a parcel, without its results when `results` is false. Returns the results written. */
  commit(parcel: Parcel, results: boolean): number {
    if (parcel.sequence <= this.#sequence) return 0;
    const count = results ? parcel.count : 0;
    this.transact(parcel.synced, () => {
      if (count > 0) this.#results(parcel);
      // What we packed ourselves a moment ago.
      if (parcel.rare !== null) this.#rare(JSON.parse(parcel.rare) as Rare);
      this.#statements.ledger.run(parcel.sequence, count, this.#turn + parcel.turns);
      if (this.#isSnapshotDue(parcel)) this.#snapshot(parcel);
    });
    this.#sequence = parcel.sequence;
    // What a full disk left out has had its turn: the gap says so.
    this.#turn += parcel.turns;
    return count;
  }

  /** One transaction; `synced`: on the disk when it is done. */
  transact<Value>(synced: boolean, work: () => Value): Value {
    if (synced !== this.#full) {
      this.#db.exec(`PRAGMA synchronous = ${synced ? "FULL" : "NORMAL"}`);
      this.#full = synced;
    }
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const value = work();
      this.#db.exec("COMMIT");
      return value;
    } catch (error) {
      this.names.forget();
      this.#snapshotAt = null;
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  addAlert(alert: Alert): void {
    this.#statements.alert.run(alert.id, this.names.check(alert.check).id, alert.incident, alert.at, JSON.stringify(alert));
  }

  rename(from: CheckName, to: CheckName): void {
    this.transact(true, () => {
      const old = this.names.find(from);
      if (old === null) return;
      const taken = this.names.find(to);
      if (taken !== null) {
        if (this.#statements.hasState.get(taken) !== undefined) throw new StoreError("failed", `check \`${from}\` cannot become \`${to}\`: there is one of that name already`);
        // What a removed check of that name left behind ages away under a name that nobody can write.
        this.#statements.rename.run(`${to}\u0000${taken}`, taken);
      }
      this.#statements.rename.run(to, old);
      this.names.forget();
    });
  }

  #results(parcel: Parcel): void {
    const { numbers } = parcel;
    const texts = JSON.parse(parcel.texts) as readonly string[];
    const { result, evidence } = this.#statements;
    const nullable = (at: number): number | null => {
      const value = numbers[at] ?? Number.NaN;
      return Number.isNaN(value) ? null : value;
    };
    for (let index = 0; index < parcel.count; index += 1) {
      const at = index * NUMBERS;
      const n = (offset: number): number => numbers[at + offset] ?? 0;
      const slot = n(1);
      const day = dayOf(slot);
      const check = this.names.check(this.#told[n(0)] ?? "");
      const place = this.#place(check, slot);
      const sentence = texts[index * TEXTS] ?? "";
      const facts = texts[index * TEXTS + 1] ?? "";
      const body = texts[index * TEXTS + 2] ?? "";
      const more = texts[index * TEXTS + 3] ?? "";
      result.run(
        check.id, slot, place, n(2), n(3), n(4), n(5), n(6), n(7),
        this.names.word(this.#told[n(8)] ?? "", day), this.names.text(sentence, check.sentence, day), this.names.word(this.#told[n(9)] ?? "", day),
        nullable(at + 10), nullable(at + 11), nullable(at + 12), nullable(at + 13), nullable(at + 14), nullable(at + 15),
        more === "" ? null : more, facts === "" ? null : this.names.text(facts, check.facts, day),
        this.#turnOf(nullable(at + 16)), nullable(at + 17),
      );
      check.sentence = sentence;
      check.facts = facts;
      if (body !== "") evidence.run(check.id, slot, place, body);
    }
  }

  #isSnapshotDue({ toldAt }: Parcel): boolean {
    this.#snapshotAt ??= Number(this.#db.prepare("SELECT at FROM snapshots ORDER BY turn DESC LIMIT 1").get()?.["at"] ?? 0);
    return toldAt !== null && Math.abs(toldAt - this.#snapshotAt) >= SNAPSHOT_MS;
  }

  /** Between two batches the stored states are all that is believed. */
  #snapshot({ toldAt, turns }: Parcel): void {
    const { snapshot, beliefs } = this.#statements;
    snapshot.run(this.#turn + turns, toldAt);
    beliefs.run(this.#turn + turns);
    this.#snapshotAt = toldAt;
  }

  /** The place of what stands so far behind the first of its batch. */
  #turnOf(offset: number | null | undefined): number | null {
    return offset === null || offset === undefined ? null : this.#turn + 1 + offset;
  }

  /** The n of a result at its slot; notes which one was committed last when the clock stepped back. */
  #place(check: KnownCheck, slot: number): number {
    const { top } = check;
    if (top !== null && slot < top.slot) {
      const n = Number(this.#statements.next.get(check.id, slot)?.["n"] ?? 0);
      this.#statements.behind.run(slot, n, check.id);
      check.behind = true;
      return n;
    }
    const n = top !== null && top.slot === slot ? top.n + 1 : 0;
    check.top = { slot, n };
    if (check.behind) {
      this.#statements.behind.run(null, null, check.id);
      check.behind = false;
    }
    return n;
  }

  #rare(rare: Rare): void {
    const { unstate, state, transition, incident } = this.#statements;
    for (const check of rare.removed) unstate.run(check);
    for (const { check, belief } of rare.states) state.run(this.names.check(check).id, JSON.stringify(belief));
    for (const one of rare.transitions) transition.run(this.names.check(one.check).id, one.at, one.incident, JSON.stringify(one));
    for (const { incident: one, evidence } of rare.incidents) incident.run(one.id, this.names.check(one.check).id, one.opened, one.closed, JSON.stringify(one), JSON.stringify(evidence));
    for (const alert of rare.alerts) this.addAlert(alert);
    for (const [index, entry] of rare.journal.entries()) this.#journal(entry, this.#turnOf(rare.turns[index]));
  }

  #journal({ at, check, siteVersion, input, terms = [] }: JournalEntry, turn: number | null): void {
    this.#statements.journal.run(at, check === null ? null : this.names.check(check).id, siteVersion, JSON.stringify(input ?? null), turn);
    if (turn === null) return;
    for (const { check: of, hash, ...body } of terms) this.#statements.terms.run(this.names.check(of).id, turn, at, hash, JSON.stringify(body));
  }
}

// The shape of what `prepare` returns is the list itself.
function prepare(db: DatabaseSync) {
  return {
    result: db.prepare("INSERT INTO results VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
    evidence: db.prepare("INSERT INTO evidence VALUES (?,?,?,?)"),
    next: db.prepare("SELECT coalesce(max(n) + 1, 0) AS n FROM results WHERE check_id = ? AND slot = ?"),
    behind: db.prepare("UPDATE checks SET behind_slot = ?, behind_n = ? WHERE id = ?"),
    snapshot: db.prepare("INSERT INTO snapshots VALUES (?, ?, coalesce((SELECT max(id) FROM transitions), 0), coalesce((SELECT max(number) FROM alerts), 0))"),
    beliefs: db.prepare("INSERT INTO beliefs SELECT ?, check_id, belief FROM states"),
    ledger: db.prepare("UPDATE ledger SET sequence = ?, results = results + ?, turn = ?"),
    state: db.prepare("INSERT INTO states VALUES (?, ?) ON CONFLICT DO UPDATE SET belief = excluded.belief"),
    unstate: db.prepare("DELETE FROM states WHERE check_id = (SELECT id FROM checks WHERE name = ?)"),
    hasState: db.prepare("SELECT 1 FROM states WHERE check_id = ?"),
    transition: db.prepare("INSERT INTO transitions (check_id, at, incident, body) VALUES (?, ?, ?, ?)"),
    incident: db.prepare(
      "INSERT INTO incidents (id, check_id, opened, closed, body, evidence) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET opened = excluded.opened, closed = excluded.closed, body = excluded.body, evidence = CASE excluded.evidence WHEN '[]' THEN evidence ELSE excluded.evidence END",
    ),
    alert: db.prepare("INSERT INTO alerts (id, check_id, incident, at, status, body) VALUES (?, ?, ?, ?, 0, ?) ON CONFLICT (id) DO NOTHING"),
    journal: db.prepare("INSERT INTO journal (at, check_id, site, input, turn) VALUES (?, ?, ?, ?, ?)"),
    terms: db.prepare("INSERT INTO terms VALUES (?, ?, ?, ?, ?)"),
    rename: db.prepare("UPDATE checks SET name = ? WHERE id = ?"),
  };
}
