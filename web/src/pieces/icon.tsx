import type { JSX } from "solid-js";

/** One small set, strokes of 1.5 px; always beside a word. */
const PATHS = {
  now: "M3 12.500h4L10 5l4 14 3-6.500h4",
  checks: "M4.500 6.500l1.300 1.300 2.400-2.600M4.500 12.500l1.300 1.300 2.400-2.600M4.500 18.500l1.300 1.300 2.400-2.600M12 6.500h8M12 12.500h8M12 18.500h8",
  incidents: "M7 4v16M7 7.500h0M11.500 7.500H20M11.500 12.500H18M11.500 17.500H20M4.700 7.500a2.300 2.300 0 1 0 4.600 0 2.300 2.300 0 1 0-4.600 0z",
  site: "M4 6.500h9M17 6.500h3M15 4.500v4M4 12.500h3M11 12.500h9M9 10.500v4M4 18.500h9M17 18.500h3M15 16.500v4",
  close: "M6 6l12 12M18 6L6 18",
  back: "M14.500 5.500L8 12l6.500 6.500",
} as const;

export function Icon(props: { readonly name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={PATHS[props.name]} />
    </svg>
  );
}
