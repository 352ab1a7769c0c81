import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Locator, Page } from "playwright-core";
import { type Chromium, openTab, signIn, startChromium, type Watch } from "./chromium.ts";
import { liveThrough, type Seen } from "./past.ts";
import { makeFolder, missing, type Running, startTocsin, type WebTarget, webTarget } from "./world.ts";

const why = missing();
const MINUTE = 60_000;
const DAY = 86_400_000;

describe.skipIf(why !== null)(`the past is drawn${why === null ? "" : ` (skipped: ${why})`}`, () => {
  const folder = makeFolder();
  const now = Date.now();
  const outage = { from: now - 5 * 60 * MINUTE, to: now - 4 * 60 * MINUTE };
  const early = { from: now - 10 * DAY, to: now - 9.5 * DAY };
  let shop: WebTarget;
  let tocsin: Running;
  let chromium: Chromium;
  let page: Page;
  let watch: Watch;

  /** Up at 40 ms, by phases; 503 in the two outages. */
  const past = (at: number): Seen => {
    const down = [outage, early].some(({ from, to }) => at >= from && at < to);
    if (down) return { verdict: "down", code: "status", sentence: "HTTP 503 Service Unavailable", latencyMs: 9, evidence: [{ label: "received", text: "HTTP/1.1 503 Service Unavailable\nRetry-After: 120" }] };
    return { verdict: "up", sentence: "HTTP 200 OK", latencyMs: 40, phases: { connect: 10, firstByte: 25, transfer: 5 } };
  };

  beforeAll(async () => {
    shop = await webTarget();
    const config = `
vantage: office
defaults: {every: 1m, notify: [log]}
channels: {log: {type: log}}
checks:
  shop: {type: http, url: "http://127.0.0.1:${shop.port}/"}
  young: {type: script, command: [/bin/echo, OK]}
  both: {type: group, members: [shop, young]}
`;
    writeFileSync(join(folder.path, "tocsin.yaml"), config);
    await liveThrough({ folder: folder.path, now, days: 60, toldFrom: now, pasts: { shop: past }, everyMs: (at) => (now - at > 2 * DAY ? 30 * MINUTE : MINUTE) });
    [tocsin, chromium] = await Promise.all([startTocsin({ folder: folder.path, config }), startChromium()]);
    ({ page, watch } = await openTab(await chromium.context(), tocsin.origin));
    await signIn(page, tocsin, "/checks/shop");
    await page.locator(".u-over").waitFor();
  });
  afterAll(async () => {
    await chromium?.close();
    await tocsin?.stop();
    await shop?.down();
    folder.remove();
  });

  const block = (name: string): Locator => page.getByRole("region", { name });
  /** How many pixels of the chart are nearly of this token's colour. */
  const inked = (token: string): Promise<number> =>
    block("Latency").locator("canvas").evaluate(
      (canvas, token) => {
        const probe = canvas.ownerDocument.createElement("i");
        probe.style.color = `var(${token})`;
        canvas.parentElement.append(probe);
        const [r, g, b] = canvas.ownerDocument.defaultView.getComputedStyle(probe).color.match(/\d+/g).map(Number);
        probe.remove();
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height) as { readonly data: Uint8ClampedArray };
        let found = 0;
        for (let i = 0; i < data.length; i += 4) if (Math.abs((data[i] ?? 0) - r) + Math.abs((data[i + 1] ?? 0) - g) + Math.abs((data[i + 2] ?? 0) - b) < 24 && (data[i + 3] ?? 0) > 200) found += 1;
        return found;
      },
      token,
    );
  const accent = (): Promise<number> => inked("--accent");
  const readout = (): Locator => block("Latency").locator(".readout");

  test("the bar of time: 90 days, the days of the outages red, before the first run nothing", async () => {
    const cells = block("Availability").locator(".cell");
    await expect.poll(() => cells.count()).toBe(90);
    const worst = await cells.evaluateAll((all) => all.map((cell) => cell.getAttribute("data-worst")));
    expect(worst[0]).toBe("none");
    expect(worst.filter((one) => one === "down").length).toBeGreaterThanOrEqual(2);
    expect(worst.filter((one) => one === "none").length).toBeGreaterThanOrEqual(28);
    await block("Availability").getByText(/^\d\d\.\d.% since \d+ \w+$/).waitFor();
  });

  test("a cell tells its day by pointer and by keys", async () => {
    const cells = block("Availability").getByRole("slider");
    await block("Availability").locator('.cell[data-worst="down"]').first().hover();
    await block("Availability").getByText(/% of \d+ runs · HTTP 503 Service Unavailable \(12.h\)/).waitFor();
    await page.mouse.move(0, 0);
    await cells.focus();
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => cells.getAttribute("aria-valuetext")).toMatch(/^\d+ \w+: /);
  });

  test("days or hours", async () => {
    await block("Availability").getByRole("button", { name: "hours" }).click();
    await block("Availability").getByText("this hour").waitFor();
    await expect.poll(() => block("Availability").locator('.cell[data-worst="down"]').count()).toBeGreaterThanOrEqual(1);
    await block("Availability").getByRole("button", { name: "days" }).click();
  });

  test("the latency of the day: a line, the outage shaded, the values in words", async () => {
    await expect.poll(accent).toBeGreaterThan(300);
    expect(await inked("--down")).toBeGreaterThan(50);
    await expect.poll(() => readout().textContent()).toMatch(/median .*ms.*runs?/);
    const box = await block("Latency").locator(".u-over").boundingBox();
    if (box === null) throw new Error("the chart has no box");
    await page.mouse.move(box.x + box.width * ((outage.from + outage.to) / 2 - (now - DAY)) / DAY, box.y + 100);
    await readout().getByText("HTTP 503 Service Unavailable").waitFor();
    await readout().getByText("5 failed").waitFor();
    await page.mouse.move(box.x + box.width * 0.3, box.y + 100);
    await readout().getByText("median 40").waitFor();
  });

  test("phases, one upon the other", async () => {
    await block("Latency").getByLabel("phases").check();
    await page.locator(".u-over").hover({ position: { x: 300, y: 100 } });
    for (const text of [/connect 10.ms/, /first byte 25.ms/, /transfer 5\.0.ms/]) await readout().getByText(text).waitFor();
    await block("Latency").getByLabel("phases").uncheck();
  });

  test("ranges, keys and dragging zoom; Home goes back", async () => {
    const asked: string[] = [];
    page.on("request", (request) => void (request.url().includes("/history") && asked.push(request.url())));
    const span = (): number => {
      const { searchParams } = new URL(asked.at(-1) ?? tocsin.origin);
      return (Number(searchParams.get("to")) - Number(searchParams.get("from"))) / DAY;
    };
    await block("Latency").getByRole("button", { name: "30 d" }).click();
    await expect.poll(span).toBeGreaterThan(29.9);
    await expect.poll(accent).toBeGreaterThan(300);
    await block("Latency").getByRole("group", { name: /^Latency of shop/ }).focus();
    await page.keyboard.press("+");
    await expect.poll(span).toBeLessThan(15.5);
    await page.keyboard.press("Home");
    await expect.poll(span).toBeLessThan(1.1);
    const box = await block("Latency").locator(".u-over").boundingBox();
    if (box === null) throw new Error("the chart has no box");
    await page.mouse.move(box.x + box.width * 0.5, box.y + 80);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 80, { steps: 4 });
    await page.mouse.up();
    await expect.poll(span).toBeLessThan(0.27);
  });

  test("incidents of the past open as stories", async () => {
    await block("Incidents").locator(".incident-link").nth(1).click();
    await page.getByText(/\(12.h\), recovered/).waitFor();
    await page.getByText(/^Evidence/).click();
    await page.getByText("Retry-After: 120").waitFor();
    await page.goBack();
    await page.locator(".u-over").waitFor();
  });

  test("results, failed ones only, with evidence", async () => {
    await block("Results").getByLabel("failed only").check();
    await expect.poll(() => block("Results").locator('.result[data-verdict="up"]').count()).toBe(0);
    await block("Results").locator(".result").first().getByText(/^Evidence/).click();
    await block("Results").getByText("Retry-After: 120").first().waitFor();
  });

  test("what is not measured is not drawn: a group has no latency", async () => {
    await page.goto(`${tocsin.origin}/checks/both`);
    await page.locator('[data-check="both"][data-state="up"]').waitFor();
    await block("Results").locator(".result").first().waitFor();
    expect(await block("Latency").count()).toBe(0);
    expect(await page.locator("body").textContent()).not.toMatch(/\b0(\.0)?.ms/);
    await block("Availability").getByText(/^100.% of today$/).waitFor();
  });

  // The browser advises this test, which reads the chart's pixels, to have them kept elsewhere.
  test("nothing was complained of", () => expect({ ...watch, complaints: watch.complaints.filter((text) => !text.includes("getImageData")) }).toEqual({ complaints: [], foreign: [] }));
});
