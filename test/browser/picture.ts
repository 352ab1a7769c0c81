// node_modules/.bin/node test/browser/picture.ts: makes docs/page.png and docs/page-phone.png from a real Tocsin with the example's services (Debian, Chromium, a built page).
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DESK, openTab, PHONE, type Scheme, signIn, startChromium } from "./chromium.ts";
import { exampleConfig, exampleEvery, examplePasts, playExample, PUSH_PATH } from "./example.ts";
import { liveThrough } from "./past.ts";
import { makeFolder, missing, startTocsin } from "./world.ts";

const MINUTE = 60_000;
/** With `--all FOLDER`: every view in every width and theme, to be looked at. */
const everything = process.argv[2] === "--all" ? (process.argv[3] ?? null) : null;

async function main(): Promise<void> {
  const why = missing();
  if (why !== null) throw new Error(why);
  const folder = makeFolder();
  const example = await playExample();
  const config = exampleConfig(example.dns);
  writeFileSync(join(folder.path, "tocsin.yaml"), config);
  const now = Date.now();
  await liveThrough({ folder: folder.path, now, days: 90, toldFrom: now - 60 * MINUTE, pasts: examplePasts(now), everyMs: exampleEvery(now) });
  const tocsin = await startTocsin({ folder: folder.path, config });
  const chromium = await startChromium();
  try {
    await fetch(`${tocsin.origin}${PUSH_PATH}?status=up&msg=${encodeURIComponent("41 GB in 38 min")}`, { method: "POST" });
    if (everything === null) await picture(chromium, tocsin);
    else await lookAtAll(chromium, tocsin, everything);
  } finally {
    await chromium.close();
    await tocsin.stop();
    example.end();
    folder.remove();
  }
}

type Started<Of extends (...args: never[]) => Promise<unknown>> = Awaited<ReturnType<Of>>;

async function picture(chromium: Started<typeof startChromium>, tocsin: Started<typeof startTocsin>): Promise<void> {
  const docs = join(import.meta.dirname, "../../docs");
  const desk = await openTab(await chromium.context({ viewport: { width: DESK.width, height: 960 }, colorScheme: "light" }), tocsin.origin);
  await signIn(desk.page, tocsin);
  await settle(desk.page);
  await desk.page.goto(`${tocsin.origin}/checks/shop`);
  await settle(desk.page);
  await desk.page.screenshot({ path: join(docs, "page.png") });
  const phone = await openTab(await chromium.context({ viewport: PHONE, deviceScaleFactor: 2, hasTouch: true, isMobile: true, colorScheme: "dark" }), tocsin.origin);
  await signIn(phone.page, tocsin);
  await settle(phone.page);
  await phone.page.screenshot({ path: join(docs, "page-phone.png") });
}

/** All checks ran, the chart is drawn, nothing glows any more. */
async function settle(page: Started<typeof openTab>["page"]): Promise<void> {
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
  await page.waitForTimeout(4000);
}

const SIZES = { phone: PHONE, tablet: { width: 768, height: 1024 }, desk: DESK, wide: { width: 2560, height: 1440 } } as const;
const VIEWS = { now: "/", shop: "/checks/shop", vpn: "/checks/vpn", blocked: "/checks/branch-files", group: "/checks/mail", incidents: "/incidents", site: "/site", wall: "/?wall" } as const;

async function lookAtAll(chromium: Started<typeof startChromium>, tocsin: Started<typeof startTocsin>, into: string): Promise<void> {
  mkdirSync(into, { recursive: true });
  for (const scheme of ["light", "dark"] as const satisfies readonly Scheme[]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const context = await chromium.context({ viewport, colorScheme: scheme, hasTouch: size === "phone", isMobile: size === "phone" });
      const { page } = await openTab(context, tocsin.origin);
      await page.goto(tocsin.origin);
      await page.getByLabel("Password").waitFor();
      await page.screenshot({ path: join(into, `signin-${size}-${scheme}.png`) });
      await signIn(page, tocsin);
      await settle(page);
      for (const [view, path] of Object.entries(VIEWS)) {
        await page.goto(tocsin.origin + path);
        await page.waitForTimeout(1500);
        await page.screenshot({ path: join(into, `${view}-${size}-${scheme}.png`) });
      }
      await page.goto(`${tocsin.origin}/incidents`);
      await page.locator(".incident-link[data-open]").first().click();
      await page.waitForTimeout(1500);
      await page.screenshot({ path: join(into, `story-${size}-${scheme}.png`) });
      await context.close();
    }
  }
}

await main();
