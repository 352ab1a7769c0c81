import { createSignal, type JSX, onMount, Show } from "solid-js";
import type { LinkedView, ProblemView } from "../../../src/api/types.ts";
import { ask, tell } from "../link/api.ts";
import { Badge } from "../pieces/mark.tsx";
import { Said } from "../pieces/said.tsx";
import { Time } from "../pieces/time.tsx";
import { checkPath } from "../route.ts";

type Act = "acknowledge" | "silence";

const MEANS: { readonly [act in Act]: string } = {
  acknowledge: "Others see that you are on it. Reminders and further steps stop; the recovery is still told.",
  silence: "Nobody is told anything of it until it has recovered.",
};
const WORDS: { readonly [act in Act]: string } = { acknowledge: "Acknowledge", silence: "Silence" };
const DONE: { readonly [act in Act]: string } = { acknowledge: "Acknowledged.", silence: "Silenced until it recovers." };

/** Somebody else was first: an outage is acknowledged once. */
const isOthers = ({ acknowledged, by }: LinkedView): boolean => acknowledged !== null && acknowledged.by !== `${by} by a link`;

const has = ({ acknowledged }: LinkedView): JSX.Element => <Show when={acknowledged}>{(seen) => <>Acknowledged already, by {seen().by} at <Time at={seen().at} />.</>}</Show>;

/** Where the link of a message leads: it asks once more, because programs that scan mail open links too. Nobody has to sign in. */
export function ActView(props: { readonly token: string; readonly silence: boolean }): JSX.Element {
  const [about, setAbout] = createSignal<LinkedView | null>(null);
  const [problem, setProblem] = createSignal<ProblemView | null>(null);
  const [done, setDone] = createSignal<Act | null>(null);
  const [busy, setBusy] = createSignal(false);
  const address = (rest = ""): string => `links/${encodeURIComponent(props.token)}${rest}`;
  const first = (): Act => (props.silence ? "silence" : "acknowledge");
  const other = (): Act => (props.silence ? "acknowledge" : "silence");
  const look = async (): Promise<void> => {
    const answer = await ask<LinkedView>(address());
    if (answer.kind === "answered") setAbout(answer.value);
    else setProblem(answer.problem);
  };
  onMount(() => void look());
  const act = async (what: Act): Promise<void> => {
    setBusy(true);
    const answer = await tell<LinkedView>(address(`/${what}`));
    setBusy(false);
    if (answer.kind === "answered") {
      setAbout(answer.value);
      setDone(what);
      setProblem(null);
    } else setProblem(answer.problem);
  };
  return (
    <main class="door" aria-busy={about() === null && problem() === null}>
      <div class="form door-form act-form">
        <Show when={about()} fallback={<h1>Tocsin</h1>}>
          {(about) => (
            <>
              <h1>{about().check}</h1>
              <p><Badge state={about().state} /> since <Time at={about().since} />{about().flapping ? ", flapping" : ""}</p>
              <p class="soft">{about().summary}</p>
              <Show when={done()} fallback={
                <>
                  <p>{MEANS[first()]}</p>
                  <button type="button" class="button button-first" autofocus disabled={busy()} onClick={() => void act(first())}>{WORDS[first()]} {about().check}</button>
                  <button type="button" class="button" disabled={busy()} onClick={() => void act(other())} title={MEANS[other()]}>{WORDS[other()]} instead</button>
                  <p class="soft">It is noted as done by {about().by}, by a link.{about().acknowledged === null ? "" : <> {has(about())}</>}{about().silenced ? " It is silenced already." : ""}</p>
                </>
              }>
                {(done) => <p role="status"><b>{done() === "acknowledge" && isOthers(about()) ? has(about()) : DONE[done()]}</b> <a href={checkPath(about().check)}>See it on the page</a></p>}
              </Show>
            </>
          )}
        </Show>
        <p class="field-problem" role="alert">
          <Show when={problem()}>{(problem) => <><Said text={problem().error} /><Show when={problem().advice !== ""}>. <span class="soft"><Said text={problem().advice} /></span></Show></>}</Show>
        </p>
      </div>
    </main>
  );
}
