import { hash128 } from "./ids.ts";

/** The key of an endpoint of Gatus, by which results are pushed: group and name in small letters, with `-` for what cannot stand in an address. */
export function endpointKey(group: string, name: string): string {
  const plain = (text: string): string => text.toLowerCase().trim().replaceAll(/[/_., #+&]/g, "-");
  return `${plain(group)}_${plain(name)}`;
}

/** The token of the push check that stands for an external endpoint of Gatus: known to whoever knows its key and its bearer token, however short that is. */
export const externalToken = (key: string, bearer: string): string => hash128(JSON.stringify(["external endpoint", key.toLowerCase(), bearer]));

/** Nobody writes a duration as long as this; a longer text is looked at no further. */
const LONGEST_DURATION = 64;

/** Go's `time.ParseDuration`: `1h30m`, `-1.5h`, `0`; ms. Null for no duration. */
export function goDuration(text: string): number | null {
  if (text.length > LONGEST_DURATION || !/^[+-]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/.test(text)) return null;
  const units: { readonly [unit: string]: number } = { ns: 1e-6, us: 1e-3, "µs": 1e-3, "μs": 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) total += Number(amount) * (units[unit ?? ""] ?? 0);
  return text.startsWith("-") ? -total : total;
}
