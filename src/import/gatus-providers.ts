import { flag, present, some, split, texts, whole } from "./gatus-words.ts";
import { mappingOf, type Mapping } from "./values.ts";

/** What a provider of Gatus becomes. */
export type MadeChannel =
  | { readonly kind: "channel"; readonly keys: Mapping; readonly differs: readonly string[] }
  /** Gatus passes over a provider without these. */
  | { readonly kind: "lacks"; readonly keys: readonly string[] }
  | { readonly kind: "left"; readonly text: string; readonly advice: string };

/** One provider: its keys, and what they become. */
export interface GatusProvider {
  /** Keys of it that say something here too. */
  readonly taken: readonly string[];
  /** Keys that are only about how Gatus's messages look, or of no meaning here. */
  readonly looks?: readonly string[];
  readonly needs: readonly string[];
  readonly make: (config: Mapping) => Omit<Extract<MadeChannel, { kind: "channel" }>, "kind" | "differs"> & { readonly differs?: readonly string[] } | Extract<MadeChannel, { kind: "left" }>;
}

const left = (text: string, advice: string): Extract<MadeChannel, { kind: "left" }> => ({ kind: "left", text, advice });
const keys = (made: Mapping, differs: readonly string[] = []): { readonly keys: Mapping; readonly differs: readonly string[] } => ({ keys: present(made), differs });
/** `+1-234-567-8901` as `+12345678901`. */
const phone = (text: string): string => text.replaceAll(/[\s().-]/g, "");
const phones = (value: unknown): readonly string[] => split(value).map(phone);
/** `client.insecure` of a product that one hosts oneself. */
const tls = (config: Mapping): Mapping | undefined => (flag(mappingOf(config["client"])["insecure"]) === true ? { verify: false } : undefined);

/** A provider that is told at one address. */
const hook = (type: string, looks: readonly string[] = ["title"]): GatusProvider => ({ taken: ["webhook-url"], looks, needs: ["webhook-url"], make: (config) => keys({ type, url: some(config["webhook-url"]) }) });

/** `GROUP/NAME` is called NAME in Gatus's messages; `of` is its group, which stands as the first tag. */
const PREFIX = '{% assign of = "" %}{% assign prefix = "" %}{% if tags != empty %}{% assign of = tags | first %}{% assign prefix = of | append: "/" %}{% endif %}';
const NAME = "check | remove_first: prefix";
const RESOLVED = 'kind == "recovered"';
const triggered = (yes: string, no: string): string => `{% if ${RESOLVED} %}${yes}{% else %}${no}{% endif %}`;

/** A webhook whose body is a template of the whole message. */
const posted = (url: string | undefined, text: string, more: Mapping = {}, differs: readonly string[] = []): ReturnType<typeof keys> => keys({ type: "webhook", url, text: `${PREFIX}${text}`, body: "{{ text }}", ...more }, differs);

const N8N = (title: string): string =>
  `{"title": ${JSON.stringify(plain(title))}, "endpoint_name": {{ ${NAME} | json }}, "endpoint_group": {{ of | json }}, "endpoint_url": {{ target | json }}, "alert_description": {{ description | json }}, "resolved": ${triggered("true", "false")}, "message": {{ subject | json }}, "condition_results": [{"condition": {{ sentence | json }}, "success": ${triggered("true", "false")}}]}`;
const ZAPIER = `{"alert_type": "${triggered("resolved", "triggered")}", "status": "${triggered("ok", "critical")}", "endpoint": {{ check | json }}, "group": {{ of | json }}, "message": {{ subject | json }}, "description": {{ description | json }}, "timestamp": {{ atIso | json }}}`;
const HOME_ASSISTANT = `{"event_type": "gatus_alert", "event_data": {"status": "${triggered("resolved", "triggered")}", "endpoint": {{ check | json }}, "description": {{ description | json }}, "conditions": [{"condition": {{ sentence | json }}, "success": ${triggered("true", "false")}}]}}`;

