import { z } from "zod";
import { basic, bearer, digits, password, phones, plainPhones, sender, token, withQuery } from "./options.ts";
import { provider } from "./provider.ts";

export const twilio = provider({
  type: "sms-twilio",
  about: "Sends SMS through Twilio",
  source: "https://www.twilio.com/docs/messaging/api/message-resource",
  options: () => z.strictObject({
    account: z.string().regex(/^AC[0-9a-f]{32}$/i, "an account's SID begins with AC and has 34 characters").describe("SID of the account, AC..."),
    token: token("Auth token of the account, or the secret of `key`"),
    key: z.string().regex(/^SK[0-9a-f]{32}$/i, "an API key's SID begins with SK and has 34 characters").optional().describe("SID of an API key, SK..., to log in with instead of the account"),
    from: sender("Sender: one of your numbers, a name, or the SID of a messaging service, MG..."),
    to: phones(),
  }),
  key: null,
  to: (options) => options.to,
  say: ({ account, token, key, from }, view) => ({
    url: `https://api.twilio.com/2010-04-01/Accounts/${account}/Messages.json`,
    headers: basic(key ?? account, token),
    form: { To: view.recipient, [from.startsWith("MG") && from.length === 34 ? "MessagingServiceSid" : "From"]: from, Body: view.sms.text },
  }),
  answer: { taken: { at: "sid", is: [/./] } },
});

export const vonage = provider({
  type: "sms-vonage",
  about: "Sends SMS through Vonage (Nexmo)",
  source: "https://developer.vonage.com/en/api/sms",
  options: () => z.strictObject({ apiKey: token("API key of the account"), apiSecret: token("API secret of the account"), from: sender("Sender: a number or a name"), to: plainPhones() }),
  key: null,
  to: (options) => options.to,
  say: ({ apiKey, apiSecret, from }, view) => ({
    url: "https://rest.nexmo.com/sms/json",
    form: { api_key: apiKey, api_secret: apiSecret, from: digits(from), to: digits(view.recipient), text: view.sms.text, type: view.sms.unicode ? "unicode" : undefined },
  }),
  // 1: too fast; 5: an error of theirs; 10: too many connections.
  answer: { taken: { at: "messages.*.status", is: ["0"] }, passing: { at: "messages.*.status", is: ["1", "5", "10"] } },
});

const BEYOND_ASCII = /[^\n\u0020-\u007e]/;

export const clickatellLegacy = provider({
  type: "sms-clickatell-legacy",
  about: "Sends SMS through Clickatell's older HTTP API, with user, password and api_id",
  source: "https://github.com/clickatell/clickatell-overview-http",
  options: () => z.strictObject({
    user: z.string().min(1).describe("User of the account"),
    password: password("Password of the user"),
    apiId: z.string().regex(/^\d+$/, "digits only, in quotes").describe("Number of the HTTP API, in quotes"),
    from: sender("Sender that is registered with the account").optional(),
    to: plainPhones(),
  }),
  key: null,
  limits: { sms: 159 },
  to: (options) => options.to,
  say: ({ user, password, apiId, from }, view) => {
    const { text } = view.sms;
    // It reads a form as Latin-1: what is beyond ASCII goes as hexadecimal digits of UCS-2.
    const coded = BEYOND_ASCII.test(text) ? { unicode: "1", concat: "3", text: Buffer.from(text, "utf16le").swap16().toString("hex") } : { text };
    return { url: "https://api.clickatell.com/http/sendmsg", form: { user, password, api_id: apiId, to: digits(view.recipient), from: from === undefined ? undefined : digits(from), ...coded } };
  },
  // 901: an error of theirs.
  answer: { taken: { at: "", is: [/^ID: ?\w/] }, passing: { at: "", is: [/^ERR: ?901\b/] } },
});

export const smsCentral = provider({
  type: "sms-central",
  about: "Sends SMS through SMS Central (Australia)",
  source: "https://www.smscentral.com.au/sms-api/rest-api/send-sms/",
  options: () => z.strictObject({ user: z.string().min(1).describe("User of the account"), password: password("Password of the user"), from: sender("Sender: a number, a name, `shared` or `dedicated`").default("shared"), to: plainPhones() }),
  key: null,
  to: (options) => options.to,
  say: ({ user, password, from }, view) => ({ url: "https://my.smscentral.com.au/api/v3.2", form: { ACTION: "send", USERNAME: user, PASSWORD: password, ORIGINATOR: from, RECIPIENT: digits(view.recipient), MESSAGE_TEXT: view.sms.text } }),
  answer: { taken: { at: "", is: [/^0$/] } },
});

