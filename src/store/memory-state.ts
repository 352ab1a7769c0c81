import type { Batch, Belief } from "../core/state.ts";
import { type CheckName, type Evidence, type Incident, type IncidentId, type Instant, instant, type JournalEntry, type Result, type Transition } from "../core/types.ts";
import { Post, type PostSnapshot } from "./post.ts";
import type { OutboxChange, Retention, Settlement } from "./store.ts";

/** What of a batch is written: of the states only the beliefs. */
export interface Written extends Omit<Batch, "states"> {
  readonly states: readonly { readonly check: CheckName; readonly belief: Belief }[];
}

/** One record of the journal. */
export type Deed =
  | { readonly kind: "batch"; readonly batch: Written }
  | { readonly kind: "outbox"; readonly change: OutboxChange }
  | { readonly kind: "claim"; readonly id: string; readonly now: Instant; readonly leaseUntil: Instant }
  | { readonly kind: "settle"; readonly id: string; readonly settlement: Settlement }
  | { readonly kind: "rename"; readonly from: CheckName; readonly to: CheckName }
  | { readonly kind: "prune"; readonly retention: Retention; readonly now: Instant }
  | { readonly kind: "drop"; readonly before: Instant }
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot };

export interface Snapshot {
  readonly sequence: number;
  readonly beliefs: readonly (readonly [CheckName, Belief])[];
  readonly results: readonly (readonly Result[])[];
  readonly lastPruned: readonly CheckName[];
  readonly incidents: readonly Kept[];
  readonly transitions: readonly Transition[];
  readonly journal: readonly JournalEntry[];
  readonly post: PostSnapshot;
}

export interface Kept {
  readonly incident: Incident;
  readonly evidence: Evidence;
}

/** All that the memory store knows. `apply` is deterministic: the same deeds make the same memory. */
export class Memory {
  sequence = 0;
  readonly beliefs = new Map<CheckName, Belief>();
  /** By check, in the order they were committed. */
  readonly results = new Map<CheckName, Result[]>();
  /** Checks whose result committed last was pruned though others were not: the clock had stepped back. */
  readonly #lastPruned = new Set<CheckName>();
  readonly incidents = new Map<IncidentId, Kept>();
  transitions: Transition[] = [];
  journal: JournalEntry[] = [];
  readonly post = new Post();
  /** Plain results kept of each check, 1 or more. */
  readonly #keepResults: number;

  constructor(keepResults: number) {
    this.#keepResults = Math.max(1, keepResults);
  }

  /** Returns rows removed by a prune, else 0. */
  apply(deed: Deed): number {
    switch (deed.kind) {
      case "batch":
        this.#batch(deed.batch);
        return 0;
      case "outbox":
        this.post.change(deed.change);
        return 0;
      case "claim":
        this.post.claim(deed.id, deed.now, deed.leaseUntil);
        return 0;
      case "settle":
        this.post.settle(deed.id, deed.settlement);
        return 0;
      case "rename":
        this.#rename(deed.from, deed.to);
        return 0;
      case "prune":
        return this.#prune(deed.retention, deed.now);
      case "drop":
        return this.#dropResults(deed.before);
      case "snapshot":
        this.#restore(deed.snapshot);
        return 0;
      default:
        return deed satisfies never;
    }
  }

  /** The result committed last. */
  last(check: CheckName): Result | null {
    return this.#lastPruned.has(check) ? null : (this.results.get(check)?.at(-1) ?? null);
  }

