import { expect, test } from "vitest";
import { Bench, MINUTE, type PolicyWish, policyOf, story, T0 } from "./ground.ts";
import { channelName, millis } from "./types.ts";

function f(script: string, wish: PolicyWish, expected: string): void {
  expect(story(script, wish)).toBe(expected);
}

test("a step by runs fires at the n-th failing run past failAfter", () => {
  f("u d d d", { steps: "1:ops 3:boss" }, "1 up, 2 down, 2 down!ops, 4 down!boss");
  f("u d d d d", { steps: "1:ops 2:boss", failAfter: 3 }, "1 up, 4 down, 4 down!ops, 5 down!boss");
  f("u d m:d c:d ? d", { steps: "1:ops 2:boss" }, "1 up, 2 down, 2 down!ops, 4 down!boss");
  f("u d u d d", { steps: "1:ops 3:boss", recoverAfter: 2 }, "1 up, 2 down, 2 down!ops, 5 down!boss");
});

test("a step by time fires that long after the incident opened, without a run", () => {
  f("u d +20m", { steps: "1:ops 10m:boss" }, "1 up, 2 down, 2 down!ops, 12 down!boss");
  f("u d d +20m", { steps: "10m:boss", failAfter: 2 }, "1 up, 3 down, 13 down!boss");
  f("u d +5m u +3m", { steps: "10m:boss" }, "1 up, 2 down, 8 up");
});

test("reminders repeat until it is over", () => {
  f("u d +35m u +3m", { steps: "1:ops*15m" }, "1 up, 2 down, 2 down!ops, 17 reminder!ops, 32 reminder!ops, 38 up, 38 recovered!ops");
  f("u d +30m", { steps: "1:ops 10m:boss*15m" }, "1 up, 2 down, 2 down!ops, 12 down!boss, 27 reminder!boss");
  f("u d +10m", { steps: "1:ops*5m" }, "1 up, 2 down, 2 down!ops, 7 reminder!ops, 12 reminder!ops");
});

test("reminders go on when degraded becomes down: none is taken for an earlier one", () => {
  f("u g +6m d +6m", { steps: "1:ops*5m" }, "1 up, 2 degraded, 2 degraded!ops, 7 reminder!ops, 9 down, 9 down!ops, 14 reminder!ops");
});

test("after: 0 tells every scheduled run, whatever it saw, and nothing else", () => {
  f("u d ? m:u u", { steps: "0:log" }, "1 up, 1 run!log, 2 down, 2 run!log, 3 run!log, 4 up, 4 run!log");
  f("u d u", { steps: "0:log 1:ops" }, "1 up, 1 run!log, 2 down, 2 run!log, 2 down!ops, 3 up, 3 recovered!ops, 3 run!log");
  f("u window d windowend u", { steps: "0:log" }, "1 up, 1 run!log, 2 down, 2 again, 3 up, 3 run!log");
});

test("what is less than down is told by the first step in its own time", () => {
  f("u g +20m", { steps: "10m:boss" }, "1 up, 2 degraded, 12 degraded!boss");
  f("u g g g", { steps: "3:boss" }, "1 up, 2 degraded, 4 degraded!boss");
  f("u g +8m u", { steps: "10m:boss" }, "1 up, 2 degraded, 11 up");
});

test("an acknowledgement stops steps and reminders, not the recovery", () => {
  f("u d ack d d +60m u", { steps: "1:ops*5m 3:boss 10m:sms" }, "1 up, 2 down, 2 down!ops, 65 up, 65 recovered!ops");
  f("u g ack d", {}, "1 up, 2 degraded, 2 degraded!ops, 3 down, 3 down!ops");
  f("ack u ack", {}, "1 up");
  const bench = new Bench().play("u d ack ack");
  expect(bench.state.belief.incident?.acknowledged).toEqual({ at: bench.now, by: "ann", note: "" });
});

test("silence holds until recovery, the recovery included, and not longer", () => {
  f("u d silence d d +30m u d", { steps: "1:ops*5m 3:boss" }, "1 up, 2 down, 2 down!ops, 35 up, 36 down, 36 down!ops");
  f("u d silence +10m unsilence s:d", { steps: "1:ops 5m:boss" }, "1 up, 2 down, 2 down!ops, 12 again, 12 down!boss");
  f("u silence d", {}, "1 up, 2 down, 2 down!ops");
  f("silence u d", {}, "1 up, 2 down, 2 down!ops");
  f("u d silence g", {}, "1 up, 2 down, 2 down!ops, 3 degraded");
  f("u d silence remove", {}, "1 up, 2 down, 2 down!ops");
});

