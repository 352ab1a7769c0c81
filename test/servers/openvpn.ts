import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { type RunningServer, freePort, startServer } from "./ground.ts";

export interface OpenvpnRequest {
  readonly transport: "udp4" | "udp6" | "tcp4-server" | "tcp6-server";
  readonly protection: "none" | "tls-auth" | "tls-crypt" | "tls-crypt-v2";
  /** With tls-auth: its direction, and the digest. */
  readonly direction?: 0 | 1 | null;
  readonly digest?: string;
}

export interface OpenvpnServer extends RunningServer {
  readonly port: number;
  /** What a client needs to know; empty without protection. */
  readonly key: string;
}

/** Why no server can be started here, or null: it makes an (unconfigured) tun device, which only root can. */
export function openvpnObstacle(): string | null {
  if (process.getuid?.() !== 0) return "skipped: OpenVPN's server makes a tun device, which only root may";
  return existsSync("/dev/net/tun") ? null : "skipped: there is no /dev/net/tun here (modprobe tun)";
}

/** A multi-client OpenVPN server on loopback that sets up no address and no route. */
export async function startOpenvpn(parent: string, authority: string, certificate: CertificateFiles, { transport, protection, direction = 0, digest = "SHA256" }: OpenvpnRequest): Promise<OpenvpnServer> {
  const port = await freePort();
  const folder = join(parent, `openvpn-${port}`);
  mkdirSync(folder);
  const make = (...args: readonly string[]): Buffer => execFileSync("/usr/sbin/openvpn", args, { cwd: folder });
  if (protection === "tls-auth" || protection === "tls-crypt") make("--genkey", "secret", "ta.key");
  if (protection === "tls-crypt-v2") {
    make("--genkey", "tls-crypt-v2-server", "server.key");
    make("--tls-crypt-v2", "server.key", "--genkey", "tls-crypt-v2-client", "client.key");
  }
  const wrapping = {
    none: [],
    "tls-auth": ["--tls-auth", "ta.key", ...(direction === null ? [] : [String(direction)]), "--auth", digest],
    "tls-crypt": ["--tls-crypt", "ta.key"],
    "tls-crypt-v2": ["--tls-crypt-v2", "server.key"],
  }[protection];
  const local = transport.includes("6") ? "::1" : "127.0.0.1";
  const tls = ["--tls-server", "--ca", authority, "--cert", certificate.certPath, "--key", certificate.keyPath, "--dh", "none", "--data-ciphers", "AES-256-GCM", "--disable-dco"];
  const device = ["--dev", "tun", "--mode", "server", "--topology", "subnet", "--ifconfig-noexec", "--route-noexec", "--ifconfig", "10.99.0.1", "255.255.255.0", "--ifconfig-pool", "10.99.0.10", "10.99.0.20", "--connect-freq-initial", "1000000", "1"];
  const log = join(folder, "openvpn.log");
  const ready = async (): Promise<boolean> => /Initialization Sequence Completed/.test(readFileSync(log, "utf8"));
  const args = ["--proto", transport, "--local", local, "--port", String(port), ...tls, ...device, ...wrapping, "--verb", "4"];
  const running = await startServer({ name: "openvpn", command: "/usr/sbin/openvpn", args, folder, ready });
  const keyFile = { none: null, "tls-auth": "ta.key", "tls-crypt": "ta.key", "tls-crypt-v2": "client.key" }[protection];
  return { ...running, port, key: keyFile === null ? "" : readFileSync(join(folder, keyFile), "utf8") };
}
