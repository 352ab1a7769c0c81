import { createEffect, createMemo, createSignal, For, type JSX, on, onCleanup, Show } from "solid-js";
import type { HistoryView } from "../../../src/api/types.ts";
import { ask, checkAddress } from "../link/api.ts";
import { instantNow } from "../link/clock.ts";
import { createLoaded } from "../link/loaded.ts";
import { isDark } from "../link/theme.ts";
import { aligned, liveSpan, pan, RANGES, select, type Span, zoom } from "../state/ranges.ts";
import { broken, phaseNames, phaseWord } from "../state/series.ts";
import { Problem, SkeletonBlock } from "./empty.tsx";
import type { createPlot } from "./plot.ts";
import { Readout } from "./readout.tsx";

const DEFAULT = RANGES[1];

/** Latency over time: median, p10 to p90, p99, or the phases; outages shaded; zoomed by dragging and by keys. */
export function Latency(props: { readonly name: string; readonly pulse: string; readonly last: number | null }): JSX.Element {
  const [span, setSpan] = createSignal<Span>(liveSpan(DEFAULT.ms, instantNow()));
  const [stackedUp, setStackedUp] = createSignal(false);
  const [hover, setHover] = createSignal<number | null>(null);
  const question = createMemo(() => ({ name: props.name, ...aligned(span()) }), undefined, { equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  const loaded = createLoaded(question, (asked) => asked.name, async ({ name, from, to, stepMs }, signal) => {
    const answer = await ask<HistoryView>(checkAddress(name, `/history?from=${from}&to=${to}&stepMs=${stepMs}`), signal);
    return answer.kind === "answered" ? { ...answer, value: broken(answer.value) } : answer;
  });
  createEffect(
    on(
      () => props.pulse,
      () => {
        if (!span().live) return;
        setSpan(liveSpan(span().to - span().from, instantNow()));
        loaded.refresh();
      },
      { defer: true },
    ),
  );
  const phases = createMemo(() => phaseNames(loaded.value()?.buckets ?? []));
  /** Groups and heartbeats take no time of their own: nothing to draw. */
  const unmeasured = (): boolean => (props.last ?? 0) === 0 && (loaded.value()?.buckets.every((bucket) => (bucket.latency?.max ?? 0) === 0) ?? true);
  const empty = (): boolean => loaded.value()?.buckets.every((bucket) => bucket.runs === 0) ?? false;
  const press = (event: KeyboardEvent): void => {
    const at = instantNow();
    const moves: { readonly [key: string]: () => Span } = { "+": () => zoom(span(), 0.5, at), "=": () => zoom(span(), 0.5, at), "-": () => zoom(span(), 2, at), ArrowLeft: () => pan(span(), -0.25, at), ArrowRight: () => pan(span(), 0.25, at), Home: () => liveSpan(DEFAULT.ms, at) };
    const next = moves[event.key];
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    setSpan(next());
    event.preventDefault();
  };
  return (
    <section class="block" aria-label="Latency" hidden={unmeasured()}>
      <div class="block-head">
        <h2>Latency</h2>
        <Show when={phases().length > 1}>
          <label class="tick"><input type="checkbox" checked={stackedUp()} onChange={(event) => setStackedUp(event.currentTarget.checked)} /> phases</label>
        </Show>
        <div class="choice" role="group" aria-label="Range">
          <For each={RANGES}>{(range) => <button type="button" aria-pressed={span().live && span().to - span().from === range.ms} onClick={() => setSpan(liveSpan(range.ms, instantNow()))}>{range.label}</button>}</For>
        </div>
      </div>
      <Show when={loaded.problem()}>{(problem) => <Problem problem={problem()} onAgain={() => loaded.refresh()} />}</Show>
      <Show when={loaded.value()} fallback={loaded.problem() === null ? <SkeletonBlock kind="chart" /> : null}>
        {(history) => (
          <Show when={!empty()} fallback={<p class="empty soft">No runs in this stretch. Choose a longer one.</p>}>
            <Chart history={history()} span={span()} phases={stackedUp() && phases().length > 1 ? phases() : null} onHover={setHover} onSelect={(from, to) => setSpan(select(from, to, instantNow()))} onKeyDown={press} name={props.name} />
            <Readout history={history()} index={hover()} phases={stackedUp() ? phases() : []} word={phaseWord} />
          </Show>
        )}
      </Show>
    </section>
  );
}

interface ChartProps {
  readonly history: HistoryView;
  readonly span: Span;
  readonly phases: readonly string[] | null;
  readonly name: string;
  onHover(index: number | null): void;
  onSelect(from: number, to: number): void;
  onKeyDown(event: KeyboardEvent): void;
}

/** The drawing itself; its code comes when the first chart is wanted. */
function Chart(props: ChartProps): JSX.Element {
  let room!: HTMLDivElement;
  let plot: ReturnType<typeof createPlot> | null = null;
  let [begun, gone] = [false, false];
  const picture = () => ({ history: props.history, span: props.span, phases: props.phases, now: instantNow() });
  const begin = async (): Promise<void> => {
    if (begun) return;
    begun = true;
    const { createPlot } = await import("./plot.ts");
    if (!gone) plot = createPlot(room, picture(), { hover: (index) => props.onHover(index), select: (from, to) => props.onSelect(from, to) });
  };
  createEffect(
    on(
      () => [picture(), isDark()] as const,
      ([next]) => {
        if (plot === null) void begin();
        else plot.show(next);
      },
    ),
  );
  onCleanup(() => {
    gone = true;
    plot?.end();
  });
  return <div class="chart" ref={(made) => (room = made)} role="group" tabindex="0" aria-label={`Latency of ${props.name}: keys + and − zoom, arrows move, Home goes back`} onKeyDown={(event) => props.onKeyDown(event)} />;
}
