import { createEffect, createSignal, For, type JSX, on, Show } from "solid-js";
import type { StatusWord, WhyLine, WhyView } from "../../../src/api/types.ts";
import { checkAddress } from "../link/api.ts";
import { createAnswer } from "../link/loaded.ts";
import { Problem, SkeletonBlock } from "./empty.tsx";
import { Mark } from "./mark.tsx";
import { Time } from "./time.tsx";

const MARKS: { readonly [verdict in NonNullable<WhyLine["verdict"]>]: StatusWord } = { up: "up", degraded: "degraded", down: "down", unknown: "pending" };

/** The story of a check's state, as `tocsin why` tells it: folded, and read when it is opened. */
export function Why(props: { readonly name: string; readonly pulse: string }): JSX.Element {
  const [open, setOpen] = createSignal(false);
  return (
    <section class="block" aria-label="Why">
      <details class="why" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary><h2>Why it is so</h2></summary>
        <Show when={open()}><Lines name={props.name} pulse={props.pulse} /></Show>
      </details>
    </section>
  );
}

function Lines(props: { readonly name: string; readonly pulse: string }): JSX.Element {
  const why = createAnswer<WhyView>(() => checkAddress(props.name, "/why"));
  createEffect(on(() => props.pulse, () => why.refresh(), { defer: true }));
  return (
    <>
      <Show when={why.problem()}>{(problem) => <Problem problem={problem()} onAgain={() => why.refresh()} />}</Show>
      <Show when={why.value()} fallback={why.problem() === null ? <SkeletonBlock kind="text" /> : null}>
        {(view) => <ol class="results" aria-label="What was seen, decided and told"><For each={view().lines}>{(line) => <Line line={line} />}</For></ol>}
      </Show>
    </>
  );
}

function Line(props: { readonly line: WhyLine }): JSX.Element {
  return (
    <li class="result" data-why={props.line.kind}>
      <div class="result-line">
        <Show when={props.line.verdict} fallback={<span />}>{(verdict) => <Mark state={MARKS[verdict()]} />}</Show>
        <span class="figure result-at"><Show when={props.line.kind !== "now"} fallback="now"><Time at={props.line.at} seconds /></Show></span>
        <span class="result-why">{props.line.text}<Show when={props.line.until}>{(until) => <span class="faint">, until <Time at={until()} seconds /></span>}</Show></span>
      </div>
    </li>
  );
}
