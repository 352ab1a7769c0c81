import { z } from "zod";
import { base, bearer, loginOf, loginOptions, loginsAgree, tls, token } from "./options.ts";
import { bodyOf, bySeverity } from "./marks.ts";
import { provider } from "./provider.ts";

export const ntfy = provider({
  type: "ntfy",
  about: "Publishes to a topic of ntfy, at ntfy.sh or a server of one's own",
  source: "https://docs.ntfy.sh/publish/",
  options: () => z
    .strictObject({
      url: base("Address of the server").prefault("https://ntfy.sh"),
      topic: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/, "letters, digits, - and _, at most 64").describe("Topic; at a public server whoever knows it can read it").meta({ secret: true }),
      token: token("Access token, where the topic is protected").optional(),
      ...loginOptions("User to log in as, instead of a token"),
      priority: z.number().int().min(1).max(5).default(5).describe("Priority of an outage, 1 to 5; what is less than down gets 4 at most, what is over 3"),
      tls: tls(),
    })
    .refine(...loginsAgree),
  key: null,
  limits: { title: 250, text: 4000, bytes: true },
  say: ({ url, topic, priority, ...login }, view) => ({
    url: `${url}/`,
    headers: loginOf(login),
    json: {
      topic,
      title: view.title,
      message: view.details,
      priority: bySeverity(view, { critical: priority, warning: Math.min(priority, 4), info: Math.min(priority, 3) }),
      tags: [bySeverity(view, { critical: "rotating_light", warning: "warning", info: "white_check_mark" })],
      click: view.link ?? undefined,
    },
  }),
  answer: { taken: { at: "id", is: [/./] } },
});

export const gotify = provider({
  type: "gotify",
  about: "Pushes to the users of a Gotify server",
  source: "https://gotify.net/docs/pushmsg",
  options: () => z.strictObject({
    url: base("Address of the server"),
    token: token("Token of the application"),
    priority: z.number().int().min(0).max(10).default(8).describe("Priority of an outage, 0 to 10; what is less than down gets 6 at most, what is over 4"),
    tls: tls(),
  }),
  key: null,
  say: ({ url, token, priority }, view) => ({
    url: `${url}/message`,
    headers: { "x-gotify-key": token },
    json: {
      title: view.title,
      message: bodyOf(view),
      priority: bySeverity(view, { critical: priority, warning: Math.min(priority, 6), info: Math.min(priority, 4) }),
      extras: view.link === null ? undefined : { "client::notification": { click: { url: view.link } } },
    },
  }),
  answer: { taken: { at: "id", is: [/./] } },
});

const EMERGENCY = { retry: "60", expire: "3600" };

export const pushover = provider({
  type: "pushover",
  about: "Pushes to a user or group of Pushover",
  source: "https://pushover.net/api",
  options: () => z.strictObject({
    token: token("API token of the application"),
    user: token("Key of the user or group"),
    device: z.string().min(1).max(25).optional().describe("One device instead of all of the user's"),
    sound: z.string().min(1).max(50).optional().describe("Sound instead of the user's own"),
    priority: z.number().int().min(-2).max(2).default(1).describe("Priority of an outage, -2 to 2; 2 repeats each minute for an hour until it is acknowledged; what is less than down or over gets 0 at most"),
  }),
  key: null,
  limits: { title: 250, text: 1024 },
  say: ({ token, user, device, sound, priority }, view) => {
    const urgency = view.severity === "critical" ? priority : Math.min(priority, 0);
    const link = view.link === null ? {} : { url: view.link, url_title: "Look at it" };
    return {
      url: "https://api.pushover.net/1/messages.json",
      form: { token, user, device, sound, title: view.title, message: bodyOf(view), priority: String(urgency), timestamp: String(Math.floor(view.alert.at / 1000)), ...link, ...(urgency === 2 ? EMERGENCY : {}) },
    };
  },
  // Over the month's quota: to go on asking is what they beg one not to do.
  answer: { statuses: { 429: "refused" }, taken: { at: "status", is: [1] } },
});

export const homeAssistant = provider({
  type: "home-assistant",
  about: "Calls notify actions of Home Assistant, such as those of its apps",
  source: "https://developers.home-assistant.io/docs/api/rest/",
  options: () => z.strictObject({
    url: base("Address of Home Assistant"),
    token: token("Long-lived access token of a user"),
    to: z.array(z.string().regex(/^[a-z0-9_]+$/, "the action's name after `notify.`: mobile_app_phone")).min(1).max(100).describe("Notify actions: mobile_app_phone for notify.mobile_app_phone"),
    tls: tls(),
  }),
  key: null,
  limits: { text: 3500, bytes: true },
  to: (options) => options.to,
  say: ({ url, token }, view) => ({
    url: `${url}/api/services/notify/${view.recipient}`,
    headers: bearer(token),
    json: { title: view.title, message: bodyOf(view), data: view.link === null ? undefined : { url: view.link, clickAction: view.link } },
  }),
  answer: { taken: { at: "", is: [/^[[{]/] } },
});
