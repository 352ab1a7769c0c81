import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Alert, Incident, Transition } from "../../core/types.ts";
import type { ChannelHealth, MessageRow, Try } from "../store.ts";
import { messageStatuses, outcomes } from "./codes.ts";

/** All rows; the SQL of the statement names the columns that `Row` has. */
export function all<Row>(statement: StatementSync, ...values: SQLInputValue[]): Row[] {
  return statement.all(...values) as Row[];
}

/** The first row, null for none; the SQL of the statement names the columns that `Row` has. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows its columns
export function one<Row>(statement: StatementSync, ...values: SQLInputValue[]): Row | null {
  return (statement.get(...values) ?? null) as Row | null;
}

/** A body in JSON that we wrote, with the check's name as it is today. */
export interface BodyRow {
  readonly body: string;
  readonly name: string;
}

export const incidentOf = (row: BodyRow): Incident => ({ ...(JSON.parse(row.body) as Incident), check: row.name as Incident["check"] });
export const transitionOf = (row: BodyRow): Transition => ({ ...(JSON.parse(row.body) as Transition), check: row.name as Transition["check"] });
export const alertOf = (row: BodyRow): Alert => ({ ...(JSON.parse(row.body) as Alert), check: row.name as Alert["check"] });
export const healthOf = (row: { readonly body: string }): ChannelHealth => JSON.parse(row.body) as ChannelHealth;

export const MESSAGE_COLUMNS = "m.id, m.channel, m.recipient, m.status, m.formed_at, m.tries, m.next_try_at, m.lease_until, m.doubt, m.last_reason";

export interface MessageColumns {
  readonly id: string;
  readonly channel: MessageRow["channel"];
  readonly recipient: string;
  readonly status: number;
  readonly formed_at: MessageRow["formedAt"];
  readonly tries: number;
  readonly next_try_at: MessageRow["nextTryAt"];
  readonly lease_until: MessageRow["leaseUntil"];
  readonly doubt: number;
  readonly last_reason: string;
}

export function messageOf(row: MessageColumns, alerts: MessageRow["alerts"]): MessageRow {
  const { id, channel, recipient, tries } = row;
  return { id, channel, recipient, alerts, status: messageStatuses.word(row.status), formedAt: row.formed_at, tries, nextTryAt: row.next_try_at, leaseUntil: row.lease_until, doubt: row.doubt === 1, lastReason: row.last_reason };
}

export interface TryColumns {
  readonly message: string;
  readonly at: Try["at"];
  readonly took: Try["tookMs"];
  readonly outcome: number;
  readonly reason: string;
}

export const attemptOf = (row: TryColumns): Try => ({ message: row.message, at: row.at, tookMs: row.took, outcome: outcomes.word(row.outcome), reason: row.reason });

/** Alerts of a message in their order. */
export function alertsOfMessage(db: DatabaseSync): (message: string) => MessageRow["alerts"] {
  const statement = db.prepare("SELECT alert FROM message_alerts WHERE message = ? ORDER BY position");
  return (message) => all<{ alert: MessageRow["alerts"][number] }>(statement, message).map((row) => row.alert);
}
