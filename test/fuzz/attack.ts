import { Chance } from "../sim/random.ts";
import type { Decoder } from "./decoders.ts";

/** What a connection may bring in all; oversized inputs are rare, because each costs as much as thousands of others. */
const OVERSIZED = 65_536;
const OVERSIZED_SHARE = 1 / 5000;
const RANDOM_MAX = 200;
/** Beyond what a small input may grow to by its words alone. */
const OUTPUT_FLOOR = 2048;
const GROWTH = 8;

/** Octets with a meaning in some protocol: ends of ranges, lengths, tags, line ends, quotes, brackets. */
const TELLING = [0, 1, 0x7f, 0x80, 0x81, 0x84, 0xc0, 0xfe, 0xff, 0x0a, 0x0d, 0x20, 0x22, 0x28, 0x29, 0x2a, 0x2d, 0x30, 0x3a, 0x3c, 0x3e, 0x5b, 0x5c, 0x7b, 0x7d] as const;
const HOSTILE_LENGTHS: readonly [readonly number[], ...(readonly number[])[]] = [[0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff], [0x80, 0, 0, 0], [0xff, 0xff], [0, 0], [0x84, 0xff, 0xff, 0xff, 0xff]];

/** One finding: the same seed and input number give it again. */
export interface Found {
  readonly decoder: string;
  readonly input: number;
  /** The input in hexadecimal, its first 2,048 octets. */
  readonly octets: string;
  readonly what: string;
}

/** The n-th input of a decoder under a seed: random, cut, changed, spliced, repeated or oversized. */
export function inputFor({ seeds }: Pick<Decoder, "seeds">, seed: number, index: number): Uint8Array {
  const chance = new Chance(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b));
  const valid = (): Uint8Array => seeds[chance.below(seeds.length)] ?? new Uint8Array(0);
  if (chance.chance(OVERSIZED_SHARE)) return oversized(chance, valid());
  if (chance.chance(0.15)) return chance.bytes(chance.below(RANDOM_MAX));
  let bytes = Buffer.from(valid());
  for (let changes = 1 + chance.below(4); changes > 0; changes--) bytes = changed(bytes, chance, valid);
  return Uint8Array.from(bytes);
}

function oversized(chance: Chance, valid: Uint8Array): Uint8Array {
  const unit = chance.chance(0.5) && valid.length > 0 ? valid : chance.bytes(1 + chance.below(4));
  return Uint8Array.from({ length: OVERSIZED }, (_, at) => unit[at % unit.length] ?? 0);
}

function changed(bytes: Buffer<ArrayBuffer>, chance: Chance, valid: () => Uint8Array): Buffer<ArrayBuffer> {
  const at = chance.below(bytes.length + 1);
  const put = (inserted: Uint8Array, over: number): Buffer<ArrayBuffer> => Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + over)]);
  switch (chance.below(9)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return put(Uint8Array.of((bytes[at] ?? 0) ^ (1 << chance.below(8))), 1);
    case 2:
      return put(Uint8Array.of(chance.below(256)), 1);
    case 3:
      return put(Uint8Array.of(chance.pick(TELLING)), chance.below(2));
    case 4: {
      const length = chance.pick(HOSTILE_LENGTHS);
      return put(Uint8Array.from(length), length.length);
    }
    case 5:
      return put(chance.bytes(chance.below(8)), 0);
    case 6:
      return put(new Uint8Array(0), 1 + chance.below(8));
    case 7:
      return put(bytes.subarray(at, at + chance.below(20)), 0);
    default: {
      const other = valid();
      return put(other.subarray(chance.below(other.length + 1)), bytes.length);
    }
  }
}

/** How much a value holds: characters, octets, and one for each value; a bug that refers to itself is cut at `most`. */
export function sizeOf(value: unknown, most: number): number {
  let size = 0;
  const waiting: unknown[] = [value];
  while (waiting.length > 0 && size <= most) {
    const next = waiting.pop();
    size += 1;
    if (typeof next === "string") size += next.length;
    else if (ArrayBuffer.isView(next)) size += next.byteLength;
    else if (next instanceof Map || next instanceof Set) for (const part of next) waiting.push(part);
    else if (typeof next === "object" && next !== null) waiting.push(...Object.values(next));
  }
  return size;
}

/** What is wrong with how a decoder took one input; null when nothing is. */
export function taken(decoder: Decoder, bytes: Uint8Array): string | null {
  const most = OUTPUT_FLOOR + (decoder.growth ?? GROWTH) * bytes.length;
  try {
    const size = sizeOf(decoder.decode(bytes), most);
    return size <= most ? null : `made more than ${most} characters, octets and values of ${bytes.length} octets`;
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}

const FOUND_MAX = 5;

/** Feeds a decoder with so many inputs; gives the first few that it did not take as a value. */
export function attack(decoder: Decoder, inputs: number, seed: number): readonly Found[] {
  const found: Found[] = [];
  for (let input = 0; input < inputs && found.length < FOUND_MAX; input++) {
    const bytes = inputFor(decoder, seed, input);
    const what = taken(decoder, bytes);
    if (what !== null) found.push({ decoder: decoder.name, input, octets: Buffer.from(bytes.subarray(0, 2048)).toString("hex"), what });
  }
  return found;
}
