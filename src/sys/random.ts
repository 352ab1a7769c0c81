import { randomBytes } from "node:crypto";
import type { Random } from "./ports.ts";

/** Fractions for spreading and jitter; bytes of the system's generator for ids, tokens and ports, which nobody may guess. */
export function realRandom(): Random {
  return { fraction: () => Math.random(), bytes: (count) => randomBytes(count) };
}
