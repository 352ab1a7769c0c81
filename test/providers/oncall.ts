import { json, type Recording } from "./recording.ts";
import { ALIAS, DETAILS, LINK, TITLE, UP_DETAILS, UP_TITLE } from "./sample.ts";

const FACTS = { check: "shop", state: "down", code: "status", cause: "HTTP 503", since: "2026-11-20T03:00:00.000Z", site: "Example", seenFrom: "home" };
const ROUTING = "00000000000000000000000000000abc";
const GENIE = { authorization: "GenieKey eb243592-faa2-4ba2-a551-1afdf565c889" };

const trigger = (title: string, severity: string): object => ({
  routing_key: ROUTING,
  event_action: "trigger",
  dedup_key: ALIAS,
  client: "Tocsin",
  client_url: "https://tocsin.example.com/",
  links: [{ href: LINK, text: "Look at it" }],
  payload: { summary: title, source: "shop", severity, timestamp: "2026-11-20T03:00:00.000Z", component: "shop", group: "Example", class: "status", custom_details: { ...FACTS, details: DETAILS } },
});

export const oncall: readonly Recording[] = [
  {
    type: "pagerduty",
    options: { routingKey: ROUTING, severity: "error" },
    asks: {
      outage: ["POST https://events.pagerduty.com/v2/enqueue", json(), trigger(TITLE, "error")],
      reminder: ["POST https://events.pagerduty.com/v2/enqueue", json(), trigger(TITLE.replace("DOWN", "STILL DOWN"), "error")],
      recovery: ["POST https://events.pagerduty.com/v2/enqueue", json(), { routing_key: ROUTING, event_action: "resolve", dedup_key: ALIAS }],
    },
    replies: [
      ["sent", 202, { status: "success", message: "Event processed", dedup_key: ALIAS }],
      ["refused", 400, { status: "invalid event", message: "Event object is invalid", errors: ["Length of 'routing_key' is incorrect (should be 32 characters)"] }],
      ["retry", 429, ""],
      ["retry", 500, ""],
    ],
  },
  {
    type: "pagerduty",
    options: { routingKey: ROUTING, region: "eu" },
    asks: { recovery: ["POST https://events.eu.pagerduty.com/v2/enqueue", json(), { routing_key: ROUTING, event_action: "resolve", dedup_key: ALIAS }] },
    replies: [["sent", 202, { status: "success", message: "Event processed", dedup_key: ALIAS }]],
  },
  {
    type: "opsgenie",
    most: 15_000,
    options: { apiKey: "eb243592-faa2-4ba2-a551-1afdf565c889", region: "eu", priority: "P2" },
    asks: {
      outage: ["POST https://api.eu.opsgenie.com/v2/alerts", json(GENIE), { message: TITLE, alias: ALIAS, description: DETAILS, entity: "shop", source: "Tocsin", priority: "P2", details: FACTS }],
      recovery: [`POST https://api.eu.opsgenie.com/v2/alerts/${ALIAS}/close?identifierType=alias`, json(GENIE), { source: "Tocsin", note: UP_TITLE }],
    },
    replies: [
      ["sent", 202, { result: "Request will be processed", took: 0.302, requestId: "43a29c5c-3dbf-4fa4-9c26-f4f71023e120" }],
      ["refused", 401, { message: "Could not authenticate", took: 0, requestId: "9ae63dd7-ed00-4c81-86f0-c4ffd33142c9" }],
      ["refused", 422, { message: "Request body is not processable. Please check the errors.", errors: { message: "Message can not be empty." }, took: 0.001 }],
      ["retry", 429, { message: "You are making too many requests!", took: 0.003 }],
      ["retry", 503, ""],
    ],
  },
  {
    type: "alertmanager",
    options: { url: "https://alertmanager.example.com/", labels: { severity: "page" }, user: "tocsin", password: "sesame 7" },
    asks: {
      outage: [
        "POST https://alertmanager.example.com/api/v2/alerts",
        json({ authorization: "Basic dG9jc2luOnNlc2FtZSA3" }),
        [
          {
            labels: { severity: "page", alertname: "TocsinCheck", check: "shop", site: "Example" },
            annotations: { summary: TITLE, description: DETAILS, severity: "critical" },
            startsAt: "2026-11-20T03:00:00.000Z",
            endsAt: "2027-11-20T03:04:00.000Z",
            generatorURL: LINK,
          },
        ],
      ],
      recovery: [
        "POST https://alertmanager.example.com/api/v2/alerts",
        json({ authorization: "Basic dG9jc2luOnNlc2FtZSA3" }),
        [
          {
            labels: { severity: "page", alertname: "TocsinCheck", check: "shop", site: "Example" },
            annotations: { summary: UP_TITLE, description: UP_DETAILS, severity: "info" },
            startsAt: "2026-11-20T03:00:00.000Z",
            endsAt: "2026-11-20T03:04:00.000Z",
            generatorURL: LINK,
          },
        ],
      ],
    },
    replies: [
      ["sent", 200, ""],
      ["refused", 400, '"bad matcher format"'],
      ["refused", 401, "Unauthorized"],
      ["retry", 500, '"Internal server error"'],
      ["retry", 503, ""],
    ],
  },
];
