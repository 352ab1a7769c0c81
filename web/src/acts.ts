import { createSignal } from "solid-js";
import type { CheckSummary } from "../../src/api/types.ts";
import { checkAddress, tell } from "./link/api.ts";
import { later } from "./link/clock.ts";
import { checkOf, signedOut } from "./link/site.ts";

/** What a person may do to a check. */
export type Act = "run" | "pause" | "resume" | "acknowledge" | "silence" | "unsilence";

const DONE: { readonly [act in Act]: string } = {
  run: "Running now",
  pause: "Paused: it runs no more and tells nobody",
  resume: "Resumed",
  acknowledge: "Acknowledged: nobody is reminded any more",
  silence: "Silenced until it recovers: it runs on and tells nobody",
  unsilence: "No longer silenced",
};

export interface Notice {
  readonly text: string;
  readonly advice: string;
  readonly bad: boolean;
}

const NOTICE_MS = 6000;
const [notice, setNotice] = createSignal<Notice | null>(null);
/** The check that is being acknowledged in the dialogue; null when it is closed. */
const [acknowledging, setAcknowledging] = createSignal<string | null>(null);
/** The list of keys is open. */
const [keysShown, setKeysShown] = createSignal(false);
export { acknowledging, keysShown, notice, setAcknowledging, setKeysShown };

let cancel = (): void => {};
export function say(said: Notice | null): void {
  cancel();
  setNotice(said);
  if (said !== null && !said.bad) cancel = later(NOTICE_MS, () => setNotice(null));
}

/** Does it, and says what came of it. */
export async function perform(name: string, act: Act, body: object = {}): Promise<void> {
  const answer = await tell(checkAddress(name, `/${act}`), body);
  if (answer.kind === "answered") say({ text: `${name}: ${DONE[act]}`, advice: "", bad: false });
  else if (answer.kind === "signed-out") signedOut();
  else say({ text: `${name}: ${answer.problem.error}`, advice: answer.problem.advice, bad: true });
}

/** Something is wrong, or was too often of late, so that people may act on it. */
export const isOpen = ({ incident, flapping }: CheckSummary): boolean => incident !== null || flapping;

/** Whether there is something to acknowledge. */
export function canAcknowledge(check: CheckSummary): boolean {
  return isOpen(check) && check.acknowledged === null;
}

/** The keys `a`, `r` and `p` on a check. */
export function actByKey(key: string, name: string): void {
  const check = checkOf(name);
  if (check === undefined) return;
  if (key === "r") void perform(name, "run");
  if (key === "p") void perform(name, check.state === "paused" ? "resume" : "pause");
  if (key !== "a") return;
  if (canAcknowledge(check)) setAcknowledging(name);
  else say({ text: check.acknowledged === null ? `${name}: nothing to acknowledge` : `${name}: acknowledged by ${check.acknowledged.by} already`, advice: "", bad: false });
}
