import type { Instant, Millis } from "./types.ts";

/** When a check is due. Slots are UTC instants; local time lives only inside `cron`. */
export type Schedule =
  /** Every so long, anchored to the epoch plus a hash of the check's name. */
  | { readonly kind: "every"; readonly ms: Millis }
  /** A fixed delay after the previous run's end. */
  | { readonly kind: "after"; readonly ms: Millis }
  /** Only in groups or on demand. */
  | { readonly kind: "never" }
  | { readonly kind: "interval"; readonly ms: Millis; readonly start: Instant | null; readonly end: Instant | null; readonly jitterMs: Millis; readonly text: string }
  | {
      readonly kind: "cron";
      readonly fields: CronFields;
      readonly zone: string;
      /** APScheduler's way with daylight saving: twice in autumn, and the shifted hour in spring; otherwise once. */
      readonly twice: boolean;
      readonly start: Instant | null;
      readonly end: Instant | null;
      readonly jitterMs: Millis;
      /** As written, for showing. */
      readonly text: string;
    };

/** Placeholder until the field engine is written. */
export type CronFields = Record<string, unknown>;
