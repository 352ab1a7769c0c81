import type { CheckDefinition } from "../../src/config/site.ts";
import type { Batch } from "../../src/core/state.ts";
import type { Alert, AlertId, CheckName } from "../../src/core/types.ts";
import type { Store } from "../../src/store/store.ts";
import type { Truth } from "./truth.ts";
import { ancestorsOf, hostsOf } from "./site.ts";

/** A promise that was broken, with when (virtual days) and what. */
export interface Breach {
  readonly promise: string;
  readonly atMs: number;
  readonly what: string;
}

const OUTAGE_KINDS: ReadonlySet<string> = new Set(["down", "reminder", "flapping"]);

/** What one batch said of alerts, incidents, states and people, in the order in which it was written. */
export interface Page extends Pick<Batch, "sequence" | "alerts" | "incidents" | "transitions" | "journal"> {
  readonly atMs: number;
}

/** What went through the store: which alerts it promised to keep, which messages it gave out. */
export class Ledger {
  readonly committed = new Map<AlertId, Alert>();
  readonly withdrawn = new Set<AlertId>();
  readonly refused = new Set<string>();
  readonly claimed = new Set<string>();
  readonly breaches: Breach[] = [];
  /** What is in the store, as far as crashes left it there. */
  pages: Page[] = [];
  /** By incident, the outage that it is what is left of. */
  readonly #left = new Map<string, string>();
  readonly #seen = new Set<number>();
  /** What each check remembers: as committed in this life, and as it must outlive a crash. */
  readonly #remembered = new Map<CheckName, number>();
  readonly #remembers = new Map<CheckName, number>();
  readonly #truth: Truth;
  readonly #checks: ReadonlyMap<string, CheckDefinition>;
  readonly #monotonic: () => number;
  transitions = 0;
  results = 0;

  constructor(truth: Truth, checks: readonly CheckDefinition[], monotonic: () => number) {
    this.#truth = truth;
    this.#checks = new Map(checks.map((check) => [check.name, check]));
    this.#monotonic = monotonic;
  }

  breach(promise: string, what: string, atMs = this.#monotonic()): void {
    this.breaches.push({ promise, atMs, what });
  }

  /** The incident, the outage that it is what is left of, the one before that: whoever was told of one of them hears of the end. */
  lineOf(incident: string): readonly string[] {
    const line = [incident];
    for (let at = this.#left.get(incident); at !== undefined; at = this.#left.get(at)) line.push(at);
    return line;
  }

  /** The same store, with an eye on it. */
  watch(store: Store): Store {
    const watched: Store = Object.create(store) as Store;
    watched.commit = async (batch, synced) => {
      this.#attempted(batch);
      await store.commit(batch, synced);
      this.#kept(batch, synced === true);
    };
    watched.sequence = () => store.sequence();
    watched.claimMessage = async (...claim) => {
      const found = await store.claimMessage(...claim);
      if (found !== null) this.claimed.add(found.row.id);
      return found;
    };
    watched.changeOutbox = async (change) => {
      await store.changeOutbox(change);
      for (const id of change.withdraw) this.withdrawn.add(id);
      for (const alert of change.alerts) this.committed.set(alert.id, alert);
    };
    watched.settleMessage = async (id, settlement) => {
      await store.settleMessage(id, settlement);
      if (settlement.kind === "failed") this.refused.add(id);
    };
    // All the others as they are: they need the store itself as `this`.
    for (const verb of Object.getOwnPropertyNames(Object.getPrototypeOf(store))) {
      const value: unknown = store[verb as keyof Store];
      if (typeof value === "function" && !Object.hasOwn(watched, verb)) Object.defineProperty(watched, verb, { value: (value as (...rest: unknown[]) => unknown).bind(store) });
    }
    return watched;
  }

  #attempted(batch: Batch): void {
    if (this.#seen.has(batch.sequence)) return;
    this.#seen.add(batch.sequence);
    this.results += batch.results.length;
    this.transitions += batch.transitions.length;
    const { sequence, alerts, incidents, transitions, journal } = batch;
    if (alerts.length + incidents.length + transitions.length + journal.length > 0) this.pages.push({ sequence, alerts, incidents, transitions, journal, atMs: this.#monotonic() });
    const ended = new Map<string, string>();
    for (const { incident, change } of incidents) {
      const before = ended.get(incident.check);
      ended.delete(incident.check);
      if (change === "closed" && incident.closedBy === "better") ended.set(incident.check, incident.id);
      if (change === "opened" && before !== undefined) this.#left.set(incident.id, before);
    }
    for (const alert of batch.alerts) if (OUTAGE_KINDS.has(alert.kind)) this.#mustBeReal(alert);
  }

  /** After a crash the next life begins at the sequence that was kept: numbers may come again. */
  reborn(sequence: number): void {
    for (const seen of this.#seen) if (seen > sequence) this.#seen.delete(seen);
    this.pages = this.pages.filter((page) => page.sequence <= sequence);
    this.#remembered.clear();
  }

  #kept(batch: Batch, synced: boolean): void {
    for (const alert of batch.alerts) this.committed.set(alert.id, alert);
    for (const { check, belief } of batch.states) this.#remembered.set(check, (belief.remembered?.value as { readonly changes: number } | undefined)?.changes ?? 0);
    // Only then it has to outlive a crash, with all before it.
    if (!synced && batch.transitions.length + batch.incidents.length + batch.alerts.length === 0) return;
    for (const [check, changes] of this.#remembered) this.#remembers.set(check, changes);
  }

  /** Times in which a window was open for a check, as its journal has it. */
  windows(check: string, endMs: number): readonly { readonly check: string; readonly from: number; readonly to: number }[] {
    const found: { check: string; from: number; to: number }[] = [];
    for (const { journal, atMs } of this.pages) {
      for (const entry of journal) {
        const { kind, open = [] } = entry.input as { readonly kind: string; readonly open?: readonly string[] };
        const last = found.at(-1);
        if (entry.check !== check || kind !== "maintenance") continue;
        if (open.length > 0) found.push({ check, from: atMs, to: endMs });
        else if (last !== undefined) last.to = atMs;
      }
    }
    return found;
  }

  /** A run begins with what its check remembers: never less than what is safely on the disk. */
  given(check: CheckName, changes: number): void {
    const least = this.#remembers.get(check) ?? 0;
    if (changes < least) this.breach("what was learnt is remembered", `a run of ${check} was given ${changes} though ${least} was committed`);
  }

  /** Told means real: one of the hosts that decide was down while the runs that count were made. */
  #mustBeReal(alert: Alert): void {
    const check = this.#checks.get(alert.check);
    if (check === undefined) return;
    const now = this.#monotonic();
    const paceMs = Math.max(check.policy.everyMs, ...[...hostsOf(check), ...(check.policy.group?.members ?? [])].map((host) => this.#checks.get(host)?.policy.everyMs ?? 0));
    const backMs = (check.policy.failAfter + check.policy.recoverAfter + 2) * paceMs + 2 * check.policy.runMs + 60_000;
    const real = hostsOf(check).some((host) => this.#truth.downWithin(host, now - backMs, now));
    // The path may have come back between the check's own failure and its parent's answer: neither can know.
    const pathMs = 2 * check.policy.runMs + 5000;
    const path = ancestorsOf(check, this.#checks).some((parent) => hostsOf(parent).some((host) => this.#truth.downWithin(host, now - pathMs, now)));
    if (!real && !path) this.breach("told means real", `${alert.kind} of ${alert.check} (${alert.sentence}), though none of ${hostsOf(check).join(", ")} was down in the ${Math.round(backMs / 1000)} s before`);
  }
}
