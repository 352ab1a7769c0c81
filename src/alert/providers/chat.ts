import { z } from "zod";
import { NO_PAGE } from "./answer.ts";
import { bySeverity, calm, COLOURS, fenced, inJson, lines, plainMarkdown } from "./marks.ts";
import { bearer, hook, to, token } from "./options.ts";
import { provider } from "./provider.ts";

/** Slack reads `&`, `<` and `>` as its own. */
const forSlack = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const SLACK = { text: 39_000, escape: forSlack };

export const slack = provider({
  type: "slack",
  about: "Posts to a Slack channel through an incoming webhook",
  source: "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
  options: () => z.strictObject({ url: hook("Address of the incoming webhook, which names the channel") }),
  key: null,
  limits: SLACK,
  say: ({ url }, view) => ({ url, json: { text: forSlack(view.text), mrkdwn: false, unfurl_links: false } }),
  answer: { taken: { at: "", is: [/^ok$/] } },
});

export const slackBot = provider({
  type: "slack-bot",
  about: "Posts to Slack channels as an app with a bot token",
  source: "https://docs.slack.dev/reference/methods/chat.postMessage",
  options: () => z.strictObject({ token: token("Bot token of the app, xoxb-...; it needs the scope chat:write"), to: to("Channels, best by their ids: C0123456789; the app must be a member") }),
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
  options: () => z.strictObject({ url: hook("Address of the webhook") }),
  key: null,
  limits: { text: 4000 },
  say: ({ url }, view) => {
    const embed = { ...(view.link === null ? {} : { title: "Look at it", url: view.link }), description: fenced(view.details), color: Number.parseInt(COLOURS[view.severity].slice(1), 16) };
    return { url, json: { content: plainMarkdown(view.title), embeds: view.details === "" ? [] : [embed], allowed_mentions: { parse: [] } } };
  },
  answer: { taken: NO_PAGE, wait: { at: "retry_after", unitMs: 1000 } },
});

export const telegram = provider({
  type: "telegram",
  about: "Writes to Telegram chats as a bot",
  source: "https://core.telegram.org/bots/api#sendmessage",
  options: () => z.strictObject({
    token: token("Token of the bot, from @BotFather").regex(/^\d+:[\w-]+$/, "copy the bot's token whole: 123456:ABC-DEF"),
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

/** A mark that cards of Teams know by name. */
const TEAMS_COLOURS = { critical: "Attention", warning: "Warning", info: "Good" } as const;
const teamsBlock = (run: { readonly [name: string]: unknown }): object => ({ type: "RichTextBlock", inlines: [{ type: "TextRun", ...run }] });

export const teams = provider({
  type: "teams",
  about: "Posts a card to a Microsoft Teams channel or chat through a workflow; the older connectors are gone",
  source: "https://support.microsoft.com/en-us/office/create-incoming-webhooks-with-workflows-for-microsoft-teams-8ae491c7-0394-4861-ba59-055e33f75498",
  options: () => z.strictObject({ url: hook("Address of the workflow \"When a Teams webhook request is received\"") }),
  key: null,
  limits: { title: 1000, text: 18_000, bytes: true, escape: inJson },
  say: ({ url }, view) => {
    const title = teamsBlock({ text: view.title, weight: "Bolder", color: bySeverity(view, TEAMS_COLOURS) });
    const body = view.details === "" ? [title] : [title, teamsBlock({ text: view.details, fontType: "Monospace" })];
    const actions = view.link === null ? undefined : [{ type: "Action.OpenUrl", title: "Look at it", url: view.link }];
    const content = { $schema: "http://adaptivecards.io/schemas/adaptive-card.json", type: "AdaptiveCard", version: "1.2", body, actions };
    return { url, json: { type: "message", attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content }] } };
  },
  answer: { taken: NO_PAGE },
});

/** `<users/all>` is a mention of all, `<ADDRESS|TEXT>` a link. */
const forGoogle = (text: string): string => text.replaceAll(/<(?=users\/|[a-z]+:)/g, "<\u200B");

export const googleChat = provider({
  type: "google-chat",
  about: "Posts to a space of Google Chat through an incoming webhook",
  source: "https://developers.google.com/workspace/chat/quickstart/webhooks",
  options: () => z.strictObject({ url: hook("Address of the incoming webhook") }),
  key: null,
  limits: { text: 4000, escape: forGoogle },
  say: ({ url }, view) => ({ url, headers: { "content-type": "application/json; charset=UTF-8" }, json: { text: forGoogle(view.text) } }),
  answer: { taken: { at: "name", is: [/./] } },
});

export const webex = provider({
  type: "webex",
  about: "Writes to spaces or people of Webex as a bot",
  source: "https://developer.webex.com/docs/api/v1/messages/create-a-message",
  options: () => z.strictObject({ token: token("Access token of the bot"), to: to("Ids of spaces, or addresses of people") }),
  key: null,
  limits: { text: 7439, bytes: true },
  to: (options) => options.to,
  say: ({ token }, view) => ({ url: "https://webexapis.com/v1/messages", headers: bearer(token), json: { [view.recipient.includes("@") ? "toPersonEmail" : "roomId"]: view.recipient, text: view.text } }),
  answer: { taken: { at: "id", is: [/./] } },
});

export const zohoCliq = provider({
  type: "zoho-cliq",
  about: "Posts to a Zoho Cliq channel or bot by a webhook token",
  source: "https://www.zoho.com/cliq/help/platform/webhook-tokens.html",
  options: () => z.strictObject({ url: hook("API endpoint of the channel or bot, with its zapikey") }),
  key: null,
  limits: { text: 4000, escape: calm },
  say: ({ url }, view) => ({ url, json: { text: calm(view.text) } }),
  answer: { taken: NO_PAGE },
});

export const flock = provider({
  type: "flock",
  about: "Posts to a Flock channel through an incoming webhook",
  source: "https://docs.flock.com/display/flockos/Incoming+Webhooks",
  options: () => z.strictObject({ url: hook("Address of the incoming webhook") }),
  key: null,
  limits: { text: 4000 },
  say: ({ url }, view) => ({ url, json: { text: view.text } }),
  answer: { taken: { at: "uid", is: [/./] } },
});

export const twist = provider({
  type: "twist",
  about: "Posts to a Twist channel or thread through an integration's webhook",
  source: "https://developer.twist.com/v3/#incoming-webhooks",
  options: () => z.strictObject({ url: hook("Address of the integration, with its install_token") }),
  key: null,
  limits: { text: 4000 },
  say: ({ url }, view) => ({ url, json: { title: view.title, content: lines(calm(plainMarkdown(view.title)), fenced(view.details), view.link) } }),
  answer: { taken: NO_PAGE },
});

export const pumble = provider({
  type: "pumble",
  about: "Posts to a Pumble channel through an incoming webhook",
  source: "https://pumble.com/help/integrations/custom-apps/incoming-webhooks-for-pumble/",
  options: () => z.strictObject({ url: hook("Address of the incoming webhook") }),
  key: null,
  limits: { text: 4000, escape: calm },
  say: ({ url }, view) => ({ url, json: { text: calm(view.text) } }),
});

export const stackfield = provider({
  type: "stackfield",
  about: "Posts to a room of Stackfield through a webhook",
  source: "https://www.stackfield.com/developer-api",
  options: () => z.strictObject({ url: hook("Address of the room's webhook for chat messages") }),
  key: null,
  limits: { text: 4000 },
  say: ({ url }, view) => ({ url, json: { Title: view.text } }),
});