test("what a maintenance window held back is told at its end once a run has seen it, with its true start", () => {
  f("u window d +10m windowend s:d", {}, "1 up, 2 down, 12 again, 12 down!ops");
  f("u window d d d +10m windowend s:d", { steps: "1:ops 3:boss 5m:sms" }, "1 up, 2 down, 14 again, 14 down!ops, 14 down!boss, 14 down!sms");
  f("u window d u windowend d", {}, "1 up, 2 down, 3 up, 4 down, 4 down!ops");
  f("u d window +10m windowend s:d", { steps: "1:ops*4m" }, "1 up, 2 down, 2 down!ops, 12 again, 12 reminder!ops");
  const bench = new Bench().play("u window d +10m windowend s:d");
  expect(bench.now - (bench.alerts[0]?.since ?? 0)).toBe(10 * 60_000);
});

test("what is over when the window ends, though nobody saw that yet, is not told", () => {
  f("u window d +10m windowend +1m s:u", {}, "1 up, 2 down, 12 again, 13 up");
  f("u window d +10m windowend s:u +20m s:u", { recoverAfter: 2, steps: "1:ops 5m:boss" }, "1 up, 2 down, 12 again, 32 up");
  f("u window d +10m windowend s:u s:d", { recoverAfter: 2 }, "1 up, 2 down, 12 again, 12 down!ops");
  f("u window d +10m windowend s:g s:g", { warnAfter: 2, failAfter: 1 }, "1 up, 2 down, 12 again, 12 degraded, 12 degraded!ops");
  f("u g window d +10m windowend s:g s:g", { recoverAfter: 2 }, "1 up, 2 degraded, 2 degraded!ops, 3 down, 13 again, 13 degraded, 13 degraded!ops");
  f("u window g +10m windowend s:u", {}, "1 up, 2 degraded, 12 again, 12 up");
  f("u silence:3 d +2m s:u", {}, "1 up, 2 down, 4 again, 4 up");
  // A run that began before the end saw what was so before.
  const bench = new Bench().play("u window d +10m windowend");
  bench.result("down", "scheduled", 1);
  expect(bench.story).toBe("1 up, 2 down, 12 again");
  // It goes on resting while another reason holds it; what never runs by itself is believed as it is.
  f("u window silence:30 d windowend +5m unsilence s:d", {}, "1 up, 2 down, 7 again, 7 down!ops");
  f("s:u window s:d +5m windowend", { everyMs: millis(0) }, "0 up, 0 down, 5 down!ops");
});

test("the recovery of an outage that was told is sent inside a window too, and of no other", () => {
  f("u window d u windowend d u", { onFail: false }, "1 up, 2 down, 3 up, 4 down, 5 up, 5 recovered!ops");
  f("window u", { initial: "down" }, "1 up");
  f("window d u", { initial: "down" }, "2 up");
  f("d window u", { initial: "down" }, "2 up");
  f("window d windowend u", { initial: "down" }, "1 again, 2 up, 2 recovered!ops");
  f("d +20m window u", { initial: "down", steps: "1:ops 10m:boss" }, "22 up");
  f("window d remove", { initial: "down" }, "");
  f("u d window u", {}, "1 up, 2 down, 2 down!ops, 3 up, 3 recovered!ops");
});

test("whom only the lesser part was told hears nothing in a window of what was worse in it, and hears the end", () => {
  f("u d window g u", {}, "1 up, 2 down, 2 down!ops, 3 degraded, 3 degraded!ops, 4 up, 4 recovered!ops");
  f("u g window d g u", {}, "1 up, 2 degraded, 2 degraded!ops, 3 down, 4 degraded, 5 up, 5 recovered!ops");
  f("u g window d g remove", {}, "1 up, 2 degraded, 2 degraded!ops, 3 down, 4 degraded, 4 changed!ops");
  const { alerts, story: told } = new Bench().play("u g window d g windowend s:g u");
  expect(told).toBe("1 up, 2 degraded, 2 degraded!ops, 3 down, 4 degraded, 4 again, 4 degraded!ops, 5 up, 5 recovered!ops");
  expect(alerts[1]).toMatchObject({ ends: alerts[0]?.incident, outageFrom: null });
});

