import { json, type Recording } from "./recording.ts";
import { TEXT } from "./sample.ts";

const DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=566cc69da782ec33f42541b5f08551d2";
const FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/bd2b1e6c-6f1c-4b2b-9d3e-2f6f6a4b7c8d";
const WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa";

/** Chats that want requests signed, or answer failures with status 200. */
export const chatSigned: readonly Recording[] = [
  {
    type: "dingtalk",
    most: 20_000,
    bytes: true,
    options: { url: DINGTALK, secret: "SECthis1is2a3secret" },
    asks: { outage: [`POST ${DINGTALK}&timestamp=1795143840000&sign=Cvv4qMbAWs%2FEiqOdpKYUQTnoVtBhcZ2ke%2FfQuOvU6pc%3D`, json(), { msgtype: "text", text: { content: TEXT }, at: { isAtAll: false } }] },
    replies: [
      ["sent", 200, { errcode: 0, errmsg: "ok" }],
      ["refused", 200, { errcode: 310000, errmsg: "sign not match" }],
      ["refused", 200, { errcode: 310000, errmsg: "keywords not in content" }],
      ["refused", 200, { errcode: 400101, errmsg: "access_token不存在" }],
      ["retry", 200, { errcode: 130101, errmsg: "send too fast, exceed 20 times per minute" }],
      ["retry", 200, { errcode: -1, errmsg: "系统繁忙" }],
      ["retry", 502, ""],
    ],
  },
  {
    type: "dingtalk",
    options: { url: DINGTALK },
    asks: { outage: [`POST ${DINGTALK}`, json(), { msgtype: "text", text: { content: TEXT }, at: { isAtAll: false } }] },
    replies: [["sent", 200, { errcode: 0, errmsg: "ok" }]],
  },
  {
    type: "feishu",
    most: 20_000,
    bytes: true,
    options: { url: FEISHU, secret: "this1is2a3secret" },
    asks: { outage: [`POST ${FEISHU}`, json(), { timestamp: "1795143840", sign: "vx4ab2xlXBKWwq5SqkqoebVYqkxSrAU6uOj+zu8g5J8=", msg_type: "text", content: { text: TEXT } }] },
    replies: [
      ["sent", 200, { StatusCode: 0, StatusMessage: "success", code: 0, data: {}, msg: "success" }],
      ["refused", 200, { code: 19021, msg: "sign match fail or timestamp is not within one hour from current time", data: {} }],
      ["refused", 200, { code: 19024, msg: "Key Words Not Found", data: {} }],
      ["refused", 400, { code: 9499, msg: "Bad Request", data: {} }],
      ["retry", 200, { code: 11232, msg: "frequency limited", data: {} }],
      ["retry", 502, ""],
    ],
  },
  {
    type: "feishu",
    options: { url: "https://open.larksuite.com/open-apis/bot/v2/hook/bd2b1e6c-6f1c-4b2b-9d3e-2f6f6a4b7c8d" },
    asks: { outage: ["POST https://open.larksuite.com/open-apis/bot/v2/hook/bd2b1e6c-6f1c-4b2b-9d3e-2f6f6a4b7c8d", json(), { msg_type: "text", content: { text: TEXT } }] },
    replies: [["sent", 200, { code: 0, data: {}, msg: "success" }]],
  },
  {
    type: "wecom",
    most: 2048,
    bytes: true,
    options: { url: WECOM },
    asks: { outage: [`POST ${WECOM}`, json(), { msgtype: "text", text: { content: TEXT } }] },
    replies: [
      ["sent", 200, { errcode: 0, errmsg: "ok" }],
      ["refused", 200, { errcode: 93000, errmsg: "invalid webhook url" }],
      ["retry", 200, { errcode: 45009, errmsg: "api freq out of limit" }],
      ["retry", 200, { errcode: -1, errmsg: "system busy" }],
      ["retry", 503, ""],
    ],
  },
  {
    type: "line",
    most: 5000,
    options: { token: "channel-access-token-0001", to: ["U4af4980629"] },
    asks: {
      outage: [
        "POST https://api.line.me/v2/bot/message/push",
        json({ authorization: "Bearer channel-access-token-0001", "x-line-retry-key": "01234567-89ab-cdef-0123-456789abcdef" }),
        { to: "U4af4980629", messages: [{ type: "text", text: TEXT }] },
      ],
    },
    replies: [
      ["sent", 200, { sentMessages: [{ id: "461230966842064897" }] }],
      ["sent", 409, { message: "The retry key is already accepted" }],
      ["refused", 400, { message: "The property, 'to', in the request body is invalid (line: -, column: -)" }],
      ["refused", 401, { message: "Authentication failed due to the following reason: invalid token. Confirm that the access token in the authorization header is valid." }],
      ["retry", 429, { message: "The API rate limit has been exceeded. Try again later." }],
      ["retry", 500, { message: "Internal server error" }],
    ],
  },
];
