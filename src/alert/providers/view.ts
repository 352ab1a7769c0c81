import { createHash } from "node:crypto";
import type { Alert, OpenedAs } from "../../core/types.ts";
import type { ChannelContext, Message, MessageItem } from "../channels/channel.ts";
import { fitDetails, fitTitle, isOwn, lengthOf, type Limits, roomOf } from "./fit.ts";
import type { Event, Severity, View } from "./provider.ts";
import { smsOf } from "./sms.ts";

const ALIAS_DIGITS = 32;
/** Pictures that go with a mail: providers carry no files. */
const PICTURES = /<img\b[^>]*\bcid:[^>]*>/gi;
/** A longer address (that of a check with a long name in foreign letters) stands in the details only. */
const LINK_MOST = 500;

/** What an alert means to a service that knows beginnings and ends only. */
export function eventOf({ kind, status }: Alert): Event {
  switch (kind) {
    case "test":
    case "digest":
    case "reminder":
      return kind;
    case "recovered":
    case "changed":
    case "channel-mended":
      return "recovery";
    case "settled":
    case "run":
      return status === "up" ? "recovery" : "outage";
    default:
      return "outage";
  }
}

function severityOf(alert: Alert): Severity {
  const event = eventOf(alert);
  if (event === "recovery" || event === "digest" || event === "test") return "info";
  return alert.status === "down" || alert.kind === "down" || alert.kind === "flapping" ? "critical" : "warning";
}

/** One name for each check of a site, whatever its own name holds. Digests and tests are of no check, though they bear the site's name. */
function aliasOf({ site, check }: OpenedAs, kind: Alert["kind"]): string {
  const parts = kind === "digest" || kind === "test" ? [site, check, kind] : [site, check];
  return `tocsin-${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, ALIAS_DIGITS)}`;
}

type Part = Pick<Message, "subject" | "allNames" | "text" | "items"> & { readonly html: string; readonly link: string | null; readonly alert: Alert };

function viewOf(part: Part, message: Message, limits: Limits, ctx: ChannelContext): View {
  const { key, recipient, site } = message;
  const { alert } = part;
  const link = part.link === null || part.link.length > LINK_MOST ? null : part.link;
  const title = fitTitle(part.subject, limits);
  const head = `${title}\n\n`;
  const details = fitDetails(part, roomOf(limits), limits);
  const own = isOwn(part);
  const short = own ? details : fitDetails(part, Math.max(0, roomOf(limits) - lengthOf(head, limits)), limits);
  const text = own ? details : short === "" ? title : head + short;
  const sms = own ? smsOf(details, null, limits.sms) : smsOf(part.allNames ?? part.subject, link, limits.sms, part.allNames === undefined ? "signs" : "names");
  const told = { title, details, text, html: part.html.replaceAll(PICTURES, ""), sms, link };
  const now = ctx.clock.now();
  const openedAs = alert.openedAs ?? { site: site.name, check: alert.check };
  return { key, recipient, site, openedAs, alias: aliasOf(openedAs, alert.kind), event: eventOf(alert), severity: severityOf(alert), ...told, alert, now, random: (count) => ctx.random.bytes(count) };
}

/** A whole message, of the kind of its worst trouble; of a digest only when it holds nothing else. */
export function messageView(message: Message, limits: Limits, ctx: ChannelContext): View {
  const { items, site } = message;
  const worst = items.find(({ alert }) => alert.kind !== "digest") ?? items[0];
  if (worst === undefined) throw new Error("a message tells at least one thing");
  const link = items.length === 1 ? worst.link : site.url;
  return viewOf({ ...message, html: message.html ?? "", link, alert: worst.alert }, message, limits, ctx);
}

/** The trouble of one check; when there is no other, in the message's words. */
export function itemView(item: MessageItem, message: Message, limits: Limits, ctx: ChannelContext): View {
  if (message.items.length === 1) return messageView(message, limits, ctx);
  const part = { subject: item.headline, text: item.text, items: [item], html: "", link: item.link, alert: item.alert };
  return viewOf(part, message, limits, ctx);
}
