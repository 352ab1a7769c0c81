import { z } from "zod";
import { base, basic, bearer, digits, password, phones, plainPhones, sender, tls, token, withQuery } from "./options.ts";
import { provider } from "./provider.ts";

/** 18 and 19: errors of theirs; 43: too fast. */
const CLICKATELL_PASSING = [18, 19, 43] as const;

export const clickatell = provider({
  type: "sms-clickatell",
  about: "Sends SMS through the Clickatell platform",
  source: "https://docs.clickatell.com/channels/one-api/one-api-reference/",
  options: () => z.strictObject({ apiKey: token("API key of an SMS integration"), from: sender("Two-way number to send from").optional(), to: plainPhones() }),
  key: null,
  to: (options) => options.to,
  say: ({ apiKey, from }, view) => ({
    url: "https://platform.clickatell.com/v1/message",
    headers: { authorization: apiKey, accept: "application/json" },
    json: { messages: [{ channel: "sms", to: digits(view.recipient), from: from === undefined ? undefined : digits(from), content: view.sms.text }] },
  }),
  answer: { taken: { at: "messages.*.accepted", is: [true] }, passing: [{ at: "messages.*.error.code", is: CLICKATELL_PASSING }, { at: "error.code", is: CLICKATELL_PASSING }] },
});

export const clicksend = provider({
  type: "sms-clicksend",
  about: "Sends SMS through ClickSend",
  source: "https://developers.clicksend.com/docs/rest/v3/",
  options: () => z.strictObject({ user: z.string().min(1).describe("User of the account"), apiKey: token("API key of the user"), from: sender("Sender: a number or a name").optional(), to: phones() }),
  key: null,
  to: (options) => options.to,
  say: ({ user, apiKey, from }, view) => ({ url: "https://rest.clicksend.com/v3/sms/send", headers: basic(user, apiKey), json: { messages: [{ source: "tocsin", to: view.recipient, from, body: view.sms.text }] } }),
  answer: { taken: { at: "data.messages.*.status", is: ["SUCCESS"] } },
});

export const messagebird = provider({
  type: "sms-messagebird",
  about: "Sends SMS through MessageBird's older API; see sms-bird for accounts of Bird",
  source: "https://developers.messagebird.com/api/sms-messaging/",
  options: () => z.strictObject({ accessKey: token("Access key").regex(/^[\w-]+$/, "letters and digits only"), from: sender("Sender: a number, or a name of 11 letters and digits at most"), to: plainPhones() }),
  key: null,
  to: (options) => options.to,
  say: ({ accessKey, from }, view) => ({ url: "https://rest.messagebird.com/messages", headers: { authorization: `AccessKey ${accessKey}` }, json: { originator: digits(from), recipients: [digits(view.recipient)], body: view.sms.text, datacoding: "auto", reference: view.key } }),
  answer: { taken: { at: "id", is: [/./] } },
});

export const plivo = provider({
  type: "sms-plivo",
  about: "Sends SMS through Plivo",
  source: "https://www.plivo.com/docs/messaging/api/message/send-a-message/",
  options: () => z.strictObject({ authId: z.string().regex(/^\w+$/, "letters and digits only").describe("Auth ID of the account"), authToken: token("Auth token of the account"), from: sender("Sender: one of your numbers or a name"), to: phones() }),
  key: null,
  to: (options) => options.to,
  say: ({ authId, authToken, from }, view) => ({ url: `https://api.plivo.com/v1/Account/${authId}/Message/`, headers: basic(authId, authToken), json: { src: from, dst: view.recipient, text: view.sms.text } }),
  answer: { taken: { at: "message_uuid.*", is: [/./] } },
});

export const telnyx = provider({
  type: "sms-telnyx",
  about: "Sends SMS through Telnyx",
  source: "https://developers.telnyx.com/api/messaging/send-message",
  options: () => z.strictObject({ apiKey: token("API key"), from: sender("Sender: one of your numbers, or a name with a profile"), profile: z.string().min(1).optional().describe("Id of a messaging profile"), to: phones() }),
  key: null,
  to: (options) => options.to,
  say: ({ apiKey, from, profile }, view) => ({ url: "https://api.telnyx.com/v2/messages", headers: bearer(apiKey), json: { from, to: view.recipient, text: view.sms.text, messaging_profile_id: profile } }),
  answer: { taken: { at: "data.id", is: [/./] } },
});

