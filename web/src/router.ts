import { createMemo, createRoot, createSignal } from "solid-js";
import { readRoute } from "./route.ts";

/** The page's own small router: the address is the state. */

const here = (): URL => new URL(location.href);
const [address, setAddress] = createSignal(here(), { equals: (a, b) => a.href === b.href });

const parts = createRoot(() => ({
  path: createMemo(() => address().pathname),
  query: createMemo(() => address().search),
}));

const read = createRoot(() => createMemo(() => readRoute(parts.path())));
/** Which view the address asks for. */
export const route = read;
/** The address's query. */
export const query = (): URLSearchParams => new URLSearchParams(parts.query());
/** The wall: tiles only. */
export const isWall = (): boolean => query().has("wall");

/** Goes to an address of this page; `replace` leaves no step for the back button. */
export function go(to: string, how: "push" | "replace" = "push"): void {
  const next = new URL(to, location.href);
  if (next.href === location.href) return;
  if (how === "push") history.pushState(null, "", next);
  else history.replaceState(null, "", next);
  setAddress(here());
}

/** Follows links within the page without loading it anew; leaves others, and those opened elsewhere, to the browser. */
export function followLinks(): void {
  addEventListener("popstate", () => setAddress(here()));
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || link.origin !== location.origin || link.target !== "" || link.hasAttribute("download") || link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    go(link.href);
  });
}
