import type { DatabaseSync } from "node:sqlite";
import type { AlertKind, CheckName, Evidence, Incident, IncidentId, Instant, JournalEntry, Result, Transition } from "../../core/types.ts";
import { type AlertRow, type MessageRow, type MessageStory, type Store, type StoreFacts, storyOf } from "../store.ts";
import { alertStatuses, messageStatuses } from "./codes.ts";
import { RESULT_COLUMNS, RESULT_TABLES, type ResultColumns, resultOf, Words } from "./results.ts";
import { alertOf, alertsOfMessage, all, attemptOf, type BodyRow, incidentOf, MESSAGE_COLUMNS, type MessageColumns, messageOf, one, transitionOf, type TryColumns } from "./rows.ts";

type Query<Verb extends "results" | "incidents" | "transitions" | "messages" | "journal"> = Parameters<Store[Verb]>[0];

const LATEST = Number.MAX_SAFE_INTEGER;
const EARLIEST = Number.MIN_SAFE_INTEGER;

/** The queries that are short: each reads by an index and stops at its limit. Meanings: `Store` in `store.ts`. */
export class Queries {
  readonly words: Words;
  readonly #db: DatabaseSync;
  readonly #alertsOf: (message: string) => MessageRow["alerts"];
  readonly #prepared = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.words = new Words(db);
    this.#alertsOf = alertsOfMessage(db);
  }

  checkId(check: CheckName): number | null {
    return one<{ id: number }>(this.#sql("SELECT id FROM checks WHERE name = ?"), check)?.id ?? null;
  }

  results({ check, before, failed, limit }: Query<"results">): readonly Result[] {
    const id = this.checkId(check);
    if (id === null) return [];
    const only = failed === true ? "AND r.verdict <> 0" : "";
    const statement = this.#sql(`SELECT ${RESULT_COLUMNS} FROM ${RESULT_TABLES} WHERE r.check_id = ? AND r.slot < ? ${only} ORDER BY r.slot DESC, r.n DESC LIMIT ?`);
    return all<ResultColumns>(statement, id, before ?? LATEST, limit).map((row) => resultOf(check, row, this.words));
  }

  incidents({ check, open, before, limit }: Query<"incidents">): readonly Incident[] {
    const ofCheck = check === undefined ? "" : "AND i.check_id = (SELECT id FROM checks WHERE name = ?)";
    const state = open === undefined ? "" : open ? "AND i.closed IS NULL" : "AND i.closed IS NOT NULL";
    const statement = this.#sql(`SELECT i.body, c.name FROM incidents i JOIN checks c ON c.id = i.check_id WHERE i.opened < ? ${ofCheck} ${state} ORDER BY i.opened DESC, i.number DESC LIMIT ?`);
    return all<BodyRow>(statement, before ?? LATEST, ...(check === undefined ? [] : [check]), limit).map(incidentOf);
  }

  incident(id: IncidentId): Awaited<ReturnType<Store["incident"]>> {
    const row = one<BodyRow & { evidence: string }>(this.#sql("SELECT i.body, i.evidence, c.name FROM incidents i JOIN checks c ON c.id = i.check_id WHERE i.id = ?"), id);
    if (row === null) return null;
    const transitions = all<BodyRow>(this.#sql("SELECT t.body, c.name FROM transitions t JOIN checks c ON c.id = t.check_id WHERE t.incident = ? ORDER BY t.id"), id).map(transitionOf);
    const alertRows = all<BodyRow & { status: number; message: string | null }>(this.#sql("SELECT a.body, a.status, a.message, c.name FROM alerts a JOIN checks c ON c.id = a.check_id WHERE a.incident = ? ORDER BY a.at, a.number"), id);
    const alerts = alertRows.map((one): AlertRow => ({ alert: alertOf(one), status: alertStatuses.word(one.status), message: one.message }));
    const attempts = all<TryColumns>(this.#sql("SELECT * FROM tries WHERE message IN (SELECT message FROM alerts WHERE incident = ?) ORDER BY at"), id).map(attemptOf);
    return { incident: incidentOf(row), evidence: JSON.parse(row.evidence) as Evidence, transitions, alerts, attempts };
  }

  transitions({ check, since, limit }: Query<"transitions">): readonly Transition[] {
    const ofCheck = check === undefined ? "" : "AND t.check_id = (SELECT id FROM checks WHERE name = ?)";
    const statement = this.#sql(`SELECT t.body, c.name FROM transitions t JOIN checks c ON c.id = t.check_id WHERE t.at >= ? ${ofCheck} ORDER BY t.at DESC, t.id DESC LIMIT ?`);
    return all<BodyRow>(statement, since ?? EARLIEST, ...(check === undefined ? [] : [check]), limit).map(transitionOf);
  }

  messages({ check, status, limit }: Query<"messages">): readonly MessageStory[] {
    const ofCheck = check === undefined ? "" : "AND m.id IN (SELECT l.message FROM message_alerts l JOIN alerts a ON a.id = l.alert WHERE a.check_id = (SELECT id FROM checks WHERE name = ?))";
    const inStatus = status === undefined ? "" : `AND m.status = ${messageStatuses.number(status)}`;
    const statement = this.#sql(`SELECT ${MESSAGE_COLUMNS} FROM messages m WHERE true ${ofCheck} ${inStatus} ORDER BY m.formed_at DESC, m.number DESC LIMIT ?`);
    const tries = this.#sql("SELECT * FROM tries WHERE message = ? ORDER BY at");
    const rows = all<MessageColumns>(statement, ...(check === undefined ? [] : [check]), limit);
    const alerts = this.#sql("SELECT c.name, json_extract(a.body, '$.kind') AS kind FROM message_alerts l JOIN alerts a ON a.id = l.alert JOIN checks c ON c.id = a.check_id WHERE l.message = ? ORDER BY l.position");
    const tellsOf = (id: string): MessageStory["tells"] => all<{ name: CheckName; kind: AlertKind }>(alerts, id).map(({ name, kind }) => ({ check: name, kind }));
    return rows.map((row) => storyOf(messageOf(row, this.#alertsOf(row.id)), tellsOf(row.id), all<TryColumns>(tries, row.id).map(attemptOf)));
  }

  journal({ check, since, limit }: Query<"journal">): readonly JournalEntry[] {
    const ofCheck = check === undefined ? "" : "AND j.check_id = (SELECT id FROM checks WHERE name = ?)";
    const statement = this.#sql(`SELECT j.at, c.name, j.site, j.input FROM journal j LEFT JOIN checks c ON c.id = j.check_id WHERE j.at >= ? ${ofCheck} ORDER BY j.at, j.id LIMIT ?`);
    const rows = all<{ at: Instant; name: CheckName | null; site: string; input: string }>(statement, since ?? EARLIEST, ...(check === undefined ? [] : [check]), limit);
    return rows.map((row) => ({ at: row.at, check: row.name, siteVersion: row.site, input: JSON.parse(row.input) as unknown }));
  }

  facts(): Omit<StoreFacts, "reserveInUse"> {
    const bytes = one<{ bytes: number }>(this.#sql("SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()"))?.bytes ?? 0;
    const results = one<{ results: number }>(this.#sql("SELECT results FROM ledger"))?.results ?? 0;
    const oldest = one<{ oldest: Instant | null }>(this.#sql("SELECT min((SELECT min(slot) FROM results r WHERE r.check_id = c.id)) AS oldest FROM checks c"))?.oldest ?? null;
    return { bytes, results, oldest };
  }

  #sql(text: string): ReturnType<DatabaseSync["prepare"]> {
    let statement = this.#prepared.get(text);
    if (statement === undefined) {
      statement = this.#db.prepare(text);
      this.#prepared.set(text, statement);
    }
    return statement;
  }
}
