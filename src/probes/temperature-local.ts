import { printable, tenth } from "../dial/outcome.ts";
import { celsiusOf } from "../wire/temperature.ts";
import type { ProbeContext } from "./probe.ts";
import type { Taken, TemperatureOptions } from "./temperature.ts";

const LISTED_MAX = 10;
const SENSORS_MAX = 100;

/** This machine's hottest sensor, or the one that is named. That it has none says nothing about how warm it is. */
export async function readLocal({ sensor }: Pick<TemperatureOptions, "sensor">, ctx: ProbeContext): Promise<Taken> {
  const begun = ctx.clock.monotonic();
  const answer = await ctx.host.temperatures(ctx.signal);
  const phases = { ask: tenth(ctx.clock.monotonic() - begun) };
  const failed = (sentence: string): Taken => ({ kind: "failed", code: "resources", sentence, phases, facts: {}, evidence: {} });
  if (answer.kind === "failed") return { kind: "failed", ...answer.failure, phases, facts: {}, evidence: {} };
  const readings = answer.readings.map(({ name, celsius }) => ({ name: printable(name), celsius: celsiusOf(celsius, "C") }));
  const names = readings.map(({ name }) => name);
  if (readings.length === 0) return failed("this machine tells no temperature: there is no sensor in /sys/class/hwmon and /sys/class/thermal, as in most virtual machines and containers");
  const [hottest] = readings.toSorted((a, b) => b.celsius - a.celsius);
  const judged = sensor === null ? hottest : readings.find(({ name }) => name === sensor);
  if (judged === undefined) return failed(`this machine has no sensor \`${sensor}\`; it has ${names.slice(0, LISTED_MAX).join(", ")}${names.length > LISTED_MAX ? " and others" : ""}`);
  const listed = readings.slice(0, SENSORS_MAX);
  const facts = { sensor: judged.name, sensors: Object.fromEntries(listed.map(({ name, celsius }) => [name, celsius])) };
  return { kind: "taken", celsius: judged.celsius, whose: judged.name, phases, facts, evidence: { sensors: listed.map(({ name, celsius }) => `${name}: ${celsius} °C`).join("\n") } };
}
