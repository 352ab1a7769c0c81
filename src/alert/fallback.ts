import { hash128 } from "../core/ids.ts";
import type { Alert, AlertId, IncidentId } from "../core/types.ts";
import type { Store } from "../store/store.ts";
import type { OutboxChannel } from "./courier.ts";
import { knowsOf } from "./audience.ts";
import { tellsEnd } from "./items.ts";

/** Incidents are looked up so often for one message at most. */
const STORIES_MAX = 50;

/** The same alert to a recipient of the channel that stands in; its id follows from the first one's, so that it is told once. */
function standIn(alert: Alert, to: OutboxChannel, recipient: string): Alert {
  const id = hash128(JSON.stringify(["fallback", alert.id, to.name, recipient])) as AlertId;
  return { ...alert, id, channel: to.name, recipient, insteadOf: alert.insteadOf ?? alert.channel };
}

/** The incidents of which an alert tells the end. */
const endedBy = ({ kind, incident, ends }: Alert): readonly IncidentId[] => [...(tellsEnd(kind) && incident !== null ? [incident] : []), ...(ends === undefined ? [] : [ends])];

/**
 * What is to be told over the channel that stands in for another: everything, when that one does not work (`broken`); else the ends of what was
 * told so before. Nobody hears twice: a recipient that the check tells anyway is left out.
 */
export async function standIns(store: Pick<Store, "incident" | "wasTold">, alerts: readonly Alert[], to: OutboxChannel, broken: boolean): Promise<readonly Alert[]> {
  const stories = new Map<IncidentId, Promise<readonly Alert[]>>();
  const addressed = (incident: IncidentId): Promise<readonly Alert[]> => {
    const known = stories.get(incident);
    if (known !== undefined) return known;
    const read = stories.size < STORIES_MAX ? store.incident(incident).then((story) => (story?.alerts ?? []).map((row) => row.alert)) : Promise.resolve([]);
    stories.set(incident, read);
    return read;
  };
  const copies: Alert[] = [];
  for (const alert of alerts) {
    const ended = endedBy(alert);
    for (const recipient of to.recipients) {
      const toThem = async (incident: IncidentId): Promise<readonly Alert[]> => (await addressed(incident)).filter((one) => one.channel === to.name && one.recipient === recipient);
      const others = alert.incident === null ? [] : await toThem(alert.incident);
      if (others.some((one) => one.insteadOf === undefined)) continue;
      let heard = false;
      for (const incident of ended) heard ||= (await toThem(incident)).length > 0 && (await knowsOf(store, incident, { channel: to.name, recipient }));
      if (broken || heard) copies.push(standIn(alert, to, recipient));
    }
  }
  return copies;
}
