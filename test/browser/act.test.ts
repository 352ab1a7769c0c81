import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { freePort } from "../servers/ground.ts";
import { type Chromium, openTab, signIn, startChromium } from "./chromium.ts";
import { makeFolder, missing, type Running, startTocsin, type WebTarget, webTarget } from "./world.ts";

const why = missing();

describe.skipIf(why !== null)(`acting by what was told${why === null ? "" : ` (skipped: ${why})`}`, () => {
  const folder = makeFolder();
  let chat: WebTarget;
  let gone: WebTarget;
  let tocsin: Running;
  let chromium: Chromium;
  beforeAll(async () => {
    const port = await freePort();
    [chat, gone] = await Promise.all([webTarget(), webTarget()]);
    gone.answer = { ...gone.answer, status: 410 };
    const config = `
url: http://127.0.0.1/
defaults: {every: 500ms, failAfter: 1}
channels:
  chat: {type: webhook, url: "http://127.0.0.1:${chat.port}/", group: 0s}
  dead: {type: webhook, url: "http://127.0.0.1:${gone.port}/", group: 0s}
checks:
  shop: {type: tcp, host: 127.0.0.1, port: ${port}, notify: [chat]}
  mail: {type: tcp, host: 127.0.0.1, port: ${port}, notify: [dead]}
`;
    [tocsin, chromium] = await Promise.all([startTocsin({ folder: folder.path, config }), startChromium()]);
  });
  afterAll(async () => {
    await chromium?.close();
    await tocsin?.stop();
    await Promise.all([chat?.down(), gone?.down()]);
    folder.remove();
  });

  /** The path of the link in the message, once it was told. */
  async function link(): Promise<string> {
    const find = (): string | undefined => chat.posted.map((body) => /http:\/\/127\.0\.0\.1(\/do\/[\w-]+)(?![\w/-])/.exec(body)?.[1]).find((path) => path !== undefined);
    return vi.waitUntil(find, { timeout: 30_000, interval: 20 });
  }

  test.each([["a telephone", 390], ["a desk", 1440]] as const)("the link asks, on %s, and nobody has to sign in", async (_, width) => {
    const context = await chromium.context({ viewport: { width, height: 800 } });
    const { page, watch } = await openTab(context, tocsin.origin);
    await page.goto(`${tocsin.origin}${await link()}/silence`);
    await page.getByRole("heading", { name: "shop", level: 1 }).waitFor();
    expect(await page.getByRole("button").allTextContents()).toEqual(["Silence shop", "Acknowledge instead"]);
    expect(await page.locator("html").evaluate((root) => root.scrollWidth <= root.clientWidth)).toBe(true);
    expect(watch.foreign).toEqual([]);
  });

  test("it acts when it is told to; a forged one does nothing", async () => {
    const { page } = await openTab(await chromium.context(), tocsin.origin);
    const path = await link();
    await page.goto(`${tocsin.origin}${path}`);
    await page.getByRole("button", { name: "Acknowledge shop" }).click();
    await page.getByRole("status").getByText("Acknowledged.").waitFor();
    await page.goto(`${tocsin.origin}${path.slice(0, -4)}AAAA`);
    await page.getByRole("alert").getByText("this link was not made by this Tocsin").waitFor();
    expect(await page.getByRole("button").count()).toBe(0);
  });

  test("what could not be told is listed with its reason, and sent again", async () => {
    const { page } = await openTab(await chromium.context(), tocsin.origin);
    await signIn(page, tocsin);
    await page.goto(`${tocsin.origin}/site`);
    const letters = page.getByRole("region", { name: "Not told" });
    await letters.getByRole("link", { name: "mail" }).waitFor();
    await letters.getByRole("button", { name: "Send again" }).first().click();
    await page.getByRole("status").getByText("It is sent again over dead").waitFor();
  });
});
