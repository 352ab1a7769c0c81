import { afterAll, beforeAll, expect, test } from "vitest";
import type { Sending } from "../../src/alert/channels/channel.ts";
import { checkName, type IncidentId } from "../../src/core/types.ts";
import { describeWith } from "../servers/ground.ts";
import { providers } from "../../src/alert/providers/index.ts";
import { messageView } from "../../src/alert/providers/view.ts";
import { channelFor, Everybody } from "./recorder.ts";
import { sample } from "./sample.ts";

type Alerts = Parameters<typeof sample>[1];
const incident = (id: string): { readonly incident: IncidentId } => ({ incident: id as IncidentId });
const shop = incident("shop-1");
const mail = { ...incident("mail-1"), check: checkName("mail") };

describeWith(["openssl"], "services that keep incidents", () => {
  const everybody = new Everybody();
  beforeAll(() => everybody.start(["events.pagerduty.com"]));
  afterAll(() => everybody.stop());

  const options = { routingKey: "00000000000000000000000000000abc", region: "us", severity: "critical" };
  /** What was asked, in order, with the check that it was about; every check's alias stands for its name. */
  async function f(alerts: Alerts, statuses: readonly number[] = []): Promise<{ readonly asked: readonly string[]; readonly sending: Sending }> {
    everybody.asked = [];
    let turn = 0;
    everybody.answer = { status: () => statuses[turn++] ?? 202, headers: {}, body: () => '{"status":"success"}' };
    const channel = channelFor("pagerduty");
    const sending = await channel.send(options, sample("", alerts), everybody.context());
    const bodies = everybody.asked.map(([, , body]) => JSON.parse(body) as { readonly event_action: string; readonly dedup_key: string; readonly payload?: { readonly source: string; readonly severity: string } });
    const names = new Map(bodies.flatMap(({ dedup_key, payload }) => (payload === undefined ? [] : [[dedup_key, payload.source]])));
    return { asked: bodies.map(({ event_action, dedup_key, payload }) => `${event_action} ${names.get(dedup_key) ?? "?"}${payload === undefined ? "" : ` ${payload.severity}`}`), sending };
  }

  test("one request for each check, in the order in which it happened", async () => {
    expect((await f([{ event: "outage", ...shop }, { event: "warning", ...mail }])).asked).toEqual(["trigger shop critical", "trigger mail warning"]);
  });
  test("an outage that ended before it could be told begins and ends", async () => {
    expect((await f([{ event: "outage", ...shop }, { event: "recovery", ...shop }])).asked).toEqual(["trigger shop info", "resolve shop"]);
  });
  test("one ended and the next one began: it stays open", async () => {
    expect((await f([{ event: "recovery", ...shop }, { event: "outage", ...incident("shop-2") }])).asked).toEqual(["resolve shop", "trigger shop critical"]);
  });
  test("a test leaves nothing open", async () => expect((await f([{ event: "test" }])).asked).toEqual(["trigger Example info", "resolve Example"]));
  test("a test and a digest are of no check, not even of one that is called as the site is", async () => {
    const named = { ...incident("site"), check: checkName("Example") };
    const aliases = (["outage", "test", "digest"] as const).map((event) => messageView(sample("", [{ event, ...(event === "outage" ? named : {}) }]), {}, everybody.context()).alias);
    expect(new Set(aliases).size).toBe(3);
  });
  test("a digest ends nothing: alone it is refused, in company it is left out", async () => {
    const alone = await f([{ event: "digest" }]);
    expect([alone.asked, alone.sending]).toEqual([[], { kind: "refused", reason: "pagerduty cannot show a digest" }]);
    expect((await f([{ event: "digest" }, { event: "outage", ...shop }])).asked).toEqual(["trigger shop critical"]);
    expect((await f([{ event: "recovery", ...shop }, { event: "digest" }])).asked).toEqual(["resolve ?"]);
  });
  test("a digest in company does not speak for what it goes with", () => {
    const event = (alerts: Alerts): string => messageView(sample("", alerts), {}, everybody.context()).event;
    expect([event([{ event: "digest" }, { event: "recovery", ...shop }]), event([{ event: "digest" }, { event: "outage", ...shop }]), event([{ event: "digest" }])]).toEqual(["recovery", "outage", "digest"]);
  });
  test("a configuration gives digests to those that can show them", () => {
    const without = new Set(providers.filter(({ keepsOpen }) => keepsOpen === true).map(({ type }) => type));
    expect(["slack", "datadog", "new-relic", "splunk-hec", "email-resend"].filter((type) => without.has(type))).toEqual([]);
    expect(["pagerduty", "alertmanager", "grafana-oncall", "healthchecks", "uptime-kuma", "github-dispatch"].filter((type) => !without.has(type))).toEqual([]);
  });
  test("a check that flapped and is well is ended", async () => {
    const settled = { event: "recovery", kind: "settled", incident: null } as const;
    expect((await f([{ event: "outage", ...shop }, settled])).asked).toEqual(["trigger shop critical", "resolve shop"]);
  });
  test("all sent", async () => expect((await f([{ event: "outage", ...shop }, { event: "outage", ...mail }])).sending).toEqual({ kind: "sent", detail: '2 requests; HTTP 202 Accepted: {"status":"success"}' }));
  test("one is refused: the others are told all the same", async () => {
    const { asked, sending } = await f([{ event: "outage", ...shop }, { event: "outage", ...mail }], [400]);
    expect([asked.length, sending]).toEqual([2, { kind: "refused", reason: '1 of 2 requests: HTTP 400 Bad Request: {"status":"success"}' }]);
  });
  test("one must wait: the rest as well, and what was sent may come again", async () => {
    const three = [{ event: "outage", ...shop }, { event: "outage", ...mail }, { event: "outage", ...incident("x"), check: checkName("x") }] as const;
    const { asked, sending } = await f(three, [202, 429]);
    expect([asked.length, sending]).toEqual([2, { kind: "retry", reason: 'HTTP 429 Too Many Requests: {"status":"success"}', doubt: true }]);
  });
  test("a message holds no more of them than can be asked in its time", () => expect(channelFor("pagerduty").alertsPerMessage).toBe(20));
  test("one name for a check at all times, another for another site's", async () => {
    const keys = async (alerts: Alerts): Promise<readonly string[]> => {
      await f(alerts);
      return everybody.asked.map(([, , body]) => (JSON.parse(body) as { readonly dedup_key: string }).dedup_key);
    };
    const [first, second, other] = [await keys([{ event: "outage", ...shop }]), await keys([{ event: "recovery", ...incident("later") }]), await keys([{ event: "outage", ...mail }])];
    expect(first).toEqual(second);
    expect(first).not.toEqual(other);
    expect(first[0]).toMatch(/^tocsin-[0-9a-f]{32}$/);
  });
});
