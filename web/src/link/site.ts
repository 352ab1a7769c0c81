import { type Accessor, batch, createMemo, createRoot, createSignal, type Setter } from "solid-js";
import type { Banner, ChannelSummary, CheckSummary, Overview, SessionView, StreamEvent } from "../../../src/api/types.ts";
import { gather, moves, nothing } from "../state/coalesce.ts";
import { tagsOf } from "../state/order.ts";
import { countStates } from "../state/title.ts";
import { ask } from "./api.ts";
import { isWall } from "../router.ts";
import { instantNow, later, setServerTime, soonOnce } from "./clock.ts";
import { listen } from "./stream.ts";

/** `unknown` until the server was asked. */
export type Session = "unknown" | "in" | "out";

const [session, setSession] = createSignal<Session>("unknown");
const [user, setUser] = createSignal("");
const [site, setSite] = createSignal<Overview["site"] | null>(null);
const [banners, setBanners] = createSignal<readonly Banner[]>([]);
const [channels, setChannels] = createSignal<readonly ChannelSummary[]>([]);
const [cutOffSince, setCutOffSince] = createSignal<number | null>(null);
/** Grows when the list must be put in order anew. */
const [shape, setShape] = createSignal(0);
/** Grows at each change of any check. */
const [pulse, setPulse] = createSignal(0);

export { banners, channels, cutOffSince, session, shape, site, user };

/** All checks by name. Read after `shape()` or `pulse()`, or follow one with `checkOf`. */
const known = new Map<string, CheckSummary>();
/** Only a check that somebody looks at has a signal: a change of one of 10,000 costs one look-up. */
const watched = new Map<string, { readonly get: Accessor<CheckSummary | undefined>; readonly set: Setter<CheckSummary | undefined> }>();

/** All checks as they are now; follows changes that move the list. */
export function allChecks(): Iterable<CheckSummary> {
  shape();
  return known.values();
}

/** The same, following every change. */
export function allChecksLive(): Iterable<CheckSummary> {
  pulse();
  return known.values();
}

/** One check, followed by name; undefined when there is none. */
export function checkOf(name: string): CheckSummary | undefined {
  let signal = watched.get(name);
  if (signal === undefined) {
    const [get, set] = createSignal(known.get(name));
    signal = { get, set };
    watched.set(name, signal);
  }
  return signal.get();
}

const derived = createRoot(() => ({
  counts: createMemo(() => (site() === null ? null : countStates(allChecks()))),
  tags: createMemo(() => tagsOf(allChecks()), undefined, { equals: (a, b) => a.join("\n") === b.join("\n") }),
}));
/** How many checks are in each state; null before the first overview. */
export const counts = derived.counts;
/** All tags in use. */
export const tags = derived.tags;

let gathered = nothing();
const applySoon = soonOnce(() => {
  const { overview, checks, banners, now } = gathered;
  gathered = nothing();
  batch(() => {
    if (now !== null) setServerTime(now);
    setCutOffSince(null);
    if (overview !== null) takeOverview(overview);
    let moved = overview !== null;
    for (const check of checks.values()) moved = takeCheck(check) || moved;
    if (banners !== null) {
      setBanners(banners.banners);
      setChannels(banners.channels);
    }
    if (moved) setShape((n) => n + 1);
    if (overview !== null || checks.size > 0) setPulse((n) => n + 1);
  });
});

function takeOverview(overview: Overview): void {
  setSite(overview.site);
  setBanners(overview.banners);
  setChannels(overview.channels);
  const gone = new Set(known.keys());
  for (const check of overview.checks) {
    gone.delete(check.name);
    takeCheck(check);
  }
  for (const name of gone) {
    known.delete(name);
    watched.get(name)?.set(undefined);
  }
}

/** Returns whether the list must be put in order anew. */
function takeCheck(check: CheckSummary): boolean {
  const before = known.get(check.name);
  known.set(check.name, check);
  watched.get(check.name)?.set(check);
  return moves(before, check);
}

/** Asks who is signed in; also keeps the session alive. */
async function checkSession(): Promise<"well" | "unreachable" | "out"> {
  const answer = await ask<SessionView>("session");
  if (answer.kind === "unreachable" || answer.kind === "refused") return "unreachable";
  if (answer.kind === "signed-out" || !answer.value.signedIn) {
    setSession("out");
    return "out";
  }
  setUser(answer.value.user ?? "");
  setSession("in");
  return "well";
}

let stop = (): void => {};

const RENEW_MS = 600_000;
/** A wall is never touched: asking now and then keeps its session from running out under it. */
function renewOnWall(): () => void {
  let cancel = (): void => {};
  const wait = (): void => {
    cancel = later(RENEW_MS, () => {
      if (isWall()) void checkSession();
      wait();
    });
  };
  wait();
  return () => cancel();
}

/** Begins, or begins again after signing in: asks for the session and follows the stream. */
export async function connect(): Promise<void> {
  stop();
  const state = await checkSession();
  if (state === "out") return;
  if (state === "unreachable") setCutOffSince((since) => since ?? instantNow());
  const forget = renewOnWall();
  const hangUp = listen("/api/v1/stream", {
    heard: (event: StreamEvent) => {
      gather(gathered, event);
      applySoon();
    },
    lost: () => setCutOffSince((since) => since ?? instantNow()),
    check: checkSession,
  });
  stop = () => {
    forget();
    hangUp();
  };
}

/** The server said that nobody is signed in: show the door. */
export function signedOut(): void {
  stop();
  setSession("out");
}
