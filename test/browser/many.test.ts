import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { type Chromium, openTab, PHONE, signIn, startChromium, WALL, type Watch } from "./chromium.ts";
import { makeFolder, missing, type Running, startTocsin, type Target, tcpTarget } from "./world.ts";

const why = missing();
const CHECKS = 1000;

describe.skipIf(why !== null)(`${CHECKS} checks${why === null ? "" : ` (skipped: ${why})`}`, () => {
  const folder = makeFolder();
  let target: Target;
  let one: Target;
  let tocsin: Running;
  let chromium: Chromium;
  let page: Page;
  let watch: Watch;
  const nameOf = (i: number): string => `host-${String(i).padStart(4, "0")}`;

  beforeAll(async () => {
    [target, one] = await Promise.all([tcpTarget(), tcpTarget()]);
    const checks = Array.from({ length: CHECKS }, (_, i) => `  ${nameOf(i)}: {type: tcp, host: 127.0.0.1, port: ${i === 700 ? one.port : target.port}, every: ${i === 700 ? "1s" : "10s"}, tags: [rack${i % 20}]}`);
    const config = `defaults: {failAfter: 1, notify: [log]}\nlimits: {perTarget: 100}\nchannels: {log: {type: log}}\nchecks:\n${checks.join("\n")}\n`;
    [tocsin, chromium] = await Promise.all([startTocsin({ folder: folder.path, config }), startChromium()]);
    ({ page, watch } = await openTab(await chromium.context(), tocsin.origin));
    await signIn(page, tocsin);
  });
  afterAll(async () => {
    await chromium?.close();
    await tocsin?.stop();
    await Promise.all([target, one].map((some) => some?.down()));
    folder.remove();
  });

  test("all of them come, and only what is seen is drawn", async () => {
    await page.getByText(/All 1.000 checks are well\./).waitFor({ timeout: 45_000 });
    expect(await page.locator("[data-check]").count()).toBeLessThan(100);
    expect(await page.locator("[data-check]").first().getAttribute("aria-setsize")).toBe(String(CHECKS));
  });

  test("the last one is reached by scrolling and by keys, with its position told", async () => {
    await page.locator(".pane-list").evaluate((pane) => pane.scrollTo(0, pane.scrollHeight));
    const last = page.locator(`[data-check="${nameOf(CHECKS - 1)}"]`);
    await last.waitFor();
    expect(await last.getAttribute("aria-posinset")).toBe(String(CHECKS));
  });

  test("one going down comes to the top, and goes back", async () => {
    await page.locator(".pane-list").evaluate((pane) => pane.scrollTo(0, 0));
    await one.down();
    await page.locator(`[data-wrong="${nameOf(700)}"]`).waitFor();
    await expect.poll(() => page.locator("[data-check]").first().getAttribute("data-check")).toBe(nameOf(700));
    await one.up();
    await page.getByText(/All 1.000 checks are well\./).waitFor();
  });

  test("search finds at once among all", async () => {
    await page.keyboard.press("/");
    await page.keyboard.type("0987");
    await expect.poll(() => page.locator("[data-check]").count()).toBe(1);
    await page.getByText(/1 of 1000/).waitFor();
    await page.getByRole("searchbox").fill("");
    await page.keyboard.press("Escape");
  });

  test("while all run, keys are followed one by one", async () => {
    for (let i = 0; i < 60; i += 1) await page.keyboard.press("j");
    await page.locator(`[data-selected][data-check="${nameOf(59)}"]`).waitFor();
    for (let i = 0; i < 50; i += 1) await page.keyboard.press("k");
    await page.locator(`[data-selected][data-check="${nameOf(9)}"]`).waitFor();
  });

  test("on a telephone and on a wall as well", async () => {
    await page.setViewportSize(PHONE);
    await page.locator("[data-check]").first().waitFor();
    expect(await page.locator("[data-check]").count()).toBeLessThan(100);
    await page.setViewportSize(WALL);
    await page.goto(`${tocsin.origin}/?wall`);
    await page.locator("[data-tile]").first().waitFor();
    await page.getByText(/\d+ more up/).waitFor();
  });

  test("nothing was complained of", () => expect(watch).toEqual({ complaints: [], foreign: [] }));
});
