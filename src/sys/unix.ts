import { connect } from "node:net";
import { errnoOf, failureOf } from "./failures.ts";
import type { Connection } from "./ports.ts";

/** One connection to a Unix socket of this machine. As with `connectTcp`, the error listener stays for the socket's life. */
export function connectPath(path: string, signal: AbortSignal): Promise<Connection> {
  return new Promise((resolve) => {
    const late = (): Connection => ({ kind: "failed", failure: { code: "timeout", sentence: `${path} did not accept the connection in time` } });
    if (signal.aborted) {
      resolve(late());
      return;
    }
    const socket = connect({ path });
    const abort = (): void => {
      socket.destroy();
      resolve(late());
    };
    signal.addEventListener("abort", abort);
    socket.on("connect", () => {
      signal.removeEventListener("abort", abort);
      resolve({ kind: "connected", socket });
    });
    socket.on("error", (error) => {
      signal.removeEventListener("abort", abort);
      resolve({ kind: "failed", failure: meaning(error, path) });
    });
  });
}

function meaning(error: Error, path: string): ReturnType<typeof failureOf> {
  const errno = errnoOf(error);
  if (errno === "ENOENT") return { code: "refused", sentence: `there is no socket ${path}: nobody serves there` };
  if (errno === "ENOTSOCK") return { code: "refused", sentence: `${path} is no socket` };
  if (errno === "EACCES" || errno === "EPERM") return { code: "permission", sentence: `this process may not use the socket ${path} (add its user to the group that owns it)` };
  return failureOf(error, path);
}
