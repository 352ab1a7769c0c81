import { For, type JSX, Show } from "solid-js";
import { now } from "../link/clock.ts";
import { banners, cutOffSince, site } from "../link/site.ts";
import { clock } from "../state/format.ts";
import { Time } from "./time.tsx";
import { Said } from "./said.tsx";

/** `not connected since 03:12, showing what was known then`. */
export function CutOff(): JSX.Element {
  return (
    <div role="status">
      <Show when={cutOffSince()}>
        {(since) => (
          <p class="bar bar-cut">
            Not connected since <Time at={since()} />{site() === null ? ". Trying again; see whether Tocsin runs." : ", showing what was known then."}
          </p>
        )}
      </Show>
    </div>
  );
}

/** With its final stop, so that the next one can follow. */
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** What somebody must know about Tocsin itself. */
export function Banners(): JSX.Element {
  return (
    <For each={banners()}>
      {(banner) => (
        <details class="bar bar-trouble" data-kind={banner.kind}>
          <summary>
            <strong><Said text={sentence(banner.text)} /></strong> <span class="bar-advice soft"><Said text={sentence(banner.advice)} /></span> <span class="soft bar-since">Since {clock(banner.since, now())}.</span>
          </summary>
          <p class="bar-more soft"><Said text={sentence(banner.advice)} /> Since <Time at={banner.since} />.</p>
          <Show when={banner.details.length > 0}><pre class="evidence-text">{banner.details.join("\n")}</pre></Show>
        </details>
      )}
    </For>
  );
}
