import { expect, test } from "vitest";
import { type EchoSender, type Flight, Flights, type OutgoingEcho } from "./flights.ts";

const ROOM = 1e9;

function sender(): EchoSender {
  const quiet = (): void => undefined;
  return { to: { family: 4, octets: Uint8Array.of(127, 0, 0, 1), scope: 0 }, source: null, token: new Uint8Array(8), sequences: [], over: false, sent: quiet, unsent: quiet, answered: quiet, repeated: quiet, reported: quiet };
}

const echo = (of: EchoSender, size = 56): OutgoingEcho => ({ sender: of, index: 0, size, ttl: null, whole: false });

/** So many echoes of one sender, all on their way. */
function fly(flights: Flights, count: number, of = sender(), now = 0): (Flight | null)[] {
  return Array.from({ length: count }, () => flights.begin(echo(of), ROOM, now));
}

test("numbers go round, and a number that is awaited is passed over", () => {
  const flights = new Flights(65_534);
  const [a, b, c] = fly(flights, 3);
  expect([a?.sequence, b?.sequence, c?.sequence]).toEqual([65_534, 65_535, 0]);
  const rest = fly(flights, 65_533);
  expect(rest.at(-1)?.sequence).toBe(65_533);
  expect(fly(flights, 1), "all numbers are awaited").toEqual([null]);
  if (!b) throw new Error("no flight");
  flights.settle(b);
  expect(fly(flights, 1)[0]?.sequence).toBe(65_535);
  expect(fly(flights, 1)).toEqual([null]);
});

test("a sender that is forgotten gives its numbers back, and only its own", () => {
  const flights = new Flights(0);
  const [one, two] = [sender(), sender()];
  const [first] = fly(flights, 1, one);
  const [second] = fly(flights, 1, two);
  flights.forget(one);
  expect(flights.at(first?.sequence ?? -1)).toBeNull();
  expect(flights.at(second?.sequence ?? -1)).toBe(second);
  // A number that another one got meanwhile stays his.
  fly(flights, 65_535, one);
  if (!second) throw new Error("no flight");
  flights.settle(second);
  const [third] = fly(flights, 1, sender());
  expect(third?.sequence).toBe(second.sequence);
  flights.forget(two);
  expect(flights.at(second.sequence)).toBe(third);
});

test("what was not sent after all leaves no trace", () => {
  const flights = new Flights(0);
  const own = sender();
  const [one, two] = fly(flights, 2, own);
  if (!one || !two) throw new Error("no flight");
  flights.cancel(one);
  expect([flights.at(0), flights.at(1), own.sequences]).toEqual([null, two, [1]]);
  flights.cancel(two);
  expect(fly(flights, 65_536).includes(null)).toBe(false);
});

test("answers are kept within the receive buffer, for as long as this process may be busy", () => {
  const flights = new Flights(0);
  const begin = (size: number, now: number): Flight | null => flights.begin(echo(sender(), size), 4000, now);
  const one = begin(56, 0);
  expect([one !== null, begin(56, 0) !== null, begin(56, 0)]).toEqual([true, true, null]);
  if (!one) throw new Error("no flight");
  flights.settle(one);
  expect(begin(56, 1)).not.toBeNull();
  expect(begin(56, 100)).toBeNull();
  expect(begin(56, 100.5), "the second one's place is free again").not.toBeNull();
  expect(begin(65_000, 150), "too long for all of it").toBeNull();
  expect(begin(65_000, 1000), "alone it may go").not.toBeNull();
  expect(begin(0, 1000)).toBeNull();
});
