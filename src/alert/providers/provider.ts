import type { z } from "zod";
import type { Alert, Instant, OpenedAs } from "../../core/types.ts";
import type { Answer } from "./answer.ts";
import type { Limits } from "./fit.ts";
import type { Sms } from "./sms.ts";

/** What happened, as services tell it apart. A message of several troubles is of the kind of the worst. */
export type Event = "outage" | "reminder" | "recovery" | "digest" | "test";

/** How bad it is, in the words that most services share: `critical` down, `warning` less than that, `info` the end of it. */
export type Severity = "critical" | "warning" | "info";

/** A message, or the trouble of one check, as an entry says it: cut to the entry's limits. */
export interface View {
  /** The idempotency key: 32 hexadecimal digits. */
  readonly key: string;
  /** What it makes known by names must bear these. */
  readonly openedAs: OpenedAs;
  /** The same as one word: what ends a trouble bears the same as what opened it, a digest and a test what no check bears. 39 letters, digits and dashes. */
  readonly alias: string;
  readonly recipient: string;
  readonly event: Event;
  readonly severity: Severity;
  /** What, state, since when. */
  readonly title: string;
  /** All but the title. */
  readonly details: string;
  /** Title and details, within the limit together; or what the owner's template of the text says. */
  readonly text: string;
  /** The whole message for mail. */
  readonly html: string;
  readonly sms: Sms;
  /** At most 500 characters. */
  readonly link: string | null;
  /** Of several alerts the worst. */
  readonly alert: Alert;
  readonly site: { readonly name: string; readonly vantage: string; readonly url: string | null };
  readonly now: Instant;
  readonly random: (count: number) => Uint8Array;
}

/** A request as data. At most one of `json`, `form` and `text` is its body; what is undefined in the first two is left out. */
export interface Call {
  /** POST when missing. */
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers?: { readonly [name: string]: string };
  readonly json?: { readonly [name: string]: unknown } | readonly unknown[];
  readonly form?: { readonly [name: string]: string | undefined };
  readonly text?: string;
}

interface Entry<Options> {
  /** What the user writes. */
  readonly type: string;
  /** One sentence. */
  readonly about: string;
  /** Address of the provider's own documentation. */
  readonly source: string;
  /** Made when it is first asked for: most of the catalogue is never used. */
  readonly options: () => z.ZodType<Options>;
  /** Where the request carries what tells a repeat: a field or a header; null when the provider knows no such thing. */
  readonly key: string | null;
  readonly limits?: Limits;
  /** What an answer means, where the status alone does not say so. */
  readonly answer?: Answer;
  /** Whether it can show a digest; when missing, all can but those that keep incidents. */
  readonly digests?: boolean;
  /** Whom it addresses; missing when the provider knows no recipients. */
  to?(options: Options): readonly string[];
}

/** Reads messages: one request tells everything. */
interface MessageEntry<Options> extends Entry<Options> {
  say(options: Options, view: View): Call;
}

/** Keeps incidents: one request for each check opens its trouble, another one ends it. */
interface IncidentEntry<Options> extends Entry<Options> {
  outage(options: Options, view: View): Call;
  /** As `outage` when missing. */
  reminder?(options: Options, view: View): Call;
  recovery(options: Options, view: View): Call;
}

/** A way to tell somebody over HTTP, declared as data. */
export type Provider<Options> = MessageEntry<Options> | IncidentEntry<Options>;

/** The catalogue's element. Sound though its functions vary both ways: each gets only what its own schema returned. */
export type AnyProvider = Provider<unknown>;

/** Declares a provider; its functions are given what its schema returns. */
export function provider<Schema extends z.ZodType>(entry: Provider<z.output<Schema>> & { readonly options: () => Schema }): AnyProvider {
  return entry;
}
