import { For, type JSX } from "solid-js";
import type { ProblemView } from "../../../src/api/types.ts";
import { Said } from "./said.tsx";

const ROWS = Array.from({ length: 14 }, (_, i) => i);

/** Holds the list's place until it comes; seen only after 300 ms. */
export function SkeletonRows(): JSX.Element {
  return (
    <div class="skeleton" aria-busy="true" aria-label="Loading">
      <For each={ROWS}>{() => <div class="skeleton-row" />}</For>
    </div>
  );
}

/** Holds the place of a block. */
export function SkeletonBlock(props: { readonly kind: "bar" | "chart" | "text" }): JSX.Element {
  return <div class="skeleton" aria-busy="true" aria-label="Loading"><div class={`skeleton-block skeleton-${props.kind}`} /></div>;
}

/** What the server refused, and the next step. */
export function Problem(props: { readonly problem: ProblemView; readonly onAgain?: () => void }): JSX.Element {
  return (
    <div class="empty problem" role="alert">
      <p><Said text={props.problem.error} /></p>
      <p class="soft"><Said text={props.problem.advice} /></p>
      {props.onAgain === undefined ? null : <button type="button" class="button" onClick={() => props.onAgain?.()}>Try again</button>}
    </div>
  );
}
