import type { JSX } from "solid-js";
import { type CheckSummary, flagsOf as wordsOf, STATUS_MARKS, type StatusWord } from "../../../src/api/types.ts";
import { now } from "../link/clock.ts";
import { clock } from "../state/format.ts";

/** What a check shows: its state, or that nobody knows it any more. */
export type Shown = StatusWord | "unchecked";

/** The shapes of the states, drawn, so that they are the same in every font. */
const SHAPES: { readonly [shown in Shown]: () => JSX.Element } = {
  unchecked: () => <path d="M4.700 5.800a3.300 3.300 0 1 1 4.900 2.900c-1.100.6-1.600 1.100-1.600 2.300M8 13.200v1.300" fill="none" stroke="currentColor" stroke-width="1.900" />,
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
export function Mark(props: { readonly state: Shown; readonly said?: boolean }): JSX.Element {
  return (
    <svg class="mark" data-state={props.state} viewBox="0 0 16 16" aria-hidden={props.said ? undefined : "true"} role={props.said ? "img" : undefined} aria-label={props.said ? wordOf(props.state) : undefined}>
      {SHAPES[props.state]()}
    </svg>
  );
}

/** Shape and word. */
export function Badge(props: { readonly state: Shown }): JSX.Element {
  return (
    <span class="badge" data-state={props.state}>
      <Mark state={props.state} />
      <span>{wordOf(props.state)}</span>
    </span>
  );
}

export const shownOf = (check: CheckSummary): Shown => (check.incidentKind === "unchecked" && check.state !== "paused" ? "unchecked" : check.state);
export const wordOf = (shown: Shown): string => (shown === "unchecked" ? shown : STATUS_MARKS[shown].word);

/** What else must be known of a check at a glance, in words: `acknowledged`, `silenced until 14:05`, a maintenance, `flapping`. */
export const flagsOf = (check: CheckSummary): readonly string[] => wordsOf(check, (at) => `until ${clock(at, now())}`);

/** Somebody knows of it, or it was to be expected: it need not call across the room. */
export const isQuiet = (check: CheckSummary): boolean => check.acknowledged !== null || check.silenced || check.maintenance.length > 0;
