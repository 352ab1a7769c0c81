import type { Gauge } from "./gauge.ts";
import { renderJson, renderPlain } from "./render.ts";
import type { Report } from "./report.ts";
import type { Voice } from "./voice.ts";

/** What connvitals is asked for; a count of 0: not wanted. */
export interface OnceOptions {
  readonly pings: number;
  /** Octets. */
  readonly payload: number;
  readonly hops: number;
  readonly scan: boolean;
  readonly json: boolean;
}

/** connvitals: measures each host once, all at the same time, and prints them in their order. False when something could not be measured. */
export async function measureOnce(hosts: readonly string[], options: OnceOptions, gauge: Gauge, voice: Voice): Promise<boolean> {
  let whole = true;
  for (const underWay of hosts.map((host) => survey(host, options, gauge))) {
    const report = await underWay;
    if (report !== null) voice.say(options.json ? renderJson(report, null) : renderPlain(report, "parentheses", null));
    whole &&= report !== null && (options.pings === 0 || report.ping !== null) && (options.hops === 0 || report.trace !== null);
  }
  return whole;
}

/** Null when the host has no address. */
export async function survey(host: string, { pings, payload, hops, scan }: Omit<OnceOptions, "json">, gauge: Gauge): Promise<Report | null> {
  const target = await gauge.locate(host);
  if (target === null) return null;
  const [ping, trace, found] = await Promise.all([pings === 0 ? null : gauge.ping(target, pings, payload), hops === 0 ? null : gauge.trace(target, hops, payload), scan ? gauge.scan(target) : null]);
  return { name: host, address: target.address.ip, ping, trace, scan: found };
}
