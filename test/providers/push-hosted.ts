import { encoded, form, json, type Recording } from "./recording.ts";
import { DETAILS, KEY, LINK, TEXT, TITLE, UP_DETAILS, UP_TITLE } from "./sample.ts";

const PROWL = { apikey: "b1a2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0", application: "Tocsin" };
const THREEMA = { from: "*ABCDEFG", secret: "nhOWz3yTuFMTD8Kf" };
const SHORT = "▲ DOWN shop — HTTP 503, since 03…";

/** Pushes through those who run the server. */
export const pushHosted: readonly Recording[] = [
  {
    type: "bark",
    options: { deviceKey: "ynJ5Ft4atkMkWeo2PAvFhF", critical: true },
    asks: {
      outage: ["POST https://api.day.app/push", json(), { device_key: "ynJ5Ft4atkMkWeo2PAvFhF", title: TITLE, body: DETAILS, group: "Tocsin", level: "critical", url: LINK }],
      recovery: ["POST https://api.day.app/push", json(), { device_key: "ynJ5Ft4atkMkWeo2PAvFhF", title: UP_TITLE, body: UP_DETAILS, group: "Tocsin", level: "active", url: LINK }],
    },
    replies: [
      ["sent", 200, { code: 200, message: "success", timestamp: 1616147894 }],
      ["refused", 400, { code: 400, message: "failed to get device token: failed to get [ynJ5] device token from database", timestamp: 1616147894 }],
      ["retry", 500, { code: 500, message: "push failed: Post \"https://api.push.apple.com/3/device\": EOF", timestamp: 1616147894 }],
    ],
  },
  {
    type: "ifttt",
    options: { webhookKey: "a3nHB7gA9TfBQSqJAHklod", event: "tocsin" },
    asks: { outage: ["POST https://maker.ifttt.com/trigger/tocsin/with/key/a3nHB7gA9TfBQSqJAHklod", json(), { value1: TITLE, value2: DETAILS, value3: LINK }] },
    replies: [
      ["sent", 200, "Congratulations! You've fired the tocsin event"],
      ["refused", 401, { errors: [{ message: "You sent an invalid key." }] }],
      ["retry", 429, ""],
      ["retry", 503, ""],
    ],
  },
  {
    type: "mastodon",
    most: 500,
    options: { url: "https://social.example.com", token: "ZA-Yj3aBD8U8Cm7lKUp-lm9O9BmDgdhHzDeqsY8tlL0", mention: "@ops@social.example.com" },
    asks: {
      outage: [
        "POST https://social.example.com/api/v1/statuses",
        json({ authorization: "Bearer ZA-Yj3aBD8U8Cm7lKUp-lm9O9BmDgdhHzDeqsY8tlL0", "idempotency-key": KEY }),
        { status: `@ops@social.example.com\n${TEXT}`, visibility: "direct" },
      ],
    },
    replies: [
      ["sent", 200, { id: "103254962155278888" }],
      ["refused", 401, { error: "The access token is invalid" }],
      ["refused", 422, { error: "Validation failed: Text can't be blank" }],
      ["retry", 429, { error: "Too many requests" }],
      ["retry", 503, { error: "Remote data could not be fetched" }],
    ],
  },
  {
    type: "prowl",
    most: 10_000,
    options: { apiKey: PROWL.apikey },
    asks: {
      outage: ["POST https://api.prowlapp.com/publicapi/add", form(), encoded({ ...PROWL, event: TITLE, description: DETAILS, priority: "1", url: LINK })],
      recovery: ["POST https://api.prowlapp.com/publicapi/add", form(), encoded({ ...PROWL, event: UP_TITLE, description: UP_DETAILS, priority: "0", url: LINK })],
    },
    replies: [
      ["sent", 200, '<?xml version="1.0" encoding="UTF-8"?><prowl><success code="200" remaining="999" resetdate="1795147200"/></prowl>'],
      ["refused", 401, '<?xml version="1.0" encoding="UTF-8"?><prowl><error code="401">Invalid API key</error></prowl>'],
      ["refused", 409, '<?xml version="1.0" encoding="UTF-8"?><prowl><error code="409">Not approved</error></prowl>'],
      ["retry", 406, '<?xml version="1.0" encoding="UTF-8"?><prowl><error code="406">IP address has exceeded the API limit</error></prowl>'],
      ["retry", 500, '<?xml version="1.0" encoding="UTF-8"?><prowl><error code="500">Internal server error</error></prowl>'],
    ],
  },
  {
    type: "pushbullet",
    options: { token: "o.0123456789abcdefABCDEF" },
    asks: { outage: ["POST https://api.pushbullet.com/v2/pushes", json({ "access-token": "o.0123456789abcdefABCDEF" }), { type: "link", title: TITLE, body: DETAILS, url: LINK, guid: KEY }] },
    replies: [
      ["sent", 200, { active: true, iden: "ujpah72o0sjAoRtnM0jc", type: "link" }],
      ["refused", 400, { error: { type: "invalid_request", message: "The param 'channel_tag' has an invalid value.", cat: "(=^‥^=)" } }],
      ["refused", 401, { error: { code: "invalid_access_token", type: "invalid_request", message: "Access token is missing or invalid." } }],
      ["retry", 429, { error: { code: "ratelimited", type: "ratelimited", message: "You have been ratelimited." } }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "pushdeer",
    options: { pushKey: "PDU0TFxT3nY4k9L2mQ" },
    asks: { outage: ["POST https://api2.pushdeer.com/message/push", form(), encoded({ pushkey: "PDU0TFxT3nY4k9L2mQ", text: TITLE, desp: DETAILS, type: "text" })] },
    replies: [
      ["sent", 200, { code: 0, content: { result: ['{"counts":1,"logs":[],"success":"ok"}'] } }],
      ["refused", 200, { code: 0, content: { result: [] } }],
      ["refused", 200, { code: 80501, error: "参数错误" }],
      ["retry", 502, ""],
    ],
  },
  {
    type: "pushplus",
    options: { token: "d90b9b2f4f5d4d1e8b7a6c5d4e3f2a1b", topic: "ops" },
    asks: { outage: ["POST https://www.pushplus.plus/send", json(), { token: "d90b9b2f4f5d4d1e8b7a6c5d4e3f2a1b", topic: "ops", title: TITLE, content: TEXT, template: "txt" }] },
    replies: [
      ["sent", 200, { code: 200, msg: "请求成功", data: "f3a9b1" }],
      ["refused", 200, { code: 903, msg: "无效的用户令牌", data: null }],
      ["refused", 200, { code: 900, msg: "用户账号使用受限", data: null }],
      ["retry", 200, { code: 500, msg: "系统异常,请稍后再试", data: null }],
      ["retry", 502, ""],
    ],
  },
  {
    type: "pushsafer",
    options: { key: "XXXXXXXXXXXXXXXXXXXX", device: "gs42" },
    asks: { outage: ["POST https://www.pushsafer.com/api", form(), encoded({ k: "XXXXXXXXXXXXXXXXXXXX", d: "gs42", t: TITLE, m: DETAILS, u: LINK, pr: "1" })] },
    replies: [
      ["sent", 200, { status: 1, success: "message transmitted", available: 977, message_ids: "18265430:34011" }],
      ["refused", 200, { status: 0, error: "Key empty or wrong!" }],
      ["refused", 272, { status: 0, error: "invalid private or alias key" }],
      ["retry", 503, ""],
    ],
  },
  {
    type: "serverchan",
    options: { sendKey: "SCT1234T4nYqT9kL2mQ" },
    asks: { outage: ["POST https://sctapi.ftqq.com/SCT1234T4nYqT9kL2mQ.send", form(), encoded({ title: SHORT.slice(0, 31) + "…", desp: `${SHORT.slice(0, 31)}…\n\n${DETAILS}` })] },
    replies: [
      ["sent", 200, { code: 0, message: "", data: { pushid: "1", readkey: "SCT", error: "SUCCESS", errno: 0 } }],
      ["refused", 400, { message: "[AUTH]错误的Key", code: 40001, info: "错误的Key", args: [null] }],
      ["refused", 200, { code: 40001, message: "bad pushtoken" }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "serverchan",
    options: { sendKey: "sctp4711tAbCdEfGhIjK" },
    asks: { outage: ["POST https://4711.push.ft07.com/send/sctp4711tAbCdEfGhIjK.send", form(), encoded({ title: SHORT.slice(0, 31) + "…", desp: `${SHORT.slice(0, 31)}…\n\n${DETAILS}` })] },
    replies: [["sent", 200, { code: 0, message: "SUCCESS" }]],
  },
  {
    type: "techulus-push",
    options: { apiKey: "8a8b1c2d-3e4f-5a6b-7c8d" },
    asks: { outage: ["POST https://push.techulus.com/api/v1/notify", json({ "x-api-key": "8a8b1c2d-3e4f-5a6b-7c8d" }), { title: TITLE, body: DETAILS, link: LINK, timeSensitive: true }] },
    replies: [
      ["sent", 200, { success: true, message: "Sent", responses: [] }],
      ["refused", 400, { success: false, message: "Validation failed" }],
      ["refused", 401, { success: false, message: "Invalid API key" }],
      ["retry", 500, { success: false, message: "Internal server error" }],
    ],
  },
  {
    type: "threema",
    most: 3500,
    bytes: true,
    options: { ...THREEMA, to: ["ECHOECHO"] },
    asks: { outage: ["POST https://msgapi.threema.ch/send_simple", form(), encoded({ from: THREEMA.from, to: "ECHOECHO", secret: THREEMA.secret, text: TEXT })] },
    replies: [
      ["sent", 200, "0123456789abcdef"],
      ["refused", 400, ""],
      ["refused", 401, ""],
      ["refused", 402, ""],
      ["refused", 404, ""],
      ["refused", 413, ""],
      ["retry", 429, ""],
      ["retry", 500, ""],
    ],
  },
  {
    type: "threema",
    options: { ...THREEMA, to: ["+41791234567"] },
    asks: { outage: ["POST https://msgapi.threema.ch/send_simple", form(), encoded({ from: THREEMA.from, phone: "41791234567", secret: THREEMA.secret, text: TEXT })] },
    replies: [["sent", 200, "0123456789abcdef"]],
  },
  {
    type: "threema",
    options: { ...THREEMA, to: ["ops@example.com"] },
    asks: { outage: ["POST https://msgapi.threema.ch/send_simple", form(), encoded({ from: THREEMA.from, email: "ops@example.com", secret: THREEMA.secret, text: TEXT })] },
    replies: [["sent", 200, "0123456789abcdef"]],
  },
];
