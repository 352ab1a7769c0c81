import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { connectMqtt, receiveMqtt } from "../dial/mqtt.ts";
import { type Expected, expected } from "../dial/options.ts";
import { decoded, printable, verdictOf } from "../dial/outcome.ts";
import { connectionFacts, credentials, endpoint, serviceOptions } from "../dial/service-options.ts";
import { type Session, openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { encodeDisconnect, encodePublish, encodeSubscribe, mqttCodeName } from "../wire/mqtt.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  ...serviceOptions(),
  ...credentials(),
  version: z.enum(["3.1.1", "5"]).default("3.1.1").describe("Version of the protocol to speak").meta({ source: "OASIS MQTT 3.1.1 and 5.0, section 3.1" }),
  topic: z.string().min(1).max(1000).nullable().default(null).describe("Topic to subscribe to; without `message` or `loop` it is enough that the broker grants it").meta({ source: "section 3.8" }),
  message: expected().nullable().default(null).describe("What the first message of the topic must have, a retained one or a new one: a text, or /a regular expression/"),
  loop: z.boolean().default(false).describe("Publishes a message of its own to the topic, not retained, and waits until it comes back"),
});
type Options = z.output<typeof options>;

/** Messages of others that may come before our own. */
const PACKETS_MAX = 1000;
const MESSAGE_MAX = 512;
const SUBSCRIPTION = 1;

/** An MQTT broker. An exchange of our own: clients of MQTT reconnect and keep sessions, and hide the broker's codes and the phases. */
export const mqtt: Probe<Options> = {
  type: "mqtt",
  about: "Connects to an MQTT broker, with login and TLS if wanted, and reads a topic or sends a message around",
  source: "OASIS MQTT 3.1.1 and MQTT 5.0, sections 3.1 to 3.3, 3.8, 3.9 and 3.14",
  options,
  facts: {
    code: { number: true, about: "Return or reason code of CONNACK: 0 for accepted" },
    codeName: { about: "Its name: accepted, not authorized, server busy, ..." },
    message: { about: "With `message`: what came, at most 512 characters" },
    retained: { about: "With `message`: whether it was retained by the broker" },
    ...connectionFacts,
  },
  target: (chosen) => endpoint(chosen.host, portOf(chosen)),
  check({ user, password, topic, message, loop }) {
    if (user === null && password !== null) return { path: ["user"], wrong: "there is a password, but no user to log in as", right: "write both, or neither" };
    if (topic === null && (message !== null || loop)) return { path: ["topic"], wrong: "there is no topic to hear a message on", right: "add topic: some/topic" };
    if (message !== null && loop) return { path: ["loop"], wrong: "`loop` waits for its own message, and `message` for another one", right: "write one of them" };
    if (topic !== null && (message !== null || loop) && /[+#]/.test(topic)) return { path: ["topic"], wrong: "a topic with + or # has many messages, and one is waited for", right: "name one topic without + and #" };
    return null;
  },
  run,
};

const portOf = ({ port, tls }: Options): number => port ?? (tls === null ? 1883 : 8883);

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const opened = await openSession({ ...chosen, port: portOf(chosen) }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const facts: Record<string, Facts[string]> = {};
  let failure = await session.timed("login", () => connectMqtt(session, chosen, facts, ctx.random));
  const { topic } = chosen;
  if (failure === null && topic !== null) failure = await session.timed("topic", () => hear(session, topic, chosen, facts, ctx));
  session.dialogue.write(encodeDisconnect(), "DISCONNECT\n");
  session.dialogue.close();
  const seen = { phases: session.phases, facts: { ...session.facts, ...facts }, evidence: session.evidence };
  if (failure !== null) return { verdict: verdictOf(failure.code), ...failure, ...seen };
  const more = topic === null ? "" : chosen.loop ? `, and a message on ${topic} came back` : chosen.message === null ? `, and ${topic} can be subscribed to` : `, and ${topic} has the message`;
  return { verdict: "up", code: "ok", sentence: `${session.peer} accepted the connection${more}`, ...seen };
}

async function hear(session: Session, topic: string, { version, message, loop }: Options, facts: Record<string, Facts[string]>, ctx: ProbeContext): Promise<Failure | null> {
  session.dialogue.write(encodeSubscribe(version, SUBSCRIPTION, topic), `SUBSCRIBE ${topic}\n`);
  const own = loop ? `tocsin ${hex(ctx, 16)}` : null;
  let granted = false;
  for (let packets = 0; packets < PACKETS_MAX; packets++) {
    const next = await receiveMqtt(session, version, null);
    if (next.kind === "failed") return granted && next.failure.code === "timeout" ? { code: "timeout", sentence: `${loop ? "the own message did not come back" : "no message came"} on ${topic} in time` } : next.failure;
    const { value } = next;
    if (value.kind === "bad") return { code: "protocol", sentence: `the broker sent ${value.reason}` };
    if (value.kind === "disconnect") return { code: "closed", sentence: `the broker ended the connection: ${mqttCodeName(value.code, "5")} (${value.code})${value.reason === "" ? "" : `, ${value.reason.slice(0, 200)}`}` };
    if (value.kind === "suback" && value.id === SUBSCRIPTION) {
      if (value.code >= 0x80) return { code: value.code === 0x80 || value.code === 0x87 ? "auth" : "status", sentence: `the broker refused the subscription to ${topic}: ${mqttCodeName(value.code, version)} (${value.code})` };
      granted = true;
      if (message === null && own === null) return null;
      if (own !== null) session.dialogue.write(encodePublish({ version, topic, payload: own }), `PUBLISH ${topic} ${own}\n`);
    }
    if (value.kind !== "publish" || value.topic !== topic) continue;
    const text = decoded(value.payload);
    if (own !== null && text === own) return null;
    if (message === null) continue;
    facts["message"] = printable(text.slice(0, MESSAGE_MAX));
    facts["retained"] = value.retained;
    return judged(message, text, topic, ctx);
  }
  return { code: "too-large", sentence: `more than ${PACKETS_MAX} packets came from the broker` };
}

function judged(wanted: Expected, text: string, topic: string, ctx: ProbeContext): Failure | null {
  const found = wanted.kind === "text" ? text.includes(wanted.text) : ctx.patterns.match(wanted.pattern, text);
  if (found === "slow") return { code: "pattern-slow", sentence: "the pattern takes too long on this message" };
  if (found !== null && found !== false) return null;
  const shown = wanted.kind === "text" ? JSON.stringify(wanted.text) : `/${wanted.pattern.source}/${wanted.pattern.flags}`;
  return { code: "mismatch", sentence: `the message on ${topic} has no ${shown}: ${printable(text).slice(0, 80)}` };
}

const hex = (ctx: ProbeContext, count: number): string => Buffer.from(ctx.random.bytes(count)).toString("hex");
