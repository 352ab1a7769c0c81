import type { Draft } from "./draft.ts";
import { alertId } from "./ids.ts";
import { onCall } from "./rotation.ts";
import type { OpenIncident, Told } from "./state.ts";
import type { AlertKind, Evidence, FailureCode, IncidentId, Instant, OpenedAs, Policy, Status, Step } from "./types.ts";

/** Names a step by its meaning. */
export const stepKey = ({ after, to }: Step): string => JSON.stringify([after, to]);

/** Whom a step tells now, each once: its channels' recipients in the order of the configuration, and those who are on call. */
export function targets({ policy, now }: Pick<Draft, "policy" | "now">, step: Step): readonly Told[] {
  const channels = step.to.flatMap((name) => {
    const rotation = policy.rotations[name];
    return rotation === undefined ? [name] : onCall(rotation, now);
  });
  return [...new Set(channels)].flatMap((channel) => (policy.recipients[channel] ?? []).map((recipient) => ({ channel, recipient })));
}

/** Steps that tell at once; where there are none, the first one. What is less than down is told by these alone. */
export function firstSteps(policy: Policy): readonly Step[] {
  const atOnce = policy.steps.filter((step) => step.after.kind === "runs" && step.after.count === 1);
  return atOnce.length > 0 ? atOnce : policy.steps.filter((step) => !(step.after.kind === "runs" && step.after.count === 0)).slice(0, 1);
}

const key = (told: Told): string => `${told.channel}\u0000${told.recipient}`;

/** Both lists without repeats, the first one's order kept. */
export function joined(some: readonly Told[], more: readonly Told[]): readonly Told[] {
  const known = new Set(some.map(key));
  const fresh = more.filter((told) => !known.has(key(told)));
  return fresh.length === 0 ? some : [...some, ...fresh];
}

/** Whom those steps tell now. */
export const firstTargets = (draft: Pick<Draft, "policy" | "now">): readonly Told[] => firstSteps(draft.policy).reduce<readonly Told[]>((all, step) => joined(all, targets(draft, step)), []);

/** Those of the first list who are not in the other. */
export function without(some: readonly Told[], others: readonly Told[]): readonly Told[] {
  const known = new Set(others.map(key));
  return some.filter((told) => !known.has(key(told)));
}

/** Whom an end is told, of those who know of the trouble, and how: in a silence only those with whom the next trouble would be taken for the one that stayed open. */
export function hearersOfEnd({ policy, belief }: Pick<Draft, "policy" | "belief">, told: readonly Told[]): { readonly to: readonly Told[]; readonly quiet?: true } {
  if (belief.muting.silenced === null) return { to: told };
  return { to: told.filter(({ channel }) => policy.keepers?.includes(channel) === true), quiet: true };
}

export interface Saying {
  readonly kind: AlertKind;
  readonly incident: Pick<OpenIncident, "id" | "openedAs"> | null;
  /** Names the alert when it belongs to no incident. */
  readonly slot: Instant;
  readonly status: Status;
  readonly since: Instant;
  readonly sentence: string;
  readonly code: FailureCode;
  readonly evidence: Evidence;
  readonly outageFrom: Instant | null;
  readonly unseenSince?: Instant;
  readonly ends?: IncidentId;
  readonly quiet?: true;
  readonly step: number;
  readonly ordinal: number;
}

/** That field alone, where there is one. */
export const openedAsOf = ({ openedAs }: { readonly openedAs?: OpenedAs | undefined }): { readonly openedAs?: OpenedAs } => (openedAs === undefined ? {} : { openedAs });

/** One alert for each recipient. */
export function say(draft: Draft, to: readonly Told[], saying: Saying): void {
  const { incident, slot, ...rest } = saying;
  const { check, failAfter } = draft.policy;
  const { hides, dependents = [] } = draft.around;
  const fails = { runs: draft.belief.streak?.downs ?? 0, of: failAfter };
  for (const { channel, recipient } of to) {
    const id = alertId({ check, of: incident?.id ?? slot, kind: saying.kind, step: saying.step, ordinal: saying.ordinal, channel, recipient });
    const alert = { ...rest, id, check, incident: incident?.id ?? null, channel, recipient, at: draft.now, hides, fails, ...openedAsOf(incident ?? {}), ...(dependents.length === 0 || saying.status !== "down" ? {} : { dependents }) };
    draft.effects.push({ kind: "alert", alert });
  }
}
