import { For, type JSX, Show } from "solid-js";
import type { BucketView, HistoryView } from "../../../src/api/types.ts";
import { now } from "../link/clock.ts";
import { clock, counted, latency } from "../state/format.ts";

/** The values under the cursor, or of the newest stretch: a line that never moves. */
export function Readout(props: { readonly history: HistoryView; readonly index: number | null; readonly phases: readonly string[]; readonly word: (phase: string) => string }): JSX.Element {
  const bucket = (): BucketView | undefined => {
    const { buckets } = props.history;
    return props.index === null ? buckets.findLast((one) => one.runs > 0) : buckets[props.index];
  };
  const incident = () => {
    const at = bucket();
    return at === undefined ? undefined : props.history.incidents.find((one) => one.firstSign < at.from + props.history.stepMs && (one.closed ?? now()) >= at.from);
  };
  return (
    <Show when={bucket()}>
      {(bucket) => (
        <p class="readout figure">
          <b>{clock(bucket().from, now())}</b>
          <Show when={props.phases.length === 0} fallback={<span>median {latency(bucket().latency?.median ?? null)}</span>}>
          <Show when={bucket().latency} fallback={<span class="soft">no latency</span>}>
            {(spread) => (
              <>
                <span><i class="key key-median" />median {latency(spread().median)}</span>
                <span class="soft"><i class="key key-band" />p10 to p90 {latency(spread().p10)} to {latency(spread().p90)}</span>
                <span class="soft"><i class="key key-p99" />p99 {latency(spread().p99)}</span>
              </>
            )}
          </Show>
          </Show>
          <For each={props.phases}>{(phase, i) => <span class="soft"><i class="key" data-phase={(i() % 6) + 1} />{props.word(phase)} {latency(bucket().phases[phase] ?? 0)}</span>}</For>
          <span class="soft">{counted(bucket().runs, "run")}{bucket().down > 0 ? `, ${bucket().down} failed` : ""}</span>
          <Show when={incident()}>{(told) => <span class="readout-cause" data-kind={told().kind}>{told().sentence}</span>}</Show>
        </p>
      )}
    </Show>
  );
}
