import type { NoteKind } from "./importer.ts";
import { Fields, parsed } from "./kuma-fields.ts";
import { PROVIDERS } from "./kuma-providers.ts";
import { SUBJECT, template, WEBHOOK_BODY } from "./kuma-words.ts";
import { isMapping, type Mapping } from "./values.ts";

/** What a notification becomes: keys of a channel, and what is to be said of it. */
export interface Translation {
  readonly keys: Mapping | null;
  readonly remarks: readonly { readonly kind: NoteKind; readonly what: string; readonly text: string; readonly advice: string }[];
}

/** Keys of every notification that say nothing of how it tells. */
const COMMON = ["name", "type", "isDefault", "applyExisting", "id", "userId", "user_id", "active"];
/** What Uptime Kuma's form fills in by itself. */
const USUAL: Mapping = { telegramServerUrl: "https://api.telegram.org", telegramTemplateParseMode: "plain", discordChannelType: "channel", discordMessageFormat: "normal", webhookContentType: "json", httpMethod: "post", smtpPort: 587, matrixUseTemplate: 0, ntfyIcon: "", pushoverttl: "", pushovertitle: "", barkGroup: "UptimeKuma", barkSound: "telegraph", apiVersion: "v1", alertaAlertState: "critical", alertaRecoverState: "cleared", pagerdutyAutoResolve: "resolve", pagertreeAutoResolve: "resolve", pagertreeUrgency: "silent", splunkAutoResolve: "resolve", splunkSeverity: "CRITICAL", threemaRecipientType: "identity", smseagleApiType: "smseagle-apiv2", smseagleMsgType: "smseagle-sms", smseagleRecipientType: "smseagle-to", smseagleDuration: 10, plivoMessageType: "sms" };

const addresses = (text: string): readonly string[] => text.split(/[,;]/).map((one) => /<([^<>]+)>\s*$/.exec(one)?.[1]?.trim() ?? one.trim()).filter((one) => one !== "");

type Remark = (kind: NoteKind, what: string, text: string, advice?: string) => void;

/** A template of the notification's own, or the usual text. */
function words(fields: Fields, column: string, say: Remark): string | undefined {
  const written = fields.exact(column).trim();
  if (written === "") return undefined;
  const ours = template(written, "message");
  if (ours === null) say("left", column, "it says more of a run than a message does here: the usual text is sent", "write a template of your own (docs/alerting.md)");
  return ours ?? undefined;
}

function email(fields: Fields, say: Remark): Mapping | null {
  const to = [...new Set(["smtpTo", "smtpCC", "smtpBCC"].flatMap((column) => addresses(fields.text(column))))];
  const [from] = addresses(fields.text("smtpFrom"));
  const host = fields.text("smtpHost");
  if (to.length === 0 || from === undefined || host === "") {
    say("left", "", `it has no ${host === "" ? "server" : from === undefined ? "sender" : "recipient"}: nobody is told`, "complete it");
    return null;
  }
  if (fields.text("smtpCC") !== "" || fields.text("smtpBCC") !== "") say("differs", "smtpCC", "copies are mails of their own");
  if (/</.test(fields.text("smtpFrom"))) say("differs", "smtpFrom", "the sender's name is the site's");
  if (fields.text("smtpDkimDomain") !== "") say("left", "smtpDkimDomain", "mails are not signed with DKIM", "let the mail server sign them");
  fields.pass("smtpDkimKeySelector", "smtpDkimPrivateKey", "smtpDkimHashAlgo", "smtpDkimheaderFieldNames", "smtpDkimskipFields");
  if (fields.flag("htmlBody")) say("left", "htmlBody", "mails are plain text", "");
  const port = fields.number("smtpPort");
  const [user, password] = [fields.exact("smtpUsername"), fields.exact("smtpPassword")];
  const security = fields.flag("smtpSecure") ? { tls: true } : { starttls: fields.flag("smtpIgnoreSTARTTLS") ? "off" : "optional" };
  const [subject, text] = [words(fields, "customSubject", say), words(fields, "customBody", say)];
  const smtp = { host, ...(port === undefined ? {} : { port }), ...(user === "" || password === "" ? {} : { user, password }), ...security, ...(fields.flag("smtpIgnoreTLSError") ? { verify: false } : {}) };
  return { type: "email", to, from, smtp, ...(subject === undefined ? {} : { subject }), ...(text === undefined ? {} : { text }) };
}

function webhook(fields: Fields, say: Remark): Mapping | null {
  const url = fields.text("webhookURL");
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    say("left", "webhookURL", "this is no address of the web", "write it whole");
    return null;
  }
  if (fields.text("httpMethod").toLowerCase() === "get") {
    say("left", "httpMethod", "messages are never told by GET", "let the receiver take POST");
    return null;
  }
  const extra = fields.json("webhookAdditionalHeaders");
  const headers = Object.fromEntries(Object.entries(isMapping(extra) ? extra : {}).map(([name, value]) => [name, String(value)]));
  const typed = Object.keys(headers).find((name) => name.toLowerCase() === "content-type");
  const contentType = typed === undefined ? undefined : headers[typed];
  if (typed !== undefined) delete headers[typed];
  const how = fields.text("webhookContentType");
  if (how === "form-data") say("differs", "webhookContentType", "the document is the body itself, and not the part `data` of a form", "let the receiver read JSON");
  const custom = how === "custom" ? template(fields.exact("webhookCustomBody"), "webhook") : null;
  fields.pass("webhookCustomBody");
  if (how === "custom" && custom === null) say("left", "webhookCustomBody", "it says more of a run than a message does here: Uptime Kuma's own document is sent", "write a `body` of your own (docs/alerting.md)");
  if (custom === null) say("differs", "webhookContentType", "of `heartbeat` and `monitor` the document has status, time, msg, name and type");
  return { type: "webhook", url, ...(Object.keys(headers).length === 0 ? {} : { headers }), ...(contentType === undefined ? {} : { contentType }), body: custom ?? WEBHOOK_BODY };
}

/** One notification by the type in its config. */
export function readNotification(config: unknown): Translation {
  const remarks: { kind: NoteKind; what: string; text: string; advice: string }[] = [];
  const say: Remark = (kind, what, text, advice = "") => void remarks.push({ kind, what, text, advice });
  const of = typeof config === "string" ? parsed(config) : config;
  if (!isMapping(of)) {
    say("left", "config", "its configuration is no JSON: Uptime Kuma tells nobody by it either", "remove it");
    return { keys: null, remarks };
  }
  const fields = new Fields(of, () => ({ file: "", line: 0, column: 0 }));
  fields.pass(...COMMON);
  const type = typeof of["type"] === "string" ? of["type"] : "";
  const provider = Object.hasOwn(PROVIDERS, type) ? PROVIDERS[type] : undefined;
  const made = type === "smtp" ? email(fields, say) : type === "webhook" ? webhook(fields, say) : (provider?.(fields) ?? null);
  if (made === null && remarks.length === 0) {
    if (provider === undefined) say("left", "", `there is no counterpart of \`${type.slice(0, 40)}\``, "use `apprise`, which knows many services, or a `webhook` with a body of your own");
    else say("left", "", "what it needs is not filled in: nobody is told", "complete it");
  }
  if (made === null) return { keys: null, remarks };
  for (const column of fields.rest(USUAL)) say("left", column, "this has no counterpart", "");
  const keys = Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined && value !== ""));
  return { keys: { ...keys, subject: keys["subject"] ?? SUBJECT, group: "off", cap: "off" }, remarks };
}
