import { believe, type Draft } from "./draft.ts";
import { quiet, sayingOf } from "./escalate.ts";
import { say } from "./route.ts";
import type { Result } from "./types.ts";

/** Names in one sentence, at most. */
const NAMED_MAX = 20;

const list = (names: readonly string[]): string => (names.length === 0 ? "none" : `${names.slice(0, NAMED_MAX).join(", ")}${names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : ""}`);

/** The members of a group that failed in this run of it, in its own order. */
export function failingMembers(result: Result): readonly string[] {
  const { failing } = result.facts;
  return Array.isArray(failing) ? failing.map(String) : [];
}

/** A group that is down, told, and asked to (`renotify`) tells again when other members fail than those who were told know of. */
export function noteMembers(draft: Draft, result: Result): void {
  const { policy, belief } = draft;
  const { incident } = belief;
  if (policy.group?.renotify !== true || incident?.kind !== "down" || result.verdict !== "down") return;
  const failing = failingMembers(result);
  const before = incident.failing;
  if (before?.join("\n") === failing.join("\n")) return;
  if (before === undefined || incident.told.length === 0) return believe(draft, { incident: { ...incident, failing } });
  if (quiet(draft, incident) !== null) return;
  const said = incident.said + 1;
  const sentence = `now failing: ${list(failing)} (before: ${list(before)}); ${result.sentence}`;
  say(draft, incident.told, { ...sayingOf(draft, incident), kind: "reminder", sentence, step: 0, ordinal: said });
  believe(draft, { incident: { ...incident, said, failing } });
}
