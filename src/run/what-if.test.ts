import { expect, test } from "vitest";
import type { Recorded, Terms } from "../core/state.ts";
import { type Alert, channelName, checkName, type Policy } from "../core/types.ts";
import { definitionOf, every, MINUTE, SECOND, T0, type Wish, World } from "./ground.ts";
import { toldIn } from "./replay.ts";
import { termsOf } from "./terms.ts";
import { WhatIf } from "./what-if.ts";

type Wishes = { readonly [check: string]: Wish };

/** What was told in a world, and what it told. */
interface Past {
  readonly told: readonly Recorded[];
  readonly came: readonly string[];
}

const lines = (alerts: readonly Alert[]): readonly string[] => alerts.map(({ check, channel, recipient, kind, at }) => `${(at - T0) / SECOND} ${check} ${kind} ${recipient}@${channel}`);

function termsOfAll(wishes: Wishes): readonly Terms[] {
  const definitions = Object.entries(wishes).map(([name, wish]) => definitionOf(name, wish));
  const policyOf = (check: string): Policy | null => definitions.find(({ name }) => name === check)?.policy ?? null;
  return definitions.map((definition) => termsOf(definition, { probes: [], policyOf, mask: (text) => text }));
}

async function pastOf(wishes: Wishes, live: (world: World) => Promise<void>): Promise<Past> {
  const world = await World.open();
  world.add(...Object.entries(wishes));
  await live(world);
  await world.pass(2 * SECOND);
  expect(world.batches.length).toBeGreaterThan(0);
  return { told: world.batches.flatMap((batch) => [...toldIn(batch)]), came: lines(world.batches.flatMap(({ alerts }) => alerts)) };
}

function wouldCome({ told }: Past, wishes: Wishes): readonly string[] {
  const whatIf = new WhatIf({ at: T0, terms: [], states: [] }, termsOfAll(wishes), []);
  whatIf.run(told);
  return lines(whatIf.decisions.alerts);
}

const quick: Wish = { schedule: every(10 * SECOND), policy: { failAfter: 2 } };

/** An outage of so many runs, then well again. */
async function outage(world: World, runs: number, ...checks: readonly string[]): Promise<void> {
  for (const check of checks) world.set(check, "down");
  await world.pass(runs * 10 * SECOND);
  for (const check of checks) world.set(check, "up");
  await world.pass(MINUTE);
}

test("by the same terms the same alerts come, at the same time: parents, groups, reminders", async () => {
  const steps: Policy["steps"] = [{ after: { kind: "time", ms: (15 * SECOND) as Policy["everyMs"] }, to: [channelName("ops")], repeatMs: (20 * SECOND) as Policy["everyMs"] }];
  const wishes = { gw: quick, shop: { ...quick, parents: ["gw"] }, mail: { ...quick, policy: { failAfter: 1, steps } }, both: { group: { members: ["shop", "mail"], run: "own" as const } } };
  const past = await pastOf(wishes, async (world) => {
    await outage(world, 12, "mail");
    await outage(world, 6, "gw", "shop");
    await outage(world, 6, "shop");
  });
  expect(past.came.some((line) => line.includes("reminder")), past.came.join("\n")).toBe(true);
  expect(new Set(past.came.map((line) => line.split(" ")[1]))).toEqual(new Set(["gw", "shop", "mail", "both"]));
  expect(wouldCome(past, wishes)).toEqual(past.came);
});

test("more patience: an outage that was too short is not told, a longer one later", async () => {
  const past = await pastOf({ shop: quick }, async (world) => {
    await outage(world, 3, "shop");
    await outage(world, 8, "shop");
  });
  const timeOf = (line: string | undefined): number => Number(line?.split(" ")[0]);
  expect(past.came).toHaveLength(4);
  const patient = wouldCome(past, { shop: { ...quick, policy: { failAfter: 5 } } });
  expect(patient.map((line) => line.replace(/^\S+ /, ""))).toEqual(["shop down ann@ops", "shop recovered ann@ops"]);
  expect(timeOf(patient[0]) - timeOf(past.came[2])).toBeCloseTo(30);
  expect(patient[1]).toBe(past.came[3]);
});

test("others are told where the steps say so, and recoveries go to them", async () => {
  const past = await pastOf({ shop: quick }, (world) => outage(world, 6, "shop"));
  const steps: Policy["steps"] = [{ after: { kind: "runs", count: 2 }, to: [channelName("boss")], repeatMs: null }];
  const told = wouldCome(past, { shop: { ...quick, policy: { failAfter: 2, steps, recipients: { boss: ["eve"] } } } });
  expect(told.map((line) => line.replace(/^\S+ /, ""))).toEqual(["shop down eve@boss", "shop recovered eve@boss"]);
  expect(past.came.map((line) => line.replace(/^\S+ /, ""))).toEqual(["shop down ann@ops", "shop recovered ann@ops"]);
});

test("a dependency that was not there hides what it explains; a group that wants less does not fail", async () => {
  const wishes = { gw: quick, shop: quick, mail: quick, both: { group: { members: ["shop", "mail"], run: "own" as const } } };
  const past = await pastOf(wishes, (world) => outage(world, 6, "gw", "shop"));
  expect(new Set(past.came.map((line) => line.split(" ")[1]))).toEqual(new Set(["gw", "shop", "both"]));
  const other = wouldCome(past, { ...wishes, shop: { ...quick, parents: ["gw"] }, both: { group: { members: ["shop", "mail"], run: "own", require: "any" } } });
  expect(new Set(other.map((line) => line.split(" ")[1]))).toEqual(new Set(["gw"]));
});

test("deeds of people are as they were: what is paused is not told by other terms either", async () => {
  const past = await pastOf({ shop: { ...quick, policy: { failAfter: 5 } } }, async (world) => {
    world.act("shop", "pause");
    await outage(world, 8, "shop");
    world.act("shop", "resume");
    await world.pass(MINUTE);
  });
  expect(past.told.some((one) => one.kind === "input" && one.check === checkName("shop"))).toBe(true);
  expect(wouldCome(past, { shop: quick })).toEqual([]);
});
