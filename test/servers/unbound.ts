import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface Unbound extends RunningServer {
  /** UDP and TCP on 127.0.0.1 and [::1]. */
  readonly port: number;
}

/** A resolver that asks the given ports of 127.0.0.1 for the given zones, knows listed.local.test and `records` (below srv.test) by itself, and asks nobody else. It refuses 127.0.0.3. */
export async function startUnbound(folder: string, stubs: { readonly [zone: string]: number }, records: readonly string[] = []): Promise<Unbound> {
  const port = await freePort();
  const path = join(folder, "unbound.conf");
  const stubZones = Object.entries(stubs).map(([zone, at]) => `stub-zone:\n  name: "${zone}."\n  stub-addr: 127.0.0.1@${at}\n`);
  writeFileSync(
    path,
    `server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  num-threads: 1
  interface: 127.0.0.1@${port}
  interface: ::1@${port}
  access-control: 127.0.0.0/8 allow
  access-control: ::1/128 allow
  access-control: 127.0.0.3/32 refuse
  do-not-query-localhost: no
  module-config: "iterator"
  local-zone: "test." nodefault
  local-zone: "local.test." static
  local-data: "listed.local.test. 300 IN A 192.0.2.99"
  local-data: "listed.local.test. 300 IN AAAA 2001:db8::1"
  local-data: "clear.local.test. 300 IN A 192.0.2.1"
  local-zone: "invalid." static
  local-zone: "srv.test." static
${records.map((record) => `  local-data: "${record}"`).join("\n")}
remote-control:
  control-enable: no
${stubZones.join("")}forward-zone:
  name: "."
  forward-addr: 127.0.0.1@9
`,
  );
  const running = await startServer({ name: "unbound", command: "unbound", args: ["-d", "-p", "-c", path], folder, ready: listens(port) });
  return { ...running, port };
}
