import { createMemo, For, type JSX, Show } from "solid-js";
import type { CheckSummary } from "../../../src/api/types.ts";
import { canAcknowledge, setAcknowledging } from "../acts.ts";
import { allChecks, checkOf, counts, site } from "../link/site.ts";
import { checkPath, incidentPath } from "../route.ts";
import { counted, named } from "../state/format.ts";
import { byTrouble, isWrong } from "../state/order.ts";
import { Badge, flagsOf, isQuiet, shownOf } from "./mark.tsx";
import { Since, Time } from "./time.tsx";

/** More cards than this say no more: the list below holds them all. */
const CARDS_MAX = 12;
const HIDDEN_MAX = 4;

/** What is wrong now, since when, why, and what it hides. */
export function WrongNow(): JSX.Element {
  const wrong = createMemo(() => [...allChecks()].filter(isWrong).sort(byTrouble).map((check) => check.name), undefined, { equals: (a, b) => a.join("\n") === b.join("\n") });
  return (
    <Show when={site() !== null}>
      <section class="wrong" aria-label="Wrong now">
        <Show when={wrong().length > 0} fallback={<AllWell />}>
          <For each={wrong().slice(0, CARDS_MAX)}>{(name) => <Show when={checkOf(name)}>{(check) => <Card check={check()} />}</Show>}</For>
          <Show when={wrong().length > CARDS_MAX}>
            <p class="wrong-more soft">and {counted(wrong().length - CARDS_MAX, "more check")} in trouble, in the list below</p>
          </Show>
        </Show>
      </section>
    </Show>
  );
}

function AllWell(): JSX.Element {
  const sentence = (): string => {
    const all = counts();
    if (all === null) return "";
    const flapping = [...allChecks()].filter((check) => check.flapping).length;
    const rest = [flapping > 0 ? `${flapping} flapping` : "", all.pending > 0 ? `${all.pending} not yet known` : "", all.paused > 0 ? `${all.paused} paused` : "", all.blocked > 0 ? `${all.blocked} blocked` : "", all.degraded > 0 ? `${all.degraded} degraded` : ""].filter((part) => part !== "");
    const well = all.up === 0 ? "Nothing is known to be wrong" : rest.length === 0 ? `All ${counted(all.up, "check")} are well` : `Nothing is wrong: ${counted(all.up, "check")} up`;
    return `${[well, ...rest].join(", ")}.`;
  };
  return <p class="all-well">{sentence()}</p>;
}

function Card(props: { readonly check: CheckSummary }): JSX.Element {
  const check = (): CheckSummary => props.check;
  return (
    <article class="card" data-state={shownOf(check())} data-seen={isQuiet(check()) ? "" : undefined} data-wrong={check().name}>
      <div class="card-head">
        <Badge state={shownOf(check())} />
        <a class="card-name" href={checkPath(check().name)}>{check().name}</a>
        <Show when={shownOf(check()) !== "unchecked"}><Since at={check().since} /></Show>
      </div>
      <p class="card-why">{check().summary}</p>
      <div class="card-foot">
        <Show when={check().hides.length > 0}>
          <span>hides {named(check().hides, HIDDEN_MAX)}</span>
        </Show>
        <Show when={check().acknowledged}>
          {(seen) => (
            <span>
              acknowledged by {seen().by} at <Time at={seen().at} />{seen().note === "" ? "" : `: ${seen().note}`}
            </span>
          )}
        </Show>
        <For each={flagsOf(check()).filter((flag) => flag !== "acknowledged")}>{(flag) => <span>{flag}</span>}</For>
      </div>
      <div class="card-acts">
        <Show when={check().incident}>{(id) => <a href={incidentPath(id())} aria-label={`Story of ${check().name}`}>Story</a>}</Show>
        <Show when={canAcknowledge(check())}>
          <button type="button" class="button button-small" aria-label={`Acknowledge ${check().name}`} onClick={() => setAcknowledging(check().name)}>Acknowledge</button>
        </Show>
      </div>
    </article>
  );
}
