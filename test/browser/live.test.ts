import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BrowserContext, Page } from "playwright-core";
import type { CheckDetail } from "../../src/api/types.ts";
import { type Chromium, DESK, openTab, PHONE, signIn, startChromium, type Watch } from "./chromium.ts";
import { makeFolder, missing, type Running, startTocsin, type Target, tcpTarget, type WebTarget, webTarget } from "./world.ts";

const why = missing();
/** The failing run at which the till's outage is told: late enough to be silenced before. */
const TILL_STEP = 5;

describe.skipIf(why !== null)(`the page lives with its checks${why === null ? "" : ` (skipped: ${why})`}`, () => {
  const folder = makeFolder();
  let router: Target;
  let server: Target;
  let shop: WebTarget;
  let hook: WebTarget;
  let tocsin: Running;
  let chromium: Chromium;
  let context: BrowserContext;
  let page: Page;
  let watch: Watch;

  beforeAll(async () => {
    [router, server, shop, hook] = await Promise.all([tcpTarget(), tcpTarget(), webTarget(), webTarget()]);
    const config = `
name: Test Ltd
vantage: office
defaults: {every: 1s, timeout: 900ms, failAfter: 2, notify: [hook]}
channels:
  hook: {type: webhook, url: "http://127.0.0.1:${hook.port}/", group: 100ms}
checks:
  router: {type: tcp, host: 127.0.0.1, port: ${router.port}}
  server: {type: tcp, host: 127.0.0.1, port: ${server.port}, depends: [router], tags: [inside]}
  shop: {type: http, url: "http://127.0.0.1:${shop.port}/", expect: {status: 200, body: /Welcome/}, tags: [public]}
  till: {type: http, url: "http://127.0.0.1:${shop.port}/", notify: [{after: ${TILL_STEP}, to: [hook]}]}
  raid: {type: script, command: [/bin/echo, RAID OK], every: 1h}
`;
    [tocsin, chromium] = await Promise.all([startTocsin({ folder: folder.path, config }), startChromium()]);
    context = await chromium.context();
    ({ page, watch } = await openTab(context, tocsin.origin));
    await signIn(page, tocsin);
  });
  afterAll(async () => {
    await chromium?.close();
    await tocsin?.stop();
    await Promise.all([router, server, shop, hook].map((target) => target?.down()));
    folder.remove();
  });

  const row = (name: string, state = "") => page.locator(`[data-check="${name}"]${state === "" ? "" : `[data-state="${state}"]`}`);
  const card = (name: string, state = "") => page.locator(`[data-wrong="${name}"]${state === "" ? "" : `[data-state="${state}"]`}`);
  const notice = () => page.locator(".notice");
  const face = async (): Promise<string> => (await page.locator("#favicon").getAttribute("href")) ?? "";

  test("all is well: one sentence, the list, a calm title and favicon", async () => {
    await page.getByText("All 5 checks are well.").waitFor();
    for (const name of ["router", "server", "shop", "till", "raid"]) await row(name, "up").waitFor();
    expect(await row("raid").textContent()).toContain("RAID OK");
    expect(await page.title()).toBe("Tocsin");
    expect(await face()).toMatch(/up-.*\.svg$/);
  });

  test("a target goes down: told without a reload, with since, cause and what it hides", async () => {
    await Promise.all([router.down(), server.down()]);
    await card("router", "down").waitFor();
    await card("router").getByText("hides server").waitFor();
    await row("server", "blocked").waitFor();
    expect(await card("router").textContent()).toMatch(/since \d\d:\d\d \(\d+.s\)/);
    expect(await card("router").textContent()).toContain(`127.0.0.1 port ${router.port} refused the connection`);
    expect(await card("server").count()).toBe(0);
    expect(await row("server").textContent()).toContain("router is down");
    expect(await page.title()).toBe("▲ 1 down · Tocsin");
    expect(await face()).toMatch(/down-.*\.svg$/);
    expect(await page.locator(".rail-count").textContent()).toBe("1");
  });

  test("it is acknowledged with a note that everybody sees", async () => {
    await card("router").getByRole("button", { name: "Acknowledge router" }).click();
    await page.getByRole("dialog", { name: "Acknowledge" }).getByLabel("Note").fill("on my way");
    await page.getByRole("dialog").getByRole("button", { name: "Acknowledge" }).click();
    await card("router").getByText(/acknowledged by admin at \d\d:\d\d: on my way/).waitFor();
    await notice().getByText("router: Acknowledged").waitFor();
    expect(await card("router").getByRole("button", { name: "Acknowledge" }).count()).toBe(0);
  });

  test("the incident's story: first sign, confirmed, told and delivered, acknowledged", async () => {
    await card("router").getByRole("link", { name: "Story of router" }).click();
    const story = page.getByRole("list", { name: "Story" });
    await story.getByText("delivered").waitFor();
    for (const text of ["First sign", "Confirmed", "To hook: it is down", "HTTP 200 OK", "Acknowledged by admin: on my way"]) await story.getByText(text).first().waitFor();
    expect(hook.posted.filter((body) => body.includes("router")).length).toBeGreaterThan(0);
    expect(await page.title()).toBe("▲ 1 down · incidents · Tocsin");
  });

  test("the blocked check names its cause and draws the broken way", async () => {
    await page.goto(`${tocsin.origin}/checks/server`);
    const way = page.getByRole("list", { name: "The way to it" });
    await way.waitFor();
    expect(await way.locator("[data-broken]").textContent()).toContain("router");
    expect(await page.locator(".detail-why").textContent()).toContain("router is down");
  });

  test("it comes back: the page, the title and the story follow by themselves", async () => {
    await Promise.all([router.up(), server.up()]);
    await page.locator('[data-view="check"] .badge[data-state="up"]').waitFor();
    await row("router", "up").waitFor();
    await expect.poll(() => page.title()).toBe("server · Tocsin");
    expect(await face()).toMatch(/up-.*\.svg$/);
    await page.getByRole("navigation", { name: "Places" }).getByRole("link", { name: "Incidents" }).click();
    await page.locator(".incident-link").first().click();
    const story = page.getByRole("list", { name: "Story" });
    await story.getByText("Recovered", { exact: true }).waitFor();
    await story.getByText("To hook: it is well again").waitFor();
  });

  test("pause and resume", async () => {
    await page.goto(`${tocsin.origin}/checks/shop`);
    await page.getByRole("button", { name: "Pause" }).click();
    await row("shop", "paused").waitFor();
    await page.locator(".detail-why", { hasText: "paused by admin" }).waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await row("shop", "up").waitFor();
  });

  test("run now: a check that runs once an hour has a new result at once", async () => {
    await page.goto(`${tocsin.origin}/checks/raid`);
    const results = page.locator(".result");
    await results.first().waitFor();
    const before = await results.count();
    await page.getByRole("button", { name: "Run now" }).click();
    await notice().getByText("raid: Running now").waitFor();
    await results.nth(before).waitFor();
    await page.getByText("(manual)").first().waitFor();
  });

  test("silence: what is in trouble tells nobody until telling is asked for again; its evidence is there", async () => {
    await page.goto(`${tocsin.origin}/checks/till`);
    await page.getByRole("button", { name: "Pause" }).waitFor();
    expect(await page.getByRole("button", { name: "Silence" }).count()).toBe(0);
    shop.answer = { status: 503, body: "closed", afterMs: 0 };
    await row("till", "down").waitFor();
    await page.getByRole("button", { name: "Silence" }).click();
    await page.locator(".tag-flag", { hasText: "silenced" }).waitFor();
    const wall = (await openTab(context, tocsin.origin)).page;
    await wall.goto(`${tocsin.origin}/?wall`);
    await wall.locator('[data-tile="till"][data-state="down"][data-seen]', { hasText: "silenced" }).waitFor();
    await wall.close();
    await page.getByText("Why it is so").click();
    await page.locator('[data-why="transition"]', { hasText: "From up to down (rule threshold)" }).first().waitFor();
    await page.locator('[data-why="now"]', { hasText: "Silenced by admin until it recovers" }).waitFor();
    expect(await page.locator('[data-why="told"]').count()).toBe(0);
    const failing = async (): Promise<number> => {
      const { check } = (await (await page.request.get(`${tocsin.origin}/api/v1/checks/till`)).json()) as CheckDetail;
      return check.failing;
    };
    await expect.poll(failing, { timeout: 15_000 }).toBeGreaterThan(2 + TILL_STEP);
    expect(hook.posted.filter((body) => body.includes("till"))).toEqual([]);
    await page.getByRole("link", { name: "Story of this incident" }).click();
    await page.getByText(/^Evidence/).click();
    await page.locator(".evidence-part", { hasText: "received" }).getByText("HTTP/1.1 503 Service Unavailable").waitFor();
    await page.getByRole("link", { name: "See the check" }).click();
    await page.getByRole("button", { name: "Tell again" }).click();
    await expect.poll(() => hook.posted.filter((body) => body.includes("till")).length, { timeout: 10_000 }).toBe(1);
    shop.answer = { status: 200, body: "Welcome", afterMs: 0 };
    await row("till", "up").waitFor();
    await row("shop", "up").waitFor();
  });

  test("silence with an end: the check says until when, at a telephone's width too", async () => {
    const silenced = await page.request.post(`${tocsin.origin}/api/v1/checks/raid/silence`, { data: { forMs: 3_600_000 }, headers: { origin: tocsin.origin } });
    expect(silenced.status()).toBe(200);
    await page.goto(`${tocsin.origin}/checks/raid`);
    await page.locator(".tag-flag", { hasText: /^silenced until \d\d:\d\d/ }).waitFor();
    await page.setViewportSize(PHONE);
    expect(await page.locator("html").evaluate((root) => root.scrollWidth <= root.clientWidth)).toBe(true);
    await page.setViewportSize(DESK);
    await page.getByRole("button", { name: "Tell again" }).click();
    await page.locator(".tag-flag").waitFor({ state: "detached" });
  });

  test("a second browser sees the same at once", async () => {
    await row("shop").click();
    const other = await openTab(context, tocsin.origin);
    await other.page.goto(`${tocsin.origin}/checks/shop`);
    await other.page.getByRole("button", { name: "Pause" }).click();
    await row("shop", "paused").waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await other.page.getByRole("button", { name: "Pause" }).waitFor();
    await other.page.close();
  });

  test("nothing was complained of, and nobody else was asked", () => expect(watch).toEqual({ complaints: [], foreign: [] }));
});
