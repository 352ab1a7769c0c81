import type { Page } from "playwright-core";

/** Measuring of what is drawn, by the browser's own computed styles and boxes. */

/** Elements wider than the page or than the pane they lie in, by their class; none where nothing scrolls sideways. */
export async function overflowing(page: Page): Promise<string[]> {
  return page.locator("html, .pane, .tiles, .dialog").evaluateAll((elements) => elements.filter((element) => element.clientWidth > 0 && element.scrollWidth > element.clientWidth).map((element) => `${element.tagName}.${element.className} ${element.scrollWidth} > ${element.clientWidth}`));
}

const CONTROLS = 'button, select, input:not([type="checkbox"]), label.tick, summary, nav a, .row-link, .back, .incident-link, .tag[href], a.button';

/** Controls that are seen and smaller than a thumb, each with its size in px. */
export async function underThumb(page: Page, sizePx: number): Promise<string[]> {
  return page.locator(CONTROLS).evaluateAll(
    (elements, least) =>
      elements.flatMap((element) => {
        const { width, height } = element.getBoundingClientRect();
        if (width === 0 || element.closest("[hidden]") !== null || (width >= least - 0.5 && height >= least - 0.5)) return [];
        return [`${element.tagName}.${element.className} "${element.textContent}" ${Math.round(width)} x ${Math.round(height)}`];
      }),
    sizePx,
  );
}

/** Controls without an accessible name. */
export async function unnamed(page: Page): Promise<string[]> {
  return page.locator('button, a, input, select, dialog[open], [role="img"], [role="slider"], nav, section').evaluateAll((elements) =>
    elements.flatMap((element) => {
      const labels = "labels" in element && element.labels !== null ? [...element.labels].map((label) => label.textContent).join("") : "";
      const name = element.getAttribute("aria-label") ?? element.getAttribute("title") ?? (labels || element.textContent);
      return name.trim() === "" && element.closest("[hidden]") === null && element.getAttribute("type") !== "hidden" ? [element.outerHTML.slice(0, 120)] : [];
    }),
  );
}

/** Texts that are seen with a contrast under 4.5:1 (3:1 for large ones; WCAG 2.2, 1.4.3), each with its ratio. */
export async function faint(page: Page): Promise<string[]> {
  return page.locator("body *").evaluateAll((elements) => {
    type Colour = readonly [number, number, number, number];
    const read = (text: string): Colour => {
      const figures = (text.match(/-?[\d.]+(e-?\d+)?/g) ?? []).map(Number);
      const scale = text.startsWith("color(") ? 255 : 1;
      return [(figures[0] ?? 0) * scale, (figures[1] ?? 0) * scale, (figures[2] ?? 0) * scale, figures[3] ?? 1];
    };
    const over = (top: Colour, ground: Colour): Colour => {
      const mix = (i: 0 | 1 | 2): number => top[i] * top[3] + ground[i] * (1 - top[3]);
      return [mix(0), mix(1), mix(2), 1];
    };
    const light = (colour: Colour): number => {
      const part = (value: number): number => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
      return 0.2126 * part(colour[0]) + 0.7152 * part(colour[1]) + 0.0722 * part(colour[2]);
    };
    const found: string[] = [];
    for (const element of elements) {
      const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent ?? "").join("").trim();
      const box = element.getBoundingClientRect();
      if (own === "" || box.width < 2 || box.height < 2 || element.closest(":disabled, .said, option, svg, .u-wrap") !== null) continue;
      const view = element.ownerDocument.defaultView;
      if (view === null || view.getComputedStyle(element).visibility === "hidden") continue;
      const layers: Colour[] = [];
      for (let at = element; at !== null; at = at.parentElement) {
        const layer = read(view.getComputedStyle(at).backgroundColor);
        layers.push(layer);
        if (layer[3] === 1) break;
      }
      const ground = layers.reduceRight<Colour>((below, layer) => over(layer, below), [255, 255, 255, 1]);
      const style = view.getComputedStyle(element);
      const ink = over(read(style.color), ground);
      const [high = 1, low = 0] = [light(ink), light(ground)].sort((a, b) => b - a);
      const ratio = (high + 0.05) / (low + 0.05);
      const px = Number.parseFloat(style.fontSize);
      const large = px >= 24 || (px >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5) - 0.01) found.push(`${element.tagName}.${element.className} "${own.slice(0, 40)}" ${ratio.toFixed(2)}`);
    }
    return found;
  });
}
