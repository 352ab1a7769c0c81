import { createHmac } from "node:crypto";
import { z } from "zod";
import { calm, fenced, inJson, lines, plainMarkdown } from "./marks.ts";
import { base, basic, bearer, loginOf, loginOptions, loginsAgree, ownHook, password, tls, to, token } from "./options.ts";
import { provider } from "./provider.ts";

export const mattermost = provider({
  type: "mattermost",
  about: "Posts to a Mattermost channel through an incoming webhook",
  source: "https://developers.mattermost.com/integrate/webhooks/incoming/",
  options: () => z.strictObject({ url: ownHook("Address of the incoming webhook"), channel: z.string().min(1).optional().describe("Another channel than the webhook's own, where that is allowed"), tls: tls() }),
  key: null,
  limits: { text: 15_000 },
  say: ({ url, channel }, view) => ({ url, json: { channel, text: lines(calm(plainMarkdown(view.title)), fenced(view.details), view.link) } }),
  answer: { taken: { at: "", is: [/^ok$/] } },
});

export const rocketchat = provider({
  type: "rocketchat",
  about: "Posts to a Rocket.Chat channel through an incoming integration",
  source: "https://docs.rocket.chat/docs/integrations",
  options: () => z.strictObject({ url: ownHook("Webhook URL of the incoming integration"), channel: z.string().min(1).optional().describe("Another channel than the integration's own: #ops or @name"), tls: tls() }),
  key: null,
  // The server's default limit is 5,000 characters.
  limits: { text: 3600 },
  say: ({ url, channel }, view) => ({ url, json: { channel, text: lines(calm(plainMarkdown(view.title)), fenced(view.details), view.link) } }),
  answer: { taken: { at: "success", is: [true] } },
});

export const matrix = provider({
  type: "matrix",
  about: "Writes to Matrix rooms; the homeserver shows a repeated message once",
  source: "https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid",
  options: () => z.strictObject({
    url: base("Address of the homeserver"),
    token: token("Access token of the user that writes"),
    to: z.array(z.string().regex(/^!\S+$/, "a room's id begins with !; it stands in the room's settings")).min(1).max(100).describe("Ids of rooms that the user has joined: !abc:example.org"),
    tls: tls(),
  }),
  key: "txnId",
  limits: { text: 30_000, bytes: true, escape: inJson },
  to: (options) => options.to,
  say: ({ url, token }, view) => ({
    method: "PUT",
    url: `${url}/_matrix/client/v3/rooms/${encodeURIComponent(view.recipient)}/send/m.room.message/${view.key}`,
    headers: bearer(token),
    json: { msgtype: "m.text", body: view.text, "m.mentions": {} },
  }),
  answer: { taken: { at: "event_id", is: [/./] }, wait: { at: "retry_after_ms", unitMs: 1 } },
});

export const zulip = provider({
  type: "zulip",
  about: "Writes to channels and people of Zulip as a bot, a topic for each check",
  source: "https://zulip.com/api/send-message",
  options: () => z.strictObject({
    url: base("Address of the organisation: https://example.zulipchat.com"),
    user: z.string().min(3).describe("Address of the bot: tocsin-bot@example.zulipchat.com"),
    apiKey: token("API key of the bot"),
    to: to("Channels by name, people by their address"),
    topic: z.string().min(1).max(60).optional().describe("One topic for all instead of one for each check"),
    tls: tls(),
  }),
  key: null,
  limits: { text: 9000 },
  to: (options) => options.to,
  say: ({ url, user, apiKey, topic }, view) => ({
    url: `${url}/api/v1/messages`,
    headers: basic(user, apiKey),
    form: {
      ...(view.recipient.includes("@") ? { type: "private", to: JSON.stringify([view.recipient]) } : { type: "stream", to: view.recipient, topic: topic ?? view.alert.check.slice(0, 60) }),
      content: lines(calm(view.title), fenced(view.details), view.link),
    },
  }),
  answer: { taken: { at: "result", is: ["success"] }, wait: { at: "retry-after", unitMs: 1000 } },
});

export const nextcloudTalk = provider({
  type: "nextcloud-talk",
  about: "Writes to a conversation of Nextcloud Talk as a bot, signed",
  source: "https://nextcloud-talk.readthedocs.io/en/latest/bots/",
  options: () => z.strictObject({
    url: base("Address of the Nextcloud"),
    conversation: z.string().regex(/^[A-Za-z0-9]+$/, "the token at the end of the conversation's address").describe("Token of the conversation, the end of its address"),
    secret: password("Secret that the bot was installed with (occ talk:bot:install)"),
    tls: tls(),
  }),
  key: null,
  limits: { text: 30_000, escape: calm },
  say: ({ url, conversation, secret }, view) => {
    const random = Buffer.from(view.random(32)).toString("hex");
    const message = calm(view.text);
    return {
      url: `${url}/ocs/v2.php/apps/spreed/api/v1/bot/${conversation}/message`,
      headers: { accept: "application/json", "ocs-apirequest": "true", "x-nextcloud-talk-bot-random": random, "x-nextcloud-talk-bot-signature": createHmac("sha256", secret).update(random + message).digest("hex") },
      json: { message },
    };
  },
  answer: { taken: { at: "ocs.meta.status", is: ["ok"] } },
});

export const signal = provider({
  type: "signal",
  about: "Writes to people and groups of Signal through signal-cli's REST API",
  source: "https://bbernhard.github.io/signal-cli-rest-api/",
  options: () => z
    .strictObject({
      url: base("Address of the REST API"),
      from: z.string().regex(/^\+\d{5,15}$/, "a number with its country: +15550199").describe("Number that is registered with it"),
      to: to("Numbers with + and country, or ids of groups: group.abc="),
      ...loginOptions("User to log in as, where a proxy protects it"),
      tls: tls(),
    })
    .refine(...loginsAgree),
  key: null,
  limits: { text: 1900 },
  to: (options) => options.to,
  say: ({ url, from, ...login }, view) => ({ url: `${url}/v2/send`, headers: loginOf(login), json: { message: view.text, number: from, recipients: [view.recipient] } }),
  // Whatever goes wrong between it and Signal is a 400 as well.
  answer: { taken: { at: "timestamp", is: [/./] }, passing: { at: "error", is: [/network|connect|timed? ?out|unavailable|reset by peer|rate ?limit/i] } },
});

export const synologyChat = provider({
  type: "synology-chat",
  about: "Posts to a channel of Synology Chat through an incoming webhook",
  source: "https://kb.synology.com/en-global/DSM/tutorial/How_to_configure_webhooks_and_slash_commands_in_Chat_Integration",
  options: () => z.strictObject({ url: ownHook("Address of the incoming webhook"), tls: tls() }),
  key: null,
  limits: { text: 3900, escape: calm },
  say: ({ url }, view) => ({ url, form: { payload: JSON.stringify({ text: calm(view.text) }) } }),
  // 411: posted too fast.
  answer: { taken: { at: "success", is: [true] }, passing: { at: "error.code", is: [411] } },
});
