import { createMemo, For, type JSX, Show } from "solid-js";
import type { CheckSummary, StatusWord } from "../../../src/api/types.ts";
import { checkOf, site } from "../link/site.ts";
import { checkPath } from "../route.ts";
import { Mark } from "./mark.tsx";

interface Hop {
  readonly name: string;
  readonly state: StatusWord;
}

/** The way from this place over the parents to the check, with the hop where it breaks; only while it is not well. */
export function HopPath(props: { readonly check: CheckSummary; readonly parents: readonly string[] }): JSX.Element {
  const hops = createMemo((): Hop[] => {
    const before = new Set([...props.parents, ...(props.check.cause === null ? [] : [props.check.cause])]);
    before.delete(props.check.name);
    return [...[...before].map((name) => ({ name, state: checkOf(name)?.state ?? "pending" })), { name: props.check.name, state: props.check.state }];
  });
  const broken = (): number => {
    const bad = (hop: Hop): boolean => hop.state === "down" || hop.state === "disputed";
    const first = hops().findIndex((hop) => hop.name === props.check.cause || bad(hop));
    return first;
  };
  return (
    <Show when={hops().length > 1 && props.check.state !== "up" && props.check.state !== "paused"}>
      <ol class="hops" aria-label="The way to it">
        <li class="hop">{site()?.vantage ?? "here"}</li>
        <For each={hops()}>
          {(hop, i) => (
            <li class="hop" data-broken={i() === broken() ? "" : undefined} data-beyond={broken() !== -1 && i() > broken() ? "" : undefined}>
              <span class="hop-line" aria-hidden="true" />
              <Mark state={hop.state} said />
              {hop.name === props.check.name ? <b>{hop.name}</b> : <a href={checkPath(hop.name)}>{hop.name}</a>}
            </li>
          )}
        </For>
      </ol>
    </Show>
  );
}
