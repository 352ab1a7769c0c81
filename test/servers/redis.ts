import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface Redis extends RunningServer {
  /** Plain, on 127.0.0.1 and ::1. */
  readonly port: number;
  readonly tlsPort: number;
}

/** Redis without a disk; further settings as on its command line: `--requirepass secret`. */
export async function startRedis(parent: string, certificate: CertificateFiles, settings: readonly string[] = []): Promise<Redis> {
  const port = await freePort(2);
  const tlsPort = port + 1;
  const folder = join(parent, `redis-${port}`);
  mkdirSync(folder);
  const tls = ["--tls-port", String(tlsPort), "--tls-cert-file", certificate.certPath, "--tls-key-file", certificate.keyPath, "--tls-ca-cert-file", certificate.certPath, "--tls-auth-clients", "no"];
  const args = ["--bind", "127.0.0.1", "::1", "--port", String(port), ...tls, "--save", "", "--appendonly", "no", "--dir", folder, "--daemonize", "no", ...settings];
  const running = await startServer({ name: "redis", command: "redis-server", args, folder, ready: listens(tlsPort) });
  return { ...running, port, tlsPort };
}
