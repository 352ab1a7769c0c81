import type { DialContext } from "./outcome.ts";

/** Does a part of a run with a deadline of its own, at most `ms` from now and never after the run's; what waits inside is told by `ctx.signal`, as ever. */
export async function within<Context extends DialContext, Value>(ctx: Context, ms: number, act: (ctx: Context) => Promise<Value>): Promise<Value> {
  const deadline = new AbortController();
  const pass = (): void => deadline.abort();
  const timer = ctx.clock.timer(ms, pass);
  ctx.signal.addEventListener("abort", pass);
  if (ctx.signal.aborted) pass();
  try {
    return await act({ ...ctx, signal: deadline.signal });
  } finally {
    timer.cancel();
    ctx.signal.removeEventListener("abort", pass);
  }
}
