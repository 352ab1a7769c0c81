import { z } from "zod";
import { NO_PAGE } from "./answer.ts";
import { type Instant, instant } from "../../core/types.ts";
import { bySeverity, facts, iso, SOURCE } from "./marks.ts";
import { base, bearer, loginOf, loginOptions, loginsAgree, ownHook, tls, token, withQuery } from "./options.ts";
import { type Call, provider, type View } from "./provider.ts";

const YEAR_MS = 31_536_000_000;

export const alertmanager = provider({
  type: "alertmanager",
  about: "Fires and resolves alerts of a Prometheus Alertmanager; it forgets them when it restarts, so give the step a `repeat`",
  source: "https://prometheus.io/docs/alerting/latest/alerts_api/",
  options: () => z
    .strictObject({
      url: base("Address of the Alertmanager"),
      labels: z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "letters, digits and _"), z.string().min(1)).default({}).describe("Further labels, to route by: {severity: page}"),
      token: token("Bearer token, where it is protected").optional(),
      ...loginOptions("User to log in as, instead of a token"),
      tls: tls(),
    })
    .refine(...loginsAgree),
  key: "labels",
  outage: (options, view) => alertmanagerCall(options, [firing(options, view)]),
  recovery: (options, view) => alertmanagerCall(options, resolved(options, view)),
  answer: { taken: NO_PAGE },
});

