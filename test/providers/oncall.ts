import { json, type Recording } from "./recording.ts";
import { ALIAS, DETAILS, LINK, TITLE, UP_DETAILS, UP_TITLE } from "./sample.ts";

const FACTS = { check: "shop", state: "down", code: "status", cause: "HTTP 503", since: "2026-11-20T03:00:00.000Z", site: "Example", seenFrom: "home" };
const UP_FACTS = { ...FACTS, state: "up", code: "ok", cause: "HTTP 200", since: "2026-11-20T03:03:00.000Z" };
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
    type: "jira-service-management",
    most: 15_000,
    options: { apiKey: "eb243592-faa2-4ba2-a551-1afdf565c889" },
    asks: {
      outage: ["POST https://api.atlassian.com/jsm/ops/integration/v2/alerts", json(GENIE), { message: TITLE, alias: ALIAS, description: DETAILS, entity: "shop", source: "Tocsin", priority: "P1", details: FACTS }],
      recovery: [`POST https://api.atlassian.com/jsm/ops/integration/v2/alerts/${ALIAS}/close?identifierType=alias`, json(GENIE), { source: "Tocsin", note: UP_TITLE }],
    },
    replies: [
      ["sent", 202, { result: "Request will be processed", took: 0.302, requestId: "43a29c5c-3dbf-4fa4-9c26-f4f71023e120" }],
      ["refused", 401, { message: "Could not authenticate" }],
      ["refused", 422, { message: "Request body is not processable. Please check the errors." }],
      ["retry", 429, { message: "You are making too many requests!" }],
      ["retry", 503, ""],
    ],
  },
  {
    type: "ilert",
    options: { integrationKey: "il1api0220953b1c51ae" },
    asks: {
      outage: ["POST https://api.ilert.com/api/events", json(), { integrationKey: "il1api0220953b1c51ae", eventType: "ALERT", alertKey: ALIAS, summary: TITLE, details: DETAILS, priority: "HIGH", links: [{ href: LINK, text: "Look at it" }], customDetails: FACTS }],
      recovery: ["POST https://api.ilert.com/api/events", json(), { integrationKey: "il1api0220953b1c51ae", eventType: "RESOLVE", alertKey: ALIAS, summary: UP_TITLE }],
    },
    replies: [
      ["sent", 202, ""],
      ["refused", 400, { status: 400, message: "Bad request", code: "ALERT_SOURCE_NOT_FOUND" }],
      ["retry", 429, { status: 429, message: "Too many requests" }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "incident-io",
    options: { sourceId: "01GW2G3V0S59R238FAHPDS1R66", token: "some-random-string" },
    asks: {
      outage: ["POST https://api.incident.io/v2/alert_events/http/01GW2G3V0S59R238FAHPDS1R66", json({ authorization: "Bearer some-random-string" }), { status: "firing", title: TITLE, deduplication_key: ALIAS, description: `\`\`\`\n${DETAILS}\n\`\`\``, source_url: LINK, metadata: { ...FACTS, severity: "critical" } }],
      recovery: ["POST https://api.incident.io/v2/alert_events/http/01GW2G3V0S59R238FAHPDS1R66", json({ authorization: "Bearer some-random-string" }), { status: "resolved", title: UP_TITLE, deduplication_key: ALIAS, description: `\`\`\`\n${UP_DETAILS}\n\`\`\``, source_url: LINK, metadata: { ...UP_FACTS, severity: "info" } }],
    },
    replies: [
      ["sent", 202, { deduplication_key: ALIAS, message: "Event accepted for processing", status: "success" }],
      ["refused", 401, { type: "authentication_error", status: 401, errors: [] }],
      ["refused", 422, { type: "validation_error", status: 422, errors: [{ code: "is_required", message: "A title is required" }] }],
      ["retry", 429, { type: "too_many_requests", status: 429, rate_limit: { name: "api_key_name", limit: 1200, remaining: 0 } }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "signl4",
    options: { secret: "hmuy7hct7z" },
    asks: {
      outage: ["POST https://connect.signl4.com/webhook/hmuy7hct7z", json(), { Title: TITLE, Message: DETAILS, "X-S4-ExternalID": ALIAS, "X-S4-Status": "new", "X-S4-Service": "shop", "X-S4-SourceSystem": "Tocsin" }],
      recovery: ["POST https://connect.signl4.com/webhook/hmuy7hct7z", json(), { Title: UP_TITLE, Message: UP_DETAILS, "X-S4-ExternalID": ALIAS, "X-S4-Status": "resolved", "X-S4-Service": "shop", "X-S4-SourceSystem": "Tocsin" }],
    },
    replies: [
      ["sent", 201, { eventId: "2518187254374749999_fbcb9a8b-2e3a-4a2f-8a4f-2d7bd0d4e7f1" }],
      ["refused", 400, ""],
      ["refused", 404, ""],
      ["retry", 429, ""],
      ["retry", 503, ""],
    ],
  },
];
