import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface SocksServer extends RunningServer {
  readonly port: number;
}

/** Dante on 127.0.0.1 and [::1] without login, for loopback only but not for 127.0.0.9; `method: "username"` wants a login. */
export async function startDante(parent: string, method: "none" | "username" = "none"): Promise<SocksServer> {
  const port = await freePort();
  const folder = join(parent, `dante-${port}`);
  mkdirSync(folder);
  const file = join(folder, "danted.conf");
  // A rule on one line is a mistake to Dante.
  writeFileSync(
    file,
    `logoutput: stderr
internal: 127.0.0.1 port = ${port}
internal: ::1 port = ${port}
external: lo
socksmethod: ${method}
clientmethod: none
user.privileged: root
user.unprivileged: nobody
client pass {
  from: 0/0 to: 0/0
}
socks block {
  from: 0/0 to: 127.0.0.9/32
}
socks pass {
  from: 0/0 to: 127.0.0.0/8
  protocol: tcp
}
`,
  );
  const running = await startServer({ name: "danted", command: "danted", args: ["-f", file, "-p", join(folder, "pid")], folder, ready: listens(port) });
  return { ...running, port };
}

/** Microsocks on 127.0.0.1 for probe / probepw only. */
export async function startMicrosocks(folder: string): Promise<SocksServer> {
  const port = await freePort();
  const running = await startServer({ name: "microsocks", command: "microsocks", args: ["-i", "127.0.0.1", "-p", String(port), "-u", "probe", "-P", "probepw"], folder, ready: listens(port) });
  return { ...running, port };
}
