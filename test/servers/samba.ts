import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface Samba extends RunningServer {
  /** SMB over TCP, on 127.0.0.1 and [::1]; also over a NetBIOS session. */
  readonly port: number;
}

export interface SambaRequest {
  /** Oldest and newest dialect, in Samba's words. */
  readonly min?: "NT1" | "SMB2_02" | "SMB3_11";
  readonly max?: "NT1" | "SMB2_02" | "SMB2_10" | "SMB3_00" | "SMB3_11";
  readonly signing?: "mandatory" | "auto" | "disabled";
}

/** A stand-alone Samba without nmbd, that nobody signs in to. */
export async function startSamba(parent: string, { min = "SMB2_02", max = "SMB3_11", signing = "auto" }: SambaRequest = {}): Promise<Samba> {
  const port = await freePort();
  const folder = join(parent, `samba-${port}`);
  const folders = ["private", "lock", "state", "cache", "pid", "ncalrpc", "logs"];
  for (const name of folders) mkdirSync(join(folder, name), { recursive: true, mode: name === "private" ? 0o700 : 0o755 });
  const file = join(folder, "smb.conf");
  writeFileSync(
    file,
    `[global]
 netbios name = TOCSINTEST
 workgroup = TOCSIN
 server role = standalone server
 smb ports = ${port}
 interfaces = 127.0.0.1/8 ::1/128
 bind interfaces only = yes
 server min protocol = ${min}
 server max protocol = ${max}
 server signing = ${signing}
 disable netbios = no
 private dir = ${folder}/private
 lock directory = ${folder}/lock
 state directory = ${folder}/state
 cache directory = ${folder}/cache
 pid directory = ${folder}/pid
 ncalrpc dir = ${folder}/ncalrpc
 log file = ${folder}/logs/log.%m
 load printers = no
 printing = bsd
 printcap name = /dev/null
 disable spoolss = yes
`,
  );
  const running = await startServer({ name: "smbd", command: "/usr/sbin/smbd", args: ["--foreground", "--no-process-group", `--configfile=${file}`], folder, ready: listens(port) });
  return { ...running, port };
}
