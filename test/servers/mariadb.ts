import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { userInfo } from "node:os";
import type { CertificateFiles } from "./certificates.ts";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface Mariadb extends RunningServer {
  /** On 127.0.0.1 and ::1, with TLS. */
  readonly port: number;
}

/** MariaDB with probe / probepw (native) and locked / lockedpw, whose account is locked. */
export async function startMariadb(parent: string, certificate: CertificateFiles): Promise<Mariadb> {
  const port = await freePort();
  const folder = join(parent, `mariadb-${port}`);
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true });
  const user = userInfo().username;
  execFileSync("mariadb-install-db", ["--no-defaults", `--user=${user}`, `--datadir=${data}`, "--auth-root-authentication-method=normal", "--skip-test-db"], { stdio: "pipe" });
  const init = join(folder, "init.sql");
  writeFileSync(init, "CREATE USER 'probe'@'%' IDENTIFIED BY 'probepw';\nCREATE USER 'locked'@'%' IDENTIFIED BY 'lockedpw' ACCOUNT LOCK;\n");
  const listen = ["--bind-address=127.0.0.1,::1", `--port=${port}`, `--socket=${join(folder, "s")}`, `--pid-file=${join(folder, "pid")}`, "--skip-name-resolve"];
  const small = ["--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0"];
  const args = ["--no-defaults", `--user=${user}`, `--datadir=${data}`, ...listen, `--ssl-cert=${certificate.certPath}`, `--ssl-key=${certificate.keyPath}`, `--init-file=${init}`, ...small];
  const running = await startServer({ name: "mariadb", command: "mariadbd", args, folder, ready: listens(port), readyMs: 60_000 });
  return { ...running, port };
}