export const cloudkinnekt = provider({
  type: "sms-cloudkinnekt",
  about: "Sends SMS through Cloudkinnekt (Australia)",
  source: "https://www.cloudkinnekt.au/",
  options: () => z.strictObject({ apiKey: token("API key of the account"), from: sender("Sender: a number, a name, or `dedicated`").default("dedicated"), to: plainPhones() }),
  key: null,
  to: (options) => options.to,
  say: ({ apiKey, from }, view) => ({ url: "https://sms-api.cloudkinnekt.au/smsp-in", headers: bearer(apiKey), form: { originator: from, mobile_number: digits(view.recipient), concatenated: "true", utf: "true", text: view.sms.text } }),
});

export const elks = provider({
  type: "sms-46elks",
  about: "Sends SMS through 46elks",
  source: "https://46elks.com/docs/send-sms",
  options: () => z.strictObject({ user: z.string().regex(/^u[0-9a-f]+$/i, "an API username begins with u").describe("API username, u..."), password: token("API password"), from: sender("Sender: a number, or a name of 11 letters and digits at most"), to: phones() }),
  key: null,
  to: (options) => options.to,
  say: ({ user, password, from }, view) => ({ url: "https://api.46elks.com/a1/sms", headers: basic(user, password), form: { from, to: view.recipient, message: view.sms.text } }),
  answer: { taken: { at: "status", is: ["created", "sent", "delivered"] } },
});

export const smsapi = provider({
  type: "sms-smsapi",
  about: "Sends SMS through SMSAPI",
  source: "https://www.smsapi.com/docs/",
  options: () => z.strictObject({ token: token("OAuth token of the account"), region: z.enum(["com", "pl", "se", "bg"]).default("com").describe("Where the account lives: smsapi.com, .pl, .se or .bg"), from: sender("Sender name that is registered with the account").optional(), to: plainPhones() }),
  key: null,
  to: (options) => options.to,
  say: ({ token, region, from }, view) => ({ url: `https://api.smsapi.${region}/sms.do`, headers: bearer(token), form: { to: digits(view.recipient), from, message: view.sms.text, encoding: "utf-8", format: "json" } }),
  // 200: not sent, to be repeated; 201 and 999: errors of theirs; 202 and 203: too many at once or in too short a time.
  answer: { taken: { at: "count", is: [/^[1-9]/] }, failing: "error", passing: { at: "error", is: [200, 201, 202, 203, 999] } },
});

export const textmagic = provider({
  type: "sms-textmagic",
  about: "Sends SMS through Textmagic",
  source: "https://docs.textmagic.com/",
  options: () => z.strictObject({ user: z.string().min(1).describe("User of the account"), apiKey: token("API v2 key"), from: sender("Sender that is registered with the account").optional(), to: plainPhones() }),
  key: null,
  to: (options) => options.to,
  say: ({ user, apiKey, from }, view) => ({ url: "https://rest.textmagic.com/api/v2/messages", headers: { "x-tm-username": user, "x-tm-key": apiKey }, form: { text: view.sms.text, phones: digits(view.recipient), from } }),
  answer: { taken: { at: "id", is: [/./] } },
});

export const africasTalking = provider({
  type: "sms-africastalking",
  about: "Sends SMS through Africa's Talking",
  source: "https://developers.africastalking.com/docs/sms/sending/bulk",
  options: () => z.strictObject({ user: z.string().min(1).describe("Username of the application"), apiKey: token("API key of the application"), from: sender("Short code or name that is registered").optional(), to: phones() }),
  key: null,
  to: (options) => options.to,
  say: ({ user, apiKey, from }, view) => ({ url: "https://api.africastalking.com/version1/messaging", headers: { accept: "application/json", apikey: apiKey }, form: { username: user, to: view.recipient, message: view.sms.text, from } }),
  answer: {
    taken: [{ at: "SMSMessageData.Message", is: [/./] }, { at: "SMSMessageData.Recipients.*.statusCode", is: [100, 101, 102] }],
    passing: { at: "SMSMessageData.Recipients.*.statusCode", is: [500, 501, 502] },
  },
});

export const freemobile = provider({
  type: "sms-freemobile",
  about: "Sends SMS to one's own telephone at Free Mobile (France)",
  source: "https://mobile.free.fr/",
  options: () => z.strictObject({ user: z.string().regex(/^\d+$/, "the subscriber's number, in quotes").describe("Number of the subscriber's account, in quotes"), password: token("Key of the option \"Notifications par SMS\"") }),
  key: null,
  say: ({ user, password }, view) => ({ method: "GET", url: withQuery("https://smsapi.free-mobile.fr/sendmsg", { user, pass: password, msg: view.sms.text }) }),
  // Too many in too short a time.
  answer: { statuses: { 402: "retry" } },
});
