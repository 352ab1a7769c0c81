import { type Accessor, createEffect, createSignal, on, onCleanup } from "solid-js";
import type { ProblemView } from "../../../src/api/types.ts";
import { type Answer, ask } from "./api.ts";
import { later, monotonic } from "./clock.ts";
import { signedOut } from "./site.ts";

/** Something that is asked of the server and stays while it is asked again. */
export interface Loaded<Value> {
  readonly value: Accessor<Value | undefined>;
  readonly problem: Accessor<ProblemView | null>;
  /** Asks again, unless it just did: then once more a little later. */
  refresh(): void;
}

/** Between two refreshes of the same question. */
const REST_MS = 2000;

/** Asks whenever the question changes. `subject`: what the question is about; an answer about another subject is not kept. `put` turns the question into an answer (by default, one request). */
export function createLoaded<Question, Value>(question: Accessor<Question>, subject: (question: Question) => string, put: (question: Question, signal: AbortSignal) => Promise<Answer<Value>>): Loaded<Value> {
  const [value, setValue] = createSignal<Value>();
  const [problem, setProblem] = createSignal<ProblemView | null>(null);
  let about = "";
  let abort = new AbortController();
  let askedAt = Number.NEGATIVE_INFINITY;
  let cancel = (): void => {};

  const load = async (asked: Question): Promise<void> => {
    cancel();
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    askedAt = monotonic();
    if (subject(asked) !== about) {
      about = subject(asked);
      setValue(undefined);
      setProblem(null);
    }
    const answer = await put(asked, signal);
    if (signal.aborted) return;
    if (answer.kind === "answered") {
      setValue(() => answer.value);
      setProblem(null);
    } else if (answer.kind === "signed-out") signedOut();
    else setProblem(answer.problem);
  };
  createEffect(on(question, (asked) => void load(asked)));
  onCleanup(() => {
    cancel();
    abort.abort();
  });
  return {
    value,
    problem,
    refresh: () => {
      cancel();
      cancel = later(Math.max(0, askedAt + REST_MS - monotonic()), () => void load(question()));
    },
  };
}

/** The plain case: the question is an address below `/api/v1/`. */
export function createAnswer<Value>(path: Accessor<string>): Loaded<Value> {
  return createLoaded<string, Value>(path, (path) => path.split("?")[0] ?? "", (path, signal) => ask<Value>(path, signal));
}
