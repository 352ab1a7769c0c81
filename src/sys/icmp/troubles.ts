import type { Failure } from "../ports.ts";
import { ERRNO } from "../libc.ts";

const FREE = 'allow it with `sysctl -w net.ipv4.ping_group_range="0 2147483647"`, or give the process CAP_NET_RAW';

/** Why no socket for echoes could be opened. */
export function openFailure(errno: number): Failure {
  switch (errno) {
    case ERRNO.EACCES:
    case ERRNO.EPERM:
      return { code: "permission", sentence: `this user may not send ICMP echoes: ${FREE}` };
    case ERRNO.EMFILE:
      return { code: "resources", sentence: "this process has too many open files (raise LimitNOFILE)" };
    case ERRNO.ENFILE:
      return { code: "resources", sentence: "this machine has too many open files" };
    case ERRNO.EAFNOSUPPORT:
      return { code: "resources", sentence: "this machine does not support the address family" };
    default:
      return { code: "resources", sentence: `no socket for ICMP echoes could be opened (error ${errno} of the system)` };
  }
}

/** Why nothing could be sent to an address. */
export function sendFailure(errno: number, { source }: { readonly source: string | null }): Failure {
  switch (errno) {
    case ERRNO.ENETUNREACH:
    case ERRNO.EHOSTUNREACH:
      return { code: "unreachable", sentence: "there is no route to it from here" };
    case ERRNO.ENETDOWN:
      return { code: "unreachable", sentence: "the network interface towards it is down" };
    case ERRNO.EMSGSIZE:
      return { code: "too-large", sentence: "the packets are longer than the path takes" };
    case ERRNO.EADDRNOTAVAIL:
      return source === null ? { code: "unreachable", sentence: "there is no route to it from here" } : { code: "resources", sentence: `${source} is no address of this machine` };
    case ERRNO.EINVAL:
      return source === null ? { code: "unreachable", sentence: "its route leads nowhere" } : { code: "resources", sentence: `${source} is no address of this machine that leads there` };
    case ERRNO.EACCES:
      return { code: "permission", sentence: "the system forbids sending to it (a firewall rule, a prohibited route, or a broadcast address)" };
    case ERRNO.EPERM:
      return { code: "permission", sentence: "the system forbids sending to it (a firewall rule here)" };
    default:
      return { code: "resources", sentence: `the system could not send to it (error ${errno})` };
  }
}
