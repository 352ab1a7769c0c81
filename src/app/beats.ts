import { createHash, timingSafeEqual } from "node:crypto";
import type { CheckDefinition } from "../config/site.ts";
import type { CheckName } from "../core/types.ts";
import type { AnyProbe } from "../probes/probe.ts";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** The check that a push token belongs to; every token is compared, each in constant time. */
export function findToken(token: string, definitions: Iterable<CheckDefinition>, probes: readonly AnyProbe[]): CheckName | null {
  const given = digest(token);
  const passive = new Map(probes.filter((probe) => probe.passive !== undefined).map((probe) => [probe.type, probe.passive]));
  let found: CheckName | null = null;
  for (const { name, type, options } of definitions) {
    const expected = passive.get(type)?.token(options);
    if (expected !== undefined && timingSafeEqual(digest(expected), given)) found = name;
  }
  return found;
}
