import { z } from "zod";
import { NO_PAGE } from "./answer.ts";
import { bySeverity, facts, fenced, iso, SOURCE } from "./marks.ts";
import { bearer, token } from "./options.ts";
import { type Call, provider, type View } from "./provider.ts";

export const pagerduty = provider({
  type: "pagerduty",
  about: "Opens, updates and resolves alerts of PagerDuty through the Events API v2",
  source: "https://developer.pagerduty.com/docs/events-api-v2/trigger-events/",
  options: () => z.strictObject({
    routingKey: token("Integration key of a service or ruleset, 32 characters"),
    region: z.enum(["us", "eu"]).default("us").describe("Where the account lives"),
    severity: z.enum(["critical", "error", "warning", "info"]).default("critical").describe("Severity of an outage; what is less than down is a warning"),
  }),
  key: "dedup_key",
  limits: { title: 1024, text: 100_000 },
  outage: ({ routingKey, region, severity }, view) => ({
    url: eventsOf(region),
    json: {
      routing_key: routingKey,
      event_action: "trigger",
      dedup_key: view.alias,
      client: SOURCE,
      client_url: view.site.url ?? undefined,
      links: view.link === null ? undefined : [{ href: view.link, text: "Look at it" }],
      payload: {
        summary: view.title,
        source: view.alert.check,
        severity: bySeverity(view, { critical: severity, warning: "warning", info: "info" }),
        timestamp: iso(view.alert.at),
        component: view.alert.check,
        group: view.site.name,
        class: view.alert.code,
        custom_details: { ...facts(view), details: view.details },
      },
    },
  }),
  recovery: ({ routingKey, region }, view) => ({ url: eventsOf(region), json: { routing_key: routingKey, event_action: "resolve", dedup_key: view.alias } }),
  answer: { taken: { at: "status", is: ["success"] } },
});

const eventsOf = (region: "us" | "eu"): string => `https://events.${region === "eu" ? "eu." : ""}pagerduty.com/v2/enqueue`;

const opsgenieOf = (region: "us" | "eu"): string => `https://api.${region === "eu" ? "eu." : ""}opsgenie.com/v2/alerts`;
const genie = (apiKey: string): { readonly authorization: string } => ({ authorization: `GenieKey ${apiKey}` });
const priority = () => z.enum(["P1", "P2", "P3", "P4", "P5"]).default("P1").describe("Priority of an outage; what is less than down gets P3");

/** The alert as Opsgenie's API takes it; Jira Service Management took that API over. */
const opsgenieAlert = (priority: string, view: View): { readonly [name: string]: unknown } => ({
  message: view.title,
  alias: view.alias,
  description: view.details,
  entity: view.alert.check.slice(0, 512),
  source: SOURCE,
  priority: bySeverity(view, { critical: priority, warning: "P3", info: "P5" }),
  details: facts(view),
});
const JSM = "https://api.atlassian.com/jsm/ops/integration/v2/alerts";
const opsgenieClose = (alerts: string, view: View): string => `${alerts}/${view.alias}/close?identifierType=alias`;

export const opsgenie = provider({
  type: "opsgenie",
  about: "Creates and closes alerts of Opsgenie, which ends in April 2027: see jira-service-management",
  source: "https://docs.opsgenie.com/docs/alert-api",
  options: () => z.strictObject({ apiKey: token("Key of an API integration"), region: z.enum(["us", "eu"]).default("us").describe("Where the account lives"), priority: priority() }),
  key: "alias",
  limits: { title: 130, text: 15_000 },
  outage: ({ apiKey, region, priority }, view) => ({ url: opsgenieOf(region), headers: genie(apiKey), json: opsgenieAlert(priority, view) }),
  recovery: ({ apiKey, region }, view) => ({ url: opsgenieClose(opsgenieOf(region), view), headers: genie(apiKey), json: { source: SOURCE, note: view.title } }),
  answer: { taken: { at: "requestId", is: [/./] } },
});

