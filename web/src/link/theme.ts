import { createSignal } from "solid-js";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "tocsin.theme";

function remembered(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? "system";
  } catch {
    return "system"; // storage is forbidden here
  }
}

const [theme, setSignal] = createSignal<Theme>(remembered());
const dark = matchMedia("(prefers-color-scheme: dark)");
const [systemDark, setSystemDark] = createSignal(dark.matches);
dark.addEventListener("change", () => setSystemDark(dark.matches));

export { theme };

/** Whether the page is dark now. */
export const isDark = (): boolean => (theme() === "system" ? systemDark() : theme() === "dark");

function apply(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
apply(theme());

/** Chooses and remembers in this browser. */
export function setTheme(theme: Theme): void {
  apply(theme);
  setSignal(theme);
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // storage is forbidden here: the choice lasts as long as the page
  }
}

/** Follows a media query. */
export function mediaSignal(text: string): () => boolean {
  const media = matchMedia(text);
  const [matches, setMatches] = createSignal(media.matches);
  media.addEventListener("change", () => setMatches(media.matches));
  return matches;
}

/** A telephone: one column, rows under a thumb. */
export const isPhone = mediaSignal("(width < 640px)");
/** Rows are 44 px high under a thumb. */
export const isTouch = mediaSignal("(width < 640px), (pointer: coarse)");
/** Room for the list and a check side by side. */
export const isWide = mediaSignal("(width >= 1180px)");
