import { z } from "zod";
import { formatDuration } from "../core/time.ts";
import type { FactValue, Facts } from "../core/types.ts";
import { family, host, port, sourceAddress } from "../dial/options.ts";
import { evidenceOf, printable, verdictOf } from "../dial/outcome.ts";
import { endpoint } from "../dial/service-options.ts";
import { readSnmp } from "../dial/snmp.ts";
import { oid, snmpOptions, snmpProblem } from "../dial/snmp-options.ts";
import type { SnmpBinding } from "../wire/snmp.ts";
import { isMissing } from "../wire/snmp-values.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const OIDS_MAX = 64;
const TEXT_MAX = 512;
const LISTED_MAX = 3;
/** Names that conditions know otherwise. */
const TAKEN = ["address", "engine", "boots", "latency", "phase"];
const SYS_UPTIME = [{ name: "uptime", oid: "1.3.6.1.2.1.1.3.0" }];

/** An object and the fact that its value becomes. */
interface Wanted {
  readonly name: string;
  readonly oid: string;
}

const factName = () =>
  z
    .string()
    .regex(/^[A-Za-z][\w-]{0,63}$/, "a name of a fact is made of letters, digits, _ and -, and begins with a letter")
    .refine((name) => !TAKEN.includes(name), { error: "this name is another fact's", params: { right: `choose one that is not ${TAKEN.join(", ")}` } });

const options = z.strictObject({
  host: host().describe("Host name or address of the agent"),
  port: port().default(161).describe("UDP port").meta({ source: "RFC 3417, section 3.1" }),
  ...snmpOptions(),
  oids: z
    .union([oid(), z.array(oid()).min(1).max(OIDS_MAX), z.record(factName(), oid()).refine((named) => Object.keys(named).length >= 1 && Object.keys(named).length <= OIDS_MAX, `1 to ${OIDS_MAX} are asked for`)])
    .transform((value): readonly Wanted[] => {
      if (typeof value === "object" && !Array.isArray(value)) return Object.entries(value).map(([name, oid]) => ({ name, oid }));
      return [...new Set([value].flat())].map((oid) => ({ name: oid, oid }));
    })
    .nullable()
    .default(null)
    .describe("Numeric OIDs to read, with their indexes: one, a list, or {NAME: OID}. Each must have a value, which is a fact under its name, or under the OID itself: `expect: {load: \"< 5\"}`; TimeTicks are seconds, octets that are no text hexadecimal (`00:1b:21`), numbers beyond 2^53 text. By default `uptime` is sysUpTime.0"),
  family: family(),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;

const wanted = ({ version, user, oids }: Options): readonly Wanted[] => oids ?? (version === 3 && user === null ? [] : SYS_UPTIME);

/** SNMP: the agent answers with a value for each object. An exchange of our own: a library would hide reports, levels and retransmissions, and brings MIBs. */
export const snmp: Probe<Options> = {
  type: "snmp",
  about: "Reads values from an SNMP agent (versions 1, 2c and 3, signed and encrypted if wanted), each a fact for conditions; version 3 without a user only looks whether it is there",
  source: "RFC 1157; RFC 1901; RFC 3416, section 4.2.1; RFC 3412 and 3414 (version 3), RFC 7860 (SHA-2), RFC 3826 (AES)",
  options,
  facts: {
    uptime: { unit: "s", about: "Without `oids`: time since the agent started (sysUpTime), which begins anew after 497 days" },
    address: { about: "The address that answered" },
    engine: { about: "Version 3: the engine's id, hexadecimal" },
    boots: { number: true, about: "Version 3: how often the engine started" },
  },
  named: ({ oids }) => (oids ?? []).map(({ name }) => name),
  target: ({ host, port }) => endpoint(host, port),
  check(chosen) {
    if (chosen.version === 3 && chosen.user === null && chosen.oids !== null) return { path: ["user"], wrong: "values are read as a user in version 3, and there is no `user`", right: "add user, or leave oids out, to look only whether the engine is there" };
    return snmpProblem(chosen);
  },
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const { host, port, family, source } = chosen;
  const objects = wanted(chosen);
  const read = await readSnmp({ host, port, family, source }, chosen, [...new Set(objects.map(({ oid }) => oid))], ctx);
  const evidence = evidenceOf({ "on the way": read.onTheWay, sent: read.sent, received: printable(read.received) });
  if (read.kind === "failed") return { verdict: verdictOf(read.failure.code), ...read.failure, phases: read.phases, facts: read.facts, evidence };
  const values = new Map(read.values.map((binding) => [binding.oid, binding]));
  const found = objects.flatMap(({ name, oid }) => {
    const binding = values.get(oid);
    return binding === undefined ? [] : [{ name, binding }];
  });
  const facts: Facts = { ...read.facts, ...Object.fromEntries(found.filter(({ binding }) => !isMissing(binding)).map(({ name, binding }) => [name, factOf(binding)])) };
  return { ...judged(found, `${host} port ${port}`, read.facts), phases: read.phases, facts, evidence };
}

const factOf = ({ value }: SnmpBinding): FactValue => (typeof value === "string" ? value.slice(0, TEXT_MAX) : value);

function judged(found: readonly { readonly name: string; readonly binding: SnmpBinding }[], peer: string, { engine }: Facts): Pick<Outcome, "verdict" | "code" | "sentence"> {
  const listed = (all: readonly string[]): string => `${all.slice(0, LISTED_MAX).join(", ")}${all.length > LISTED_MAX ? ` and ${all.length - LISTED_MAX} more` : ""}`;
  const missing = found.filter(({ binding }) => isMissing(binding)).map(({ name, binding: { oid, type } }) => (name === oid ? `${oid} (${type})` : `${name} (${oid}: ${type})`));
  if (missing.length > 0) return { verdict: "down", code: "mismatch", sentence: `${peer} has no ${listed(missing)}` };
  const told = found.length === 0 ? `is there, engine ${typeof engine === "string" ? engine : ""}` : `says: ${listed(found.map(({ name, binding }) => `${name} ${shown(binding)}`))}`;
  return { verdict: "up", code: "ok", sentence: `${peer} ${told}` };
}

function shown({ type, value }: SnmpBinding): string {
  if (type === "TimeTicks" && typeof value === "number") return formatDuration(value * 1000);
  return printable(String(value)).slice(0, 60);
}
