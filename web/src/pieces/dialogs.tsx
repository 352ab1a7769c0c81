import { createEffect, createSignal, For, type JSX, Show } from "solid-js";
import { acknowledging, keysShown, notice, perform, say, setAcknowledging, setKeysShown } from "../acts.ts";
import { Icon } from "./icon.tsx";
import { Said } from "./said.tsx";

/** The browser's own dialogue: it keeps the focus inside, closes on Escape and gives the focus back. */
function Dialog(props: { readonly open: boolean; readonly label: string; readonly onClose: () => void; readonly children: JSX.Element }): JSX.Element {
  let element!: HTMLDialogElement;
  createEffect(() => {
    if (props.open && !element.open) element.showModal();
    if (!props.open && element.open) element.close();
  });
  return (
    <dialog ref={(made) => (element = made)} class="dialog" aria-label={props.label} onClose={() => props.onClose()} onClick={(event) => event.target === element && element.close()}>
      <Show when={props.open}>{props.children}</Show>
    </dialog>
  );
}

/** Asks for a note and acknowledges. */
export function AcknowledgeDialog(): JSX.Element {
  const [note, setNote] = createSignal("");
  const close = (): void => {
    setAcknowledging(null);
    setNote("");
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const name = acknowledging();
    if (name !== null) void perform(name, "acknowledge", { note: note().trim() });
    close();
  };
  return (
    <Dialog open={acknowledging() !== null} label="Acknowledge" onClose={close}>
      <form class="form" onSubmit={submit}>
        <h2>Acknowledge {acknowledging()}</h2>
        <p class="soft">Others see that you are on it. Reminders and further steps stop; the recovery is still told.</p>
        <label class="field">
          <span>Note <span class="faint">optional</span></span>
          <input type="text" maxlength="500" value={note()} onInput={(event) => setNote(event.currentTarget.value)} placeholder="on my way, disk is being replaced" autofocus />
        </label>
        <div class="form-end">
          <button type="button" class="button" onClick={close}>Cancel</button>
          <button type="submit" class="button button-first">Acknowledge</button>
        </div>
      </form>
    </Dialog>
  );
}

const KEYS: readonly (readonly [string, string])[] = [
  ["/", "search"],
  ["j  k", "next, previous check"],
  ["enter", "open it"],
  ["esc", "back to the list"],
  ["a", "acknowledge"],
  ["r", "run now"],
  ["p", "pause or resume"],
  ["+  −", "chart: nearer, further"],
  ["←  →", "chart: earlier, later"],
  ["?", "this list"],
];

/** The list of keys. */
export function KeysDialog(): JSX.Element {
  return (
    <Dialog open={keysShown()} label="Keys" onClose={() => setKeysShown(false)}>
      <h2>Keys</h2>
      <KeyList />
      <div class="form-end">
        <button type="button" class="button" autofocus onClick={() => setKeysShown(false)}>Close</button>
      </div>
    </Dialog>
  );
}

export function KeyList(): JSX.Element {
  return (
    <dl class="keys">
      <For each={KEYS}>
        {([key, meaning]) => (
          <div>
            <dt><For each={key.split("  ")}>{(one) => <kbd>{one}</kbd>}</For></dt>
            <dd>{meaning}</dd>
          </div>
        )}
      </For>
    </dl>
  );
}

/** What came of the last thing that was done; a refusal stays until it is closed. */
export function NoticeBar(): JSX.Element {
  return (
    <div class="notice-place" role="status">
      <Show when={notice()}>
        {(said) => (
          <div class="notice" data-bad={said().bad ? "" : undefined}>
            <p><Said text={said().text} /><Show when={said().advice !== ""}><br /><span class="soft"><Said text={said().advice} /></span></Show></p>
            <button type="button" class="button button-plain" aria-label="Close this notice" onClick={() => say(null)}><Icon name="close" /></button>
          </div>
        )}
      </Show>
    </div>
  );
}
