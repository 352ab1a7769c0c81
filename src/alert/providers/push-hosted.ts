import { z } from "zod";
import { bodyOf, bySeverity, calm, inJson, lines, SOURCE } from "./marks.ts";
import { base, bearer, tls, to, token } from "./options.ts";
import { provider } from "./provider.ts";

export const bark = provider({
  type: "bark",
  about: "Pushes to an iPhone through Bark, at its maker's server or one's own",
  source: "https://github.com/Finb/bark-server/blob/master/docs/API_V2.md",
  options: () => z.strictObject({
    url: base("Address of the server").prefault("https://api.day.app"),
    deviceKey: token("Key of the device, from the app"),
    critical: z.boolean().default(false).describe("An outage rings even when the telephone is silent"),
    tls: tls(),
  }),
  key: null,
  limits: { title: 250, text: 2800, bytes: true, escape: inJson },
  say: ({ url, deviceKey, critical }, view) => ({
    url: `${url}/push`,
    json: { device_key: deviceKey, title: view.title, body: bodyOf(view), group: SOURCE, level: bySeverity(view, { critical: critical ? "critical" : "timeSensitive", warning: "timeSensitive", info: "active" }), url: view.link ?? undefined },
  }),
  answer: { taken: { at: "code", is: [200] } },
});

export const ifttt = provider({
  type: "ifttt",
  about: "Triggers an applet of IFTTT: value1 is the first line, value2 the rest, value3 the link",
  source: "https://ifttt.com/maker_webhooks",
  options: () => z.strictObject({ webhookKey: token("Key of the Webhooks service, from its documentation page").regex(/^[\w-]+$/, "letters and digits only"), event: z.string().regex(/^\w+$/, "letters, digits and _").describe("Name of the event") }),
  key: null,
  limits: { text: 5000 },
  say: ({ webhookKey, event }, view) => ({ url: `https://maker.ifttt.com/trigger/${event}/with/key/${webhookKey}`, json: { value1: view.title, value2: view.details, value3: view.link ?? "" } }),
  answer: { taken: { at: "", is: [/^Congratulations/] } },
});

export const mastodon = provider({
  type: "mastodon",
  about: "Posts a status to Mastodon, or writes to people when it mentions them; a repeated message is posted once",
  source: "https://docs.joinmastodon.org/methods/statuses/#create",
  options: () => z
    .strictObject({
      url: base("Address of the server"),
      token: token("Access token of the application, with write:statuses"),
      visibility: z.enum(["public", "unlisted", "private", "direct"]).default("direct").describe("Who sees it; `direct`: those who are mentioned, and nobody else"),
      mention: z.string().regex(/^(@[\w.@-]+ ?)+$/, "accounts: @ops@example.social").optional().describe("Accounts to begin with, needed with `direct`: @ops@example.social"),
      tls: tls(),
    })
    .refine(({ visibility, mention }) => visibility !== "direct" || mention !== undefined, { path: ["mention"], message: "a direct status is seen by those whom it mentions only; write mention: @ops@example.social, or another visibility" }),
  key: "Idempotency-Key",
  limits: { text: 350, escape: calm },
  say: ({ url, token, visibility, mention }, view) => ({ url: `${url}/api/v1/statuses`, headers: { ...bearer(token), "idempotency-key": view.key }, json: { status: lines(mention?.trim() ?? null, calm(view.text)), visibility } }),
  answer: { taken: { at: "id", is: [/./] } },
});

export const prowl = provider({
  type: "prowl",
  about: "Pushes to an iPhone through Prowl",
  source: "https://www.prowlapp.com/api.php",
  options: () => z.strictObject({ apiKey: token("API key of the user"), priority: z.number().int().min(-2).max(2).default(1).describe("Priority of an outage, -2 to 2; what is less than down or over gets 0 at most") }),
  key: null,
  limits: { title: 1024, text: 10_000 },
  say: ({ apiKey, priority }, view) => ({
    url: "https://api.prowlapp.com/publicapi/add",
    form: { apikey: apiKey, application: SOURCE, event: view.title, description: view.details, priority: String(view.severity === "critical" ? priority : Math.min(priority, 0)), url: view.link ?? undefined },
  }),
  // Its limit of requests in an hour.
  answer: { taken: { at: "", is: [/<success code="200"/] }, statuses: { 406: "retry" } },
});

export const pushbullet = provider({
  type: "pushbullet",
  about: "Pushes to the devices of a Pushbullet user; a repeated message is mostly pushed once",
  source: "https://docs.pushbullet.com/#create-push",
  options: () => z.strictObject({ token: token("Access token of the user"), channel: z.string().min(1).optional().describe("Tag of a channel to push to instead") }),
  key: "guid",
  limits: { text: 10_000 },
  say: ({ token, channel }, view) => ({
    url: "https://api.pushbullet.com/v2/pushes",
    headers: { "access-token": token },
    json: { type: view.link === null ? "note" : "link", title: view.title, body: view.details, url: view.link ?? undefined, channel_tag: channel, guid: view.key },
  }),
  answer: { taken: { at: "iden", is: [/./] } },
});

