import { beforeAll, expect, test } from "vitest";
import { readWhy } from "../../src/api/why.ts";
import { type AlertKind, checkName, type IncidentId, type Result } from "../../src/core/types.ts";
import { openMemoryStore } from "../../src/store/memory.ts";
import { at, sampleAlert, sampleBatch, sampleChange, sampleIncident, sampleMessage, sampleResult, sampleTransition, took } from "../../src/store/samples.ts";
import type { Store } from "../../src/store/store.ts";
import { HandClock, SmallHandle, summaryOf } from "./world.ts";

const SHOP = checkName("shop");
const MINUTE = 60_000;
const refused = { verdict: "down", code: "refused", sentence: "refused" } as const;
const run = (minute: number, more: Partial<Result> = {}): Result => sampleResult("shop", minute * MINUTE, { started: at(minute * MINUTE), ...more });
let store: Store;

/** Says a kind of alert at a minute, in a message of its own, which arrives. */
async function tell(sequence: number, minute: number, kind: AlertKind, incident: IncidentId | null): Promise<void> {
  const id = String(sequence).padStart(32, "0");
  const alert = sampleAlert(id, "shop", minute * MINUTE, { kind, incident });
  await store.commit(sampleBatch(sequence, { alerts: [alert] }));
  await store.changeOutbox(sampleChange({ messages: [sampleMessage(id, [alert.id], minute * MINUTE)] }));
  await store.claimMessage(id, at(minute * MINUTE), at(minute * MINUTE + 1000));
  await store.settleMessage(id, { kind: "sent", at: at(minute * MINUTE + 1), ...took(5), detail: "250 ok" });
}

/** Two outages, minutes 2 to 4 and 6 on, and a message of no incident between them. */
beforeAll(async () => {
  store = await openMemoryStore();
  const first = sampleIncident("1".repeat(32), "shop", 2 * MINUTE, { firstSign: at(2 * MINUTE), opened: at(2 * MINUTE), closed: at(4 * MINUTE), closedBy: "recovered" });
  const second = sampleIncident("2".repeat(32), "shop", 6 * MINUTE, { firstSign: at(6 * MINUTE), opened: at(6 * MINUTE) });
  await store.commit(
    sampleBatch(1, {
      results: [run(0), run(1), run(2, refused), run(3, refused), run(4), run(5), run(6, refused)],
      transitions: [sampleTransition("shop", 2 * MINUTE, { incident: first.id }), sampleTransition("shop", 4 * MINUTE, { from: "down", to: "up", incident: first.id }), sampleTransition("shop", 6 * MINUTE, { incident: second.id })],
      incidents: [{ incident: first, change: "opened", evidence: [] }, { incident: second, change: "opened", evidence: [] }],
    }),
  );
  await tell(2, 2, "down", first.id);
  await tell(3, 4, "recovered", first.id);
  await tell(4, 5, "settled", null);
  await tell(5, 6, "down", second.id);
});

async function story(sinceMinute: number | null): Promise<readonly string[]> {
  const clock = new HandClock();
  clock.advance(7 * MINUTE);
  const why = await readWhy({ handle: new SmallHandle(store, [summaryOf("shop", { state: "down", nextRunAt: null })]), clock }, SHOP, sinceMinute === null ? null : at(sinceMinute * MINUTE));
  return why?.lines.filter(({ kind }) => kind !== "runs" && kind !== "try").map(({ at: when, text }) => `${(when - at(0)) / MINUTE} ${text.replace("a@example.com on ops", "ops").replace(/\(rule .*/, "")}`) ?? [];
}

test("messages of every incident in the time that is told of say what they said, above the newest incident too", async () => {
  const later = ["5 For ops: it no longer flaps", "6 From up to down ", "6 For ops: it is down"];
  const all = ["2 From up to down ", "2 For ops: it is down", "4 From down to up ", "4 For ops: it is well again", "4 Recovered after 2m", ...later];
  expect(await story(null), "the runs before the newest incident reach back into the one before").toEqual(all);
  expect(await story(0)).toEqual(all);
  expect(await story(3), "of what was open before, only what came since").toEqual(all.slice(2));
  expect(await story(5)).toEqual(later);
});

test("a run stands above what it led to", async () => {
  const why = await readWhy({ handle: new SmallHandle(store, [summaryOf("shop", { nextRunAt: null })]), clock: new HandClock() }, SHOP, at(6 * MINUTE));
  expect(why?.lines.map(({ kind }) => kind)).toEqual(["runs", "transition", "told", "try"]);
});
