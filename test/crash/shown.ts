import { setTimeout as pause } from "node:timers/promises";
import type { IncidentView } from "../../src/api/types.ts";
import { iso } from "./consistent.ts";
import type { Kept } from "./kept.ts";
import type { Life } from "./life.ts";

const POLL_MS = 200;

interface Message {
  readonly id: string;
  readonly status: string;
}

/** Asks the living process again and again what it has stored, and remembers every answer. */
export class Shown {
  readonly #incidents = new Map<string, IncidentView>();
  readonly #sent = new Set<string>();
  readonly #end = new AbortController();
  #watching: Promise<void> = Promise.resolve();
  answers = 0;

  /** `life`: the process that lives now; null for none. */
  watch(life: () => Life | null): void {
    this.#watching = this.#watch(life);
  }

  async end(): Promise<void> {
    this.#end.abort();
    await this.#watching;
  }

  async #watch(life: () => Life | null): Promise<void> {
    while (!this.#end.signal.aborted) {
      const living = life();
      if (living !== null) {
        for (const incident of await list<IncidentView>(living, "/api/v1/incidents?limit=200")) this.#incidents.set(incident.id, incident);
        for (const { id, status } of await list<Message>(living, "/api/v1/outbox?limit=100")) if (status === "sent") this.#sent.add(id);
        this.answers += 1;
      }
      await pause(POLL_MS, undefined, { signal: this.#end.signal }).catch(() => undefined);
    }
  }

  /** What was shown once and is not so in the database. */
  findings(kept: Kept): readonly string[] {
    const found: string[] = [];
    const incidents = new Map(kept.incidents.map((incident) => [incident.id as string, incident]));
    const messages = new Map(kept.messages.map((message) => [message.id, message]));
    for (const shown of this.#incidents.values()) {
      const stored = incidents.get(shown.id);
      const what = `the incident ${shown.id} of ${shown.check}, opened ${iso(shown.opened)}`;
      if (stored === undefined) found.push(`${what}, was shown and is not in the database`);
      else if (stored.opened !== shown.opened) found.push(`${what}, is in the database as opened ${iso(stored.opened)}`);
      else if (shown.closed !== null && stored.closed !== shown.closed) found.push(`${what}, was shown as closed ${iso(shown.closed)} and is in the database as closed ${iso(stored.closed ?? Number.POSITIVE_INFINITY)}`);
    }
    for (const id of this.#sent) if (messages.get(id)?.status !== "sent") found.push(`message ${id} was shown as sent and is ${messages.get(id)?.status ?? "not"} in the database`);
    return found;
  }
}

/** A list from the API; empty when nobody answered, as in a process that is being killed. */
async function list<Item>(life: Life, path: string): Promise<readonly Item[]> {
  const answer = await life.ask(path);
  return answer?.status === 200 ? (JSON.parse(answer.body) as Item[]) : [];
}
