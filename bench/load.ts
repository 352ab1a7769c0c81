import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { loadInWorker, type LoaderResult } from "../src/config/loader.ts";
import type { Site } from "../src/config/site.ts";

/** Loading 1,000 and 10,000 checks in a worker, and what the main thread feels of it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: string;
}

const modules = { probes: new URL("../src/probes/index.ts", import.meta.url).href, channels: new URL("../src/alert/channels/index.ts", import.meta.url).href };

/** A site of so many checks, two thirds of them web pages with conditions and a parent. */
export function siteText(count: number): string {
  const lines = ["name: Bench", "defaults: {every: 1m, notify: [ops]}", "channels:", "  ops: {type: log}", "checks:"];
  for (let index = 0; index < count; index++) {
    if (index % 3 === 0) lines.push(`  port-${index}: {type: tcp, host: 10.0.${index % 250}.${index % 240}, port: 443, tags: [lan, rack-${index % 7}]}`);
    else lines.push(`  web-${index}:`, "    type: http", `    url: https://host-${index}.example.com/`, "    every: 30s", "    expect: {status: 200-299, body: /Welcome/}", "    warn: {latency: '< 800ms', certificate.days: '> 14'}", `    depends: [port-${index - (index % 3)}]`, "    tags: [public, customer-a]");
  }
  return `${lines.join("\n")}\n`;
}

async function load(path: string, previous: Site | null): Promise<LoaderResult & { readonly kind: "loaded" }> {
  const result = await loadInWorker({ path, environment: {}, modules, previous });
  if (result.kind === "broken") throw new Error(result.problems.map((problem) => problem.wrong).join("\n"));
  return result;
}

/** Measures; the delays are of the event loop of this thread while the worker loads. */
export async function benchLoad(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "tocsin-load-"));
  const figures: Figure[] = [];
  try {
    for (const [count, goal] of [[1000, 1], [10_000, 6]] as const) {
      const path = join(folder, `${count}.yaml`);
      await writeFile(path, siteText(count), { mode: 0o600 });
      const delay = monitorEventLoopDelay({ resolution: 1 });
      const begin = performance.now();
      delay.enable();
      const { site } = await load(path, null);
      delay.disable();
      const seconds = (performance.now() - begin) / 1000;
      figures.push({ name: `load ${count} checks`, value: seconds, unit: "s", goal: `under ${goal}` });
      figures.push({ name: `load ${count} checks, longest hold of the main thread`, value: delay.max / 1e6, unit: "ms", goal: "under 20" });
      const again = performance.now();
      await load(path, site);
      figures.push({ name: `reload ${count} unchanged checks`, value: (performance.now() - again) / 1000, unit: "s", goal: `under ${goal}` });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return figures;
}

if (import.meta.main) for (const { name, value, unit, goal } of await benchLoad()) process.stdout.write(`${name}: ${value.toFixed(2)} ${unit} (goal: ${goal})\n`);
