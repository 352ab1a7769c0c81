import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningServer, bound, freePort, startServer } from "./ground.ts";

export interface Chrony extends RunningServer {
  /** UDP on 127.0.0.1 and ::1. */
  readonly port: number;
}

/** A chronyd that serves this machine's clock and never sets it; `stratum` null: without a source, so that its time counts as not set. `deny`: it answers nobody. */
export async function startChrony(folder: string, { name, stratum, deny = false }: { readonly name: string; readonly stratum: number | null; readonly deny?: boolean }): Promise<Chrony> {
  const port = await freePort();
  const path = join(folder, `${name}.conf`);
  writeFileSync(
    path,
    `${stratum === null ? "" : `local stratum ${stratum}\n`}port ${port}
bindaddress 127.0.0.1
bindaddress ::1
${deny ? "deny" : "allow"} 127.0.0.0/8
${deny ? "deny" : "allow"} ::1/128
cmdport 0
bindcmdaddress /
pidfile ${join(folder, `${name}.pid`)}
driftfile ${join(folder, `${name}.drift`)}
`,
  );
  const running = await startServer({ name, command: "chronyd", args: ["-x", "-d", "-u", "root", "-f", path], folder, ready: bound(port) });
  return { ...running, port };
}
