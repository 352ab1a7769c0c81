import { spawn } from "node:child_process";

/** What the service manager is told (systemd, sd_notify(3)); nothing is done when Tocsin does not run under one. */
export interface ServiceManager {
  /** Half of the watchdog's time in ms; null when there is none. */
  readonly watchdogMs: number | null;
  /** Lines such as `READY=1`, `WATCHDOG=1`, `STATUS=...`. */
  tell(...lines: readonly string[]): void;
}

/** Node has no datagram sockets in the file system, so that `systemd-notify` carries the lines; the unit needs `NotifyAccess=all`. */
export function serviceManager(environment: { readonly [name: string]: string | undefined }): ServiceManager {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdog } = environment;
  if (socket === undefined || socket === "") return { watchdogMs: null, tell: () => undefined };
  const carry = (lines: readonly string[]): Promise<void> =>
    new Promise((resolve) => {
      const child = spawn("systemd-notify", [`--pid=${process.pid}`, ...lines], { stdio: "ignore", env: { NOTIFY_SOCKET: socket, PATH: environment["PATH"] ?? "/usr/bin:/bin" } });
      child.once("error", () => resolve()).once("exit", () => resolve());
      child.unref();
    });
  let carried = Promise.resolve();
  // One after the other: READY must not overtake RELOADING.
  const tell = (...lines: readonly string[]): void => {
    // Without its time systemd (Type=notify-reload) does not take it.
    const timed = lines.includes("RELOADING=1") ? [...lines, `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`] : lines;
    carried = carried.then(() => carry(timed));
  };
  const usec = Number(watchdog);
  return { watchdogMs: Number.isFinite(usec) && usec > 0 ? usec / 2000 : null, tell };
}
