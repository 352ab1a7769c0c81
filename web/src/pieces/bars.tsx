import { For, type JSX, Show } from "solid-js";
import { banners, cutOffSince, site } from "../link/site.ts";
import { Time } from "./time.tsx";

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

const WORDS = { configuration: "Configuration", store: "Store", channel: "Channel", clock: "Clock", engine: "Engine" } as const;

/** What somebody must know about Tocsin itself. */
export function Banners(): JSX.Element {
  return (
    <For each={banners()}>
      {(banner) => (
        <section class="bar bar-trouble" data-kind={banner.kind} aria-label={`${WORDS[banner.kind]}: ${banner.text}`}>
          <p>
            <strong>{WORDS[banner.kind]}</strong> {banner.text} <span class="soft">since <Time at={banner.since} /></span>
          </p>
          <Show when={banner.advice !== ""}>
            <p class="soft">{banner.advice}</p>
          </Show>
          <Show when={banner.details.length > 0}>
            <details>
              <summary>Details ({banner.details.length})</summary>
              <pre class="evidence-text">{banner.details.join("\n")}</pre>
            </details>
          </Show>
        </section>
      )}
    </For>
  );
}
