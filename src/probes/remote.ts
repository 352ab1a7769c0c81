import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { connectMqtt, receiveMqtt } from "../dial/mqtt.ts";
import { duration } from "../dial/options.ts";
import { decoded, printable, verdictOf } from "../dial/outcome.ts";
import { connectionFacts, credentials, endpoint, serviceOptions } from "../dial/service-options.ts";
import { type Session, openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { encodeDisconnect, encodeSubscribe, isTopicFilter, mqttCodeName, topicMatches } from "../wire/mqtt.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  ...serviceOptions(),
  ...credentials(),
  version: z.enum(["3.1.1", "5"]).default("3.1.1").describe("Version of the protocol to speak").meta({ source: "OASIS MQTT 3.1.1 and 5.0, section 3.1" }),
  topic: z.string().regex(/^[^\0]{1,1000}$/, "write 1 to 1000 signs").describe("Topic on which the other place publishes the check's state, retained; with `name` several, by + and #").meta({ source: "OASIS MQTT 3.1.1, section 4.7.1" }),
  name: z.string().min(1).max(500).nullable().default(null).describe("Name of the check there: of what comes on the topics, only its state counts"),
  within: duration().nullable().default(null).describe("The other place's last check must not be longer ago than that; without it, the last known state counts for ever"),
});
type Options = z.output<typeof options>;

/** Messages that may come before the state. */
const PACKETS_MAX = 10_000;
/** With a name: what all the others on the topics may take. */
const OTHERS_MAX = 4 * 1024 * 1024;
const SUBSCRIPTION = 1;

const MESSAGE = z.object({
  name: z.string().nullish(),
  type: z.string().nullish(),
  data: z.object({
    // Of a sequence: which of its checks fail.
    failState: z.union([z.boolean(), z.string()]),
    failCount: z.number().nullish(),
    softFail: z.union([z.string(), z.boolean()]).nullish(),
    log: z.array(z.string()).nullish(),
    level: z.union([z.number(), z.string()]).nullish(),
    lastCheck: z.string().nullish(),
    lastUpdate: z.string().nullish(),
  }),
});
type State = z.output<typeof MESSAGE>;

