import { execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { FactValue } from "../../src/core/types.ts";
import type { Outcome } from "../../src/probes/probe.ts";
import type { PingAnswer, PingRequest, TraceAnswer, TraceRequest } from "../../src/sys/ports.ts";
import type { CablePlan } from "./cable.ts";
import { atEnd, startServer, temporaryFolder } from "./ground.ts";

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
export type Job =
  | { readonly ping: Partial<PingRequest> & { readonly ip: string } }
  | { readonly trace: Partial<TraceRequest> & { readonly ip: string } }
  /** Another program, at the same time as the rest, so that a busy machine is busy for both; what it wrote. */
  | { readonly beside: readonly [string, ...string[]] }
  /** A probe as the engine runs it. */
  | { readonly run: "icmp" | "trace"; readonly options: object; readonly remembered?: FactValue };

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
  async ask(jobs: readonly Job[], rights: Rights = "none", path = ""): Promise<readonly unknown[]> {
    const { stdout, stderr } = await this.run([...COMMAND[rights], ...(path === "" ? [] : ["env", `PATH=${path}`]), process.execPath, join(import.meta.dirname, "pinging.ts")], JSON.stringify(jobs));
    if (stdout === "") throw new Error(`the engine ended without an answer: ${stderr}`);
    return JSON.parse(stdout) as readonly unknown[];
  }

  async ping(request: Partial<PingRequest> & { readonly ip: string }, rights: Rights = "none"): Promise<PingAnswer> {
    return (await this.ask([{ ping: request }], rights))[0] as PingAnswer;
  }

  async trace(request: Partial<TraceRequest> & { readonly ip: string }, rights: Rights = "none"): Promise<TraceAnswer> {
    return (await this.ask([{ trace: request }], rights))[0] as TraceAnswer;
  }

  async probe(run: "icmp" | "trace", options: object, remembered: FactValue = null): Promise<Outcome> {
    return (await this.ask([{ run, options, remembered }]))[0] as Outcome;
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
  address(near, far, net);
}

function address(near: Space, far: Space, net: number): void {
  for (const [space, device, host] of [[near, `d${net}`, 1], [far, `u${net}`, 2]] as const) {
    space.ip("addr", "add", `10.77.${net}.${host}/24`, "dev", device);
    space.ip("addr", "add", `fd77:${net}::${host}/64`, "dev", device, "nodad");
    space.ip("link", "set", device, "up");
  }
}

/** Joins two networks as `joinSpaces` does, by a cable that does what the plan says. */
export async function joinByCable(near: Space, far: Space, net: number, plan: CablePlan): Promise<void> {
  const args = ["netns", "exec", near.name, process.execPath, join(import.meta.dirname, "cable.ts"), `d${net}`, `u${net}`, JSON.stringify(plan)];
  await startServer({ name: "cable", command: "ip", args, folder: temporaryFolder(), ready: async () => near.ip("-brief", "link").includes(`u${net}`) });
  near.ip("link", "set", `u${net}`, "netns", far.name);
  address(near, far, net);
}

/** Routes to `net` over the neighbour on `over`: from the near side, or from the far one. */
export function route(space: Space, net: number, over: number, side: "near" | "far"): void {
  const host = side === "near" ? 2 : 1;
  space.ip("route", "replace", `10.77.${net}.0/24`, "via", `10.77.${over}.${host}`);
  space.ip("route", "replace", `fd77:${net}::/64`, "via", `fd77:${over}::${host}`);
}

/** Networks in a row, each joined to the next by network 0, 1, ...; all forward packets, and all know the way to all. */
export async function chain(length: number, plans: { readonly [net: number]: CablePlan } = {}): Promise<readonly Space[]> {
  const spaces = Array.from({ length }, () => new Space());
  for (const space of spaces) for (const name of ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"]) space.set(name, "1");
  for (const [net, near] of spaces.slice(0, -1).entries()) {
    const [far, plan] = [spaces[net + 1], plans[net]];
    if (far === undefined) throw new Error("no next network");
    if (plan === undefined) joinSpaces(near, far, net);
    else await joinByCable(near, far, net, plan);
  }
  for (const [index, space] of spaces.entries()) {
    for (let net = 0; net < length - 1; net++) {
      if (net > index) route(space, net, index, "near");
      if (net < index - 1) route(space, net, index - 1, "far");
    }
  }
  return spaces;
}