  snapshot(): Snapshot {
    const results = [...this.results.values()].map((list) => list.slice(-this.#keepResults));
    return { sequence: this.sequence, beliefs: [...this.beliefs], results, lastPruned: [...this.#lastPruned], incidents: [...this.incidents.values()], transitions: this.transitions, journal: this.journal, post: this.post.snapshot() };
  }

  #restore(from: Snapshot): void {
    this.sequence = from.sequence;
    for (const [check, belief] of from.beliefs) this.beliefs.set(check, belief);
    for (const list of from.results) for (const result of list) this.#addResult(result);
    for (const check of from.lastPruned) this.#lastPruned.add(check);
    for (const kept of from.incidents) this.incidents.set(kept.incident.id, kept);
    this.transitions = [...from.transitions];
    this.journal = [...from.journal];
    this.post.restore(from.post);
  }

  #batch(batch: Written): void {
    if (batch.sequence <= this.sequence) return;
    this.sequence = batch.sequence;
    for (const result of batch.results) this.#addResult(result);
    for (const check of batch.removed) this.beliefs.delete(check);
    for (const { check, belief } of batch.states) this.beliefs.set(check, belief);
    for (const transition of batch.transitions) this.transitions.push(transition);
    for (const { incident, evidence } of batch.incidents) {
      const earlier = this.incidents.get(incident.id);
      this.incidents.set(incident.id, { incident, evidence: evidence.length === 0 && earlier !== undefined ? earlier.evidence : evidence });
    }
    for (const alert of batch.alerts) this.post.addAlert(alert);
    for (const entry of batch.journal) this.journal.push(entry);
  }

  #addResult(result: Result): void {
    const list = this.results.get(result.check);
    if (this.#lastPruned.size > 0) this.#lastPruned.delete(result.check);
    if (list === undefined) this.results.set(result.check, [result]);
    else {
      list.push(result);
      if (list.length > 2 * this.#keepResults) list.splice(0, list.length - this.#keepResults);
    }
  }

  #rename(from: CheckName, to: CheckName): void {
    const belief = this.beliefs.get(from);
    if (belief !== undefined) this.beliefs.set(to, { ...belief, incident: belief.incident === null ? null : { ...belief.incident, check: to } });
    this.beliefs.delete(from);
    const results = this.results.get(from) ?? [];
    this.results.delete(from);
    if (this.#lastPruned.delete(from)) this.#lastPruned.add(to);
    if (results.length > 0) this.results.set(to, [...(this.results.get(to) ?? []), ...results.map((result) => Object.assign({}, result, { check: to }))]);
    for (const [id, { incident, evidence }] of this.incidents) if (incident.check === from) this.incidents.set(id, { incident: { ...incident, check: to }, evidence });
    this.transitions = this.transitions.map((transition) => (transition.check === from ? { ...transition, check: to } : transition));
    this.journal = this.journal.map((entry) => (entry.check === from ? { ...entry, check: to } : entry));
    for (const [id, row] of this.post.alerts) if (row.alert.check === from) this.post.alerts.set(id, { ...row, alert: { ...row.alert, check: to } });
  }

  #prune(retention: Retention, now: Instant): number {
    let removed = this.#dropResults(instant(now - retention.resultsMs));
    const before = instant(now - retention.incidentsMs);
    const open = (id: IncidentId | null): boolean => id !== null && this.incidents.get(id)?.incident.closed === null;
    const count = this.transitions.length + this.journal.length;
    this.transitions = this.transitions.filter((transition) => transition.at >= before || open(transition.incident));
    this.journal = this.journal.filter((entry) => entry.at >= before);
    removed += count - this.transitions.length - this.journal.length;
    removed += this.post.prune(before, (alert) => open(alert.incident));
    for (const [id, { incident }] of this.incidents) {
      if (incident.closed === null || incident.closed >= before) continue;
      this.incidents.delete(id);
      removed += 1;
    }
    return removed;
  }

  #dropResults(before: Instant): number {
    let removed = 0;
    for (const [check, list] of this.results) {
      const kept = list.filter((result) => result.slot >= before);
      removed += list.length - kept.length;
      if (kept.length === 0) this.results.delete(check);
      else if (kept.length < list.length) this.results.set(check, kept);
      if (kept.at(-1) !== list.at(-1)) this.#lastPruned.add(check);
    }
    return removed;
  }
}