export const pushdeer = provider({
  type: "pushdeer",
  about: "Pushes through PushDeer, at its maker's server or one's own",
  source: "https://www.pushdeer.com/dev.html",
  options: () => z.strictObject({ url: base("Address of the server").prefault("https://api2.pushdeer.com"), pushKey: token("Key of the device, from the app"), tls: tls() }),
  key: null,
  limits: { text: 10_000 },
  say: ({ url, pushKey }, view) => ({ url: `${url}/message/push`, form: { pushkey: pushKey, text: view.title, desp: view.details, type: "text" } }),
  answer: { taken: [{ at: "code", is: [0] }, { at: "content.result.*", is: [/"success":"ok"/] }] },
});

export const pushplus = provider({
  type: "pushplus",
  about: "Pushes to WeChat through PushPlus",
  source: "https://www.pushplus.plus/doc/guide/api.html",
  options: () => z.strictObject({ token: token("Token of the user"), topic: z.string().min(1).optional().describe("Code of a group to push to instead") }),
  key: null,
  limits: { title: 100, text: 10_000 },
  say: ({ token, topic }, view) => ({ url: "https://www.pushplus.plus/send", json: { token, topic, title: view.title, content: view.text, template: "txt" } }),
  // 500: an error of theirs.
  answer: { taken: { at: "code", is: [200] }, passing: { at: "code", is: [500] } },
});

export const pushsafer = provider({
  type: "pushsafer",
  about: "Pushes through Pushsafer",
  source: "https://www.pushsafer.com/en/pushapi",
  options: () => z.strictObject({ key: z.string().regex(/^\w{15,20}$/, "a private or alias key has 15 or 20 letters and digits").describe("Private or alias key").meta({ secret: true }), device: z.string().min(1).optional().describe("Id of a device or group (gs...) instead of all"), priority: z.number().int().min(-2).max(2).default(1).describe("Priority of an outage, -2 to 2; what is less than down or over gets 0 at most") }),
  key: null,
  limits: { title: 255, text: 5000 },
  say: ({ key, device, priority }, view) => ({
    url: "https://www.pushsafer.com/api",
    form: { k: key, d: device, t: view.title, m: bodyOf(view), u: view.link ?? undefined, pr: String(view.severity === "critical" ? priority : Math.min(priority, 0)) },
  }),
  answer: { taken: { at: "status", is: [1] } },
});

const TURBO3 = /^sctp(\d+)t/i;

export const serverchan = provider({
  type: "serverchan",
  about: "Pushes through ServerChan (Turbo, or 3 with a key that begins with sctp)",
  source: "https://sct.ftqq.com/sendkey",
  options: () => z.strictObject({ sendKey: token("SendKey of the user").regex(/^\w+$/, "letters and digits only") }),
  key: null,
  limits: { title: 32, text: 10_000 },
  say: ({ sendKey }, view) => {
    const [, number] = TURBO3.exec(sendKey) ?? [];
    return { url: number === undefined ? `https://sctapi.ftqq.com/${sendKey}.send` : `https://${number}.push.ft07.com/send/${sendKey}.send`, form: { title: view.title, desp: view.text } };
  },
  answer: { taken: { at: "code", is: [0] } },
});

export const techulusPush = provider({
  type: "techulus-push",
  about: "Pushes through Push by Techulus",
  source: "https://docs.push.techulus.com/api-documentation",
  options: () => z.strictObject({ apiKey: token("API key") }),
  key: null,
  limits: { text: 3000 },
  say: ({ apiKey }, view) => ({ url: "https://push.techulus.com/api/v1/notify", headers: { "x-api-key": apiKey }, json: { title: view.title, body: bodyOf(view), link: view.link ?? undefined, timeSensitive: view.severity === "critical" } }),
  answer: { taken: { at: "success", is: [true] } },
});

export const threema = provider({
  type: "threema",
  about: "Writes to Threema users through a gateway account in basic mode",
  source: "https://gateway.threema.ch/en/developer/api",
  options: () => z.strictObject({
    from: z.string().regex(/^\*[0-9A-Z]{7}$/, "a gateway's identity: *ABCDEFG").describe("Identity of the gateway account: *ABCDEFG"),
    secret: token("API secret of the account"),
    to: to("Threema ids, telephone numbers with +, or mail addresses"),
  }),
  key: null,
  limits: { text: 3500, bytes: true },
  to: (options) => options.to,
  say: ({ from, secret }, view) => {
    const kind = view.recipient.includes("@") ? "email" : view.recipient.startsWith("+") ? "phone" : "to";
    return { url: "https://msgapi.threema.ch/send_simple", form: { from, [kind]: view.recipient.replace(/^\+/, ""), secret, text: view.text } };
  },
  answer: { taken: { at: "", is: [/^[0-9a-f]{16}$/i] } },
});
