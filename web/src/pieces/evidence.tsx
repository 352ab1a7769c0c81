import { createSignal, For, type JSX, Show } from "solid-js";
import type { EvidencePart } from "../../../src/api/types.ts";
import { later } from "../link/clock.ts";

const SAID_MS = 2000;

/** What was sent and what came back: folded, monospaced, copied with one press. */
export function Evidence(props: { readonly parts: readonly EvidencePart[]; readonly open?: boolean }): JSX.Element {
  return (
    <Show when={props.parts.length > 0}>
      <details class="evidence" open={props.open ?? false}>
        <summary>Evidence <span class="faint">{props.parts.map((part) => part.label).join(", ")}</span></summary>
        <For each={props.parts}>{(part) => <Part part={part} />}</For>
      </details>
    </Show>
  );
}

function Part(props: { readonly part: EvidencePart }): JSX.Element {
  const [said, setSaid] = createSignal("Copy");
  const copy = async (): Promise<void> => {
    const done = await navigator.clipboard?.writeText(props.part.text).then(() => true, () => false);
    setSaid(done ? "Copied" : "Select it by hand");
    later(SAID_MS, () => setSaid("Copy"));
  };
  return (
    <figure class="evidence-part">
      <figcaption><span>{props.part.label}</span><button type="button" class="button button-small" onClick={() => void copy()}>{said()}</button></figcaption>
      <pre class="evidence-text" tabindex="0">{props.part.text}</pre>
    </figure>
  );
}
