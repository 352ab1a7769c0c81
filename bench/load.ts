import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { loadInWorker, type LoaderResult } from "../src/config/loader.ts";
import type { Site } from "../src/config/site.ts";
import type { Figure, Measure } from "./figure.ts";
import { withFolder } from "./world.ts";

const modules = { probes: new URL("../src/probes/index.ts", import.meta.url).href, channels: new URL("../src/alert/channels/index.ts", import.meta.url).href, providers: new URL("../src/alert/providers/index.ts", import.meta.url).href };

/** A site of so many checks, two thirds of them web pages with conditions and a parent. */
export function siteText(count: number): string {
  const lines = ["name: Bench", "defaults: {every: 1m, notify: [ops]}", "channels:", "  ops: {type: log}", "checks:"];
  for (let index = 0; index < count; index++) {
    if (index % 3 === 0) lines.push(`  port-${index}: {type: tcp, host: 10.0.${index % 250}.${index % 240}, port: 443, tags: [lan, rack-${index % 7}]}`);
    else lines.push(`  web-${index}:`, "    type: http", `    url: https://host-${index}.example.com/`, "    every: 30s", "    expect: {status: 200-299, body: /Welcome/}", "    warn: {latency: '< 800ms', certificate.days: '> 14'}", `    depends: [port-${index - (index % 3)}]`, "    tags: [public, customer-a]");
  }
  return `${lines.join("\n")}\n`;
}

/** Loads a site as `tocsin run` does; throws for one with errors. */
export async function load(path: string, previous: Site | null): Promise<LoaderResult & { readonly kind: "loaded" }> {
  const result = await loadInWorker({ path, environment: {}, modules, previous });
  if (result.kind === "broken") throw new Error(result.problems.map((problem) => problem.wrong).join("\n"));
  return result;
}

/** Loading so many checks in a worker, as `tocsin run` does, and how long the event loop of this thread is held by it. */
export const benchLoad = (count: number, goalS: number): Measure => () =>
  withFolder(async (folder) => {
    const name = `load-${count}`;
    const path = join(folder, "tocsin.yaml");
    await writeFile(path, siteText(count), { mode: 0o600 });
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const begin = performance.now();
    delay.enable();
    const { site } = await load(path, null);
    delay.disable();
    const loaded = performance.now();
    await load(path, site);
    return [
      { name, value: (loaded - begin) / 1000, unit: "s", goal: goalS },
      { name: `${name} longest-hold`, value: delay.max / 1e6, unit: "ms", goal: 20 },
      { name: `${name} again`, value: (performance.now() - loaded) / 1000, unit: "s", goal: goalS },
    ] satisfies Figure[];
  });
