import type { Alert, AlertId, IncidentId } from "../core/types.ts";
import type { AlertRow, MessageRow, Store } from "../store/store.ts";
import { tellsEnd, tellsTrouble } from "./items.ts";

/** Incidents of one message that are looked up to say who else was told. */
const STORIES_MAX = 3;
const NAMED_MAX = 8;
/** Outages that followed each other without being well in between, looked back on at most. */
const FOLLOWED_MAX = 20;

const isFor = (row: MessageRow, alert: Alert): boolean => alert.channel === row.channel && alert.recipient === row.recipient;
const isLost = (row: AlertRow): boolean => row.status === "failed" || row.status === "withdrawn";

/** Whether the recipient was told of the trouble, or of the outage that it is what is left of. */
async function knowsOf(store: Pick<Store, "wasTold" | "incident">, incident: IncidentId, { channel, recipient }: Pick<Alert, "channel" | "recipient">): Promise<boolean> {
  let of: IncidentId | undefined = incident;
  for (let steps = 0; of !== undefined && steps < FOLLOWED_MAX; steps += 1) {
    if (await store.wasTold(of, channel, recipient)) return true;
    const story: Awaited<ReturnType<Store["incident"]>> = await store.incident(of);
    of = story?.alerts.find(({ alert }) => alert.kind === "degraded" && alert.ends !== undefined)?.alert.ends;
  }
  return false;
}

/**
 * The ends in a message of which the recipient knows no beginning: every alert of the trouble to the same recipient failed for good. An end
 * without any such alert was addressed without one on purpose (`onFail: false`) and is told.
 */
export async function untoldEnds(store: Pick<Store, "wasTold" | "incident">, row: MessageRow, alerts: readonly Alert[]): Promise<Set<AlertId>> {
  const untold = new Set<AlertId>();
  const begunHere = new Set(alerts.filter((alert) => tellsTrouble(alert.kind)).map((alert) => alert.incident));
  for (const { id, kind, incident } of alerts) {
    if (!tellsEnd(kind) || kind === "channel-mended" || incident === null || begunHere.has(incident)) continue;
    if (await knowsOf(store, incident, row)) continue;
    const story = await store.incident(incident);
    const beginnings = (story?.alerts ?? []).filter((one) => isFor(row, one.alert) && tellsTrouble(one.alert.kind));
    if (beginnings.length > 0 && beginnings.every(isLost)) untold.add(id);
  }
  return untold;
}

/** Who else is told of the same trouble, as `CHANNEL to RECIPIENT`: what was addressed before the message was formed, so that a repeat reads the same. */
export async function alsoTold(store: Pick<Store, "incident">, row: MessageRow, alerts: readonly Alert[]): Promise<readonly string[]> {
  const incidents = new Set<IncidentId>();
  for (const alert of alerts) if (alert.incident !== null && tellsTrouble(alert.kind) && incidents.size < STORIES_MAX) incidents.add(alert.incident);
  const others = new Set<string>();
  for (const incident of incidents) {
    const story = await store.incident(incident);
    for (const one of story?.alerts ?? []) {
      const { channel, recipient, at } = one.alert;
      if (!isFor(row, one.alert) && !isLost(one) && at <= row.formedAt) others.add(recipient === "" ? channel : `${channel} to ${recipient}`);
    }
  }
  const named = [...others].slice(0, NAMED_MAX);
  return others.size > NAMED_MAX ? [...named, `${others.size - NAMED_MAX} more`] : named;
}
