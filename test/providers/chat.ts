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
    type: "teams",
    most: 28_000,
    bytes: true,
    options: { url: "https://prod-12.westeurope.logic.azure.com:443/workflows/0123456789abcdef/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abcDEFghiJKLmnoPQRstu" },
    asks: {
      outage: [
        "POST https://prod-12.westeurope.logic.azure.com/workflows/0123456789abcdef/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abcDEFghiJKLmnoPQRstu",
        json(),
        {
          type: "message",
          attachments: [
            {
              contentType: "application/vnd.microsoft.card.adaptive",
              contentUrl: null,
              content: {
                $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
                type: "AdaptiveCard",
                version: "1.2",
                body: [
                  { type: "RichTextBlock", inlines: [{ type: "TextRun", text: TITLE, weight: "Bolder", color: "Attention" }] },
                  { type: "RichTextBlock", inlines: [{ type: "TextRun", text: DETAILS, fontType: "Monospace" }] },
                ],
                actions: [{ type: "Action.OpenUrl", title: "Look at it", url: LINK }],
              },
            },
          ],
        },
      ],
    },
    replies: [
      ["sent", 202, ""],
      ["refused", 400, { error: { code: "TriggerInputSchemaMismatch", message: "The input body for trigger 'manual' of type 'Request' did not match its schema definition." } }],
      ["refused", 401, { error: { code: "DirectApiAuthorizationRequired", message: "The request must be authenticated only by Shared Access scheme." } }],
      ["refused", 404, { error: { code: "WorkflowNotFound", message: "The workflow could not be found." } }],
      ["retry", 429, { error: { code: "WorkflowRunActionThrottled" } }, { headers: { "retry-after": "20" }, afterMs: 20_000 }],
      ["retry", 502, ""],
    ],
  },
  {
    type: "google-chat",
    most: 4096,
    options: { url: "https://chat.googleapis.com/v1/spaces/AAAAAAAAAAA/messages?key=AIzaSyDdI0hCZtE6vySjMm&token=vGQ3Zx7s0hAabcdefghij" },
    asks: { outage: ["POST https://chat.googleapis.com/v1/spaces/AAAAAAAAAAA/messages?key=AIzaSyDdI0hCZtE6vySjMm&token=vGQ3Zx7s0hAabcdefghij", { "content-type": "application/json; charset=UTF-8" }, { text: TEXT }] },
    replies: [
      ["sent", 200, { name: "spaces/AAAAAAAAAAA/messages/BBBBBBBBBBB", text: "hi" }],
      ["refused", 400, { error: { code: 400, message: "Message cannot be empty.", status: "INVALID_ARGUMENT" } }],
      ["refused", 403, { error: { code: 403, message: "The caller does not have permission", status: "PERMISSION_DENIED" } }],
      ["retry", 429, { error: { code: 429, message: "Resource has been exhausted (e.g. check quota).", status: "RESOURCE_EXHAUSTED" } }],
      ["retry", 503, { error: { code: 503, status: "UNAVAILABLE" } }],
    ],
  },
  {
    type: "webex",
    most: 7439,
    bytes: true,
    options: { token: "NDU0MzQ4ODItMTIzNC00", to: ["Y2lzY29zcGFyazovL3VzL1JPT00vYmJjZWIx"] },
    asks: { outage: ["POST https://webexapis.com/v1/messages", json({ authorization: "Bearer NDU0MzQ4ODItMTIzNC00" }), { roomId: "Y2lzY29zcGFyazovL3VzL1JPT00vYmJjZWIx", text: TEXT }] },
    replies: [
      ["sent", 200, { id: "Y2lzY29zcGFyazovL3VzL01FU1NBR0UvOTJkYjNiZTAtNDNiZC0xMWU2", roomType: "group" }],
      ["refused", 401, { message: "The request requires a valid access token set in the Authorization request header.", errors: [] }],
      ["refused", 404, { message: "Could not find a room with provided ID.", errors: [] }],
      ["retry", 429, { message: "Too many requests" }, { headers: { "retry-after": "3" }, afterMs: 3000 }],
      ["retry", 503, ""],
    ],
  },
  {
    type: "webex",
    options: { token: "NDU0MzQ4ODItMTIzNC00", to: ["ops@example.com"] },
    asks: { outage: ["POST https://webexapis.com/v1/messages", json({ authorization: "Bearer NDU0MzQ4ODItMTIzNC00" }), { toPersonEmail: "ops@example.com", text: TEXT }] },
    replies: [["sent", 200, { id: "Y2lzY29zcGFyazov" }]],
  },
  {
    type: "zoho-cliq",
    most: 5000,
    options: { url: "https://cliq.zoho.com/api/v2/channelsbyname/ops/message?zapikey=1001.b8f5e7c2a1d94c0f" },
    asks: { outage: ["POST https://cliq.zoho.com/api/v2/channelsbyname/ops/message?zapikey=1001.b8f5e7c2a1d94c0f", json(), { text: TEXT }] },
    replies: [
      ["sent", 204, ""],
      ["refused", 400, { message: "Invalid input" }],
      ["refused", 401, { message: "Authentication failed" }],
      ["retry", 429, { message: "Too many requests" }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "flock",
    options: { url: "https://api.flock.com/hooks/sendMessage/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee" },
    asks: { outage: ["POST https://api.flock.com/hooks/sendMessage/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", json(), { text: TEXT }] },
    replies: [
      ["sent", 200, { uid: "d_1457019434640_gdlbqnxzf6ghyogb" }],
      ["refused", 400, ""],
      ["retry", 503, ""],
    ],
  },
  {
    type: "twist",
    options: { url: "https://twist.com/api/v3/integration_incoming/post_data?install_id=23&install_token=23_f2ab00f9e6f8" },
    asks: {
      outage: ["POST https://twist.com/api/v3/integration_incoming/post_data?install_id=23&install_token=23_f2ab00f9e6f8", json(), { title: TITLE, content: `${TITLE}\n\`\`\`\n${DETAILS}\n\`\`\`\n${LINK}` }],
    },
    replies: [
      ["sent", 200, { status: "ok" }],
      ["refused", 403, { error_code: 109, error_string: "Forbidden", error_uuid: "f7b1" }],
      ["retry", 429, { error_code: 35, error_string: "Limits reached, too many requests" }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "pumble",
    options: { url: "https://api.pumble.com/workspaces/5f0c2d1e/incomingWebhooks/postMessage/S8dK3jf93Lk2mN4b" },
    asks: { outage: ["POST https://api.pumble.com/workspaces/5f0c2d1e/incomingWebhooks/postMessage/S8dK3jf93Lk2mN4b", json(), { text: TEXT }] },
    replies: [
      ["sent", 200, ""],
      ["refused", 404, ""],
      ["retry", 500, ""],
    ],
  },
  {
    type: "stackfield",
    options: { url: "https://www.stackfield.com/apiwh/e5a1cfbd-970e-45a1-b81c-3e004f9bdab5" },
    asks: { outage: ["POST https://www.stackfield.com/apiwh/e5a1cfbd-970e-45a1-b81c-3e004f9bdab5", json(), { Title: TEXT }] },
    replies: [
      ["sent", 200, ""],
      ["refused", 404, ""],
      ["retry", 429, ""],
    ],
  },
];