/** The state of a check that another place publishes. The exchange is that of `mqtt`, ours for the same reasons. */
export const remote: Probe<Options> = {
  type: "remote",
  about: "Reads the state of a check of another place, which Fletchck publishes to an MQTT broker, and takes it over",
  source: "Fletchck 1.1, MQTT messages {name, type, data}; OASIS MQTT 3.1.1 and 5.0",
  options,
  facts: {
    state: { about: "pass or fail, as the other place says" },
    name: { about: "Name of the check there" },
    kind: { about: "Its type there" },
    failCount: { number: true, about: "Runs that failed there in a row" },
    softFail: { about: "What it depends on there and is down, so that it is not checked" },
    level: { about: "What was measured there" },
    log: { about: "Last line of what the other place says" },
    age: { unit: "s", about: "How long ago it was checked there" },
    ...connectionFacts,
  },
  target: (chosen) => endpoint(chosen.host, portOf(chosen)),
  check: ({ user, password, topic, name }) => {
    if (user === null && password !== null) return { path: ["user"], wrong: "there is a password, but no user to log in as", right: "write both, or neither" };
    const several = /[+#]/.test(topic);
    if (several && name === null) return { path: ["topic"], wrong: "a topic with + or # has the states of many checks", right: "add `name`, the check's name there" };
    return several && !isTopicFilter(topic) ? { path: ["topic"], wrong: "+ and # stand for whole levels, and # for the last ones", right: "write a/+/b or a/#" } : null;
  },
  run,
};

const portOf = ({ port, tls }: Options): number => port ?? (tls === null ? 1883 : 8883);

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const opened = await openSession({ ...chosen, port: portOf(chosen), ...(chosen.name === null ? {} : { totalMax: OTHERS_MAX }) }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const refused = await session.timed("login", () => connectMqtt(session, chosen, {}, ctx.random));
  const heard: Heard = refused === null ? await session.timed("topic", () => hear(session, chosen)) : { kind: "failed", failure: refused };
  session.dialogue.write(encodeDisconnect(), "DISCONNECT\n");
  session.dialogue.close();
  const seen = (facts: Facts) => ({ phases: session.phases, facts: { ...session.facts, ...facts }, evidence: session.evidence });
  if (heard.kind === "failed") return { verdict: verdictOf(heard.failure.code), ...heard.failure, ...seen({}) };
  const facts = factsOf(heard.state, ctx.clock.now());
  const name = printable(heard.state.name ?? chosen.topic).slice(0, 200);
  const failure = judged(facts, name, chosen);
  if (failure !== null) return { verdict: "down", ...failure, ...seen(facts) };
  return { verdict: "up", code: "ok", sentence: `${name} passes there`, ...seen(facts) };
}

type Heard = { readonly kind: "heard"; readonly state: State } | { readonly kind: "failed"; readonly failure: Failure };

async function hear(session: Session, { version, topic, name }: Options): Promise<Heard> {
  const failed = (code: Failure["code"], sentence: string): Heard => ({ kind: "failed", failure: { code, sentence } });
  session.dialogue.write(encodeSubscribe(version, SUBSCRIPTION, topic), `SUBSCRIBE ${topic}\n`);
  let granted = false;
  for (let packets = 0; packets < PACKETS_MAX; packets++) {
    const next = await receiveMqtt(session, version, null);
    if (next.kind === "failed") return granted && next.failure.code === "timeout" ? failed("missed", `there is no state ${name === null ? "" : `of ${name} `}on ${topic}: nobody published one, or it was not retained`) : next;
    const { value } = next;
    if (value.kind === "bad") return failed("protocol", `the broker sent ${value.reason}`);
    if (value.kind === "disconnect") return failed("closed", `the broker ended the connection: ${mqttCodeName(value.code, "5")} (${value.code})`);
    if (value.kind === "suback" && value.id === SUBSCRIPTION) {
      if (value.code >= 0x80) return failed(value.code === 0x80 || value.code === 0x87 ? "auth" : "status", `the broker refused the subscription to ${topic}: ${mqttCodeName(value.code, version)} (${value.code})`);
      granted = true;
    }
    if (value.kind !== "publish" || !topicMatches(topic, value.topic)) continue;
    const text = decoded(value.payload);
    const read = MESSAGE.safeParse(parsed(text));
    // Others share the topics, and what they say is for others.
    if (name !== null && read.data?.name !== name) continue;
    return read.success ? { kind: "heard", state: read.data } : failed("protocol", `the message on ${topic} is no state of a check: ${printable(text).slice(0, 80)}`);
  }
  return failed("too-large", `more than ${PACKETS_MAX} packets came from the broker`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function factsOf({ name, type, data }: State, now: number): Facts {
  const { failState, failCount, softFail, log, level, lastCheck, lastUpdate } = data;
  const checked = Date.parse(lastCheck ?? lastUpdate ?? "");
  const said = log?.at(-1);
  const given = { name, kind: type, failCount, softFail: softFail === false ? null : softFail, level, log: said === undefined ? null : printable(said).slice(0, 500) };
  const facts = Object.entries(given).flatMap(([fact, value]) => (value === null || value === undefined ? [] : [[fact, value] as const]));
  return { state: failState === false || failState === "" ? "pass" : "fail", ...Object.fromEntries(facts), ...(Number.isNaN(checked) ? {} : { age: Math.round((now - checked) / 1000) }) };
}

function judged({ state, age, log, softFail }: Facts, name: string, { within }: Options): Failure | null {
  if (within !== null) {
    if (typeof age !== "number") return { code: "protocol", sentence: `the state of ${name} does not say when it was checked` };
    if (age * 1000 > within) return { code: "missed", sentence: `${name} was last checked ${age} s ago, which is longer than ${within / 1000} s` };
  }
  if (state === "pass") return null;
  const why = typeof softFail === "string" ? `, held back by ${printable(softFail).slice(0, 100)}` : typeof log === "string" ? `: ${log.slice(0, 200)}` : "";
  return { code: "status", sentence: `${name} fails there${why}` };
}