test("what publishes states goes on while telling rests, and tells by no other step", () => {
  const wish: PolicyWish = { steps: "0:log+ops 1:log+boss", publishers: [channelName("log")] };
  f("u window d u windowend", wish, "1 up, 1 run!log, 1 run!ops, 2 down, 2 run!log, 3 up, 3 run!log");
  f("u silence:1 d", { ...wish, steps: "0:log+ops" }, "1 up, 1 run!log, 1 run!ops, 2 down, 2 run!log, 2 run!ops");
  f("u silence:2 d pause d", wish, "1 up, 1 run!log, 1 run!ops, 2 down, 2 run!log, 2 paused");
});

test("each recipient is told, each once a step, and of the recovery once", () => {
  const recipients = { ops: ["ann", "ben"], boss: ["cid"] };
  const bench = new Bench({ recipients, steps: "1:ops 2:boss+ops" }).play("u d d u");
  const told = bench.alerts.map(({ kind, channel, recipient }) => `${kind} ${channel} ${recipient}`);
  expect(told.join(", ")).toBe([
    "down ops ann, down ops ben, down boss cid, down ops ann, down ops ben",
    "recovered ops ann, recovered ops ben, recovered boss cid",
  ].join(", "));
});

test("a rotation is resolved when it is told, and the recovery goes to exactly those who were told", () => {
  const rotations = { night: { zone: "UTC", handover: { days: [0, 1, 2, 3, 4, 5, 6], minute: 5 }, firstDay: 20_453, turns: [["ben"], ["ann"]].map((turn) => turn.map(channelName)), hours: [], overrides: [] } };
  // The bench begins on Thursday, 2026-01-01 at midnight: Ben has the night until 00:05.
  f("u d +10m u", { steps: "1:night", rotations }, "1 up, 2 down, 2 down!ben, 13 up, 13 recovered!ben");
  f("u u u u d u", { steps: "1:night", rotations }, "1 up, 5 down, 5 down!ann, 6 up, 6 recovered!ann");
  f("u d +10m u", { steps: "1:night*4m 8m:night+boss", rotations }, "1 up, 2 down, 2 down!ben, 6 reminder!ann, 10 reminder!ann, 10 down!ann, 10 down!boss, 13 up, 13 recovered!ben, 13 recovered!ann, 13 recovered!boss");
  f("u d u", { steps: "1:night+ben", rotations }, "1 up, 2 down, 2 down!ben, 3 up, 3 recovered!ben");
  f("u d u", { steps: "1:night", rotations: {} }, "1 up, 2 down, 3 up");
});

test("a changed policy while an incident is open", () => {
  const g = (before: string, after: string, expected: string): void => {
    const bench = new Bench({ steps: before }).play("u d");
    bench.policy = policyOf({ steps: after });
    expect(bench.play("telling d d u").story).toBe(expected);
  };
  const began = "1 up, 2 down, 2 down!ops";
  // A step that stays is not fired again, wherever it stands now; a new one is, if it is due.
  g("1:ops", "1:boss 1:ops", `${began}, 2 down!boss, 5 up, 5 recovered!ops, 5 recovered!boss`);
  g("1:ops", "3:ops+boss 1:ops", `${began}, 4 down!boss, 5 up, 5 recovered!ops, 5 recovered!boss`);
  g("1:ops 3:ops+boss", "1:ops 3:ops+boss", `${began}, 4 down!ops, 4 down!boss, 5 up, 5 recovered!ops, 5 recovered!boss`);
  // Those who were told hear of the end, though the steps no longer name them.
  g("1:ops", "", `${began}, 5 up, 5 recovered!ops`);
  g("1:ops", "2:boss", `${began}, 3 down!boss, 5 up, 5 recovered!ops, 5 recovered!boss`);
  // A step that names others tells those who were not told.
  g("1:ops", "1:ops+boss", `${began}, 2 down!boss, 5 up, 5 recovered!ops, 5 recovered!boss`);
  g("1:ops+boss", "1:ops", "1 up, 2 down, 2 down!ops, 2 down!boss, 5 up, 5 recovered!ops, 5 recovered!boss");
  g("1:ops 1:boss", "1:ops+sms 1:boss+sms", "1 up, 2 down, 2 down!ops, 2 down!boss, 2 down!sms, 5 up, 5 recovered!ops, 5 recovered!boss, 5 recovered!sms");
  g("1:ops*2m", "1:ops+boss*2m", `${began}, 2 down!boss, 4 reminder!ops, 4 reminder!boss, 5 up, 5 recovered!ops, 5 recovered!boss`);
});