export const seven = provider({
  type: "sms-seven",
  about: "Sends SMS through seven",
  source: "https://docs.seven.io/en/rest-api/endpoints/sms",
  options: () => z.strictObject({ apiKey: token("API key"), from: sender("Sender: a number, or a name of 11 letters and digits at most").optional(), to: plainPhones() }),
  key: null,
  to: (options) => options.to,
  say: ({ apiKey, from }, view) => ({ url: "https://gateway.seven.io/api/sms", headers: { "x-api-key": apiKey, accept: "application/json" }, json: { to: digits(view.recipient), from, text: view.sms.text } }),
  // 600: the carrier failed; 700: an error of theirs; 402: the same text went to the same number within the last 180 seconds.
  answer: {
    taken: [{ at: "success", is: ["100", 100] }, { at: "messages.*.success", is: [true] }],
    passing: [{ at: "success", is: ["600", "700", 600, 700] }, { at: "messages.*.error", is: ["600", "700", 600, 700] }, { at: "", is: [/^"?[67]00"?$/] }],
    already: [{ at: "success", is: ["402", 402] }, { at: "messages.*.error", is: ["402", 402] }, { at: "", is: [/^"?402"?$/] }],
  },
});

export const sinch = provider({
  type: "sms-sinch",
  about: "Sends SMS through Sinch",
  source: "https://developers.sinch.com/docs/sms/api-reference/sms/tag/Batches/",
  options: () => z.strictObject({ plan: z.string().regex(/^[0-9a-f]{32}$/i, "32 hexadecimal digits").describe("Id of the service plan"), token: token("API token of the plan"), region: z.enum(["us", "eu", "au", "br", "ca"]).default("us").describe("Where the plan lives"), from: sender("Sender: a number or a name"), to: plainPhones() }),
  key: null,
  to: (options) => options.to,
  say: ({ plan, token, region, from }, view) => ({ url: `https://${region}.sms.api.sinch.com/xms/v1/${plan}/batches`, headers: bearer(token), json: { from: digits(from), to: [digits(view.recipient)], body: view.sms.text } }),
  answer: { taken: { at: "id", is: [/./] } },
});

export const bird = provider({
  type: "sms-bird",
  about: "Sends SMS through a channel of Bird",
  source: "https://docs.bird.com/api/channels-api/supported-channels/programmable-sms/sending-sms-messages",
  options: () => z.strictObject({ accessKey: token("Access key").regex(/^[\w-]+$/, "letters and digits only"), workspace: z.guid().describe("Id of the workspace"), channel: z.guid().describe("Id of the SMS channel"), to: phones() }),
  key: null,
  to: (options) => options.to,
  say: ({ accessKey, workspace, channel }, view) => ({
    url: `https://api.bird.com/workspaces/${workspace}/channels/${channel}/messages`,
    headers: { authorization: `AccessKey ${accessKey}` },
    json: { receiver: { contacts: [{ identifierKey: "phonenumber", identifierValue: view.recipient }] }, body: { type: "text", text: { text: view.sms.text } } },
  }),
  answer: { taken: { at: "id", is: [/./] } },
});

export const bulksms = provider({
  type: "sms-bulksms",
  about: "Sends SMS through BulkSMS",
  source: "https://www.bulksms.com/developer/json/v1/",
  options: () => z.strictObject({ tokenId: token("Id of an API token"), tokenSecret: token("Secret of the API token"), from: sender("Sender: a number or a name").optional(), to: phones() }),
  key: null,
  to: (options) => options.to,
  say: ({ tokenId, tokenSecret, from }, view) => ({ url: "https://api.bulksms.com/v1/messages", headers: basic(tokenId, tokenSecret), json: { to: view.recipient, from, body: view.sms.text, encoding: view.sms.unicode ? "UNICODE" : "TEXT" } }),
  answer: { taken: { at: "*.id", is: [/./] } },
});

