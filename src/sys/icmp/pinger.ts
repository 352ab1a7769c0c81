import type { Pinger, Processes } from "../ports.ts";
import { pingByCommand } from "./command.ts";

/** Echoes and traces of this machine. */
export function realPinger(processes: Processes): Pinger {
  return {
    ping: (request) => pingByCommand(processes, request),
    trace: async () => ({ kind: "failed", failure: { code: "resources", sentence: "routes cannot be traced from here" } }),
  };
}
