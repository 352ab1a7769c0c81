import { z } from "zod";
import { NO_PAGE } from "./answer.ts";
import { bodyOf, bySeverity, facts, SOURCE } from "./marks.ts";
import { bearer, hook, ownHook, tls, token } from "./options.ts";
import { type Call, provider, type View } from "./provider.ts";

export const betterStack = provider({
  type: "better-stack",
  about: "Opens and resolves incidents of Better Stack through an incoming webhook with rules for `status` and `alert_id`",
  source: "https://betterstack.com/docs/uptime/incoming-webhooks",
  options: () => z.strictObject({ url: hook("Address of the incoming webhook") }),
  key: "alert_id",
  limits: { text: 10_000 },
  outage: ({ url }, view) => betterStackCall(url, "firing", view),
  recovery: ({ url }, view) => betterStackCall(url, "resolved", view),
});

const betterStackCall = (url: string, status: string, view: View): Call => ({ url, json: { alert_id: view.alias, status, severity: view.severity, title: view.title, details: view.details, link: view.link ?? undefined, ...facts(view) } });

const DATADOG_SITES = ["datadoghq.com", "us3.datadoghq.com", "us5.datadoghq.com", "datadoghq.eu", "ap1.datadoghq.com", "ap2.datadoghq.com", "ddog-gov.com"] as const;

export const datadog = provider({
  type: "datadog",
  about: "Posts events to Datadog, one aggregation for each check",
  source: "https://docs.datadoghq.com/api/latest/events/",
  options: () => z.strictObject({ apiKey: token("API key"), site: z.enum(DATADOG_SITES).default("datadoghq.com").describe("Site of the account"), tags: z.array(z.string().min(1)).default([]).describe("Further tags: team:web") }),
  key: "aggregation_key",
  digests: true,
  limits: { title: 100, text: 3900 },
  outage: (options, view) => datadogCall(options, bySeverity(view, { critical: "error", warning: "warning", info: "info" }), view),
  recovery: (options, view) => datadogCall(options, view.event === "digest" ? "info" : "success", view),
  answer: { taken: { at: "status", is: ["ok"] } },
});

function datadogCall({ apiKey, site, tags }: { readonly apiKey: string; readonly site: string; readonly tags: readonly string[] }, alertType: string, view: View): Call {
  const json = { title: view.title, text: view.details, alert_type: alertType, aggregation_key: view.alias, source_type_name: SOURCE, date_happened: Math.floor(view.alert.at / 1000), tags: [`check:${view.alert.check}`, `site:${view.site.name}`, ...tags] };
  return { url: `https://api.${site}/api/v1/events`, headers: { "dd-api-key": apiKey }, json };
}

export const githubDispatch = provider({
  type: "github-dispatch",
  about: "Starts workflows of a GitHub repository that run on repository_dispatch",
  source: "https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event",
  options: () => z.strictObject({ repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, "write OWNER/NAME").describe("Repository: OWNER/NAME"), token: token("Token that may write the repository's contents") }),
  key: "client_payload.alias",
  limits: { title: 200, text: 10_000 },
  outage: (options, view) => githubCall(options, "tocsin-outage", view),
  recovery: (options, view) => githubCall(options, "tocsin-recovery", view),
  // Its limits come as 403 as well.
  answer: { taken: NO_PAGE, passing: { at: "message", is: [/rate limit/i] } },
});

