import type { Banner } from "../api/types.ts";
import type { ChannelTrouble } from "../alert/health.ts";
import type { Clock, Log } from "../sys/ports.ts";

/** A stepped clock is worth a bar for so long, ms. */
const CLOCK_SHOWN_MS = 3_600_000;

/** What somebody must know of Tocsin itself: bars on the page, reasons in `/readyz`, lines on standard error. */
export class Banners {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #changed: () => void;
  readonly #single = new Map<string, Banner>();
  #channels: readonly Banner[] = [];
  #untold: readonly string[] = [];

  constructor(clock: Clock, log: Log, changed: () => void) {
    this.#clock = clock;
    this.#log = log;
    this.#changed = changed;
  }

  list(): readonly Banner[] {
    const now = this.#clock.now();
    const clock = this.#single.get("clock");
    if (clock !== undefined && now - clock.since > CLOCK_SHOWN_MS) this.#single.delete("clock");
    return [...this.#single.values(), ...this.#channels];
  }

  /** Of those that mean that nobody may be told. */
  blocking(): readonly string[] {
    return this.#untold;
  }

  /** The configuration file is ahead of what runs; null: no longer. */
  configuration(problems: readonly string[] | null): void {
    if (problems === null) return this.#clear("configuration");
    this.#set("configuration", {
      kind: "configuration",
      text: "The configuration file is ahead of what runs: it has errors and was not taken.",
      advice: "Correct the file; it is read again when it changes.",
      details: problems,
    });
  }

  store(sentence: string | null): void {
    if (sentence === null) return this.#clear("store");
    this.#set("store", { kind: "store", text: `Results cannot be written: ${sentence}`, advice: "Monitoring goes on from memory. Make room on the disk or mend the database.", details: [] });
  }

  /** Something the store did at the start that must be known: a damaged file set aside. */
  storeNote(text: string, advice: string): void {
    this.#set("store-note", { kind: "store", text, advice, details: [] });
  }

  clockStepped(byMs: number): void {
    const seconds = Math.round(Math.abs(byMs) / 1000);
    this.#log.warn(`the wall clock was put ${byMs > 0 ? "forward" : "back"} by ${seconds} s; durations go on as before`);
    this.#set("clock", { kind: "clock", text: `The clock was put ${byMs > 0 ? "forward" : "back"} by ${seconds} s.`, advice: "Durations went on as before; times noted before it may be off by that much.", details: [] });
  }

  /** All that is wrong with channels now. */
  channels(troubles: readonly ChannelTrouble[]): void {
    this.#channels = troubles.map(({ channel, recipient, since, reason, told }) => ({
      kind: "channel",
      since,
      text: recipient === null ? `The channel ${channel} is broken: ${reason}` : `The channel ${channel} cannot reach ${recipient}: ${reason}`,
      advice: told ? `It was told ${recipient === null ? "on another channel" : "to those who are reached"}. What waits is tried again.` : "No other channel works, so nobody could be told. What waits is tried again.",
      details: [],
    }));
    this.#untold = troubles.filter((trouble) => !trouble.told).map(({ channel, recipient, reason }) => `the channel ${channel} ${recipient === null ? "is broken" : `cannot reach ${recipient}`} and nobody could be told: ${reason}`);
    for (const text of this.#untold) this.#log.error(text);
    this.#changed();
  }

  #set(key: string, banner: Omit<Banner, "since">): void {
    const since = this.#single.get(key)?.since ?? this.#clock.now();
    this.#single.set(key, { ...banner, since });
    this.#changed();
  }

  #clear(key: string): void {
    if (this.#single.delete(key)) this.#changed();
  }
}
