import { encoded, form, json, type Recording } from "./recording.ts";
import { ALIAS, DETAILS, LINK, TEXT, TITLE, UP_DETAILS, UP_TEXT, UP_TITLE } from "./sample.ts";

const FACTS = { check: "shop", state: "down", code: "status", cause: "HTTP 503", since: "2026-11-20T03:00:00.000Z", site: "Example", seenFrom: "home" };
const UP_FACTS = { ...FACTS, state: "up", code: "ok", cause: "HTTP 200", since: "2026-11-20T03:03:00.000Z" };
const GITLAB = "https://gitlab.example.com/infra/shop/alerts/notify/tocsin/0123456789abcdef.json";
const GRAFANA = "https://oncall.example.com/integrations/v1/formatted_webhook/m12xmIjOcgwH74UF8CN4dk0Dh/";

const OVER = { labels: { severity: "page", alertname: "TocsinCheck", check: "shop", site: "Example" }, annotations: { summary: UP_TITLE, description: UP_DETAILS, severity: "info" } };

/** Keepers of incidents that one hosts oneself. */
export const oncallOwn: readonly Recording[] = [
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
          { ...OVER, startsAt: "2025-11-20T03:00:00.000Z", endsAt: "2025-11-20T03:00:00.000Z", generatorURL: LINK },
          { ...OVER, startsAt: "2026-11-20T03:00:00.000Z", endsAt: "2026-11-20T03:03:00.000Z", generatorURL: LINK },
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
  {
    type: "alerta",
    options: { url: "https://alerta.example.com/api", apiKey: "demo-key-0123456789", environment: "Development" },
    asks: {
      outage: [
        "POST https://alerta.example.com/api/alert",
        json({ authorization: "Key demo-key-0123456789" }),
        { resource: "shop", event: "check", environment: "Development", severity: "critical", service: ["Example"], group: "Tocsin", value: "status", text: TEXT, origin: "Tocsin/home", attributes: { link: LINK } },
      ],
      recovery: [
        "POST https://alerta.example.com/api/alert",
        json({ authorization: "Key demo-key-0123456789" }),
        { resource: "shop", event: "check", environment: "Development", severity: "normal", service: ["Example"], group: "Tocsin", value: "ok", text: UP_TEXT, origin: "Tocsin/home", attributes: { link: LINK } },
      ],
    },
    replies: [
      ["sent", 201, { alert: {}, id: "9a2a7b3e", status: "ok" }],
      ["sent", 202, { message: "Suppressed alert during blackout period", status: "ok" }],
      ["refused", 400, { code: 400, message: "[POLICY] Alert environment must be one of Production, Development", status: "error" }],
      ["refused", 401, { code: 401, message: "Authorization required", status: "error" }],
      ["refused", 403, { code: 403, message: "Missing required scope: write:alerts", status: "error" }],
      ["retry", 429, { code: 429, message: "Too many requests", status: "error" }],
      ["retry", 500, { code: 500, message: "cannot connect to database", status: "error" }],
    ],
  },
  {
    type: "goalert",
    options: { url: "https://goalert.example.com", token: "3f9a1b2c-aaaa-bbbb-cccc-1234567890ab" },
    asks: {
      outage: ["POST https://goalert.example.com/api/v2/generic/incoming", form(), encoded({ token: "3f9a1b2c-aaaa-bbbb-cccc-1234567890ab", summary: TITLE, details: DETAILS, dedup: ALIAS })],
      recovery: ["POST https://goalert.example.com/api/v2/generic/incoming", form(), encoded({ token: "3f9a1b2c-aaaa-bbbb-cccc-1234567890ab", summary: UP_TITLE, details: UP_DETAILS, dedup: ALIAS, action: "close" })],
    },
    replies: [
      ["sent", 204, ""],
      ["refused", 400, "invalid value for 'Summary'"],
      ["refused", 401, "Unauthorized"],
      ["retry", 429, ""],
      ["retry", 500, "Internal Server Error"],
    ],
  },
  {
    type: "grafana-oncall",
    options: { url: GRAFANA },
    asks: {
      outage: [`POST ${GRAFANA}`, json(), { alert_uid: ALIAS, title: TITLE, state: "alerting", link_to_upstream_details: LINK, message: DETAILS }],
      recovery: [`POST ${GRAFANA}`, json(), { alert_uid: ALIAS, title: UP_TITLE, state: "ok", link_to_upstream_details: LINK, message: UP_DETAILS }],
    },
    replies: [
      ["sent", 200, "Ok."],
      ["refused", 403, "Integration key was not found. Permission denied."],
      ["retry", 429, "Rate limiting"],
      ["retry", 500, ""],
    ],
  },
  {
    type: "gitlab",
    most: 1000,
    options: { url: GITLAB, token: "glalert-0123456789abcdef" },
    asks: {
      outage: [
        `POST ${GITLAB}`,
        json({ authorization: "Bearer glalert-0123456789abcdef" }),
        { title: TITLE, description: DETAILS, start_time: "2026-11-20T03:00:00.000Z", service: "shop", monitoring_tool: "Tocsin", severity: "critical", fingerprint: ALIAS },
      ],
      recovery: [
        `POST ${GITLAB}`,
        json({ authorization: "Bearer glalert-0123456789abcdef" }),
        { title: UP_TITLE, description: UP_DETAILS, start_time: "2026-11-20T03:00:00.000Z", end_time: "2026-11-20T03:03:00.000Z", service: "shop", monitoring_tool: "Tocsin", severity: "info", fingerprint: ALIAS },
      ],
    },
    replies: [
      ["sent", 200, [{ iid: 1, title: "t" }]],
      ["refused", 400, { message: "Bad request" }],
      ["refused", 401, ""],
      ["refused", 403, { message: "Forbidden" }],
      ["retry", 429, "Retry later", { headers: { "retry-after": "60" }, afterMs: 60_000 }],
      ["retry", 502, ""],
    ],
  },
  {
    type: "splunk-hec",
    options: { url: "https://splunk.example.com:8088", token: "B5A79AAD-D822-46CC-80D1-819F80D7BFB0", index: "alerts" },
    asks: {
      outage: [
        "POST https://splunk.example.com:8088/services/collector/event",
        json({ authorization: "Splunk B5A79AAD-D822-46CC-80D1-819F80D7BFB0" }),
        { time: 1795143600, host: "home", source: "tocsin", sourcetype: "tocsin:alert", index: "alerts", event: { alias: ALIAS, event: "outage", severity: "critical", title: TITLE, details: DETAILS, link: LINK, ...FACTS } },
      ],
      recovery: [
        "POST https://splunk.example.com:8088/services/collector/event",
        json({ authorization: "Splunk B5A79AAD-D822-46CC-80D1-819F80D7BFB0" }),
        { time: 1795143780, host: "home", source: "tocsin", sourcetype: "tocsin:alert", index: "alerts", event: { alias: ALIAS, event: "recovery", severity: "info", title: UP_TITLE, details: UP_DETAILS, link: LINK, ...UP_FACTS } },
      ],
    },
    replies: [
      ["sent", 200, { text: "Success", code: 0 }],
      ["refused", 400, { text: "Incorrect index", code: 7, "invalid-event-number": 1 }],
      ["refused", 403, { text: "Invalid token", code: 4 }],
      ["retry", 503, { text: "Server is busy", code: 9 }],
    ],
  },
  {
    type: "uptime-kuma",
    options: { url: "https://kuma.example.com/api/push/3kq9WxYz12?status=up&msg=OK&ping=" },
    asks: {
      outage: [`GET https://kuma.example.com/api/push/3kq9WxYz12?${encoded({ status: "down", msg: TITLE, ping: "" })}`, {}, ""],
      recovery: [`GET https://kuma.example.com/api/push/3kq9WxYz12?${encoded({ status: "up", msg: UP_TITLE, ping: "" })}`, {}, ""],
      test: [`GET https://kuma.example.com/api/push/3kq9WxYz12?${encoded({ status: "up", msg: "● TEST Example — a test", ping: "" })}`, {}, ""],
    },
    replies: [
      ["sent", 200, { ok: true }],
      ["refused", 404, { ok: false, msg: "Monitor not found or not active." }],
      ["retry", 502, ""],
    ],
  },
];
