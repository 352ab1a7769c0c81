import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { HistoryView, IncidentView } from "../../../src/api/types.ts";
import { latency } from "../state/format.ts";
import type { Span } from "../state/ranges.ts";
import { ceiling, latencies, spacing, stacked } from "../state/series.ts";

/** Everything the chart draws; the drawing keeps nothing else. */
export interface Picture {
  readonly history: HistoryView;
  readonly span: Span;
  /** Names of the phases when they are stacked, else null: median, band and p99. */
  readonly phases: readonly string[] | null;
  readonly now: number;
}

export interface PlotListener {
  /** The bucket under the cursor; null when the cursor is away. */
  hover(index: number | null): void;
  /** A stretch was dragged over, in milliseconds since the epoch. */
  select(from: number, to: number): void;
}

const HEIGHT_PX = 220;
const STRIP_PX = 6;

/** A token's colour as the canvas understands it: the browser works out which theme counts. */
function colour(name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
const clear = (name: string, percent: number): string => `color-mix(in srgb, ${colour(name)} ${percent}%, transparent)`;

/** Outages as shaded spans with their cause, beneath the lines. */
function drawIncidents(plot: uPlot, incidents: readonly IncidentView[], now: number): void {
  const { ctx, bbox } = plot;
  const edge = (at: number): number => Math.round(Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(at / 1000, "x", true))));
  ctx.save();
  ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  for (const incident of incidents) {
    const left = edge(incident.firstSign);
    const width = Math.max(2 * devicePixelRatio, edge(incident.closed ?? now) - left);
    const name = incident.kind === "down" ? "--down" : incident.kind === "degraded" ? "--degraded" : "--blocked";
    ctx.fillStyle = clear(name, 14);
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.fillStyle = colour(name);
    ctx.fillRect(left, bbox.top, Math.max(1, devicePixelRatio), bbox.height);
    const room = width - 12 * devicePixelRatio;
    if (ctx.measureText(incident.sentence).width <= room) ctx.fillText(incident.sentence, left + 6 * devicePixelRatio, bbox.top + (STRIP_PX + 6) * devicePixelRatio);
  }
  ctx.restore();
}

/** What the runs said, on the very axis of the lines: a strip at the upper edge. */
function drawStrip(plot: uPlot, history: HistoryView): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const usual = spacing(history);
  for (const bucket of history.buckets) {
    if (bucket.runs === 0) continue;
    const left = plot.valToPos(bucket.from / 1000, "x", true);
    const width = plot.valToPos((bucket.from + usual) / 1000, "x", true) - left;
    ctx.fillStyle = bucket.down > 0 ? colour("--down") : bucket.degraded > 0 ? colour("--degraded") : bucket.up > 0 ? clear("--up", 70) : colour("--pending");
    ctx.fillRect(left, bbox.top, Math.max(1, width - (width > 4 * devicePixelRatio ? devicePixelRatio : 0)), STRIP_PX * devicePixelRatio);
  }
  ctx.restore();
}

function dataOf(picture: Picture): uPlot.AlignedData {
  const data = latencies(picture.history);
  if (picture.phases === null) return [data.at, data.p99, data.p90, data.p10, data.median];
  return [data.at, ...stacked(picture.history, picture.phases).toReversed()];
}

function lines(): Pick<uPlot.Options, "series" | "bands"> {
  const none = { points: { show: false } } as const;
  return {
    series: [
      {},
      { ...none, stroke: clear("--accent", 35), width: 1, dash: [2, 3] },
      { ...none, stroke: "transparent", width: 0 },
      { ...none, stroke: "transparent", width: 0 },
      { stroke: colour("--accent"), width: 1.75, points: { size: 4, fill: colour("--accent") } },
    ],
    bands: [{ series: [2, 3], fill: clear("--accent", 20) }],
  };
}

function stack(phases: readonly string[]): Pick<uPlot.Options, "series" | "bands"> {
  const name = (i: number): string => `--phase-${(i % 6) + 1}`;
  return { series: [{}, ...phases.map((_, i) => ({ stroke: colour(name(i)), fill: colour(name(i)), width: 1, points: { show: false } })).toReversed()] };
}

function optionsOf(picture: () => Picture, width: number, listener: PlotListener): uPlot.Options {
  const axis = { stroke: () => colour("--soft"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" } as const;
  const shown = picture();
  return {
    width,
    height: HEIGHT_PX,
    ms: 1e-3,
    legend: { show: false },
    padding: [8, 8, 0, 0],
    cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false, setScale: false }, focus: { prox: -1 } },
    scales: {
      x: { time: true, range: () => [picture().span.from / 1000, picture().span.to / 1000] },
      y: { range: (_plot, _low, high) => [0, (picture().phases === null ? ceiling(latencies(picture().history)) : Math.max(1, high ?? 1)) * 1.2] },
    },
    axes: [
      { ...axis, space: 72, values: [[86_400 * 365, "{YYYY}", null, null, null, null, null, null, 1], [86_400 * 28, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1], [86_400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1], [60, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1], [1, "{HH}:{mm}:{ss}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1]] },
      { ...axis, size: 64, space: 36, values: (_plot, splits) => splits.map((ms) => (ms === 0 ? "0" : latency(ms))) },
    ],
    ...(shown.phases === null ? lines() : stack(shown.phases)),
    hooks: {
      drawAxes: [(plot) => drawIncidents(plot, picture().history.incidents, picture().now), (plot) => drawStrip(plot, picture().history)],
      setCursor: [(plot) => listener.hover(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          if (plot.select.width < 4) return;
          const at = (px: number): number => plot.posToVal(px, "x") * 1000;
          listener.select(at(plot.select.left), at(plot.select.left + plot.select.width));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** Draws the latency chart into an element and follows the finger; `show` draws anew, `end` leaves nothing behind. */
export function createPlot(room: HTMLElement, first: Picture, listener: PlotListener): { show(next: Picture): void; end(): void } {
  let picture = first;
  const make = (): uPlot => new uPlot(optionsOf(() => picture, room.clientWidth, listener), dataOf(picture), room);
  let plot = make();
  const touch = (event: TouchEvent): void => {
    const finger = event.touches[0];
    if (finger === undefined) return;
    plot.setCursor({ left: finger.clientX - plot.over.getBoundingClientRect().left, top: 10 });
  };
  room.addEventListener("touchstart", touch, { passive: true });
  room.addEventListener("touchmove", touch, { passive: true });
  const observer = new ResizeObserver(() => {
    if (room.clientWidth > 0 && room.clientWidth !== plot.width) plot.setSize({ width: room.clientWidth, height: HEIGHT_PX });
  });
  observer.observe(room);
  return {
    show: (next) => {
      const same = JSON.stringify(next.phases) === JSON.stringify(picture.phases) && plot.root.dataset["theme"] === themeKey();
      picture = next;
      if (same) plot.setData(dataOf(picture));
      else {
        plot.destroy();
        plot = make();
        plot.root.dataset["theme"] = themeKey();
      }
    },
    end: () => {
      observer.disconnect();
      room.removeEventListener("touchstart", touch);
      room.removeEventListener("touchmove", touch);
      plot.destroy();
    },
  };
}

const themeKey = (): string => colour("--accent");
