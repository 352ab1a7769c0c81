import { createHmac } from "node:crypto";
import { z } from "zod";
import { inJson } from "./marks.ts";
import { bearer, hook, password, to, token, uuidOf, withQuery } from "./options.ts";
import { provider } from "./provider.ts";

export const dingtalk = provider({
  type: "dingtalk",
  about: "Posts to a DingTalk group through a custom robot, signed where it wants that",
  source: "https://open.dingtalk.com/document/robots/custom-robot-access",
  options: () => z.strictObject({ url: hook("Webhook of the robot, with its access_token"), secret: password("Secret of the robot's signature, SEC...").optional() }),
  key: null,
  limits: { text: 18_000, bytes: true },
  say: ({ url, secret }, view) => {
    const timestamp = String(view.now);
    const sign = secret === undefined ? undefined : createHmac("sha256", secret).update(`${timestamp}\n${secret}`).digest("base64");
    return { url: sign === undefined ? url : withQuery(url, { timestamp, sign }), json: { msgtype: "text", text: { content: view.text }, at: { isAtAll: false } } };
  },
  // -1: the system is busy; the others: sent too fast.
  answer: { taken: { at: "errcode", is: [0] }, passing: { at: "errcode", is: [-1, 130101, 410100] } },
});

/** `<at user_id="all">` is a mention. */
const forFeishu = (text: string): string => text.replaceAll(/<(?=\/?at\b)/gi, "<\u200B");

export const feishu = provider({
  type: "feishu",
  about: "Posts to a group of Feishu or Lark through a custom bot, signed where it wants that",
  source: "https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot",
  options: () => z.strictObject({ url: hook("Webhook of the bot, at open.feishu.cn or open.larksuite.com"), secret: password("Secret of the bot's signature verification").optional() }),
  key: null,
  limits: { text: 15_000, bytes: true, escape: (text) => inJson(forFeishu(text)) },
  say: ({ url, secret }, view) => {
    const timestamp = String(Math.floor(view.now / 1000));
    const signed = secret === undefined ? {} : { timestamp, sign: createHmac("sha256", `${timestamp}\n${secret}`).update("").digest("base64") };
    return { url, json: { ...signed, msg_type: "text", content: { text: forFeishu(view.text) } } };
  },
  // 11232: sent too fast.
  answer: { taken: { at: "code", is: [0] }, passing: { at: "code", is: [11232] } },
});

export const wecom = provider({
  type: "wecom",
  about: "Posts to a WeCom group through a group robot",
  source: "https://developer.work.weixin.qq.com/document/path/91770",
  options: () => z.strictObject({ url: hook("Webhook of the robot, with its key") }),
  key: null,
  limits: { text: 2048, bytes: true },
  say: ({ url }, view) => ({ url, json: { msgtype: "text", text: { content: view.text } } }),
  // -1: the system is busy; 45009: sent too fast.
  answer: { taken: { at: "errcode", is: [0] }, passing: { at: "errcode", is: [-1, 45009] } },
});

export const line = provider({
  type: "line",
  about: "Pushes to users, groups and rooms of LINE from an official account; LINE Notify is gone",
  source: "https://developers.line.biz/en/reference/messaging-api/#send-push-message",
  options: () => z.strictObject({ token: token("Channel access token of the Messaging API"), to: to("Ids of users, groups or rooms: U..., C..., R...") }),
  key: "X-Line-Retry-Key",
  limits: { text: 5000 },
  to: (options) => options.to,
  say: ({ token }, view) => ({ url: "https://api.line.me/v2/bot/message/push", headers: { ...bearer(token), "x-line-retry-key": uuidOf(view.key) }, json: { to: view.recipient, messages: [{ type: "text", text: view.text }] } }),
  // It has this message already.
  answer: { taken: { at: "sentMessages.*.id", is: [/./] }, statuses: { 409: "sent" } },
});
