import type { JSX } from "solid-js";
import { now } from "../link/clock.ts";
import { clock, clockSeconds, duration, exact } from "../state/format.ts";

/** An instant in the reader's zone; the exact one on hover and focus. */
export function Time(props: { readonly at: number; readonly seconds?: boolean }): JSX.Element {
  return (
    <time class="time" tabindex="0" dateTime={new Date(props.at).toISOString()} data-exact={exact(props.at)} aria-label={exact(props.at)}>
      {props.seconds ? clockSeconds(props.at, now()) : clock(props.at, now())}
    </time>
  );
}

/** `since 03:12 (4 min)`. */
export function Since(props: { readonly at: number }): JSX.Element {
  return (
    <span class="since">
      since <Time at={props.at} /> ({duration(now() - props.at)})
    </span>
  );
}
