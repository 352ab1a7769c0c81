import type { Connmonitor, ConnmonitorHost, Pace, Rounds } from "../import/connmonitor.ts";
import type { Clock } from "../sys/ports.ts";
import type { Gauge, Target } from "./gauge.ts";
import { survey } from "./once.ts";
import { renderJson, renderPlain } from "./render.ts";
import { type Report, Route } from "./report.ts";
import { rest } from "./rest.ts";
import type { Voice } from "./voice.ts";

/** What a monitor works with. When `stop` aborts, nothing new is begun; what is under way is finished and printed. */
export interface Monitoring {
  readonly gauge: Gauge;
  readonly voice: Voice;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/** Whether any of it needs ICMP. */
export const needsPinger = (input: Connmonitor): boolean => (input.kind === "rounds" ? input.rounds.pings > 0 || input.rounds.hops > 0 : input.hosts.some((host) => pingsWanted(host) || traceWanted(host)));

/** connmonitor: measures and prints until `stop` aborts. */
export async function monitor(input: Connmonitor, monitoring: Monitoring): Promise<void> {
  if (input.kind === "rounds") return goRounds(input.rounds, input.hosts, monitoring);
  await Promise.all([untilAborted(monitoring.stop), ...input.hosts.flatMap((host) => keepPaces(host, monitoring))]);
}

/** The old format: all hosts at once and all that is asked of them, printed in the order of the file; then a rest. */
async function goRounds(rounds: Rounds, hosts: readonly ConnmonitorHost[], { gauge, voice, clock, stop }: Monitoring): Promise<void> {
  const routes = hosts.map(() => new Route());
  while (!stop.aborted) {
    const surveys = hosts.map(({ host }) => survey(host, rounds, gauge));
    for (const [index, underWay] of surveys.entries()) {
      const report = await underWay;
      if (report === null) continue;
      const fresh = report.trace === null || routes[index]?.changed(report.trace) === true ? report : { ...report, trace: null };
      voice.say(rounds.json ? renderJson(fresh, null) : renderPlain(fresh, "parentheses", null));
    }
    await rest(rounds.sleepMs, clock, stop);
  }
}

const pingsWanted = ({ pingMs, pings }: Pace): boolean => pingMs > 0 && pings > 0;
const traceWanted = ({ traceMs, hops }: Pace): boolean => traceMs > 0 && hops > 0;

/** The new format: each statistic of the host is measured, printed and rested from by itself. */
function keepPaces(host: Pace, { gauge, voice, clock, stop }: Monitoring): readonly Promise<void>[] {
  const { pings, payload, hops } = host;
  const keep = async (ms: number, measure: (target: Target) => Promise<Partial<Report> | null>): Promise<void> => {
    while (!stop.aborted) {
      const target = await gauge.locate(host.host);
      const measured = target === null ? null : await measure(target);
      if (target !== null && measured !== null) {
        const report: Report = { name: host.host, address: target.address.ip, ping: null, trace: null, scan: null, ...measured };
        const at = host.timestamp ? clock.now() : null;
        voice.say(host.json ? renderJson(report, at) : renderPlain(report, "blank", at));
      }
      await rest(ms, clock, stop);
    }
  };
  const route = new Route();
  const kept: Promise<void>[] = [];
  if (pingsWanted(host)) kept.push(keep(host.pingMs, (target) => gauge.ping(target, pings, payload).then((ping) => (ping === null ? null : { ping }))));
  if (traceWanted(host)) kept.push(keep(host.traceMs, (target) => gauge.trace(target, hops, payload).then((trace) => (trace !== null && route.changed(trace) ? { trace } : null))));
  if (host.scanMs > 0) kept.push(keep(host.scanMs, (target) => gauge.scan(target).then((scan) => ({ scan }))));
  return kept;
}

const untilAborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true })));
