import { describe, expect, test } from "vitest";
import { type Alert, type AlertId, channelName, checkName, type IncidentId, instant, plus } from "../core/types.ts";
import { messageTemplateProblem } from "../template/message.ts";
import { renderMessage } from "./message.ts";
import { inOwnWords, type Templates } from "./words.ts";

const T0 = instant(Date.UTC(2026, 10, 20, 2, 12, 41));
const MINUTE = 60_000;
const SITE = { name: "Example", vantage: "home", url: "https://tocsin.example.com", timezone: "Europe/Berlin" };

function alert(more: Partial<Alert> = {}): Alert {
  const rest = { status: "down", since: T0, sentence: "HTTP 503", code: "status", evidence: [{ label: "members", text: "a: down" }], hides: [], outageFrom: null, step: 0, ordinal: 1 } as const;
  const id = `${more.check ?? "shop"}-${more.kind ?? "down"}`;
  return { id: id as AlertId, kind: "down", check: checkName("shop"), incident: `i-${more.check ?? "shop"}` as IncidentId, channel: channelName("ops"), recipient: "a@x", at: plus(T0, MINUTE), ...rest, ...more };
}

const check = (name: string) => (name === "gone" ? null : { type: "http", target: "shop:443", description: "the shop", tags: ["public", "money"] });

function words(templates: Partial<Templates>, alerts: readonly Alert[] = [alert()]): { readonly subject: string; readonly text: string; readonly html: string | null; readonly problem: string | null } {
  const asOf = plus(T0, 4 * MINUTE);
  const message = renderMessage({ key: "k", recipient: "a@x", alerts, site: SITE, asOf, alsoTold: [], unrecorded: false });
  const { message: own, problem } = inOwnWords({ subject: null, text: null, ...templates }, message, { site: SITE, asOf, check, act: () => null });
  return { subject: own.subject, text: own.text, html: own.html, problem };
}

describe("a subject of one's own", () => {
  const f = (template: string, expected: string, alerts?: readonly Alert[]) => expect(words({ subject: template }, alerts).subject).toBe(expected);
  test("what it is about", () => f("[{{ site.name }}] {{ word }}: {{ check }} ({{ type }} {{ tags | join: '+' }} {{ target }}, {{ description }})", "[Example] DOWN: shop (http public+money shop:443, the shop)"));
  test("when", () => f("{{ since }} {{ sinceIso }} {{ duration }}", "2026-11-20 03:12:41 2026-11-20T02:12:41.000Z 4 min"));
  test("a check that is gone has no type", () => f("{{ check }}{{ type }}", "gone", [alert({ check: checkName("gone") })]));
  test("of several the worst", () => f("{{ word }} {{ check }}", "DOWN db", [alert({ kind: "degraded", status: "degraded" }), alert({ check: checkName("db") })]));
  test("a recovery has the length of the outage", () => f("{{ word }} {{ duration }}", "RECOVERED 3 min", [alert({ kind: "recovered", status: "up", since: plus(T0, 3 * MINUTE), outageFrom: T0 })]));
  test("degraded after down, settled: since it is so", () => {
    f("{{ status }} {{ since }} {{ duration }}", "degraded 2026-11-20 03:12:41 4 min", [alert({ kind: "degraded", status: "degraded", outageFrom: plus(T0, -60 * MINUTE) })]);
    f("{{ status }} {{ since }} {{ duration }}", "up 2026-11-20 03:12:41 4 min", [alert({ kind: "settled", status: "up", outageFrom: plus(T0, -60 * MINUTE) })]);
  });
  test("is one line, whatever the far end says", () => f("{{ sentence }}", "bad Bcc: x@y", [alert({ sentence: "bad\r\nBcc: x@y" })]));
  test("an empty one is none", () => f("{{ link | slice: 0, 0 }}", "▲ DOWN shop — HTTP 503, since 03:12 (4 min)"));
  test("begins the default text", () => expect(words({ subject: "$& {{ check }}" }).text.split("\n").slice(0, 3)).toEqual(["$& shop", "", "  Since: 2026-11-20 03:12:41"]));
});

test("a text of one's own stands alone, with all alerts and their evidence", () => {
  const text = "{{ subject }}\n{% for alert in alerts %}{{ alert.check }}{% for part in alert.evidence %} {{ part.label }}={{ part.text }}{% endfor %};{% endfor %}";
  expect(words({ subject: "S", text }, [alert(), alert({ check: checkName("db") })])).toEqual({ subject: "S", text: "S\nshop members=a: down;db members=a: down;", html: null, problem: null });
});

test("a template that fails changes nothing", () => {
  const plain = words({});
  expect(words({ text: "{{ check | nofilter }}" })).toEqual({ ...plain, problem: expect.stringContaining("nofilter") });
  expect(words({ text: "{% for i in (1..100000000) %}{{ i }}{% endfor %}" })).toEqual({ ...plain, problem: expect.stringContaining("limit") });
});

test("a text that comes out blank is not sent", () => {
  const text = "{% if status == 'down' %}{{ check }} is down!{% endif %}\n";
  const recovery = [alert({ kind: "recovered", status: "up", since: plus(T0, 3 * MINUTE), outageFrom: T0 })];
  expect(words({ text }).text).toBe("shop is down!\n");
  expect(words({ subject: "S {{ check }}", text }, recovery)).toEqual({ ...words({ subject: "S {{ check }}" }, recovery), problem: "it says nothing of recovered" });
});

describe("lint fills a template in", () => {
  const f = (template: string, expected: string | null) => expect(messageTemplateProblem(template)).toEqual(expected === null ? null : expect.stringContaining(expected));
  test("all is well", () => f("{{ site.name }} {% for alert in alerts %}{{ alert.evidence[0].text }}{% endfor %}", null));
  test("an unknown name", () => f("{{ chekc }}", "chekc"));
  test("an unknown name of an alert", () => f("{% for alert in alerts %}{{ alert.chekc }}{% endfor %}", "chekc"));
  test("an unknown name in what is said of one kind", () => {
    f("{% if kind == 'recovered' %}{{ durationn }}{% endif %}", "durationn");
    f("{% if status == 'degraded' %}{{ chekc }}{% endif %}", "chekc");
    f("{% if kind == 'reminder' %}{{ chekc }}{% endif %}", "chekc");
    f("{% for alert in alerts %}{% if alert.kind == 'recovered' %}{{ alert.durationn }}{% endif %}{% endfor %}", "durationn");
  });
  test("the first of a list", () => f("{{ hides.first }} {{ dependents[0] }} {{ tags.first }} {{ evidence.first.text }}", null));
  test("an unknown filter", () => f("{{ check | shout }}", "shout"));
  test("an open tag", () => f("{% if check %}", "not closed"));
  test("a file", () => f("{% include '/etc/passwd' %}", "ENOENT"));
});
