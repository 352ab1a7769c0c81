import { describe, expect, test } from "vitest";
import { type Alert, type AlertId, channelName, type ChannelName, instant, plus } from "../core/types.ts";
import type { ChannelHealth } from "../store/store.ts";
import { ChannelWatch, healthChange, type HealthInput } from "./health.ts";

const T0 = instant(1_000_000);
const [MAIL, SMS, HOOK] = ["mail", "sms", "hook"].map(channelName) as [ChannelName, ChannelName, ChannelName];

describe("watching", () => {
  function f(tries: readonly (readonly [seconds: number, outcome: "sent" | "retry" | "refused"])[]): number | null {
    const watch = new ChannelWatch();
    watch.keep([{ name: MAIL, recipients: [""] }]);
    for (const [seconds, outcome] of tries) {
      if (outcome === "sent") watch.succeeded(MAIL, "", seconds * 1000);
      else watch.failed(MAIL, "", { refused: outcome === "refused", reason: "no", now: plus(T0, seconds * 1000), monotonic: seconds * 1000 });
    }
    const since = watch.broken.get(MAIL)?.since;
    return since === undefined ? null : (since - T0) / 1000;
  }
  test("three failures over 30 s", () => expect(f([[1, "retry"], [11, "retry"], [31, "retry"]])).toBe(1));
  test("three in less", () => expect(f([[1, "retry"], [11, "retry"], [30, "retry"]])).toBe(null));
  test("the fourth makes the time", () => expect(f([[1, "retry"], [2, "retry"], [3, "retry"], [40, "retry"]])).toBe(1));
  test("two over an hour", () => expect(f([[1, "retry"], [3600, "retry"]])).toBe(null));
  test("a success in between", () => expect(f([[1, "retry"], [20, "retry"], [25, "sent"], [40, "retry"]])).toBe(null));
  test("one refusal", () => expect(f([[7, "refused"]])).toBe(7));
  test("a success mends", () => expect(f([[7, "refused"], [8, "sent"]])).toBe(null));
  test("it stays broken since the first", () => expect(f([[7, "refused"], [8, "refused"]])).toBe(7));
});

describe("watching several recipients", () => {
  /** `12 a sent`: seconds, whom, outcome. What is wrong after each, where that changed. */
  function f(names: string, ...tries: readonly string[]): readonly string[] {
    const watch = new ChannelWatch();
    watch.keep([{ name: MAIL, recipients: names.split("") }]);
    const story: string[] = [];
    for (const one of tries) {
      const [time, to = "", outcome] = one.split(" ");
      const monotonic = Number(time) * 1000;
      if (outcome === "sent") watch.succeeded(MAIL, to, monotonic);
      else watch.failed(MAIL, to, { refused: outcome === "refused", reason: "no", now: plus(T0, monotonic), monotonic });
      const now = watch.troubles.map(({ recipient, since }) => `${recipient ?? "all"} since ${(since - T0) / 1000}`).join();
      if (now !== (story.at(-1)?.split(": ")[1] ?? "")) story.push(`${time}: ${now}`);
    }
    return story;
  }
  test("one is refused while another is reached, before or after", () => {
    expect(f("ab", "1 a sent", "2 b refused")).toEqual(["2: b since 2"]);
    expect(f("ab", "2 b refused", "3 a sent")).toEqual(["3: b since 2"]);
  });
  test("it stays so with each success of the other, and is over with one of its own", () =>
    expect(f("ab", "1 a sent", "2 b refused", "60 a sent", "61 b refused", "90 a sent", "91 b sent")).toEqual(["2: b since 2", "91: "]));
  test("successes of another do not hide one that always fails", () => expect(f("ab", "1 b retry", "2 a sent", "20 b retry", "21 a sent", "40 b retry")).toEqual(["40: b since 1"]));
  test("a failure says nothing while the others were last reached long ago", () => expect(f("ab", "1 a sent", "100 b refused", "101 a refused")).toEqual(["101: all since 101"]));
  test("all fail: the channel; what fails with it is not told by itself when it is over", () =>
    expect(f("ab", "1 a refused", "2 b refused", "60 a sent", "61 b sent")).toEqual(["2: all since 2", "60: "]));
  test("who failed before still fails", () => expect(f("ab", "1 a sent", "2 b refused", "60 a refused", "90 a sent", "91 b sent")).toEqual(["2: b since 2", "60: all since 60,b since 2", "90: b since 2", "91: "]));
  test("of many, three that fail for long are enough", () => {
    const round = (at: number): readonly string[] => ["a", "b", "c"].map((to) => `${at} ${to} retry`);
    expect(f("abcdefgh", "1 h sent", ...round(50), ...round(70), ...round(90))).toEqual(["90: all since 50"]);
    expect(f("abcdefgh", "30 h sent", ...round(50), ...round(70), ...round(90))).toEqual(["90: a since 50", "90: a since 50,b since 50", "90: a since 50,b since 50,c since 50"]);
  });
  test("somebody else's message says nothing", () => expect(f("a", "1 z refused", "2 z sent")).toEqual([]));
  test("what the store knows goes on, for those who are still there", () => {
    const watch = new ChannelWatch();
    watch.keep([{ name: MAIL, recipients: ["a", "b"] }]);
    const one = (recipient: string) => ({ recipient, since: T0, reason: "no", told: true });
    watch.restore([{ channel: MAIL, brokenSince: null, reason: "", told: false, unreachable: [one("b"), one("gone")] }]);
    expect([watch.troubles.map(({ recipient }) => recipient), watch.isFailing(MAIL, "b"), watch.isFailing(MAIL, "a")]).toEqual([["b"], true, false]);
    watch.succeeded(MAIL, "b", 5);
    expect(watch.troubles).toEqual([]);
  });
});

