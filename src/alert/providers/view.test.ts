import { describe, expect, test } from "vitest";
import { type Alert, type AlertKind, checkName, instant, type Status } from "../../core/types.ts";
import type { ChannelContext, Message, MessageItem } from "../channels/channel.ts";
import { eventOf, itemView, messageView } from "./view.ts";

const alertOf = (kind: AlertKind, status: Status, check = "shop"): Alert => ({ kind, status, check: checkName(check) }) as Alert;
const ctx = { clock: { now: () => instant(7) }, random: { bytes: (count: number) => new Uint8Array(count) } } as unknown as ChannelContext;

describe("what an alert means to a service of incidents", () => {
  const f = (kind: AlertKind, status: Status): string => eventOf(alertOf(kind, status));
  test("beginnings", () => expect((["down", "degraded", "unchecked", "flapping", "channel-broken"] as const).map((kind) => f(kind, "down"))).toEqual(Array.from({ length: 5 }, () => "outage")));
  test("ends", () => expect((["recovered", "changed", "channel-mended"] as const).map((kind) => f(kind, "pending"))).toEqual(Array.from({ length: 3 }, () => "recovery")));
  test("by its state", () => expect([f("settled", "up"), f("settled", "down"), f("run", "up"), f("run", "degraded")]).toEqual(["recovery", "outage", "recovery", "outage"]));
  test("the rest", () => expect([f("reminder", "down"), f("test", "up"), f("digest", "up")]).toEqual(["reminder", "test", "digest"]));
});

describe("a view", () => {
  const item = (alert: Alert, link: string | null = null): MessageItem => ({ headline: `▲ ${alert.check}`, text: `▲ ${alert.check}\n  Cause: x`, link, type: "http", alert, opened: null });
  const message = (items: readonly MessageItem[], text = "▲ first — x\n\n  Since: 3\n\n-- \nfooter\n"): Message => ({ key: "k", recipient: "r", subject: "▲ first — x", text, html: "<p>", alerts: [], items, site: { name: "Example", vantage: "home", url: "https://t/" } });
  const severity = (kind: AlertKind, status: Status): string => messageView(message([item(alertOf(kind, status))]), {}, ctx).severity;
  test("how bad", () => expect([severity("down", "down"), severity("reminder", "degraded"), severity("degraded", "degraded"), severity("unchecked", "up"), severity("recovered", "up"), severity("test", "up")]).toEqual(["critical", "warning", "warning", "warning", "info", "info"]));
  test("of one trouble", () => expect(messageView(message([item(alertOf("down", "down"), "https://t/shop")]), {}, ctx)).toMatchObject({ title: "▲ first — x", details: "Since: 3\n\n-- \nfooter", text: "▲ first — x\n\nSince: 3\n\n-- \nfooter", sms: { text: "first - x https://t/shop" }, link: "https://t/shop", now: 7, key: "k", recipient: "r", html: "<p>" }));
  test("of several: the page, and the kind of the worst", () => expect(messageView(message([item(alertOf("down", "down"), "https://t/a"), item(alertOf("recovered", "up", "b"), "https://t/b")]), {}, ctx)).toMatchObject({ link: "https://t/", event: "outage" }));
  test("one of several", () => {
    const two = [item(alertOf("down", "down")), item(alertOf("down", "down", "b"))];
    const [a, b] = two.map((one) => itemView(one, message(two), {}, ctx));
    expect(b).toMatchObject({ title: "▲ b", details: "Cause: x", text: "▲ b\n\nCause: x" });
    expect(a?.alias).not.toBe(b?.alias);
  });
  test("known by the names under which it was opened; by those of today where these are not on record", () => {
    const aliasOf = (name: string, alert: Alert): string => messageView({ ...message([item(alert)]), site: { name, vantage: "home", url: null } }, {}, ctx).alias;
    const opened = aliasOf("Example", alertOf("down", "down"));
    const openedAs = { site: "Example", check: checkName("shop") };
    expect(aliasOf("Example shops", { ...alertOf("recovered", "up", "store"), openedAs })).toBe(opened);
    expect(aliasOf("Example", alertOf("recovered", "up"))).toBe(opened);
    expect(aliasOf("Example shops", alertOf("recovered", "up", "store"))).not.toBe(opened);
  });
  test("one alone is said in the message's words", () => {
    const only = item(alertOf("down", "down"));
    expect(itemView(only, message([only]), {}, ctx)).toMatchObject({ title: "▲ first — x", details: "Since: 3\n\n-- \nfooter" });
  });
  test("in the owner's own words", () => expect(messageView(message([item(alertOf("down", "down"), "https://t/shop")], "come quickly\n"), {}, ctx)).toMatchObject({ title: "▲ first — x", details: "come quickly", text: "come quickly", sms: { text: "come quickly" } }));
  test("cut to its limits", () => expect(messageView(message([item(alertOf("down", "down"))]), { title: 5, text: 19 }, ctx)).toMatchObject({ title: "▲ fi…", details: "Since: 3\n\n-- \nfoot…", text: "▲ fi…\n\nSince: 3\n\n-…" }));
  test("no pictures that are not there", () => expect(messageView({ ...message([item(alertOf("down", "down"))]), html: '<p>a<img alt="latency" src="cid:latency.png">b' }, {}, ctx).html).toBe("<p>ab"));
  test("no address that is too long for a field", () => expect(messageView(message([item(alertOf("down", "down"), `https://t/${"x".repeat(500)}`)]), {}, ctx)).toMatchObject({ link: null, sms: { text: "first - x" } }));
  test("nothing below the first line", () => expect(messageView(message([item(alertOf("down", "down"))], "▲ first — x"), {}, ctx)).toMatchObject({ details: "", text: "▲ first — x" }));
});
