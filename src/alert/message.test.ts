import { describe, expect, test } from "vitest";
import { type Alert, type AlertId, channelName, checkName, type IncidentId, instant, plus } from "../core/types.ts";
import { type MessageInput, renderMessage, type SiteFacts } from "./message.ts";
import { momentsIn, span } from "./moment.ts";

/** 03:12:41 in Berlin. */
const T0 = instant(Date.UTC(2026, 10, 20, 2, 12, 41));
const MINUTE = 60_000;
const SITE: SiteFacts = { name: "Example", vantage: "home", url: "https://tocsin.example.com", timezone: "Europe/Berlin" };

function alert(more: Partial<Alert> = {}): Alert {
  const rest = { status: "down", since: T0, sentence: "HTTP 503", code: "status", evidence: [], hides: [], outageFrom: null, step: 0, ordinal: 1 } as const;
  const id = `${more.check ?? "shop"}-${more.kind ?? "down"}-${more.incident ?? ""}`;
  return { id: id as AlertId, kind: "down", check: checkName("shop"), incident: "i1" as IncidentId, channel: channelName("ops"), recipient: "a@x", at: T0, ...rest, ...more };
}
const named = (name: string, more: Partial<Alert> = {}): Alert => alert({ check: checkName(name), incident: `i-${name}` as IncidentId, ...more });

function render(alerts: readonly Alert[], more: Partial<MessageInput> = {}): ReturnType<typeof renderMessage> {
  return renderMessage({ key: "k", recipient: "a@x", alerts, site: SITE, asOf: plus(T0, 4 * MINUTE + 20_000), alsoTold: [], unrecorded: false, ...more });
}

