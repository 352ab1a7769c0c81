import { z } from "zod";
import type { Alert } from "../../core/types.ts";
import { connectMqtt, publishMqtt } from "../../dial/mqtt.ts";
import { credentials, serviceOptions } from "../../dial/service-options.ts";
import { type Session, openSession } from "../../dial/session.ts";
import { encodeDisconnect, mqttCodeName } from "../../wire/mqtt.ts";
import type { Channel, Message, Sending } from "./channel.ts";
import { documentOf } from "./document.ts";

const options = z
  .strictObject({
    ...serviceOptions(),
    ...credentials(),
    version: z.enum(["3.1.1", "5"]).default("5").describe("Version of the protocol to speak. With 3.1.1 a broker has no word for a topic that one may not write to: it drops the message and says nothing").meta({ source: "OASIS MQTT 3.1.1 and 5.0, section 3.1" }),
    topic: z.string().regex(/^[^+#\0]{1,1000}$/, "name one topic, without + and #").describe("Topic to publish to; with `format: fletchck` the check's name is put behind it, TOPIC/NAME, unless `nameInTopic` says otherwise"),
    format: z.enum(["json", "fletchck"]).default("json").describe("json: the message as one document, as of `webhook`; fletchck: the state of each check as Fletchck's `mqtt` action publishes it, for its `remote` checks"),
    nameInTopic: z.boolean().default(true).describe("With `format: fletchck`: true as its `mqtt` action does; false as its checks with `publish` do, all to the topic itself"),
    qos: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(1).describe("Quality of service: 0 at most once, 1 at least once, 2 exactly once").meta({ source: "section 4.3" }),
    retain: z.boolean().nullable().default(null).describe("Whether the broker keeps the last message for those that subscribe later; by default with `format: fletchck` only; a test never"),
  })
  .superRefine(({ user, password }, ctx) => {
    if (user === null && password !== null) ctx.addIssue({ code: "custom", path: ["user"], message: "there is a password, but no user to log in as", params: { right: "write both, or neither" } });
  });
type Options = z.output<typeof options>;

const NO_SUBSCRIBERS = 0x10;
/** Types that have another name there; it takes no message without one. */
const FLETCHCK_TYPES: { readonly [type: string]: string } = { "": "tocsin", group: "sequence", http: "https", temperature: "temp", tls: "cert" };

interface Publication {
  readonly topic: string;
  readonly payload: string;
  /** It is something that whoever subscribes later should find: no test, and no digest in place of a check's state. */
  readonly lasts: boolean;
}

const isoOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** What Fletchck's `remote` checks read; they compare count and threshold. */
function fletchckState({ check, status, at, since, outageFrom, sentence, fails: counted }: Alert, type: string): object {
  // It knows no degraded: what is slow or expires soon passes.
  const fails = status === "down" || status === "disputed";
  const data = { threshold: counted?.of ?? 1, failState: fails, failCount: counted?.runs ?? (fails ? 1 : 0), log: [sentence], softFail: null, lastCheck: isoOf(at), lastFail: isoOf(fails ? since : outageFrom), lastPass: fails ? null : isoOf(since), level: null };
  return { name: check, type: FLETCHCK_TYPES[type] ?? type, data };
}

/** One document, or the last state of each check. */
function publicationsOf({ topic, format, nameInTopic }: Options, message: Message): readonly Publication[] {
  if (format === "json") return [{ topic, payload: JSON.stringify(documentOf(message)), lasts: message.alerts.some(({ kind }) => kind !== "test") }];
  const types = new Map(message.items.map(({ alert, type }) => [alert.check, type]));
  const last = new Map(message.alerts.map((alert) => [alert.check, alert]));
  return [...last.values()].map((alert) => ({ topic: nameInTopic ? `${topic}/${alert.check.replaceAll(/[/+#\0]/g, "")}` : topic, payload: JSON.stringify(fletchckState(alert, types.get(alert.check) ?? "")), lasts: alert.kind !== "test" && alert.kind !== "digest" }));
}

async function publishAll(session: Session, chosen: Options, message: Message): Promise<Sending> {
  const { version, qos, format, retain } = chosen;
  const publications = publicationsOf(chosen, message);
  let unheard = 0;
  for (const [index, { lasts, ...publication }] of publications.entries()) {
    const published = await publishMqtt(session, { ...publication, version, qos, retained: lasts && (retain ?? format === "fletchck"), id: index + 1, contentType: "application/json", user: { key: message.key } });
    if (published.kind === "failed") {
      const { code, sentence } = published.failure;
      if (published.answered && code === "auth") return { kind: "refused", reason: sentence };
      return { kind: "retry", reason: sentence, doubt: !published.answered || index > 0 };
    }
    if (published.code === NO_SUBSCRIBERS) unheard++;
  }
  const what = publications.length === 1 ? (publications[0]?.topic ?? "") : `${publications.length} topics below ${chosen.topic}`;
  return { kind: "sent", detail: `${session.peer} took ${what}${qos === 0 ? "" : ` at QoS ${qos}`}${unheard === 0 ? "" : `: ${mqttCodeName(NO_SUBSCRIBERS, "5")}`}` };
}

/** Publishes to an MQTT broker over a connection of its own. A subscriber tells a repeat by `key`, in the document and as a user property. */
export const mqtt: Channel<Options> = {
  type: "mqtt",
  about: "Publishes each message to a topic of an MQTT broker, as JSON or as Fletchck does",
  source: "OASIS MQTT 3.1.1 and MQTT 5.0, sections 3.1 to 3.7, 3.12 and 3.14",
  options,
  publishes: ({ format }) => format === "fletchck",
  recipients: () => [""],
  send: async (chosen, message, ctx) => {
    const opened = await openSession({ ...chosen, port: chosen.port ?? (chosen.tls === null ? 1883 : 8883) }, ctx);
    if (opened.kind === "failed") return { kind: "retry", reason: opened.failed.sentence, doubt: false };
    const { session } = opened;
    const refusal = await connectMqtt(session, chosen, {}, ctx.random);
    const sending: Sending = refusal === null ? await publishAll(session, chosen, message) : refusal.code === "auth" ? { kind: "refused", reason: refusal.sentence } : { kind: "retry", reason: refusal.sentence, doubt: false };
    session.dialogue.write(encodeDisconnect());
    session.dialogue.close();
    return sending;
  },
};
