import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles, Certificates } from "./certificates.ts";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface Prosody extends RunningServer {
  /** All on 127.0.0.1 and [::1]. */
  readonly c2s: number;
  readonly s2s: number;
  readonly directC2s: number;
  readonly directS2s: number;
}

export interface ProsodyRequest {
  /** False: no TLS is offered, and none is asked for. */
  readonly tls?: boolean;
  /** Names at sni.test and srv.test; the password is the name with `pw` behind it. */
  readonly accounts?: readonly string[];
  /** Of the passwords kept, and so of the SCRAM that is offered. */
  readonly hash?: "SHA-1" | "SHA-256";
}

/** Prosody for sni.test (a good certificate) with chat rooms at rooms.sni.test, old.test (an expired certificate), srv.test and other.test (one for other names). */
export async function startProsody(parent: string, { good, expired }: Certificates, { tls = true, accounts = [], hash = "SHA-1" }: ProsodyRequest = {}): Promise<Prosody> {
  const first = await freePort(4);
  const [c2s, s2s, directC2s, directS2s] = [first, first + 1, first + 2, first + 3] as const;
  const folder = join(parent, `prosody-${first}`);
  mkdirSync(join(folder, "data"), { recursive: true });
  const ssl = ({ certPath, keyPath }: CertificateFiles): string => `ssl = { key = "${keyPath}", certificate = "${certPath}" }`;
  const file = join(folder, "prosody.cfg.lua");
  writeFileSync(
    file,
    `run_as_root = true
daemonize = false
pidfile = "${folder}/pid"
data_path = "${folder}/data"
certificates = "${folder}"
log = { info = "*console" }
interfaces = { "127.0.0.1", "::1" }
modules_enabled = { "roster", "saslauth", ${tls ? '"tls",' : ""} "dialback", "disco", "offline", "ping" }
modules_disabled = { "s2s_auth_certs" }
c2s_ports = { ${c2s} }
s2s_ports = { ${s2s} }
c2s_direct_tls_ports = { ${tls ? directC2s : ""} }
s2s_direct_tls_ports = { ${tls ? directS2s : ""} }
http_ports = { }
https_ports = { }
c2s_require_encryption = ${tls}
s2s_require_encryption = false
authentication = "internal_hashed"
password_hash = "${hash}"
${ssl(good)}
VirtualHost "sni.test"
VirtualHost "old.test"
${ssl(expired)}
VirtualHost "srv.test"
VirtualHost "other.test"
${ssl(good)}
Component "rooms.sni.test" "muc"
`,
  );
  for (const account of accounts) for (const host of ["sni.test", "srv.test"]) execFileSync("prosodyctl", ["--config", file, "register", account, host, `${account}pw`], { stdio: "ignore" });
  const running = await startServer({ name: "prosody", command: "prosody", args: ["--config", file, "-F"], folder, ready: async () => (await listens(c2s)()) && (await listens(tls ? directS2s : s2s)()) });
  return { ...running, c2s, s2s, directC2s, directS2s };
}