describe("first line", () => {
  const f = (more: Partial<Alert>): string => render([alert(more)]).subject;
  const up = { status: "up", since: plus(T0, 4 * MINUTE), outageFrom: T0, sentence: "HTTP 200", code: "ok" } as const;
  test("down", () => expect(f({})).toBe("▲ DOWN shop — HTTP 503, since 03:12 (4 min)"));
  test("degraded", () => expect(f({ kind: "degraded", status: "degraded", sentence: "slow" })).toBe("◐ DEGRADED shop — slow, since 03:12 (4 min)"));
  test("recovered", () => expect(f({ kind: "recovered", ...up })).toBe("● RECOVERED shop — again since 03:16, after 4 min"));
  test("recovered of what never began", () => expect(f({ kind: "recovered", ...up, outageFrom: null })).toBe("● RECOVERED shop — HTTP 200, since 03:16"));
  test("reminder", () => expect(f({ kind: "reminder" })).toBe("▲ STILL DOWN shop — HTTP 503, since 03:12 (4 min)"));
  test("reminder of less", () => expect(f({ kind: "reminder", status: "degraded" })).toBe("◐ STILL DEGRADED shop — HTTP 503, since 03:12 (4 min)"));
  test("reminder while nothing is seen", () => {
    const { subject, text } = render([alert({ kind: "reminder", unseenSince: plus(T0, MINUTE) })]);
    expect([subject, text.split("\n")[3]]).toEqual(["▲ STILL DOWN shop — HTTP 503, since 03:12 (4 min), nothing seen since 03:13", "  Nothing seen since: 2026-11-20 03:13:41"]);
  });
  test("reminder of what is unchecked", () => expect(f({ kind: "reminder", status: "pending", sentence: "no verdict in 3 runs" })).toBe("? STILL UNCHECKED shop — no verdict in 3 runs, since 03:12 (4 min)"));
  test("flapping", () => expect(f({ kind: "flapping", sentence: "went down 5 times" })).toBe("▲ FLAPPING shop — went down 5 times, since 03:12 (4 min)"));
  test("settled", () => expect(f({ kind: "settled", status: "up", sentence: "settled as up" })).toBe("● SETTLED shop — settled as up"));
  test("unchecked", () => expect(f({ kind: "unchecked", status: "pending", sentence: "no verdict for three runs" })).toBe("? UNCHECKED shop — no verdict for three runs, since 03:12 (4 min)"));
  test("changed", () => expect(f({ kind: "changed", status: "pending", sentence: "the check was removed" })).toBe("· CHANGED shop — the check was removed"));
  test("every run", () => expect(f({ kind: "run", status: "up", sentence: "HTTP 200" })).toBe("● UP shop — HTTP 200, at 03:12"));
  test("channel broken", () => expect(f({ kind: "channel-broken", check: checkName("channel:sms"), sentence: "HTTP 402" })).toBe("▲ CHANNEL BROKEN sms — HTTP 402, since 03:12 (4 min)"));
  test("channel mended", () => expect(f({ kind: "channel-mended", check: checkName("channel:sms"), ...up, sentence: "it works again" })).toBe("● CHANNEL MENDED sms — it works again since 03:16, after 4 min"));
  test("channel that was removed", () => expect(f({ kind: "channel-mended", check: checkName("channel:sms"), ...up, status: "pending", sentence: "it is no longer configured" })).toBe("· CHANNEL CHANGED sms — it is no longer configured since 03:16, after 4 min"));
  test("channel that does not reach everybody", () => expect(f({ kind: "channel-broken", check: checkName("channel:sms"), status: "degraded", sentence: "cannot reach +15550100: 400 no" })).toBe("◐ CHANNEL DEGRADED sms — cannot reach +15550100: 400 no, since 03:12 (4 min)"));
  test("digest", () => expect(f({ kind: "digest", status: "up", check: checkName("Example"), sentence: "2 incidents of one check in 24 h" })).toBe("≡ DIGEST Example — 2 incidents of one check in 24 h"));
  test("test", () => expect(f({ kind: "test", status: "up", check: checkName("Example"), sentence: "this is a test" })).toBe("● TEST Example — this is a test"));
  test("another day", () => expect(f({ since: plus(T0, -86_400_000) })).toBe("▲ DOWN shop — HTTP 503, since 2026-11-19 03:12 (24 h 4 min)"));
  test("one line, whatever the far end says", () => expect(f({ sentence: "bad\r\nBcc: x@y\u0000\u2028z" })).toBe("▲ DOWN shop — bad Bcc: x@y z, since 03:12 (4 min)"));
  test("a long sentence is cut", () => expect(f({ sentence: "x".repeat(500) }).length).toBeLessThan(220));
  test("not recorded", () => expect(render([alert()], { unrecorded: true }).subject).toBe("▲ DOWN shop — HTTP 503, since 03:12 (4 min) (not recorded, may repeat)"));
});

describe("several alerts of one incident are one item", () => {
  const end = { kind: "recovered", status: "up", since: plus(T0, 3 * MINUTE), outageFrom: T0, sentence: "HTTP 200", code: "ok" } as const;
  const f = (alerts: readonly Alert[]): string => render(alerts).subject;
  test("over before it was told", () => expect(f([alert(), alert(end)])).toBe("● WAS DOWN shop — HTTP 503, 03:12-03:15 (3 min)"));
  test("even when the clock stepped back in between", () => expect(f([alert(end), alert()])).toBe("● WAS DOWN shop — HTTP 503, 03:12-03:15 (3 min)"));
  test("through midnight", () => expect(f([alert({ since: plus(T0, -12 * 3_600_000) }), alert(end)])).toBe("● WAS DOWN shop — HTTP 503, 2026-11-19 15:12 to 03:15 (12 h 3 min)"));
  test("the worst that it was", () => expect(f([alert({ kind: "degraded", status: "degraded" }), alert(), alert(end)])).toMatch(/^● WAS DOWN shop/));
  test("the end of what was told before", () => expect(f([alert({ kind: "reminder" }), alert(end)])).toMatch(/^● RECOVERED shop/));
  test("worse while it waited", () => expect(f([alert({ kind: "degraded", status: "degraded" }), alert()])).toMatch(/^▲ DOWN shop/));
  test("changed while it waited", () => expect(f([alert(), alert({ kind: "changed", status: "pending", sentence: "the check was changed" })])).toBe("· CHANGED shop — the check was changed"));
  test("two incidents of one check", () => expect(f([alert(), alert(end), alert({ incident: "i2" as IncidentId, since: plus(T0, 4 * MINUTE) })])).toBe("▲ 1 down, ● 1 was down — shop, shop"));
  test("told with its reminder", () => expect(f([alert(), alert({ kind: "reminder", sentence: "HTTP 502" })])).toBe("▲ DOWN shop — HTTP 502, since 03:12 (4 min)"));
  test("a channel", () => expect(f([alert({ kind: "channel-broken", check: checkName("channel:sms") }), alert({ ...end, kind: "channel-mended", check: checkName("channel:sms") })])).toMatch(/^● WAS BROKEN sms/));
});

