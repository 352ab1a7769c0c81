import { createEffect, createMemo, createSignal, For, type JSX, on, Show } from "solid-js";
import type { HistoryView, IncidentView } from "../../../src/api/types.ts";
import { type Answer, ask, checkAddress } from "../link/api.ts";
import { instantNow, now } from "../link/clock.ts";
import { createLoaded } from "../link/loaded.ts";
import { isPhone } from "../link/theme.ts";
import { asks, availabilityOf, type Cell, edges, fill, type Grain } from "../state/cells.ts";
import { clock, counted, day, duration, percent } from "../state/format.ts";
import { Problem, SkeletonBlock } from "./empty.tsx";

interface Question {
  readonly name: string;
  readonly edges: readonly number[];
}

interface Filled {
  readonly cells: readonly Cell[];
  readonly availability: number | null;
}

/** Asks for every stretch of equal days and puts the answers together. */
async function load(question: Question, signal: AbortSignal): Promise<Answer<Filled>> {
  const parts = await Promise.all(
    asks(question.edges).map(({ from, to, stepMs }) => ask<HistoryView>(checkAddress(question.name, `/history?from=${from}&to=${to}&stepMs=${stepMs}`), signal)),
  );
  const failed = parts.find((part) => part.kind !== "answered");
  if (failed !== undefined) return failed;
  const histories = parts.flatMap((part) => (part.kind === "answered" ? [part.value] : []));
  const buckets = histories.flatMap((history) => history.buckets);
  const incidents = new Map<string, IncidentView>(histories.flatMap((history) => history.incidents).map((incident) => [incident.id, incident]));
  return { kind: "answered", value: { cells: fill(question.edges, buckets, [...incidents.values()], instantNow()), availability: availabilityOf(buckets) } };
}

/** One cell a day or hour, coloured by the worst state; a choice of a cell tells what happened in it. */
export function TimeBar(props: { readonly name: string; readonly pulse: string }): JSX.Element {
  const [grain, setGrain] = createSignal<Grain>("days");
  const [chosen, setChosen] = createSignal<number | null>(null);
  const count = (): number => (isPhone() ? 30 : 90);
  const hour = createMemo(() => Math.floor(now() / 3_600_000));
  const question = createMemo((): Question => {
    hour();
    return { name: props.name, edges: edges(instantNow(), count(), grain()) };
  });
  const loaded = createLoaded(question, (asked) => `${asked.name} ${grain()} ${count()}`, load);
  const state = createMemo(() => props.pulse.split(" ").slice(1).join(" "));
  createEffect(on(state, () => loaded.refresh(), { defer: true }));
  const step = (by: number): void => {
    setChosen((at) => Math.max(0, Math.min(count() - 1, (at ?? count()) + by)));
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    step(event.key === "ArrowLeft" ? -1 : 1);
    event.preventDefault();
  };
  const told = (filled: Filled): string => {
    const at = chosen();
    const cell = at === null ? undefined : filled.cells[at];
    return cell === undefined ? "" : describe(cell, grain(), now());
  };
  return (
    <section class="block" aria-label="Availability">
      <div class="block-head">
        <h2>Availability</h2>
        <Show when={loaded.value()?.availability}>{(share) => <span class="figure">{percent(share())} <span class="soft">{stretch(loaded.value()?.cells ?? [], grain(), now())}</span></span>}</Show>
        <div class="choice" role="group" aria-label="A cell is">
          <For each={["days", "hours"] as const}>{(one) => <button type="button" aria-pressed={grain() === one} onClick={() => setGrain(one)}>{one}</button>}</For>
        </div>
      </div>
      <Show when={loaded.problem()}>{(problem) => <Problem problem={problem()} onAgain={() => loaded.refresh()} />}</Show>
      <Show when={loaded.value()} fallback={loaded.problem() === null ? <SkeletonBlock kind="bar" /> : null}>
        {(filled) => (
          <>
            <div class="cells" role="slider" tabindex="0" aria-label={`The last ${count()} ${grain()}`} aria-valuemin={1} aria-valuemax={count()} aria-valuenow={(chosen() ?? count() - 1) + 1} aria-valuetext={told(filled()) || "arrow keys tell what happened"}
              onKeyDown={press} onPointerLeave={(event) => event.pointerType === "mouse" && setChosen(null)} onBlur={() => setChosen(null)}>
              <For each={filled().cells}>
                {(cell, i) => (
                  <i class="cell" data-worst={cell.worst} data-partial={cell.partial ? "" : undefined} data-told={cell.incidents.length > 0 ? "" : undefined} data-chosen={chosen() === i() ? "" : undefined} onPointerEnter={() => setChosen(i())} onPointerDown={() => setChosen(i())} />
                )}
              </For>
            </div>
            <p class="readout figure">
              <Show when={told(filled())} fallback={<Ends filled={filled()} grain={grain()} />}>{told(filled())}</Show>
            </p>
          </>
        )}
      </Show>
    </section>
  );
}

/** `of 90 days`, or `since 17 Nov` when nothing ran before: a share of what was seen is no share of it all. */
function stretch(cells: readonly Cell[], grain: Grain, at: number): string {
  const first = cells.find((cell) => cell.runs > 0);
  if (first === undefined || first === cells[0]) return `of ${counted(cells.length, grain === "days" ? "day" : "hour")}`;
  return first === cells.at(-1) && grain === "days" ? "of today" : `since ${grain === "days" ? day(first.from, at) : clock(first.from, at)}`;
}

function Ends(props: { readonly filled: Filled; readonly grain: Grain }): JSX.Element {
  const first = (): number => props.filled.cells[0]?.from ?? 0;
  return (
    <span class="ends faint">
      <span>{props.grain === "days" ? day(first(), now()) : clock(first(), now())}</span>
      <span>{props.grain === "days" ? "today" : "this hour"}</span>
    </span>
  );
}

/** `17 Nov: 99.31 %, 1 incident: HTTP 503 (12 min)`. */
function describe(cell: Cell, grain: Grain, at: number): string {
  const when = grain === "days" ? day(cell.from, at) : clock(cell.from, at);
  if (cell.runs === 0) return `${when}: no runs`;
  const share = cell.availability === null ? "could not tell" : `${percent(cell.availability)} of ${counted(cell.runs, "run")}`;
  const incidents = cell.incidents.slice(0, 2).map((incident) => `${incident.sentence} (${duration((incident.closed ?? at) - incident.firstSign)})`);
  const more = cell.incidents.length > 2 ? ` and ${counted(cell.incidents.length - 2, "more incident")}` : "";
  return `${when}: ${share}${incidents.length === 0 ? "" : ` · ${incidents.join(", ")}${more}`}`;
}
