import { json, type Recording } from "./recording.ts";
import { ALIAS, DETAILS, LINK, TEST_TEXT, TEXT, TITLE, UP_DETAILS, UP_TEXT, UP_TITLE } from "./sample.ts";

const FACTS = { check: "shop", state: "down", code: "status", cause: "HTTP 503", since: "2026-11-20T03:00:00.000Z", site: "Example", seenFrom: "home" };
const UP_FACTS = { ...FACTS, state: "up", code: "ok", cause: "HTTP 200", since: "2026-11-20T03:03:00.000Z" };
const BETTER_STACK = "https://uptime.betterstack.com/api/v1/incoming-webhook/Ab12Cd34Ef56Gh78";
const PAGERTREE = "https://api.pagertree.com/integration/int_Jf83kLq0sPzX";
const PING = "https://hc-ping.com/eb095278-f28d-448d-87fb-7b75c171a6aa";
const SLUG = "https://hc-ping.com/fqOOd6-F4MMNuCEnzTU01w/db-backup";
const SPIKE = "https://hooks.spike.sh/8f4c2b1a9d7e6f5a/push-events";
const SPLUNK = "https://alert.victorops.com/integrations/generic/20131114/alert/8a8b1c2d-3e4f-5a6b-7c8d-9e0f1a2b3c4d/ops";
const SQUADCAST = "https://api.squadcast.com/v2/incidents/api/3a9b1f0c5d7e8a2b";
const ZENDUTY = "https://events.zenduty.com/integration/a1b2c/generic/0123456789abcdef/";
const TEXT_TYPE = { "content-type": "text/plain; charset=utf-8" };
const GITHUB = json({ authorization: "Bearer github_pat_0123456789", accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" });
const DATADOG = json({ "dd-api-key": "9775a026f1ca7d1c6c5af9d94d9595a4" });
const NEW_RELIC = json({ "api-key": "0123456789abcdef0123456789abcdefFFFFNRAL" });

/** Keepers of incidents by the address or key that they gave. */
export const oncallHooks: readonly Recording[] = [
  {
    type: "better-stack",
    options: { url: BETTER_STACK },
    asks: {
      outage: [`POST ${BETTER_STACK}`, json(), { alert_id: ALIAS, status: "firing", severity: "critical", title: TITLE, details: DETAILS, link: LINK, ...FACTS }],
      recovery: [`POST ${BETTER_STACK}`, json(), { alert_id: ALIAS, status: "resolved", severity: "info", title: UP_TITLE, details: UP_DETAILS, link: LINK, ...UP_FACTS }],
    },
    replies: [
      ["sent", 200, ""],
      ["refused", 404, ""],
      ["retry", 429, ""],
      ["retry", 503, ""],
    ],
  },
  {
    type: "datadog",
    most: 4000,
    options: { apiKey: "9775a026f1ca7d1c6c5af9d94d9595a4", site: "datadoghq.eu", tags: ["team:web"] },
    asks: {
      outage: ["POST https://api.datadoghq.eu/api/v1/events", DATADOG, { title: TITLE, text: DETAILS, alert_type: "error", aggregation_key: ALIAS, source_type_name: "Tocsin", date_happened: 1795143600, tags: ["check:shop", "site:Example", "team:web"] }],
      recovery: ["POST https://api.datadoghq.eu/api/v1/events", DATADOG, { title: UP_TITLE, text: UP_DETAILS, alert_type: "success", aggregation_key: ALIAS, source_type_name: "Tocsin", date_happened: 1795143780, tags: ["check:shop", "site:Example", "team:web"] }],
    },
    replies: [
      ["sent", 202, { status: "ok", event: { id: 1 } }],
      ["refused", 400, { errors: ["Payload is not in the expected format"] }],
      ["refused", 403, { errors: ["Forbidden"] }],
      ["retry", 429, { errors: ["Too many requests"] }],
      ["retry", 503, ""],
    ],
  },
  {
    type: "github-dispatch",
    options: { repository: "example/ops", token: "github_pat_0123456789" },
    asks: {
      outage: ["POST https://api.github.com/repos/example/ops/dispatches", GITHUB, { event_type: "tocsin-outage", client_payload: { alias: ALIAS, title: TITLE, details: DETAILS, severity: "critical", link: LINK, check: FACTS } }],
      recovery: ["POST https://api.github.com/repos/example/ops/dispatches", GITHUB, { event_type: "tocsin-recovery", client_payload: { alias: ALIAS, title: UP_TITLE, details: UP_DETAILS, severity: "info", link: LINK, check: UP_FACTS } }],
    },
    replies: [
      ["sent", 204, ""],
      ["refused", 404, { message: "Not Found", documentation_url: "https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event" }],
      ["refused", 422, { message: "Validation Failed" }],
      ["retry", 429, { message: "You have exceeded a secondary rate limit" }, { headers: { "retry-after": "60" }, afterMs: 60_000 }],
      ["retry", 403, { message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again." }, { headers: { "retry-after": "60" }, afterMs: 60_000 }],
      ["retry", 502, ""],
    ],
  },
  {
    type: "healthchecks",
    most: 10_000,
    bytes: true,
    options: { url: PING },
    asks: { outage: [`POST ${PING}/fail`, TEXT_TYPE, TEXT], recovery: [`POST ${PING}`, TEXT_TYPE, UP_TEXT], test: [`POST ${PING}/log`, TEXT_TYPE, TEST_TEXT] },
    replies: [
      ["sent", 200, "OK"],
      ["sent", 201, "Created"],
      ["refused", 200, "OK (not found)"],
      ["refused", 404, "not found"],
      ["retry", 200, "OK (rate limited)"],
      ["retry", 503, ""],
    ],
  },
  {
    type: "healthchecks",
    options: { url: `${SLUG}/?create=1` },
    asks: { outage: [`POST ${SLUG}/fail?create=1`, TEXT_TYPE, TEXT], recovery: [`POST ${SLUG}?create=1`, TEXT_TYPE, UP_TEXT], test: [`POST ${SLUG}/log?create=1`, TEXT_TYPE, TEST_TEXT] },
    replies: [["sent", 201, "Created"]],
  },
  {
    type: "new-relic",
    most: 4096,
    options: { account: 1234567, licenseKey: "0123456789abcdef0123456789abcdefFFFFNRAL", region: "eu" },
    asks: {
      outage: ["POST https://insights-collector.eu01.nr-data.net/v1/accounts/1234567/events", NEW_RELIC, [{ eventType: "TocsinAlert", timestamp: 1795143600000, alias: ALIAS, event: "outage", severity: "critical", title: TITLE, details: DETAILS, ...FACTS }]],
      recovery: ["POST https://insights-collector.eu01.nr-data.net/v1/accounts/1234567/events", NEW_RELIC, [{ eventType: "TocsinAlert", timestamp: 1795143780000, alias: ALIAS, event: "recovery", severity: "info", title: UP_TITLE, details: UP_DETAILS, ...UP_FACTS }]],
    },
    replies: [
      ["sent", 200, { success: true, uuid: "b5f2c3a0-0001-b000-0000-0184e1b3f5a4" }],
      ["refused", 400, { error: "Malformed JSON" }],
      ["refused", 403, {}],
      ["retry", 429, ""],
      ["retry", 503, ""],
    ],
  },
  {
    type: "pagertree",
    options: { url: PAGERTREE },
    asks: {
      outage: [`POST ${PAGERTREE}`, json(), { event_type: "create", Id: ALIAS, Title: TITLE, Description: DETAILS, Meta: { ...FACTS, severity: "critical" } }],
      recovery: [`POST ${PAGERTREE}`, json(), { event_type: "resolve", Id: ALIAS }],
    },
    replies: [
      ["sent", 200, ""],
      ["refused", 402, ""],
      ["refused", 404, ""],
      ["refused", 405, ""],
      ["retry", 429, ""],
      ["retry", 500, ""],
    ],
  },
  {
    type: "spike",
    options: { url: SPIKE },
    asks: {
      outage: [`POST ${SPIKE}`, json(), { title: "shop (Example)", body: TEXT, severity: "sev1" }],
      recovery: [`POST ${SPIKE}`, json(), { title: "shop (Example)", body: UP_TEXT, status: "resolve" }],
    },
    replies: [
      ["sent", 200, { Ok: true }],
      ["refused", 404, ""],
      ["retry", 500, {}],
    ],
  },
  {
    type: "splunk-oncall",
    options: { url: SPLUNK },
    asks: {
      outage: [`POST ${SPLUNK}`, json(), { message_type: "CRITICAL", entity_id: ALIAS, entity_display_name: TITLE, state_message: DETAILS, state_start_time: 1795143600, monitoring_tool: "Tocsin", "vo_annotate.u.Tocsin": LINK }],
      recovery: [`POST ${SPLUNK}`, json(), { message_type: "RECOVERY", entity_id: ALIAS, entity_display_name: UP_TITLE, state_message: UP_DETAILS, state_start_time: 1795143780, monitoring_tool: "Tocsin", "vo_annotate.u.Tocsin": LINK }],
    },
    replies: [
      ["sent", 200, { result: "success", entity_id: ALIAS }],
      ["refused", 200, { result: "failure", message: "Invalid integration key" }],
      ["refused", 404, ""],
      ["retry", 503, ""],
    ],
  },
  {
    type: "squadcast",
    options: { url: SQUADCAST },
    asks: {
      outage: [`POST ${SQUADCAST}`, json(), { message: TITLE, description: DETAILS, tags: { ...FACTS, severity: "critical" }, status: "trigger", event_id: ALIAS }],
      recovery: [`POST ${SQUADCAST}`, json(), { message: UP_TITLE, status: "resolve", event_id: ALIAS }],
    },
    replies: [
      ["sent", 202, ""],
      ["refused", 400, ""],
      ["refused", 404, ""],
      ["refused", 413, ""],
      ["retry", 429, ""],
      ["retry", 500, ""],
    ],
  },
  {
    type: "zenduty",
    options: { url: ZENDUTY },
    asks: {
      outage: [`POST ${ZENDUTY}`, json(), { alert_type: "critical", message: TITLE, summary: DETAILS, entity_id: ALIAS, payload: FACTS, urls: [{ link_url: LINK, link_text: "Look at it" }] }],
      recovery: [`POST ${ZENDUTY}`, json(), { alert_type: "resolved", message: UP_TITLE, summary: UP_DETAILS, entity_id: ALIAS, payload: UP_FACTS, urls: [{ link_url: LINK, link_text: "Look at it" }] }],
    },
    replies: [
      ["sent", 200, { message: "success", trace_id: "1b2c" }],
      ["refused", 400, { message: "invalid payload" }],
      ["refused", 404, ""],
      ["retry", 429, ""],
      ["retry", 500, ""],
    ],
  },
];
