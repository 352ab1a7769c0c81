import type { Fields } from "./kuma-fields.ts";
import type { Mapping } from "./values.ts";

/** One provider of Uptime Kuma's as keys of ours; null when what it needs is missing. What is undefined or empty is left out. */
type Provider = (fields: Fields) => Mapping | null;

const whole = (address: string): boolean => /^https?:\/\//i.test(address) && URL.canParse(address);
/** An address without the path that every message is sent to. */
const without = (address: string, path: RegExp): string => address.replace(path, "").replace(/\/+$/, "");
const clamp = (value: number | undefined, least: number, most: number): number | undefined => (value === undefined ? undefined : Math.min(most, Math.max(least, Math.round(value))));
/** Made only when all of these are there. */
const needing = (keys: Mapping, ...wanted: readonly string[]): Mapping | null => (wanted.some((key) => keys[key] === "" || keys[key] === undefined || (Array.isArray(keys[key]) && keys[key].length === 0)) ? null : keys);

/** A service that is told by one address alone. */
const hook = (type: string, column: string): Provider => (fields) => (whole(fields.text(column)) ? { type, url: fields.text(column) } : null);
/** A gateway for SMS; what stands in `optional` may be missing. */
const sms = (type: string, more: (fields: Fields) => Mapping, to: string, ...optional: readonly string[]): Provider => (fields) => {
  const keys: Mapping = { type, ...more(fields), to: fields.text(to).split(/[,;\s]+/).filter((one) => one !== "") };
  return needing(keys, ...Object.keys(keys).filter((key) => !optional.includes(key)));
};
const mail = (type: string, key: string, from: string, to: string): Provider => (fields) => needing({ type, apiKey: fields.text(key), from: fields.text(from), to: fields.words(to) }, "apiKey", "from", "to");

function discord(fields: Fields): Mapping | null {
  const url = fields.text("discordWebhookUrl");
  const thread = fields.text("discordChannelType") === "postToThread" ? fields.text("threadId") : "";
  if (!whole(url)) return null;
  const address = new URL(url);
  if (thread !== "") address.searchParams.set("thread_id", thread);
  fields.pass("discordUsername", "disableUrl", ...(thread === "" ? [] : ["discordChannelType"]));
  return { type: "discord", url: thread === "" ? url : address.href };
}

function ntfy(fields: Fields): Mapping | null {
  const how = fields.text("ntfyAuthenticationMethod");
  const [user, password, token] = [fields.text("ntfyusername"), fields.exact("ntfypassword"), fields.text("ntfyaccesstoken")];
  const login = how === "accessToken" || (how === "" && token !== "") ? { token } : how === "none" ? {} : { user, password };
  const priority = fields.number("ntfyPriorityDown") ?? (fields.number("ntfyPriority") === undefined ? undefined : (fields.number("ntfyPriority") ?? 4) + 1);
  return needing({ type: "ntfy", url: fields.text("ntfyserverurl"), topic: fields.text("ntfytopic"), ...login, priority: clamp(priority, 1, 5) }, "topic");
}

function bark(fields: Fields): Mapping | null {
  const endpoint = fields.text("barkEndpoint").replace(/\/+$/, "");
  const [, url = "", deviceKey = ""] = /^(https?:\/\/.+)\/([^/]+)$/i.exec(endpoint) ?? [];
  return needing({ type: "bark", url, deviceKey }, "url", "deviceKey");
}

function pagerduty(fields: Fields): Mapping | null {
  const eu = /\.eu\.pagerduty\.com/i.test(fields.text("pagerdutyIntegrationUrl"));
  const severity = fields.text("pagerdutyPriority");
  return needing({ type: "pagerduty", routingKey: fields.text("pagerdutyIntegrationKey"), ...(eu ? { region: "eu" } : {}), severity: ["critical", "error", "warning", "info"].includes(severity) ? severity : "warning" }, "routingKey");
}

