import { expect, test } from "vitest";
import { LifeClock, VirtualTime } from "../../test/sim/clock.ts";
import { T0 } from "./ground.ts";
import { asOfNow, momentOf, Pulse } from "./pulse.ts";

async function f(passMs: number, stepMs: number, expected: number): Promise<void> {
  const time = new VirtualTime(T0);
  const pulse = new Pulse(new LifeClock(time));
  await time.runUntil(passMs);
  time.step(stepMs);
  expect(pulse.read().steppedMs, `${stepMs}`).toBe(expected);
  expect(pulse.read().steppedMs).toBe(0);
}

test("a wall clock that parts from the monotonic one by more than 2 s has stepped", async () => {
  await f(60_000, 0, 0);
  await f(60_000, 2000, 0);
  await f(60_000, -2000, 0);
  await f(60_000, 2001, 2001);
  await f(0, -86_400_000, -86_400_000);
  await f(1e9, 3_600_000, 3_600_000);
});

test("when something began, by the clock as it goes now", async () => {
  const time = new VirtualTime(T0);
  const clock = new LifeClock(time);
  const begun = momentOf(clock);
  await time.runUntil(5000);
  expect(asOfNow(clock, begun)).toBe(T0);
  time.step(1500);
  expect(asOfNow(clock, begun)).toBe(T0);
  time.step(-3_600_000);
  expect(asOfNow(clock, begun)).toBe(T0 + 1500 - 3_600_000);
});
