import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { loadConfiguration } from "../src/app/configuration.ts";
import { Monitor } from "../src/app/monitor.ts";
import { firstUpdate } from "../src/app/roster.ts";
import type { Site } from "../src/config/site.ts";
import { channels } from "../src/alert/channels/index.ts";
import { nextSlot } from "../src/core/schedule.ts";
import { instant, millis } from "../src/core/types.ts";
import { probes } from "../src/probes/index.ts";
import { openSqliteStore } from "../src/store/sqlite/open.ts";
import { realProcesses } from "../src/sys/processes.ts";
import { realPorts } from "../src/sys/real.ts";
import { type Measure, median } from "./figure.ts";
import { loopback, tcpSite, withFolder, withTarget } from "./world.ts";

/**
 * The same connects at the same instants of each second to the same peers, in turns in one process: once through schedule, probe, judge and
 * store, once by a bare loop. Counted is the CPU of the whole process, the store's threads included, and only while both do the same number.
 * Waking up is a part of both; at 4,000 a second there is less of it on either side, so that the ratio is the strictest.
 */
const EVERY_MS = 1000;
const WARM_MS = 3000;
const TURN_MS = 6000;
const TURNS = 5;

/** Microseconds of CPU for each run while `runs` grows. */
async function cost(runs: () => number): Promise<number> {
  await sleep(WARM_MS);
  const [before, cpu] = [runs(), process.cpuUsage()];
  await sleep(TURN_MS);
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / (runs() - before);
}

/** One turn through the whole path, with a store of its own. */
async function throughTocsin(site: Site, folder: string): Promise<number> {
  const ports = realPorts({ level: "error", mask: (text) => text, resolvers: () => [], processes: realProcesses() });
  const store = await openSqliteStore({ folder, clock: ports.clock, log: ports.log });
  const monitor = new Monitor({ ports, probes, channelOf: (type) => channels.find((channel) => channel.type === type), store, loaded: await store.load(), first: firstUpdate(site) });
  monitor.start();
  const took = await cost(() => monitor.engine.started);
  await monitor.stop(5000);
  const { results } = await store.facts();
  await store.close();
  if (monitor.committer.dropped > 0 || results < monitor.engine.started - site.checks.length) throw new Error("results were lost: this measures nothing");
  return took;
}

/** One turn of the bare loop: a timer to the next instant, a connect, a destroy. */
async function bare(site: Site, port: number): Promise<number> {
  const phases = site.checks.map((check, index) => ({ host: loopback(index), at: (nextSlot({ kind: "every", ms: millis(EVERY_MS) }, instant(0), check.name) ?? 0) % EVERY_MS })).toSorted((a, b) => a.at - b.at);
  let runs = 0;
  let next = 0;
  let round = performance.now();
  let timer: NodeJS.Timeout | null = null;
  const turn = (): void => {
    const now = performance.now();
    for (let due = phases[next]; due !== undefined && round + due.at <= now + 0.5; due = phases[next]) {
      const socket = connect({ host: due.host, port });
      socket.on("connect", () => {
        runs += 1;
        socket.destroy();
      });
      socket.on("error", (error) => {
        throw error;
      });
      next += 1;
      if (next === phases.length) [next, round] = [0, round + EVERY_MS];
    }
    timer = setTimeout(turn, Math.max(0, round + (phases[next]?.at ?? 0) - performance.now()));
  };
  turn();
  const took = await cost(() => runs);
  clearTimeout(timer ?? undefined);
  return took;
}

/** CPU per TCP check through the whole path against a bare `net.connect`, so many a second. */
export const tcpCpu = (name: string, perSecond: number): Measure => (say) =>
  withTarget((port) =>
    withFolder(async (folder) => {
      const path = join(folder, "tocsin.yaml");
      writeFileSync(path, tcpSite(perSecond, "1s", port), { mode: 0o600 });
      const loaded = await loadConfiguration(path, {}, null);
      if (loaded.kind === "broken") throw new Error("the bench's own site has errors");
      const whole: number[] = [];
      const alone: number[] = [];
      for (let index = 0; index < TURNS; index++) {
        alone.push(await bare(loaded.site, port));
        whole.push(await throughTocsin(loaded.site, join(folder, `data-${index}`)));
        say(`turn ${index + 1} of ${TURNS}: bare ${alone.at(-1)?.toFixed(0)} µs, whole path ${whole.at(-1)?.toFixed(0)} µs`);
      }
      return [
        { name, value: median(whole.map((cpu, index) => cpu / (alone[index] ?? 0))), unit: "times", goal: 2.5 },
        { name: `${name} whole-path`, value: median(whole), unit: "µs", goal: null },
        { name: `${name} bare-connect`, value: median(alone), unit: "µs", goal: null },
      ];
    }),
  );
