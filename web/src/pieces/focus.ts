import { isWide } from "../link/theme.ts";

/** Gives the focus to the head of a view that takes the list's place, where the row that had it is gone; beside the list it stays there. */
export function focusAlone(head: HTMLElement): void {
  if (!isWide()) queueMicrotask(() => head.focus({ preventScroll: true }));
}
