import { discord, flock, googleChat, pumble, slack, slackBot, stackfield, teams, telegram, twist, webex, zohoCliq } from "./chat.ts";
import { matrix, mattermost, nextcloudTalk, rocketchat, signal, synologyChat, zulip } from "./chat-own.ts";
import { dingtalk, feishu, line, wecom } from "./chat-signed.ts";
import { ilert, incidentIo, jiraServiceManagement, opsgenie, pagerduty, signl4, zenduty } from "./oncall.ts";
import { betterStack, datadog, githubDispatch, healthchecks, newRelic, pagertree, spike, splunkOncall, squadcast } from "./oncall-hooks.ts";
import { alerta, alertmanager, gitlab, goalert, grafanaOncall, splunkHec, uptimeKuma } from "./oncall-own.ts";
import type { AnyProvider } from "./provider.ts";
import { gotify, homeAssistant, ntfy, pushover } from "./push.ts";
import { twilio } from "./sms-gateways.ts";

/** Every provider, by type. */
export const catalogue: readonly AnyProvider[] = [
  alerta,
  alertmanager,
  betterStack,
  datadog,
  dingtalk,
  discord,
  feishu,
  flock,
  githubDispatch,
  gitlab,
  goalert,
  googleChat,
  gotify,
  grafanaOncall,
  healthchecks,
  homeAssistant,
  ilert,
  incidentIo,
  jiraServiceManagement,
  line,
  matrix,
  mattermost,
  newRelic,
  nextcloudTalk,
  ntfy,
  opsgenie,
  pagerduty,
  pagertree,
  pumble,
  pushover,
  rocketchat,
  signal,
  signl4,
  slack,
  slackBot,
  twilio,
  spike,
  splunkHec,
  splunkOncall,
  squadcast,
  stackfield,
  synologyChat,
  teams,
  telegram,
  twist,
  uptimeKuma,
  webex,
  wecom,
  zenduty,
  zohoCliq,
  zulip,
];
