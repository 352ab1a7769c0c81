import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { type Chromium, openTab, signIn, startChromium } from "./chromium.ts";
import { makeFolder, missing, type Running, startTocsin } from "./world.ts";

const why = missing();

describe.skipIf(why !== null)(`signing in and out${why === null ? "" : ` (skipped: ${why})`}`, () => {
  const folder = makeFolder();
  let tocsin: Running;
  let chromium: Chromium;
  beforeAll(async () => {
    const config = "name: Test Ltd\nchannels: {log: {type: log}}\nchecks:\n  raid: {type: script, command: [/bin/echo, RAID OK], every: 1h}\n";
    [tocsin, chromium] = await Promise.all([startTocsin({ folder: folder.path, config }), startChromium()]);
  });
  afterAll(async () => {
    await chromium?.close();
    await tocsin?.stop();
    folder.remove();
  });
  const fresh = async (): ReturnType<typeof openTab> => openTab(await chromium.context(), tocsin.origin);
  const door = (page: Page) => page.getByLabel("Password");

  test("nobody sees anything before the door: the words, the focus, no request refused by policy", async () => {
    const { page, watch } = await fresh();
    const answer = await page.goto(`${tocsin.origin}/checks/raid`);
    await door(page).waitFor();
    expect(await page.title()).toBe("Sign in · Tocsin");
    expect(await page.locator("body").textContent()).not.toContain("raid");
    expect(await door(page).evaluate((input) => input === input.ownerDocument.activeElement)).toBe(true);
    expect(answer?.headers()["content-security-policy"]).toContain("script-src 'self'");
    expect(answer?.headers()["content-security-policy"]).not.toContain("unsafe");
    expect(watch).toEqual({ complaints: [], foreign: [] });
  });

  test("a wrong password says what to do; the right one opens the address that was asked for", async () => {
    const { page, watch } = await fresh();
    await page.goto(`${tocsin.origin}/checks/raid`);
    await door(page).fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("this is not the password").waitFor();
    await page.getByRole("alert").getByText("tocsin passwd").waitFor();
    expect(await door(page).inputValue()).toBe("");
    expect(await door(page).getAttribute("aria-invalid")).toBe("true");
    await door(page).fill(tocsin.password);
    await door(page).press("Enter");
    await page.getByRole("heading", { name: "raid", level: 1 }).waitFor();
    expect(page.url()).toBe(`${tocsin.origin}/checks/raid`);
    // The browser itself notes the 401 of the wrong try.
    expect(watch.complaints.filter((text) => !text.includes("401"))).toEqual([]);
  });

  test("the cookie is for this page alone, and a reload keeps it", async () => {
    const { page } = await fresh();
    await signIn(page, tocsin);
    expect(await page.context().cookies()).toMatchObject([{ name: "tocsin", httpOnly: true, sameSite: "Strict", path: "/" }]);
    await page.reload();
    await page.locator('[data-check="raid"]').waitFor();
  });

  test("signing out closes every tab's door", async () => {
    const { page } = await fresh();
    await signIn(page, tocsin, "/site");
    const other = await openTab(page.context(), tocsin.origin);
    await other.page.goto(tocsin.origin);
    await other.page.locator('[data-check="raid"]').waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await door(page).waitFor();
    await other.page.getByRole("button", { name: "Run now" }).or(other.page.locator('[data-check="raid"] a')).first().click();
    await door(other.page).waitFor();
    await page.reload();
    await door(page).waitFor();
    expect((await page.request.get(`${tocsin.origin}/api/v1/overview`)).status()).toBe(401);
  });
});
