import type { CheckDefinition } from "../config/site.ts";
import { hash128 } from "../core/ids.ts";
import type { Schedule } from "../core/schedule.ts";
import type { CheckState, Terms } from "../core/state.ts";
import { type CheckName, type FactValue, millis, type Policy } from "../core/types.ts";
import type { AnyProbe } from "../probes/probe.ts";
import { policyOf, scheduleOf } from "./entry.ts";
import { maskedValue } from "./execute.ts";

export interface TermsParts {
  readonly probes: readonly AnyProbe[];
  /** Of the site that the check belongs to. */
  readonly policyOf: (check: CheckName) => Policy | null;
  readonly mask: (text: string) => string;
  /** Of a check that begins. */
  readonly begun?: CheckState | null;
}

/** The terms that a definition is judged by. */
export function termsOf(definition: CheckDefinition, parts: TermsParts): Terms {
  const { name, type, options, target, invert } = definition;
  const schedule: Schedule = scheduleOf(definition, parts.policyOf);
  const masked = <Value>(value: Value): Value => maskedValue(parts.mask, plain(value)) as Value;
  const terms = {
    policy: policyOf(definition, schedule),
    schedule,
    passive: parts.probes.some((probe) => probe.type === type && probe.passive !== undefined),
    expect: masked(definition.expect),
    warn: masked(definition.warn),
    ...(invert === undefined ? {} : { invert }),
    asks: hash128(JSON.stringify([type, target, masked(options)])),
    target: hash128(JSON.stringify([type, masked(target)])),
  };
  const { begun } = parts;
  return { check: name, hash: hash128(JSON.stringify(terms)), ...terms, ...(begun === undefined ? {} : { begun }) };
}

/** What validated configuration holds is what JSON can hold. */
const plain = (value: unknown): FactValue => value as FactValue;

/** A policy that tells nobody new, for a check whose definition is gone. */
export function removedPolicy(check: CheckName): Policy {
  const zero = millis(0);
  return { check, type: "", failAfter: 1, recoverAfter: 1, warnAfter: 1, everyMs: zero, failingEveryMs: zero, runMs: zero, initial: "pending", onFail: false, onPass: true, steps: [], recipients: {}, rotations: {}, parents: [], group: null, flapping: null };
}
