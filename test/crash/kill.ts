import { watch } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Chance } from "../sim/random.ts";
import type { Life } from "./life.ts";
import type { Receipts } from "./receipts.ts";

/** When a process is killed: while it starts, anywhere, while it writes to the database, or while it sends. */
export const KILLS = ["starting", "running", "writing", "sending"] as const;
export type Kill = (typeof KILLS)[number];

const START_MS = 1400;
const LIFE_MS = 6000;
/** Nothing was written or sent for so long: then it is killed all the same. */
const AT_MOST_MS = 8000;

/** Lets a process live as long as chance wants, and kills it. A sentence when it did not become ready or ended by itself. */
export async function liveAndKill(life: Life, kind: Kill, chance: Chance, at: { readonly data: string; readonly receipts: Receipts }): Promise<string | null> {
  const lateMs = chance.chance(0.5) ? 0 : chance.between(0, 20);
  const livesMs = kind === "starting" ? chance.between(0, START_MS) : chance.between(0, LIFE_MS);
  if (kind !== "starting") {
    const wrong = await life.ready();
    if (wrong !== null) return wrong;
  }
  await pause(livesMs);
  if (kind === "writing") await nextOf((call) => onWrite(at.data, call));
  if (kind === "sending") await nextOf((call) => onDelivery(at.receipts, call));
  await pause(lateMs);
  if (life.end !== null) return `ended by itself (${life.end}):\n${life.log.slice(-2000)}`;
  await life.kill();
  return null;
}

/** Resolves at the event, or when it does not come; `subscribe` returns how to let go. */
async function nextOf(subscribe: (call: () => void) => () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, AT_MOST_MS);
  const letGo = subscribe(resolve);
  await promise;
  clearTimeout(timer);
  letGo();
}

/** The first step of a transaction on its way into the database's log. */
function onWrite(data: string, call: () => void): () => void {
  const watcher = watch(data, (_, name) => {
    if (name === "tocsin.db-wal") call();
  });
  return () => watcher.close();
}

function onDelivery(receipts: Receipts, call: () => void): () => void {
  receipts.atNextStep(call);
  return () => receipts.atNextStep(null);
}
