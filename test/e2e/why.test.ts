import { expect, test } from "vitest";
import type { WhyView } from "../../src/api/types.ts";
import { hook, service } from "./receivers.ts";
import { Place, tocsin } from "./world.ts";

test("why: an outage that is told to one and refused by the other, a check behind it, and a run by hand", async () => {
  const [told, refuses, target] = [await hook(), await hook(), await service()];
  refuses.status = 403;
  const place = new Place({
    timezone: "Europe/Berlin", defaults: { every: "300ms", timeout: "1s", failAfter: 2, notify: ["chat", "other"] },
    channels: { chat: { type: "webhook", url: told.url(), group: "0s" }, other: { type: "webhook", url: refuses.url(), group: "0s" } },
    checks: { shop: { type: "tcp", host: "127.0.0.1", port: target.port }, behind: { type: "tcp", host: "127.0.0.1", port: target.port, depends: ["shop"] } },
  });
  await place.start();
  await place.becomes("shop", "up");
  await place.becomes("behind", "up");
  await target.close();
  await place.becomes("shop", "down");
  await place.becomes("behind", "blocked");
  expect((await place.post("/api/v1/checks/shop/run")).status).toBe(200);
  const why = (check: string): Promise<WhyView> => place.json(`/api/v1/checks/${check}/why`);
  const texts = async (check: string): Promise<readonly string[]> => (await why(check)).lines.map(({ text }) => text);
  await place.until("all of it is in the story", async () => {
    const all = (await texts("shop")).join("\n");
    return ["Sent to chat", "Not sent, given up, to other", "asked for by hand"].every((text) => all.includes(text));
  });
  const story = await texts("shop");
  const placeOf = (pattern: RegExp): number => story.findIndex((text) => pattern.test(text));
  const order = [/^\d+ runs? up, /, /runs? down: 127\.0\.0\.1 port \d+ refused the connection \(2 of 2 in a row\)/, /^From up to down \(rule threshold\): .+; 2 failing runs$/, /^For chat: it is down$/, /^Sent to chat \(/].map(placeOf);
  expect(order.every((index) => index >= 0), story.join("\n")).toBe(true);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(story).toContainEqual(expect.stringMatching(/^Not sent, given up, to other: .*403/));
  expect(story).toContain("Hides behind");
  expect(await texts("behind")).toEqual(expect.arrayContaining([expect.stringMatching(/^From up to blocked \(rule parent-down, because of shop\): /), "Blocked by shop: nobody is told of this one until that is well"]));
  const printed = await tocsin(["why", "shop", "--data", place.data], place.folder);
  expect(printed).toMatchObject({ exit: 0, err: "" });
  expect(printed.out).toMatch(/^▲ shop is down for .+\n(.+\n)*\n\d{4}-\d\d-\d\d {2}Europe\/Berlin\n/);
  expect(Math.max(...printed.out.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
  expect(await tocsin(["why", "shp", "--data", place.data], place.folder)).toMatchObject({ exit: 1, err: "there is no check `shp`; did you mean `shop`?\n" });
  expect(await tocsin(["why", "shop", "--since", "5", "--data", place.data], place.folder)).toMatchObject({ exit: 64, err: "`5` what? Write 5m, 5h or 5d\n" });
  const since = await tocsin(["why", "shop", "--since", "1h", "--json", "--data", place.data], place.folder);
  expect(JSON.parse(since.out)).toMatchObject({ check: "shop", state: "down", incident: { kind: "down" } });
  await place.stop();
  expect(await tocsin(["why", "shop", "--data", place.data], place.folder)).toMatchObject({ exit: 3 });
});
