import type { JSX } from "solid-js";
import { type CheckSummary, STATUS_MARKS, type StatusWord } from "../../../src/api/types.ts";

/** The shapes of the states, drawn, so that they are the same in every font. */
const SHAPES: { readonly [status in StatusWord]: () => JSX.Element } = {
  up: () => <circle cx="8" cy="8" r="5" fill="currentColor" />,
  degraded: () => (
    <>
      <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="1.75" />
      <path d="M8 3a5 5 0 0 0 0 10z" fill="currentColor" />
    </>
  ),
  down: () => <path d="M8 1.8 15 14H1z" fill="currentColor" />,
  blocked: () => <circle cx="8" cy="8" r="5.2" fill="none" stroke="currentColor" stroke-width="1.75" stroke-dasharray="2.4 1.7" />,
  disputed: () => <path d="M8 1.8 14.200 8 8 14.200 1.800 8z" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linejoin="round" />,
  paused: () => <path d="M5.500 3.500v9M10.500 3.500v9" stroke="currentColor" stroke-width="2.250" />,
  pending: () => <circle cx="8" cy="8" r="2.500" fill="currentColor" />,
};

/** A state's shape in its colour; the word must stand beside it, or be given to screen readers. */
export function Mark(props: { readonly state: StatusWord; readonly said?: boolean }): JSX.Element {
  return (
    <svg class="mark" data-state={props.state} viewBox="0 0 16 16" aria-hidden={props.said ? undefined : "true"} role={props.said ? "img" : undefined} aria-label={props.said ? STATUS_MARKS[props.state].word : undefined}>
      {SHAPES[props.state]()}
    </svg>
  );
}

/** Shape and word. */
export function Badge(props: { readonly state: StatusWord }): JSX.Element {
  return (
    <span class="badge" data-state={props.state}>
      <Mark state={props.state} />
      <span>{STATUS_MARKS[props.state].word}</span>
    </span>
  );
}

/** What else must be known of a check at a glance, in words: `unchecked`, `acknowledged`, `silenced`, a maintenance. */
export function flagsOf(check: CheckSummary): string[] {
  const flags: string[] = [];
  if (check.incidentKind === "unchecked") flags.push("unchecked");
  if (check.acknowledged !== null) flags.push("acknowledged");
  if (check.silenced) flags.push("silenced");
  for (const name of check.maintenance) flags.push(`maintenance: ${name}`);
  return flags;
}
