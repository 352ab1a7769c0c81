import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BrowserContextOptions, Page } from "playwright-core";
import { type Chromium, DESK, openTab, PHONE, signIn, startChromium, TABLET, WALL } from "./chromium.ts";
import { faint, overflowing, underThumb, unnamed } from "./measure.ts";
import { makeFolder, missing, type Running, startTocsin, type Target, tcpTarget, type WebTarget, webTarget } from "./world.ts";

const why = missing();
const LONG = "a-check-with-a-name-that-somebody-made-very-long-so-that-it-must-be-cut-somewhere";

/** Counts the animations that run when the row of `raid` changes its state. */
const WATCH_RAID = `window.movesOfRaid = new Promise((resolve) => {
  const observer = new MutationObserver((changes) => {
    const row = changes.map(({ target }) => target).find((target) => target.matches('[data-check="raid"]'));
    if (row === undefined) return;
    observer.disconnect();
    queueMicrotask(() => resolve(row.getAnimations({ subtree: true }).length));
  });
  observer.observe(document.body, { attributes: true, subtree: true, attributeFilter: ["data-state"] });
}); undefined`;

describe.skipIf(why !== null)(`how the page looks${why === null ? "" : ` (skipped: ${why})`}`, () => {
  const folder = makeFolder();
  let gone: Target;
  let shop: WebTarget;
  let tocsin: Running;
  let chromium: Chromium;

  beforeAll(async () => {
    [gone, shop] = await Promise.all([tcpTarget(), webTarget()]);
    await gone.down();
    const config = `
name: Test Ltd
vantage: office
defaults: {every: 2s, timeout: 900ms, failAfter: 1, notify: [hook]}
channels:
  hook: {type: webhook, url: "http://127.0.0.1:${gone.port}/"}
checks:
  router: {type: tcp, host: 127.0.0.1, port: ${gone.port}, tags: [network]}
  server: {type: tcp, host: 127.0.0.1, port: ${gone.port}, depends: [router], tags: [inside]}
  shop: {type: http, url: "http://127.0.0.1:${shop.port}/", warn: {latency: "< 0.001ms"}, tags: [public, web], description: What customers see}
  rest: {type: script, command: [/bin/echo, OK], paused: true}
  ${LONG}: {type: script, command: [/bin/echo, "an answer that goes on and on and on, because programs like to talk, and nobody ever told this one to stop"], every: 1h}
  raid: {type: script, command: [/bin/echo, RAID OK], every: 1h}
  all: {type: group, members: [raid, shop]}
`;
    [tocsin, chromium] = await Promise.all([startTocsin({ folder: folder.path, config }), startChromium()]);
  });
  afterAll(async () => {
    await chromium?.close();
    await tocsin?.stop();
    await Promise.all([gone, shop].map((target) => target?.down()));
    folder.remove();
  });

  const VIEWS = ["/", "/checks", "/checks/router", "/checks/server", "/checks/shop", `/checks/${LONG}`, "/incidents", "/site", "/?wall", "/nowhere"] as const;

  /** Opens every view (and one incident's story) and looks at each in all these ways; gives what was found by view. */
  async function everywhere(options: BrowserContextOptions, ...looks: readonly ((page: Page) => Promise<readonly string[]>)[]): Promise<{ readonly [view: string]: readonly string[] }> {
    const look = async (page: Page): Promise<string[]> => {
      const found: string[] = [];
      for (const one of looks) found.push(...(await one(page)));
      return found;
    };
    const context = await chromium.context(options);
    const { page, watch } = await openTab(context, tocsin.origin);
    await page.goto(tocsin.origin);
    await page.getByLabel("Password").waitFor();
    const found: { [view: string]: readonly string[] } = { door: await look(page) };
    await signIn(page, tocsin);
    await page.locator('[data-check="server"][data-state="blocked"]').waitFor();
    await page.locator('[data-check="shop"][data-state="degraded"]').waitFor();
    await page.locator('[data-check="raid"][data-state="up"]').waitFor();
    for (const view of VIEWS) {
      await page.goto(tocsin.origin + view);
      await drawn(page);
      found[view] = await look(page);
    }
    await page.goto(`${tocsin.origin}/incidents`);
    await page.locator(".incident-link").first().click();
    await page.getByRole("list", { name: "Story" }).waitFor();
    found["story"] = await look(page);
    found["watch"] = [...watch.complaints, ...watch.foreign];
    await context.close();
    return Object.fromEntries(Object.entries(found).filter(([, list]) => list.length > 0));
  }

  async function drawn(page: Page): Promise<void> {
    await page.getByRole("main").waitFor();
    await page.locator(".skeleton").first().waitFor({ state: "detached" });
  }

  const phone: BrowserContextOptions = { viewport: PHONE, hasTouch: true, isMobile: true };

  test("390: nothing scrolls sideways, 44 px under every thumb", async () => expect(await everywhere(phone, overflowing, (page) => underThumb(page, 44))).toEqual({}));
  test("768: nothing scrolls sideways", async () => expect(await everywhere({ viewport: TABLET }, overflowing)).toEqual({}));
  test("1440, light: nothing scrolls sideways, texts reach 4.5:1, everything has a name", async () => expect(await everywhere({ viewport: DESK, colorScheme: "light" }, overflowing, faint, unnamed)).toEqual({}));
  test("2560, dark: nothing scrolls sideways, texts reach 4.5:1", async () => expect(await everywhere({ viewport: WALL, colorScheme: "dark" }, overflowing, faint)).toEqual({}));

  test("390: four places in a bar at the bottom, which stays while the list scrolls", async () => {
    const { page } = await openTab(await chromium.context(phone), tocsin.origin);
    await signIn(page, tocsin);
    const bar = page.getByRole("navigation", { name: "Places" });
    expect(await bar.getByRole("link").filter({ hasText: /\w/ }).count()).toBe(4);
    const box = await bar.boundingBox();
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBe(PHONE.height);
    await page.locator('[data-check="raid"] a').tap();
    await page.getByRole("heading", { name: "raid" }).waitFor();
    expect(await page.locator(".pane-list").isHidden()).toBe(true);
    await page.getByRole("link", { name: "All checks" }).tap();
    await page.locator('[data-check="raid"]').waitFor();
  });

  test("1440: rail at the left, list and detail side by side, rows of 28 px", async () => {
    const { page } = await openTab(await chromium.context(), tocsin.origin);
    await signIn(page, tocsin, "/checks/shop");
    const [rail, list, detail, row] = await Promise.all(["nav", ".pane-list", ".pane-detail", '[data-check="raid"]'].map((where) => page.locator(where).boundingBox()));
    expect([rail?.x, list?.x]).toEqual([0, rail?.width]);
    expect(detail?.x).toBe((list?.x ?? 0) + (list?.width ?? 0));
    expect(row?.height).toBe(28);
  });

  test("2560: the wall is tiles only, trouble first, large letters and no control", async () => {
    const { page } = await openTab(await chromium.context({ viewport: WALL }), tocsin.origin);
    await signIn(page, tocsin, "/?wall");
    await page.locator('[data-tile="router"][data-state="down"]').waitFor();
    expect(await page.locator("[data-tile]").first().getAttribute("data-tile")).toBe("router");
    expect(await page.locator("button, a, input, select").count()).toBe(0);
    const letters = await page.locator('[data-tile="router"] h2').evaluate((head) => Number.parseFloat(head.ownerDocument.defaultView?.getComputedStyle(head).fontSize ?? "0"));
    expect(letters).toBeGreaterThanOrEqual(40);
    expect(await page.locator('[data-tile="router"]').textContent()).toMatch(/down \d+.(s|min)/);
  });

  const ground = (page: Page): Promise<string> => page.locator("body").evaluate((body) => body.ownerDocument.defaultView?.getComputedStyle(body).backgroundColor ?? "");

  test("the system's theme, another by hand, remembered", async () => {
    const { page } = await openTab(await chromium.context({ colorScheme: "dark" }), tocsin.origin);
    await signIn(page, tocsin, "/site");
    await page.getByRole("button", { name: "as the system", pressed: true }).waitFor();
    expect(await ground(page)).toBe("rgb(20, 22, 26)");
    await page.getByRole("button", { name: "light" }).click();
    expect(await ground(page)).toBe("rgb(250, 249, 247)");
    await page.reload();
    await page.getByRole("button", { name: "light", pressed: true }).waitFor();
    expect(await ground(page)).toBe("rgb(250, 249, 247)");
    await page.getByRole("button", { name: "as the system" }).click();
    await page.emulateMedia({ colorScheme: "light" });
    expect(await ground(page)).toBe("rgb(250, 249, 247)");
  });

  test("with reduced motion nothing moves, even when a state changes", async () => {
    for (const [reducedMotion, moving] of [["reduce", 0], ["no-preference", 1]] as const) {
      const { page } = await openTab(await chromium.context({ reducedMotion }), tocsin.origin);
      await signIn(page, tocsin, "/checks/raid");
      await page.locator('[data-check="raid"]').waitFor();
      // The watching stands before the click; what it saw is asked for after it.
      await page.evaluate(WATCH_RAID);
      await page.getByRole("button", { name: /Pause|Resume/ }).click();
      expect(await page.evaluate("window.movesOfRaid")).toBe(moving);
    }
  });
});
