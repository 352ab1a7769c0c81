import { createEffect, createMemo, type JSX, on, Show } from "solid-js";
import type { CheckDetail } from "../../../src/api/types.ts";
import { checkAddress } from "../link/api.ts";
import { createAnswer } from "../link/loaded.ts";
import { checkOf, site } from "../link/site.ts";
import { CheckFacts } from "../pieces/check-facts.tsx";
import { CheckHead } from "../pieces/check-head.tsx";
import { Problem, SkeletonBlock } from "../pieces/empty.tsx";
import { IncidentRows } from "../pieces/incident-rows.tsx";
import { Latency } from "../pieces/latency.tsx";
import { Results } from "../pieces/results.tsx";
import { TimeBar } from "../pieces/time-bar.tsx";
import { Why } from "../pieces/why.tsx";

/** One check: how it is, how it was, what it is. */
export function CheckView(props: { readonly name: string }): JSX.Element {
  const summary = createMemo(() => checkOf(props.name));
  const detail = createAnswer<CheckDetail>(() => checkAddress(props.name));
  const pulse = createMemo(() => `${summary()?.lastRunAt} ${summary()?.state} ${summary()?.incident} ${summary()?.acknowledged?.at}`);
  createEffect(on(pulse, () => detail.refresh(), { defer: true }));
  return (
    <Show when={summary() ?? detail.value()?.check} fallback={<Missing name={props.name} known={site() !== null} />}>
      {(check) => (
        <article class="detail" data-view="check" aria-label={props.name}>
          <CheckHead check={check()} detail={detail.value()} />
          <Show when={detail.problem()}>{(problem) => <Problem problem={problem()} onAgain={() => detail.refresh()} />}</Show>
          <Why name={props.name} pulse={pulse()} />
          <TimeBar name={props.name} pulse={pulse()} />
          <Latency name={props.name} pulse={pulse()} last={check().latencyMs} />
          <Show when={detail.value()} fallback={<SkeletonBlock kind="text" />}>
            {(value) => (
              <>
                <section class="block" aria-label="Incidents">
                  <h2>Incidents</h2>
                  <IncidentRows incidents={value().incidents} ofOne />
                </section>
                <Results name={props.name} latest={value().results} />
                <CheckFacts detail={value()} />
              </>
            )}
          </Show>
        </article>
      )}
    </Show>
  );
}

function Missing(props: { readonly name: string; readonly known: boolean }): JSX.Element {
  return (
    <Show when={props.known} fallback={<SkeletonBlock kind="chart" />}>
      <div class="empty">
        <p>There is no check called <b>{props.name}</b>.</p>
        <p class="soft">It may have been renamed or taken out of the configuration. <a href="/checks">See all checks</a></p>
      </div>
    </Show>
  );
}
