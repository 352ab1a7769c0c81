import type { z } from "zod";
import type { Alert } from "../../core/types.ts";
import type { Clock, Log, Network, Processes, Random } from "../../sys/ports.ts";

/** A file that goes with a message, where the channel carries files. */
export interface Attachment {
  /** `latency.png`; in the HTML, `cid:latency.png` stands for it. */
  readonly name: string;
  /** Media type. */
  readonly type: string;
  readonly content: Uint8Array;
}

/** The news of one check's trouble, or of its end. */
export interface MessageItem {
  /** Its first line: what, state, since when. */
  readonly headline: string;
  /** The first line, and below it what else is known; plain text. */
  readonly text: string;
  /** Where the page shows it; null when the page has no address. */
  readonly link: string | null;
  /** The check's type: `http`; empty for a check that is gone, and for a channel. */
  readonly type: string;
  /** The last word on it. */
  readonly alert: Alert;
  /** The alert that opened the trouble, when it was over before anybody was told. */
  readonly opened: Alert | null;
}

/** A rendered message to one recipient on one channel. */
export interface Message {
  /** The row's id: the same message sent again carries the same key. */
  readonly key: string;
  readonly recipient: string;
  /** The first line: what, state, since when. */
  readonly subject: string;
  /** The same with every name, where the subject has only some: short messages take what they hold of it. */
  readonly allNames?: string;
  /** Complete in plain text; its first line is the subject. */
  readonly text: string;
  readonly html: string | null;
  readonly attachments?: readonly Attachment[];
  /** What it tells, for channels that send data (webhook). */
  readonly alerts: readonly Alert[];
  /** The same for those that tell each trouble by itself, the worst first. */
  readonly items: readonly MessageItem[];
  readonly site: { readonly name: string; readonly vantage: string; readonly url: string | null };
}

/** `retry.doubt`: it may have arrived all the same (the answer was lost), so it must be sent again unchanged. */
export type Sending =
  | { readonly kind: "sent"; readonly detail: string }
  | { readonly kind: "retry"; readonly reason: string; readonly doubt: boolean; readonly afterMs?: number }
  | { readonly kind: "refused"; readonly reason: string };

export interface ChannelContext {
  /** The idempotency key of the message. */
  readonly key: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly processes: Processes;
  readonly log: Log;
}

/** A way to tell somebody. Says it once and classifies the answer; the outbox alone retries. */
export interface Channel<Options> {
  readonly type: string;
  readonly about: string;
  readonly source: string;
  readonly options: z.ZodType<Options>;
  /** Alerts that one message may hold, where the usual thousand are too many: a service of incidents is asked once for each. */
  readonly alertsPerMessage?: number;
  /** It knows beginnings and ends only: what began stays open there until its end is told, which is so in a silence too; a digest would be one of them and is refused when the configuration is read. */
  readonly keepsOpen?: true;
  /** It publishes states for programs, not news for people: a step `after: 0` goes on while telling rests. */
  publishes?(options: Options): boolean;
  /** It carries files; others are given none. */
  readonly attaches?: true;
  /** Each gets a message of its own; `[""]` when the channel knows no recipients. */
  recipients(options: Options): readonly string[];
  send(options: Options, message: Message, ctx: ChannelContext): Promise<Sending>;
}

/** The list's element. Sound though methods vary both ways: the outbox only passes what that channel's own schema returned. */
export type AnyChannel = Channel<unknown>;
