import { expect, test } from "vitest";
import { realClock } from "../sys/clock.ts";
import type { Address, ProcessEnd } from "../sys/ports.ts";
import { icmp } from "./icmp.ts";
import type { Outcome, ProbeContext } from "./probe.ts";

const FOUR: Address = { ip: "192.0.2.1", family: 4 };
const SIX: Address = { ip: "2001:db8::1", family: 6 };

/** One run on what ping printed, by address. */
async function f(printed: { readonly [ip: string]: Partial<Extract<ProcessEnd, { kind: "ended" }>> }, options: object = {}, addresses: readonly Address[] = [FOUR]): Promise<Outcome> {
  const run = async ({ command }: { command: readonly string[] }): Promise<ProcessEnd> => ({ kind: "ended", exit: 1, signal: null, killed: false, stdout: "", stderr: "", cut: false, ...printed[command.at(-1) ?? ""] });
  const network = { resolve: async () => ({ kind: "resolved", addresses }) };
  const ctx = { signal: new AbortController().signal, clock: realClock(), processes: { environment: {}, run }, network, wants: new Set() } as unknown as ProbeContext;
  return icmp.run(icmp.options.parse({ host: "192.0.2.1", ...options }), ctx);
}

const answers = (...times: readonly number[]): { stdout: string; exit: number } => ({ stdout: times.map((time, index) => `64 bytes from 192.0.2.1: icmp_seq=${index + 1} ttl=64 time=${time} ms`).join("\n"), exit: 0 });

test("loss, round trips and jitter are measured", async () => {
  expect(await f({ "192.0.2.1": answers(1, 4, 2.5) })).toMatchObject({
    verdict: "up",
    sentence: "192.0.2.1 answers in 2.5 ms",
    latencyMs: 2.5,
    facts: { sent: 3, received: 3, loss: 0, min: 1, avg: 2.5, max: 4, jitter: 2.25 },
  });
  expect(await f({ "192.0.2.1": answers(7) })).toMatchObject({ verdict: "up", sentence: "192.0.2.1 answers in 7 ms; 2 of 3 echoes lost (67 %)", facts: { sent: 3, received: 1, loss: 66.667 } });
});

test("silence is a timeout, and a router's report says more", async () => {
  const silent = await f({});
  expect(silent).toMatchObject({ verdict: "down", code: "timeout", sentence: "192.0.2.1 answered none of 3 echoes", facts: { loss: 100, received: 0 } });
  expect(silent).not.toHaveProperty("latencyMs");
  expect(await f({}, { count: 1 })).toMatchObject({ sentence: "192.0.2.1 answered none of 1 echo" });
  expect(await f({ "192.0.2.1": { stdout: "From 192.0.2.254 icmp_seq=1 Destination Host Unreachable\n" } })).toMatchObject({ verdict: "down", code: "unreachable", sentence: "192.0.2.1 does not answer: Destination Host Unreachable, says 192.0.2.254" });
});

test("of a name with both families one that answers is enough", async () => {
  const host = { host: "both.test" };
  expect(await f({ "192.0.2.1": answers(1, 1, 1) }, host, [SIX, FOUR])).toMatchObject({ verdict: "up", sentence: "both.test (192.0.2.1) answers in 1 ms", facts: { address: "192.0.2.1" } });
  expect(await f({ "2001:db8::1": { exit: 2, stderr: "ping: connect: Network is unreachable" } }, host, [SIX])).toMatchObject({ verdict: "down", code: "unreachable" });
  expect(await f({}, host, [SIX, FOUR])).toMatchObject({ verdict: "down", code: "timeout", sentence: "both.test (192.0.2.1) answered none of 3 echoes" });
});

test("options have bounds", () => {
  const wrong = (options: object): boolean => !icmp.options.safeParse({ host: "a.test", ...options }).success;
  expect([wrong({ count: 0 }), wrong({ count: 101 }), wrong({ interval: "1ms" }), wrong({ size: 65_501 }), wrong({ ttl: 256 }), wrong({ interval: 5 }), wrong({})]).toEqual([true, true, true, true, true, true, false]);
});
