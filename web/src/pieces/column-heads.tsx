import type { JSX } from "solid-js";
import type { Filter, Sort } from "../state/order.ts";
import { setFilter } from "./filter-bar.tsx";

/** What the columns mean, units once; some put the list in order. */
export function ColumnHeads(props: { readonly filter: Filter }): JSX.Element {
  const Head = (head: { readonly sort: Sort; readonly class: string; readonly word: string; readonly title: string }): JSX.Element => (
    <button type="button" class={`head ${head.class}`} title={head.title} aria-pressed={props.filter.sort === head.sort} onClick={() => setFilter({ ...props.filter, sort: head.sort })}>
      {head.word}
    </button>
  );
  return (
    <div class="heads">
      <Head sort="trouble" class="row-state" word="state" title="Trouble first" />
      <Head sort="name" class="row-name" word="name" title="By name" />
      <span class="head row-summary">last result</span>
      <span class="head row-tags">tags</span>
      <span class="head row-recent">last 30 runs</span>
      <Head sort="latency" class="row-latency" word="ms" title="Slowest first" />
      <Head sort="since" class="row-since" word="since" title="Newest change first" />
      <span class="head row-run">last run</span>
    </div>
  );
}