describe("an outage that became less is one story", () => {
  const [then, later] = [plus(T0, MINUTE), plus(T0, 3 * MINUTE)];
  const second = "i2" as IncidentId;
  const better = { kind: "degraded", status: "degraded", incident: second, ends: "i1" as IncidentId, at: then, since: then, outageFrom: T0, sentence: "slow", code: "slow" } as const;
  const end = { kind: "recovered", status: "up", incident: second, at: later, since: later, outageFrom: then, sentence: "HTTP 200", code: "ok" } as const;
  const f = (alerts: readonly Alert[]): string => render(alerts).subject;
  const rows = (alerts: readonly Alert[]): readonly string[] => render(alerts).text.split("\n").filter((line) => /^ {2}(Since|From|To|Was down|Flapped):/.test(line)).map((line) => line.trim());
  test("degraded by now", () => expect(f([alert(), alert(better)])).toBe("◐ DEGRADED shop — slow, since 03:13 (3 min), was down 03:12-03:13 (1 min)"));
  test("of what was told before", () => expect([f([alert(better)]), rows([alert(better)])]).toEqual(["◐ DEGRADED shop — slow, since 03:13 (3 min), was down 03:12-03:13 (1 min)", ["Since: 2026-11-20 03:13:41", "Was down: 2026-11-20 03:12:41 to 2026-11-20 03:13:41"]]));
  test("over before it was told", () => expect([f([alert(), alert(better), alert(end)]), rows([alert(), alert(better), alert(end)])]).toEqual(["● WAS DOWN shop — HTTP 503, 03:12-03:13 (1 min), degraded until 03:15", ["From: 2026-11-20 03:12:41", "To: 2026-11-20 03:15:41", "Was down: 2026-11-20 03:12:41 to 2026-11-20 03:13:41"]]));
  test("in whatever order", () => expect(f([alert(end), alert(better), alert()])).toMatch(/^● WAS DOWN shop/));
  test("down again", () => expect(f([alert(), alert(better), alert({ incident: second, since: then })])).toBe("▲ DOWN shop — HTTP 503, since 03:13 (3 min)"));
  test("down again, and over", () => expect(f([alert(), alert(better), alert({ incident: second, since: then }), alert(end)])).toBe("● WAS DOWN shop — HTTP 503, 03:12-03:15 (3 min)"));
  test("still degraded", () => expect(f([alert(), alert(better), alert({ kind: "reminder", status: "degraded", incident: second, since: then, sentence: "slower" })])).toMatch(/^◐ DEGRADED shop — slower, since 03:13/));
  test("only the lesser part is news", () => expect(f([alert(better), alert(end)])).toBe("● WAS DEGRADED shop — slow, 03:13-03:15 (2 min), was down 03:12-03:13 (1 min)"));
  const flapping = alert({ kind: "flapping", sentence: "went down 5 times" });
  const settled = alert({ kind: "settled", status: "up", at: later, since: then, outageFrom: T0, sentence: "settled as up", code: "ok" });
  test("flapping that settled", () => expect([f([flapping, settled]), rows([flapping, settled])]).toEqual(["● SETTLED shop — settled as up", ["Since: 2026-11-20 03:13:41", "Flapped: 2026-11-20 03:12:41 to 2026-11-20 03:15:41"]]));
  test("settled, and down all the same", () => expect(f([flapping, alert(), alert({ ...settled, status: "down", sentence: "settled as down" })])).toBe("▲ 1 down, ▲ 1 settled — shop, shop"));
  test("flapping that a change ended", () => expect(f([flapping, alert({ kind: "changed", status: "pending", incident: second, ends: "i1" as IncidentId, sentence: "the check was removed" })])).toBe("· CHANGED shop — the check was removed"));
});

