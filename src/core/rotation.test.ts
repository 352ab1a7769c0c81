import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextChange, onCall, parseWeekHours, parseWeekTime, type Rotation } from "./rotation.ts";
import { channelName, type Instant, instant } from "./types.ts";

const at = (text: string): Instant => instant(Date.parse(text));
const names = (...list: readonly string[]): Rotation["turns"][number] => list.map(channelName);

function value<Of>(parsed: { readonly kind: "parsed"; readonly value: Of } | { readonly kind: "wrong"; readonly wrong: string }): Of {
  if (parsed.kind === "wrong") throw new Error(parsed.wrong);
  return parsed.value;
}

function rotation(handover: string, turns: readonly string[], more: Partial<Rotation> = {}): Rotation {
  return { zone: "Europe/Berlin", handover: value(parseWeekTime(handover)), firstDay: at("2026-01-05T00:00Z") / 86_400_000, turns: turns.map((turn) => names(...turn.split("+"))), hours: [], overrides: [], ...more };
}

const hours = (text: string, ...to: readonly string[]): Rotation["hours"][number] => ({ at: value(parseWeekHours(text)), to: names(...to) });

describe("by week", () => {
  const f = (of: Rotation, when: string, ...who: readonly string[]): void => expect(onCall(of, at(when)), when).toEqual(who);
  const three = rotation("mon 09:00", ["ann", "ben+bea", "cid"]);
  test("each turn from its handover to the next, around and around", () => {
    f(three, "2026-01-05T08:00Z", "ann");
    f(three, "2026-01-12T07:59:59Z", "ann");
    f(three, "2026-01-12T08:00Z", "ben", "bea");
    f(three, "2026-01-19T08:00Z", "cid");
    f(three, "2026-01-26T08:00Z", "ann");
    f(three, "2036-01-07T12:00Z", "ann");
  });
  test("before the first handover the one before it holds", () => {
    f(three, "2026-01-05T07:59Z", "cid");
    f(three, "2025-12-29T08:00Z", "cid");
    f(three, "2025-12-22T08:00Z", "ben", "bea");
  });
  test("several handovers a week, and each day", () => {
    const twice = rotation("mon,fri 17:00", ["ann", "ben", "cid"]);
    f(twice, "2026-01-05T16:00Z", "ann");
    f(twice, "2026-01-09T16:00Z", "ben");
    f(twice, "2026-01-12T16:00Z", "cid");
    const daily = rotation("daily 08:00", ["ann", "ben"]);
    f(daily, "2026-01-05T07:00Z", "ann");
    f(daily, "2026-01-06T07:00Z", "ben");
    f(daily, "2026-01-07T06:59Z", "ben");
  });
  test("a handover on the wall: by the clock in summer, once where an hour comes twice, late where it is left out", () => {
    f(three, "2026-06-08T06:59Z", "ann");
    f(three, "2026-06-08T07:00Z", "ben", "bea");
    const night = rotation("sun 02:30", ["ann", "ben"]);
    f(night, "2026-10-25T00:29Z", ...onCall(night, at("2026-10-24T12:00Z")));
    const after = onCall(night, at("2026-10-25T00:30Z"));
    expect(after).not.toEqual(onCall(night, at("2026-10-24T12:00Z")));
    f(night, "2026-10-25T01:15Z", ...after);
    f(night, "2026-10-25T01:45Z", ...after);
    f(night, "2026-03-29T01:29Z", ...onCall(night, at("2026-03-28T12:00Z")));
    expect(onCall(night, at("2026-03-29T01:30Z"))).not.toEqual(onCall(night, at("2026-03-28T12:00Z")));
  });
});

describe("by hour and day", () => {
  const f = (of: Rotation, when: string, ...who: readonly string[]): void => expect(onCall(of, at(when)), when).toEqual(who);
  const office = rotation("mon 09:00", ["ann", "ben"], { hours: [hours("mon-fri 09:00-17:00", "desk"), hours("sat,sun 00:00-24:00", "weekend")] });
  test("other hours go before the turns, the first of them first", () => {
    f(office, "2026-01-05T08:00Z", "desk");
    f(office, "2026-01-05T15:59Z", "desk");
    f(office, "2026-01-05T16:00Z", "ann");
    f(office, "2026-01-10T11:00Z", "weekend");
    f(office, "2026-01-11T22:59Z", "weekend");
    f(office, "2026-01-11T23:00Z", "ann");
  });
  test("hours over midnight belong to the day on which they begin", () => {
    const night = rotation("mon 09:00", ["day"], { hours: [hours("fri 22:00-06:00", "night")] });
    f(night, "2026-01-09T21:00Z", "night");
    f(night, "2026-01-10T04:59Z", "night");
    f(night, "2026-01-10T05:00Z", "day");
    f(night, "2026-01-10T21:00Z", "day");
  });
  test("an exception goes before all else, the last of several", () => {
    const away = rotation("mon 09:00", ["ann", "ben"], { hours: [hours("daily 00:00-24:00", "desk")], overrides: [{ from: at("2026-01-06T00:00Z"), until: at("2026-01-08T00:00Z"), to: names("cid") }, { from: at("2026-01-07T00:00Z"), until: at("2026-01-09T00:00Z"), to: names("dan") }] });
    f(away, "2026-01-05T23:59Z", "desk");
    f(away, "2026-01-06T00:00Z", "cid");
    f(away, "2026-01-07T00:00Z", "dan");
    f(away, "2026-01-09T00:00Z", "desk");
  });
});

