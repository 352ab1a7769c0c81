import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { Running } from "./world.ts";

const QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** What has not come by then does not come. */
const PATIENCE_MS = 15_000;

export type Scheme = "light" | "dark";
export const PHONE = { width: 390, height: 844 } as const;
export const TABLET = { width: 768, height: 1024 } as const;
export const DESK = { width: 1440, height: 900 } as const;
export const WALL = { width: 2560, height: 1440 } as const;

/** A browser of its own with an empty profile, which goes with it. */
export interface Chromium {
  /** A context as another person's browser would be: no cookies, nothing remembered. */
  context(options?: BrowserContextOptions): Promise<BrowserContext>;
  close(): Promise<void>;
}

export async function startChromium(): Promise<Chromium> {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: QUIET, chromiumSandbox: false });
  return {
    context: async (options = {}) => {
      const context = await browser.newContext({ viewport: DESK, locale: "en-GB", timezoneId: "Europe/Berlin", ...options });
      context.setDefaultTimeout(PATIENCE_MS);
      return context;
    },
    close: () => browser.close(),
  };
}

/** What a page must not do, written down while it is open. */
export interface Watch {
  /** Errors and warnings of the console, exceptions, violations of the content security policy. */
  readonly complaints: string[];
  /** Requests to another origin than the page's. */
  readonly foreign: string[];
}

/** Opens a tab in the context and writes down what goes wrong in it. */
export async function openTab(context: BrowserContext, origin: string): Promise<{ readonly page: Page; readonly watch: Watch }> {
  const page = await context.newPage();
  const watch: Watch = { complaints: [], foreign: [] };
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") watch.complaints.push(message.text());
  });
  page.on("pageerror", (error) => void watch.complaints.push(String(error)));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.origin !== origin) watch.foreign.push(url.href);
  });
  return { page, watch };
}

/** Signs in at the door, and waits for the page behind it. */
export async function signIn(page: Page, { origin, password }: Pick<Running, "origin" | "password">, path = "/"): Promise<void> {
  await page.goto(origin + path);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("main").filter({ hasNot: page.getByLabel("Password") }).waitFor();
}