function threema(fields: Fields): Mapping | null {
  const [to, how] = [fields.text("threemaRecipient"), fields.text("threemaRecipientType")];
  fields.pass("threemaRecipientType");
  return needing({ type: "threema", from: fields.text("threemaSenderIdentity"), secret: fields.text("threemaSecret"), to: to === "" ? [] : [how === "phone" && !to.startsWith("+") ? `+${to}` : to] }, "from", "secret", "to");
}

function smseagle(fields: Fields): Mapping | null {
  if (fields.text("smseagleApiType") === "smseagle-apiv1") return null;
  const to = [...fields.words("smseagleRecipientTo"), ...(fields.text("smseagleRecipientType") === "smseagle-to" ? fields.words("smseagleRecipient") : [])];
  return needing({ type: "sms-smseagle", url: fields.text("smseagleUrl"), token: fields.text("smseagleToken"), to }, "url", "token", "to");
}

function twilio(fields: Fields): Mapping | null {
  const [service, key] = [fields.text("twilioMessagingServiceSID"), fields.text("twilioApiKey")];
  return needing({ type: "sms-twilio", account: fields.text("twilioAccountSID"), token: fields.text("twilioAuthToken"), ...(key === "" ? {} : { key }), from: service === "" ? fields.text("twilioFromNumber") : service, to: fields.words("twilioToNumber") }, "account", "token", "from", "to");
}

