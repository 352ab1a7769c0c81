import { For, type JSX } from "solid-js";

/** A sentence of the server's, with what stands between backticks set as code. */
export function Said(props: { readonly text: string }): JSX.Element {
  return <For each={props.text.split("`")}>{(part, i) => (i() % 2 === 1 ? <code class="said-code">{part}</code> : part)}</For>;
}
