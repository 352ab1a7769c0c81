import type { DatabaseSync } from "node:sqlite";
import { type Alert, type AlertId, type ChannelName, type IncidentId, type Instant, TROUBLE_KINDS } from "../../core/types.ts";
import { tryOf } from "../post.ts";
import type { ChannelHealth, MessageRow, OutboxChange, Settlement } from "../store.ts";
import { alertStatuses, messageStatuses, outcomes } from "./codes.ts";
import { alertOf, alertsOfMessage, all, type BodyRow, healthOf, MESSAGE_COLUMNS, type MessageColumns, messageOf, one } from "./rows.ts";
import type { Writer } from "./write.ts";

const A = alertStatuses;
const M = messageStatuses;

/** The outbox's verbs, all on the writer, so that no long query keeps an alert waiting. Meanings: `Store` in `store.ts`. */
export class SqlitePost {
  readonly #writer: Writer;
  readonly #alertsOf: (message: string) => MessageRow["alerts"];
  readonly #sql;

  constructor(db: DatabaseSync, writer: Writer) {
    this.#writer = writer;
    this.#alertsOf = alertsOfMessage(db);
    this.#sql = prepare(db);
  }

  outbox(limit: number): { readonly alerts: readonly Alert[]; readonly messages: readonly MessageRow[]; readonly health: readonly ChannelHealth[] } {
    return {
      alerts: all<BodyRow>(this.#sql.waiting, limit).map(alertOf),
      messages: all<MessageColumns>(this.#sql.open, limit).map((row) => messageOf(row, this.#alertsOf(row.id))),
      health: all<{ body: string }>(this.#sql.health).map(healthOf),
    };
  }

  unsettled(channel: ChannelName, recipient: string, limit: number): readonly Alert[] {
    return all<BodyRow>(this.#sql.unsettled, channel, recipient, limit).map(alertOf).toReversed();
  }

  change(change: OutboxChange): void {
    this.#writer.transact(true, () => {
      for (const alert of change.alerts) this.#writer.addAlert(alert);
      for (const id of change.supersede) {
        if (this.#sql.supersede.run(id).changes === 1) this.#sql.moveAlerts.run(A.number("waiting"), null, id);
      }
      for (const id of change.revive) {
        if (this.#sql.revive.run(id).changes === 1) this.#sql.moveAlerts.run(A.number("waiting"), null, id);
      }
      for (const row of change.messages) this.#form(row);
      for (const id of change.withdraw) this.#sql.withdraw.run(id);
      for (const health of change.health) this.#sql.setHealth.run(health.channel, JSON.stringify(health));
    });
  }

  claim(id: string, now: Instant, leaseUntil: Instant): { readonly row: MessageRow; readonly alerts: readonly Alert[] } | null {
    const row = one<MessageColumns>(this.#sql.claimable, id, now, now);
    if (row === null) return null;
    const doubt = row.doubt === 1 || row.status === M.number("sending") ? 1 : 0;
    this.#writer.transact(true, () => this.#sql.claim.run(leaseUntil, doubt, id));
    const alerts = this.#alertsOf(id);
    const claimed = messageOf({ ...row, status: M.number("sending"), tries: row.tries + 1, lease_until: leaseUntil, doubt }, alerts);
    return { row: claimed, alerts: alerts.flatMap((alert) => one<BodyRow>(this.#sql.alert, alert) ?? []).map(alertOf) };
  }

  settle(id: string, settlement: Settlement): void {
    this.#writer.transact(true, () => {
      const row = one<MessageColumns>(this.#sql.message, id);
      if (row === null) return;
      const made = tryOf(id, settlement);
      const fresh = this.#sql.addTry.run(id, made.at, outcomes.number(made.outcome), made.tookMs, made.reason).changes === 1;
      if (!fresh || row.status > M.number("sending")) return;
      if (settlement.kind === "retry") {
        this.#sql.settle.run(M.number("waiting"), settlement.nextTryAt, row.doubt === 1 || settlement.doubt ? 1 : 0, made.reason, id);
        return;
      }
      const sent = settlement.kind === "sent";
      this.#sql.settle.run(M.number(settlement.kind), row.next_try_at, sent ? 0 : row.doubt, made.reason, id);
      this.#sql.moveAlerts.run(A.number(settlement.kind), id, id);
    });
  }

  wasTold(incident: IncidentId, channel: ChannelName, recipient: string): boolean {
    return all<{ body: string; status: number; doubt: number | null }>(this.#sql.ofIncident, incident).some((row) => {
      const alert = JSON.parse(row.body) as Alert;
      if (alert.channel !== channel || alert.recipient !== recipient) return false;
      if (!TROUBLE_KINDS.has(alert.kind)) return false;
      return row.status === A.number("sent") || row.doubt === 1;
    });
  }

  formedSince(channel: ChannelName, since: Instant): readonly Instant[] {
    return all<{ formed_at: Instant }>(this.#sql.formed, channel, since).map((row) => row.formed_at);
  }

  #form(row: MessageRow): void {
    const free = row.alerts.every((alert) => one<{ status: number }>(this.#sql.alertStatus, alert)?.status === A.number("waiting"));
    if (!free) return;
    const status = M.number(row.status);
    const made = this.#sql.form.run(row.id, row.channel, row.recipient, status, row.formedAt, row.tries, row.nextTryAt, row.leaseUntil, row.doubt ? 1 : 0, row.lastReason);
    if (made.changes !== 1) return;
    const alertStatus = row.status === "sent" || row.status === "failed" ? row.status : "in-message";
    row.alerts.forEach((alert: AlertId, position) => {
      this.#sql.addToMessage.run(row.id, position, alert);
      this.#sql.moveAlert.run(A.number(alertStatus), row.id, alert);
    });
  }
}

// The shape of what `prepare` returns is the list itself.
function prepare(db: DatabaseSync) {
  return {
    waiting: db.prepare("SELECT a.body, c.name FROM alerts a JOIN checks c ON c.id = a.check_id WHERE a.status = 0 ORDER BY a.at, a.number LIMIT ?"),
    open: db.prepare(`SELECT ${MESSAGE_COLUMNS} FROM messages m WHERE m.status < 2 ORDER BY m.formed_at, m.number LIMIT ?`),
    unsettled: db.prepare(`SELECT a.body, c.name FROM alerts a JOIN checks c ON c.id = a.check_id
      WHERE a.number IN (SELECT number FROM alerts WHERE status = 0 AND body ->> 'channel' = ?1 AND body ->> 'recipient' = ?2
        UNION ALL SELECT o.number FROM messages m CROSS JOIN message_alerts ma ON ma.message = m.id CROSS JOIN alerts o ON o.id = ma.alert WHERE m.status < 2 AND +m.channel = ?1 AND m.recipient = ?2 AND o.status = 1)
      ORDER BY +a.at DESC, a.number DESC LIMIT ?3`),
    health: db.prepare("SELECT body FROM health"),
    setHealth: db.prepare("INSERT INTO health VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body"),
    supersede: db.prepare("UPDATE messages SET status = 4, lease_until = NULL WHERE id = ? AND status < 2"),
    revive: db.prepare("UPDATE messages SET status = 4 WHERE id = ? AND status = 3"),
    moveAlerts: db.prepare("UPDATE alerts SET status = ?1, message = ?2 WHERE id IN (SELECT alert FROM message_alerts WHERE message = ?3) AND message = ?3"),
    alertStatus: db.prepare("SELECT status FROM alerts WHERE id = ?"),
    moveAlert: db.prepare("UPDATE alerts SET status = ?, message = ? WHERE id = ?"),
    withdraw: db.prepare("UPDATE alerts SET status = 4, message = NULL WHERE id = ? AND status <> 2"),
    form: db.prepare("INSERT INTO messages (id, channel, recipient, status, formed_at, tries, next_try_at, lease_until, doubt, last_reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"),
    addToMessage: db.prepare("INSERT INTO message_alerts VALUES (?, ?, ?)"),
    message: db.prepare(`SELECT ${MESSAGE_COLUMNS} FROM messages m WHERE m.id = ?`),
    claimable: db.prepare(`SELECT ${MESSAGE_COLUMNS} FROM messages m WHERE m.id = ? AND ((m.status = 0 AND m.next_try_at <= ?) OR (m.status = 1 AND coalesce(m.lease_until, 0) <= ?))`),
    claim: db.prepare("UPDATE messages SET status = 1, tries = tries + 1, lease_until = ?, doubt = ? WHERE id = ?"),
    alert: db.prepare("SELECT a.body, c.name FROM alerts a JOIN checks c ON c.id = a.check_id WHERE a.id = ?"),
    addTry: db.prepare("INSERT INTO tries (message, at, outcome, took, reason) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"),
    settle: db.prepare("UPDATE messages SET status = ?, lease_until = NULL, next_try_at = ?, doubt = ?, last_reason = ? WHERE id = ?"),
    ofIncident: db.prepare("SELECT a.body, a.status, m.doubt FROM alerts a LEFT JOIN messages m ON m.id = a.message WHERE a.incident = ?"),
    formed: db.prepare("SELECT formed_at FROM messages WHERE channel = ? AND formed_at >= ? AND status <> 4 ORDER BY formed_at"),
  };
}
