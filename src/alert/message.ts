import { oneLine } from "../core/one-line.ts";
import type { Alert, CheckName, Instant } from "../core/types.ts";
import type { ActLinks } from "./act-links.ts";
import type { Attachment, Message, MessageItem } from "./channels/channel.ts";
import { digest, type Item, over, type Stretch } from "./items.ts";
import { type Moments, momentsIn, span } from "./moment.ts";
import { asHtml, asText, type Block, blockText, type Sheet } from "./sheet.ts";

/** What a message needs to know of the site. */
export interface SiteFacts {
  readonly name: string;
  readonly vantage: string;
  readonly url: string | null;
  /** IANA zone of the times in messages. */
  readonly timezone: string;
}

export interface MessageInput {
  readonly key: string;
  readonly recipient: string;
  /** Oldest first, at least one. */
  readonly alerts: readonly Alert[];
  readonly site: SiteFacts;
  /** When the message was formed: a repeat reads the same. */
  readonly asOf: Instant;
  /** Who else is told of the same incidents: `ops to ops@example.com`. */
  readonly alsoTold: readonly string[];
  /** Links by which the reader acts on an alert; absent or null: none. */
  readonly act?: (alert: Alert) => ActLinks | null;
  readonly typeOf?: (check: CheckName) => string | undefined;
  /** Nothing could be written: the message is sent from memory and may come again. */
  readonly unrecorded: boolean;
  /** What can be shown of a check, for channels that carry files. */
  readonly pictures?: ReadonlyMap<CheckName, Attachment>;
}