interface Alertmanager {
  readonly url: string;
  readonly labels: { readonly [name: string]: string };
  readonly token?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

const alertmanagerCall = ({ url, ...login }: Alertmanager, json: readonly object[]): Call => ({ url: `${url}/api/v2/alerts`, headers: loginOf(login), json });

/** Labels are an alert's identity: nothing that changes while it lasts may be one. */
function alertmanagerAlert({ labels }: Alertmanager, view: View, startsAt: Instant, endsAt: Instant): object {
  const { site, openedAs } = view;
  return {
    labels: { ...labels, alertname: view.event === "test" ? "TocsinTest" : "TocsinCheck", check: openedAs.check, site: openedAs.site },
    annotations: { summary: view.title, description: view.details, severity: view.severity },
    startsAt: iso(startsAt),
    endsAt: iso(endsAt),
    generatorURL: view.link ?? site.url ?? undefined,
  };
}

const startOf = ({ alert }: View): Instant => alert.outageFrom ?? alert.since;

/** Without an end of its own an alert would end after `resolve_timeout`. */
const firing = (options: Alertmanager, view: View): object => alertmanagerAlert(options, view, startOf(view), instant(view.now + YEAR_MS));

/**
 * An alert that overlaps the one that is known is merged with it: as long as its end has not come by Alertmanager's own clock, the later end stays, which is the year of `firing`
 * (`Alert.Merge`). One without a length, long ago, overlaps nothing and takes its place; the end that follows then overlaps nothing either, and holds whichever clock is ahead.
 */
function resolved(options: Alertmanager, view: View): readonly object[] {
  const start = startOf(view);
  const longAgo = instant(start - YEAR_MS);
  return [alertmanagerAlert(options, view, longAgo, longAgo), alertmanagerAlert(options, view, start, instant(Math.max(start, view.alert.since)))];
}

export const alerta = provider({
  type: "alerta",
  about: "Sends alerts to Alerta, which closes them by the severity `normal`",
  source: "https://docs.alerta.io/api/reference.html",
  options: () => z.strictObject({
    url: base("Address of the API: https://alerta.example.com/api"),
    apiKey: token("API key with write:alerts"),
    environment: z.string().min(1).default("Production").describe("Environment, one of those that the server allows"),
    tls: tls(),
  }),
  key: "resource",
  limits: { text: 10_000 },
  outage: (options, view) => alertaCall(options, bySeverity(view, { critical: "critical", warning: "warning", info: "informational" }), view),
  recovery: (options, view) => alertaCall(options, "normal", view),
  answer: { taken: { at: "", is: [/^\{/] } },
});

/** Environment, resource and event are an alert's identity. */
function alertaCall({ url, apiKey, environment }: { readonly url: string; readonly apiKey: string; readonly environment: string }, severity: string, view: View): Call {
  const { alert, site, openedAs } = view;
  const json = { resource: openedAs.check, event: view.event === "test" ? "test" : "check", environment, severity, service: [site.name], group: SOURCE, value: alert.code, text: view.text, origin: `${SOURCE}/${site.vantage}`, attributes: view.link === null ? {} : { link: view.link } };
  return { url: `${url}/alert`, headers: { authorization: `Key ${apiKey}` }, json };
}

export const goalert = provider({
  type: "goalert",
  about: "Opens and closes alerts of a GoAlert service",
  source: "https://github.com/target/goalert/blob/master/web/src/app/documentation/sections/IntegrationKeys.md",
  options: () => z.strictObject({ url: base("Address of GoAlert"), token: token("Generic API key of the service"), tls: tls() }),
  key: "dedup",
  limits: { title: 1000, text: 6000, bytes: true },
  outage: ({ url, token }, view) => ({ url: `${url}/api/v2/generic/incoming`, form: { token, summary: view.title, details: view.details, dedup: view.alias } }),
  recovery: ({ url, token }, view) => ({ url: `${url}/api/v2/generic/incoming`, form: { token, summary: view.title, details: view.details, dedup: view.alias, action: "close" } }),
  answer: { taken: NO_PAGE },
});

export const grafanaOncall = provider({
  type: "grafana-oncall",
  about: "Opens and resolves alerts of Grafana OnCall or IRM through a formatted webhook",
  source: "https://grafana.com/docs/oncall/latest/configure/integrations/references/webhook/",
  options: () => z.strictObject({ url: ownHook("Address of an integration of type Formatted Webhook"), tls: tls() }),
  key: "alert_uid",
  limits: { text: 20_000 },
  outage: ({ url }, view) => grafanaCall(url, "alerting", view),
  recovery: ({ url }, view) => grafanaCall(url, "ok", view),
  answer: { taken: NO_PAGE },
});

const grafanaCall = (url: string, state: string, view: View): Call => ({ url, json: { alert_uid: view.alias, title: view.title, state, link_to_upstream_details: view.link ?? undefined, message: view.details } });

const GITLAB_SEVERITIES = { critical: "critical", warning: "medium", info: "info" } as const;

export const gitlab = provider({
  type: "gitlab",
  about: "Opens and resolves alerts of a GitLab project, which can make incidents of them",
  source: "https://docs.gitlab.com/operations/incident_management/integrations/",
  options: () => z.strictObject({ url: base("URL of the project's HTTP endpoint: https://gitlab.com/GROUP/PROJECT/alerts/notify/NAME/ID.json"), token: token("Authorization key of the endpoint"), tls: tls() }),
  key: "fingerprint",
  limits: { title: 200, text: 1000 },
  outage: (options, view) => gitlabCall(options, view),
  recovery: (options, view) => gitlabCall(options, view, { end_time: new Date(view.alert.since).toISOString() }),
  answer: { taken: NO_PAGE },
});

function gitlabCall({ url, token }: { readonly url: string; readonly token: string }, view: View, end: { readonly end_time?: string } = {}): Call {
  const { alert } = view;
  const start = new Date(alert.outageFrom ?? alert.since).toISOString();
  const json = { title: view.title, description: view.details, start_time: start, ...end, service: alert.check.slice(0, 100), monitoring_tool: SOURCE, severity: bySeverity(view, GITLAB_SEVERITIES), fingerprint: view.alias };
  return { url, headers: bearer(token), json };
}

export const splunkHec = provider({
  type: "splunk-hec",
  about: "Sends events to Splunk through its HTTP Event Collector",
  source: "https://docs.splunk.com/Documentation/Splunk/latest/Data/HECRESTendpoints",
  options: () => z.strictObject({ url: base("Address of the collector: https://splunk.example.com:8088"), token: token("Token of the collector"), index: z.string().min(1).optional().describe("Index, instead of the token's own"), tls: tls() }),
  key: "alias",
  digests: true,
  limits: { text: 10_000 },
  outage: (options, view) => splunkCall(options, view),
  recovery: (options, view) => splunkCall(options, view),
  answer: { taken: { at: "code", is: [0] } },
});

function splunkCall({ url, token, index }: { readonly url: string; readonly token: string; readonly index?: string | undefined }, view: View): Call {
  const event = { alias: view.alias, event: view.event, severity: view.severity, title: view.title, details: view.details, link: view.link ?? undefined, ...facts(view) };
  return { url: `${url}/services/collector/event`, headers: { authorization: `Splunk ${token}` }, json: { time: view.alert.at / 1000, host: view.site.vantage, source: "tocsin", sourcetype: "tocsin:alert", index, event } };
}

export const uptimeKuma = provider({
  type: "uptime-kuma",
  about: "Sets a push monitor of Uptime Kuma down or up (a test sets it up); each check wants a channel of its own",
  digests: false,
  source: "https://github.com/louislam/uptime-kuma/wiki/Internal-API",
  options: () => z.strictObject({ url: ownHook("Push URL of the monitor: https://kuma.example.com/api/push/TOKEN"), tls: tls() }),
  key: null,
  limits: { title: 250 },
  say: ({ url }, view) => ({ method: "GET", url: withQuery(url.replace(/\?.*$/, ""), { status: view.event === "recovery" || view.event === "test" ? "up" : "down", msg: view.title, ping: "" }) }),
  answer: { taken: { at: "ok", is: [true] } },
});
