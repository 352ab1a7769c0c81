import { expect, test } from "vitest";
import type { Recorded, Terms } from "../core/state.ts";
import { type Alert, channelName, checkName, instant, type Policy } from "../core/types.ts";
import { Tally } from "./difference.ts";
import { definitionOf, every, MINUTE, NEVER, SECOND, T0, type Wish, World } from "./ground.ts";
import { toldIn } from "./replay.ts";
import { termsOf } from "./terms.ts";
import { type OtherTerms, WhatIf } from "./what-if.ts";

type Wishes = { readonly [check: string]: Wish };

/** What was told in a world, and what it told. */
interface Past {
  readonly wishes: Wishes;
  readonly told: readonly Recorded[];
  readonly came: readonly string[];
  readonly alerts: readonly Alert[];
}

const lines = (alerts: readonly Alert[]): readonly string[] => alerts.map(({ check, channel, recipient, kind, at }) => `${(at - T0) / SECOND} ${check} ${kind} ${recipient}@${channel}`);

/** A configuration as it is judged by. */
function otherTerms(wishes: Wishes, more: Partial<OtherTerms> = {}): OtherTerms {
  const subjects = Object.keys(wishes).map((name) => ({ check: checkName(name), tags: [], groups: [] }));
  return { terms: termsOfAll(wishes), windows: [], subjects, paused: new Set(), match: ({ source, flags }, texts) => texts.some((text) => new RegExp(source, flags).test(text)), ...more };
}

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
  const alerts = world.batches.flatMap((batch) => batch.alerts);
  return { wishes, told: world.batches.flatMap((batch) => [...toldIn(batch)]), came: lines(alerts), alerts };
}

function judgedBy({ wishes, told }: Past, other: Wishes, more: Partial<OtherTerms> = {}): WhatIf {
  const whatIf = new WhatIf({ at: T0, terms: termsOfAll(wishes), states: [] }, otherTerms(other, more), []);
  // In pieces, as it comes out of the store.
  for (let at = 0; at < told.length; at += 50) whatIf.run(told.slice(at, at + 50));
  whatIf.end();
  return whatIf;
}

const wouldCome = (past: Past, other: Wishes, more: Partial<OtherTerms> = {}): readonly string[] => lines(judgedBy(past, other, more).decisions.alerts);

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

/** A clock that is read a little later each time, as a real one is. */
function passing(world: World): void {
  const now = world.clock.now.bind(world.clock);
  let [last, reads] = [now(), 0];
  world.clock.now = () => {
    reads = now() === last ? reads + 1 : 0;
    last = now();
    return instant(last + reads);
  };
}

