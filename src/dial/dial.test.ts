import { type Duplex, PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { LifeClock, VirtualTime } from "../../test/sim/clock.ts";
import type { Address, Failure, Network } from "../sys/ports.ts";
import { dial } from "./dial.ts";

/** What an address does: connects or fails after so long, or never does anything. `deaf`: it connects though it was called off (at the same instant). */
type Behaviour = { readonly afterMs: number; readonly failure?: Failure; readonly deaf?: boolean } | "silent";

/** Dials `host` on a virtual clock; tells when each address was tried and what became of it. */
async function dialed(addresses: { readonly [ip: string]: Behaviour }, deadlineMs = 10_000) {
  const time = new VirtualTime(0);
  const clock = new LifeClock(time);
  const controller = new AbortController();
  time.at(deadlineMs, () => controller.abort());
  const tried: string[] = [];
  const open = new Map<string, Duplex>();
  const network: Network = {
    resolve: async () => ({ kind: "resolved", addresses: Object.keys(addresses).map((ip): Address => ({ ip, family: ip.includes(":") ? 6 : 4 })) }),
    connect: ({ ip, signal }) =>
      new Promise((resolve) => {
        tried.push(`${ip} at ${time.monotonic}`);
        const behaviour = addresses[ip] ?? "silent";
        const gone = (): void => resolve({ kind: "failed", failure: { code: "timeout", sentence: `${ip} late` } });
        if (signal.aborted) gone();
        if (behaviour === "silent" || behaviour.deaf !== true) signal.addEventListener("abort", gone);
        if (behaviour === "silent") return;
        time.at(time.monotonic + behaviour.afterMs, () => {
          if (signal.aborted && behaviour.deaf !== true) return;
          if (behaviour.failure !== undefined) return resolve({ kind: "failed", failure: behaviour.failure });
          const socket = new PassThrough();
          open.set(ip, socket);
          resolve({ kind: "connected", socket });
        });
      }),
    datagram: async () => ({ kind: "failed", failure: refused }),
  };
  const dialing = dial({ host: "shop.test", port: 80, family: "any", source: null }, { signal: controller.signal, clock, network });
  // The first address is tried before any time passes.
  await new Promise((resolve) => setImmediate(resolve));
  await time.runUntil(20_000);
  const result = await dialing;
  const left = [...open].filter(([, socket]) => !socket.destroyed).map(([ip]) => ip);
  return { outcome: result.kind === "connected" ? result.address.ip : `${result.failure.code} ${result.failure.sentence}`, tried, left, attempts: result.attempts, phases: result.phases };
}

const refused: Failure = { code: "refused", sentence: "refused" };
const unreachable: Failure = { code: "unreachable", sentence: "unreachable" };

describe("addresses", () => {
  it("takes the only one as it is", async () => {
    expect(await dialed({ "192.0.2.1": { afterMs: 40 } })).toMatchObject({ outcome: "192.0.2.1", phases: { resolve: 0, connect: 40 }, left: ["192.0.2.1"] });
    expect(await dialed({ "192.0.2.1": { afterMs: 40, failure: refused } })).toMatchObject({ outcome: "refused refused" });
    expect(await dialed({})).toMatchObject({ outcome: "unresolvable shop.test has no address" });
  });
  it("starts the next one after 250 ms and closes the loser", async () => {
    expect(await dialed({ "2001:db8::1": { afterMs: 400 }, "192.0.2.1": { afterMs: 30 } })).toEqual({ outcome: "192.0.2.1", tried: ["2001:db8::1 at 0", "192.0.2.1 at 250"], left: ["192.0.2.1"], attempts: [], phases: { resolve: 0, connect: 280 } });
    expect(await dialed({ "2001:db8::1": { afterMs: 200 }, "192.0.2.1": { afterMs: 1 } })).toMatchObject({ outcome: "2001:db8::1", tried: ["2001:db8::1 at 0"] });
    expect(await dialed({ "2001:db8::1": { afterMs: 300 }, "192.0.2.1": { afterMs: 50 } })).toMatchObject({ left: ["2001:db8::1"] });
    expect(await dialed({ "2001:db8::1": { afterMs: 300, deaf: true }, "192.0.2.1": { afterMs: 30 } })).toMatchObject({ outcome: "192.0.2.1", left: ["192.0.2.1"] });
  });
  it("starts the next one at once when one failed", async () => {
    expect(await dialed({ "2001:db8::1": { afterMs: 5, failure: unreachable }, "192.0.2.1": { afterMs: 30 } })).toMatchObject({ outcome: "192.0.2.1", tried: ["2001:db8::1 at 0", "192.0.2.1 at 5"], attempts: ["unreachable"] });
  });
  it("tells the failure that says most about the target", async () => {
    expect(await dialed({ "2001:db8::1": { afterMs: 5, failure: unreachable }, "192.0.2.1": { afterMs: 30, failure: refused } })).toMatchObject({ outcome: "refused refused", attempts: ["unreachable", "refused"] });
    expect(await dialed({ "2001:db8::1": { afterMs: 5, failure: { code: "resources", sentence: "no IPv6" } }, "192.0.2.1": "silent" })).toMatchObject({ outcome: "timeout 192.0.2.1 late" });
  });
  it("ends at the deadline with every address silent", async () => {
    expect(await dialed({ "2001:db8::1": "silent", "192.0.2.1": "silent", "192.0.2.2": "silent" }, 400)).toMatchObject({ outcome: "timeout 2001:db8::1 late", tried: ["2001:db8::1 at 0", "192.0.2.1 at 250"] });
  });
});
