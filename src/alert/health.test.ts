import { describe, expect, test } from "vitest";
import { type Alert, type AlertId, channelName, type ChannelName, instant, plus } from "../core/types.ts";
import type { ChannelHealth } from "../store/store.ts";
import { ChannelWatch, healthChange, type HealthInput } from "./health.ts";

const T0 = instant(1_000_000);
const [MAIL, SMS, HOOK] = ["mail", "sms", "hook"].map(channelName) as [ChannelName, ChannelName, ChannelName];

describe("watching", () => {
  function f(tries: readonly (readonly [seconds: number, outcome: "sent" | "retry" | "refused"])[]): number | null {
    const watch = new ChannelWatch();
    for (const [seconds, outcome] of tries) {
      if (outcome === "sent") watch.succeeded(MAIL);
      else watch.failed(MAIL, { refused: outcome === "refused", reason: "no", now: plus(T0, seconds * 1000), monotonic: seconds * 1000 });
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

const channels = [MAIL, SMS, HOOK].map((name) => ({ name, recipients: name === SMS ? ["1", "2"] : [""] }));
const broken = (...names: readonly ChannelName[]): HealthInput["broken"] => new Map(names.map((name) => [name, { since: T0, reason: "no" }]));
const known = (channel: ChannelName, told: boolean): ChannelHealth => ({ channel, brokenSince: T0, reason: "no", told });
const f = (more: Partial<HealthInput>): ReturnType<typeof healthChange> => healthChange({ now: plus(T0, 60_000), durable: [], broken: broken(), channels, toldIds: new Set(), ...more });
const to = (alerts: readonly Alert[]): readonly string[] => alerts.map((one) => `${one.kind} of ${one.check} to ${one.channel} ${one.recipient}`.trim());

describe("telling", () => {
  test("all is well", () => expect(f({})).toEqual({ alerts: [], health: [] }));
  test("every other channel is told", () => {
    const { alerts, health } = f({ broken: broken(MAIL) });
    expect(to(alerts)).toEqual(["channel-broken of channel:mail to sms 1", "channel-broken of channel:mail to sms 2", "channel-broken of channel:mail to hook"]);
    expect(health).toEqual([known(MAIL, true)]);
  });
  test("but those that are broken as well", () => expect(to(f({ broken: broken(MAIL, SMS) }).alerts)).toEqual(["channel-broken of channel:mail to hook", "channel-broken of channel:sms to hook"]));
  test("once an incident", () => expect(f({ broken: broken(MAIL), durable: [known(MAIL, true)] })).toEqual({ alerts: [], health: [] }));
  test("with none left it is kept for later", () => expect(f({ broken: broken(MAIL, SMS, HOOK) })).toEqual({ alerts: [], health: [known(MAIL, false), known(SMS, false), known(HOOK, false)] }));
  test("and not written again and again", () => expect(f({ broken: broken(MAIL, SMS, HOOK), durable: [MAIL, SMS, HOOK].map((name) => known(name, false)) })).toEqual({ alerts: [], health: [] }));
  test("when one works again it tells of the others", () => {
    const { alerts, health } = f({ broken: broken(MAIL, SMS), durable: [MAIL, SMS, HOOK].map((name) => known(name, false)) });
    expect(to(alerts)).toEqual(["channel-broken of channel:mail to hook", "channel-broken of channel:sms to hook"]);
    expect(health.map((one) => [one.channel, one.brokenSince, one.told])).toEqual([["mail", T0, true], ["sms", T0, true], ["hook", null, false]]);
  });
  test("the store's incident goes on under its own start", () => expect(f({ broken: new Map([[MAIL, { since: plus(T0, 5), reason: "no" }]]), durable: [known(MAIL, false)] }).health).toEqual([known(MAIL, true)]));
});

describe("mended", () => {
  const told = f({ broken: broken(MAIL) }).alerts;
  const ids = (recipients: readonly string[]): ReadonlySet<AlertId> => new Set(told.filter((one) => recipients.includes(one.recipient)).map((one) => one.id));
  test("told to those who were told", () => {
    const { alerts, health } = f({ durable: [known(MAIL, true)], toldIds: ids(["1", ""]) });
    expect(to(alerts)).toEqual(["channel-mended of channel:mail to sms 1", "channel-mended of channel:mail to hook"]);
    expect(health).toEqual([{ channel: MAIL, brokenSince: null, reason: "", told: false }]);
    expect(alerts[0]).toMatchObject({ outageFrom: T0, since: plus(T0, 60_000), status: "up", incident: told[0]?.incident });
  });
  test("nobody was told", () => expect(f({ durable: [known(MAIL, false)] }).alerts).toEqual([]));
  test("the channel is gone from the site", () => expect(f({ durable: [known(MAIL, true)], toldIds: ids(["1", ""]), channels: channels.filter((one) => one.name !== MAIL) })).toEqual({ alerts: [], health: [{ channel: MAIL, brokenSince: null, reason: "", told: false }] }));
});
