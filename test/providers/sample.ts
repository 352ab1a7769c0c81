import type { Message } from "../../src/alert/channels/channel.ts";
import { renderMessage } from "../../src/alert/message.ts";
import { type Alert, type AlertId, channelName, checkName, type IncidentId, type Instant, instant } from "../../src/core/types.ts";

/** When the sample messages are sent: a fixed instant, so that timestamps and signatures are the same in every run. */
export const NOW: Instant = instant(Date.UTC(2026, 10, 20, 3, 4, 0));
const SINCE = instant(Date.UTC(2026, 10, 20, 3, 0, 0));
const ENDED = instant(Date.UTC(2026, 10, 20, 3, 3, 0));
export const KEY = "0123456789abcdef0123456789abcdef";
/** What stands for the check `shop` of the site `Example`. */
export const ALIAS = "tocsin-f8e6934c7d060478dca1e517a1548581";
export const LINK = "https://tocsin.example.com/checks/shop";

export const TITLE = "▲ DOWN shop — HTTP 503, since 03:00 (4 min)";
export const DETAILS = `Since: 2026-11-20 03:00:00
  Cause: HTTP 503 (status)
  Hides: cart
  Look: ${LINK}
  received:
    <b>& "busy"

-- 
Example, seen from home, as of 2026-11-20 03:04:00 (UTC)`;
export const TEXT = `${TITLE}\n\n${DETAILS}`;
export const SMS = `DOWN shop - HTTP 503, since 03:00 (4 min) ${LINK}`;

/** The same of a check that is called 商店. */
export const FOREIGN_SMS = "DOWN 商店 - HTTP 503, since 03:00 (4 min) https://tocsin.example.com/checks/%E5%95%86%E5%BA%97";

/** The same of a check that is called Büro. */
export const UMLAUT_SMS = "DOWN Büro - HTTP 503, since 03:00 (4 min) https://tocsin.example.com/checks/B%C3%BCro";

export const UP_TITLE = "● RECOVERED shop — again since 03:03, after 3 min";
export const UP_DETAILS = `From: 2026-11-20 03:00:00
  To: 2026-11-20 03:03:00
  Seen: HTTP 200
  Look: ${LINK}

-- 
Example, seen from home, as of 2026-11-20 03:04:00 (UTC)`;
export const UP_TEXT = `${UP_TITLE}\n\n${UP_DETAILS}`;

export const TEST_TEXT = `● TEST Example — a test

Seen: a test

-- 
Example, seen from home, as of 2026-11-20 03:04:00 (UTC)`;

const alert: Alert = {
  id: "a1" as AlertId,
  kind: "down",
  check: checkName("shop"),
  incident: "feed" as IncidentId,
  channel: channelName("ops"),
  recipient: "",
  at: SINCE,
  status: "down",
  since: SINCE,
  sentence: "HTTP 503",
  code: "status",
  evidence: [{ label: "received", text: '<b>& "busy"' }],
  hides: [checkName("cart")],
  outageFrom: null,
  step: 0,
  ordinal: 1,
};

const KINDS: { readonly [event: string]: Partial<Alert> } = {
  outage: {},
  /** Of a check whose name no alphabet of GSM holds. */
  foreign: { check: checkName("商店") },
  /** Within GSM's alphabet, beyond ASCII. */
  umlaut: { check: checkName("Büro") },
  warning: { kind: "degraded", status: "degraded", sentence: "latency 900 ms" },
  reminder: { kind: "reminder" },
  recovery: { kind: "recovered", status: "up", since: ENDED, at: ENDED, sentence: "HTTP 200", code: "ok", evidence: [], hides: [], outageFrom: SINCE },
  digest: { kind: "digest", check: checkName("Example"), incident: null, status: "up", sentence: "no incident in 24 h", code: "ok", evidence: [], hides: [] },
  test: { kind: "test", check: checkName("Example"), incident: null, status: "up", sentence: "a test", code: "ok", evidence: [], hides: [] },
};

/** Alerts as one message, as the outbox renders it; each of the kind of an event, changed by `more`. */
export function sample(recipient: string, alerts: readonly (Partial<Alert> & { readonly event: keyof typeof KINDS })[]): Message {
  const site = { name: "Example", vantage: "home", url: "https://tocsin.example.com/", timezone: "UTC" };
  const told = alerts.map(({ event, ...more }, at) => ({ ...alert, ...KINDS[event], id: `a${at}` as AlertId, recipient, ...more }));
  return renderMessage({ key: KEY, recipient, alerts: told, site, asOf: NOW, alsoTold: [], unrecorded: false });
}

/** The outage for mail. */
export const HTML = sample("", [{ event: "outage" }]).html ?? "";
