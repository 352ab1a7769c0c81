import type { Evidence, Facts } from "../core/types.ts";
import type { Read } from "../dial/dialogue.ts";
import type { Failure } from "../sys/ports.ts";

/** The header field that every mail of ours bears: `X-Tocsin: mailflow TOKEN`. */
export const FIELD = "X-Tocsin";
/** Its first word, by which leftovers are found. */
export const FIELD_WORD = "mailflow";
/** Mails of ours that are older, by this machine's clock, belong to no run any more. */
export const LEFTOVER_MS = 86_400_000;

export interface MailboxLogin {
  readonly user: string;
  readonly password: string;
}

/** Where a mail was found. */
export interface Arrival {
  readonly folder: string;
  readonly number: number;
}

/** The place that mails arrive in, for one run. */
export interface Mailbox {
  /** Logs in, sees that mails can be looked for, and takes away leftovers; nothing is sent when this fails. */
  open(): Promise<Failure | null>;
  /** Looks once for the mail with the token; null when it is not there yet. */
  find(token: string): Promise<Read<Arrival | null>>;
  remove(arrival: Arrival): Promise<Failure | null>;
  close(): Promise<void>;
  /** Leftovers that were taken away. */
  readonly leftovers: number;
  /** Pauses between looks, ms: the first one, and the longest. */
  readonly pauses: { readonly first: number; readonly longest: number };
  readonly facts: Facts;
  readonly evidence: Evidence;
}
