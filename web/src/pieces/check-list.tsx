import { createEffect, createMemo, createSignal, For, type JSX, on, onCleanup, onMount, Show } from "solid-js";
import { setListKeys } from "../keys.ts";
import { allChecks, site } from "../link/site.ts";
import { isTouch } from "../link/theme.ts";
import { go, query, route } from "../router.ts";
import { arrange, readFilter } from "../state/order.ts";
import { counted } from "../state/format.ts";
import { reveal, visible } from "../state/window.ts";
import { CheckRow } from "./check-row.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { ColumnHeads } from "./column-heads.tsx";
import { SkeletonRows } from "./empty.tsx";

const ROW_PX = 28;
const ROW_TOUCH_PX = 44;

/** The window upon a long list within `pane`, which scrolls: the rows to draw, and moving a row into view. */
function createWindow(pane: HTMLElement, list: () => HTMLElement, count: () => number) {
  const rowPx = (): number => (isTouch() ? ROW_TOUCH_PX : ROW_PX);
  const [view, setView] = createSignal({ top: 0, height: 900 }, { equals: (a, b) => a.top === b.top && a.height === b.height });
  const slice = createMemo(() => visible(view().top, view().height, rowPx(), count()), undefined, { equals: (a, b) => a.start === b.start && a.end === b.end });
  const measure = (): void => {
    if (pane.clientHeight === 0) return; // hidden behind a check on a telephone
    setView({ top: pane.getBoundingClientRect().top - list().getBoundingClientRect().top, height: pane.clientHeight });
  };
  onMount(() => {
    const observer = new ResizeObserver(measure);
    for (const element of [pane, list(), list().parentElement?.parentElement]) if (element instanceof Element) observer.observe(element);
    pane.addEventListener("scroll", measure, { passive: true });
    onCleanup(() => {
      observer.disconnect();
      pane.removeEventListener("scroll", measure);
    });
  });
  createEffect(on([count, rowPx], measure, { defer: true }));
  const show = (index: number, headPx: number): void => {
    measure();
    pane.scrollBy(0, reveal(index, view().top, view().height, rowPx(), headPx));
    measure();
  };
  return { slice, rowPx, show };
}

/** Every check in a list of which only what is seen is drawn. `pane` is what scrolls. */
export function CheckList(props: { readonly pane: HTMLElement }): JSX.Element {
  let list!: HTMLUListElement;
  let head!: HTMLDivElement;
  let search!: HTMLInputElement;
  const filter = createMemo(() => readFilter(query()));
  const names = createMemo(() => arrange(allChecks(), filter()));
  const total = createMemo(() => [...allChecks()].length);
  const [selected, setSelected] = createSignal<string | null>(null);
  const { slice, rowPx, show } = createWindow(props.pane, () => list, () => names().length);
  const drawn = createMemo(() => names().slice(slice().start, slice().end));
  const opened = (): string => {
    const here = route();
    return here.view === "check" ? here.name : "";
  };
  const move = (by: 1 | -1): void => {
    const all = names();
    const from = all.indexOf(selected() ?? opened());
    const next = all[from === -1 ? (by === 1 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, from + by))];
    if (next === undefined) return;
    setSelected(next);
    show(all.indexOf(next), head.offsetHeight);
    queueMicrotask(() => list.querySelector<HTMLElement>("[data-selected] a")?.focus({ preventScroll: true }));
  };
  onMount(() => {
    setListKeys({ search: () => search.focus(), move, selected });
    onCleanup(() => setListKeys(null));
  });
  createEffect(on(opened, (name) => name !== "" && setSelected(name)));

  return (
    <section class="checks" aria-label="Checks">
      <div class="checks-head" ref={(made) => (head = made)}>
        <FilterBar filter={filter()} search={(made) => (search = made)} found={names().length} total={total()} />
        <ColumnHeads filter={filter()} />
      </div>
      <Show when={site() !== null} fallback={<SkeletonRows />}>
        <Show when={names().length === 0}><Nothing total={total()} /></Show>
      </Show>
      <div class="rows-room" style={{ height: `${names().length * rowPx()}px` }}>
        <ul class="rows" ref={(made) => (list = made)} aria-label={counted(names().length, "check")} style={{ "padding-top": `${slice().start * rowPx()}px` }}>
          <For each={drawn()}>
            {(name, i) => <CheckRow name={name} selected={selected() === name} open={opened() === name} place={slice().start + i() + 1} of={names().length} />}
          </For>
        </ul>
      </div>
    </section>
  );
}

function Nothing(props: { readonly total: number }): JSX.Element {
  return (
    <div class="empty">
      <Show when={props.total > 0} fallback={<p>No checks yet. Write the first one into <code>tocsin.yaml</code>; it appears here as soon as the file is saved.</p>}>
        <p>None of the {counted(props.total, "check")} fits this filter.</p>
        <button type="button" class="button" onClick={() => go(location.pathname, "replace")}>Show all</button>
      </Show>
    </div>
  );
}
