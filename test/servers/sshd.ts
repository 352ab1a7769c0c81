import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export const HOST_KEYS = ["ed25519", "rsa", "ecdsa"] as const;
export type HostKeyType = (typeof HOST_KEYS)[number];

export interface Sshd extends RunningServer {
  readonly port: number;
  /** By type: the public key's file content and what `ssh-keygen -l` says of it. */
  readonly keys: { readonly [type in HostKeyType]: { readonly line: string; readonly fingerprint: string } };
}

/** OpenSSH on 127.0.0.1 and [::1] that nobody can log in to; `more`: lines of sshd_config. */
export async function startSshd(parent: string, more = "", types: readonly HostKeyType[] = HOST_KEYS): Promise<Sshd> {
  const port = await freePort();
  const folder = join(parent, `sshd-${port}`);
  mkdirSync(folder);
  // Compiled in as the folder for the separation of privileges.
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const path = (type: string): string => join(folder, `key-${type}`);
  const keys = Object.fromEntries(HOST_KEYS.map((type) => [type, makeKey(path(type), type)])) as Sshd["keys"];
  const file = join(folder, "sshd_config");
  const hostKeys = types.map((type) => `HostKey ${path(type)}`).join("\n");
  writeFileSync(file, `Port ${port}\nListenAddress 127.0.0.1\nListenAddress ::1\n${hostKeys}\nPidFile none\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nAuthorizedKeysFile none\nMaxStartups 500\nLogLevel VERBOSE\n${more}\n`);
  const running = await startServer({ name: "sshd", command: "/usr/sbin/sshd", args: ["-D", "-e", "-f", file], folder, ready: listens(port) });
  return { ...running, port, keys };
}

function makeKey(path: string, type: string): { readonly line: string; readonly fingerprint: string } {
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "probe@sshd", "-f", path, ...(type === "rsa" ? ["-b", "2048"] : [])]);
  const line = execFileSync("ssh-keygen", ["-y", "-f", path], { encoding: "utf8" }).trim();
  return { line, fingerprint: execFileSync("ssh-keygen", ["-l", "-f", `${path}.pub`], { encoding: "utf8" }).split(" ")[1] ?? "" };
}

/** Dropbear on 127.0.0.1 with one Ed25519 key: another hand's server. */
export async function startDropbear(parent: string): Promise<RunningServer & { readonly port: number; readonly fingerprint: string }> {
  const port = await freePort();
  const folder = join(parent, `dropbear-${port}`);
  mkdirSync(folder);
  const key = join(folder, "key");
  const made = execFileSync("dropbearkey", ["-t", "ed25519", "-f", key], { encoding: "utf8" });
  const running = await startServer({ name: "dropbear", command: "/usr/sbin/dropbear", args: ["-F", "-E", "-r", key, "-P", join(folder, "pid"), "-p", `127.0.0.1:${port}`], folder, ready: listens(port) });
  return { ...running, port, fingerprint: /SHA256:\S+/.exec(made)?.[0] ?? "" };
}
