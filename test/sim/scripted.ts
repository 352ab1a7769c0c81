import { z } from "zod";
import type { Channel } from "../../src/alert/channels/channel.ts";
import type { Links } from "../../src/api/links.ts";
import { Monitor } from "../../src/app/monitor.ts";
import { firstUpdate } from "../../src/app/roster.ts";
import type { Site } from "../../src/config/site.ts";
import type { FailureCode, Verdict } from "../../src/core/types.ts";
import type { Outcome, Probe } from "../../src/probes/probe.ts";
import type { LifeClock } from "./clock.ts";
import { Chance } from "./random.ts";

const VERDICTS: { readonly [word: string]: readonly [Verdict, FailureCode] } = { up: ["up", "ok"], slow: ["degraded", "slow"], down: ["down", "refused"], unknown: ["unknown", "resources"] };

/** Sees of each row what is said of it: `up`, `slow`, `down` or `unknown`. */
export function scripted(seen: (row: string) => string): Probe<{ row: string }> {
  return {
    type: "scripted",
    about: "Follows a table",
    source: "docs/judging.md",
    options: z.strictObject({ row: z.string() }),
    facts: {},
    target: ({ row }) => `${row}.example.com`,
    run: ({ row }): Promise<Outcome> => {
      const word = seen(row);
      const [verdict, code] = VERDICTS[word] ?? ["unknown", "bug"];
      return Promise.resolve({ verdict, code, sentence: word, phases: {}, facts: {}, evidence: [] });
    },
  };
}

/** People who note what they are told: `ops: ▲ DOWN shop`, and the text of the message. */
export function collecting(told: (line: string, text: string) => void): Channel<{ name: string }> {
  return {
    type: "people",
    about: "Notes what it is told",
    source: "docs/judging.md",
    options: z.strictObject({ name: z.string() }),
    recipients: () => [""],
    send: ({ name }, { subject, text }) => {
      told(`${name}: ${subject.split(" — ")[0]}`, text);
      return Promise.resolve({ kind: "sent", detail: "heard" });
    },
  };
}

type World = Pick<ConstructorParameters<typeof Monitor>[0], "probes" | "channelOf" | "store"> & { readonly clock: LifeClock; readonly links?: Links };

/** The whole monitor on a virtual clock, with no world around it. */
export async function startMonitor(site: Site, { clock, ...parts }: World): Promise<Monitor> {
  const quiet = (): void => undefined;
  const refuse = (): never => {
    throw new Error("a timeline has no world around it");
  };
  const ports = {
    clock,
    random: new Chance(1),
    network: { resolve: refuse, connect: refuse, datagram: refuse },
    pinger: { ping: refuse, trace: refuse },
    processes: { run: refuse, environment: {} },
    patterns: { match: () => null, matchesAny: () => false },
    host: { uptimeMs: refuse, load: refuse, processors: refuse, memory: refuse, disk: refuse, temperatures: refuse, system: refuse },
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  };
  const monitor = new Monitor({ ...parts, ports, loaded: await parts.store.load(), first: firstUpdate(site) });
  monitor.start();
  return monitor;
}
