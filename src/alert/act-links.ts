import type { Alert, IncidentId } from "../core/types.ts";
import { tellsTrouble } from "./items.ts";
import type { SiteFacts } from "./message.ts";

/** Addresses that lead to a question, which acts when it is answered. */
export interface ActLinks {
  readonly acknowledge: string;
  readonly silence: string;
}

/** Signs what a link is about. */
export type SignLink = (linked: { readonly incident: IncidentId; readonly by: string }) => string;

/** Makes the links of an alert: for an open incident of a check, where there is a page to lead to. */
export function actLinks({ url }: SiteFacts, sign: SignLink | undefined): (alert: Alert) => ActLinks | null {
  return ({ kind, check, incident, channel, recipient }) => {
    if (url === null || sign === undefined || incident === null || !tellsTrouble(kind) || check.startsWith("channel:")) return null;
    const address = `${url.endsWith("/") ? url : `${url}/`}do/${sign({ incident, by: recipient === "" ? channel : recipient })}`;
    return { acknowledge: address, silence: `${address}/silence` };
  };
}
