import { expect, it } from "vitest";
import { probeContext } from "../../test/servers/context.ts";
import type { SensorReading } from "../sys/ports.ts";
import { temperature } from "./temperature.ts";

const problem = (options: object): string => {
  const parsed = temperature.options.safeParse(options);
  if (!parsed.success) return parsed.error.issues.map((issue) => issue.message).join("; ");
  return temperature.check?.(parsed.data)?.wrong ?? "";
};

it("names options that cannot be", () => {
  const web = { via: "web", host: "aaa.test" };
  const snmp = { via: "snmp", host: "aaa.test" };
  for (const fine of [{}, { sensor: "coretemp/temp1" }, { limit: -18 }, web, { ...web, sensor: 2, host: "::1" }, { ...snmp, preset: "ups" }, { ...snmp, preset: "entity", sensor: 1001 }, { ...snmp, oid: "1.3.6.1.4.1.1.0", version: 3, user: "u" }]) expect(problem(fine), JSON.stringify(fine)).toBe("");
  expect(problem({ host: "aaa.test" })).toBe("`host` is about another machine, and `via: local` asks this one");
  expect(problem({ user: "u" })).toBe("`user` is of SNMP, and the temperature is read `via: local`");
  expect(problem({ via: "web" })).toBe("`via: web` needs a `host`");
  expect(problem({ ...web, oid: "1.3.6" })).toBe("`oid` is of SNMP, and the temperature is read `via: web`");
  expect(problem({ ...web, community: "public" })).toBe("`community` is of SNMP, and the temperature is read `via: web`");
  expect(problem({ ...web, sensor: 17 })).toBe("`17` is no channel of a web sensor");
  expect(problem({ ...web, sensor: "kitchen" })).toBe("`kitchen` is no channel of a web sensor");
  expect(problem({ ...web, host: "a b" })).toBe("`a b` is no host name or address");
  expect(problem(snmp)).toBe("`via: snmp` needs a `preset` or an `oid`");
  expect(problem({ ...snmp, preset: "ups", oid: "1.3.6" })).toBe("`preset` and `oid` stand side by side");
  expect(problem({ ...snmp, preset: "entity" })).toBe("`preset: entity` is a table, and there is no `sensor`");
  expect(problem({ ...snmp, preset: "ups", sensor: 1 })).toBe("there is but one sensor by `ups`");
  expect(problem({ ...snmp, oid: "1.3.6", sensor: 1 })).toBe("there is but one sensor by `oid`");
  expect(problem({ ...snmp, preset: "lm-sensors", sensor: "cpu" })).toBe("`cpu` is no row of a table");
  expect(problem({ ...snmp, preset: "ups", version: 3 })).toBe("values are read as a user in version 3, and there is no `user`");
  expect(problem({ ...snmp, preset: "ups", user: "u" })).toBe("`user` is of version 3, and the version is 2c");
  expect(problem({ hysteresis: -1 })).not.toBe("");
});

it("names its target", () => {
  const target = (options: object): string => temperature.target(temperature.options.parse(options));
  expect([target({}), target({ via: "web", host: "aaa.test" }), target({ via: "snmp", host: "::1" })]).toEqual(["this host", "aaa.test:80", "[::1]:161"]);
});

/** This machine with such sensors. */
async function line(readings: readonly SensorReading[] | null, options: object = {}, failing = false): Promise<string> {
  const ctx = probeContext({ failing });
  const temperatures = () => Promise.resolve(readings === null ? ({ kind: "failed", failure: { code: "resources", sentence: "too slow" } } as const) : ({ kind: "told", readings } as const));
  const { verdict, code, sentence, facts } = await temperature.run(temperature.options.parse(options), { ...ctx, host: { ...ctx.host, temperatures } });
  return `${verdict} ${code} ${sentence}${"sensors" in facts ? ` ${JSON.stringify(facts)}` : ""}`;
}
const SENSORS = [{ name: "cpu", celsius: 47.1234 }, { name: "disk", celsius: 51 }, { name: "board", celsius: -1 }];

it("judges the hottest sensor of this machine, or the one that is named, with hysteresis", async () => {
  const facts = (celsius: number, sensor: string): string => JSON.stringify({ temperature: celsius, sensor, sensors: { cpu: 47.123, disk: 51, board: -1 } });
  expect(await line(SENSORS)).toBe(`down mismatch the temperature of disk is 51 °C, more than 50 °C ${facts(51, "disk")}`);
  expect(await line(SENSORS, { sensor: "cpu" })).toBe(`up ok the temperature of cpu is 47.1 °C ${facts(47.123, "cpu")}`);
  expect(await line(SENSORS, { limit: 52 }, true)).toBe(`down mismatch the temperature of disk is 51 °C, not yet below 50 °C again ${facts(51, "disk")}`);
  expect(await line(SENSORS, { limit: 52, hysteresis: 0 }, true)).toMatch(/^up ok /);
  expect(await line(SENSORS, { limit: -2, sensor: "board" })).toMatch(/^down mismatch the temperature of board is -1 °C, more than -2 °C /);
});

it("cannot tell where there is no sensor", async () => {
  expect(await line([])).toBe("unknown resources this machine tells no temperature: there is no sensor in /sys/class/hwmon and /sys/class/thermal, as in most virtual machines and containers");
  expect(await line(SENSORS, { sensor: "gpu" })).toBe("unknown resources this machine has no sensor `gpu`; it has cpu, disk, board");
  expect(await line(Array.from({ length: 300 }, (_, index) => ({ name: `s${index}`, celsius: 1 })), { sensor: "gpu" })).toMatch(/ s8, s9 and others$/);
  expect(await line(null)).toBe("unknown resources too slow");
  expect(await line([{ name: "cpu", celsius: -274 }])).toMatch(/^down mismatch the sensor of cpu is out of order: it says -274 °C/);
});
