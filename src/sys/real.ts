import { realClock } from "./clock.ts";
import { listenDatagram, openDatagram } from "./datagram.ts";
import { systemLookup } from "./getaddrinfo.ts";
import { realHost } from "./host.ts";
import { realPinger } from "./icmp/pinger.ts";
import { type LogLevel, realLog } from "./log.ts";
import { parseHosts, parseResolverConfiguration, parseServer, watchedFile } from "./nameservice.ts";
import { realPatterns } from "./patterns.ts";
import type { Clock, Network, Ports, Processes, Random } from "./ports.ts";
import { realRandom } from "./random.ts";
import { resolver } from "./resolver.ts";
import { connectTcp } from "./tcp.ts";
import { connectPath } from "./unix.ts";
import { sendToPath } from "./unix-datagram.ts";

export interface RealOptions {
  readonly level: LogLevel;
  /** Takes secrets out of each line of the log. */
  readonly mask: (text: string) => string;
  /** Resolvers to ask instead of the system's, `host` or `host:port`; asked anew at each look-up. */
  readonly resolvers: () => readonly string[];
  readonly processes: Processes;
}

/** The real world: every port, put together once, by the composition root. */
export function realPorts({ level, mask, resolvers, processes }: RealOptions): Ports {
  const clock = realClock();
  const random = realRandom();
  return { clock, random, network: realNetwork({ clock, random, resolvers }), pinger: realPinger(processes), processes, patterns: realPatterns(), host: realHost(), log: realLog({ level, mask }) };
}

/** The network as it is: names by our own resolver, sockets of the system. */
export function realNetwork({ clock, random, resolvers }: { readonly clock: Clock; readonly random: Random; readonly resolvers: () => readonly string[] }): Network {
  const configuration = watchedFile("/etc/resolv.conf", parseResolverConfiguration, clock);
  const asked: Network["resolvers"] = async () => {
    const own = resolvers().flatMap((text) => parseServer(text) ?? []);
    return own.length > 0 ? own : (await configuration()).servers;
  };
  const resolve = resolver({
    clock,
    transport: { random, connect: connectTcp, datagram: openDatagram },
    servers: resolvers,
    hosts: watchedFile("/etc/hosts", parseHosts, clock),
    configuration,
    system: systemLookup(),
  });
  return { resolve, resolvers: asked, connect: connectTcp, connectPath, sendToPath, datagram: openDatagram, listen: listenDatagram };
}
