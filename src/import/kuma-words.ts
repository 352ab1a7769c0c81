/** Uptime Kuma's words for an alert of ours: `[shop] [🔴 Down] HTTP 503`. */
const STATE = '{% if status == "up" or status == "degraded" %}✅ Up{% else %}🔴 Down{% endif %}';

/** The subject of every message, as Uptime Kuma writes it. */
export const SUBJECT = `[{{ check }}] [${STATE}] {{ sentence }}`;

/** The document that Uptime Kuma's webhooks carry, as far as there is something to say. */
export const WEBHOOK_BODY = [
  '{% assign alert = alerts[0] %}{"heartbeat": {"status": {% if alert.status == "up" or alert.status == "degraded" %}1{% else %}0{% endif %}, "time": {{ alert.at | json }}, "msg": {{ alert.sentence | json }}, "important": true}, ',
  '"monitor": {"name": {{ alert.check | json }}, "type": {{ alert.type | json }}}, "msg": {{ subject | json }}}',
].join("");

/** What a template of Uptime Kuma's may say, in the words of ours. */
const IN_MESSAGE: { readonly [name: string]: string } = {
  name: "check",
  NAME: "check",
  hostnameOrURL: "target",
  HOSTNAME_OR_URL: "target",
  "heartbeatJSON.msg": "sentence",
  "heartbeatJSON.time": "atIso",
  "heartbeatJSON.localDateTime": "at",
  "monitorJSON.name": "check",
  "monitorJSON.type": "type",
  "monitorJSON.url": "target",
  "monitorJSON.hostname": "target",
  "monitorJSON.description": "description",
};
const IN_WEBHOOK: { readonly [name: string]: string } = {
  name: "alerts[0].check",
  NAME: "alerts[0].check",
  "heartbeatJSON.msg": "alerts[0].sentence",
  "heartbeatJSON.time": "alerts[0].at",
  "heartbeatJSON.localDateTime": "alerts[0].at",
  "monitorJSON.name": "alerts[0].check",
  "monitorJSON.type": "alerts[0].type",
};

/** A template of Uptime Kuma's in our variables; null when it uses one that there is no word for. */
export function template(text: string, where: "message" | "webhook"): string | null {
  const words = where === "message" ? IN_MESSAGE : IN_WEBHOOK;
  let unknown = false;
  const state = where === "message" ? "status" : "alerts[0].status";
  const filled = text.replaceAll(/\{\{.*?\}\}|\{%.*?%\}/gs, (tag) => {
    // What stands in quotes is text.
    return tag.replaceAll(/"[^"]*"|'[^']*'|[A-Za-z_]\w*(?:\.\w+|\[["']\w+["']\])*/g, (word) => {
      if (/^["']/.test(word)) return word;
      const plain = word.replaceAll(/\[["'](\w+)["']\]/g, ".$1");
      if (plain === "msg") return where === "message" ? "kumaMsg" : "subject";
      if (plain === "status" || plain === "STATUS") return "kumaStatus";
      if (plain === "heartbeatJSON.status") return "kumaCode";
      if (Object.hasOwn(words, plain)) return words[plain] ?? plain;
      unknown ||= /^(heartbeatJSON|monitorJSON|hostnameOrURL|HOSTNAME_OR_URL)\b/.test(plain);
      return word;
    });
  });
  if (unknown) return null;
  const up = `${state} == "up" or ${state} == "degraded"`;
  const before = [
    filled.includes("kumaStatus") ? `{% assign kumaStatus = "🔴 Down" %}{% if ${up} %}{% assign kumaStatus = "✅ Up" %}{% endif %}` : "",
    filled.includes("kumaCode") ? `{% assign kumaCode = 0 %}{% if ${up} %}{% assign kumaCode = 1 %}{% endif %}` : "",
    filled.includes("kumaMsg") ? `{% capture kumaMsg %}${SUBJECT}{% endcapture %}` : "",
  ];
  return `${before.join("")}${filled}`;
}
