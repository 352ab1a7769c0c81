import { hash128 } from "../../src/core/ids.ts";
import type { Batch } from "../../src/core/state.ts";
import type { Alert, AlertId } from "../../src/core/types.ts";
import type { Store } from "../../src/store/store.ts";
import { ON_DUTY } from "./site.ts";

/** The same store with one verb replaced. */
function but(store: Store, verbs: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, verb) => {
      const planted: unknown = Reflect.get(verbs, verb);
      if (planted !== undefined) return planted;
      const own: unknown = Reflect.get(target, verb);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

/** The same store, given what a wrong judge decides. */
export function deciding(store: Store, decide: (alerts: readonly Alert[]) => readonly Alert[]): Store {
  const given: Store = Object.create(store) as Store;
  given.commit = (batch, synced) => store.commit({ ...batch, alerts: decide(batch.alerts) }, synced);
  return given;
}

/** A bug: of the store, or of the judge, which then decides this instead. */
export interface Plant {
  /** The promise that is seen to be broken. */
  readonly finds: string;
  readonly plant?: (store: Store) => Store;
  readonly decide?: (alerts: readonly Alert[]) => readonly Alert[];
}

/** Bugs that the simulation must find, each named for what it does. */
export const PLANTS: { readonly [name: string]: Plant } = {
  "a lost outbox row": {
    finds: "nothing committed is lost",
    plant: (store) => {
      let seen = 0;
      const lose = (alerts: readonly Alert[]): readonly Alert[] => alerts.filter(() => (seen += 1) % 10 !== 0);
      return but(store, { commit: (batch, synced) => store.commit(batch.alerts.length === 0 ? batch : { ...batch, alerts: lose(batch.alerts) }, synced) });
    },
  },
  "a recovery before its outage": {
    finds: "a recovery after its outage",
    plant: (store) => {
      const outbox: Store["outbox"] = async (limit) => {
        const found = await store.outbox(limit);
        const early = found.alerts.some((alert) => alert.kind === "recovered");
        return early ? found : { ...found, alerts: found.alerts.filter((alert) => alert.kind !== "down") };
      };
      // Holds outages back until a recovery is there, and lets it go first.
      const claimMessage: Store["claimMessage"] = async (...claim) => {
        const found = await store.claimMessage(...claim);
        return found === null ? null : { ...found, alerts: found.alerts.filter((alert) => alert.kind !== "down") };
      };
      return but(store, { outbox, claimMessage });
    },
  },
  "a memory that is not written": {
    finds: "what was learnt is remembered",
    plant: (store) => {
      const forgetful = ({ states, ...rest }: Batch): Batch => ({ ...rest, states: states.map((state) => ({ ...state, belief: { ...state.belief, remembered: { of: "", value: null } } })) });
      const commit: Store["commit"] = (batch, synced) => store.commit(forgetful(batch), synced);
      return but(store, { commit });
    },
  },
  "a double message": {
    finds: "told once",
    plant: (store) => {
      const settleMessage: Store["settleMessage"] = async (id, settlement) => {
        await store.settleMessage(id, settlement);
        if (settlement.kind !== "sent") return;
        const isThere = (await store.messages({ status: "sent", limit: 50 })).some((sent) => sent.id === id);
        if (isThere) repeats.push(id);
      };
      const repeats: string[] = [];
      const given = new Map<string, Awaited<ReturnType<Store["claimMessage"]>>>();
      const claimMessage: Store["claimMessage"] = async (id, now, until) => {
        const found = await store.claimMessage(id, now, until);
        if (found === null) return null;
        given.set(id, found);
        const [before] = repeats.splice(0, 1);
        const again = before === undefined ? undefined : given.get(before);
        return again === undefined || again === null ? found : { ...found, alerts: [...again.alerts, ...found.alerts] };
      };
      return but(store, { settleMessage, claimMessage });
    },
  },
  "a step that is told twice": {
    finds: "one message of a step",
    decide: (alerts) => alerts.flatMap((alert) => (alert.kind === "down" ? [alert, { ...alert, id: hash128(`again ${alert.id}`) as AlertId }] : [alert])),
  },
  "a step that does not come": { finds: "steps come when they are due", decide: (alerts) => alerts.filter(({ step }) => step !== 2) },
  "a recovery to a stranger": { finds: "a recovery to those who were told", decide: (alerts) => alerts.map((alert) => (alert.kind === "recovered" ? Object.assign({}, alert, { recipient: "nina" }) : alert)) },
  "somebody who has time off": { finds: "who is on duty is told", decide: (alerts) => alerts.map((alert) => (alert.check === ON_DUTY ? Object.assign({}, alert, { channel: "flaky" }) : alert)) },
  "what is less and ends nothing else": { finds: "what is over is told as over", decide: (alerts) => alerts.map((alert) => (alert.kind === "degraded" && alert.incident !== null ? Object.assign({}, alert, { ends: alert.incident }) : alert)) },
  "flapping that never settles": { finds: "flapping is told once", decide: (alerts) => alerts.filter(({ kind }) => kind !== "settled") },
};
