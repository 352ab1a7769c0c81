import type { JSX } from "solid-js";

const STEP = 5;
const WIDTH = 3.5;
const HEIGHT = 16;
const CELLS = 30;
/** The worse, the higher: the shape tells what the colour tells. */
const TALL: { readonly [verdict: string]: number } = { u: 5, g: 10, d: 16, "?": 2 };

function path(recent: string, verdict: string): string {
  const first = CELLS - Math.min(CELLS, recent.length);
  let drawn = "";
  for (const [i, seen] of recent.slice(-CELLS).split("").entries()) {
    const tall = TALL[seen] ?? 0;
    if (seen === verdict) drawn += `M${(first + i) * STEP} ${HEIGHT - tall}h${WIDTH}v${tall}h-${WIDTH}z`;
  }
  return drawn;
}

function said(recent: string): string {
  const bad = recent.split("d").length - 1;
  return recent === "" ? "no runs yet" : `${bad} of the last ${recent.length} runs failed`;
}

/** The last 30 runs, the newest at the right: one path a verdict, not thirty elements a row. */
export function Recent(props: { readonly recent: string }): JSX.Element {
  return (
    <svg class="recent" viewBox={`0 0 ${CELLS * STEP} ${HEIGHT}`} role="img" aria-label={said(props.recent)}>
      <path data-verdict="up" d={path(props.recent, "u")} />
      <path data-verdict="degraded" d={path(props.recent, "g")} />
      <path data-verdict="down" d={path(props.recent, "d")} />
      <path data-verdict="unknown" d={path(props.recent, "?")} />
    </svg>
  );
}
