import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { realHost } from "./host.ts";
import { readTemperatures } from "./temperatures.ts";

const root = mkdtempSync(join(tmpdir(), "tocsin-sys-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Files as the kernel shows them. */
function machine(name: string, files: { readonly [path: string]: string }): string {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), `${text}\n`);
  }
  return folder;
}

test("sensors of chips and zones, in the order of their numbers", async () => {
  const folder = machine("laptop", {
    "hwmon/hwmon10/name": "nvme",
    "hwmon/hwmon10/temp1_input": "38850",
    "hwmon/hwmon10/temp1_label": "Composite",
    "hwmon/hwmon2/name": "coretemp",
    "hwmon/hwmon2/temp1_input": "47000",
    "hwmon/hwmon2/temp1_label": "Package id 0",
    "hwmon/hwmon2/temp10_input": "45000",
    "hwmon/hwmon2/temp2_input": "44000",
    "hwmon/hwmon2/temp2_max": "100000",
    "hwmon/hwmon2/fan1_input": "2000",
    "thermal/thermal_zone0/type": "acpitz",
    "thermal/thermal_zone0/temp": "-5000",
    "thermal/cooling_device0/type": "Fan",
  });
  expect(await readTemperatures(folder)).toEqual([
    { name: "coretemp/Package id 0", celsius: 47 },
    { name: "coretemp/temp2", celsius: 44 },
    { name: "coretemp/temp10", celsius: 45 },
    { name: "nvme/Composite", celsius: 38.85 },
    { name: "acpitz", celsius: -5 },
  ]);
});

test("names that come again are numbered", async () => {
  const folder = machine("twins", { "hwmon/hwmon0/name": "nvme", "hwmon/hwmon0/temp1_input": "1000", "hwmon/hwmon1/name": "nvme", "hwmon/hwmon1/temp1_input": "2000", "thermal/thermal_zone0/temp": "3000", "thermal/thermal_zone1/temp": "4000" });
  expect((await readTemperatures(folder)).map(({ name }) => name)).toEqual(["nvme/temp1", "nvme/temp1 #2", "zone", "zone #2"]);
});

test("sensors that are out of order are left out", async () => {
  const folder = machine("broken", { "hwmon/hwmon0/name": "k10temp", "hwmon/hwmon0/temp1_input": "99000", "hwmon/hwmon0/temp1_fault": "1", "hwmon/hwmon0/temp2_input": "40000", "hwmon/hwmon0/temp2_fault": "0", "hwmon/hwmon0/temp3_input": "", "hwmon/hwmon0/temp4_input": "hot", "thermal/thermal_zone0/type": "x86_pkg_temp" });
  symlinkSync("/nowhere/at/all", join(folder, "hwmon/hwmon1"));
  mkdirSync(join(folder, "hwmon/hwmon0/temp5_input"));
  expect(await readTemperatures(folder)).toEqual([{ name: "k10temp/temp2", celsius: 40 }]);
});

test("a machine without sensors, and this one", async () => {
  expect(await readTemperatures(join(root, "nowhere"))).toEqual([]);
  const host = realHost();
  expect(await host.temperatures(new AbortController().signal)).toEqual({ kind: "told", readings: (await readTemperatures()).map(({ name }) => ({ name, celsius: expect.any(Number) as number })) });
  expect(await host.temperatures(AbortSignal.abort())).toMatchObject({ kind: "failed", failure: { code: "resources" } });
});
