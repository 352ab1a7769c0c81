/** Rows drawn above and below what is seen, so that a scroll by a wheel's click shows no blank. */
const SPARE = 8;

export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** Which rows of a long list to draw. `top`: pixels of the list that lie above the upper edge of the view, negative when the list begins below it. */
export function visible(top: number, heightPx: number, rowPx: number, count: number): Slice {
  const first = Math.floor(top / rowPx) - SPARE;
  const last = Math.ceil((top + heightPx) / rowPx) + SPARE;
  const start = Math.min(Math.max(0, first), count);
  return { start, end: Math.max(start, Math.min(count, last)) };
}

/** How far to scroll so that a row is seen whole: a positive number is down. `headPx`: covered at the upper edge, by the list's fixed head. */
export function reveal(index: number, top: number, heightPx: number, rowPx: number, headPx: number): number {
  const above = index * rowPx - (top + headPx);
  if (above < 0) return above;
  return Math.max(0, (index + 1) * rowPx - (top + heightPx));
}

/** Columns and rows of a wall's tiles. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
}

/** On a wall 2560 wide a tile must be this large to be read from five metres; smaller screens in proportion. */
const TILE_WIDTH = 2560 / 6;
const TILE_HEIGHT = 1440 / 9;
/** A tile wider than high by this reads best. */
const SHAPE = 2.4;

/** How many tiles can be read on a screen of this shape. */
export function wallCapacity(width: number, height: number): number {
  const scale = width / 2560;
  return Math.max(1, Math.round(width / (TILE_WIDTH * scale))) * Math.max(1, Math.floor(height / (TILE_HEIGHT * scale)));
}

/** The grid that gives `count` tiles the most room with the best shape. */
export function wallGrid(count: number, width: number, height: number): Grid {
  let best: Grid = { columns: 1, rows: Math.max(1, count) };
  let size = 0;
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.max(1, Math.ceil(count / columns));
    const fits = Math.min(width / columns / SHAPE, height / rows);
    if (fits > size) {
      size = fits;
      best = { columns, rows };
    }
  }
  return best;
}
