import { type Alert, type AlertId, type ChannelName, type IncidentId, type Instant, TROUBLE_KINDS } from "../core/types.ts";
import type { AlertRow, ChannelHealth, MessageRow, OutboxChange, Settlement, Try } from "./store.ts";

/** What the outbox has, as plain data. */
export interface PostSnapshot {
  readonly alerts: readonly AlertRow[];
  readonly messages: readonly MessageRow[];
  readonly attempts: readonly Try[];
  readonly health: readonly ChannelHealth[];
}

/** The try that a settlement records. */
export function tryOf(message: string, settlement: Settlement): Try {
  const { at, tookMs } = settlement;
  if (settlement.kind === "sent") return { message, at, tookMs, outcome: "sent", reason: settlement.detail };
  if (settlement.kind === "failed") return { message, at, tookMs, outcome: "refused", reason: settlement.reason };
  return { message, at, tookMs, outcome: settlement.doubt ? "lost" : "retry", reason: settlement.reason };
}

const unsettled = (row: MessageRow): boolean => row.status === "waiting" || row.status === "sending";

/** The outbox's rows in memory: alerts, messages, tries and the channels' health. Every verb is deterministic, so that a journal of them replays. */
export class Post {
  readonly alerts = new Map<AlertId, AlertRow>();
  readonly messages = new Map<string, MessageRow>();
  readonly attempts = new Map<string, Try[]>();
  readonly health = new Map<ChannelName, ChannelHealth>();
  /** Kept beside, so that a look at the outbox costs what waits and not what ever was. */
  readonly waiting = new Set<AlertId>();
  readonly open = new Set<string>();
  /** In which order alerts came, for those of the same instant. */
  readonly #order = new Map<AlertId, number>();
  #came = 0;
  readonly byIncident = new Map<IncidentId, AlertId[]>();
  readonly byChannel = new Map<ChannelName, string[]>();

  addAlert(alert: Alert): void {
    if (!this.alerts.has(alert.id)) this.#put({ alert, status: "waiting", message: null });
  }

  change(change: OutboxChange): void {
    for (const alert of change.alerts) this.addAlert(alert);
    for (const id of change.supersede) this.#supersede(id);
    for (const id of change.revive) this.#revive(id);
    for (const row of change.messages) this.#form(row);
    for (const id of change.withdraw) {
      const row = this.alerts.get(id);
      if (row !== undefined && row.status !== "sent") this.#put({ alert: row.alert, status: "withdrawn", message: null });
    }
    for (const health of change.health) this.health.set(health.channel, health);
  }

  /** Alerts in no message yet, oldest first. */
  waitingAlerts(): readonly Alert[] {
    return this.#oldestFirst([...this.waiting]);
  }

  /** Alerts of one recipient in no message yet or in one that is not settled, oldest first. */
  unsettledOf(channel: ChannelName, recipient: string): readonly Alert[] {
    const open = [...this.open].flatMap((id) => this.messages.get(id)?.alerts ?? []);
    return this.#oldestFirst([...this.waiting, ...open]).filter((alert) => alert.channel === channel && alert.recipient === recipient && this.#waits(alert));
  }

  /** Whether a claim would succeed. */
  claimable(id: string, now: Instant): boolean {
    const row = this.messages.get(id);
    if (row === undefined) return false;
    if (row.status === "waiting") return row.nextTryAt <= now;
    return row.status === "sending" && (row.leaseUntil ?? now) <= now;
  }

  claim(id: string, now: Instant, leaseUntil: Instant): { readonly row: MessageRow; readonly alerts: readonly Alert[] } | null {
    const before = this.messages.get(id);
    if (before === undefined || !this.claimable(id, now)) return null;
    const row: MessageRow = { ...before, status: "sending", leaseUntil, tries: before.tries + 1, doubt: before.doubt || before.status === "sending" };
    this.messages.set(id, row);
    return { row, alerts: row.alerts.flatMap((alert) => this.alerts.get(alert)?.alert ?? []) };
  }

  settle(id: string, settlement: Settlement): void {
    const row = this.messages.get(id);
    if (row === undefined) return;
    const made = tryOf(id, settlement);
    const attempts = this.attempts.get(id) ?? [];
    if (attempts.some((earlier) => earlier.at === made.at && earlier.outcome === made.outcome)) return;
    this.attempts.set(id, [...attempts, made]);
    if (!unsettled(row)) return;
    if (settlement.kind === "retry") {
      this.messages.set(id, { ...row, status: "waiting", leaseUntil: null, nextTryAt: settlement.nextTryAt, doubt: row.doubt || settlement.doubt, lastReason: settlement.reason });
      return;
    }
    const sent = settlement.kind === "sent";
    this.messages.set(id, { ...row, status: settlement.kind, leaseUntil: null, doubt: row.doubt && !sent, lastReason: made.reason });
    this.open.delete(id);
    for (const alert of row.alerts) this.#move(alert, id, settlement.kind, id);
  }

