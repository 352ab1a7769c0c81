import { createEffect, createSignal, For, type JSX, on, Show } from "solid-js";
import type { MessageView } from "../../../src/api/types.ts";
import { say } from "../acts.ts";
import { ask, tell } from "../link/api.ts";
import { channels, signedOut } from "../link/site.ts";
import { checkPath } from "../route.ts";
import { Time } from "./time.tsx";

const SHOWN = 50;
const NAMES = 5;

/** What could not be told to somebody, with the reason, to be sent again; nothing where all was told. Looked at anew when a channel changes. */
export function DeadLetters(): JSX.Element {
  const [letters, setLetters] = createSignal<readonly MessageView[]>([]);
  const load = async (): Promise<void> => {
    const answer = await ask<readonly MessageView[]>(`outbox?status=failed&limit=${SHOWN}`);
    if (answer.kind === "signed-out") signedOut();
    if (answer.kind === "answered") setLetters(answer.value);
  };
  const again = async ({ id, channel }: MessageView): Promise<void> => {
    const answer = await tell(`outbox/${id}/again`);
    if (answer.kind === "signed-out") signedOut();
    else if (answer.kind === "answered") say({ text: `It is sent again over ${channel}`, advice: "", bad: false });
    else say({ text: answer.problem.error, advice: answer.problem.advice, bad: true });
    await load();
  };
  createEffect(on(() => channels().map(({ name, waiting, brokenSince }) => `${name} ${waiting} ${brokenSince}`).join(), () => void load()));
  return (
    <Show when={letters().length > 0}>
      <section class="block" aria-label="Not told">
        <h2>Not told</h2>
        <ul class="letters">
          <For each={letters()}>
            {(letter) => (
              <li>
                <Time at={letter.formedAt} />
                <span><b>{letter.channel}</b> <span class="soft">{letter.recipient === "" ? "" : `to ${letter.recipient}`}</span></span>
                <span class="letter-about">
                  <For each={letter.checks.slice(0, NAMES)}>{(name, at) => <>{at() > 0 ? ", " : ""}{name.startsWith("channel:") ? name.replace("channel:", "channel ") : <a href={checkPath(name)}>{name}</a>}</>}</For>
                  {letter.checks.length > NAMES ? ` and ${letter.checks.length - NAMES} more` : ""}
                  <span class="soft">: {letter.reason}</span>
                </span>
                <button type="button" class="button" onClick={() => void again(letter)}>Send again</button>
              </li>
            )}
          </For>
        </ul>
      </section>
    </Show>
  );
}
