import { written } from "./json.ts";
import { plainAddress } from "./words.ts";

type Mapping = { readonly [key: string]: unknown };

/** What an action becomes: keys of a channel, and what is to be said of it. */
export interface Action {
  readonly keys: Mapping | null;
  readonly kind: "taken" | "differs" | "left" | "ignored";
  readonly text: string;
  readonly advice: string;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value.trim() !== "" ? value.trim() : undefined);
const number = (value: unknown): number | undefined => (typeof value === "number" && value > 0 ? value : undefined);

/** The document writes `recipient` with one and `recipients` with several in it. */
function recipientsOf(options: Mapping): readonly string[] {
  const given = options["recipients"] ?? options["recipient"];
  return (Array.isArray(given) ? given : [given]).flatMap((one) => text(one) ?? []);
}

/** The types of our checks in Fletchck's words. */
const TYPE = '{% if type != "" %} ({% case type %}{% when "tls" %}cert{% when "http" %}https{% when "group" %}sequence{% when "temperature" %}temp{% else %}{% if tags contains "submit" %}submit{% else %}{{ type }}{% endif %}{% endcase %}){% endif %}';
const STATE = '{% if kind == "changed" %}CHANGED{% elsif status == "up" or status == "degraded" %}PASS{% else %}FAIL{% endif %}';
/** `[SITE] STATE: NAME (TYPE)`; one that was changed or removed neither passes nor fails, and one that is gone has no type. */
const subject = (site: string): string => `[${site.replaceAll("{", "(")}] ${STATE}: {{ check }}${TYPE}`;

const own = (options: Mapping): Mapping => ({ group: "off", cap: "off", subject: subject(text(options["site"]) ?? "Fletchck") });
const done = (keys: Mapping, differs = ""): Action => ({ keys, kind: differs === "" ? "taken" : "differs", text: differs, advice: "" });
const left = (why: string, advice: string): Action => ({ keys: null, kind: "left", text: why, advice });

function email(options: Mapping): Action {
  const to = recipientsOf(options).map(plainAddress);
  const sender = text(options["sender"]);
  const from = sender === undefined ? undefined : plainAddress(sender);
  if (to.length === 0) return left("it has no recipients: nobody is told", "add `recipients`");
  if (from === undefined) return left("it has no sender: no server takes its mail", "add `sender`");
  const host = text(options["hostname"]);
  const user = text(options["username"]);
  const password = text(options["password"]);
  if (host === undefined) {
    const program = text(options["fallback"]);
    return done({ type: "email", to, from, ...(program === undefined ? {} : { sendmail: program }), ...own(options) });
  }
  const login = user !== undefined && password !== undefined ? { user, password } : {};
  return done({ type: "email", to, from, smtp: { host, port: number(options["port"]) ?? 465, tls: true, ...login }, ...own(options) });
}

function sms(options: Mapping): Action {
  const to = recipientsOf(options);
  if (to.length === 0) return left("it has no recipients: nobody is told", "add `recipients`");
  const sender = text(options["sender"]);
  const key = text(options["apikey"]);
  const common = { to, ...(sender === undefined ? {} : { from: sender }), ...own(options) };
  if (key !== undefined) return done({ type: "sms-cloudkinnekt", apiKey: key, ...common });
  const [user, password] = [text(options["username"]), text(options["password"])];
  if (user === undefined || password === undefined) return left("it has neither `apikey` nor `username` and `password`: the gateway refuses it", "add them");
  return done({ type: "sms-central", user, password, ...common });
}

/** The broker of the site, or of an action, as the keys of a channel. */
export function broker(options: Mapping): Mapping | null {
  const host = text(options["hostname"]);
  if (host === undefined) return null;
  const port = number(options["port"]);
  const user = text(options["username"]);
  const password = text(options["password"]);
  return { host, ...(port === undefined ? {} : { port }), ...(options["tls"] === true ? { tls: true } : {}), ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }) };
}

/** A channel that publishes to a topic in Fletchck's form. */
export const publisher = (options: Mapping, topic: string): Mapping | null => {
  const to = broker(options);
  return to === null ? null : { type: "mqtt", ...to, topic, format: "fletchck", group: "off", cap: "off" };
};

/** Of 1.0.5 to 1.0.7: under TLS unless `usetls` is false. */
function mqtt(options: Mapping): Action {
  const topic = text(options["topic"]);
  if (topic === undefined) return left("it has no topic: Fletchck publishes nothing", "add `topic`");
  const keys = publisher({ ...options, port: number(options["port"]) ?? 8883, tls: options["usetls"] !== false }, topic);
  return keys === null ? left("it has no hostname", "add `hostname`") : done(keys);
}

/** One action, by its type. */
export function readAction(type: unknown, options: Mapping): Action {
  switch (type) {
    case "log":
      return done({ type: "log", subject: subject(text(options["site"]) ?? "Fletchck"), group: "off", cap: "off" });
    case "email":
      return email(options);
    case "sms":
    case "cksms":
      return sms(options);
    case "mqtt":
      return mqtt(options);
    default:
      return { keys: null, kind: "ignored", text: `the type \`${written(type)}\` is unknown to Fletchck too`, advice: "use log, email, sms or mqtt" };
  }
}