function githubCall({ repository, token }: { readonly repository: string; readonly token: string }, event: string, view: View): Call {
  const headers = { ...bearer(token), accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" };
  return { url: `https://api.github.com/repos/${repository}/dispatches`, headers, json: { event_type: event, client_payload: { alias: view.alias, title: view.title, details: view.details, severity: view.severity, link: view.link, check: facts(view) } } };
}

export const healthchecks = provider({
  type: "healthchecks",
  about: "Fails and succeeds a check of Healthchecks, hosted or one's own; each check wants a channel of its own",
  source: "https://healthchecks.io/docs/http_api/",
  options: () => z.strictObject({ url: ownHook("Ping URL of the check: https://hc-ping.com/UUID"), tls: tls() }),
  key: null,
  digests: false,
  limits: { text: 9000, bytes: true },
  say: ({ url }, view) => ({ url: healthchecksOf(url, view), text: view.text }),
  // Created: by `?create=1`, at the first ping of a slug.
  answer: { taken: { at: "", is: [/^(OK|Created)$/] }, passing: { at: "", is: [/rate limited/] } },
});

/** The action stands at the end of the path; a test is noted in the check's log and changes nothing. */
function healthchecksOf(ping: string, { event }: View): string {
  const url = new URL(ping);
  url.pathname = url.pathname.replace(/\/+$/, "") + (event === "recovery" ? "" : event === "test" ? "/log" : "/fail");
  return url.href;
}

export const newRelic = provider({
  type: "new-relic",
  about: "Records events of type TocsinAlert in New Relic",
  source: "https://docs.newrelic.com/docs/data-apis/ingest-apis/event-api/introduction-event-api/",
  options: () => z.strictObject({ account: z.number().int().min(1).describe("Number of the account"), licenseKey: token("License (ingest) key"), region: z.enum(["us", "eu"]).default("us").describe("Where the account lives") }),
  key: "alias",
  digests: true,
  limits: { text: 4000, bytes: true },
  outage: (options, view) => newRelicCall(options, view),
  recovery: (options, view) => newRelicCall(options, view),
  answer: { taken: { at: "success", is: [true] } },
});

function newRelicCall({ account, licenseKey, region }: { readonly account: number; readonly licenseKey: string; readonly region: "us" | "eu" }, view: View): Call {
  const host = region === "eu" ? "insights-collector.eu01.nr-data.net" : "insights-collector.newrelic.com";
  const event = { eventType: "TocsinAlert", timestamp: view.alert.at, alias: view.alias, event: view.event, severity: view.severity, title: view.title, details: view.details, ...facts(view) };
  return { url: `https://${host}/v1/accounts/${account}/events`, headers: { "api-key": licenseKey }, json: [event] };
}

export const pagertree = provider({
  type: "pagertree",
  about: "Creates and resolves alerts of PagerTree through a webhook integration",
  source: "https://pagertree.com/docs/integration-guides/webhook",
  options: () => z.strictObject({ url: hook("Address of the webhook integration") }),
  key: "Id",
  limits: { text: 10_000 },
  outage: ({ url }, view) => ({ url, json: { event_type: "create", Id: view.alias, Title: view.title, Description: bodyOf(view), Meta: { ...facts(view), severity: view.severity } } }),
  recovery: ({ url }, view) => ({ url, json: { event_type: "resolve", Id: view.alias } }),
});

export const spike = provider({
  type: "spike",
  about: "Opens and resolves incidents of Spike, which knows them by their title",
  source: "https://docs.spike.sh/integrations-guideline/integrating-with-webhooks",
  options: () => z.strictObject({ url: hook("Address of the webhook integration: https://hooks.spike.sh/TOKEN/push-events") }),
  key: "title",
  limits: { text: 10_000 },
  outage: ({ url }, view) => ({ url, json: { title: spikeTitle(view), body: view.text, severity: bySeverity(view, { critical: "sev1", warning: "sev2", info: "sev3" }) } }),
  recovery: ({ url }, view) => ({ url, json: { title: spikeTitle(view), body: view.text, status: "resolve" } }),
  answer: { taken: NO_PAGE },
});

const spikeTitle = ({ openedAs: { site, check }, event }: View): string => (event === "test" ? `Test of Tocsin at ${site}` : `${check} (${site})`);

export const splunkOncall = provider({
  type: "splunk-oncall",
  about: "Opens and resolves incidents of Splunk On-Call (VictorOps) through its REST endpoint",
  source: "https://help.victorops.com/knowledge-base/rest-endpoint-integration-guide/",
  options: () => z.strictObject({ url: hook("URL of the REST integration with the routing key at its end") }),
  key: "entity_id",
  limits: { text: 10_000 },
  outage: ({ url }, view) => splunkOncallCall(url, bySeverity(view, { critical: "CRITICAL", warning: "WARNING", info: "INFO" }), view),
  recovery: ({ url }, view) => splunkOncallCall(url, "RECOVERY", view),
  answer: { taken: { at: "result", is: ["success"] } },
});

const splunkOncallCall = (url: string, messageType: string, view: View): Call => ({
  url,
  json: { message_type: messageType, entity_id: view.alias, entity_display_name: view.title, state_message: view.details, state_start_time: Math.floor(view.alert.since / 1000), monitoring_tool: SOURCE, "vo_annotate.u.Tocsin": view.link ?? undefined },
});

export const squadcast = provider({
  type: "squadcast",
  about: "Opens and resolves incidents of Squadcast through an incident webhook",
  source: "https://support.squadcast.com/integrations/incident-webhook-incident-webhook-api",
  options: () => z.strictObject({ url: hook("Address of the incident webhook") }),
  key: "event_id",
  // The whole request within 30 KB.
  limits: { text: 20_000, bytes: true },
  outage: ({ url }, view) => ({ url, json: { message: view.title, description: bodyOf(view), tags: { ...facts(view), severity: view.severity }, status: "trigger", event_id: view.alias } }),
  recovery: ({ url }, view) => ({ url, json: { message: view.title, status: "resolve", event_id: view.alias } }),
  answer: { taken: NO_PAGE },
});

export const zenduty = provider({
  type: "zenduty",
  about: "Raises and resolves alerts of Zenduty through a generic integration",
  source: "https://zenduty.com/docs/generic-integration/",
  options: () => z.strictObject({ url: hook("Webhook URL of the generic integration") }),
  key: "entity_id",
  limits: { text: 10_000 },
  outage: ({ url }, view) => zendutyCall(url, bySeverity(view, { critical: "critical", warning: "warning", info: "info" }), view),
  recovery: ({ url }, view) => zendutyCall(url, "resolved", view),
  answer: { taken: NO_PAGE },
});

const zendutyCall = (url: string, alertType: string, view: View): Call => ({
  url,
  json: { alert_type: alertType, message: view.title, summary: bodyOf(view), entity_id: view.alias, payload: facts(view), urls: view.link === null ? undefined : [{ link_url: view.link, link_text: "Look at it" }] },
});
