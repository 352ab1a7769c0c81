import type { Duplex } from "node:stream";
import type { ChannelContext } from "./channel.ts";

export type Connected = { readonly kind: "connected"; readonly socket: Duplex } | { readonly kind: "failed"; readonly reason: string };

/** One connection to the first address of a host that answers, within the deadline of `ctx`. */
export async function connectTo(host: string, port: number, ctx: ChannelContext): Promise<Connected> {
  const resolved = await ctx.network.resolve(host, null, ctx.signal);
  if (resolved.kind === "failed") return { kind: "failed", reason: resolved.failure.sentence };
  let reason = `${host} has no address`;
  for (const { ip } of resolved.addresses) {
    const connection = await ctx.network.connect({ ip, port, source: null, signal: ctx.signal });
    if (connection.kind === "connected") return connection;
    reason = connection.failure.sentence;
    if (ctx.signal.aborted) break;
  }
  return { kind: "failed", reason };
}
