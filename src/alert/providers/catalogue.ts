import { discord, flock, googleChat, pumble, slack, slackBot, stackfield, teams, telegram, twist, webex, zohoCliq } from "./chat.ts";
import { matrix, mattermost, nextcloudTalk, rocketchat, signal, synologyChat, zulip } from "./chat-own.ts";
import { dingtalk, feishu, line, wecom } from "./chat-signed.ts";
import { alertmanager, opsgenie, pagerduty } from "./oncall.ts";
import type { AnyProvider } from "./provider.ts";
import { gotify, homeAssistant, ntfy, pushover } from "./push.ts";
import { twilio } from "./sms-gateways.ts";

/** Every provider, by type. */
export const catalogue: readonly AnyProvider[] = [
  alertmanager,
  dingtalk,
  discord,
  feishu,
  flock,
  googleChat,
  gotify,
  homeAssistant,
  line,
  matrix,
  mattermost,
  nextcloudTalk,
  ntfy,
  opsgenie,
  pagerduty,
  pumble,
  pushover,
  rocketchat,
  signal,
  slack,
  slackBot,
  twilio,
  stackfield,
  synologyChat,
  teams,
  telegram,
  twist,
  webex,
  wecom,
  zohoCliq,
  zulip,
];
