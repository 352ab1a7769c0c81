import { createMemo, createSignal, For, type JSX, onCleanup, Show } from "solid-js";
import type { CheckSummary } from "../../../src/api/types.ts";
import { now } from "../link/clock.ts";
import { allChecks, banners, checkOf, cutOffSince } from "../link/site.ts";
import { flagsOf, isQuiet, Mark, shownOf, wordOf } from "../pieces/mark.tsx";
import { brief, clock, counted } from "../state/format.ts";
import { arrange, EVERYTHING, readFilter, trouble } from "../state/order.ts";
import { wallCapacity, wallGrid } from "../state/window.ts";
import { query } from "../router.ts";

/** Tiles only, to be read from across the room; what does not fit is counted in the last tile, and trouble always fits first. */
export function Wall(): JSX.Element {
  const [size, setSize] = createSignal({ width: innerWidth, height: innerHeight });
  const resize = (): void => {
    setSize({ width: innerWidth, height: innerHeight });
  };
  addEventListener("resize", resize);
  onCleanup(() => removeEventListener("resize", resize));
  const names = createMemo(() => arrange(allChecks(), { ...EVERYTHING, tag: readFilter(query()).tag }));
  const capacity = (): number => wallCapacity(size().width, size().height);
  const shown = createMemo(() => (names().length <= capacity() ? names() : names().slice(0, capacity() - 1)));
  const tiles = (): number => Math.max(1, Math.min(names().length, capacity()));
  const grid = createMemo(() => wallGrid(tiles(), size().width, size().height));
  const rest = createMemo(() => {
    const left = names().slice(shown().length).map((name) => checkOf(name)).filter((check) => check !== undefined);
    const bad = left.filter((check) => trouble(check) > 0).length;
    return bad === 0 ? counted(left.length, "more up", "more up") : `${counted(left.length, "more", "more")}, ${bad} not well`;
  });
  return (
    <main class="wall" aria-label="Wall"><div class="tiles" style={{ "--columns": String(grid().columns), "--rows": String(grid().rows) }}>
      <For each={shown()}>{(name) => <Show when={checkOf(name)}>{(check) => <Tile check={check()} />}</Show>}</For>
      <Show when={names().length > shown().length}><div class="tile tile-rest">{rest()}</div></Show>
      <Show when={names().length === 0}><div class="tile tile-rest">Waiting for the first checks</div></Show>
      </div>
      <Show when={cutOffSince()}>{(since) => <p class="wall-bar" role="status">not connected since {clock(since(), now())}, showing what was known then</p>}</Show>
      <Show when={cutOffSince() === null && banners()[0]}>{(banner) => <p class="wall-bar" role="status">{banner().text}</p>}</Show>
    </main>
  );
}

function Tile(props: { readonly check: CheckSummary }): JSX.Element {
  const check = (): CheckSummary => props.check;
  const flags = (): string => flagsOf(check()).join(", ");
  const who = (): string => {
    const seen = check().acknowledged;
    return seen === null ? "" : ` (${seen.note === "" ? `by ${seen.by}` : seen.note})`;
  };
  return (
    <section class="tile" data-state={shownOf(check())} data-seen={isQuiet(check()) ? "" : undefined} data-tile={check().name} style={{ "--letters": String(check().name.length) }}>
      <h2><Mark state={shownOf(check())} /><span>{check().name}</span></h2>
      <Show when={shownOf(check()) !== "up"}>
        <p class="tile-since figure">{wordOf(shownOf(check()))} {shownOf(check()) === "unchecked" ? "" : brief(now() - check().since)}</p>
      </Show>
      <Show when={shownOf(check()) !== "up" || flags() !== ""}>
        <p class="tile-why"><Show when={flags() !== ""}><b>{flags()}</b>{who()}</Show>{shownOf(check()) === "up" ? "" : flags() === "" ? check().summary : ` · ${check().summary}`}</p>
      </Show>
    </section>
  );
}
