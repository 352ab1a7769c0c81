/** One measured number, and the most it should be, or the least with `atLeast`; null: told for information only. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: number | null;
  readonly atLeast?: boolean;
}

/** A bench measures one or more figures; `say` tells the person who waits what goes on. */
export type Measure = (say: (text: string) => void) => Promise<readonly Figure[]>;

/** Nearest rank; 0 when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

const round = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2));

/** One JSON line: name, value, unit, goal, and atLeast where it is one. */
export const asJson = ({ name, value, unit, goal, atLeast }: Figure): string => JSON.stringify({ name, value: Number(value.toPrecision(5)), unit, goal, atLeast });

/** One line for people: `ten-thousand memory    238 MB    goal 350: met`. */
export function asLine({ name, value, unit, goal, atLeast = false }: Figure): string {
  const met = goal === null || (atLeast ? value >= goal : value <= goal);
  const verdict = goal === null ? "" : `at ${atLeast ? "least" : "most"} ${goal}: ${met ? "met" : "NOT MET"}`;
  return `${name.padEnd(40)} ${round(value).padStart(9)} ${unit.padEnd(6)} ${verdict}`.trimEnd();
}
