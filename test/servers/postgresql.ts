import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { type RunningServer, freePort, startServer } from "./ground.ts";

export interface Postgresql extends RunningServer {
  /** On 127.0.0.1 and ::1, with TLS. */
  readonly port: number;
}

const HOSTS = `local all all trust
host all md5user all md5
host all clear all password
host all trusted all trust
host all barred all reject
host all all all scram-sha-256
`;
const USERS = `SET password_encryption = 'md5'; CREATE USER md5user PASSWORD 'md5pw';
SET password_encryption = 'scram-sha-256'; CREATE USER clear PASSWORD 'clearpw'; CREATE USER probe PASSWORD 'probepw'; CREATE USER trusted; CREATE USER barred; CREATE DATABASE probe;
`;

/** PostgreSQL with one user for each way to log in: probe / probepw (SCRAM), md5user / md5pw, clear / clearpw (in clear), trusted, barred. It does not run as root: then as the user postgres. */
export async function startPostgresql(parent: string, certificate: CertificateFiles): Promise<Postgresql> {
  const port = await freePort();
  const root = "/usr/lib/postgresql";
  const programs = join(root, readdirSync(root).toSorted((a, b) => Number(b) - Number(a))[0] ?? "", "bin");
  const folder = join(parent, `postgresql-${port}`);
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true });
  const id = (flag: string): number => Number(execFileSync("id", [flag, "postgres"]));
  const who = process.getuid?.() === 0 ? { uid: id("-u"), gid: id("-g") } : null;
  const key = join(folder, "server.key");
  copyFileSync(certificate.keyPath, key);
  chmodSync(key, 0o600);
  if (who !== null) for (const path of [folder, data, key]) chownSync(path, who.uid, who.gid);
  const options = { ...who, cwd: data, stdio: ["pipe", "ignore", "pipe"] as ["pipe", "ignore", "pipe"], env: { LANG: "C", PATH: "/usr/bin:/bin" } };
  execFileSync(join(programs, "initdb"), ["-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"], options);
  writeFileSync(join(data, "pg_hba.conf"), HOSTS);
  execFileSync(join(programs, "postgres"), ["--single", "-D", data, "postgres"], { ...options, input: USERS.replaceAll("; ", ";\n") });
  const settings = Object.entries({ listen_addresses: "127.0.0.1,::1", unix_socket_directories: folder, ssl: "on", ssl_cert_file: certificate.certPath, ssl_key_file: key, fsync: "off", max_connections: "8", superuser_reserved_connections: "3" });
  const postgres = [join(programs, "postgres"), "-D", data, "-p", String(port), ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const command = who === null ? postgres : ["setpriv", `--reuid=${who.uid}`, `--regid=${who.gid}`, "--clear-groups", ...postgres];
  const running = await startServer({ name: "postgresql", command: command[0] ?? "", args: command.slice(1), folder, ready: async () => spawnSync(join(programs, "pg_isready"), ["-h", "127.0.0.1", "-p", String(port)]).status === 0 });
  return { ...running, port };
}
