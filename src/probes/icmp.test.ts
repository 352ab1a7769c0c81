import { expect, test } from "vitest";
import { realClock } from "../sys/clock.ts";
import type { Address, PingAnswer, PingRequest } from "../sys/ports.ts";
import { icmp } from "./icmp.ts";
import type { Outcome, ProbeContext } from "./probe.ts";

const FOUR: Address = { ip: "192.0.2.1", family: 4 };
const SIX: Address = { ip: "2001:db8::1", family: 6 };
type Pinged = Extract<PingAnswer, { kind: "pinged" }>;

/** One run on these answers, by address; every other one is silent. */
async function f(answers: { readonly [ip: string]: Partial<Pinged> | Extract<PingAnswer, { kind: "failed" }> }, options: object = {}, addresses: readonly Address[] = [FOUR]): Promise<Outcome> {
  const ping = async ({ ip, count }: PingRequest): Promise<PingAnswer> => ({ kind: "pinged", echoes: Array.from({ length: count }, () => null), late: 0, duplicates: 0, reports: [], by: "ping socket", ...answers[ip] }) as PingAnswer;
  const network = { resolve: async () => ({ kind: "resolved", addresses }) };
  const ctx = { signal: new AbortController().signal, clock: realClock(), pinger: { ping }, network, wants: new Set() } as unknown as ProbeContext;
  return icmp.run(icmp.options.parse({ host: "192.0.2.1", ...options }), ctx);
}

const times = (...all: readonly (number | null)[]): Partial<Pinged> => ({ echoes: all.map((rttMs) => (rttMs === null ? null : { rttMs, ttl: 64 })) });

test("loss, round trips, deviation and jitter are measured", async () => {
  expect(await f({ "192.0.2.1": { ...times(1, 4, 2.5), duplicates: 1 } })).toMatchObject({
    verdict: "up",
    sentence: "192.0.2.1 answers in 2.5 ms",
    latencyMs: 2.5,
    // jitter: 3/16, then (1.5 - 3/16) / 16 more
    facts: { sent: 3, received: 3, loss: 0, duplicates: 1, min: 1, avg: 2.5, max: 4, median: 2.5, stddev: 1.5, jitter: 0.27, ttl: 64 },
  });
  const one = await f({ "192.0.2.1": times(7, null, null) });
  expect(one).toMatchObject({ verdict: "up", sentence: "192.0.2.1 answers in 7 ms; 2 of 3 echoes lost (67 %)", facts: { sent: 3, received: 1, loss: 66.667, median: 7 } });
  expect(one.facts).not.toHaveProperty("stddev");
  expect(one.facts).not.toHaveProperty("jitter");
  expect((await f({ "192.0.2.1": times(4, 1, 3, 2) })).facts).toMatchObject({ median: 2.5, stddev: 1.291 });
});

test("silence is a timeout, and a router's report says more", async () => {
  const silent = await f({});
  expect(silent).toMatchObject({ verdict: "down", code: "timeout", sentence: "192.0.2.1 answered none of 3 echoes", facts: { loss: 100, received: 0 } });
  expect(silent).not.toHaveProperty("latencyMs");
  expect(await f({}, { count: 1 })).toMatchObject({ sentence: "192.0.2.1 answered none of 1 echo" });
  expect(await f({ "192.0.2.1": { echoes: [] } })).toMatchObject({ verdict: "down", code: "timeout", sentence: "192.0.2.1 answered none of 0 echoes", facts: { loss: 100, sent: 0 } });
  expect(await f({ "192.0.2.1": { reports: [{ from: "192.0.2.254", sentence: "host unreachable" }] } })).toMatchObject({ verdict: "down", code: "unreachable", sentence: "192.0.2.1 does not answer: host unreachable, says 192.0.2.254" });
});

test("what came of each echo is evidence", async () => {
  const { evidence } = await f({ "192.0.2.1": { ...times(1.25, null), late: 1, duplicates: 2, reports: [{ from: "192.0.2.254", sentence: "host unreachable" }] } });
  expect(evidence).toEqual([{ label: "ping", text: "2 echoes of 56 octets to 192.0.2.1 (ping socket)\n1: 1.25 ms, ttl 64\n2: no answer\n1 answered too late\n2 duplicates\n192.0.2.254 says: host unreachable" }]);
});

test("this place's own troubles say nothing of the host", async () => {
  expect(await f({ "192.0.2.1": { kind: "failed", failure: { code: "permission", sentence: "no" } } })).toMatchObject({ verdict: "unknown", code: "permission", sentence: "192.0.2.1 could not be pinged: no" });
  expect(await f({ "192.0.2.1": { kind: "failed", failure: { code: "too-large", sentence: "the packets are longer than the path takes" } } })).toMatchObject({ verdict: "down", code: "too-large" });
});

test("of a name with both families one that answers is enough", async () => {
  const host = { host: "both.test" };
  expect(await f({ "192.0.2.1": times(1, 1, 1) }, host, [SIX, FOUR])).toMatchObject({ verdict: "up", sentence: "both.test (192.0.2.1) answers in 1 ms", facts: { address: "192.0.2.1" } });
  expect(await f({ "2001:db8::1": { kind: "failed", failure: { code: "unreachable", sentence: "there is no route to it from here" } } }, host, [SIX])).toMatchObject({ verdict: "down", code: "unreachable" });
  expect(await f({}, host, [SIX, FOUR])).toMatchObject({ verdict: "down", code: "timeout", sentence: "both.test (192.0.2.1) answered none of 3 echoes" });
});

test("options have bounds", () => {
  const wrong = (options: object): boolean => !icmp.options.safeParse({ host: "a.test", ...options }).success;
  expect([wrong({ count: 0 }), wrong({ count: 101 }), wrong({ interval: "1ms" }), wrong({ size: 65_501 }), wrong({ ttl: 256 }), wrong({ interval: 5 }), wrong({})]).toEqual([true, true, true, true, true, true, false]);
});
