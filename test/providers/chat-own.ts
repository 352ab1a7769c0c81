import { encoded, form, json, type Recording } from "./recording.ts";
import { DETAILS, KEY, LINK, TEXT, TITLE } from "./sample.ts";

const FENCED = `${TITLE}\n\`\`\`\n${DETAILS}\n\`\`\`\n${LINK}`;

/** Chats that one hosts oneself. */
export const chatOwn: readonly Recording[] = [
  {
    type: "mattermost",
    most: 16_383,
    options: { url: "https://chat.example.com/hooks/1a2b3c4d5e6f7g8h9i0j1k2l3m", channel: "alerts" },
    asks: {
      outage: ["POST https://chat.example.com/hooks/1a2b3c4d5e6f7g8h9i0j1k2l3m", json(), { channel: "alerts", text: FENCED }],
    },
    replies: [
      ["sent", 200, "ok"],
      ["refused", 400, { id: "web.incoming_webhook.invalid.app_error", message: "Invalid webhook", status_code: 400 }],
      ["retry", 500, { id: "api.context.internal", status_code: 500 }],
      ["retry", 429, "limit exceeded"],
    ],
  },
  {
    type: "rocketchat",
    most: 5000,
    options: { url: "https://chat.example.com/hooks/65f0a1b2c3d4e5f6a7b8c9d0/kQ7wE9rT2yU4iO6pA8sD", channel: "#ops" },
    asks: { outage: ["POST https://chat.example.com/hooks/65f0a1b2c3d4e5f6a7b8c9d0/kQ7wE9rT2yU4iO6pA8sD", json(), { channel: "#ops", text: FENCED }] },
    replies: [
      ["sent", 200, { success: true }],
      ["refused", 400, { success: false, error: "invalid-channel" }],
      ["refused", 404, { success: false, error: "Invalid integration id or token provided." }],
      ["retry", 429, { success: false, error: "Error, too many requests. Please slow down. You must wait 42 seconds before trying this endpoint again." }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "matrix",
    most: 40_000,
    bytes: true,
    options: { url: "https://matrix.example.org", token: "syt_dG9jc2lu_abcdefGHIJKL", to: ["!636q39766251:example.org"] },
    asks: { outage: [`PUT https://matrix.example.org/_matrix/client/v3/rooms/!636q39766251%3Aexample.org/send/m.room.message/${KEY}`, json({ authorization: "Bearer syt_dG9jc2lu_abcdefGHIJKL" }), { msgtype: "m.text", body: TEXT, "m.mentions": {} }] },
    replies: [
      ["sent", 200, { event_id: "$YUwRidLecu:example.com" }],
      ["refused", 401, { errcode: "M_UNKNOWN_TOKEN", error: "Unrecognised access token", soft_logout: false }],
      ["refused", 403, { errcode: "M_FORBIDDEN", error: "You are not joined to the room" }],
      ["refused", 404, { errcode: "M_UNRECOGNIZED", error: "Unrecognized request" }],
      ["retry", 429, { errcode: "M_LIMIT_EXCEEDED", error: "Too many requests", retry_after_ms: 2000 }, { afterMs: 2000 }],
      ["retry", 500, { errcode: "M_UNKNOWN", error: "Internal server error" }],
    ],
  },
  {
    type: "zulip",
    most: 10_000,
    options: { url: "https://example.zulipchat.com", user: "tocsin-bot@example.zulipchat.com", apiKey: "a0b1c2d3e4f5a6b7c8d9e0f1", to: ["ops"] },
    asks: { outage: ["POST https://example.zulipchat.com/api/v1/messages", form({ authorization: "Basic dG9jc2luLWJvdEBleGFtcGxlLnp1bGlwY2hhdC5jb206YTBiMWMyZDNlNGY1YTZiN2M4ZDllMGYx" }), encoded({ type: "stream", to: "ops", topic: "shop", content: FENCED })] },
    replies: [
      ["sent", 200, { id: 42, msg: "", result: "success" }],
      ["refused", 400, { code: "STREAM_DOES_NOT_EXIST", msg: "Channel 'nonexistent' does not exist", result: "error", stream: "nonexistent" }],
      ["refused", 401, { code: "UNAUTHORIZED", msg: "Invalid API key", result: "error" }],
      ["retry", 429, { code: "RATE_LIMIT_HIT", msg: "API usage exceeded rate limit", result: "error", "retry-after": 28.706807374954224 }, { afterMs: 28_707 }],
      ["retry", 502, ""],
    ],
  },
  {
    type: "zulip",
    options: { url: "https://example.zulipchat.com", user: "tocsin-bot@example.zulipchat.com", apiKey: "a0b1c2d3e4f5a6b7c8d9e0f1", to: ["boss@example.com"] },
    asks: { outage: ["POST https://example.zulipchat.com/api/v1/messages", form({ authorization: "Basic dG9jc2luLWJvdEBleGFtcGxlLnp1bGlwY2hhdC5jb206YTBiMWMyZDNlNGY1YTZiN2M4ZDllMGYx" }), encoded({ type: "private", to: '["boss@example.com"]', content: FENCED })] },
    replies: [["sent", 200, { id: 42, msg: "", result: "success" }]],
  },
  {
    type: "nextcloud-talk",
    most: 32_000,
    options: { url: "https://cloud.example.com/nextcloud", conversation: "n3xtc10ud", secret: "K3fbZ8rT1vXw5yA7cE9gH2jL4nP6qS0u" },
    asks: {
      outage: [
        "POST https://cloud.example.com/nextcloud/ocs/v2.php/apps/spreed/api/v1/bot/n3xtc10ud/message",
        json({ accept: "application/json", "ocs-apirequest": "true", "x-nextcloud-talk-bot-random": "07".repeat(32), "x-nextcloud-talk-bot-signature": "f3f8350521f708db6573f181fa7fe8f92bff04130a4221232c72694b1d719f71" }),
        { message: TEXT },
      ],
    },
    replies: [
      ["sent", 201, { ocs: { meta: { status: "ok", statuscode: 201, message: "OK" }, data: {} } }],
      ["refused", 400, { ocs: { meta: { status: "failure", statuscode: 400 }, data: { error: "message" } } }],
      ["refused", 401, { ocs: { meta: { status: "failure", statuscode: 401 }, data: {} } }],
      ["refused", 404, ""],
      ["refused", 413, ""],
      ["retry", 429, ""],
      ["retry", 503, ""],
    ],
  },
  {
    type: "signal",
    most: 2000,
    options: { url: "https://signal.example.com:8443", from: "+15550199", to: ["+15550100"], user: "tocsin", password: "sesame 7" },
    asks: { outage: ["POST https://signal.example.com:8443/v2/send", json({ authorization: "Basic dG9jc2luOnNlc2FtZSA3" }), { message: TEXT, number: "+15550199", recipients: ["+15550100"] }] },
    replies: [
      ["sent", 201, { timestamp: "1663263466000" }],
      ["refused", 400, { error: "Unregistered user \"+15550100\"" }],
      ["refused", 400, { error: "Couldn't process request - please provide a valid number" }],
      ["retry", 400, { error: "Failed to send message: Network failure" }],
      ["retry", 429, { error: "Rate limit exceeded. Use the attached challenge tokens to lift the rate limit restrictions", challenge_tokens: [], account: "+15550199" }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "synology-chat",
    options: { url: "https://nas.example.com:5001/webapi/entry.cgi?api=SYNO.Chat.External&method=incoming&version=2&token=%22Jkf8sLq2mN4bV6cX%22" },
    asks: { outage: ["POST https://nas.example.com:5001/webapi/entry.cgi?api=SYNO.Chat.External&method=incoming&version=2&token=%22Jkf8sLq2mN4bV6cX%22", form(), encoded({ payload: JSON.stringify({ text: TEXT }) })] },
    replies: [
      ["sent", 200, { success: true }],
      ["refused", 200, { error: { code: 404, errors: "invalid token" }, success: false }],
      ["retry", 200, { error: { code: 411, errors: "create post too fast" }, success: false }],
      ["retry", 503, ""],
    ],
  },
];
