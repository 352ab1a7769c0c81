import { DatabaseSync } from "node:sqlite";
import { alertStatuses, messageStatuses, origins, verdicts } from "../../src/store/sqlite/codes.ts";
import type { Belief } from "../../src/core/state.ts";
import type { Alert, Incident, Transition } from "../../src/core/types.ts";

/** What the database holds after the last process ended, each list in the order of writing. */
export interface Kept {
  /** `ok`, or what SQLite's own check found. */
  readonly integrity: string;
  readonly transitions: readonly Transition[];
  readonly incidents: readonly Incident[];
  readonly alerts: readonly { readonly alert: Alert; readonly status: string; readonly message: string | null }[];
  readonly messages: readonly KeptMessage[];
  readonly states: ReadonlyMap<string, Belief>;
  readonly results: readonly KeptResult[];
  /** Runs that were due while the one before was not over. */
  readonly skipped: readonly { readonly check: string; readonly at: number }[];
  /** Starts after so long that failing runs were counted anew. */
  readonly anew: readonly { readonly check: string; readonly at: number }[];
}

export interface KeptMessage {
  readonly id: string;
  readonly pair: string;
  readonly status: string;
  readonly tries: number;
  readonly lastReason: string;
  readonly alerts: readonly string[];
}

export interface KeptResult {
  readonly check: string;
  readonly slot: number;
  readonly started: number;
  readonly verdict: string;
  readonly origin: string;
}

/** Reads a database that nobody writes any more; nothing of it is changed. */
export function readKept(folder: string): Kept {
  const db = new DatabaseSync(`${folder}/tocsin.db`, { readOnly: true });
  const rows = <Row>(sql: string): Row[] => db.prepare(sql).all() as Row[];
  const journalled = (pattern: string): readonly { readonly check: string; readonly at: number }[] => rows(`SELECT c.name AS "check", j.at FROM journal j JOIN checks c ON c.id = j.check_id WHERE j.input LIKE '${pattern}' ORDER BY j.id`);
  try {
    const inMessage = Map.groupBy(rows<{ message: string; alert: string }>("SELECT message, alert FROM message_alerts ORDER BY message, position"), ({ message }) => message);
    return {
      integrity: rows<{ integrity_check: string }>("PRAGMA integrity_check").map(({ integrity_check }) => integrity_check).join("; "),
      transitions: rows<{ body: string }>("SELECT body FROM transitions ORDER BY id").map(({ body }) => JSON.parse(body) as Transition),
      incidents: rows<{ body: string }>("SELECT body FROM incidents ORDER BY number").map(({ body }) => JSON.parse(body) as Incident),
      alerts: rows<{ body: string; status: number; message: string | null }>("SELECT body, status, message FROM alerts ORDER BY number").map(({ body, status, message }) => ({ alert: JSON.parse(body) as Alert, status: alertStatuses.word(status), message })),
      messages: rows<{ id: string; channel: string; recipient: string; status: number; tries: number; last_reason: string }>("SELECT * FROM messages ORDER BY number").map((row) => ({
        id: row.id,
        pair: `${row.channel} ${row.recipient}`,
        status: messageStatuses.word(row.status),
        tries: row.tries,
        lastReason: row.last_reason,
        alerts: (inMessage.get(row.id) ?? []).map(({ alert }) => alert),
      })),
      states: new Map(rows<{ name: string; belief: string }>("SELECT c.name, s.belief FROM states s JOIN checks c ON c.id = s.check_id").map(({ name, belief }) => [name, JSON.parse(belief) as Belief])),
      results: rows<{ name: string; slot: number; started: number; verdict: number; origin: number }>(
        "SELECT c.name, r.slot, r.started, r.verdict, r.origin FROM results r JOIN checks c ON c.id = r.check_id ORDER BY r.check_id, r.slot + r.started, r.n",
      ).map(({ name, slot, started, verdict, origin }) => ({ check: name, slot, started: slot + started, verdict: verdicts.word(verdict), origin: origins.word(origin) })),
      skipped: journalled('%"kind":"skipped"%'),
      anew: journalled('%"kind":"restart"%"anew":true%'),
    };
  } finally {
    db.close();
  }
}
