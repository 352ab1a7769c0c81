import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { type Chromium, openTab, signIn, startChromium, type Watch } from "./chromium.ts";
import { makeFolder, missing, type Running, startTocsin, type Target, tcpTarget } from "./world.ts";

const why = missing();

describe.skipIf(why !== null)(`the list under the fingers${why === null ? "" : ` (skipped: ${why})`}`, () => {
  const folder = makeFolder();
  let gone: Target;
  let tocsin: Running;
  let chromium: Chromium;
  let page: Page;
  let watch: Watch;

  beforeAll(async () => {
    gone = await tcpTarget();
    await gone.down();
    const echo = (name: string, tag: string, said = "OK"): string => `  ${name}: {type: script, command: [/bin/echo, ${said}], every: 1h, tags: [${tag}]}\n`;
    const config = `defaults: {failAfter: 1, notify: [log]}\nchannels: {log: {type: log}}\nchecks:\n  shop: {type: tcp, host: 127.0.0.1, port: ${gone.port}, every: 1s, tags: [public]}\n${echo("web1", "public")}${echo("web2", "public")}${echo("web10", "public")}${echo("raid", "inside", "four disks")}  rest: {type: script, command: [/bin/echo], paused: true}\n`;
    [tocsin, chromium] = await Promise.all([startTocsin({ folder: folder.path, config }), startChromium()]);
    ({ page, watch } = await openTab(await chromium.context(), tocsin.origin));
    await signIn(page, tocsin);
    await page.locator('[data-check="shop"][data-state="down"]').waitFor();
    await page.locator('[data-check="web10"][data-state="up"]').waitFor();
  });
  beforeEach(async () => {
    await page.goto(tocsin.origin);
    await page.locator('[data-check="shop"]').waitFor();
  });
  afterAll(async () => {
    await chromium?.close();
    await tocsin?.stop();
    folder.remove();
  });

  const names = async (): Promise<(string | null)[]> => page.locator("[data-check]").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-check")));
  const shows = async (...expected: readonly string[]): Promise<void> => expect.poll(names).toEqual(expected);
  const selected = () => page.locator("[data-selected]");
  const at = async (name: string): Promise<void> => expect.poll(() => selected().getAttribute("data-check")).toBe(name);
  const press = (...keys: readonly string[]): Promise<void> => keys.reduce(async (before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());

  test("trouble first, then by name as people count", async () => shows("shop", "rest", "raid", "web1", "web2", "web10"));

  test("/ searches in names, tags and what was said; escape leaves the field; the address keeps it", async () => {
    await press("/");
    await page.keyboard.type("web");
    await shows("web1", "web2", "web10");
    expect(new URL(page.url()).search).toBe("?q=web");
    await page.getByRole("searchbox").fill("disks");
    await shows("raid");
    await press("Escape");
    await page.reload();
    await shows("raid");
    await page.getByRole("searchbox").fill("nothing like it");
    await page.getByText("None of the 6 checks fits this filter.").waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await shows("shop", "rest", "raid", "web1", "web2", "web10");
  });

  test("by state and by tag, with how many there are", async () => {
    await page.getByRole("button", { name: "1 paused" }).click();
    await shows("rest");
    await page.getByRole("button", { name: "1 paused" }).click();
    await page.getByLabel("Show only a tag").selectOption("public");
    await shows("shop", "web1", "web2", "web10");
    expect(new URL(page.url()).search).toBe("?tag=public");
    await page.getByText("4 of 6").waitFor();
    await page.getByLabel("Order").selectOption("name");
    await shows("shop", "web1", "web2", "web10");
  });

  test("j and k move, enter opens, escape closes, back goes back", async () => {
    await press("j");
    await at("shop");
    await press("j", "j", "k");
    await at("rest");
    await press("j", "Enter");
    await page.getByRole("heading", { name: "raid", level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/checks/raid");
    await press("Escape");
    await page.locator('[data-view="check"]').waitFor({ state: "detached" });
    await page.goBack();
    await page.getByRole("heading", { name: "raid", level: 1 }).waitFor();
  });

  test("a acknowledges with a note, by keys alone", async () => {
    await press("j", "a");
    await page.getByRole("dialog", { name: "Acknowledge" }).waitFor();
    await page.keyboard.type("seen");
    await press("Enter");
    await page.locator('[data-wrong="shop"]').getByText("acknowledged by admin").waitFor();
    await press("a");
    await page.locator(".notice").getByText("shop: acknowledged by admin already").waitFor();
  });

  test("p pauses and resumes, r runs now", async () => {
    await page.goto(`${tocsin.origin}/checks/web1`);
    await page.locator('[data-check="web1"][data-state="up"]').waitFor();
    await press("p");
    await page.locator('[data-check="web1"][data-state="paused"]').waitFor();
    await press("p");
    await page.locator('[data-check="web1"][data-state="up"]').or(page.locator('[data-check="web1"][data-state="pending"]')).waitFor();
    await press("r");
    await page.locator(".notice").getByText("web1: Running now").waitFor();
  });

  test("? lists the keys; the focus stays inside and comes back", async () => {
    await page.getByRole("searchbox").focus();
    await press("Escape");
    await press("?");
    const dialog = page.getByRole("dialog", { name: "Keys" });
    await dialog.getByText("run now").waitFor();
    expect(await dialog.getByRole("button", { name: "Close" }).evaluate((button) => button === button.ownerDocument.activeElement)).toBe(true);
    await press("Escape");
    await dialog.waitFor({ state: "hidden" });
  });

  test("keys typed into a field are text", async () => {
    await press("/");
    await page.keyboard.type("jprak?");
    expect(await page.getByRole("searchbox").inputValue()).toBe("jprak?");
    expect(await page.locator("dialog[open]").count()).toBe(0);
  });

  test("by tabulator: the way to the content comes first, and the focus is seen on each stop", async () => {
    await press("Tab");
    expect(await page.locator(":focus").textContent()).toBe("Skip to the content");
    for (let stop = 0; stop < 25; stop += 1) {
      await press("Tab");
      const focus = page.locator(":focus-visible");
      expect(await focus.count()).toBe(1);
      expect(await focus.evaluate((element) => element.ownerDocument.defaultView.getComputedStyle(element).outlineStyle)).not.toBe("none");
    }
  });

  test("nothing was complained of", () => expect(watch).toEqual({ complaints: [], foreign: [] }));
});
