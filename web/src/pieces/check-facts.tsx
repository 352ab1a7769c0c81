import { For, type JSX, Show } from "solid-js";
import type { CheckDetail } from "../../../src/api/types.ts";
import { checkOf } from "../link/site.ts";
import { checkPath } from "../route.ts";
import { counted, duration } from "../state/format.ts";
import { Mark } from "./mark.tsx";

/** How it is configured, in words. */
export function CheckFacts(props: { readonly detail: CheckDetail }): JSX.Element {
  const detail = (): CheckDetail => props.detail;
  const thresholds = (): string =>
    `down after ${counted(detail().failAfter, "failed run")}, up after ${counted(detail().recoverAfter, "good one")}${detail().retries === 0 ? "" : `, each tried again up to ${counted(detail().retries, "time")}`}`;
  return (
    <section class="block" aria-label="Configuration">
      <h2>Configuration</h2>
      <dl class="facts">
        <Fact word="Runs"><p>{detail().schedule}, for at most {duration(detail().timeoutMs)}</p></Fact>
        <Fact word="Believed"><p>{thresholds()}</p></Fact>
        <Words word="Down unless" lines={detail().expect} />
        <Words word="Degraded unless" lines={detail().warn} />
        <Fact word="Tells"><Show when={detail().telling.length > 0} fallback={<p class="soft">Nobody. Give it a <code>notify</code> to be told.</p>}><For each={detail().telling}>{(line) => <p>{line}</p>}</For></Show></Fact>
        <Names word="Depends on" names={detail().parents} />
        <Names word="Members" names={detail().members} />
      </dl>
    </section>
  );
}

function Fact(props: { readonly word: string; readonly children: JSX.Element }): JSX.Element {
  return (
    <div>
      <dt>{props.word}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function Words(props: { readonly word: string; readonly lines: readonly string[] }): JSX.Element {
  return (
    <Show when={props.lines.length > 0}>
      <Fact word={props.word}><For each={props.lines}>{(line) => <p class="mono">{line}</p>}</For></Fact>
    </Show>
  );
}

function Names(props: { readonly word: string; readonly names: readonly string[] }): JSX.Element {
  return (
    <Show when={props.names.length > 0}>
      <Fact word={props.word}>
        <p class="names">
          <For each={props.names}>{(name) => <a href={checkPath(name)}><Mark state={checkOf(name)?.state ?? "pending"} said /> {name}</a>}</For>
        </p>
      </Fact>
    </Show>
  );
}
