import { expect, it } from "vitest";
import { icmp } from "../../src/probes/icmp.ts";
import type { Outcome } from "../../src/probes/probe.ts";
import { realPinger } from "../../src/sys/icmp/pinger.ts";
import type { Processes, Resolution } from "../../src/sys/ports.ts";
import { realProcesses } from "../../src/sys/processes.ts";
import { realPorts } from "../../src/sys/real.ts";
import { describeWith } from "./ground.ts";

const ports = realPorts({ level: "error", mask: (text) => text, resolvers: () => [], processes: realProcesses() });

function run(options: object, more: { signal?: AbortSignal; resolution?: Resolution; processes?: Processes } = {}): Promise<Outcome> {
  const { resolution } = more;
  const network = resolution === undefined ? ports.network : { ...ports.network, resolve: async () => resolution };
  return icmp.run(icmp.options.parse(options), { ...ports, network, pinger: more.processes === undefined ? ports.pinger : realPinger(more.processes), signal: more.signal ?? AbortSignal.timeout(60_000), wants: new Set() });
}

describeWith(["iputils-ping"], "icmp by the system's ping", () => {
  it("measures round trips over IPv4 and IPv6", async () => {
    const outcome = await run({ host: "127.0.0.1", interval: "10ms" });
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ verdict: "up", code: "ok", facts: { loss: 0, sent: 3, received: 3, address: "127.0.0.1" }, latencyMs: outcome.facts["avg"] });
    expect(outcome.sentence).toMatch(/^127\.0\.0\.1 answers in [\d.]+ ms$/);
    expect(outcome.facts).toHaveProperty("jitter");
    expect(outcome.phases).toEqual({ echo: outcome.facts["avg"] });
    expect(outcome.evidence[0]?.text).toContain("3 echoes of 56 octets to 127.0.0.1");
    expect(await run({ host: "::1", count: 1, source: "::1", ttl: 1, size: 1000 })).toMatchObject({ verdict: "up", facts: { sent: 1, received: 1, address: "::1" } });
  });

  it("resolves names itself", async () => {
    const outcome = await run({ host: "localhost", family: 6, count: 1 });
    expect(outcome).toMatchObject({ verdict: "up", facts: { address: "::1" } });
    expect(Object.keys(outcome.phases)).toEqual(["resolve", "echo"]);
    expect(await run({ host: "127.0.0.1", family: 6 })).toMatchObject({ verdict: "down", code: "unresolvable" });
    expect(await run({ host: "x.test" }, { resolution: { kind: "failed", failure: { code: "resolver", sentence: "the resolver gave no answer" } } })).toMatchObject({ verdict: "unknown", code: "resolver" });
  });

  it("tries the other family when the first has no answer", async () => {
    // an IPv4-mapped address has no way out over IPv6 anywhere, so nothing is sent
    const resolution: Resolution = { kind: "resolved", addresses: [{ ip: "::ffff:0:0", family: 6 }, { ip: "127.0.0.1", family: 4 }] };
    expect(await run({ host: "both.test", count: 1, wait: "100ms" }, { resolution })).toMatchObject({ verdict: "up", facts: { address: "127.0.0.1" } });
  });

  it("ends at the deadline with what it has", async () => {
    const outcome = await run({ host: "127.0.0.1", count: 100, interval: "1h" }, { signal: AbortSignal.timeout(500) });
    expect(outcome).toMatchObject({ verdict: "up", facts: { sent: 100, received: 1, loss: 99 } });
    expect(outcome.sentence).toMatch(/; 99 of 100 echoes lost \(99 %\)$/);
  });

  it("says that a source address is not of this machine", async () => {
    const outcome = await run({ host: "127.0.0.1", source: "198.51.100.1", count: 1 });
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ verdict: "unknown", code: "resources" });
    expect(outcome.sentence).toMatch(/^127\.0\.0\.1 could not be pinged: the source address is none of this machine/);
  });

  it("says what to install where there is no ping", async () => {
    const processes: Processes = { ...ports.processes, run: (request) => ports.processes.run({ ...request, environment: { PATH: "/nowhere" } }) };
    expect(await run({ host: "127.0.0.1" }, { processes })).toMatchObject({ verdict: "unknown", code: "resources", sentence: "127.0.0.1 could not be pinged: there is no program ping; install it: apt-get install iputils-ping" });
  });
});