const channels = [MAIL, SMS, HOOK].map((name) => ({ name, recipients: name === SMS ? ["1", "2"] : [""] }));
const broken = (...names: readonly ChannelName[]): HealthInput["troubles"] => names.map((channel) => ({ channel, recipient: null, since: T0, reason: "no" }));
const known = (channel: ChannelName, told: boolean): ChannelHealth => ({ channel, brokenSince: T0, reason: "no", told });
const f = (more: Partial<HealthInput>): ReturnType<typeof healthChange> => healthChange({ now: plus(T0, 60_000), durable: [], troubles: broken(), channels, toldIds: new Set(), ...more });
const to = (alerts: readonly Alert[]): readonly string[] => alerts.map((one) => `${one.kind} of ${one.check} to ${one.channel} ${one.recipient}`.trim());

describe("telling", () => {
  test("all is well", () => expect(f({})).toEqual({ alerts: [], health: [] }));
  test("every other channel is told", () => {
    const { alerts, health } = f({ troubles: broken(MAIL) });
    expect(to(alerts)).toEqual(["channel-broken of channel:mail to sms 1", "channel-broken of channel:mail to sms 2", "channel-broken of channel:mail to hook"]);
    expect(health).toEqual([known(MAIL, true)]);
  });
  test("but those that are broken as well", () => expect(to(f({ troubles: broken(MAIL, SMS) }).alerts)).toEqual(["channel-broken of channel:mail to hook", "channel-broken of channel:sms to hook"]));
  test("once an incident", () => expect(f({ troubles: broken(MAIL), durable: [known(MAIL, true)] })).toEqual({ alerts: [], health: [] }));
  test("with none left it is kept for later", () => expect(f({ troubles: broken(MAIL, SMS, HOOK) })).toEqual({ alerts: [], health: [known(MAIL, false), known(SMS, false), known(HOOK, false)] }));
  test("and not written again and again", () => expect(f({ troubles: broken(MAIL, SMS, HOOK), durable: [MAIL, SMS, HOOK].map((name) => known(name, false)) })).toEqual({ alerts: [], health: [] }));
  test("when one works again it tells of the others", () => {
    const { alerts, health } = f({ troubles: broken(MAIL, SMS), durable: [MAIL, SMS, HOOK].map((name) => known(name, false)) });
    expect(to(alerts)).toEqual(["channel-broken of channel:mail to hook", "channel-broken of channel:sms to hook"]);
    expect(health.map((one) => [one.channel, one.brokenSince, one.told])).toEqual([["mail", T0, true], ["sms", T0, true], ["hook", null, false]]);
  });
  test("the store's incident goes on under its own start", () => expect(f({ troubles: [{ channel: MAIL, recipient: null, since: plus(T0, 5), reason: "no" }], durable: [known(MAIL, false)] }).health).toEqual([known(MAIL, true)]));
});

