/**
 * Edits between two words, a swap of neighbours counting as one (optimal string alignment); stops at `limit` and returns `limit + 1`.
 */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    if (Math.min(...row) > limit) return limit + 1;
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/**
 * The known word that was probably meant, or null when none is near: up to a third of its letters may differ, case not counted;
 * or the only one that has the word as a part (`twilio` of `sms-twilio`).
 */
export function nearest(word: string, known: Iterable<string>): string | null {
  const names = [...known];
  const wanted = normal(word);
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of names) {
    const edits = distance(wanted, normal(candidate), bestDistance - 1);
    if (edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
      if (edits === 0) break;
    }
  }
  return best ?? only(names.filter((candidate) => candidate.split("-").includes(word.toLowerCase())));
}

/** The one that is there, or null when there are none or several. */
const only = (found: readonly string[]): string | null => (found.length === 1 ? (found[0] ?? null) : null);

/** Names that differ only in case, hyphens and underscores are the same slip: `fail_after`, `failafter`. */
const normal = (word: string): string => word.slice(0, 100).toLowerCase().replaceAll(/[-_ ]/g, "");
