import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface Vsftpd extends RunningServer {
  readonly port: number;
}

/** vsftpd for anonymous, with AUTH TLS, or TLS from the first byte where `implicit`. */
export async function startVsftpd(parent: string, certificate: CertificateFiles, { implicit = false, host = "127.0.0.1" }: { readonly implicit?: boolean; readonly host?: string } = {}): Promise<Vsftpd> {
  const port = await freePort();
  const folder = join(parent, `vsftpd-${port}`);
  const [root, empty] = [join(folder, "pub"), join(folder, "empty")];
  for (const path of [folder, root, empty]) mkdirSync(path);
  const v6 = host.includes(":");
  const listen = v6 ? { listen: "NO", listen_ipv6: "YES", listen_address6: host } : { listen: "YES", listen_address: host };
  const anonymous = { anonymous_enable: "YES", local_enable: "NO", anon_root: root, allow_anon_ssl: "YES", force_local_logins_ssl: "NO", force_local_data_ssl: "NO" };
  const tls = { ssl_enable: "YES", rsa_cert_file: certificate.certPath, rsa_private_key_file: certificate.keyPath, ssl_ciphers: "HIGH", implicit_ssl: implicit ? "YES" : "NO" };
  const settings = { ...listen, listen_port: port, background: "NO", ...anonymous, secure_chroot_dir: empty, xferlog_enable: "NO", seccomp_sandbox: "NO", ...tls };
  const file = join(folder, "vsftpd.conf");
  writeFileSync(file, Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join(""));
  const running = await startServer({ name: "vsftpd", command: "vsftpd", args: [file], folder, ready: listens(port, host) });
  return { ...running, port };
}