describe("several items", () => {
  const many = [named("mail", { kind: "recovered", status: "up", since: T0, outageFrom: T0 }), named("shop"), named("dns"), named("ldap"), named("imap", { kind: "degraded", status: "degraded" })];
  test("subject: sums, worst first, and names", () => expect(render(many).subject).toBe("▲ 3 down, ◐ 1 degraded, ● 1 recovered — shop, dns, ldap, imap, …"));
  test("a reminder ranks as what it reminds of", () => expect(render([named("imap", { kind: "degraded", status: "degraded" }), named("ldap", { kind: "reminder", status: "pending" })]).subject).toBe("? 1 still unchecked, ◐ 1 degraded — ldap, imap"));
  test("every name, for short messages; none more where the subject has them all", () => expect([render(many).allNames, render(many.slice(1)).allNames]).toEqual(["▲ 3 down, ◐ 1 degraded, ● 1 recovered — shop, dns, ldap, imap, mail", undefined]));
  test("the text names every check, however many", () => {
    const all = Array.from({ length: 1000 }, (_, index) => named(`check${index}`));
    const { text } = render(all);
    expect(all.filter((one) => !text.includes(`▲ DOWN ${one.check} — `))).toEqual([]);
  });
});

const whole = alert({ hides: [checkName("cart"), checkName("pay")], evidence: [{ label: "sent", text: "GET / HTTP/1.1" }, { label: "received", text: "HTTP/1.1 503\r\n<b>busy</b>\u0007\n" }] });

test("the text is complete and its first line is the subject", () => {
  const { text, subject } = render([whole], { alsoTold: ["boss-sms to +15550100", "log"] });
  expect(text).toBe(`${subject}

  Since: 2026-11-20 03:12:41
  Cause: HTTP 503 (status)
  Hides: cart, pay
  Look: https://tocsin.example.com/checks/shop
  sent:
    GET / HTTP/1.1
  received:
    HTTP/1.1 503
    <b>busy</b>·

Also told: boss-sms to +15550100, log

-- 
Example, seen from home, as of 2026-11-20 03:17:01 (Europe/Berlin)
`);
});

describe("what depends on it", () => {
  const rows = (more: Partial<Alert>): readonly string[] => render([alert(more)]).text.split("\n").filter((line) => /Hides|Depends/.test(line));
  test("has a row of its own", () => expect(rows({ hides: [checkName("cart")], dependents: [checkName("pay"), checkName("mail")] })).toEqual(["  Hides: cart", "  Depends on it: pay, mail"]));
  test("is bounded", () => expect(rows({ dependents: Array.from({ length: 33 }, (_, at) => checkName(`c${at}`)) })[0]).toMatch(/, c29 and 3 more$/));
});