test("a step that comes earlier or later now tells nobody again, and reminds from the last time that it told", () => {
  const g = (before: string, script: string, after: string, then: string): string => {
    const bench = new Bench({ steps: before }).play(script);
    bench.policy = policyOf({ steps: after });
    const known = bench.events.length;
    return bench.play(`telling ${then}`).events.slice(known).join(", ");
  };
  expect(g("1:ops 3:boss", "u d d d", "1:ops 2:boss", "d d u")).toBe("7 up, 7 recovered!ops, 7 recovered!boss");
  expect(g("1:ops 10m:boss", "u d +11m", "1:ops 15m:boss", "+10m u")).toBe("24 up, 24 recovered!ops, 24 recovered!boss");
  expect(g("1:ops*4m", "u d +5m", "2:ops*4m", "+6m u")).toBe("10 reminder!ops, 14 reminder!ops, 14 up, 14 recovered!ops");
  expect(g("1:ops 3:boss", "u d d d", "1:boss 3:ops", "d d u")).toBe("7 up, 7 recovered!ops, 7 recovered!boss");
});

test("whom a channel names besides while something is open is told of it, once nothing rests, and of its end", () => {
  const g = (script: string, wish: PolicyWish = {}): string => {
    const bench = new Bench({ ...wish, recipients: { ops: ["ann", "ben"] } }).play("u d");
    bench.policy = policyOf({ ...wish, recipients: { ops: ["ben", "cid"] } });
    return bench.play(script).alerts.slice(2).map(({ kind, recipient }) => `${kind} ${recipient}`).join(", ");
  };
  expect(g("telling d u")).toBe("down cid, recovered ann, recovered ben, recovered cid");
  expect(g("telling d +1m u", { steps: "1:ops*3m" })).toBe("down cid, reminder ben, reminder cid, recovered ann, recovered ben, recovered cid");
  expect(g("window telling d windowend s:d u")).toBe("down cid, recovered ann, recovered ben, recovered cid");
  expect(g("d d telling d d", { steps: "1:ops 3:ops" })).toBe("down cid, down ben, down cid");
});

test("a changed repeat holds from the last time that was told", () => {
  const g = (changes: readonly (readonly [steps: string, script: string])[], expected: string): void => {
    const bench = new Bench({ steps: "1:ops*4m" }).play("u d +5m");
    for (const [after, script] of changes) {
      bench.policy = policyOf({ steps: after });
      bench.play(`telling ${script}`);
    }
    expect(bench.story).toBe(`1 up, 2 down, 2 down!ops, 6 reminder!ops${expected}`);
  };
  g([["1:ops", "+10m"]], "");
  g([["1:ops", "+10m"], ["1:ops*4m", "+5m"]], ", 17 reminder!ops, 21 reminder!ops");
  g([["1:ops*2m", "+4m"]], ", 8 reminder!ops, 10 reminder!ops");
  g([["1:ops*10m", "+12m"]], ", 16 reminder!ops");
  g([["1:ops+boss*10m", "clock +10m"]], ", 7 down!boss, 1456 reminder!ops, 1456 reminder!boss");
});

test("whom a changed step adds, of an outage that began with the check, hears nothing of it", () => {
  const bench = new Bench({ initial: "down" }).play("d");
  bench.policy = policyOf({ initial: "down", steps: "1:ops+boss*1m" });
  expect(bench.play("telling d d u").story).toBe("4 up, 4 recovered!ops");
  const more = new Bench({ initial: "down" }).play("d");
  more.policy = policyOf({ initial: "down", steps: "1:ops 2:boss" });
  expect(more.play("telling d d u d").story).toBe("4 up, 4 recovered!ops, 5 down, 5 down!ops");
});

test("a channel that is gone tells nobody", () => {
  f("u d u", { recipients: {} }, "1 up, 2 down, 3 up");
});

test("a reminder says since when nothing was seen, once a verdict was due and none came", () => {
  const unseen = (script: string): readonly (number | null)[] => {
    const { alerts } = new Bench({ steps: "1:ops*2m" }).play(script);
    return alerts.filter(({ kind }) => kind === "reminder").map(({ unseenSince }) => (unseenSince === undefined ? null : (unseenSince - T0) / MINUTE));
  };
  expect(unseen("u d d d d d")).toEqual([null, null]);
  expect(unseen("u d ? ? ? ? ? ? d d")).toEqual([null, 2, 2, null]);
  expect(unseen("u d +5m")).toEqual([null, 2]);
  expect(unseen("u ? ? ? ? ? ? ?")).toEqual([null]);
});
