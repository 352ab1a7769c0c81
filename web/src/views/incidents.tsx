import { createEffect, createMemo, createSignal, type JSX, on, Show } from "solid-js";
import type { IncidentView, ProblemView } from "../../../src/api/types.ts";
import { ask } from "../link/api.ts";
import { allChecksLive, signedOut } from "../link/site.ts";
import { Problem, SkeletonRows } from "../pieces/empty.tsx";
import { IncidentRows } from "../pieces/incident-rows.tsx";

const PAGE = 50;

/** All incidents, the newest first; asked again when an incident of any check opens or closes. */
export function Incidents(props: { readonly chosen: string }): JSX.Element {
  const [incidents, setIncidents] = createSignal<readonly IncidentView[] | null>(null);
  const [openOnly, setOpenOnly] = createSignal(false);
  const [end, setEnd] = createSignal(false);
  const [problem, setProblem] = createSignal<ProblemView | null>(null);
  const opened = createMemo(() => [...allChecksLive()].filter((check) => check.incident !== null).map((check) => `${check.incident}${check.acknowledged?.at ?? ""}`).sort().join(" "));
  const load = async (before: number | null): Promise<void> => {
    const query = new URLSearchParams({ limit: String(PAGE), ...(openOnly() ? { open: "true" } : {}), ...(before === null ? {} : { before: String(before) }) });
    const answer = await ask<readonly IncidentView[]>(`incidents?${query}`);
    if (answer.kind === "signed-out") signedOut();
    setProblem(answer.kind === "answered" ? null : answer.problem);
    if (answer.kind !== "answered") return;
    setIncidents((known) => (before === null ? answer.value : [...(known ?? []), ...answer.value]));
    setEnd(answer.value.length < PAGE);
  };
  createEffect(on([opened, openOnly], () => void load(null)));
  return (
    <section class="incidents-view" aria-label="Incidents">
      <div class="block-head">
        <h1>Incidents</h1>
        <label class="tick"><input type="checkbox" checked={openOnly()} onChange={(event) => setOpenOnly(event.currentTarget.checked)} /> open only</label>
      </div>
      <Show when={problem()}>{(problem) => <Problem problem={problem()} onAgain={() => void load(null)} />}</Show>
      <Show when={incidents()} fallback={problem() === null ? <SkeletonRows /> : null}>
        {(incidents) => <IncidentRows incidents={incidents()} chosen={props.chosen} />}
      </Show>
      <Show when={!end() && (incidents()?.length ?? 0) > 0}>
        <button type="button" class="button" onClick={() => void load(incidents()?.at(-1)?.opened ?? null)}>Show older</button>
      </Show>
    </section>
  );
}
