import { createEffect, createMemo, type JSX, on, Show } from "solid-js";
import { now } from "../link/clock.ts";
import { checkOf } from "../link/site.ts";
import { query } from "../router.ts";
import { checkPath } from "../route.ts";
import { brief, exact, milliseconds } from "../state/format.ts";
import { measured, readFilter, writeFilter } from "../state/order.ts";
import { flagsOf, Mark, shownOf, wordOf } from "./mark.tsx";
import { Recent } from "./recent.tsx";

const GLOW = { duration: 1600, easing: "ease-out" };
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** One check in the list. A change of state glows once. */
export function CheckRow(props: { readonly name: string; readonly selected: boolean; readonly open: boolean; readonly place: number; readonly of: number }): JSX.Element {
  let element!: HTMLLIElement;
  const check = () => checkOf(props.name);
  const shown = createMemo(() => {
    const now = check();
    return now === undefined ? undefined : shownOf(now);
  });
  createEffect(
    on(
      shown,
      () => {
        if (still.matches) return;
        element.animate([{ backgroundColor: `color-mix(in srgb, ${getComputedStyle(element).getPropertyValue("--state")} 35%, transparent)` }, {}], GLOW);
      },
      { defer: true },
    ),
  );
  return (
    <li ref={(made) => (element = made)} class="row" data-check={props.name} data-state={shown()} data-selected={props.selected ? "" : undefined} aria-setsize={props.of} aria-posinset={props.place}>
      <Show when={check()}>
        {(check) => (
          <a class="row-link" href={checkPath(props.name) + writeFilter(readFilter(query()))} aria-current={props.open ? "true" : undefined}>
            <Mark state={shownOf(check())} />
            <span class="row-state">{wordOf(shownOf(check()))}</span>
            <span class="row-name">{check().name}</span>
            <span class="row-summary" title={check().summary}>
              <Show when={flagsOf(check()).length > 0}><span class="row-flags">{flagsOf(check()).join(", ")}</span> </Show>
              {check().summary}
            </span>
            <span class="row-tags">{check().tags.join(" ")}</span>
            <span class="row-recent"><Recent recent={check().recent} /></span>
            <span class="row-latency figure"><span class="said">latency in milliseconds: </span>{milliseconds(measured(check()))}</span>
            <span class="row-since figure" title={exact(check().since)}><Show when={shown() !== "unchecked"}><span class="said">since </span>{brief(now() - check().since)}</Show></span>
            <span class="row-run figure" title={check().lastRunAt === null ? "" : exact(check().lastRunAt ?? 0)}>
              <span class="said">last run before </span>{check().running ? "running" : check().lastRunAt === null ? "" : brief(now() - (check().lastRunAt ?? 0))}
            </span>
          </a>
        )}
      </Show>
    </li>
  );
}
