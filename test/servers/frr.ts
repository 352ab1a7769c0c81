import { execFile, execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type RunningServer, atEnd, startServer } from "./ground.ts";

const run = promisify(execFile);

export interface FrrRip {
  /** Of the router, on a network with this machine. */
  readonly address: string;
  /** This machine's on it. */
  readonly own: string;
  readonly ripd: RunningServer;
}

const AUTHENTICATION = {
  none: { keys: "", interface: "" },
  text: { keys: "", interface: " ip rip authentication mode text\n ip rip authentication string tocsin\n" },
  md5: { keys: "key chain kc\n key 1\n  key-string tocsinmd5\n exit\nexit\n", interface: " ip rip authentication mode md5\n ip rip authentication key-chain kc\n" },
} as const;

/** FRR's ripd in a network namespace; it announces 192.0.2.0/24 and 198.51.100.0/25, every 5 s. Text password `tocsin`, key 1 `tocsinmd5`. */
export async function startFrrRip(parent: string, authentication: keyof typeof AUTHENTICATION): Promise<FrrRip> {
  const id = randomInt(1e6).toString(36);
  const [space, outer, inner] = [`tocsin${id}`, `tr${id}a`, `tr${id}b`];
  const net = `10.${randomInt(64, 128)}.${randomInt(256)}`;
  atEnd(async () => {
    // the pair of interfaces goes with it
    if (existsSync(`/run/netns/${space}`)) execFileSync("ip", ["netns", "del", space]);
  });
  const ip = (...args: readonly string[]): Buffer => execFileSync("ip", args);
  ip("netns", "add", space);
  ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", space);
  ip("addr", "add", `${net}.2/24`, "dev", outer);
  ip("link", "set", outer, "up");
  ip("-n", space, "link", "set", "lo", "up");
  ip("-n", space, "addr", "add", `${net}.1/24`, "dev", inner);
  ip("-n", space, "link", "set", inner, "up");
  const folder = join(parent, `frr-${id}`);
  mkdirSync(folder);
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const { keys, interface: own } = AUTHENTICATION[authentication];
  write("zebra.conf", "");
  write("staticd.conf", "ip route 192.0.2.0/24 blackhole\nip route 198.51.100.0/25 blackhole\n");
  write("ripd.conf", `debug rip packet\n${keys}interface ${inner}\n${own}exit\nrouter rip\n version 2\n network ${inner}\n redistribute static\n timers basic 5 15 10\nexit\n`);
  execFileSync("chown", ["-R", "frr:frr", folder]);
  const within = async (...command: readonly string[]): Promise<string> => (await run("ip", ["netns", "exec", space, ...command])).stdout;
  const daemon = (name: string, ready: () => Promise<boolean>): ReturnType<typeof startServer> => {
    const paths = ["--vty_socket", folder, "-z", join(folder, "zserv.api"), "-f", join(folder, `${name}.conf`), "-i", join(folder, `${name}.pid`)];
    return startServer({ name, command: "ip", args: ["netns", "exec", space, `/usr/lib/frr/${name}`, "-u", "frr", "-g", "frr", "-A", "127.0.0.1", "-P", "0", ...paths, "--log", "stdout"], folder, ready });
  };
  await daemon("zebra", async () => existsSync(join(folder, "zserv.api")));
  await daemon("staticd", async () => (await within("ip", "route")).includes("198.51.100.0/25"));
  const ripd = await daemon("ripd", async () => /:0208 /.test(await within("cat", "/proc/net/udp")));
  return { address: `${net}.1`, own: `${net}.2`, ripd };
}
