/** Serial numbers of zones (RFC 1982, with 32 bits): they wrap, and two that lie half the circle apart have no order. */

const CIRCLE = 2 ** 32;

/** How many steps `from` is behind `to`, 0 to 2^32 - 1. */
export function stepsBehind(from: number, to: number): number {
  return (to - from + CIRCLE) % CIRCLE;
}

/** The newest of several serials and how far the oldest is behind it; null when they have no order (or there are none). */
export function newestOf(serials: readonly number[]): { readonly newest: number; readonly lag: number } | null {
  for (const newest of serials) {
    const lag = Math.max(...serials.map((serial) => stepsBehind(serial, newest)));
    if (lag < CIRCLE / 2) return { newest, lag };
  }
  return null;
}
