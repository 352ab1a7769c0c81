import type { DatabaseSync } from "node:sqlite";
import type { Belief } from "../../core/state.ts";
import type { CheckName } from "../../core/types.ts";
import type { Loaded } from "../store.ts";
import { all, one } from "./rows.ts";
import { RESULT_COLUMNS, RESULT_TABLES, type ResultColumns, resultOf, Words } from "./results.ts";

interface StateRow {
  readonly id: number;
  readonly name: CheckName;
  readonly belief: string;
  readonly behind_slot: number | null;
  readonly behind_n: number | null;
  readonly hash: string | null;
  readonly target: string | null;
}

/** Beliefs, last results and the last sequence. */
export function load(db: DatabaseSync): Loaded {
  const words = new Words(db);
  const top = db.prepare(`SELECT ${RESULT_COLUMNS} FROM ${RESULT_TABLES} WHERE r.check_id = ? ORDER BY r.slot DESC, r.n DESC LIMIT 1`);
  const behind = db.prepare(`SELECT ${RESULT_COLUMNS} FROM ${RESULT_TABLES} WHERE r.check_id = ? AND r.slot = ? AND r.n = ?`);
  const rows = all<StateRow>(db.prepare("SELECT c.id, c.name, s.belief, c.behind_slot, c.behind_n, t.hash, json_extract(t.body, '$.target') AS target FROM states s JOIN checks c ON c.id = s.check_id LEFT JOIN terms t ON t.check_id = c.id AND t.turn = (SELECT max(turn) FROM terms o WHERE o.check_id = c.id)"));
  const states = rows.map(({ id, name, belief: text, behind_slot, behind_n, hash, target }) => {
    const last = behind_slot === null ? one<ResultColumns>(top, id) : one<ResultColumns>(behind, id, behind_slot, behind_n);
    const belief = JSON.parse(text) as Belief;
    const named: Belief = belief.incident === null ? belief : { ...belief, incident: { ...belief.incident, check: name } };
    return { check: name, belief: named, last: last === null ? null : resultOf(name, last, words), ...(hash === null ? {} : { terms: { hash, ...(target === null ? {} : { target }) } }) };
  });
  return { states, sequence: Number(db.prepare("SELECT sequence FROM ledger").get()?.["sequence"] ?? 0) };
}
