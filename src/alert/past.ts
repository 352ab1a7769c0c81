import { hash128 } from "../core/ids.ts";
import { type Alert, type AlertId, type Incident, type IncidentId, type Instant, type Millis, plus } from "../core/types.ts";
import type { AlertRow, MessageRow, Store } from "../store/store.ts";
import { storiesOf, tellsEnd, tellsTrouble } from "./items.ts";

/** A message that is tried for the first time within this time after its group was complete is news, in ms. */
const FRESH_MS = 1000;

/** The end as the recipient is told of it: an alert that only the message has, the same whenever it is sent. */
function endOf(alert: Alert, row: MessageRow, story: string, { firstSign }: Incident, closed: Instant): Alert {
  const { check, incident, channel, recipient } = alert;
  const id = hash128(JSON.stringify(["past", row.id, story])) as AlertId;
  return { id, kind: "recovered", check, incident, channel, recipient, at: closed, status: "up", since: closed, sentence: "", code: "ok", evidence: [], hides: [], outageFrom: firstSign, step: 0, ordinal: 1 };
}

/**
 * The ends of what a message tells of too late (it was sent again by hand, or held, and nobody hears of the end): with them it is told as what
 * it was, `WAS DOWN`. Not where the recipient is still to be told of the end by a message of its own, and not of fresh news.
 */
export async function pastEnds(store: Pick<Store, "incident">, row: MessageRow, alerts: readonly Alert[], groupMs: Millis): Promise<readonly Alert[]> {
  const isFresh = (alert: Alert): boolean => row.tries <= 1 && row.formedAt <= plus(alert.at, groupMs + FRESH_MS);
  const told = new Set(alerts.flatMap((alert) => (tellsEnd(alert.kind) ? storiesOf(alert) : storiesOf(alert).slice(1))));
  const ends: Alert[] = [];
  for (const alert of alerts) {
    const [story] = storiesOf(alert);
    if (!tellsTrouble(alert.kind) || alert.incident === null || told.has(story) || isFresh(alert)) continue;
    told.add(story);
    const end = await pastEnd(store, row, alert, alert.incident);
    if (end !== null) ends.push(end);
  }
  return ends;
}

async function pastEnd(store: Pick<Store, "incident">, row: MessageRow, alert: Alert, of: IncidentId): Promise<Alert | null> {
  const found = await store.incident(of);
  if (found === null) return null;
  const [story] = storiesOf(alert);
  const isTheirs = ({ alert: one }: AlertRow): boolean => one.recipient === alert.recipient && one.channel === alert.channel;
  const ends = found.alerts.filter((one) => tellsEnd(one.alert.kind) && storiesOf(one.alert).includes(story) && (isTheirs(one) || one.alert.channel === alert.insteadOf));
  if (ends.some(({ status }) => status === "waiting" || status === "in-message")) return null;
  if (alert.kind !== "flapping") return found.incident.closed === null ? null : endOf(alert, row, story, found.incident, found.incident.closed);
  const settled = ends.at(-1)?.alert;
  return settled === undefined ? null : { ...settled, id: endOf(alert, row, story, found.incident, settled.at).id, channel: alert.channel, recipient: alert.recipient };
}
