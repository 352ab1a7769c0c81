import { z } from "zod";
import { createMask, type Mask } from "../../core/mask.ts";
import { DEFAULT_TLS, type TlsSettings } from "../../dial/options.ts";
import type { AnyChannel, ChannelContext, Message, MessageItem, Sending } from "../channels/channel.ts";
import { type HttpRequest, sendHttp } from "../channels/http-send.ts";
import { judgeAnswer } from "./answer.ts";
import type { AnyProvider, Call, Event } from "./provider.ts";
import { eventOf, itemView, messageView } from "./view.ts";

/** Requests for one message, one after the other within its one deadline. */
const INCIDENTS_PER_MESSAGE = 20;

/** The settings of a provider that one hosts oneself; hosted ones have none. */
const tlsOf = (options: unknown): TlsSettings => (typeof options === "object" && options !== null && "tls" in options ? (options.tls as TlsSettings) : DEFAULT_TLS);

const wellFormed = (_: string, value: unknown): unknown => (typeof value === "string" ? value.toWellFormed() : value);

/** The request as it goes out; half characters of what a check saw become U+FFFD, for many services refuse them. */
export function requestOf({ method = "POST", url, headers = {}, json, form, text }: Call, options: unknown): HttpRequest {
  const given = { "user-agent": "Tocsin", ...headers };
  const rest = { method, url: new URL(url), tls: tlsOf(options) };
  if (json !== undefined) return { ...rest, headers: { "content-type": "application/json", ...given }, body: JSON.stringify(json, wellFormed) };
  if (form !== undefined) {
    const fields = Object.entries(form).filter((field): field is [string, string] => field[1] !== undefined);
    return { ...rest, headers: { "content-type": "application/x-www-form-urlencoded", ...given }, body: new URLSearchParams(fields).toString() };
  }
  return { ...rest, headers: text === undefined ? given : { "content-type": "text/plain; charset=utf-8", ...given }, body: text ?? "" };
}

/** Parts of a secret address that are secret by themselves: answers quote paths, and redirects lead to them. */
function partsOf(secret: string): readonly string[] {
  if (!URL.canParse(secret)) return [secret];
  const { pathname, search, searchParams } = new URL(secret);
  const parts = [...pathname.split("/"), ...searchParams.values()].filter((part) => part.length >= 10 && !/^[a-z-]+$/.test(part));
  return [secret, ...(pathname.length > 1 ? [pathname, pathname + search] : []), ...(search.length > 3 ? [search] : []), ...parts];
}

/** Whether an option is marked as secret, below `optional` and the like. */
function isSecret(schema: unknown): boolean {
  if (!(schema instanceof z.ZodType)) return false;
  return z.globalRegistry.get(schema)?.secret === true || ("innerType" in schema.def && isSecret(schema.def.innerType));
}

/** Takes the secrets of the options out of what is said. */
function maskOf(schema: z.ZodType, options: unknown): Mask {
  if (!(schema instanceof z.ZodObject) || typeof options !== "object" || options === null) return createMask([]);
  const values = Object.entries(options).flatMap(([key, value]) => (typeof value === "string" && isSecret(schema.shape[key]) ? [value] : []));
  return createMask(values.flatMap(partsOf));
}

/** Whether each trouble is told by itself, and how. */
type Incidents = Extract<AnyProvider, { readonly outage: unknown }>;
const keepsIncidents = (entry: AnyProvider): entry is Incidents => "outage" in entry;

/** Those that only know beginnings and ends would take a digest for one of them. */
const showsDigests = (entry: AnyProvider): boolean => entry.digests ?? !keepsIncidents(entry);

/** What is asked for one trouble: one that was over before it could be told, and a test, begin and end at once; nothing for a digest in the company of others where none can be shown. */
function eventsOf(entry: Incidents, item: MessageItem): readonly Event[] {
  const event = eventOf(item.alert);
  if (event === "digest") return showsDigests(entry) ? ["digest"] : [];
  return event === "test" || (event === "recovery" && item.opened !== null) ? ["outage", "recovery"] : [event];
}

function callOf(entry: Incidents, options: unknown, event: Event, view: ReturnType<typeof itemView>): Call {
  if (event === "recovery" || event === "digest") return entry.recovery(options, view);
  return event === "reminder" && entry.reminder !== undefined ? entry.reminder(options, view) : entry.outage(options, view);
}

/** The one that speaks for all: what must be said again first, then what was refused. */
function together(sendings: readonly Sending[]): Sending {
  const sent = sendings.filter((one) => one.kind === "sent");
  const retry = sendings.find((one) => one.kind === "retry");
  if (retry !== undefined) return sent.length === 0 ? retry : { ...retry, doubt: true };
  const refused = sendings.filter((one) => one.kind === "refused");
  const [first] = refused;
  if (first !== undefined) return sendings.length === 1 ? first : { kind: "refused", reason: `${refused.length} of ${sendings.length} requests: ${first.reason}` };
  const last = sent.at(-1) ?? { kind: "sent", detail: "nothing to tell" };
  return sendings.length === 1 ? last : { kind: "sent", detail: `${sendings.length} requests; ${last.detail}` };
}

/** One message on its way: by which entry, with which options. */
interface Errand {
  readonly options: unknown;
  readonly message: Message;
  readonly mask: Mask;
  readonly ctx: ChannelContext;
}

async function sendIncidents(entry: Incidents, errand: Errand): Promise<Sending> {
  const { options, message, ctx } = errand;
  const order = new Map(message.alerts.map((alert, at) => [alert.id, at]));
  // In the order in which it happened: the same check may have ended one trouble and begun another.
  const items = message.items.toSorted((a, b) => (order.get(a.alert.id) ?? 0) - (order.get(b.alert.id) ?? 0));
  const sendings: Sending[] = [];
  for (const item of items) {
    const view = itemView(item, message, entry.limits ?? {}, ctx);
    for (const event of eventsOf(entry, item)) {
      const sending = await ask(entry, callOf(entry, options, event, view), errand);
      sendings.push(sending);
      // The others would fail as well; all are said again, and the service tells repeats by their key.
      if (sending.kind === "retry") return together(sendings);
    }
  }
  return together(sendings);
}

function ask(entry: AnyProvider, call: Call, { options, mask, ctx }: Errand): Promise<Sending> {
  return sendHttp(requestOf(call, options), ctx, (reply, now) => judgeAnswer(entry.answer ?? {}, reply, now, mask));
}

async function send(entry: AnyProvider, errand: Errand): Promise<Sending> {
  const { options, message, ctx } = errand;
  // As the stand-in of a channel that has one.
  if (!showsDigests(entry) && message.items.every(({ alert }) => alert.kind === "digest")) return { kind: "refused", reason: `${entry.type} cannot show a digest` };
  if (keepsIncidents(entry)) return sendIncidents(entry, errand);
  return ask(entry, entry.say(options, messageView(message, entry.limits ?? {}, ctx)), errand);
}

/** A declared provider as a channel. */
export function channelOf(entry: AnyProvider): AnyChannel {
  const { type, about, source } = entry;
  let schema: z.ZodType | null = null;
  const options = (): z.ZodType => (schema ??= entry.options());
  return {
    type,
    about,
    source,
    get options() {
      return options();
    },
    ...(keepsIncidents(entry) ? { alertsPerMessage: INCIDENTS_PER_MESSAGE } : {}),
    ...(showsDigests(entry) ? {} : { keepsOpen: true }),
    recipients: (chosen) => entry.to?.(chosen) ?? [""],
    send: (chosen, message, ctx) => send(entry, { options: chosen, message, mask: maskOf(options(), chosen), ctx }),
  };
}