/** The providers of Uptime Kuma that Tocsin has as well, by their types in its configuration; smtp and webhook stand elsewhere. */
export const PROVIDERS: { readonly [type: string]: Provider } = {
  telegram: (f) => needing({ type: "telegram", token: f.text("telegramBotToken"), to: f.words("telegramChatID"), thread: f.number("telegramMessageThreadID") }, "token", "to"),
  discord,
  slack: hook("slack", "slackwebhookURL"),
  teams: hook("teams", "webhookUrl"),
  GoogleChat: hook("google-chat", "googleChatWebhookURL"),
  mattermost: (f) => (whole(f.text("mattermostWebhookUrl")) ? { type: "mattermost", url: f.text("mattermostWebhookUrl"), channel: f.text("mattermostchannel") } : null),
  "rocket.chat": (f) => (whole(f.text("rocketwebhookURL")) ? { type: "rocketchat", url: f.text("rocketwebhookURL"), channel: f.text("rocketchannel") } : null),
  matrix: (f) => needing({ type: "matrix", url: f.text("homeserverUrl"), token: f.text("accessToken"), to: f.words("internalRoomId") }, "url", "token", "to"),
  signal: (f) => needing({ type: "signal", url: without(f.text("signalURL"), /\/v\d\/send\/?$/), from: f.text("signalNumber"), to: f.words("signalRecipients") }, "url", "from", "to"),
  nextcloudtalk: (f) => needing({ type: "nextcloud-talk", url: f.text("host"), conversation: f.text("conversationToken"), secret: f.exact("botSecret") }, "url", "conversation", "secret"),
  line: (f) => needing({ type: "line", token: f.text("lineChannelAccessToken"), to: f.words("lineUserID") }, "token", "to"),
  pumble: hook("pumble", "webhookURL"),
  stackfield: hook("stackfield", "stackfieldwebhookURL"),
  ZohoCliq: hook("zoho-cliq", "webhookUrl"),
  DingDing: (f) => (whole(f.text("webHookUrl")) ? { type: "dingtalk", url: f.text("webHookUrl"), secret: f.text("secretKey") } : null),
  Feishu: hook("feishu", "feishuWebHookUrl"),
  WeCom: (f) => (f.text("weComBotKey") === "" ? null : { type: "wecom", url: `https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${encodeURIComponent(f.text("weComBotKey"))}` }),
  gotify: (f) => needing({ type: "gotify", url: f.text("gotifyserverurl"), token: f.text("gotifyapplicationToken"), priority: clamp(f.number("gotifyPriority"), 0, 10) }, "url", "token"),
  ntfy,
  pushover: (f) => needing({ type: "pushover", token: f.text("pushoverapptoken"), user: f.text("pushoveruserkey"), device: f.text("pushoverdevice"), sound: f.text("pushoversounds"), priority: clamp(f.number("pushoverpriority"), -2, 2) }, "token", "user"),
  pushbullet: (f) => needing({ type: "pushbullet", token: f.text("pushbulletAccessToken") }, "token"),
  PushDeer: (f) => needing({ type: "pushdeer", url: without(f.text("pushdeerServer"), /\/message\/push\/?$/), pushKey: f.text("pushdeerKey") }, "pushKey"),
  PushPlus: (f) => needing({ type: "pushplus", token: f.text("pushPlusSendKey") }, "token"),
  PushByTechulus: (f) => needing({ type: "techulus-push", apiKey: f.text("pushAPIKey") }, "apiKey"),
  ServerChan: (f) => needing({ type: "serverchan", sendKey: f.text("serverChanSendKey") }, "sendKey"),
  Bark: bark,
  HomeAssistant: (f) => needing({ type: "home-assistant", url: f.text("homeAssistantUrl"), token: f.text("longLivedAccessToken"), to: [f.text("notificationService") || "notify"] }, "url", "token"),
  threema,
  PagerDuty: pagerduty,
  PagerTree: hook("pagertree", "pagertreeIntegrationUrl"),
  Opsgenie: (f) => needing({ type: "opsgenie", apiKey: f.text("opsgenieApiKey"), ...(f.text("opsgenieRegion") === "eu" ? { region: "eu" } : {}), priority: `P${clamp(f.number("opsgeniePriority") || 3, 1, 5)}` }, "apiKey"),
  squadcast: hook("squadcast", "squadcastWebhookURL"),
  alerta: (f) => needing({ type: "alerta", url: without(f.text("alertaApiEndpoint"), /\/alert\/?$/), apiKey: f.text("alertaApiKey"), environment: f.text("alertaEnvironment") }, "url", "apiKey"),
  GoAlert: (f) => needing({ type: "goalert", url: f.text("goAlertBaseURL"), token: f.text("goAlertToken") }, "url", "token"),
  GrafanaOncall: hook("grafana-oncall", "GrafanaOncallURL"),
  Splunk: hook("splunk-oncall", "splunkRestURL"),
  SIGNL4: (f) => needing({ type: "signl4", secret: /\/([^/?]+)\/?(?:\?.*)?$/.exec(f.text("webhookURL"))?.[1] }, "secret"),
  apprise: (f) => (f.text("appriseURL") === "" ? null : { type: "apprise", urls: [f.text("appriseURL")] }),
  Brevo: mail("email-brevo", "brevoApiKey", "brevoFromEmail", "brevoToEmail"),
  Resend: mail("email-resend", "resendApiKey", "resendFromEmail", "resendToEmail"),
  SendGrid: mail("email-sendgrid", "sendgridApiKey", "sendgridFromEmail", "sendgridToEmail"),
  Elks: sms("sms-46elks", (f) => ({ user: f.text("elksUsername"), password: f.text("elksAuthToken"), from: f.text("elksFromNumber") }), "elksToNumber"),
  clicksendsms: sms("sms-clicksend", (f) => ({ user: f.text("clicksendsmsLogin"), apiKey: f.text("clicksendsmsPassword"), from: f.text("clicksendsmsSenderName") }), "clicksendsmsToNumber", "from"),
  FreeMobile: (f) => needing({ type: "sms-freemobile", user: f.text("freemobileUser"), password: f.text("freemobilePass") }, "user", "password"),
  plivo: sms("sms-plivo", (f) => ({ authId: f.text("plivoAuthID"), authToken: f.text("plivoAuthToken"), from: f.text("plivoFromNumber") }), "plivoToNumber"),
  SevenIO: sms("sms-seven", (f) => ({ apiKey: f.text("sevenioApiKey"), from: f.text("sevenioSender") }), "sevenioReceiver", "from"),
  SMSEagle: smseagle,
  telnyx: sms("sms-telnyx", (f) => ({ apiKey: f.text("telnyxApiKey"), from: f.text("telnyxPhoneNumber"), profile: f.text("telnyxMessagingProfileId") }), "telnyxToNumber", "profile"),
  twilio,
};
