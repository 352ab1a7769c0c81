import type { TraceRequest } from "../ports.ts";
import type { SocketAddress } from "./address.ts";
import type { Echoes, Kit } from "./echoes.ts";
import { ERRNO } from "../libc.ts";
import type { ProbeListener, Prober } from "./trace.ts";
import { ConnectProber } from "./trace-connect.ts";
import { EchoProber } from "./trace-icmp.ts";
import { SynProber } from "./trace-syn.ts";
import { DatagramProber } from "./trace-udp.ts";

export interface ProbersNeed {
  readonly kit: Kit;
  /** Null where none can be sent. */
  readonly echoes: Echoes | null;
  readonly request: TraceRequest;
  readonly to: SocketAddress;
  readonly source: Uint8Array | null;
  readonly listener: ProbeListener;
}

/** Makes what sends a trace's packets, or gives the number of the error that kept it from that. */
export function proberOf({ kit, echoes, request, to, source, listener }: ProbersNeed): Prober | number {
  switch (request.method) {
    case "icmp":
      return echoes === null ? ERRNO.EACCES : new EchoProber(echoes, request, to, source, listener);
    case "udp":
      return DatagramProber.open(kit, request, to, source, listener);
    default: {
      const prober = SynProber.open(kit, request, to, source, listener);
      return prober === ERRNO.EPERM || prober === ERRNO.EACCES ? new ConnectProber(kit, request, to, source, listener) : prober;
    }
  }
}
