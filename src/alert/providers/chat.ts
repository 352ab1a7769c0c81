import { z } from "zod";
import { bearer, hook, ownHook, tls, to, token } from "./options.ts";
import { calm, COLOURS, fenced, lines, plainMarkdown } from "./marks.ts";
import { provider } from "./provider.ts";

/** Slack reads `&`, `<` and `>` as its own. */
const forSlack = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const SLACK = { text: 39_000, escape: forSlack };

export const slack = provider({
  type: "slack",
  about: "Posts to a Slack channel through an incoming webhook",
  source: "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
  options: z.strictObject({ url: hook("Address of the incoming webhook, which names the channel") }),
  key: null,
  limits: SLACK,
  say: ({ url }, view) => ({ url, json: { text: forSlack(view.text), mrkdwn: false, unfurl_links: false } }),
});

export const slackBot = provider({
  type: "slack-bot",
  about: "Posts to Slack channels as an app with a bot token",
  source: "https://docs.slack.dev/reference/methods/chat.postMessage",
  options: z.strictObject({ token: token("Bot token of the app, xoxb-...; it needs the scope chat:write"), to: to("Channels, best by their ids: C0123456789; the app must be a member") }),
  key: null,
  limits: SLACK,
  to: (options) => options.to,
  say: ({ token }, view) => ({
    url: "https://slack.com/api/chat.postMessage",
    headers: { ...bearer(token), "content-type": "application/json; charset=utf-8" },
    json: { channel: view.recipient, text: forSlack(view.text), mrkdwn: false, unfurl_links: false },
  }),
  answer: {
    taken: { at: "ok", is: [true] },
    passing: { at: "error", is: ["ratelimited", "rate_limited", "request_timeout", "service_unavailable", "internal_error", "fatal_error", "team_added_to_org"] },
  },
});

export const discord = provider({
  type: "discord",
  about: "Posts to a Discord channel through a webhook",
  source: "https://discord.com/developers/docs/resources/webhook#execute-webhook",
  options: z.strictObject({ url: hook("Address of the webhook") }),
  key: null,
  limits: { text: 4000 },
  say: ({ url }, view) => {
    const embed = { ...(view.link === null ? {} : { title: "Look at it", url: view.link }), description: fenced(view.details), color: Number.parseInt(COLOURS[view.severity].slice(1), 16) };
    return { url, json: { content: plainMarkdown(view.title), embeds: view.details === "" ? [] : [embed], allowed_mentions: { parse: [] } } };
  },
  answer: { wait: { at: "retry_after", unitMs: 1000 } },
});

export const telegram = provider({
  type: "telegram",
  about: "Writes to Telegram chats as a bot",
  source: "https://core.telegram.org/bots/api#sendmessage",
  options: z.strictObject({
    token: token("Token of the bot, from @BotFather").regex(/^\d+:[\w-]+$/, "not a bot's token; copy it whole: 123456:ABC-DEF"),
    to: z.array(z.union([z.string().min(1).max(100), z.number().int()]).transform(String)).min(1).max(100).describe("Chats: their numbers, or @NAME of a public channel"),
    thread: z.number().int().min(1).optional().describe("Topic of a forum to write to"),
  }),
  key: null,
  limits: { text: 4096 },
  to: (options) => options.to,
  say: ({ token, thread }, view) => ({
    url: `https://api.telegram.org/bot${token}/sendMessage`,
    json: { chat_id: view.recipient, message_thread_id: thread, text: view.text, link_preview_options: { is_disabled: true } },
  }),
  answer: { taken: { at: "ok", is: [true] }, wait: { at: "parameters.retry_after", unitMs: 1000 } },
});

export const mattermost = provider({
  type: "mattermost",
  about: "Posts to a Mattermost channel through an incoming webhook",
  source: "https://developers.mattermost.com/integrate/webhooks/incoming/",
  options: z.strictObject({ url: ownHook("Address of the incoming webhook"), channel: z.string().min(1).optional().describe("Another channel than the webhook's own, where that is allowed"), tls: tls() }),
  key: null,
  limits: { text: 15_000 },
  say: ({ url, channel }, view) => ({ url, json: { channel, text: lines(calm(plainMarkdown(view.title)), fenced(view.details), view.link) } }),
});