describe("a recipient that is not reached", () => {
  const lost: HealthInput["troubles"] = [{ channel: SMS, recipient: "2", since: T0, reason: "no" }];
  const one = (told: boolean): ChannelHealth => ({ channel: SMS, brokenSince: null, reason: "", told: false, unreachable: [{ recipient: "2", since: T0, reason: "no", told }] });
  test("is named, once, on the other channels", () => {
    const { alerts, health } = f({ troubles: lost });
    expect(to(alerts)).toEqual(["channel-broken of channel:sms to mail", "channel-broken of channel:sms to hook"]);
    expect(alerts[0]).toMatchObject({ status: "degraded", sentence: "cannot reach 2: no" });
    expect([health, f({ troubles: lost, durable: [one(true)] })]).toEqual([[one(true)], { alerts: [], health: [] }]);
  });
  test("with no other channel its own tells those whom it reaches", () => expect(to(f({ troubles: lost, channels: channels.slice(1, 2) }).alerts)).toEqual(["channel-broken of channel:sms to sms 1"]));
  test("is told nothing of other channels", () => expect(to(f({ troubles: [...lost, ...broken(MAIL)] }).alerts)).toEqual(["channel-broken of channel:sms to hook", "channel-broken of channel:mail to sms 1", "channel-broken of channel:mail to hook"]));
  test("is reached again: told to those who were told", () => {
    const told = new Set(f({ troubles: lost }).alerts.filter(({ channel }) => channel === HOOK).map(({ id }) => id));
    const { alerts, health } = f({ durable: [one(true)], toldIds: told });
    expect([to(alerts), alerts[0]?.sentence, health]).toEqual([["channel-mended of channel:sms to hook"], "it reaches 2 again", [{ channel: SMS, brokenSince: null, reason: "", told: false }]]);
  });
  test("is removed: told to those who were told and are still there", () => {
    const { alerts, health } = f({ durable: [one(true)], toldIds: new Set(f({ troubles: lost }).alerts.map(({ id }) => id)), channels: channels.slice(0, 2).map(({ name, recipients }) => ({ name, recipients: recipients.slice(0, 1) })) });
    expect([to(alerts), alerts[0]?.sentence, health]).toEqual([["channel-mended of channel:sms to mail"], "2 is no longer configured", [{ channel: SMS, brokenSince: null, reason: "", told: false }]]);
  });
  test("the channel breaks as well: both are kept", () => expect(f({ troubles: [...lost, ...broken(SMS)], durable: [one(true)] }).health).toEqual([{ ...one(true), brokenSince: T0, reason: "no", told: true }]));
});

describe("mended", () => {
  const told = f({ troubles: broken(MAIL) }).alerts;
  const ids = (recipients: readonly string[]): ReadonlySet<AlertId> => new Set(told.filter((one) => recipients.includes(one.recipient)).map((one) => one.id));
  test("told to those who were told", () => {
    const { alerts, health } = f({ durable: [known(MAIL, true)], toldIds: ids(["1", ""]) });
    expect(to(alerts)).toEqual(["channel-mended of channel:mail to sms 1", "channel-mended of channel:mail to hook"]);
    expect(health).toEqual([{ channel: MAIL, brokenSince: null, reason: "", told: false }]);
    expect(alerts[0]).toMatchObject({ outageFrom: T0, since: plus(T0, 60_000), status: "up", incident: told[0]?.incident });
  });
  test("nobody was told", () => expect(f({ durable: [known(MAIL, false)] }).alerts).toEqual([]));
  test("the channel is gone from the site", () => {
    const { alerts, health } = f({ durable: [known(MAIL, true)], toldIds: ids(["1", ""]), channels: channels.filter((one) => one.name !== MAIL) });
    expect([to(alerts), health]).toEqual([["channel-mended of channel:mail to sms 1", "channel-mended of channel:mail to hook"], [{ channel: MAIL, brokenSince: null, reason: "", told: false }]]);
    expect(alerts[0]).toMatchObject({ sentence: "it is no longer configured", status: "pending" });
  });
});
