import type { CheckState } from "../core/state.ts";
import type { CheckName, ChannelName, Instant, Millis } from "../core/types.ts";
import type { Store } from "../store/store.ts";
import type { Banner, CheckDetail, CheckSummary, ChannelSummary, Overview, RotationView } from "./types.ts";

/** What the API may do with a running Tocsin: the handle that `app.ts` gives out. */
export type Change =
  | { readonly kind: "site" }
  | { readonly kind: "checks"; readonly names: readonly CheckName[] }
  | { readonly kind: "banners" };

export type Done = { readonly kind: "done" } | { readonly kind: "refused"; readonly reason: string; readonly advice: string };

/** A heartbeat that somebody sent to a push check. */
export interface Beat {
  /** `start`: the job began; `log`: only the message is kept, it counts as nothing. */
  readonly status: "up" | "down" | "start" | "log";
  readonly message: string;
  /** Measured by the sender. */
  readonly latencyMs: number | null;
}

/** Somebody wants a target asked by a configured module. */
export interface ProbeRequest {
  /** Empty: the usual one. */
  readonly module: string;
  readonly target: string;
  /** Name to ask for in place of the target's; empty: none. */
  readonly hostname: string;
  readonly debug: boolean;
  /** How long the asker waits, ms; null when it did not say. */
  readonly waitsMs: number | null;
  readonly token: string | null;
  /** Aborts when the asker is gone. */
  readonly signal: AbortSignal;
}

/** `off`: this is not allowed; `stranger`: who asks may not; `wrong`: there is no such module or no target, in the words of blackbox_exporter. */
export type Probed =
  | { readonly kind: "probed"; readonly text: string }
  | { readonly kind: "off" | "stranger"; readonly reason: string; readonly advice: string }
  | { readonly kind: "wrong"; readonly text: string }
  | { readonly kind: "busy" };

export interface Handle {
  readonly store: Pick<Store, "range" | "results" | "incidents" | "incident" | "transitions" | "messages" | "journal" | "facts">;
  overview(): Overview;
  summary(name: CheckName): CheckSummary | null;
  /** All of a check but its results and incidents, which the store has. */
  detail(name: CheckName): Omit<CheckDetail, "results" | "incidents"> | null;
  /** What is believed of a check now, with what was seen last. */
  state(name: CheckName): CheckState | null;
  channels(): readonly ChannelSummary[];
  rotations(): readonly RotationView[];
  banners(): readonly Banner[];
  /** Calls at each change, synchronously and cheaply; returns how to stop. */
  subscribe(listener: (change: Change) => void): () => void;
  runNow(name: CheckName): Done;
  pause(name: CheckName, by: string): Done;
  resume(name: CheckName, by: string): Done;
  acknowledge(name: CheckName, by: string, note: string): Done;
  /** For so long, of a group with all its members; null: until it has recovered. */
  silence(name: CheckName, by: string, forMs: Millis | null): Done;
  unsilence(name: CheckName, by: string): Done;
  /** What a signed link of a message is about: `unknown` when it was not made here, `over` when its incident is. */
  linked(token: string): { readonly name: CheckName; readonly check: CheckSummary; readonly by: string } | "unknown" | "over";
  /** `unknown` when no push check has this token. Compared in constant time. */
  beat(token: string, beat: Beat): "taken" | "unknown";
  /** Sends a test message; resolves with the channel's own answer. */
  /** Sends a message that failed after all. */
  sendAgain(message: string): Promise<Done>;
  testChannel(name: ChannelName): Promise<{ readonly kind: "sent" | "retry" | "refused"; readonly detail: string }>;
  reload(): Promise<{ readonly kind: "reloaded" | "unchanged" | "broken"; readonly problems: readonly string[] }>;
  /** Asks a target once, for `GET /probe`; nothing of it is kept. */
  probe(request: ProbeRequest): Promise<Probed>;
  /** Engine, store and outbox make progress (`/readyz`); the reasons when not. */
  ready(): { readonly ready: boolean; readonly reasons: readonly string[] };
  /** Figures for `/metrics`. */
  figures(): Figures;
  /** Masks every secret's encodings in a text. */
  mask(text: string): string;
  readonly startedAt: Instant;
}

export interface Figures {
  readonly runsStarted: number;
  readonly runsSkipped: number;
  readonly runsRunning: number;
  readonly resultsDropped: number;
  readonly commits: number;
  readonly commitFailures: number;
  readonly batchesWaiting: number;
  readonly alertsWaiting: number;
  readonly messagesSent: number;
  readonly messagesFailed: number;
  readonly startDelayMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly loopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number };
}
