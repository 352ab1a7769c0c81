import { z } from "zod";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  channel: z.string().min(1).describe("Name of the channel, one of `channels`"),
});
type Options = z.output<typeof options>;

/** Whether a channel of this site delivers what it is given, by what became of its messages. Nothing is sent. */
export const channel: Probe<Options> = {
  type: "channel",
  about: "Looks whether a channel of this site delivers: down while its messages fail, degraded while they do to some of its recipients, with how many wait. Have it told on other channels",
  source: "This site's own outbox: broken after three failures in a row over 30 s or one refusal, mended by one success",
  options,
  facts: {
    waiting: { number: true, about: "Alerts that wait to be delivered" },
    broken: { about: "Whether its messages fail" },
    unreachable: { about: "Recipients that it does not reach" },
  },
  target: ({ channel: name }) => name,
  channel: ({ channel: name }) => name,
  run,
};

// oxlint-disable-next-line require-await -- nothing is waited for here
async function run({ channel: name }: Options, ctx: ProbeContext): Promise<Outcome> {
  const nothing = { phases: {}, facts: {}, evidence: [] };
  if (ctx.channel === undefined) return { verdict: "unknown", code: "resources", sentence: "only a running Tocsin knows how its channels are", ...nothing };
  const known = ctx.channel(name);
  if (known === null) return { verdict: "unknown", code: "resources", sentence: `there is no channel ${name}`, ...nothing };
  const { waiting, broken, unreachable } = known;
  const facts = { waiting, broken: broken !== null, unreachable: unreachable.length };
  const wait = waiting === 0 ? "" : `, ${waiting} ${waiting === 1 ? "alert waits" : "alerts wait"}`;
  if (broken !== null) return { ...nothing, verdict: "down", code: "unreachable", sentence: `channel ${name} does not deliver: ${broken.reason}${wait}`, facts };
  const [first] = unreachable;
  if (first !== undefined) {
    const others = unreachable.length === 1 ? "" : ` and ${unreachable.length - 1} more`;
    return { ...nothing, verdict: "degraded", code: "warned", sentence: `channel ${name} cannot reach ${first.recipient}${others}: ${first.reason}${wait}`, facts };
  }
  return { ...nothing, verdict: "up", code: "ok", sentence: `channel ${name} delivers${wait}`, facts };
}
