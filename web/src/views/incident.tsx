import { createEffect, createMemo, type JSX, on, Show } from "solid-js";
import type { CheckDetail, IncidentStory } from "../../../src/api/types.ts";
import { setAcknowledging } from "../acts.ts";
import { checkAddress } from "../link/api.ts";
import { now } from "../link/clock.ts";
import { createAnswer } from "../link/loaded.ts";
import { checkOf } from "../link/site.ts";
import { Problem, SkeletonBlock } from "../pieces/empty.tsx";
import { Evidence } from "../pieces/evidence.tsx";
import { focusAlone } from "../pieces/focus.ts";
import { HopPath } from "../pieces/hop-path.tsx";
import { Icon } from "../pieces/icon.tsx";
import { Badge } from "../pieces/mark.tsx";
import { Story } from "../pieces/story.tsx";
import { Time } from "../pieces/time.tsx";
import { checkPath } from "../route.ts";
import { duration } from "../state/format.ts";

const ENDS: { readonly [closedBy: string]: string } = { recovered: "recovered", better: "then only degraded", changed: "closed, as its configuration changed", removed: "closed, as the check was removed", renewed: "closed, as a worse one began" };
/** One incident as a story. */
export function IncidentPage(props: { readonly id: string }): JSX.Element {
  const loaded = createAnswer<IncidentStory>(() => `incidents/${encodeURIComponent(props.id)}`);
  const pulse = createMemo(() => {
    const check = checkOf(loaded.value()?.check ?? "");
    return `${check?.state} ${check?.incident} ${check?.acknowledged?.at} ${loaded.value()?.closed === null ? check?.lastRunAt : ""}`;
  });
  createEffect(on(pulse, () => loaded.value() !== undefined && loaded.refresh(), { defer: true }));
  return (
    <>
      <Show when={loaded.problem()}>{(problem) => <Problem problem={problem()} onAgain={() => loaded.refresh()} />}</Show>
      <Show when={loaded.value()} fallback={loaded.problem() === null ? <SkeletonBlock kind="chart" /> : null}>
        {(incident) => <Page incident={incident()} />}
      </Show>
    </>
  );
}

function Page(props: { readonly incident: IncidentStory }): JSX.Element {
  const incident = (): IncidentStory => props.incident;
  const check = createMemo(() => checkOf(incident().check));
  const detail = createAnswer<CheckDetail>(() => checkAddress(incident().check));
  return (
    <article class="detail" data-view="incident" aria-label={`Incident of ${incident().check}`}>
      <header class="detail-head">
        <a class="back" href="/incidents"><Icon name="back" />All incidents</a>
        <div class="detail-title">
          <Badge state={incident().kind} />
          <h1 tabindex="-1" ref={focusAlone}><a href={checkPath(incident().check)}>{incident().check}</a></h1>
          <a class="close" href="/incidents" aria-label="Close this incident"><Icon name="close" /></a>
        </div>
        <div class="detail-state">
          <p class="detail-why">{incident().sentence}</p>
          <p class="soft figure">
            <Show when={incident().closed} fallback={<>since <Time at={incident().firstSign} /> ({duration(now() - incident().firstSign)})</>}>
              {(closed) => <><Time at={incident().firstSign} /> to <Time at={closed()} /> ({duration(closed() - incident().firstSign)}), {ENDS[incident().closedBy ?? ""] ?? "closed"}</>}
            </Show>
          </p>
          <Show when={incident().acknowledged}>
            {(seen) => <p>Acknowledged by {seen().by} at <Time at={seen().at} />{seen().note === "" ? "" : `: ${seen().note}`}</p>}
          </Show>
        </div>
        <Show when={incident().closed === null && check()}>{(check) => <HopPath check={check()} parents={detail.value()?.parents ?? []} />}</Show>
        <div class="acts">
          <Show when={incident().closed === null && incident().acknowledged === null}>
            <button type="button" class="button button-first" onClick={() => setAcknowledging(incident().check)}>Acknowledge</button>
          </Show>
          <a class="button" href={checkPath(incident().check)}>See the check</a>
        </div>
      </header>
      <section class="block">
        <h2>What happened</h2>
        <Story incident={incident()} />
        <Evidence parts={incident().evidence} />
      </section>
    </article>
  );
}