/** In a template `{{` and `{%` begin something. */
const plain = (text: string): string => text.replaceAll(/\{[{%]/g, (begin) => `{% raw %}${begin}{% endraw %}`);

/** What a value is put through: in JSON nothing of it may end a string, in an address it is one part. */
const FILTERS = { json: ` | json | remove_first: '"' | remove_last: '"'`, address: ' | url_encode | replace: "+", "%20"', text: "" };

/** Gatus's placeholders in the words of a template. */
function templateOf(body: string, form: keyof typeof FILTERS, placeholders: Mapping): string {
  const filter = FILTERS[form];
  const word = (state: string): string => {
    const said = some(mappingOf(placeholders["ALERT_TRIGGERED_OR_RESOLVED"])[state]) ?? state;
    return plain(form === "address" ? encodeURIComponent(said) : said);
  };
  const meaning: { readonly [placeholder: string]: string } = {
    ALERT_DESCRIPTION: `{{ description${filter} }}`,
    ENDPOINT_NAME: `{{ ${NAME}${filter} }}`,
    ENDPOINT_GROUP: `{{ of${filter} }}`,
    ENDPOINT_URL: `{{ target${filter} }}`,
    RESULT_ERRORS: `{{ sentence${filter} }}`,
    RESULT_CONDITIONS: `{{ sentence${filter} }}`,
    ALERT_TRIGGERED_OR_RESOLVED: triggered(word("RESOLVED"), word("TRIGGERED")),
  };
  return plain(body).replaceAll(/\[([A-Z_]+)\]/g, (whole_, name: string) => (Object.hasOwn(meaning, name) ? (meaning[name] ?? whole_) : whole_));
}

const PLACEHOLDER = /\[(ALERT_DESCRIPTION|ENDPOINT_NAME|ENDPOINT_GROUP|ENDPOINT_URL|RESULT_ERRORS|RESULT_CONDITIONS|ALERT_TRIGGERED_OR_RESOLVED)\]/;

function custom(config: Mapping): ReturnType<GatusProvider["make"]> {
  const method = (some(config["method"]) ?? "GET").toUpperCase();
  const url = some(config["url"]) ?? "";
  const body = method === "GET" ? "" : (some(config["body"]) ?? "");
  const differs = method === "GET" && config["body"] !== undefined ? ["a request by GET has no body"] : [];
  if (!["POST", "PUT", "PATCH", "GET"].includes(method)) return left(`it is called by ${method}, and a webhook here by POST, PUT, PATCH or GET`, "set `method`, or add a channel of type `script` that calls it");
  const headers = Object.fromEntries(Object.entries(mappingOf(config["headers"])).map(([name, value]) => [name, some(value) ?? ""]));
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1];
  const others = Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "content-type"));
  const isJson = type === undefined ? /^\s*[{[]/.test(body) : /\bjson\b/i.test(type);
  const more = {
    ...(method === "POST" ? {} : { method }),
    ...(Object.keys(others).length === 0 ? {} : { headers: others }),
    contentType: method === "GET" ? undefined : (type ?? (isJson ? undefined : "text/plain")),
    tls: tls(config),
  };
  const placeholders = mappingOf(config["placeholders"]);
  const at = url.search(PLACEHOLDER);
  if (at < 0) return posted(plain(url), templateOf(body, isJson ? "json" : "text", placeholders), method === "GET" ? { ...more, text: undefined, body: undefined } : more, differs);
  if (body !== "") return left("both `url` and `body` hold words of the alert, and a webhook here says them in one place", "put them all into `body`");
  if (!/^https?:\/\/[^/?#]+[/?#]/i.test(url.slice(0, at))) return left(`the host in \`url\` holds ${PLACEHOLDER.exec(url)?.[0] ?? ""}, and whom a webhook goes to is fixed here`, "add a channel for each host");
  return posted(`${plain(url.slice(0, at))}{{ text }}`, templateOf(url.slice(at), "address", placeholders), { ...more, body: method === "GET" ? undefined : "" }, differs);
}

function email(config: Mapping): ReturnType<GatusProvider["make"]> {
  const port = whole(config["port"]) ?? undefined;
  const password = some(config["password"]);
  const login = password === undefined ? {} : { user: some(config["username"]) ?? some(config["from"]), password };
  const smtp = present({ host: some(config["host"]), port, ...login, ...(port === 465 ? { tls: true } : { starttls: "optional" }), verify: tls(config) === undefined ? undefined : false });
  return keys({ type: "email", to: split(config["to"]), from: some(config["from"]), smtp });
}

const ISSUES = (where: string): GatusProvider => ({ taken: ["repository-url", "token"], needs: [], make: () => left(`issues of ${where} are not opened and closed here`, "tell by another channel") });

/** Every provider of Gatus by the word under `alerting`. */
export const GATUS_PROVIDERS: { readonly [type: string]: GatusProvider } = {
  "aws-ses": { taken: ["access-key-id", "secret-access-key", "region", "from", "to"], needs: [], make: ({ region }) => left("SES is not spoken to by its API here", `use a channel of type \`email\` with SMTP credentials of SES, at email-smtp.${some(region) ?? "REGION"}.amazonaws.com`) },
  clickup: { taken: ["list-id", "token", "api-url", "assignees", "status", "priority", "notify-all", "name", "content"], needs: [], make: () => left("tasks of ClickUp are not made and closed here", "tell by another channel, or by mail to the list's address") },
  custom: { taken: ["url", "method", "body", "headers", "client", "placeholders"], needs: ["url"], make: custom },
  datadog: { taken: ["api-key", "site", "tags"], needs: ["api-key"], make: (config) => keys({ type: "datadog", apiKey: some(config["api-key"]), site: some(config["site"]), ...(texts(config["tags"]).length === 0 ? {} : { tags: texts(config["tags"]) }) }) },
  discord: hook("discord", ["title", "message-content"]),
  email: { taken: ["from", "username", "password", "host", "port", "to", "client"], needs: ["from", "to", "host", "port"], make: email },
  gitea: ISSUES("Gitea"),
  github: ISSUES("GitHub"),
  gitlab: { taken: ["webhook-url", "authorization-key"], looks: ["severity", "monitoring-tool", "environment-name", "service"], needs: ["webhook-url", "authorization-key"], make: (config) => keys({ type: "gitlab", url: some(config["webhook-url"]), token: some(config["authorization-key"]) }) },
  googlechat: hook("google-chat", ["client"]),
  gotify: { taken: ["server-url", "token", "priority"], looks: ["title"], needs: ["server-url", "token"], make: (config) => keys({ type: "gotify", url: some(config["server-url"]), token: some(config["token"]), priority: whole(config["priority"]) ?? 5 }) },
  homeassistant: { taken: ["url", "token"], needs: ["url", "token"], make: (config) => posted(`${(some(config["url"]) ?? "").replace(/\/+$/, "")}/api/events/gatus_alert`, HOME_ASSISTANT, { headers: { authorization: `Bearer ${some(config["token"]) ?? ""}` } }) },
  ifttt: { taken: ["webhook-key", "event-name"], needs: ["webhook-key", "event-name"], make: (config) => keys({ type: "ifttt", webhookKey: some(config["webhook-key"]), event: some(config["event-name"]) }, ["value1 is the first line, value2 the rest"]) },
  ilert: { taken: ["integration-key"], needs: ["integration-key"], make: (config) => keys({ type: "ilert", integrationKey: some(config["integration-key"]) }) },
  "incident-io": { taken: ["url", "auth-token"], looks: ["source-url", "metadata"], needs: ["url", "auth-token"], make: (config) => keys({ type: "incident-io", sourceId: (some(config["url"]) ?? "").replace(/\/+$/, "").replace(/^.*\//, ""), token: some(config["auth-token"]) }) },
  line: { taken: ["channel-access-token", "user-ids"], needs: ["channel-access-token", "user-ids"], make: (config) => keys({ type: "line", token: some(config["channel-access-token"]), to: texts(config["user-ids"]) }) },
  matrix: { taken: ["server-url", "access-token", "internal-room-id"], needs: ["access-token", "internal-room-id"], make: (config) => keys({ type: "matrix", url: some(config["server-url"]) ?? "https://matrix-client.matrix.org", token: some(config["access-token"]), to: texts(config["internal-room-id"]) }) },
  mattermost: { taken: ["webhook-url", "channel", "client"], needs: ["webhook-url"], make: (config) => keys({ type: "mattermost", url: some(config["webhook-url"]), channel: some(config["channel"]), tls: tls(config) }) },
  messagebird: { taken: ["access-key", "originator", "recipients"], needs: ["access-key", "originator", "recipients"], make: (config) => keys({ type: "sms-messagebird", accessKey: some(config["access-key"]), from: some(config["originator"]), to: phones(config["recipients"]) }) },
  n8n: { taken: ["webhook-url", "title"], needs: ["webhook-url"], make: (config) => posted(some(config["webhook-url"]), N8N(some(config["title"]) ?? "Gatus")) },
  newrelic: {
    taken: ["insert-key", "api-key", "account-id", "region"],
    needs: ["account-id"],
    make: (config) => keys({ type: "new-relic", account: whole(config["account-id"]) ?? some(config["account-id"]), licenseKey: some(config["insert-key"]) ?? some(config["api-key"]), region: some(config["region"])?.toLowerCase() }, ["the event's type is TocsinAlert"]),
  },
  ntfy: { taken: ["topic", "url", "priority", "token"], looks: ["email", "click", "disable-firebase", "disable-cache"], needs: ["topic"], make: (config) => keys({ type: "ntfy", url: some(config["url"]), topic: some(config["topic"]), token: some(config["token"]), priority: whole(config["priority"]) ?? 3 }) },
  opsgenie: { taken: ["api-key", "priority"], looks: ["source", "entity-prefix", "alias-prefix", "tags"], needs: ["api-key"], make: (config) => keys({ type: "opsgenie", apiKey: some(config["api-key"]), priority: some(config["priority"]) }) },
  pagerduty: { taken: ["integration-key"], needs: ["integration-key"], make: (config) => keys({ type: "pagerduty", routingKey: some(config["integration-key"]) }) },
  plivo: { taken: ["auth-id", "auth-token", "from", "to"], needs: ["auth-id", "auth-token", "from", "to"], make: (config) => keys({ type: "sms-plivo", authId: some(config["auth-id"]), authToken: some(config["auth-token"]), from: phone(some(config["from"]) ?? ""), to: phones(config["to"]) }) },
  pushover: {
    taken: ["application-token", "user-key", "priority", "sound", "device"],
    looks: ["title", "resolved-priority", "ttl"],
    needs: ["application-token", "user-key"],
    make: (config) => keys({ type: "pushover", token: some(config["application-token"]), user: some(config["user-key"]), device: some(config["device"]), sound: some(config["sound"]), priority: typeof config["priority"] === "number" ? config["priority"] : 0 }),
  },
  rocketchat: { taken: ["webhook-url", "channel"], needs: ["webhook-url"], make: (config) => keys({ type: "rocketchat", url: some(config["webhook-url"]), channel: some(config["channel"]) }) },
  sendgrid: { taken: ["api-key", "from", "to"], needs: ["api-key", "from", "to"], make: (config) => keys({ type: "email-sendgrid", apiKey: some(config["api-key"]), from: some(config["from"]), to: split(config["to"]) }) },
  signal: { taken: ["api-url", "number", "recipients"], needs: ["api-url", "number", "recipients"], make: (config) => keys({ type: "signal", url: some(config["api-url"]), from: some(config["number"]), to: texts(config["recipients"]) }) },
  signl4: { taken: ["team-secret"], needs: ["team-secret"], make: (config) => keys({ type: "signl4", secret: some(config["team-secret"]) }) },
  slack: hook("slack"),
  splunk: { taken: ["hec-url", "hec-token", "index"], looks: ["source", "sourcetype"], needs: ["hec-url", "hec-token"], make: (config) => keys({ type: "splunk-hec", url: some(config["hec-url"]), token: some(config["hec-token"]), index: some(config["index"]) }) },
  squadcast: hook("squadcast", []),
  teams: { taken: ["webhook-url"], looks: ["title", "client"], needs: ["webhook-url"], make: (config) => keys({ type: "teams", url: some(config["webhook-url"]) }, ["Microsoft has retired these connectors: put the address of a workflow into `url`"]) },
  "teams-workflows": hook("teams"),
  telegram: {
    taken: ["token", "id", "topic-id", "api-url"],
    looks: ["client"],
    needs: ["token", "id"],
    make: (config) => keys({ type: "telegram", token: some(config["token"]), to: texts(config["id"]), thread: whole(config["topic-id"]) ?? undefined }, some(config["api-url"]) === undefined ? [] : ["it goes to api.telegram.org, and to no server of one's own"]),
  },
  twilio: { taken: ["sid", "token", "from", "to"], looks: ["text-twilio-triggered", "text-twilio-resolved"], needs: ["sid", "token", "from", "to"], make: (config) => keys({ type: "sms-twilio", account: some(config["sid"]), token: some(config["token"]), from: phone(some(config["from"]) ?? ""), to: phones(config["to"]) }) },
  vonage: { taken: ["api-key", "api-secret", "from", "to"], needs: ["api-key", "api-secret", "from", "to"], make: (config) => keys({ type: "sms-vonage", apiKey: some(config["api-key"]), apiSecret: some(config["api-secret"]), from: some(config["from"]), to: phones(config["to"]) }) },
  webex: { taken: ["webhook-url"], needs: ["webhook-url"], make: (config) => keys({ type: "webhook", url: some(config["webhook-url"]), body: '{"markdown": {{ text | json }}}' }) },
  zapier: { taken: ["webhook-url"], needs: ["webhook-url"], make: (config) => posted(some(config["webhook-url"]), ZAPIER) },
  zulip: { taken: ["bot-email", "bot-api-key", "domain", "channel-id"], needs: ["bot-email", "bot-api-key", "domain", "channel-id"], make: (config) => keys({ type: "zulip", url: `https://${some(config["domain"]) ?? ""}`, user: some(config["bot-email"]), apiKey: some(config["bot-api-key"]), to: texts(config["channel-id"]) }) },
};

/** The other name that Gatus's documents have for it. */
export const PROVIDER_ALIASES: ReadonlyMap<string, string> = new Map([["awsses", "aws-ses"]]);

/** Makes a channel of a provider's configuration. */
export function makeChannel(provider: GatusProvider, config: Mapping): MadeChannel {
  const lacking = provider.needs.filter((key) => texts(config[key]).length === 0);
  if (lacking.length > 0) return { kind: "lacks", keys: lacking };
  const made = provider.make(config);
  if ("kind" in made) return made;
  const looks = (provider.looks ?? []).filter((key) => config[key] !== undefined && config[key] !== "" && config[key] !== false);
  return { kind: "channel", keys: { ...made.keys, group: "off", cap: "off" }, differs: [...(made.differs ?? []), ...(looks.length === 0 ? [] : [`${looks.map((key) => `\`${key}\``).join(", ")} ${looks.length === 1 ? "is" : "are"} not taken`])] };
}
