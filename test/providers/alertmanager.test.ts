import { beforeAll, expect, test } from "vitest";
import type { Sending } from "../../src/alert/channels/channel.ts";
import { checkName, instant } from "../../src/core/types.ts";
import { channelContext } from "../channels/message.ts";
import { type Alertmanager, startAlertmanager } from "../servers/alertmanager.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { channelFor } from "./recorder.ts";
import { sample } from "./sample.ts";

type Alerts = Parameters<typeof sample>[1];

describeWith(["prometheus-alertmanager"], "a real Alertmanager", () => {
  let alertmanager: Alertmanager;
  beforeAll(async () => {
    alertmanager = await startAlertmanager(temporaryFolder());
  });

  /** Sends as a Tocsin whose clock is `skewMs` ahead of Alertmanager's. */
  function say(skewMs: number, alerts: Alerts): Promise<Sending> {
    const channel = channelFor("alertmanager");
    const ctx = channelContext();
    const skewed = { ...ctx, clock: { ...ctx.clock, now: () => instant(ctx.clock.now() + skewMs) } };
    return channel.send(channel.options.parse({ url: alertmanager.url }), sample("", alerts), skewed);
  }

  const cases = [
    { name: "in step", skewMs: 0, lastedMs: 60_000 },
    { name: "ahead by less than a run takes", skewMs: 200, lastedMs: 60_000 },
    { name: "ahead by more than the outage lasted", skewMs: 3000, lastedMs: 100 },
    { name: "ahead, and over as soon as it began", skewMs: 1500, lastedMs: 0 },
    { name: "behind", skewMs: -60_000, lastedMs: 1000 },
  ];
  test.each(cases)("an outage ends when it ended, by a clock that is $name", async ({ name, skewMs, lastedMs }) => {
    const check = checkName(name);
    const over = instant(Date.now() + skewMs);
    const began = instant(over - lastedMs);
    expect(await say(skewMs, [{ event: "outage", check, since: began, at: began }])).toMatchObject({ kind: "sent" });
    expect(await alertmanager.notified(check, "firing")).toMatchObject({ startsAt: began });
    expect(await alertmanager.active()).toContain(check);
    expect(await say(skewMs, [{ event: "recovery", check, outageFrom: began, since: over, at: over }])).toMatchObject({ kind: "sent" });
    expect(await alertmanager.notified(check, "resolved")).toMatchObject({ startsAt: began, endsAt: over });
    expect(await alertmanager.active()).not.toContain(check);
  });

  test("the next outage of the same check fires again", async () => {
    const [check, began, over, again] = [checkName("twice"), instant(Date.now() - 60_000), instant(Date.now() - 30_000), instant(Date.now() - 10_000)];
    await say(0, [{ event: "outage", check, since: began, at: began }]);
    await say(0, [{ event: "recovery", check, outageFrom: began, since: over, at: over }]);
    await say(0, [{ event: "outage", check, since: again, at: again }]);
    expect(await alertmanager.notified(check, "firing")).toBeDefined();
    expect(await alertmanager.active()).toContain(check);
  });

  test("a test fires nothing that stays, and ends no outage of a check that is called as the site is", async () => {
    const began = instant(Date.now() - 60_000);
    const check = checkName("Example");
    await say(0, [{ event: "outage", check, since: began, at: began }]);
    expect(await say(0, [{ event: "test", check, incident: null, since: instant(Date.now()) }])).toMatchObject({ kind: "sent" });
    expect((await alertmanager.active()).filter((one) => one === check)).toEqual([check]);
  });
});
