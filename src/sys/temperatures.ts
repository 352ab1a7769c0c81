import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { SensorReading } from "./ports.ts";

/** More than any machine has; a folder of files that somebody else wrote is not read without end. */
const DEVICES_MAX = 256;
const SENSORS_MAX = 128;

/**
 * The temperatures that Linux tells (Documentation/hwmon/sysfs-interface.rst, driver-api/thermal/sysfs-api.rst): of chips as `coretemp/Package id 0`,
 * of thermal zones by their type; `#2` and so on behind a name that came before. Sensors that are out of order are left out; empty where there are none.
 */
export async function readTemperatures(folder = "/sys/class"): Promise<readonly SensorReading[]> {
  const chips = await devices(join(folder, "hwmon"), /^hwmon\d+$/);
  const zones = await devices(join(folder, "thermal"), /^thermal_zone\d+$/);
  const read = [...(await Promise.all(chips.map(chipReadings))), ...(await Promise.all(zones.map(zoneReadings)))].flat();
  const seen = new Map<string, number>();
  return read.map(({ name, celsius }) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return { name: count === 1 ? name : `${name} #${count}`, celsius };
  });
}

async function devices(folder: string, pattern: RegExp): Promise<readonly string[]> {
  const names = (await namesIn(folder)).filter((name) => pattern.test(name));
  return names.sort(byNumber).slice(0, DEVICES_MAX).map((name) => join(folder, name));
}

const byNumber = (a: string, b: string): number => numberIn(a) - numberIn(b);
const numberIn = (name: string): number => Number(/\d+/.exec(name)?.[0] ?? 0);

async function chipReadings(folder: string): Promise<readonly SensorReading[]> {
  const chip = (await textOf(join(folder, "name"))) ?? "chip";
  const inputs = (await namesIn(folder)).filter((name) => /^temp\d+_input$/.test(name)).sort(byNumber).slice(0, SENSORS_MAX);
  const readings = inputs.map(async (input): Promise<readonly SensorReading[]> => {
    const sensor = input.replace(/_input$/, "");
    const [value, fault, label] = await Promise.all([textOf(join(folder, input)), textOf(join(folder, `${sensor}_fault`)), textOf(join(folder, `${sensor}_label`))]);
    return fault === "1" ? [] : reading(`${chip}/${label ?? sensor}`, value);
  });
  return (await Promise.all(readings)).flat();
}

async function zoneReadings(folder: string): Promise<readonly SensorReading[]> {
  const [type, value] = await Promise.all([textOf(join(folder, "type")), textOf(join(folder, "temp"))]);
  return reading(type ?? "zone", value);
}

/** Thousandths of a degree. */
const reading = (name: string, value: string | null): readonly SensorReading[] => (value !== null && /^-?\d{1,9}$/.test(value) ? [{ name, celsius: Number(value) / 1000 }] : []);

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

/** Null where there is none, and where the driver cannot read its chip just now. */
async function textOf(path: string): Promise<string | null> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.trim() === "" ? null : text.trim().slice(0, 100);
}