  wasTold(incident: IncidentId, channel: ChannelName, recipient: string): boolean {
    return (this.byIncident.get(incident) ?? []).some((id) => {
      const row = this.alerts.get(id);
      if (row === undefined || row.alert.channel !== channel || row.alert.recipient !== recipient) return false;
      if (!TROUBLE_KINDS.has(row.alert.kind)) return false;
      return row.status === "sent" || (row.message !== null && this.messages.get(row.message)?.doubt === true);
    });
  }

  /** Removes what is settled and was formed before; alerts that `keep` names stay, and so do the messages they are in. Returns rows removed. */
  prune(before: Instant, keep: (alert: Alert) => boolean): number {
    let removed = 0;
    for (const [id, row] of this.messages) {
      const kept = unsettled(row) || row.formedAt >= before || row.alerts.some((alert) => this.#stays(alert, before, keep));
      if (kept) continue;
      removed += 1 + (this.attempts.get(id)?.length ?? 0);
      this.messages.delete(id);
      this.attempts.delete(id);
    }
    for (const [id, row] of this.alerts) {
      const inMessage = row.message !== null && this.messages.has(row.message);
      if (inMessage || row.status === "waiting" || this.#stays(id, before, keep)) continue;
      this.alerts.delete(id);
      this.#order.delete(id);
      removed += 1;
    }
    if (removed > 0) this.#index();
    return removed;
  }

  snapshot(): PostSnapshot {
    return { alerts: [...this.alerts.values()], messages: [...this.messages.values()], attempts: [...this.attempts.values()].flat(), health: [...this.health.values()] };
  }

  restore(from: PostSnapshot): void {
    for (const row of from.alerts) this.#put(row);
    for (const row of from.messages) this.messages.set(row.id, row);
    for (const made of from.attempts) this.attempts.set(made.message, [...(this.attempts.get(made.message) ?? []), made]);
    for (const health of from.health) this.health.set(health.channel, health);
    this.#index();
  }

  #waits({ id }: Alert): boolean {
    const status = this.alerts.get(id)?.status;
    return status === "waiting" || status === "in-message";
  }

  #oldestFirst(ids: readonly AlertId[]): Alert[] {
    const alerts = ids.flatMap((id) => this.alerts.get(id)?.alert ?? []);
    return alerts.sort((a, b) => a.at - b.at || (this.#order.get(a.id) ?? 0) - (this.#order.get(b.id) ?? 0));
  }

  #stays(id: AlertId, before: Instant, keep: (alert: Alert) => boolean): boolean {
    const row = this.alerts.get(id);
    return row !== undefined && (row.alert.at >= before || keep(row.alert));
  }

  #supersede(id: string): void {
    const row = this.messages.get(id);
    if (row === undefined || !unsettled(row)) return;
    this.messages.set(id, { ...row, status: "superseded", leaseUntil: null });
    this.open.delete(id);
    for (const alert of row.alerts) this.#move(alert, id, "waiting", null);
  }

  #revive(id: string): void {
    const row = this.messages.get(id);
    if (row?.status !== "failed") return;
    this.messages.set(id, { ...row, status: "superseded" });
    for (const alert of row.alerts) this.#move(alert, id, "waiting", null);
  }

  #form(row: MessageRow): void {
    if (this.messages.has(row.id) || !row.alerts.every((id) => this.waiting.has(id))) return;
    this.messages.set(row.id, row);
    const ofChannel = this.byChannel.get(row.channel);
    if (ofChannel === undefined) this.byChannel.set(row.channel, [row.id]);
    else ofChannel.push(row.id);
    if (unsettled(row)) this.open.add(row.id);
    const status = row.status === "sent" || row.status === "failed" ? row.status : "in-message";
    for (const id of row.alerts) {
      const alert = this.alerts.get(id)?.alert;
      if (alert !== undefined) this.#put({ alert, status, message: row.id });
    }
  }

  /** Moves an alert on, if it is in that message still. */
  #move(id: AlertId, from: string, status: AlertRow["status"], message: string | null): void {
    const row = this.alerts.get(id);
    if (row !== undefined && row.message === from) this.#put({ alert: row.alert, status, message });
  }

  #put(row: AlertRow): void {
    const { id, incident } = row.alert;
    if (!this.alerts.has(id) && incident !== null) {
      const known = this.byIncident.get(incident);
      if (known === undefined) this.byIncident.set(incident, [id]);
      else known.push(id);
    }
    if (!this.alerts.has(id)) {
      this.#came += 1;
      this.#order.set(id, this.#came);
    }
    this.alerts.set(id, row);
    if (row.status === "waiting") this.waiting.add(id);
    else this.waiting.delete(id);
  }

  #index(): void {
    for (const index of [this.waiting, this.open, this.byIncident, this.byChannel]) index.clear();
    for (const [id, { alert, status }] of this.alerts) {
      if (status === "waiting") this.waiting.add(id);
      if (alert.incident !== null) this.byIncident.set(alert.incident, [...(this.byIncident.get(alert.incident) ?? []), id]);
    }
    for (const [id, row] of this.messages) {
      if (unsettled(row)) this.open.add(id);
      this.byChannel.set(row.channel, [...(this.byChannel.get(row.channel) ?? []), id]);
    }
  }
}
