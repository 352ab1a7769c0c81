import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificates } from "./certificates.ts";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface Kamailio extends RunningServer {
  /** UDP and TCP, on 127.0.0.1 and ::1. */
  readonly port: number;
  readonly tlsPort: number;
  readonly expiredPort: number;
  /** Stops all of its processes, and lets them go on. */
  pause(): void;
  resume(): void;
}

/** Who is asked about decides the answer: busy@, nobody@, hidden@, full@ (with Retry-After), trying@ (nothing final), ringing@ (an interim answer first). */
const ROUTE = `
request_route {
  if (!is_method("OPTIONS")) { sl_send_reply("405", "Method Not Allowed"); exit; }
  switch ($rU) {
    case "busy": sl_send_reply("486", "Busy Here"); exit;
    case "nobody": sl_send_reply("404", "Not Found"); exit;
    case "hidden": sl_send_reply("401", "Unauthorized"); exit;
    case "full": append_to_reply("Retry-After: 120;duration=3600\\r\\n"); sl_send_reply("503", "Too Many Calls"); exit;
    case "trying": sl_send_reply("100", "Trying"); exit;
    case "ringing": sl_send_reply("100", "Trying"); sl_send_reply("200", "OK"); exit;
  }
  append_to_reply("Allow: INVITE, ACK, BYE\\r\\nAllow: CANCEL, OPTIONS\\r\\n");
  sl_send_reply("200", "OK");
}
`;

/** Kamailio with one process for each listener. */
export async function startKamailio(parent: string, { good, expired }: Certificates): Promise<Kamailio> {
  const port = await freePort(3);
  const [tlsPort, expiredPort] = [port + 1, port + 2];
  const folder = join(parent, `kamailio-${port}`);
  mkdirSync(join(folder, "run"), { recursive: true });
  const domain = (name: string, { certPath, keyPath }: Certificates["good"]): string => `[server:${name}]\nmethod = TLSv1.2+\nverify_certificate = no\ncertificate = ${certPath}\nprivate_key = ${keyPath}\n`;
  writeFileSync(join(folder, "tls.cfg"), `${domain("default", good)}${domain(`127.0.0.1:${expiredPort}`, expired)}`);
  const listeners = [`udp:127.0.0.1:${port}`, `tcp:127.0.0.1:${port}`, `udp:[::1]:${port}`, `tcp:[::1]:${port}`, `tls:127.0.0.1:${tlsPort}`, `tls:127.0.0.1:${expiredPort}`];
  const config = `#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=1
tcp_children=1
auto_aliases=no
enable_tls=yes
${listeners.map((listener) => `listen=${listener}\n`).join("")}${["pv", "sl", "textops", "siputils", "tls"].map((module) => `loadmodule "${module}.so"\n`).join("")}modparam("tls", "config", "${folder}/tls.cfg")
${ROUTE}`;
  writeFileSync(join(folder, "kamailio.cfg"), config);
  const args = ["-DD", "-E", "-f", join(folder, "kamailio.cfg"), "-Y", join(folder, "run"), "-P", join(folder, "run/kamailio.pid"), "-m", "64", "-M", "8"];
  const running = await startServer({ name: "kamailio", command: "kamailio", args, folder, ready: listens(expiredPort) });
  const signalAll = (name: NodeJS.Signals): void => void process.kill(-running.pid, name);
  return { ...running, port, tlsPort, expiredPort, pause: () => signalAll("SIGSTOP"), resume: () => signalAll("SIGCONT") };
}
