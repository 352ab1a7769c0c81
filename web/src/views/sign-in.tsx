import { createSignal, type JSX, Show } from "solid-js";
import type { ProblemView } from "../../../src/api/types.ts";
import { tell } from "../link/api.ts";
import { connect } from "../link/site.ts";
import { Said } from "../pieces/said.tsx";

/** The door. */
export function SignIn(): JSX.Element {
  const [password, setPassword] = createSignal("");
  const [problem, setProblem] = createSignal<ProblemView | null>(null);
  const [busy, setBusy] = createSignal(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    const answer = await tell("login", { password: password() });
    setBusy(false);
    if (answer.kind === "answered") {
      await connect();
      return;
    }
    setPassword("");
    setProblem(answer.problem);
  };
  return (
    <main class="door">
      <form class="form door-form" onSubmit={(event) => void submit(event)}>
        <h1>Tocsin</h1>
        <input type="text" name="username" value="admin" autocomplete="username" hidden />
        <label class="field">
          <span>Password</span>
          <input type="password" name="password" autocomplete="current-password" required autofocus value={password()} onInput={(event) => setPassword(event.currentTarget.value)} aria-invalid={problem() === null ? undefined : "true"} aria-describedby="door-problem" />
        </label>
        <p class="field-problem" id="door-problem" role="alert">
          <Show when={problem()}>{(problem) => <><Said text={problem().error} /><Show when={problem().advice !== ""}>. <span class="soft"><Said text={problem().advice} /></span></Show></>}</Show>
        </p>
        <button type="submit" class="button button-first" disabled={busy() || password() === ""}>Sign in</button>
        <p class="soft">The first password was shown on the terminal when Tocsin first started. <code>tocsin passwd</code> sets a new one.</p>
      </form>
    </main>
  );
}
