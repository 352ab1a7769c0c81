import type { StreamEvent } from "../../../src/api/types.ts";
import { retryMs } from "../state/coalesce.ts";
import { later, monotonic } from "./clock.ts";

const KINDS: readonly StreamEvent["kind"][] = ["overview", "checks", "banners"];
/** A line that broke without a word is noticed by asking after this much silence. */
const SILENCE_MS = 45_000;

export interface StreamListener {
  heard(event: StreamEvent): void;
  /** The connection is gone; it is being tried again. */
  lost(): void;
  /** Asked after each loss and long silence. `out`: nobody is signed in, so that trying again is no use. */
  check(): Promise<"well" | "unreachable" | "out">;
}

/** Listens to the server's stream and connects again for as long as it is wanted; returns how to stop. */
export function listen(address: string, listener: StreamListener): () => void {
  let source: EventSource | null = null;
  let stopped = false;
  let tries = 0;
  let heardAt = monotonic();
  let cancel = (): void => {};

  const close = (): void => {
    cancel();
    source?.close();
    source = null;
  };
  const retry = (): void => {
    close();
    listener.lost();
    cancel = later(retryMs(tries, Math.random()), () => void reconnect());
    tries += 1;
  };
  const reconnect = async (): Promise<void> => {
    const state = await listener.check();
    if (stopped || source !== null) return;
    if (state === "well") open();
    else if (state === "unreachable") retry();
  };
  const watch = (): void => {
    cancel();
    cancel = later(SILENCE_MS, () => void (monotonic() - heardAt < SILENCE_MS ? watch() : sound()));
  };
  const sound = async (): Promise<void> => {
    const state = await listener.check();
    if (stopped) return;
    if (state === "well") watch();
    else retry();
  };
  const open = (): void => {
    const opened = new EventSource(address);
    source = opened;
    opened.addEventListener("error", () => {
      if (source === opened) retry();
    });
    for (const kind of KINDS) {
      opened.addEventListener(kind, (message: MessageEvent<string>) => {
        tries = 0;
        heardAt = monotonic();
        listener.heard(JSON.parse(message.data) as StreamEvent);
      });
    }
    watch();
  };
  const hurry = (): void => {
    if (source !== null || stopped) return;
    tries = 0;
    close();
    void reconnect();
  };

  addEventListener("online", hurry);
  open();
  return () => {
    stopped = true;
    removeEventListener("online", hurry);
    close();
  };
}
