import { z } from "zod";
import type { FailureCode, Facts, Phases } from "../core/types.ts";
import { judgeLevel } from "../dial/level.ts";
import { family, host, port, sourceAddress } from "../dial/options.ts";
import { evidenceOf, verdictOf } from "../dial/outcome.ts";
import { endpoint } from "../dial/service-options.ts";
import { oid, snmpOptions, snmpProblem } from "../dial/snmp-options.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";
import { readLocal } from "./temperature-local.ts";
import { SNMP_SENSORS, isTable, readOverSnmp } from "./temperature-snmp.ts";
import { readWeb } from "./temperature-web.ts";

/** What no sensor measures: broken ones say -9999, 9999 or 2147483647. */
const COLDEST = -273.15;
const HOTTEST = 5000;
const WEB_CHANNELS = 16;

const options = z.strictObject({
  via: z
    .enum(["local", "web", "snmp"])
    .default("local")
    .describe("How it is read. local: from a sensor of this machine (Linux: hwmon and thermal zones); web: from a Comet web sensor (GET /event.xml); snmp: from an SNMP agent, by `preset` or `oid`"),
  limit: z.number().min(COLDEST).max(HOTTEST).default(50).describe("The highest temperature that is well").meta({ unit: "°C" }),
  hysteresis: z.number().min(0).max(1000).default(2).describe("Once the check is down, the temperature must be more than this below `limit` to be well again").meta({ unit: "°C" }),
  sensor: z
    .union([z.number().int().min(0), z.string().trim().min(1).max(200)])
    .transform(String)
    .nullable()
    .default(null)
    .describe("Which sensor. local: its name as the fact `sensors` has it, by default the hottest; web: number of the channel, by default 1; snmp: row of the preset's table"),
  host: host().nullable().default(null).describe("web and snmp: host name or address of the sensor or agent"),
  port: port().nullable().default(null).describe("web: TCP port, by default 80; snmp: UDP port, by default 161"),
  preset: z.enum(SNMP_SENSORS).nullable().default(null).describe("snmp: where the temperature is. entity: ENTITY-SENSOR-MIB, with its scale and precision; lm-sensors: LM-SENSORS-MIB; ups: battery by UPS-MIB; apc: battery by PowerNet-MIB; apc-probe: external probe by PowerNet-MIB").meta({ source: "RFC 3433; RFC 1628, section 2.2" }),
  oid: oid().nullable().default(null).describe("snmp, instead of a preset: the object with the temperature, a number, or a text such as `23.4 °C`"),
  scale: z.number().positive().max(1000).default(1).describe("With `oid`: what the number is multiplied with, 0.1 for tenths, 0.001 for thousandths of a degree"),
  unit: z.enum(["C", "F"]).default("C").describe("With `oid`: unit of a number that comes without one, Celsius or Fahrenheit"),
  ...snmpOptions(),
  family: family(),
  source: sourceAddress(),
});
export type TemperatureOptions = z.output<typeof options>;

/** What a source told: the temperature, and whose it is, for sentences: `rack.example.com`, `coretemp/Package id 0`. */
export type Taken = { readonly phases: Phases; readonly facts: Facts; readonly evidence: { readonly [label: string]: string } } & (
  | { readonly kind: "taken"; readonly celsius: number; readonly whose: string }
  | { readonly kind: "failed"; readonly code: FailureCode; readonly sentence: string }
);

/** A temperature against a limit. Own exchanges: one GET, one SNMP request, or files of the system. */
export const temperature: Probe<TemperatureOptions> = {
  type: "temperature",
  about: "Reads a temperature, of this machine, a Comet web sensor or an SNMP agent, and fails when it is above a limit, with hysteresis",
  source: "Linux, hwmon and thermal sysfs interfaces; Comet web sensors, event.xml; RFC 3433 (ENTITY-SENSOR-MIB), RFC 1628 (UPS-MIB), LM-SENSORS-MIB, PowerNet-MIB",
  options,
  facts: {
    temperature: { unit: "°C", about: "The temperature; for a lower limit too: `temperature: \"> 5\"`" },
    sensor: { about: "local: the sensor that was judged" },
    sensors: { unit: "°C", about: "local: all sensors by name" },
    address: { about: "web and snmp: the address that answered" },
  },
  target: ({ via, host, port }) => (via === "local" || host === null ? "this host" : endpoint(host, port ?? (via === "web" ? 80 : 161))),
  check: problemOf,
  run,
};

