import { z } from "zod";
import type { Facts } from "../core/types.ts";
import type { Read } from "../dial/dialogue.ts";
import { family, host, port, sourceAddress } from "../dial/options.ts";
import { verdictOf } from "../dial/outcome.ts";
import { endpoint } from "../dial/service-options.ts";
import { type Session, openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { parseNutLine } from "../wire/nut.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const words = () => z.array(z.string().regex(/^[A-Z]+$/, "status words are of capital letters: OB")).max(20);

const options = z.strictObject({
  host: host().default("localhost").describe("Host name or address of the machine that upsd runs on"),
  port: port().default(3493).describe("TCP port of upsd"),
  ups: z.string().regex(/^[^\s"\\]{1,200}$/, "a name without blanks and quotes is wanted").default("ups").describe("Name of the UPS, as in ups.conf"),
  downOn: words().default(["FSD", "OFF", "LB"]).describe("Status words with which it is down: FSD (forced shutdown), OFF, LB (low battery), ...").meta({ source: "RFC 9271, section 5.1" }),
  degradedOn: words().default(["OB", "RB", "BYPASS", "OVER", "ALARM"]).describe("Status words with which it is degraded: OB (on battery), RB (replace battery), BYPASS, OVER (overloaded), ..."),
  family: family(),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;

/** What the words mean, for the sentence. */
const MEANINGS: { readonly [word: string]: string } = { OB: "on battery", LB: "low battery", RB: "replace the battery", BYPASS: "bypassed", OVER: "overloaded", FSD: "shutting down", OFF: "off", ALARM: "alarm", CAL: "calibrating", TRIM: "trimming", BOOST: "boosting", CHRG: "charging", DISCHRG: "discharging", OL: "on line" };
/** How it is fed: without any of these the driver knows nothing. */
const FEEDS: ReadonlySet<string> = new Set(["OL", "OB", "BYPASS"]);

const NUMBERS: readonly (readonly [fact: string, variable: string])[] = [
  ["charge", "battery.charge"],
  ["runtime", "battery.runtime"],
  ["batteryVoltage", "battery.voltage"],
  ["load", "ups.load"],
  ["temperature", "ups.temperature"],
  ["voltage", "input.voltage"],
];

/** A UPS behind NUT's upsd. An exchange of our own: two lines of text; nobody logs in, for that would count as a machine that the UPS feeds. */
export const ups: Probe<Options> = {
  type: "ups",
  about: "Asks NUT (upsd) for the state of an uninterruptible power supply: fed by the mains, on battery, battery low",
  source: "RFC 9271, sections 4.2 and 5.1",
  options,
  facts: {
    status: { about: "Status words, as the driver tells them: `OL CHRG`" },
    charge: { unit: "%", about: "Charge of the battery" },
    runtime: { unit: "s", about: "How long the battery lasts at this load" },
    batteryVoltage: { unit: "V", about: "Voltage of the battery" },
    load: { unit: "%", about: "Load, of what it can feed" },
    temperature: { unit: "°C", about: "Temperature of the UPS" },
    voltage: { unit: "V", about: "Voltage of the mains" },
    model: { about: "Maker and model" },
    address: { about: "The address that answered" },
  },
  target: (chosen) => endpoint(chosen.host, chosen.port),
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const opened = await openSession({ ...chosen, tls: null }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const listed = await session.timed("answer", () => list(session, chosen.ups));
  await session.leave("LOGOUT\n", () => session.dialogue.line());
  const { phases, evidence } = session;
  if (listed.kind === "failed") return { verdict: verdictOf(listed.failure.code), ...listed.failure, phases, facts: session.facts, evidence };
  return { ...judge(chosen, listed.value.get("ups.status") ?? ""), phases, facts: { ...session.facts, ...factsOf(listed.value) }, evidence };
}

/** All variables of a UPS: the status is among them, and what else it tells costs no further question. */
async function list(session: Session, name: string): Promise<Read<ReadonlyMap<string, string>>> {
  const failed = (failure: Failure): Read<never> => ({ kind: "failed", failure });
  session.dialogue.write(`LIST VAR ${name}\n`);
  const variables = new Map<string, string>();
  for (let begun = false; ; ) {
    const line = await session.dialogue.line();
    if (line.kind === "failed") return line;
    const read = parseNutLine(line.value);
    if (read.kind === "error" && !begun) return failed(refusal(read.word, name));
    if (read.kind === "begin" && !begun) begun = true;
    else if (read.kind === "end" && begun) return { kind: "read", value: variables };
    else if (read.kind === "variable" && begun) variables.set(read.name, read.value);
    else return failed({ code: "protocol", sentence: `the server does not speak the protocol of NUT: ${line.value.slice(0, 80)}` });
  }
}

function refusal(word: string, name: string): Failure {
  if (word === "UNKNOWN-UPS") return { code: "mismatch", sentence: `the server knows no UPS called ${name}` };
  if (word === "ACCESS-DENIED") return { code: "auth", sentence: "the server does not tell this machine anything (ACCESS-DENIED)" };
  if (word === "DRIVER-NOT-CONNECTED") return { code: "status", sentence: `the driver of ${name} does not run (DRIVER-NOT-CONNECTED)` };
  if (word === "DATA-STALE") return { code: "status", sentence: `the driver of ${name} has lost its UPS (DATA-STALE)` };
  return { code: "status", sentence: `the server refused to tell of ${name}: ${word}` };
}

function judge({ ups: name, downOn, degradedOn }: Options, status: string): Pick<Outcome, "verdict" | "code" | "sentence"> {
  const all = status.split(" ").filter((word) => word !== "");
  const told = (those: readonly string[]): string => `${name} is ${those.map((word) => (MEANINGS[word] === undefined ? word : `${MEANINGS[word]} (${word})`)).join(", ")}`;
  const bad = all.filter((word) => downOn.includes(word));
  if (bad.length > 0) return { verdict: "down", code: "status", sentence: told(bad) };
  if (!all.some((word) => FEEDS.has(word))) return { verdict: "down", code: "status", sentence: status === "" ? `${name} tells no status` : `${name} does not tell how it is fed: ${status.slice(0, 80)}` };
  const poor = all.filter((word) => degradedOn.includes(word));
  return poor.length > 0 ? { verdict: "degraded", code: "warned", sentence: told(poor) } : { verdict: "up", code: "ok", sentence: told(all) };
}

function factsOf(variables: ReadonlyMap<string, string>): Facts {
  const numbers = NUMBERS.flatMap(([fact, variable]): readonly [string, number][] => {
    const text = variables.get(variable) ?? "";
    return /^-?\d{1,12}(\.\d{1,6})?$/.test(text) ? [[fact, Number(text)]] : [];
  });
  const model = [variables.get("ups.mfr") ?? variables.get("device.mfr"), variables.get("ups.model") ?? variables.get("device.model")].filter((part) => part !== undefined).join(" ");
  return { status: variables.get("ups.status") ?? "", ...Object.fromEntries(numbers), ...(model === "" ? {} : { model: model.slice(0, 200) }) };
}