export const gatewayapi = provider({
  type: "sms-gatewayapi",
  about: "Sends SMS through GatewayAPI",
  source: "https://gatewayapi.com/docs/apis/rest/",
  options: () => z.strictObject({ token: token("API token"), region: z.enum(["com", "eu"]).default("com").describe("Where the account lives: gatewayapi.com or .eu"), from: sender("Sender: 11 characters or 15 digits at most"), to: plainPhones() }),
  key: null,
  to: (options) => options.to,
  say: ({ token, region, from }, view) => ({
    url: `https://gatewayapi.${region}/rest/mtsms`,
    headers: { authorization: `Token ${token}` },
    json: { sender: digits(from), message: view.sms.text, encoding: view.sms.unicode ? "UCS2" : "UTF8", recipients: [{ msisdn: digits(view.recipient) }], userref: view.key },
  }),
  answer: { taken: { at: "ids.*", is: [/./] } },
});

export const aspsms = provider({
  type: "sms-aspsms",
  about: "Sends SMS through ASPSMS",
  source: "https://json.aspsms.com/",
  options: () => z.strictObject({ user: z.string().min(1).describe("Userkey of the account"), password: password("API password"), from: sender("Sender: a number, or a name of 11 characters at most"), to: phones() }),
  key: null,
  to: (options) => options.to,
  say: ({ user, password, from }, view) => ({ url: "https://json.aspsms.com/SendSimpleTextSMS", json: { UserName: user, Password: password, Originator: from, Recipients: [view.recipient], MessageText: view.sms.text } }),
  answer: { taken: { at: "StatusCode", is: ["1"] } },
});

export const httpsms = provider({
  type: "sms-httpsms",
  about: "Sends SMS through one's own Android telephone and httpSMS",
  source: "https://docs.httpsms.com/",
  options: () => z.strictObject({ apiKey: token("API key of the account"), from: sender("Number of the telephone, with + and country"), to: phones() }),
  key: null,
  to: (options) => options.to,
  say: ({ apiKey, from }, view) => ({ url: "https://api.httpsms.com/v1/messages/send", headers: { "x-api-key": apiKey }, json: { from, to: view.recipient, content: view.sms.text } }),
  answer: { taken: { at: "status", is: ["success"] } },
});

export const smseagle = provider({
  type: "sms-smseagle",
  about: "Sends SMS through an SMSEagle device of one's own",
  source: "https://www.smseagle.eu/docs/apiv2/",
  options: () => z.strictObject({ url: base("Address of the device"), token: token("Access token of a user, for API v2"), to: plainPhones(), tls: tls() }),
  key: null,
  to: (options) => options.to,
  say: ({ url, token }, view) => ({ url: `${url}/api/v2/messages/sms`, headers: { "access-token": token }, json: { to: [view.recipient], text: view.sms.text, encoding: view.sms.unicode ? "unicode" : "standard" } }),
  answer: { taken: { at: "*.status", is: ["queued"] } },
});

export const kannel = provider({
  type: "sms-kannel",
  about: "Sends SMS through a Kannel gateway of one's own",
  source: "https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html",
  options: () => z.strictObject({ url: base("Address of the sendsms service, with its port"), user: z.string().min(1).describe("User of the sendsms service"), password: password("Password of the user"), from: sender("Sender").optional(), to: plainPhones(), tls: tls() }),
  key: null,
  to: (options) => options.to,
  say: ({ url, user, password, from }, view) => ({
    method: "GET",
    url: withQuery(`${url}/cgi-bin/sendsms`, { username: user, password, from, to: view.recipient, text: view.sms.text, charset: "UTF-8", coding: view.sms.unicode ? "2" : undefined }),
  }),
  // 0: handed on; 3: queued for later.
  answer: { taken: { at: "", is: [/^[03]\b/] } },
});