test("by the same terms the same alerts come of groups, though time passes while they are judged", async () => {
  const steps: Policy["steps"] = [{ after: { kind: "runs", count: 2 }, to: [channelName("ops")], repeatMs: null }];
  const wishes = { gw: quick, shop: { ...quick, parents: ["gw"] }, mail: quick, both: { schedule: NEVER, group: { members: ["shop", "mail"], run: "own" as const }, policy: { steps } } };
  const past = await pastOf(wishes, async (world) => {
    passing(world);
    for (let times = 0; times < 3; times += 1) await outage(world, 5, "mail");
    await outage(world, 8, "shop");
    // It stops while the run is under way that takes its group down.
    world.set("mail", "down", 3 * SECOND);
    while (world.beliefs.state(checkName("mail"))?.belief.streak?.downs !== 1) await world.pass(SECOND);
    while (!world.engine.isRunning(checkName("mail"))) await world.pass(SECOND);
    void world.engine.stop(MINUTE);
    await world.pass(5 * SECOND);
    expect([world.status("mail"), world.status("both")]).toEqual(["down", "down"]);
  });
  const whatIf = judgedBy(past, wishes);
  const tally = new Tally();
  for (const alert of past.alerts) tally.came(alert);
  for (const alert of whatIf.decisions.alerts) tally.wouldCome(alert);
  expect(past.alerts.filter(({ check }) => check === checkName("both")).length).toBeGreaterThan(6);
  expect(tally.differences.flatMap(({ fewer, more }) => [...fewer, ...more])).toEqual([]);
  expect(whatIf.decisions.alerts.length).toBe(past.alerts.length);
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

const namesIn = (told: readonly string[]): readonly string[] => told.map((line) => line.replace(/^\S+ (\S+ \S+) .*/, "$1"));

test("maintenance is that of the other configuration: nobody is told in its windows, and what is left is told by the first run after their end", async () => {
  const past = await pastOf({ shop: quick }, async (world) => {
    await outage(world, 6, "shop");
    await outage(world, 12, "shop");
  });
  const window = (from: number, to: number): Partial<OtherTerms> => ({ windows: [{ name: "night", checks: "all", tags: [], when: { kind: "once", from: instant(T0 + from * SECOND), to: instant(T0 + to * SECOND) } }] });
  expect(namesIn(past.came)).toEqual(["shop down", "shop recovered", "shop down", "shop recovered"]);
  expect(namesIn(wouldCome(past, { shop: quick }, window(0, 100)))).toEqual(["shop down", "shop recovered"]);
  expect(wouldCome(past, { shop: quick }, window(0, 3600))).toEqual([]);
  // The second outage is still there when it ends.
  const later = wouldCome(past, { shop: quick }, window(100, 200));
  expect([later.length, later[2]]).toEqual([4, "200.343 shop down ann@ops"]);
});

test("a check that the other configuration pauses tells nothing", async () => {
  const past = await pastOf({ shop: quick, mail: quick }, (world) => outage(world, 6, "shop", "mail"));
  expect(new Set(namesIn(wouldCome(past, { shop: quick, mail: quick }, { paused: new Set([checkName("mail")]) })))).toEqual(new Set(["shop down", "shop recovered"]));
  // What the configuration of then paused did not run: nobody waits for its verdict.
  const pause: Recorded = { kind: "input", at: T0, check: checkName("mail"), input: { kind: "pause", by: "configuration" } };
  const told = [pause, ...past.told.filter((one) => one.kind === "input" || one.result.check === checkName("shop"))];
  expect(new Set(namesIn(wouldCome({ ...past, told }, { shop: quick, mail: quick })))).toEqual(new Set(["shop down", "shop recovered"]));
});

test("a group that was not there is judged from its members; one in turn, by what they saw", async () => {
  const turn: Wish = { schedule: every(10 * SECOND), group: { members: ["a", "b"], run: "turn" } };
  const members: Wishes = { a: { schedule: NEVER, policy: { steps: [] } }, b: { schedule: NEVER, policy: { steps: [] } } };
  const past = await pastOf({ pair: turn, ...members }, (world) => outage(world, 4, "b"));
  expect(namesIn(past.came)).toEqual(["pair down", "pair recovered"]);
  const f = (other: Wishes, expected: readonly string[]): void => expect(namesIn(wouldCome(past, { ...members, ...other }))).toEqual(expected);
  f({ pair: { ...turn, group: { members: ["a", "b"], run: "turn", require: "any" } } }, []);
  f({ pair: { ...turn, group: { members: ["b"], run: "turn" } } }, ["pair down", "pair recovered"]);
  f({ both: { group: { members: ["a", "b"], run: "own" } } }, ["both down", "both recovered"]);
  f({ both: { group: { members: ["a", "b"], run: "own", require: "any" } } }, []);
});

test("a group in turn whose members fail by their own thresholds is judged by those of now; a paused member takes no part", async () => {
  const group: Wish = { schedule: every(10 * SECOND), group: { members: ["a", "b"], run: "turn", byState: true } };
  const member = (failAfter: number): Wish => ({ schedule: NEVER, policy: { steps: [], failAfter } });
  const past = await pastOf({ pair: group, a: member(1), b: member(9) }, (world) => outage(world, 4, "b"));
  expect(namesIn(past.came)).toEqual([]);
  expect(namesIn(wouldCome(past, { pair: group, a: member(1), b: member(9) }))).toEqual([]);
  expect(namesIn(wouldCome(past, { pair: group, a: member(1), b: member(2) }))).toEqual(["pair down", "pair recovered"]);
  expect(namesIn(wouldCome(past, { pair: group, a: member(1), b: member(2) }, { paused: new Set([checkName("b")]) }))).toEqual([]);
});

test("a parent that was not asked then answers what its next run saw", async () => {
  const slow: Wish = { schedule: every(5 * MINUTE) };
  const wishes = { gw: slow, shop: quick };
  const past = await pastOf(wishes, async (world) => {
    await world.pass(6 * MINUTE);
    world.set("gw", "down");
    world.set("shop", "down");
    await world.pass(8 * MINUTE);
    world.set("gw", "up");
    world.set("shop", "up");
    await world.pass(8 * MINUTE);
    await outage(world, 6, "shop");
  });
  expect(namesIn(past.came)).toEqual(["shop down", "gw down", "shop recovered", "gw recovered", "shop down", "shop recovered"]);
  const told = namesIn(wouldCome(past, { gw: slow, shop: { ...quick, parents: ["gw"] } }));
  expect(told).toEqual(["gw down", "gw recovered", "shop down", "shop recovered"]);
});

test("the pace is that of the runs that were: another schedule takes no check for unchecked", async () => {
  const past = await pastOf({ shop: quick }, (world) => world.pass(10 * MINUTE));
  expect(wouldCome(past, { shop: { ...quick, schedule: every(SECOND) } })).toEqual([]);
});

test("other conditions, and those whose facts were not kept", async () => {
  const compare = (fact: string, amount: number): Wish => ({ ...quick, definition: { expect: [{ fact, condition: { kind: "compare", operator: "<", amount, unit: "ms" } }] } });
  const past = await pastOf({ shop: quick }, async (world) => {
    await world.pass(MINUTE);
    world.set("shop", "up", 900);
    await world.pass(MINUTE);
    world.set("shop", "up");
    await world.pass(MINUTE);
  });
  expect(past.came).toEqual([]);
  const slow = judgedBy(past, { shop: compare("latency", 500) });
  expect([namesIn(lines(slow.decisions.alerts)), slow.unkept.size]).toEqual([["shop down", "shop recovered"], 0]);
  expect(judgedBy(past, { shop: compare("body", 5) }).unkept).toEqual(new Map([["shop", new Set(["body"])]]));
});

test("results of a check that asks something else now are not taken for its own", async () => {
  const past = await pastOf({ shop: { ...quick, target: "old" } }, (world) => outage(world, 6, "shop"));
  expect(judgedBy(past, { shop: quick }).judgedFrom(checkName("shop"))).toBeNull();
  expect(wouldCome(past, { shop: quick })).toEqual([]);
  // As the configuration said in the middle of it.
  const told: Recorded[] = [{ kind: "input", at: past.told[0]?.at ?? T0, check: null, input: { kind: "site", renamed: [], gone: [] }, terms: termsOfAll({ shop: quick }) }, ...past.told];
  expect(namesIn(wouldCome({ ...past, told }, { shop: quick }))).toEqual(["shop down", "shop recovered"]);
});

test("what depends on a check that asks something else now sees it as it was, asked at that moment or not", async () => {
  const behind: Wish = { ...quick, parents: ["shop"], policy: { failAfter: 1 } };
  const past = await pastOf({ shop: { ...quick, target: "old" }, behind }, async (world) => {
    await outage(world, 6, "shop", "behind");
    await outage(world, 6, "behind");
  });
  // Shop was asked for behind's sake.
  expect(past.told.some((one) => one.kind === "result" && one.result.check === checkName("shop") && one.result.origin === "confirm")).toBe(true);
  expect(namesIn(past.came)).toEqual(["shop down", "shop recovered", "behind down", "behind recovered"]);
  expect(namesIn(wouldCome(past, { shop: quick, behind }))).toEqual(["behind down", "behind recovered"]);
});

test("a name that changed on the way is the one of today", async () => {
  const same: Wish = { ...quick, target: "shop", definition: { options: { name: "shop", within: 0 } } };
  const past = await pastOf({ shop: same }, async (world) => {
    await outage(world, 6, "shop");
    await outage(world, 6, "shop");
  });
  const half = past.told.findIndex((one) => one.at > T0 + 100 * SECOND);
  const [shop, store] = [checkName("shop"), checkName("store")];
  const after = past.told.slice(half).map((one): Recorded => (one.kind === "result" ? { ...one, result: { ...one.result, check: store } } : { ...one, check: store }));
  const site: Recorded = { kind: "input", at: after[0]?.at ?? T0, check: null, input: { kind: "site", renamed: [{ from: shop, to: store }], gone: [] }, terms: termsOfAll({ store: same }) };
  const whatIf = new WhatIf({ at: T0, terms: termsOfAll(past.wishes), states: [] }, otherTerms({ store: same }), [{ from: shop, to: store }]);
  whatIf.run([...past.told.slice(0, half), site, ...after]);
  whatIf.end();
  expect(namesIn(lines(whatIf.decisions.alerts))).toEqual(["store down", "store recovered", "store down", "store recovered"]);
});