describe("what is written", () => {
  test("times", () => {
    const f = (text: string, expected: object): void => expect(parseWeekTime(text)).toMatchObject(expected);
    f("mon 09:00", { value: { days: [0], minute: 540 } });
    f("Mon-Fri 9:30", { value: { days: [0, 1, 2, 3, 4], minute: 570 } });
    f("sat, sun 00:00", { value: { days: [5, 6], minute: 0 } });
    f("daily 23:59", { value: { days: [0, 1, 2, 3, 4, 5, 6], minute: 1439 } });
    for (const text of ["mon", "09:00", "mon 24:00", "mon 9:60", "noday 09:00", "fri-mon 09:00", "mon 09:00-10:00", ""]) f(text, { kind: "wrong", wrong: `\`${text}\` is no time of the week` });
  });
  test("hours", () => {
    const f = (text: string, expected: object): void => expect(parseWeekHours(text)).toMatchObject(expected);
    f("mon-fri 09:00-17:00", { value: { days: [0, 1, 2, 3, 4], minute: 540, endMinute: 1020 } });
    f("daily 22:00 - 6:00", { value: { minute: 1320, endMinute: 360 } });
    f("sat,sun 00:00-24:00", { value: { days: [5, 6], minute: 0, endMinute: 1440 } });
    for (const text of ["mon 09:00", "mon 09:00-09:00", "mon 24:00-25:00", "09:00-17:00"]) f(text, { kind: "wrong", wrong: `\`${text}\` are no hours of the week` });
  });
});

describe("the next change", () => {
  test("at handovers, hours and exceptions, and only where somebody else is told", () => {
    const office = rotation("mon 09:00", ["ann", "ben"], { hours: [hours("mon-fri 09:00-17:00", "desk")], overrides: [{ from: at("2026-01-07T20:00Z"), until: at("2026-01-07T21:00Z"), to: names("cid") }] });
    const seen: string[] = [];
    let when = at("2026-01-06T20:00Z");
    for (let change = nextChange(office, when); change !== null && seen.length < 7; change = nextChange(office, when)) {
      seen.push(`${new Date(change.at).toISOString().slice(0, 16)} ${change.to.join("+")}`);
      when = change.at;
    }
    expect(seen).toEqual(["2026-01-07T08:00 desk", "2026-01-07T16:00 ann", "2026-01-07T20:00 cid", "2026-01-07T21:00 ann", "2026-01-08T08:00 desk", "2026-01-08T16:00 ann", "2026-01-09T08:00 desk"]);
  });
  test("never, where there is one turn, or all are the same", () => {
    expect(nextChange(rotation("mon 09:00", ["ann"]), at("2026-01-06T20:00Z"))).toBeNull();
    expect(nextChange(rotation("mon 09:00", ["ann", "ann"]), at("2026-01-06T20:00Z"))).toBeNull();
  });
  test("between an instant and its next change the same are on call", () => {
    const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"];
    const times = ["mon 02:30", "daily 00:00", "sun 01:59", "fri,sun 17:00"];
    const other = ["sun 01:00-04:00", "daily 22:00-06:00", "sat 02:15-02:45"];
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.constantFrom(...times), fc.constantFrom(...other), fc.constantFrom("2026-03-29", "2026-10-25", "2026-11-01", "2026-04-05", "2026-07-01"), fc.integer({ min: -172_800, max: 172_800 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (zone, handover, hour, day, seconds, share) => {
        const of = rotation(handover, ["ann", "ben", "cid"], { zone, hours: [hours(hour, "desk")] });
        const from = instant(Date.parse(day) + seconds * 1000);
        const change = nextChange(of, from);
        if (change === null) throw new Error("there is always a change");
        expect(change.at).toBeGreaterThan(from);
        expect(onCall(of, instant(from + Math.floor((change.at - from) * share)))).toEqual(onCall(of, from));
        expect(onCall(of, change.at)).toEqual(change.to);
        expect(change.to).not.toEqual(onCall(of, from));
      }),
      { numRuns: 300 },
    );
  });
});
