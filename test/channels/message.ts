import type { ChannelContext, Message } from "../../src/alert/channels/channel.ts";
import { renderMessage } from "../../src/alert/message.ts";
import { type Alert, type AlertId, channelName, checkName, type IncidentId, instant } from "../../src/core/types.ts";
import { probeContext } from "../servers/context.ts";

const T0 = instant(Date.UTC(2026, 10, 20, 3, 0, 0));
export const KEY = "0123456789abcdef0123456789abcdef";

const alert: Alert = {
  id: "a1" as AlertId,
  kind: "down",
  check: checkName("shöp <1>"),
  incident: "feed" as IncidentId,
  channel: channelName("ops"),
  recipient: "probe@mail.test",
  at: T0,
  status: "down",
  since: T0,
  sentence: "HTTP 503",
  code: "status",
  evidence: [{ label: "received", text: ".\r\n..dots\r\nFrom me\r\n" }],
  hides: [checkName("cart")],
  outageFrom: null,
  step: 0,
  ordinal: 1,
};

/** A message as the outbox renders it, with text that is hard on mail and JSON. */
export function message(more: Partial<Alert> = {}, recipient = "probe@mail.test"): Message {
  const site = { name: "Exämple, \"Inc\"", vantage: "home", url: "https://tocsin.example.com/", timezone: "Europe/Berlin" };
  return renderMessage({ key: KEY, recipient, alerts: [{ ...alert, ...more }], site, asOf: T0, alsoTold: [], typeOf: (name) => (name === "shöp <1>" ? "http" : undefined), unrecorded: false });
}

/** What a channel gets from the outbox, over the real world. */
export function channelContext(more: Partial<ChannelContext> & { readonly deadlineMs?: number } = {}): ChannelContext {
  const { deadlineMs = 30_000, ...rest } = more;
  const { signal, clock, random, network, processes, log } = probeContext({ deadlineMs });
  return { key: KEY, signal, clock, random, network, processes, log, ...rest };
}
