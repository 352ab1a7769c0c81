import type { Facts } from "../core/types.ts";
import { printable } from "../dial/outcome.ts";
import { readSnmp } from "../dial/snmp.ts";
import type { SnmpBinding } from "../wire/snmp.ts";
import { isMissing } from "../wire/snmp-values.ts";
import { type TemperatureUnit, celsiusOf, parseTemperature } from "../wire/temperature.ts";
import type { ProbeContext } from "./probe.ts";
import type { Taken, TemperatureOptions } from "./temperature.ts";

export const SNMP_SENSORS = ["entity", "lm-sensors", "ups", "apc", "apc-probe"] as const;
type SnmpSensor = (typeof SNMP_SENSORS)[number];

/** A temperature, or what the sensor says instead. */
type Meant = { readonly celsius: number } | { readonly trouble: string };

interface Objects {
  /** Without the row, in the order in which `meaning` takes their values. */
  readonly oids: readonly string[];
  /** One row of a table, or the only one. */
  readonly table: boolean;
  readonly meaning: (values: readonly SnmpBinding[]) => Meant;
}

const plain = (oid: string, table: boolean, scale: number): Objects => ({ oids: [oid], table, meaning: ([value]) => measured(value, scale, "C") });

/** ENTITY-SENSOR-MIB (RFC 3433); LM-SENSORS-MIB, in thousandths; upsBatteryTemperature (RFC 1628); upsAdvBatteryTemperature and iemStatusProbes of PowerNet-MIB. */
const OBJECTS: { readonly [sensor in SnmpSensor]: Objects } = {
  entity: { oids: [1, 2, 3, 4, 5].map((column) => `1.3.6.1.2.1.99.1.1.1.${column}`), table: true, meaning: ofEntity },
  "lm-sensors": plain("1.3.6.1.4.1.2021.13.16.2.1.3", true, 0.001),
  ups: plain("1.3.6.1.2.1.33.1.2.7", false, 1),
  apc: plain("1.3.6.1.4.1.318.1.1.1.2.2.2", false, 1),
  "apc-probe": { oids: ["1.3.6.1.4.1.318.1.1.10.2.3.2.1.4", "1.3.6.1.4.1.318.1.1.10.2.3.2.1.5"], table: true, meaning: ([value, unit]) => measured(value, 1, unit?.value === 2 ? "F" : "C") },
};

export const isTable = (preset: SnmpSensor): boolean => OBJECTS[preset].table;

/** A number, or a text with or without a unit of its own. */
function measured(binding: SnmpBinding | undefined, scale: number, unit: TemperatureUnit): Meant {
  const value = binding?.value ?? "";
  const written = typeof value === "number" ? { value, unit: null } : parseTemperature(value);
  return written === null ? { trouble: `says \`${printable(String(value)).slice(0, 60)}\`, which is no temperature` } : { celsius: celsiusOf(written.value * scale, written.unit ?? unit) };
}

/** EntitySensorDataType, EntitySensorDataScale and EntitySensorStatus of RFC 3433, section 3. */
const TYPES = ["", "other", "unknown", "voltsAC", "voltsDC", "amperes", "watts", "hertz", "celsius", "percentRH", "rpm", "cmm", "truthvalue"];
const CELSIUS = TYPES.indexOf("celsius");
const STATUSES = ["", "ok", "unavailable", "nonoperational"];
/** `units`, without a power of ten; each step is a thousand. */
const UNITS = 9;
const SCALES = 17;
const PRECISION_MAX = 9;

function ofEntity(values: readonly SnmpBinding[]): Meant {
  const [type = 0, scale = 0, precision = 0, value = 0, status = 0] = values.map((binding) => (typeof binding.value === "number" ? binding.value : 0));
  if (type !== CELSIUS) return { trouble: `measures no degrees Celsius (${TYPES[type] ?? type})` };
  if (status !== 1) return { trouble: `is ${STATUSES[status] ?? status}` };
  if (scale < 1 || scale > SCALES || Math.abs(precision) > PRECISION_MAX) return { trouble: `has scale ${scale} and precision ${precision}, which RFC 3433 does not know` };
  // a negative precision tells how many digits can be trusted
  return { celsius: celsiusOf(value * 10 ** (3 * (scale - UNITS) - Math.max(0, precision)), "C") };
}

/** A temperature that an SNMP agent tells. */
export async function readOverSnmp(chosen: TemperatureOptions, ctx: ProbeContext): Promise<Taken> {
  const { host, port, preset, oid, scale, unit, sensor, family, source } = chosen;
  const whose = host ?? "";
  const { oids, meaning } = preset === null ? { oids: [oid ?? ""], meaning: ([value]: readonly SnmpBinding[]) => measured(value, scale, unit) } : OBJECTS[preset];
  const objects = preset === null ? oids : oids.map((column) => `${column}.${sensor ?? 0}`);
  const read = await readSnmp({ host: whose, port: port ?? 161, family, source }, chosen, objects, ctx);
  const { address } = read.facts;
  const facts: Facts = address === undefined ? {} : { address };
  const told = { phases: read.phases, facts, evidence: { "on the way": read.onTheWay, sent: read.sent, received: printable(read.received) } };
  if (read.kind === "failed") return { kind: "failed", ...read.failure, ...told };
  const missing = read.values.find(isMissing);
  if (missing !== undefined) return { kind: "failed", code: "mismatch", sentence: `${whose} has no such sensor: ${missing.type} (${missing.oid})`, ...told };
  const meant = meaning(read.values);
  if ("trouble" in meant) return { kind: "failed", code: "mismatch", sentence: `the sensor of ${whose} ${meant.trouble}`, ...told };
  return { kind: "taken", celsius: meant.celsius, whose, ...told };
}
