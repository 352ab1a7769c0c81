import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface Memcached extends RunningServer {
  readonly port: number;
}

/** memcached on 127.0.0.1 and ::1; with a certificate it speaks TLS alone. Further settings as on its command line. */
export async function startMemcached(parent: string, certificate: CertificateFiles | null, settings: readonly string[] = []): Promise<Memcached> {
  const port = await freePort();
  const folder = join(parent, `memcached-${port}`);
  mkdirSync(folder);
  const tls = certificate === null ? [] : ["-Z", "-o", `ssl_chain_cert=${certificate.certPath},ssl_key=${certificate.keyPath}`];
  const args = ["-u", "root", "-l", "127.0.0.1,::1", "-p", String(port), "-U", "0", "-m", "16", "-t", "1", ...tls, ...settings];
  const running = await startServer({ name: "memcached", command: "memcached", args, folder, ready: listens(port) });
  return { ...running, port };
}
