import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningServer, bound, freePort, startServer } from "./ground.ts";

export interface Radius extends RunningServer {
  /** UDP on 127.0.0.1 and ::1: logins. */
  readonly port: number;
  /** Accounting, on 127.0.0.1. */
  readonly accounting: number;
}

export const RADIUS_SECRET = "testing123";

/** FreeRADIUS with the user probe, password probepw, and Status-Server; 127.0.0.9 is no client of it. */
export async function startRadius(parent: string): Promise<Radius> {
  const port = await freePort(2);
  const accounting = port + 1;
  const folder = join(parent, `radius-${port}`);
  for (const name of ["run", "log"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "users"), 'probe Cleartext-Password := "probepw"\n\tReply-Message = "hello"\nbarred Auth-Type := Reject\n\tReply-Message = "not today"\n');
  writeFileSync(join(folder, "radiusd.conf"), configuration(folder, port));
  const args = ["-d", folder, "-n", "radiusd"];
  execFileSync("/usr/sbin/freeradius", ["-C", ...args]);
  const running = await startServer({ name: "freeradius", command: "freeradius", args: ["-f", "-l", "stdout", ...args], folder, ready: bound(accounting) });
  return { ...running, port, accounting };
}

const listen = (type: "auth" | "acct", address: string, port: number): string => `  listen {\n    type = ${type}\n    ${address.includes(":") ? "ipv6addr" : "ipaddr"} = ${address}\n    port = ${port}\n  }\n`;
const client = (name: string, address: string): string => `client ${name} {\n  ${address.includes(":") ? "ipv6addr" : "ipaddr"} = ${address}\n  secret = ${RADIUS_SECRET}\n}\n`;

function configuration(folder: string, port: number): string {
  return `prefix = /usr
logdir = ${folder}/log
run_dir = ${folder}/run
libdir = /usr/lib/freeradius
pidfile = ${folder}/run/radiusd.pid
log {
  destination = stderr
}
security {
  max_attributes = 200
  reject_delay = 0
  status_server = yes
}
thread pool {
  start_servers = 1
  max_servers = 2
  min_spare_servers = 1
  max_spare_servers = 2
}
${client("four", "127.0.0.1")}${client("six", "::1")}
modules {
  pap {
  }
  chap {
  }
  files {
    usersfile = ${folder}/users
  }
  always ok {
    rcode = ok
  }
}
server default {
${listen("auth", "127.0.0.1", port)}${listen("auth", "::1", port)}${listen("acct", "127.0.0.1", port + 1)}
  authorize {
    Autz-Type Status-Server {
      ok
    }
    chap
    files
    pap
  }
  authenticate {
    pap
    chap
  }
  preacct {
    ok
  }
  accounting {
    ok
  }
}
`;
}
