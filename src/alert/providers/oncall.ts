import { z } from "zod";
import { base, basic, bearer, password, tls, token } from "./options.ts";
import { bySeverity, iso } from "./marks.ts";
import { type Call, provider, type View } from "./provider.ts";

const SOURCE = "Tocsin";
const YEAR_MS = 31_536_000_000;

/** What is known, as fields that services show and route by. */
const facts = ({ alert, site }: View): { readonly [name: string]: string } => ({ check: alert.check, state: alert.status, code: alert.code, cause: alert.sentence, since: iso(alert.since), site: site.name, seenFrom: site.vantage });

export const pagerduty = provider({
  type: "pagerduty",
  about: "Opens, updates and resolves alerts of PagerDuty through the Events API v2",
  source: "https://developer.pagerduty.com/docs/events-api-v2/trigger-events/",
  options: z.strictObject({
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
const opsgenieClose = (alerts: string, view: View): string => `${alerts}/${view.alias}/close?identifierType=alias`;

export const opsgenie = provider({
  type: "opsgenie",
  about: "Creates and closes alerts of Opsgenie, which ends in April 2027: see jira-service-management",
  source: "https://docs.opsgenie.com/docs/alert-api",
  options: z.strictObject({ apiKey: token("Key of an API integration"), region: z.enum(["us", "eu"]).default("us").describe("Where the account lives"), priority: priority() }),
  key: "alias",
  limits: { title: 130, text: 15_000 },
  outage: ({ apiKey, region, priority }, view) => ({ url: opsgenieOf(region), headers: genie(apiKey), json: opsgenieAlert(priority, view) }),
  recovery: ({ apiKey, region }, view) => ({ url: opsgenieClose(opsgenieOf(region), view), headers: genie(apiKey), json: { source: SOURCE, note: view.title } }),
});

export const alertmanager = provider({
  type: "alertmanager",
  about: "Fires and resolves alerts of a Prometheus Alertmanager; it forgets them when it restarts, so give the step a `repeat`",
  source: "https://prometheus.io/docs/alerting/latest/alerts_api/",
  options: z.strictObject({
    url: base("Address of the Alertmanager"),
    labels: z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "letters, digits and _"), z.string().min(1)).default({}).describe("Further labels, to route by: {severity: page}"),
    token: token("Bearer token, where it is protected").optional(),
    user: z.string().min(1).optional().describe("User to log in as, instead of a token"),
    password: password("Password of the user").optional(),
    tls: tls(),
  }),
  key: "labels",
  outage: (options, view) => alertmanagerCall(options, view, view.now + YEAR_MS),
  recovery: (options, view) => alertmanagerCall(options, view, view.now),
});

interface Alertmanager {
  readonly url: string;
  readonly labels: { readonly [name: string]: string };
  readonly token?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** Labels are an alert's identity: nothing that changes while it lasts may be one. Without an end of its own an alert would end after `resolve_timeout`. */
function alertmanagerCall({ url, labels, token, user, password }: Alertmanager, view: View, endsAt: number): Call {
  const { alert, site } = view;
  const [startsAt, until] = [alert.outageFrom ?? alert.since, endsAt].map((at) => new Date(at).toISOString());
  return {
    url: `${url}/api/v2/alerts`,
    headers: { ...(token === undefined ? {} : bearer(token)), ...(user === undefined || password === undefined ? {} : basic(user, password)) },
    json: [
      {
        labels: { ...labels, alertname: "TocsinCheck", check: alert.check, site: site.name },
        annotations: { summary: view.title, description: view.details, severity: view.severity },
        startsAt,
        endsAt: until,
        generatorURL: view.link ?? site.url ?? undefined,
      },
    ],
  };
}
