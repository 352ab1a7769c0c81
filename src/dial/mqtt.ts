import type { Facts } from "../core/types.ts";
import type { Failure, Random } from "../sys/ports.ts";
import { type MqttPacket, type MqttPublish, type MqttVersion, decodeMqtt, encodeConnect, encodePing, encodePublish, encodePubrel, mqttCodeName, mqttFrame } from "../wire/mqtt.ts";
import type { Read } from "./dialogue.ts";
import type { Session } from "./session.ts";

/** One packet of a session; what is announced beyond that is not for us. */
const PACKET_MAX = 60_000;
/** The broker ends the session by itself if we are gone: 1.5 times that. */
const KEEP_ALIVE_S = 60;
/** Codes by which a broker refuses for who asks: of 3.1.1 below, of 5 above. */
const REFUSALS: ReadonlySet<number> = new Set([4, 5, 0x86, 0x87, 0x8a, 0x8c]);

/** Codes by which a broker refuses a message for good: not authorized, topic invalid, too large, payload invalid, no retained messages, no such QoS. */
const MESSAGE_REFUSALS: ReadonlySet<number> = new Set([0x87, 0x90, 0x95, 0x99, 0x9a, 0x9b]);
/** Packets that may come before the answer to a message. */
const PACKETS_MAX = 100;

export interface MqttLogin {
  readonly version: MqttVersion;
  readonly user: string | null;
  readonly password: string | null;
}

/** CONNECT and its answer, whose `code` and `codeName` are put into the facts. */
export async function connectMqtt(session: Session, { version, user, password }: MqttLogin, facts: Record<string, Facts[string]>, random: Random): Promise<Failure | null> {
  // A fixed name would throw out whoever has it, another run of ours as well. Up to 23 letters and digits every broker takes.
  const clientId = `tocsin${Buffer.from(random.bytes(8)).toString("hex")}`;
  session.dialogue.write(encodeConnect({ version, clientId, user, password, keepAliveS: KEEP_ALIVE_S }), `CONNECT ${version} ${clientId}${user === null ? "" : ` as ${user}`}\n`);
  const answer = await receiveMqtt(session, version, 2);
  if (answer.kind === "failed") return answer.failure;
  if (answer.value.kind !== "connack") return { code: "protocol", sentence: `the server sent ${answer.value.kind === "bad" ? answer.value.reason : `a ${answer.value.kind} packet`} before it accepted the connection` };
  const { code, reason } = answer.value;
  facts["code"] = code;
  facts["codeName"] = mqttCodeName(code, version);
  if (code === 0) return null;
  return { code: REFUSALS.has(code) ? "auth" : "status", sentence: `the broker refused the connection: ${mqttCodeName(code, version)} (${code})${reason === "" ? "" : `, ${reason.slice(0, 200)}`}` };
}

/** `answered`: it is the broker that said so, and it has not taken the message. Code `auth`: it never will. */
export type MqttPublished = { readonly kind: "taken"; readonly code: number } | { readonly kind: "failed"; readonly failure: Failure; readonly answered: boolean };

/** PUBLISH, and the exchange that its QoS asks for; at QoS 0 a ping behind it, which is answered in its turn. */
export async function publishMqtt(session: Session, publish: MqttPublish & { readonly qos: 0 | 1 | 2; readonly id: number }): Promise<MqttPublished> {
  const { version, topic, qos, id } = publish;
  session.dialogue.write(encodePublish(publish), `PUBLISH ${topic}\n`);
  if (qos === 0) session.dialogue.write(encodePing(), "PINGREQ\n");
  const said = (code: number, reason: string): MqttPublished => {
    const sentence = `the broker refused the message to ${topic}: ${mqttCodeName(code, version)} (${code})${reason === "" ? "" : `, ${reason.slice(0, 200)}`}`;
    return { kind: "failed", answered: true, failure: { code: MESSAGE_REFUSALS.has(code) ? "auth" : "status", sentence } };
  };
  let taken = 0;
  for (let packets = 0; packets < PACKETS_MAX; packets++) {
    const next = await receiveMqtt(session, version, null);
    if (next.kind === "failed") return { kind: "failed", failure: next.failure, answered: false };
    const { value } = next;
    if (value.kind === "bad") return { kind: "failed", failure: { code: "protocol", sentence: `the broker sent ${value.reason}` }, answered: false };
    if (value.kind === "disconnect") return MESSAGE_REFUSALS.has(value.code) ? said(value.code, value.reason) : { kind: "failed", failure: { code: "closed", sentence: `the broker ended the connection: ${mqttCodeName(value.code, "5")} (${value.code})` }, answered: false };
    if (qos === 0 && value.kind === "pingresp") return { kind: "taken", code: 0 };
    if ((value.kind !== "puback" && value.kind !== "pubrec" && value.kind !== "pubcomp") || value.id !== id) continue;
    if (value.code >= 0x80 && value.kind !== "pubcomp") return said(value.code, value.reason);
    if (value.kind === "pubrec") {
      taken = value.code;
      session.dialogue.write(encodePubrel(id), "PUBREL\n");
    } else if (value.kind === (qos === 1 ? "puback" : "pubcomp")) return { kind: "taken", code: qos === 1 ? value.code : taken };
  }
  return { kind: "failed", failure: { code: "too-large", sentence: `more than ${PACKETS_MAX} packets came from the broker` }, answered: false };
}

/** The next packet; `type`: the only one that may come, told before its announced length is waited for. */
export async function receiveMqtt({ dialogue }: Session, version: MqttVersion, type: number | null): Promise<Read<MqttPacket>> {
  const alien: Read<MqttPacket> = { kind: "failed", failure: { code: "protocol", sentence: "the server does not speak MQTT" } };
  const begun = await dialogue.take(2);
  if (begun.kind === "failed") return begun;
  let bytes = begun.value;
  if (type !== null && (bytes[0] ?? 0) >> 4 !== type) return alien;
  for (;;) {
    const frame = mqttFrame(bytes);
    if (frame.kind === "bad") return alien;
    if (frame.kind === "frame" && frame.total > PACKET_MAX) return { kind: "failed", failure: { code: "too-large", sentence: `the server announces a packet of ${frame.total} bytes` } };
    const left = frame.kind === "more" ? 1 : frame.total - bytes.length;
    if (left === 0) return { kind: "read", value: decodeMqtt(bytes, version) };
    const more = await dialogue.take(left);
    if (more.kind === "failed") return more;
    bytes = Buffer.concat([bytes, more.value]);
  }
}
