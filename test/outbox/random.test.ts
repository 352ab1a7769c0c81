import fc from "fast-check";
import { expect, test } from "vitest";
import type { Message, Sending } from "../../src/alert/channels/channel.ts";
import { checkName, type IncidentId } from "../../src/core/types.ts";
import { alert, definition, LATER, LOST, MINUTE, SENT, type World, world } from "./world.ts";

const CHANNELS = [definition("ops", { cap: 20 })];
const VERBS = ["outbox", "unsettled", "changeOutbox", "claimMessage", "settleMessage", "incident", "wasTold", "formedSince", "messages"];

type Fate = "sent" | "later" | "lost, arrived" | "lost, gone" | "hangs, arrived" | "throws, arrived";
const FATES: readonly Fate[] = ["sent", "later", "lost, arrived", "lost, gone", "hangs, arrived", "throws, arrived"];

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("news" as const), check: fc.nat(3) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.nat(120_000) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("fate" as const), fate: fc.constantFrom(...FATES) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("store" as const), failing: fc.subarray(VERBS) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clock" as const), ms: fc.constantFrom(-86_400_000, -3000, 3000, 86_400_000) }) },
);

/** The receiver: what arrived, under which key, in order. */
class Receiver {
  fate: Fate = "sent";
  readonly arrived: { readonly key: string; readonly alerts: readonly string[] }[] = [];
  readonly texts = new Map<string, string>();

  take(message: Message, signal: AbortSignal): Sending | Promise<Sending> {
    const known = this.texts.get(message.key);
    // The same key is the same message, to the letter.
    expect(message.text).toBe(known ?? message.text);
    this.texts.set(message.key, message.text);
    if (this.fate === "later") return LATER;
    if (this.fate === "lost, gone") return LOST;
    this.arrived.push({ key: message.key, alerts: message.alerts.map((one) => one.id) });
    if (this.fate === "sent") return SENT;
    if (this.fate === "throws, arrived") throw new Error("a bug");
    if (this.fate === "lost, arrived") return LOST;
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(LOST), { once: true }));
  }
}

/** Each check goes down, recovers, goes down ...; every change is one alert. */
class News {
  /** Ids of the alerts of each incident, in order. */
  readonly committed = new Map<string, string[]>();
  readonly #down = new Map<number, number>();
  #incidents = 0;

  async add(w: World, check: number): Promise<void> {
    const open = this.#down.get(check);
    const incident = `i${open ?? ++this.#incidents}` as IncidentId;
    if (open === undefined) this.#down.set(check, this.#incidents);
    else this.#down.delete(check);
    const one = alert(w, open === undefined ? "down" : "recovered", { check: checkName(`check${check}`), incident });
    this.committed.set(incident, [...(this.committed.get(incident) ?? []), one.id]);
    await w.commit([one]);
  }
}

test("whatever fails, every alert arrives, under one key, and no recovery before its outage", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const w = await world(...CHANNELS);
      const receiver = new Receiver();
      const news = new News();
      w.answers = { ops: (message, signal) => receiver.take(message, signal) };
      for (const one of steps) {
        if (one.kind === "news") await news.add(w, one.check);
        else if (one.kind === "time") await w.pass(one.ms);
        else if (one.kind === "fate") receiver.fate = one.fate;
        else if (one.kind === "crash") await w.crash(CHANNELS);
        else if (one.kind === "clock") w.time.step(one.ms);
        else {
          w.failing.clear();
          for (const verb of one.failing) w.failing.add(verb);
        }
      }
      w.failing.clear();
      receiver.fate = "sent";
      await w.pass(70 * MINUTE);
      const keys = new Map<string, Set<string>>();
      const first = new Map<string, number>();
      for (const [at, { key, alerts }] of receiver.arrived.entries()) {
        for (const id of alerts) {
          if (!first.has(id)) first.set(id, at);
          keys.set(id, (keys.get(id) ?? new Set()).add(key));
        }
      }
      for (const ids of news.committed.values()) {
        const places = ids.map((id) => first.get(id) ?? -1);
        expect(places).not.toContain(-1);
        // A recovery is in the message of its outage or in a later one, even when the clock stepped back in between.
        expect(places).toEqual(places.toSorted((x, y) => x - y));
      }
      expect([...keys].filter(([, of]) => of.size > 1)).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
