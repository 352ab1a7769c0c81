import { Outbox } from "../alert/outbox.ts";
import type { ChannelDefinition, CheckDefinition, Settings, Site } from "../config/site.ts";
import { wantedFacts } from "../core/expect.ts";
import { createMask } from "../core/mask.ts";
import type { ChannelName, CheckName, Result } from "../core/types.ts";
import { probes } from "../probes/index.ts";
import { type Bench, execute } from "../run/execute.ts";
import { turnResult } from "../run/groups.ts";
import { openMemoryStore } from "../store/memory.ts";
import type { Ports } from "../sys/ports.ts";
import { realProcesses } from "../sys/processes.ts";
import { realPorts } from "../sys/real.ts";
import { Ways } from "./ways.ts";

/** What came of a run on demand: the check's result, and for a group its members' before it. */
export interface Once {
  readonly result: Result;
  readonly members: readonly Result[];
}

function portsFor(site: Site): { readonly ports: Ports; readonly mask: (text: string) => string } {
  const mask = createMask(site.secrets);
  const settings: Settings = site.settings;
  return { ports: realPorts({ level: "warn", mask, resolvers: () => settings.resolvers, processes: realProcesses() }), mask };
}

/** Runs one configured check or group once, in this process, and tells nobody. Null: it waits for heartbeats and cannot be run. */
export async function checkOnce(site: Site, name: CheckName): Promise<Once | null> {
  const { ports, mask } = portsFor(site);
  const bench: Bench = { ports, mask, vantage: site.settings.vantage };
  return new Runner(bench, new Map(site.checks.map((check) => [check.name, check]))).run(name);
}

class Runner {
  readonly #bench: Bench;
  readonly #checks: ReadonlyMap<CheckName, CheckDefinition>;

  constructor(bench: Bench, checks: ReadonlyMap<CheckName, CheckDefinition>) {
    this.#bench = bench;
    this.#checks = checks;
  }

  async run(name: CheckName): Promise<Once | null> {
    const definition = this.#checks.get(name);
    const probe = probes.find((candidate) => candidate.type === definition?.type);
    if (definition === undefined || probe === undefined || probe.passive !== undefined) return null;
    const slot = this.#bench.ports.clock.now();
    if (definition.policy.group !== null) return this.#group(definition);
    const wants = wantedFacts([...definition.expect, ...definition.warn]);
    const ran = await execute(this.#bench, { definition, probe, wants, slot, origin: "manual", stop: new AbortController().signal });
    return ran === null ? null : { result: ran.result, members: [] };
  }

  async #group(definition: CheckDefinition): Promise<Once> {
    const { clock } = this.#bench.ports;
    const started = clock.now();
    const begin = clock.monotonic();
    const results = new Map<CheckName, Result | null>();
    for (const member of definition.policy.group?.members ?? []) results.set(member, (await this.run(member))?.result ?? null);
    const frame = { slot: started, origin: "manual" as const, started, tookMs: clock.monotonic() - begin, vantage: this.#bench.vantage };
    return { result: turnResult(definition, results, () => null, frame), members: [...results.values()].filter((result) => result !== null) };
  }
}

/** Sends a test message to every recipient of a channel; the channel's own answer. */
export async function notifyOnce(site: Site, name: ChannelName): Promise<{ readonly kind: "sent" | "retry" | "refused"; readonly detail: string }> {
  const { ports, mask } = portsFor(site);
  const { name: siteName, vantage, url, timezone } = site.settings;
  const definitions: readonly ChannelDefinition[] = site.channels;
  const ways = new Ways();
  await ways.prepare(site);
  const store = await openMemoryStore();
  const outbox = new Outbox({ store, ports, channelOf: ways.channelOf, site: { facts: { name: siteName, vantage, url, timezone }, channels: definitions, check: (check) => site.checks.find(({ name }) => name === check) ?? null }, mask, onTrouble: () => undefined });
  const sending = await outbox.test(name);
  await store.close();
  return { kind: sending.kind, detail: sending.kind === "sent" ? sending.detail : sending.reason };
}