type Problem = ReturnType<NonNullable<Probe<TemperatureOptions>["check"]>>;

function problemOf(chosen: TemperatureOptions): Problem {
  const { via, host, port, preset, oid } = chosen;
  if (via === "local") {
    const given = Object.entries({ host, port, preset, oid }).find(([, value]) => value !== null)?.[0];
    if (given !== undefined) return { path: [given], wrong: `\`${given}\` is about another machine, and \`via: local\` asks this one`, right: `write \`via: web\` or \`via: snmp\`, or leave ${given} out` };
    return snmpOptionsAstray(chosen);
  }
  if (host === null) return { path: ["host"], wrong: `\`via: ${via}\` needs a \`host\``, right: "add host" };
  return via === "web" ? webProblem(chosen, host) : snmpSensorProblem(chosen);
}

/** `user` and the like where no agent is asked. */
function snmpOptionsAstray({ via, community, user, authPassword, privacyPassword }: TemperatureOptions): Problem {
  const given = Object.entries({ community, user, authPassword, privacyPassword }).find(([, value]) => value !== null)?.[0];
  return given === undefined ? null : { path: [given], wrong: `\`${given}\` is of SNMP, and the temperature is read \`via: ${via}\``, right: `write \`via: snmp\`, or leave ${given} out` };
}

function webProblem(chosen: TemperatureOptions, host: string): Problem {
  const { preset, oid, sensor } = chosen;
  const given = preset !== null ? "preset" : oid !== null ? "oid" : null;
  if (given !== null) return { path: [given], wrong: `\`${given}\` is of SNMP, and the temperature is read \`via: web\``, right: `write \`via: snmp\`, or leave ${given} out` };
  if (sensor !== null && !(/^\d{1,2}$/.test(sensor) && Number(sensor) >= 1 && Number(sensor) <= WEB_CHANNELS)) return { path: ["sensor"], wrong: `\`${sensor}\` is no channel of a web sensor`, right: `write its number, 1 to ${WEB_CHANNELS}` };
  if (!URL.canParse(`http://${endpoint(host, 80)}/`)) return { path: ["host"], wrong: `\`${host}\` is no host name or address`, right: "write a name such as rack.example.com, or an address" };
  return snmpOptionsAstray(chosen);
}

function snmpSensorProblem(chosen: TemperatureOptions): Problem {
  const { preset, oid, sensor } = chosen;
  if ((preset === null) === (oid === null)) return { path: [preset === null ? "oid" : "preset"], wrong: preset === null ? "`via: snmp` needs a `preset` or an `oid`" : "`preset` and `oid` stand side by side", right: "write one of them" };
  const table = preset !== null && isTable(preset);
  if (table && sensor === null) return { path: ["sensor"], wrong: `\`preset: ${preset}\` is a table, and there is no \`sensor\``, right: "write the row: sensor: 1" };
  if (!table && sensor !== null) return { path: ["sensor"], wrong: `there is but one sensor by \`${preset ?? "oid"}\``, right: "leave sensor out" };
  if (sensor !== null && !/^\d{1,10}$/.test(sensor)) return { path: ["sensor"], wrong: `\`${sensor}\` is no row of a table`, right: "write its number: sensor: 1" };
  if (chosen.version === 3 && chosen.user === null) return { path: ["user"], wrong: "values are read as a user in version 3, and there is no `user`", right: "add user" };
  return snmpProblem(chosen);
}

async function run(chosen: TemperatureOptions, ctx: ProbeContext): Promise<Outcome> {
  const taken = await (chosen.via === "local" ? readLocal(chosen, ctx) : chosen.via === "web" ? readWeb(chosen, ctx) : readOverSnmp(chosen, ctx));
  const { phases } = taken;
  const evidence = evidenceOf(taken.evidence);
  if (taken.kind === "failed") return { verdict: verdictOf(taken.code), code: taken.code, sentence: taken.sentence, phases, facts: taken.facts, evidence };
  const { celsius, whose } = taken;
  if (celsius < COLDEST || celsius > HOTTEST) return { verdict: "down", code: "mismatch", sentence: `the sensor of ${whose} is out of order: it says ${celsius} °C`, phases, facts: taken.facts, evidence };
  const facts = { temperature: celsius, ...taken.facts };
  const { limit, hysteresis } = chosen;
  return { ...judgeLevel({ value: celsius, level: limit, hysteresis, failing: ctx.failing ?? false, what: `the temperature of ${whose}`, unit: "°C" }), phases, facts, evidence };
}
