import type { Handle } from "../api/handle.ts";
import type { Store } from "../store/store.ts";
import type { LoopDelay } from "../sys/life.ts";
import { Desk } from "./desk.ts";
import type { Monitor } from "./monitor.ts";

export interface HandleParts {
  readonly monitor: Monitor;
  readonly store: Store;
  readonly loop: LoopDelay;
  readonly reload: Handle["reload"];
  readonly probe: Handle["probe"];
}

/** The API's handle on a running Tocsin. */
export function createHandle({ monitor, store, loop, reload, probe }: HandleParts): Handle {
  const desk = new Desk(monitor);
  return {
    store,
    startedAt: monitor.startedAt,
    overview: () => desk.overview(),
    summary: (name) => desk.summary(name),
    detail: (name) => desk.detail(name),
    state: (name) => monitor.beliefs.state(name),
    channels: () => desk.channels(),
    rotations: () => desk.rotations(),
    banners: () => desk.banners(),
    subscribe: (listener) => monitor.subscribe(listener),
    runNow: (name) => desk.runNow(name),
    pause: (name, by) => desk.pause(name, by),
    resume: (name, by) => desk.resume(name, by),
    acknowledge: (name, by, note) => desk.acknowledge(name, by, note),
    silence: (name, by, forMs) => desk.silence(name, by, forMs),
    unsilence: (name, by) => desk.unsilence(name, by),
    linked: (token) => desk.linked(token),
    beat: (token, beat) => desk.beat(token, beat),
    sendAgain: (message) => desk.sendAgain(message),
    testChannel: (name) => desk.testChannel(name),
    reload,
    probe,
    ready: () => desk.ready(),
    figures: () => ({ ...desk.figures(), loopDelayMs: loop.figures() }),
    mask: (text) => desk.mask(text),
  };
}
