import { For, type JSX, Show } from "solid-js";
import type { IncidentView } from "../../../src/api/types.ts";
import { now } from "../link/clock.ts";
import { incidentPath } from "../route.ts";
import { clock, duration, exact } from "../state/format.ts";
import { Mark } from "./mark.tsx";

/** Incidents, the newest first: when, which check, how long, why. */
export function IncidentRows(props: { readonly incidents: readonly IncidentView[]; readonly ofOne?: boolean; readonly chosen?: string }): JSX.Element {
  return (
    <Show when={props.incidents.length > 0} fallback={<p class="empty soft">None in what is remembered.</p>}>
      <ul class="incidents" data-of-one={props.ofOne ? "" : undefined}>
        <For each={props.incidents}>
          {(incident) => (
            <li>
              <a class="incident-link" href={incidentPath(incident.id)} data-open={incident.closed === null ? "" : undefined} data-kind={incident.kind} aria-current={props.chosen === incident.id ? "true" : undefined}>
                <Mark state={incident.kind} />
                <span class="incident-at figure" title={exact(incident.firstSign)}>{clock(incident.firstSign, now())}</span>
                <Show when={!props.ofOne}><span class="incident-check">{incident.check}</span></Show>
                <span class="incident-why" title={incident.sentence}><span class="said">{incident.kind}: </span>{incident.sentence}</span>
                <span class="incident-long figure">{incident.closed === null ? <b>open, {duration(now() - incident.firstSign)}</b> : duration(incident.closed - incident.firstSign)}</span>
              </a>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}
