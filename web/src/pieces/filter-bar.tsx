import { For, type JSX, Show } from "solid-js";
import { STATUS_MARKS, type StatusWord } from "../../../src/api/types.ts";
import { counts, tags } from "../link/site.ts";
import { go } from "../router.ts";
import { type Filter, type Sort, SORTS, STATES, writeFilter } from "../state/order.ts";
import { Mark } from "./mark.tsx";

/** Writes the filter into the address, where it can be copied. */
export function setFilter(filter: Filter): void {
  go(location.pathname + writeFilter(filter), "replace");
}

const SORT_WORDS: { readonly [sort in Sort]: string } = { trouble: "trouble first", name: "by name", latency: "slowest first", since: "newest change first" };

/** Search, states with their counts, tag and order. */
export function FilterBar(props: { readonly filter: Filter; readonly search: (element: HTMLInputElement) => void; readonly found: number; readonly total: number }): JSX.Element {
  const change = (part: Partial<Filter>): void => setFilter({ ...props.filter, ...part });
  const toggle = (state: StatusWord): void => {
    const { states } = props.filter;
    change({ states: states.includes(state) ? states.filter((one) => one !== state) : [...states, state] });
  };
  const shown = (): StatusWord[] => STATES.filter((state) => (counts()?.[state] ?? 0) > 0 || props.filter.states.includes(state));
  return (
    <div class="filter">
      <label class="search">
        <span class="said">Search checks</span>
        <input ref={props.search} type="search" placeholder="Search" value={props.filter.text} onInput={(event) => change({ text: event.currentTarget.value })} autocomplete="off" spellcheck={false} />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <div class="chips" role="group" aria-label="Show only states">
        <For each={shown()}>
          {(state) => (
            <button type="button" class="chip" data-state={state} title={`Show only ${STATUS_MARKS[state].word}`} aria-pressed={props.filter.states.includes(state)} onClick={() => toggle(state)}>
              <Mark state={state} />
              <span class="figure">{counts()?.[state] ?? 0}</span> <span class="chip-word">{STATUS_MARKS[state].word}</span>
            </button>
          )}
        </For>
      </div>
      <div class="filter-end">
        <Show when={props.found !== props.total}><span class="found faint figure">{props.found} of {props.total}</span></Show>
        <Show when={tags().length > 0}>
          <select class="select" aria-label="Show only a tag" onChange={(event) => change({ tag: event.currentTarget.value })}>
            <option value="" selected={props.filter.tag === ""}>any tag</option>
            <For each={tags()}>{(tag) => <option value={tag} selected={props.filter.tag === tag}>{tag}</option>}</For>
          </select>
        </Show>
        <select class="select" aria-label="Order" onChange={(event) => change({ sort: SORTS.find((sort) => sort === event.currentTarget.value) ?? "trouble" })}>
          <For each={SORTS}>{(sort) => <option value={sort} selected={props.filter.sort === sort}>{SORT_WORDS[sort]}</option>}</For>
        </select>
      </div>
    </div>
  );
}
