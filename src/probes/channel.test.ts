import { expect, test } from "vitest";
import { probeContext } from "../../test/servers/context.ts";
import { channel } from "./channel.ts";
import type { ChannelState } from "./probe.ts";

async function f(known: ChannelState | null | undefined, expected: string): Promise<void> {
  const asked: string[] = [];
  const ctx = { ...probeContext(), ...(known === undefined ? {} : { channel: (name: string) => (asked.push(name), known) }) };
  const { verdict, code, sentence, facts } = await channel.run(channel.options.parse({ channel: "ops" }), ctx);
  expect(`${verdict} ${code} ${sentence} ${JSON.stringify(facts)}`).toBe(expected);
  expect(asked).toEqual(known === undefined ? [] : ["ops"]);
}

test("a channel that delivers, and one that does not", async () => {
  await f({ waiting: 0, broken: null, unreachable: [] }, 'up ok channel ops delivers {"waiting":0,"broken":false,"unreachable":0}');
  await f({ waiting: 2, broken: null, unreachable: [] }, 'up ok channel ops delivers, 2 alerts wait {"waiting":2,"broken":false,"unreachable":0}');
  await f({ waiting: 1, broken: { reason: "451 later" }, unreachable: [] }, 'down unreachable channel ops does not deliver: 451 later, 1 alert waits {"waiting":1,"broken":true,"unreachable":0}');
});

test("a channel that does not reach everybody", async () => {
  const lost = ["b", "c"].map((recipient) => ({ recipient, reason: "550 no" }));
  await f({ waiting: 0, broken: null, unreachable: lost.slice(0, 1) }, 'degraded warned channel ops cannot reach b: 550 no {"waiting":0,"broken":false,"unreachable":1}');
  await f({ waiting: 1, broken: null, unreachable: lost }, 'degraded warned channel ops cannot reach b and 1 more: 550 no, 1 alert waits {"waiting":1,"broken":false,"unreachable":2}');
});

test("what is not known is nobody's fault", async () => {
  await f(null, "unknown resources there is no channel ops {}");
  await f(undefined, "unknown resources only a running Tocsin knows how its channels are {}");
});
