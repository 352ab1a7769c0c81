import { expect, test } from "vitest";
import { type Alert, type AlertId, channelName, checkName, type IncidentId, instant, type Transition } from "../core/types.ts";
import { type AlertDifference, type Mismatch, Proof, Tally } from "./difference.ts";

const alert = (check: string, kind: Alert["kind"], at: number, more: Partial<Alert> = {}): Alert => ({
  id: `${check}${kind}${at}` as AlertId, check: checkName(check), incident: "i" as IncidentId, channel: channelName("ops"), recipient: "ann", kind, at: instant(at), status: "down",
  since: instant(at), sentence: "", code: "refused", evidence: [], hides: [], outageFrom: null, step: 0, ordinal: 1, ...more,
});
const transition = (check: string, at: number, to: Transition["to"], sentence = ""): Transition => ({ check: checkName(check), at: instant(at), from: "up", to, reason: { rule: "threshold", sentence, cause: null }, incident: null, telling: "told" });

function differences(came: readonly Alert[], would: readonly Alert[]): readonly AlertDifference[] {
  const tally = new Tally();
  for (const one of came) tally.came(one);
  for (const one of would) tally.wouldCome(one);
  return tally.differences;
}

/** Told in turns, as far as there are any. */
function firstMismatch(was: readonly Transition[], is: readonly Transition[]): Mismatch | null {
  const proof = new Proof();
  for (let index = 0; index < Math.max(was.length, is.length); index += 1) {
    for (const one of was.slice(index, index + 1)) proof.was(one);
    for (const one of is.slice(index, index + 1)) proof.is(one);
  }
  return proof.mismatch;
}

test("an alert is the same whenever exactly it was decided, and another one where its outage, kind or place is", () => {
  const f = (came: readonly Alert[], would: readonly Alert[], fewer: number, more: number): void =>
    expect(differences(came, would).map((one) => [one.fewer.length, one.more.length])).toEqual(came.length + would.length === 0 ? [] : [[fewer, more]]);
  f([], [], 0, 0);
  f([alert("a", "down", 1)], [alert("a", "down", 1, { at: instant(9) })], 0, 0);
  f([alert("a", "down", 1)], [alert("a", "down", 1001)], 0, 0);
  f([alert("a", "down", 1)], [alert("a", "down", 1002)], 1, 1);
  // The nearest one is the same.
  f([alert("a", "down", 1000), alert("a", "down", 1900)], [alert("a", "down", 2001), alert("a", "down", 900)], 0, 0);
  f([alert("a", "down", 1)], [alert("a", "down", 1, { kind: "recovered" })], 1, 1);
  f([alert("a", "down", 1)], [alert("a", "down", 1, { ordinal: 2 })], 0, 0);
  f([alert("a", "recovered", 5, { outageFrom: instant(1) })], [alert("a", "recovered", 6, { outageFrom: instant(1) })], 0, 0);
  // As often as it is there, in whatever order.
  f([alert("a", "reminder", 1, { ordinal: 2 }), alert("a", "reminder", 1, { ordinal: 3 })], [alert("a", "reminder", 1, { ordinal: 4 })], 1, 0);
  f([alert("a", "down", 1), alert("a", "down", 1)], [alert("a", "down", 1)], 1, 0);
});

test("alerts are counted by check, channel and recipient, in the order of their names", () => {
  const came = [alert("b", "down", 1), alert("a", "down", 1), alert("a", "down", 1, { recipient: "bob" })];
  const would = [alert("a", "down", 1), alert("a", "down", 1, { channel: channelName("boss") })];
  expect(differences(came, would).map((one) => [one.check, one.channel, one.recipient, one.came, one.wouldCome])).toEqual([
    ["a", "boss", "ann", 0, 1],
    ["a", "ops", "ann", 1, 1],
    ["a", "ops", "bob", 1, 0],
    ["b", "ops", "ann", 1, 0],
  ]);
});

test("the first thing that is otherwise, check by check", () => {
  const f = (was: readonly Transition[], is: readonly Transition[], expected: readonly unknown[] | null): void => {
    const first = firstMismatch(was, is);
    expect(first === null ? null : [first.check, first.at, first.was?.replace(/.*: /, "") ?? null, first.is?.replace(/.*: /, "") ?? null]).toEqual(expected);
  };
  const [down, up] = [transition("a", 1, "down", "x"), transition("a", 5, "up", "y")];
  f([], [], null);
  // Of two checks in one instant either may come first.
  f([down, transition("b", 1, "down")], [transition("b", 1, "down"), down], null);
  f([down, up], [down], ["a", 5, "y", null]);
  f([down], [down, up], ["a", 5, null, "y"]);
  f([down, up], [transition("a", 2, "down", "x"), up], ["a", 1, "x", "x"]);
  f([down], [transition("a", 1, "down", "z")], ["a", 1, "x", "z"]);
  f([up, transition("b", 3, "down", "b")], [], ["b", 3, "b", null]);
});