export const jiraServiceManagement = provider({
  type: "jira-service-management",
  about: "Creates and closes alerts of Jira Service Management",
  source: "https://developer.atlassian.com/cloud/jira/service-desk-ops/rest/v1/api-group-integration-events",
  options: () => z.strictObject({ apiKey: token("Key of an API integration of the team"), priority: priority() }),
  key: "alias",
  limits: { title: 130, text: 15_000 },
  outage: ({ apiKey, priority }, view) => ({ url: JSM, headers: genie(apiKey), json: opsgenieAlert(priority, view) }),
  recovery: ({ apiKey }, view) => ({ url: opsgenieClose(JSM, view), headers: genie(apiKey), json: { source: SOURCE, note: view.title } }),
  answer: { taken: { at: "requestId", is: [/./] } },
});

const ILERT = "https://api.ilert.com/api/events";

export const ilert = provider({
  type: "ilert",
  about: "Raises and resolves alerts of ilert",
  source: "https://docs.ilert.com/developer-docs/rest-api/api-reference/events",
  options: () => z.strictObject({ integrationKey: token("Integration key of an alert source of type API") }),
  key: "alertKey",
  limits: { text: 10_000 },
  outage: ({ integrationKey }, view) => ({
    url: ILERT,
    json: { integrationKey, eventType: "ALERT", alertKey: view.alias, summary: view.title, details: view.details, priority: view.severity === "critical" ? "HIGH" : "LOW", links: view.link === null ? undefined : [{ href: view.link, text: "Look at it" }], customDetails: facts(view) },
  }),
  recovery: ({ integrationKey }, view) => ({ url: ILERT, json: { integrationKey, eventType: "RESOLVE", alertKey: view.alias, summary: view.title } }),
  answer: { taken: NO_PAGE },
});

export const incidentIo = provider({
  type: "incident-io",
  about: "Fires and resolves alerts of an HTTP source of incident.io",
  source: "https://docs.incident.io/api-reference/alert-events-v2/createhttp",
  options: () => z.strictObject({ sourceId: z.string().regex(/^[0-9A-Z]+$/, "the id in the address of the alert source: 01GW2G3V0S59R238FAHPDS1R66").describe("Id of the alert source"), token: token("Token of the alert source") }),
  key: "deduplication_key",
  limits: { text: 20_000 },
  outage: (options, view) => incidentIoCall(options, "firing", view),
  recovery: (options, view) => incidentIoCall(options, "resolved", view),
  answer: { taken: { at: "status", is: ["success"] } },
});

function incidentIoCall({ sourceId, token }: { readonly sourceId: string; readonly token: string }, status: string, view: View): Call {
  const json = { status, title: view.title, deduplication_key: view.alias, description: fenced(view.details), source_url: view.link ?? undefined, metadata: { ...facts(view), severity: view.severity } };
  return { url: `https://api.incident.io/v2/alert_events/http/${sourceId}`, headers: bearer(token), json };
}

export const signl4 = provider({
  type: "signl4",
  about: "Signals and closes alerts of SIGNL4",
  source: "https://docs.signl4.com/integrations/webhook/webhook.html",
  options: () => z.strictObject({ secret: token("Secret of the team or integration, the end of its webhook's address").regex(/^[\w-]+$/, "letters and digits only") }),
  key: "X-S4-ExternalID",
  limits: { text: 10_000 },
  outage: ({ secret }, view) => signl4Call(secret, "new", view),
  recovery: ({ secret }, view) => signl4Call(secret, "resolved", view),
  answer: { taken: { at: "eventId", is: [/./] } },
});

const signl4Call = (secret: string, status: string, view: View): Call => ({
  url: `https://connect.signl4.com/webhook/${secret}`,
  json: { Title: view.title, Message: view.details, "X-S4-ExternalID": view.alias, "X-S4-Status": status, "X-S4-Service": view.alert.check, "X-S4-SourceSystem": SOURCE },
});
