import { createSignal } from "solid-js";

/** The page's only clock and timers. Instants are the server's: the reader's clock may be wrong. */

let offsetMs = 0;
const [tick, setTick] = createSignal(Date.now());

/** The server's time now, in milliseconds since the epoch; whoever reads it within an effect is called each second. */
export const now = (): number => tick();

/** The server's time at this very moment, without following it. */
export const instantNow = (): number => Date.now() + offsetMs;

/** Takes the server's clock from one of its messages. */
export function setServerTime(at: number): void {
  offsetMs = at - Date.now();
  setTick(instantNow());
}

setInterval(() => setTick(instantNow()), 1000);

/** Milliseconds that never jump, for distances. */
export const monotonic = (): number => performance.now();

/** Calls once, later; returns how to stop it. */
export function later(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}

/** Calls soon, before the next picture; also in a hidden tab, whose title must still tell. Several calls come to one. */
export function soonOnce(act: () => void): () => void {
  let waiting = false;
  const run = (): void => {
    if (!waiting) return;
    waiting = false;
    act();
  };
  return () => {
    if (waiting) return;
    waiting = true;
    if (document.hidden) setTimeout(run, 250);
    else requestAnimationFrame(run);
  };
}
