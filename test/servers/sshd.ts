import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export const HOST_KEYS = ["ed25519", "rsa", "ecdsa"] as const;
export type HostKeyType = (typeof HOST_KEYS)[number];

export interface Sshd extends RunningServer {
  readonly port: number;
  /** Of the types it has: the public key's file content and what `ssh-keygen -l` says of it. */
  readonly keys: { readonly [type in HostKeyType]: { readonly line: string; readonly fingerprint: string } };
}

/** OpenSSH on 127.0.0.1 and [::1] that nobody can log in to, unless `more`, lines of sshd_config that come first, says otherwise; `users`: who there is. */
export async function startSshd(parent: string, more = "", types: readonly HostKeyType[] = HOST_KEYS, users?: Users): Promise<Sshd> {
  const port = await freePort();
  const folder = join(parent, `sshd-${port}`);
  mkdirSync(folder);
  // Compiled in as the folder for the separation of privileges.
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const path = (type: string): string => join(folder, `key-${type}`);
  const keys = Object.fromEntries(types.map((type) => [type, makeKey(path(type), type)])) as Sshd["keys"];
  const file = join(folder, "sshd_config");
  const hostKeys = types.map((type) => `HostKey ${path(type)}`).join("\n");
  writeFileSync(file, `MaxStartups 500\n${more}\nPort ${port}\nListenAddress 127.0.0.1\nListenAddress ::1\n${hostKeys}\nPidFile none\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nAuthorizedKeysFile none\nLogLevel VERBOSE\n`);
  const running = await startServer({ name: "sshd", ...among(users, ["/usr/sbin/sshd", "-D", "-e", "-f", file]), folder, ready: listens(port) });
  return { ...running, port, keys };
}

function makeKey(path: string, type: string): { readonly line: string; readonly fingerprint: string } {
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "probe@sshd", "-f", path, ...(type === "rsa" ? ["-b", "2048"] : [])]);
  const line = execFileSync("ssh-keygen", ["-y", "-f", path], { encoding: "utf8" }).trim();
  return { line, fingerprint: execFileSync("ssh-keygen", ["-l", "-f", `${path}.pub`], { encoding: "utf8" }).split(" ")[1] ?? "" };
}

/** Dropbear on 127.0.0.1 with one Ed25519 key: another hand's server. `users`: who may log in. */
export async function startDropbear(parent: string, users?: Users): Promise<RunningServer & { readonly port: number; readonly fingerprint: string }> {
  const port = await freePort();
  const folder = join(parent, `dropbear-${port}`);
  mkdirSync(folder);
  const key = join(folder, "key");
  const made = execFileSync("dropbearkey", ["-t", "ed25519", "-f", key], { encoding: "utf8" });
  const running = await startServer({ name: "dropbear", ...among(users, ["/usr/sbin/dropbear", "-F", "-E", "-r", key, "-P", join(folder, "pid"), "-p", `127.0.0.1:${port}`]), folder, ready: listens(port) });
  return { ...running, port, fingerprint: /SHA256:\S+/.exec(made)?.[0] ?? "" };
}

/** A user of this machine that exists for servers started with it only: their view of /etc/passwd, /etc/shadow and /etc/pam.d/sshd is their own. */
export interface Users {
  readonly user: string;
  readonly password: string;
  /** Private keys that may log in, by type, as `ssh-keygen` writes them, and files to bind over those of the system. */
  readonly keys: { readonly [type in HostKeyType]: string };
  /** For sshd: where the public keys lie. */
  readonly authorized: string;
  readonly binds: readonly (readonly [from: string, to: string])[];
}

/** Null where such users can be had; else why not. */
export function noUsers(): string | null {
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "ignore" });
    return null;
  } catch {
    return "skipped: this machine lets nobody make mount namespaces (unshare --mount fails)";
  }
}

export function makeUsers(parent: string): Users {
  const folder = join(parent, "users");
  const home = join(folder, "home");
  const dot = join(home, ".ssh");
  mkdirSync(dot, { recursive: true });
  const [user, password] = ["tocsin-probe", "pass wörd"];
  const keys = Object.fromEntries(HOST_KEYS.map((type) => [type, (makeKey(join(folder, type), type), readFileSync(join(folder, type), "utf8"))])) as Users["keys"];
  const authorized = join(dot, "authorized_keys");
  writeFileSync(authorized, HOST_KEYS.map((type) => readFileSync(join(folder, `${type}.pub`), "utf8")).join(""));
  const hash = execFileSync("openssl", ["passwd", "-6", password], { encoding: "utf8" }).trim();
  writeFileSync(join(folder, "passwd"), `${readFileSync("/etc/passwd", "utf8")}${user}:x:4242:4242::${home}:/bin/sh\n`);
  writeFileSync(join(folder, "shadow"), `${readFileSync("/etc/shadow", "utf8")}${user}:${hash}:19000:0:99999:7:::\n`, { mode: 0o600 });
  writeFileSync(join(folder, "pam"), "auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n");
  const binds = [["passwd", "/etc/passwd"], ["shadow", "/etc/shadow"], ["pam", "/etc/pam.d/sshd"]].map(([from = "", to = ""]) => [join(folder, from), to] as const);
  return { user, password, keys, authorized, binds };
}

/** The command as it is, or in a mount namespace of its own where these users exist. */
function among(users: Users | undefined, [command = "", ...args]: readonly string[]): { readonly command: string; readonly args: readonly string[] } {
  if (users === undefined) return { command, args };
  const mounts = users.binds.map(([from, to]) => `mount --bind ${from} ${to} && `).join("");
  return { command: "unshare", args: ["--mount", "sh", "-c", `${mounts}exec "$@"`, "sh", command, ...args] };
}
