import { json, type Recording } from "./recording.ts";
import { DETAILS, LINK, TEXT, TITLE, UP_TEXT } from "./sample.ts";

const forSlack = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export const chat: readonly Recording[] = [
  {
    type: "slack",
    most: 40_000,
    options: { url: "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX" },
    asks: {
      outage: ["POST https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", json(), { text: forSlack(TEXT), mrkdwn: false, unfurl_links: false }],
      recovery: ["POST https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", json(), { text: UP_TEXT, mrkdwn: false, unfurl_links: false }],
    },
    replies: [
      ["sent", 200, "ok"],
      ["refused", 400, "invalid_payload"],
      ["refused", 403, "action_prohibited"],
      ["refused", 404, "channel_not_found"],
      ["refused", 410, "channel_is_archived"],
      ["retry", 429, "", { headers: { "retry-after": "30" }, afterMs: 30_000 }],
      ["retry", 500, "rollup_error"],
    ],
  },
  {
    type: "slack-bot",
    most: 40_000,
    options: { token: "xoxb-not-a-real-token", to: ["C0123456789"] },
    asks: {
      outage: [
        "POST https://slack.com/api/chat.postMessage",
        { authorization: "Bearer xoxb-not-a-real-token", "content-type": "application/json; charset=utf-8" },
        { channel: "C0123456789", text: forSlack(TEXT), mrkdwn: false, unfurl_links: false },
      ],
    },
    replies: [
      ["sent", 200, { ok: true, channel: "C0123456789", ts: "1503435956.000247", message: { text: "Here's a message for you", type: "message" } }],
      ["refused", 200, { ok: false, error: "channel_not_found" }],
      ["refused", 200, { ok: false, error: "not_in_channel" }],
      ["refused", 200, { ok: false, error: "invalid_auth" }],
      ["retry", 200, { ok: false, error: "internal_error" }],
      ["retry", 429, { ok: false, error: "ratelimited" }, { headers: { "retry-after": "7" }, afterMs: 7000 }],
      ["retry", 503, { ok: false, error: "service_unavailable" }],
      ["retry", 200, "<html>Sign in to the network</html>", { doubt: true }],
    ],
  },
  {
    type: "discord",
    most: 4096,
    options: { url: "https://discord.com/api/webhooks/223704706495545344/3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372" },
    asks: {
      outage: [
        "POST https://discord.com/api/webhooks/223704706495545344/3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372",
        json(),
        { content: TITLE, embeds: [{ title: "Look at it", url: LINK, description: `\`\`\`\n${DETAILS}\n\`\`\``, color: 0xc4281c }], allowed_mentions: { parse: [] } },
      ],
    },
    replies: [
      ["sent", 204, ""],
      ["refused", 404, { message: "Unknown Webhook", code: 10015 }],
      ["refused", 400, { message: "Cannot send an empty message", code: 50006 }],
      ["retry", 429, { message: "You are being rate limited.", retry_after: 64.57, global: false }, { afterMs: 64_570 }],
      ["retry", 502, ""],
    ],
  },
  {
    type: "telegram",
    most: 4096,
    options: { token: "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11", to: [-1001234567890], thread: 7 },
    asks: {
      outage: [
        "POST https://api.telegram.org/bot123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11/sendMessage",
        json(),
        { chat_id: "-1001234567890", message_thread_id: 7, text: TEXT, link_preview_options: { is_disabled: true } },
      ],
    },
    replies: [
      ["sent", 200, { ok: true, result: { message_id: 5 } }],
      ["refused", 400, { ok: false, error_code: 400, description: "Bad Request: chat not found" }],
      ["refused", 401, { ok: false, error_code: 401, description: "Unauthorized" }],
      ["refused", 403, { ok: false, error_code: 403, description: "Forbidden: bot was blocked by the user" }],
      ["retry", 429, { ok: false, error_code: 429, description: "Too Many Requests: retry after 35", parameters: { retry_after: 35 } }, { afterMs: 35_000 }],
      ["retry", 502, { ok: false, error_code: 502, description: "Bad Gateway" }],
    ],
  },
  {
    type: "mattermost",
    most: 16_383,
    options: { url: "https://chat.example.com/hooks/1a2b3c4d5e6f7g8h9i0j1k2l3m", channel: "alerts" },
    asks: {
      outage: ["POST https://chat.example.com/hooks/1a2b3c4d5e6f7g8h9i0j1k2l3m", json(), { channel: "alerts", text: `${TITLE}\n\`\`\`\n${DETAILS}\n\`\`\`\n${LINK}` }],
    },
    replies: [
      ["sent", 200, "ok"],
      ["refused", 400, { id: "web.incoming_webhook.invalid.app_error", message: "Invalid webhook", status_code: 400 }],
      ["retry", 500, { id: "api.context.internal", status_code: 500 }],
      ["retry", 429, "limit exceeded"],
    ],
  },
];
