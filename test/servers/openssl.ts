import type { CertificateFiles } from "./certificates.ts";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface TlsServer extends RunningServer {
  readonly port: number;
}

/** `openssl s_server` on 127.0.0.1 with further arguments: the TLS server that can be told to be strict, old or choosy. */
export async function startTlsServer(folder: string, certificate: CertificateFiles, args: readonly string[] = []): Promise<TlsServer> {
  const port = await freePort();
  const own = ["s_server", "-accept", `127.0.0.1:${port}`, "-cert", certificate.certPath, "-key", certificate.keyPath, "-www"];
  const running = await startServer({ name: `s_server-${port}`, command: "openssl", args: [...own, ...args], folder, ready: listens(port) });
  return { ...running, port };
}
