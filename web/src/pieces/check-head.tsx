import { For, type JSX, Show } from "solid-js";
import type { CheckDetail, CheckSummary } from "../../../src/api/types.ts";
import { type Act, canAcknowledge, isOpen, perform, setAcknowledging } from "../acts.ts";
import { now } from "../link/clock.ts";
import { listAddress } from "../keys.ts";
import { checkPath, incidentPath } from "../route.ts";
import { duration, latency, named } from "../state/format.ts";
import { HopPath } from "./hop-path.tsx";
import { Icon } from "./icon.tsx";
import { focusAlone } from "./focus.ts";
import { Badge, flagsOf, shownOf } from "./mark.tsx";
import { Since, Time } from "./time.tsx";

/** What it is, how it is, and what may be done about it. */
export function CheckHead(props: { readonly check: CheckSummary; readonly detail: CheckDetail | undefined }): JSX.Element {
  const check = (): CheckSummary => props.check;
  const act = (act: Act): void => void perform(check().name, act);
  return (
    <header class="detail-head" data-state={check().state}>
      <a class="back" href={listAddress()}><Icon name="back" />All checks</a>
      <div class="detail-title">
        <Badge state={shownOf(check())} />
        <h1 tabindex="-1" ref={focusAlone}>{check().name}</h1>
        <a class="close" href={listAddress()} aria-label="Close this check" title="Close (esc)"><Icon name="close" /></a>
      </div>
      <p class="detail-target soft">
        <span>{check().type}</span> <span class="mono">{check().target}</span>
      </p>
      <Show when={check().description !== ""}><p>{check().description}</p></Show>
      <div class="detail-state">
        <p class="detail-why">{check().summary}</p>
        <p class="soft figure">
          {check().state} <Since at={check().since} />
          <Show when={check().lastRunAt}>{(at) => <> · last run <Time at={at()} seconds />{check().latencyMs === null || check().latencyMs === 0 ? "" : ` in ${latency(check().latencyMs)}`}</>}</Show>
          <Show when={check().running} fallback={<Next at={check().nextRunAt} />}> · running now</Show>
        </p>
        <Show when={check().acknowledged}>
          {(seen) => <p>Acknowledged by {seen().by} at <Time at={seen().at} />{seen().note === "" ? "" : `: ${seen().note}`}</p>}
        </Show>
        <Show when={check().hides.length > 0}><p>Hides {named(check().hides, 8)}</p></Show>
        <Show when={check().certificateDays}>{(days) => <p class="soft">Certificate good for {Math.floor(days())} more days</p>}</Show>
      </div>
      <HopPath check={check()} parents={props.detail?.parents ?? []} />
      <div class="tags">
        <For each={flagsOf(check()).filter((flag) => flag !== "acknowledged")}>{(flag) => <span class="tag tag-flag">{flag}</span>}</For>
        <For each={check().groups}>{(group) => <a class="tag" href={checkPath(group)}>in {group}</a>}</For>
        <For each={check().tags}>{(tag) => <a class="tag" href={`/?tag=${encodeURIComponent(tag)}`}>{tag}</a>}</For>
      </div>
      <div class="acts" role="group" aria-label="Actions">
        <Show when={canAcknowledge(check())}>
          <button type="button" class="button button-first" onClick={() => setAcknowledging(check().name)}>Acknowledge <kbd>a</kbd></button>
        </Show>
        <button type="button" class="button" onClick={() => act("run")}>Run now <kbd>r</kbd></button>
        <Show when={check().state === "paused"} fallback={<button type="button" class="button" title="It runs no more and tells nobody, until it is resumed" onClick={() => act("pause")}>Pause <kbd>p</kbd></button>}>
          <button type="button" class="button" onClick={() => act("resume")}>Resume <kbd>p</kbd></button>
        </Show>
        <Show when={check().silenced} fallback={<Show when={isOpen(check())}><button type="button" class="button" title="Until it recovers it runs on but tells nobody" onClick={() => act("silence")}>Silence</button></Show>}>
          <button type="button" class="button" onClick={() => act("unsilence")}>Tell again</button>
        </Show>
        <Show when={check().incident}>{(id) => <a class="button" href={incidentPath(id())}>Story of this incident</a>}</Show>
      </div>
    </header>
  );
}

function Next(props: { readonly at: number | null }): JSX.Element {
  return <Show when={props.at !== null && props.at > now()}> · next in {duration((props.at ?? 0) - now())}</Show>;
}