const SENTENCE_MAX = 160;
const SUBJECT_NAMES = 4;
/** More names than a short message holds. */
const NAMES_MOST = 300;
/** Items told with cause, evidence and links; the rest of a long message are first lines. */
const DETAILED = 10;
const WITH_EVIDENCE = 3;
const HIDES_NAMED = 30;
const CHANNEL_PREFIX = "channel:";

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`);
const isChannel = (alert: Alert): boolean => alert.check.startsWith(CHANNEL_PREFIX);
const nameOf = (alert: Alert): string => oneLine(isChannel(alert) ? alert.check.slice(CHANNEL_PREFIX.length) : alert.check);

function fromTo({ from, to }: Stretch, moments: Moments): string {
  const [a, b] = [moments.short(from), moments.short(to)];
  return `${a}${a.length + b.length > 10 ? " to " : "-"}${b} (${span(to - from)})`;
}

/** What follows the dash of a first line: why, and since when. */
function tail(item: Item, moments: Moments, asOf: Instant): string {
  const { alert, opened, outage } = item;
  const sentence = cut(oneLine(alert.sentence), SENTENCE_MAX);
  const because = sentence === "" ? "" : `${sentence}, `;
  const before = outage === null ? "" : `, was down ${fromTo(outage, moments)}`;
  if (opened !== null) {
    const why = cut(oneLine(opened.sentence), SENTENCE_MAX);
    if (outage === null || opened.kind === "degraded") return `${why}, ${fromTo({ from: opened.since, to: alert.since }, moments)}${before}`;
    return `${why}, ${fromTo({ from: opened.since, to: outage.to }, moments)}, degraded until ${moments.short(alert.since)}`;
  }
  switch (alert.kind) {
    case "channel-mended":
      return `${because.replace(/, $/, "")} since ${moments.short(alert.since)}${alert.outageFrom === null ? "" : `, after ${span(alert.since - alert.outageFrom)}`}`;
    case "recovered":
      return alert.outageFrom === null ? `${because}since ${moments.short(alert.since)}` : `again since ${moments.short(alert.since)}, after ${span(alert.since - alert.outageFrom)}`;
    case "digest":
    case "settled":
    case "changed":
    case "test":
      return sentence;
    case "run":
      return `${because}at ${moments.short(alert.since)}`;
    default:
      return `${because}since ${moments.short(alert.since)} (${span(asOf - alert.since)})${before}${alert.unseenSince === undefined ? "" : `, nothing seen since ${moments.short(alert.unseenSince)}`}`;
  }
}

/** The first line for one item: what, state, since when. */
function firstLine(item: Item, moments: Moments, asOf: Instant): string {
  return `${item.mark} ${item.word} ${nameOf(item.alert)} — ${tail(item, moments, asOf)}`;
}

/** The first line for several: `▲ 3 down, ● 1 recovered — shop, mail, …`, with at most so many names. */
function sumLine(items: readonly Item[], most: number): string {
  const sums = new Map<string, { readonly mark: string; count: number }>();
  for (const item of items) {
    const known = sums.get(item.sum);
    if (known === undefined) sums.set(item.sum, { mark: item.mark, count: 1 });
    else known.count += 1;
  }
  const counted = [...sums].map(([sum, { mark, count }]) => `${mark} ${count} ${sum}`).join(", ");
  const names = items.slice(0, most).map((item) => cut(nameOf(item.alert), 40));
  return `${counted} — ${names.join(", ")}${items.length > most ? ", …" : ""}`;
}

/** Address of what an alert is about on the page; null without one. */
export function linkOf(alert: Alert, site: SiteFacts): string | null {
  if (site.url === null || alert.kind === "test") return null;
  const base = site.url.endsWith("/") ? site.url : `${site.url}/`;
  return isChannel(alert) || alert.kind === "digest" ? base : `${base}checks/${encodeURIComponent(alert.check)}`;
}

function listed(checks: readonly CheckName[]): string {
  const named = checks.slice(0, HIDES_NAMED).map(oneLine).join(", ");
  return checks.length > HIDES_NAMED ? `${named} and ${checks.length - HIDES_NAMED} more` : named;
}

function blockOf(item: Item, at: number, input: MessageInput, moments: Moments): Block {
  const headline = firstLine(item, moments, input.asOf);
  const { alert, opened } = item;
  if (at >= DETAILED) return { headline, trouble: item.trouble, rows: [], link: null, act: null, picture: null, evidence: [] };
  const rows: [string, string][] = [];
  const ended = over(item);
  const exactly = ({ from, to }: Stretch): string => `${moments.exact(from)} to ${moments.exact(to)}`;
  if (ended !== null) rows.push(["From", moments.exact(ended.from)], ["To", moments.exact(ended.to)]);
  else if (alert.kind !== "test") rows.push(["Since", moments.exact(alert.since)]);
  if (alert.unseenSince !== undefined) rows.push(["Nothing seen since", moments.exact(alert.unseenSince)]);
  if (item.outage !== null) rows.push(["Was down", exactly(item.outage)]);
  if (alert.kind === "settled" && alert.outageFrom !== null) rows.push(["Flapped", exactly({ from: alert.outageFrom, to: alert.at })]);
  const cause = opened ?? alert;
  const code = cause.code === "ok" || isChannel(cause) ? "" : ` (${cause.code})`;
  if (cause.sentence !== "" && alert.kind !== "digest") rows.push([cause.code === "ok" ? "Seen" : "Cause", `${oneLine(cause.sentence)}${code}`]);
  if (alert.hides.length > 0 && item.trouble > 0) rows.push(["Hides", listed(alert.hides)]);
  if (alert.dependents !== undefined && item.trouble > 0) rows.push(["Depends on it", listed(alert.dependents)]);
  return { headline, trouble: item.trouble, rows, link: linkOf(alert, input.site), act: item.trouble > 0 ? (input.act?.(alert) ?? null) : null, picture: input.pictures?.get(alert.check)?.name ?? null, evidence: at < WITH_EVIDENCE ? cause.evidence : [] };
}

function itemOf({ alert, opened }: Item, block: Block, { typeOf }: MessageInput): MessageItem {
  return { headline: block.headline, text: blockText(block), link: block.link, type: typeOf?.(alert.check) ?? "", alert, opened };
}

/** Renders what one recipient reads. The same input gives the same message, so that a repeat can be told by its text as well. */
export function renderMessage(input: MessageInput): Message {
  const { site, asOf, alerts } = input;
  const moments = momentsIn(site.timezone, asOf);
  const items = digest(alerts);
  const [only] = items;
  const line = only !== undefined && items.length === 1 ? firstLine(only, moments, asOf) : sumLine(items, SUBJECT_NAMES);
  const subject = input.unrecorded ? `${line} (not recorded, may repeat)` : line;
  const notes: string[] = [];
  if (input.alsoTold.length > 0) notes.push(`Also told: ${input.alsoTold.map(oneLine).join(", ")}`);
  const broken = [...new Set(alerts.flatMap((alert) => alert.insteadOf ?? []))].map(oneLine);
  if (broken.length > 0) notes.push(`Told here in place of channel ${broken.join(", ")}, which did not work.`);
  if (input.unrecorded) notes.push("Not recorded, may repeat: Tocsin could not write to its store and sent this from memory.");
  const footer = `${oneLine(site.name)}, seen from ${oneLine(site.vantage)}, as of ${moments.exact(asOf)} (${moments.zone})`;
  const told = items.map((item, at) => ({ item, block: blockOf(item, at, input, moments) }));
  const sheet: Sheet = { subject, blocks: told.map(({ block }) => block), notes, footer };
  const rendered = { subject, text: asText(sheet), html: asHtml(sheet), items: told.map(({ item, block }) => itemOf(item, block, input)) };
  const more = items.length > SUBJECT_NAMES && !input.unrecorded ? { allNames: sumLine(items, NAMES_MOST) } : {};
  const attachments = [...(input.pictures?.values() ?? [])];
  return { key: input.key, recipient: input.recipient, ...rendered, ...more, ...(attachments.length === 0 ? {} : { attachments }), alerts, site: { name: site.name, vantage: site.vantage, url: site.url } };
}
