import { probes } from "../src/probes/index.ts";
import type { AnyProbe } from "../src/probes/probe.ts";
import { probeContext } from "../test/servers/context.ts";
import { endAll, need } from "../test/servers/ground.ts";
import { type Conversation, record, replay, startReplay } from "./conversation.ts";
import { type Figure, type Measure, median } from "./figure.ts";
import { type Ground, ground, type Subject, subjects } from "./probe-subjects.ts";

/**
 * CPU of this process for a run of each probe against a real server, next to the same octets in the same turns by a bare socket that neither reads nor
 * judges them. What a run says is recorded first; the bare exchange has it with a process that plays the server. Both in turns (A B A B, medians).
 */
const RUNS = 300;
const TURNS = 4;
const AT_ONCE = 4;
const DEADLINE_MS = 10_000;

/** One for all runs, as in the program: it keeps what it knows of names. */
const CONTEXT = probeContext();

const probeOf = (type: string): AnyProbe => {
  const found = probes.find((probe) => probe.type === type);
  if (found === undefined) throw new Error(`there is no probe ${type}`);
  return found;
};

async function repeat(run: () => Promise<void>): Promise<number> {
  let left = RUNS;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await run();
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / RUNS;
}

const nameOf = ({ type, way }: Subject): string => (way === undefined ? type : `${type} ${way}`);

/** One run through that port; it must say that all is well. */
function runner(subject: Subject, given: Ground): (port: number) => () => Promise<void> {
  const probe = probeOf(subject.type);
  return (port) => {
    const options = probe.options.parse(subject.options(port, given));
    return async () => {
      const { verdict, sentence } = await probe.run(options, { ...CONTEXT, signal: AbortSignal.timeout(DEADLINE_MS) });
      if (verdict !== "up") throw new Error(`${nameOf(subject)} is ${verdict}: ${sentence}`);
    };
  };
}

/** CPU milliseconds a run, of the probe and of the bare exchange. */
async function measured(subject: Subject, given: Ground): Promise<{ readonly probe: number; readonly bare: number }> {
  const server = await subject.start(given);
  const through = runner(subject, given);
  const conversations: readonly Conversation[] = await record({ host: "127.0.0.1", port: server }, (port) => through(port)());
  const players = await startReplay(conversations);
  const run = through(subject.fake === true ? (players.ports[0] ?? 0) : server);
  const bare = async (): Promise<void> => {
    for (const [index, conversation] of conversations.entries()) await replay(conversation, players.ports[index] ?? 0);
  };
  const turns: { readonly probe: number; readonly bare: number }[] = [];
  try {
    // The first turn warms both up.
    for (let turn = 0; turn <= TURNS; turn++) {
      const costs = { probe: await repeat(run), bare: await repeat(bare) };
      if (turn > 0) turns.push(costs);
    }
  } finally {
    await players.stop();
  }
  return { probe: median(turns.map(({ probe }) => probe)), bare: median(turns.map(({ bare: alone }) => alone)) };
}

/** Every probe that talks with a server. */
export const probeCosts: Measure = async (say) => {
  const figures: Figure[] = [];
  for (const subject of subjects) {
    const missing = need(...subject.needs);
    if (missing !== null) {
      say(`${nameOf(subject)}: ${missing}`);
      continue;
    }
    try {
      const { probe, bare } = await measured(subject, await ground());
      figures.push({ name: `probes ${nameOf(subject)}`, value: probe / bare, unit: "times", goal: null }, { name: `probes ${nameOf(subject)} run`, value: probe, unit: "ms", goal: null }, { name: `probes ${nameOf(subject)} bare`, value: bare, unit: "ms", goal: null });
      say(`${nameOf(subject)}: ${probe.toFixed(3)} ms a run, ${bare.toFixed(3)} ms the bare exchange`);
    } catch (error) {
      // One that cannot be measured here must not withhold the others.
      say(`${nameOf(subject)}: not measured: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await endAll();
    }
  }
  return figures;
};
