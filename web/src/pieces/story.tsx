import { For, type JSX, Show } from "solid-js";
import type { IncidentStory, StoryLine } from "../../../src/api/types.ts";
import { duration } from "../state/format.ts";
import { Time } from "./time.tsx";

const WORDS: { readonly [kind in StoryLine["kind"]]: string } = { "first-sign": "First sign", transition: "Changed", told: "Told", "not-told": "Not told", acknowledged: "Acknowledged", closed: "Closed" };
const DELIVERED = { waiting: "waiting to be sent", sending: "not delivered yet, tried again", sent: "delivered", failed: "not delivered", withdrawn: "withdrawn, its beginning was not delivered" } as const;

/** The first change of state confirms the first sign; an end by itself is a recovery. */
function wordOf(line: StoryLine, incident: IncidentStory): string {
  if (line.kind === "transition" && line === incident.story.find((one) => one.kind === "transition")) return "Confirmed";
  if (line.kind === "closed" && incident.closedBy === "recovered") return "Recovered";
  return WORDS[line.kind];
}

/** An incident from its first sign to its end, oldest first. */
export function Story(props: { readonly incident: IncidentStory }): JSX.Element {
  return (
    <ol class="story" aria-label="Story">
      <For each={props.incident.story}>
        {(line) => (
          <li class="story-line" data-kind={line.kind} data-delivery={line.delivery?.status}>
            <span class="story-at figure">
              <Time at={line.at} seconds />
              <Show when={line.at > props.incident.firstSign}><span class="faint">+ {duration(line.at - props.incident.firstSign)}</span></Show>
            </span>
            <span class="story-dot" aria-hidden="true" />
            <div class="story-what">
              <b>{wordOf(line, props.incident)}</b>
              <p>{line.text}</p>
              <Show when={line.delivery}>
                {(delivery) => (
                  <p class="delivery">
                    <span class="delivery-status">{DELIVERED[delivery().status]}{delivery().tries > 1 ? ` (${delivery().tries} tries)` : ""}</span>
                    <Show when={delivery().reason !== ""}><span class="soft">{delivery().reason}</span></Show>
                  </p>
                )}
              </Show>
            </div>
          </li>
        )}
      </For>
    </ol>
  );
}
