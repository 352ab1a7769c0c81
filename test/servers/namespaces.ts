import { execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PingAnswer, PingRequest, TraceAnswer, TraceRequest } from "../../src/sys/ports.ts";
import { atEnd } from "./ground.ts";

/** Why no network namespace can be made, or null. */
export function namespaceObstacle(): string | null {
  if (process.getuid?.() !== 0) return "skipped: it needs network namespaces, which only root may make";
  try {
    const name = `tocsin${randomInt(1e6)}`;
    execFileSync("ip", ["netns", "add", name], { stdio: "ignore" });
    execFileSync("ip", ["netns", "del", name]);
    return null;
  } catch {
    return "skipped: this machine lets nobody make network namespaces (ip netns add fails)";
  }
}

/** What a program wrote and how it ended. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number | null;
}

/** What the engine in another process is asked for, all at once. */
export type Job = { readonly ping: Partial<PingRequest> & { readonly ip: string } } | { readonly trace: Partial<TraceRequest> & { readonly ip: string } };
export interface Asked {
  readonly answers: readonly (PingAnswer | TraceAnswer)[];
  readonly cpuMs: number;
}

/** Rights that a process keeps when it is no longer root. */
export type Rights = "root" | "none" | "raw";

/** A network of its own: nothing in it but what the test puts there. It is gone when the test file ends. */
export class Space {
  readonly name = `tocsin${randomInt(1e9).toString(36)}`;

  constructor() {
    atEnd(async () => this.remove());
    execFileSync("ip", ["netns", "add", this.name]);
    this.ip("link", "set", "lo", "up");
    this.set("net.ipv4.ping_group_range", "0 2147483647");
    this.set("net.ipv6.conf.all.accept_dad", "0");
    this.set("net.ipv6.conf.default.accept_dad", "0");
    // Errors are limited per second, which is not what is tested.
    this.set("net.ipv4.icmp_ratelimit", "0");
    this.set("net.ipv6.icmp.ratelimit", "0");
    for (const name of ["net.ipv4.icmp_msgs_per_sec", "net.ipv4.icmp_msgs_burst"]) this.tryTo("sysctl", "-qw", `${name}=100000`);
  }

  remove(): void {
    // its ends of interfaces go with it
    if (existsSync(`/run/netns/${this.name}`)) execFileSync("ip", ["netns", "del", this.name]);
  }

  ip(...args: readonly string[]): string {
    return execFileSync("ip", ["-n", this.name, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Runs a program within, and throws when it fails. */
  do(...command: readonly string[]): string {
    return execFileSync("ip", ["netns", "exec", this.name, ...command], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  tryTo(...command: readonly string[]): void {
    try {
      this.do(...command);
    } catch {
      // this kernel has no such thing
    }
  }

  set(name: string, value: string): void {
    this.do("sysctl", "-qw", `${name}=${value}`);
  }

  /** Runs a program within; how it ended, whatever that is. */
  run(command: readonly string[], input = ""): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = spawn("ip", ["netns", "exec", this.name, ...command], { stdio: ["pipe", "pipe", "pipe"] });
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (part: string) => (stdout += part));
      child.stderr.setEncoding("utf8").on("data", (part: string) => (stderr += part));
      child.stdin.on("error", () => undefined).end(input);
      child.once("error", reject);
      child.once("close", (exit) => resolve({ stdout, stderr, exit }));
    });
  }

  /** Asks the real engine in a process within, with these rights, and programs from these folders. */
  async ask(jobs: readonly Job[], rights: Rights = "none", path = ""): Promise<Asked> {
    const { stdout, stderr } = await this.run([...COMMAND[rights], ...(path === "" ? [] : ["env", `PATH=${path}`]), process.execPath, join(import.meta.dirname, "pinging.ts")], JSON.stringify(jobs));
    if (stdout === "") throw new Error(`the engine ended without an answer: ${stderr}`);
    return JSON.parse(stdout) as Asked;
  }
}

const NOBODY = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
const COMMAND: { readonly [of in Rights]: readonly string[] } = {
  root: [],
  none: ["setpriv", ...NOBODY, "--inh-caps=-all"],
  raw: ["setpriv", ...NOBODY, "--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw"],
};

/** Joins two networks: `10.77.N.1` and `fd77:N::1` on the one side, `.2` on the other; interfaces `dN` and `uN`. */
export function joinSpaces(near: Space, far: Space, net: number): void {
  near.ip("link", "add", `d${net}`, "type", "veth", "peer", "name", `u${net}`, "netns", far.name);
  for (const [space, device, host] of [[near, `d${net}`, 1], [far, `u${net}`, 2]] as const) {
    space.ip("addr", "add", `10.77.${net}.${host}/24`, "dev", device);
    space.ip("addr", "add", `fd77:${net}::${host}/64`, "dev", device, "nodad");
    space.ip("link", "set", device, "up");
  }
}
