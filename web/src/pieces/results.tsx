import { createEffect, createSignal, For, type JSX, on, Show } from "solid-js";
import type { ProblemView, ResultView, StatusWord } from "../../../src/api/types.ts";
import { ask, checkAddress } from "../link/api.ts";
import { signedOut } from "../link/site.ts";
import { latency } from "../state/format.ts";
import { Problem } from "./empty.tsx";
import { Evidence } from "./evidence.tsx";
import { Mark } from "./mark.tsx";
import { Time } from "./time.tsx";

const PAGE = 30;
const MARKS: { readonly [verdict in ResultView["verdict"]]: StatusWord } = { up: "up", degraded: "degraded", down: "down", unknown: "pending" };

/** The last results; all, or those that failed; older ones on demand. */
export function Results(props: { readonly name: string; readonly latest: readonly ResultView[] }): JSX.Element {
  const [failedOnly, setFailedOnly] = createSignal(false);
  const [older, setOlder] = createSignal<readonly ResultView[]>([]);
  const [end, setEnd] = createSignal(false);
  const [problem, setProblem] = createSignal<ProblemView | null>(null);
  const shown = (): readonly ResultView[] => {
    const recent = failedOnly() ? props.latest.filter((result) => result.verdict !== "up") : props.latest;
    const last = recent.at(-1)?.slot ?? Number.POSITIVE_INFINITY;
    return [...recent, ...older().filter((result) => result.slot < last)];
  };
  const load = async (): Promise<void> => {
    const before = shown().at(-1)?.slot;
    const query = new URLSearchParams({ limit: String(PAGE), ...(failedOnly() ? { failed: "true" } : {}), ...(before === undefined ? {} : { before: String(before) }) });
    const name = props.name;
    const answer = await ask<readonly ResultView[]>(checkAddress(name, `/results?${query}`));
    if (name !== props.name) return;
    if (answer.kind === "signed-out") signedOut();
    setProblem(answer.kind === "answered" ? null : answer.problem);
    if (answer.kind !== "answered") return;
    setOlder((known) => [...known, ...answer.value]);
    setEnd(answer.value.length < PAGE);
  };
  createEffect(
    on([() => props.name, failedOnly], () => {
      setOlder([]);
      setEnd(false);
      if (failedOnly()) void load();
    }),
  );
  return (
    <section class="block" aria-label="Results">
      <div class="block-head">
        <h2>Results</h2>
        <label class="tick"><input type="checkbox" checked={failedOnly()} onChange={(event) => setFailedOnly(event.currentTarget.checked)} /> failed only</label>
      </div>
      <Show when={shown().length > 0} fallback={<p class="empty soft">{failedOnly() ? "No failed runs in what is remembered." : "No runs yet."}</p>}>
        <ul class="results">
          <For each={shown()}>{(result) => <ResultRow result={result} />}</For>
        </ul>
      </Show>
      <Show when={problem()}>{(problem) => <Problem problem={problem()} onAgain={() => void load()} />}</Show>
      <Show when={!end() && shown().length > 0}>
        <button type="button" class="button" onClick={() => void load()}>Show older</button>
      </Show>
    </section>
  );
}

function ResultRow(props: { readonly result: ResultView }): JSX.Element {
  const result = (): ResultView => props.result;
  const phases = (): string => Object.entries(result().phases).map(([phase, ms]) => `${phase === "firstByte" ? "first byte" : phase} ${latency(ms)}`).join(", ");
  const notes = (): string => [result().origin === "scheduled" ? "" : result().origin, result().tries > 1 ? `${result().tries} tries` : ""].filter((note) => note !== "").join(", ");
  return (
    <li class="result" data-verdict={result().verdict}>
      <div class="result-line">
        <Mark state={MARKS[result().verdict]} said />
        <span class="figure result-at"><Time at={result().startedAt} seconds /></span>
        <span class="result-why">{result().sentence}<Show when={notes() !== ""}> <span class="faint">({notes()})</span></Show></span>
        <span class="result-code faint mono">{result().code === "ok" ? "" : result().code}</span>
        <span class="figure result-latency" title={phases()}>{result().latencyMs === 0 ? "" : latency(result().latencyMs)}</span>
      </div>
      <Evidence parts={result().evidence} />
    </li>
  );
}
