import { Buffer } from "node:buffer";
import { setTimeout as pause } from "node:timers/promises";
import { ERRNO, loadLibc } from "./libc.ts";
import type { Failure, Handed } from "./ports.ts";

/** Datagrams to a Unix socket, which Node does not know. Linux only. */

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
/** A full queue is an answer, and a receiver that is gone ends no process. */
const DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
/** `sun_path` with its NUL (unix(7)). */
const PATH_MAX = 107;
const FULL_PAUSE_MS = 20;

/** Hands datagrams to a socket of this machine, in order, waiting while its queue is full. */
export async function sendToPath(path: string, datagrams: readonly Uint8Array[], signal: AbortSignal): Promise<Handed> {
  const failed = (code: Failure["code"], sentence: string): Handed => ({ taken: 0, failure: { code, sentence } });
  const libc = await loadLibc();
  if (libc === null) return failed("resources", `this system gives no way to ${path}`);
  const name = Buffer.from(path);
  if (name.length > PATH_MAX || name.includes(0)) return failed("resources", `${path} is no path of a socket: it has more than ${PATH_MAX} bytes`);
  const address = Buffer.alloc(2 + name.length + 1);
  Buffer.from(Uint16Array.of(AF_UNIX).buffer).copy(address);
  name.copy(address, 2);
  const socket = libc.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  if (socket < 0) return failed("resources", `this process gets no socket (error ${libc.errno()})`);
  try {
    for (let taken = 0; taken < datagrams.length; ) {
      const bytes = datagrams[taken] ?? Buffer.alloc(0);
      if (libc.sendto(socket, bytes, bytes.length, DONTWAIT_NOSIGNAL, address, address.length) >= 0) taken++;
      else {
        const errno = libc.errno();
        if (errno !== ERRNO.EAGAIN) return { taken, failure: meaning(errno, path) };
        if (signal.aborted) return { taken, failure: { code: "timeout", sentence: `nobody takes what is in the queue of ${path}` } };
        await pause(FULL_PAUSE_MS);
      }
    }
    return { taken: datagrams.length, failure: null };
  } finally {
    libc.close(socket);
  }
}

function meaning(errno: number, path: string): Failure {
  switch (errno) {
    case ERRNO.ENOENT:
      return { code: "refused", sentence: `there is no socket ${path}: nobody serves there` };
    case ERRNO.EPERM:
    case ERRNO.EACCES:
      return { code: "permission", sentence: `this process may not write to ${path}` };
    case ERRNO.EMSGSIZE:
      return { code: "protocol", sentence: `the message to ${path} is too long` };
    case ERRNO.EPROTOTYPE:
      return { code: "protocol", sentence: `${path} is a socket for streams, not for datagrams` };
    case ERRNO.ECONNREFUSED:
      return { code: "refused", sentence: `nobody listens at ${path}` };
    default:
      return { code: "resources", sentence: `${path} took no message (error ${errno})` };
  }
}
