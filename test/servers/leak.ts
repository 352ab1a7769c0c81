import type { Socket } from "node:net";
import { expect } from "vitest";
import type { Outcome, ProbeContext } from "../../src/probes/probe.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { datagramServer, rawServer } from "./raw.ts";

const RUNS = 200;
const AT_ONCE = 20;

export interface LeakRequest {
  /** What the server does with a connection before it falls silent for ever. */
  readonly serve?: (socket: Socket) => void;
  readonly host?: string;
  readonly run: (port: number, ctx: ProbeContext) => Promise<Outcome>;
}

/**
 * Runs a probe 200 times against a server that accepts and hangs, each run called off once the server has seen it; then every connection must be
 * closed and every handle of this process back. Gives what is left over (handles by kind, listeners on signals) and the codes of the runs.
 */
export async function leaks({ serve, host = "127.0.0.1", run }: LeakRequest): Promise<{ readonly left: readonly string[]; readonly codes: readonly string[] }> {
  const waiting: (() => void)[] = [];
  const server = await rawServer((socket) => {
    serve?.(socket);
    // The greeting, if any, has its turn before the run is called off.
    setImmediate(() => setImmediate(() => waiting.shift()?.()));
  }, host);
  const codes = new Set<string>();
  const one = async (): Promise<void> => {
    const controller = new AbortController();
    waiting.push(() => controller.abort());
    codes.add((await run(server.port, probeContext({ signal: controller.signal }))).code);
  };
  await one();
  await server.idle();
  const before = handles();
  for (let done = 0; done < RUNS; done += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, one));
  await server.idle();
  await new Promise((resolve) => setImmediate(resolve));
  const left = handles().filter((kind, index, all) => count(all, kind) > count(before, kind) && all.indexOf(kind) === index);
  return { left, codes: [...codes].sort() };
}

/** The same over UDP, with a server that never answers. Gives how many sockets are left over, and what the runs said, their port as `P`. */
export async function datagramLeaks(run: (port: number, context: ContextRequest) => Promise<string>): Promise<{ readonly left: number; readonly said: readonly string[] }> {
  const waiting: (() => void)[] = [];
  const port = await datagramServer(() => {
    waiting.shift()?.();
    return [];
  });
  const before = sockets();
  const said = new Set<string>();
  for (let done = 0; done < RUNS; done++) {
    const controller = new AbortController();
    waiting.push(() => controller.abort());
    said.add((await run(port, { signal: controller.signal })).replaceAll(String(port), "P"));
  }
  await expect.poll(sockets).toBeLessThanOrEqual(before);
  return { left: Math.max(0, sockets() - before), said: [...said] };
}

const sockets = (): number => handles().filter((kind) => kind === "UDPWrap").length;
const handles = (): readonly string[] => process.getActiveResourcesInfo().filter((kind) => kind !== "Immediate");
const count = (all: readonly string[], kind: string): number => all.filter((one) => one === kind).length;