describe("html", () => {
  const { html, text } = render([whole], { alsoTold: ["<log>"] });
  test("is escaped", () => expect([html?.includes("<b>"), html?.includes("&lt;b&gt;busy"), html?.includes("&lt;log&gt;")]).toEqual([false, true, true]));
  test("loads nothing", () => expect(html).not.toMatch(/<(img|script|link|style|iframe)|url\(/));
  test("says all that the text says", () => {
    const plain = (html ?? "").replaceAll(/<[^>]+>/g, " ").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
    const words = text.split(/\s+/).filter((word) => /\w{3}/.test(word) && !["Look:", "https://tocsin.example.com/checks/shop"].includes(word));
    expect(words.filter((word) => !plain.includes(word.replace(/:$/, "")))).toEqual([]);
  });
});

describe("links", () => {
  const f = (one: Alert, url: string | null): string => /Look: (.*)/.exec(render([one], { site: { ...SITE, url } }).text)?.[1] ?? "";
  test("a name is encoded", () => expect(f(named("a b/ü?"), "https://t/")).toBe("https://t/checks/a%20b%2F%C3%BC%3F"));
  test("none without an address", () => expect(f(alert(), null)).toBe(""));
  test("a channel has no page of its own", () => expect(f(named("channel:sms", { kind: "channel-broken" }), "https://t")).toBe("https://t/"));
});

test("long evidence is cut", () => {
  const { text } = render([alert({ evidence: [{ label: "received", text: `${"x".repeat(5000)}\n${"line\n".repeat(100)}` }] })]);
  expect([text.includes("… 86 more lines"), text.length < 2000]).toEqual([true, true]);
});

test("a repeat reads the same", () => expect(render([whole])).toEqual(render([whole])));

describe("span", () => {
  const f = (ms: number, expected: string): void => expect(span(ms)).toBe(expected);
  test("seconds", () => f(45_999, "45 s"));
  test("nothing", () => f(-5, "0 s"));
  test("minutes", () => f(59 * MINUTE + 59_000, "59 min"));
  test("hours", () => f(3 * 60 * MINUTE, "3 h"));
  test("hours and minutes", () => f(200 * MINUTE, "3 h 20 min"));
  test("days", () => f(48 * 60 * MINUTE, "2 d"));
  test("days and hours", () => f(52 * 60 * MINUTE, "2 d 4 h"));
});

describe("times", () => {
  const f = (zone: string, at: number): string => momentsIn(zone, T0).exact(instant(at));
  test("in the site's zone", () => expect(f("Europe/Berlin", T0)).toBe("2026-11-20 03:12:41"));
  test("in summer", () => expect(f("Europe/Berlin", Date.UTC(2026, 6, 1, 22, 0, 0))).toBe("2026-07-02 00:00:00"));
  test("in UTC", () => expect(f("UTC", T0)).toBe("2026-11-20 02:12:41"));
  // Berlin puts its clocks back at 01:00 UTC on 25 October 2026, Lord Howe by half an hour at 15:00 UTC on 4 April.
  const berlin = (hour: number, minute: number): string => f("Europe/Berlin", Date.UTC(2026, 9, 25, hour, minute)).slice(11);
  test("with the offset where they come twice", () => expect([berlin(0, 0), berlin(0, 59), berlin(1, 0), berlin(1, 59)]).toEqual(["02:00:00 +02:00", "02:59:00 +02:00", "02:00:00 +01:00", "02:59:00 +01:00"]));
  test("and only there", () => expect([berlin(-1, 59), berlin(2, 0)]).toEqual(["01:59:00", "03:00:00"]));
  test("by half an hour", () => expect([14 * 60 + 29, 14 * 60 + 30, 15 * 60 + 29, 15 * 60 + 30].map((minute) => f("Australia/Lord_Howe", Date.UTC(2026, 3, 4, 0, minute)).slice(11))).toEqual(["01:29:00", "01:30:00 +11:00", "01:59:00 +10:30", "02:00:00"]));
  test("behind UTC", () => expect(f("America/New_York", Date.UTC(2026, 10, 1, 5, 30))).toBe("2026-11-01 01:30:00 -04:00"));
  test("where an hour is left out none comes twice", () => expect(f("Europe/Berlin", Date.UTC(2026, 2, 29, 1, 0))).toBe("2026-03-29 03:00:00"));
  test("of a recovery within it", () => {
    const [from, to] = [instant(Date.UTC(2026, 9, 25, 0, 40)), instant(Date.UTC(2026, 9, 25, 1, 20))];
    const { subject, text } = render([alert({ since: from }), alert({ kind: "recovered", status: "up", since: to, outageFrom: from })], { asOf: to });
    expect([subject, text.split("\n").filter((line) => /^ {2}(From|To):/.test(line))]).toEqual(["● WAS DOWN shop — HTTP 503, 02:40 +02:00 to 02:20 +01:00 (40 min)", ["  From: 2026-10-25 02:40:00 +02:00", "  To: 2026-10-25 02:20:00 +01:00"]]);
  });
});
