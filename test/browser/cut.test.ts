import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { type Chromium, openTab, PHONE, signIn, startChromium } from "./chromium.ts";
import { makeFolder, missing, type Running, startTocsin, type Target, tcpTarget } from "./world.ts";

const why = missing();

describe.skipIf(why !== null)(`what stands between the page and the truth${why === null ? "" : ` (skipped: ${why})`}`, () => {
  const folder = makeFolder();
  let target: Target;
  let tocsin: Running;
  let chromium: Chromium;
  let page: Page;
  const config = (name: string): string => `
name: ${name}
defaults: {every: 1s, timeout: 900ms, failAfter: 1, notify: [log]}
channels: {log: {type: log}}
checks:
  door: {type: tcp, host: 127.0.0.1, port: ${target.port}}
`;
  beforeAll(async () => {
    target = await tcpTarget();
    [tocsin, chromium] = await Promise.all([startTocsin({ folder: folder.path, config: config("First Ltd") }), startChromium()]);
    ({ page } = await openTab(await chromium.context(), tocsin.origin));
    await signIn(page, tocsin);
    await page.locator('[data-check="door"][data-state="up"]').waitFor();
  });
  afterAll(async () => {
    await chromium?.close();
    await tocsin?.stop();
    await target?.down();
    folder.remove();
  });
  const write = (text: string): void => writeFileSync(join(folder.path, "tocsin.yaml"), text);
  const bar = () => page.locator('.bar-trouble[data-kind="configuration"]');

  test("a broken configuration is a bar with the place of the error; what runs stays", async () => {
    write(`${config("Second Ltd")}  other: {type: tcp, hots: 127.0.0.1, port: 1}\n`);
    await bar().getByText("The configuration file is ahead of what runs").waitFor();
    await bar().locator("summary").click();
    await bar().locator("pre").getByText(/tocsin\.yaml:7:\d+: .*hots.*host/).waitFor();
    await page.getByRole("heading", { name: "First Ltd" }).waitFor();
    await page.locator('[data-check="door"][data-state="up"]').waitFor();
  });

  test("mended, it is taken over: the bar goes, the name comes, a new check is in the list", async () => {
    write(`${config("Second Ltd")}  other: {type: tcp, host: 127.0.0.1, port: ${target.port}}\n`);
    await bar().waitFor({ state: "detached" });
    await page.getByRole("heading", { name: "Second Ltd" }).waitFor();
    await page.locator('[data-check="other"][data-state="up"]').waitFor();
    write(config("Second Ltd"));
    await page.locator('[data-check="other"]').waitFor({ state: "detached" });
  });

  test("the server stops: since when, what was known stays, the title says so; it is back and all is live again", async () => {
    const wall = (await openTab(page.context(), tocsin.origin)).page;
    await wall.goto(`${tocsin.origin}/?wall`);
    await wall.locator('[data-tile="door"]').waitFor();
    const port = Number(new URL(tocsin.origin).port);
    await tocsin.stop();
    await page.getByRole("status").getByText(/Not connected since \d\d:\d\d, showing what was known then\./).waitFor();
    await wall.getByText(/not connected since \d\d:\d\d/).waitFor();
    await page.locator('[data-check="door"]').waitFor();
    await expect.poll(() => page.title()).toBe("not connected · Tocsin");
    expect(await page.locator("#favicon").getAttribute("href")).toMatch(/cut-.*\.svg$/);
    await page.locator('[data-check="door"] a').click();
    await page.getByRole("alert").getByText("Tocsin does not answer").first().waitFor();
    tocsin = await startTocsin({ folder: folder.path, config: config("Third Ltd"), port });
    await page.getByText("Not connected").waitFor({ state: "detached", timeout: 30_000 });
    await page.getByRole("heading", { name: "Third Ltd" }).waitFor();
    await target.down();
    await page.locator('[data-check="door"][data-state="down"]').waitFor();
    await wall.locator('[data-tile="door"][data-state="down"]').waitFor({ timeout: 30_000 });
    await expect.poll(() => page.title()).toBe("▲ 1 down · door · Tocsin");
    await wall.close();
  });

  test("on a telephone the bar is one line that opens", async () => {
    write("name: [");
    await bar().waitFor();
    await page.setViewportSize(PHONE);
    const closed = await bar().boundingBox();
    await bar().locator("summary").click();
    await bar().getByText("Correct the file").last().waitFor();
    const open = await bar().boundingBox();
    expect(closed?.height).toBeLessThanOrEqual(48);
    expect(open?.height).toBeGreaterThan((closed?.height ?? 0) + 20);
  });
});
