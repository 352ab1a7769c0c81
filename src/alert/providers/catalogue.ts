import { discord, mattermost, slack, slackBot, telegram } from "./chat.ts";
import { alertmanager, opsgenie, pagerduty } from "./oncall.ts";
import type { AnyProvider } from "./provider.ts";
import { gotify, ntfy, pushover } from "./push.ts";
import { twilio } from "./sms-gateways.ts";

/** Every provider, by type. */
export const catalogue: readonly AnyProvider[] = [
  alertmanager,
  discord,
  gotify,
  mattermost,
  ntfy,
  opsgenie,
  pagerduty,
  pushover,
  slack,
  slackBot,
  twilio,
  telegram,
];
