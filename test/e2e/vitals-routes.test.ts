import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../servers/ground.ts";
import { joinSpaces, namespaceObstacle, Space } from "../servers/namespaces.ts";
import { PROGRAM, Run, until } from "./world.ts";

/** connvitals and connmonitor over real routers: home reaches the target over either of two, and the target answers over the second. */

const BIN = join(PROGRAM, "..");
const TARGET = "10.99.0.1";
const TARGET6 = "fd99::1";
const MS = String.raw`\d+\.\d{3}`;

class Net {
  readonly home = new Space();
  readonly #routers = [new Space(), new Space()] as const;

  constructor() {
    const target = new Space();
    const [first, second] = this.#routers;
    joinSpaces(this.home, first, 0);
    joinSpaces(this.home, second, 1);
    joinSpaces(first, target, 2);
    joinSpaces(second, target, 3);
    for (const space of [this.home, first, second, target]) {
      for (const name of ["all", "default", ...execFileSync("ip", ["netns", "exec", space.name, "ls", "/proc/sys/net/ipv4/conf"], { encoding: "utf8" }).split("\n").filter((device) => /^[du]\d$/.test(device))]) space.set(`net.ipv4.conf.${name}.rp_filter`, "0");
    }
    for (const router of this.#routers) {
      router.set("net.ipv4.ip_forward", "1");
      router.set("net.ipv6.conf.all.forwarding", "1");
    }
    target.ip("addr", "add", `${TARGET}/32`, "dev", "lo");
    target.ip("addr", "add", `${TARGET6}/128`, "dev", "lo");
    for (const [index, router] of this.#routers.entries()) {
      router.ip("route", "add", TARGET, "via", `10.77.${2 + index}.2`);
      router.ip("route", "add", TARGET6, "via", `fd77:${2 + index}::2`);
    }
    second.ip("route", "add", "10.77.0.0/24", "via", "10.77.1.1");
    second.ip("route", "add", "fd77:0::/64", "via", "fd77:1::1");
    target.ip("route", "add", "default", "via", "10.77.3.1");
    target.ip("-6", "route", "add", "default", "via", "fd77:3::1");
    this.over(0);
  }

  /** Packets go to the target over the first router (0) or the second (1). */
  over(router: 0 | 1): void {
    this.home.ip("route", "replace", TARGET, "via", `10.77.${router}.2`, "src", "10.77.0.1");
    this.home.ip("route", "replace", TARGET6, "via", `fd77:${router}::2`, "src", "fd77:0::1");
  }

  /** The first router goes on passing packets, but says nothing any more; or does again. */
  mute(muted: boolean): void {
    this.#routers[0].ip("route", muted ? "add" : "del", "blackhole", "10.77.0.1/32");
  }

  run(program: string, ...args: readonly string[]): Run {
    return new Run(["netns", "exec", this.home.name, join(BIN, program), ...args], temporaryFolder(), {}, { program: "ip" });
  }
}

const obstacle = namespaceObstacle();
if (obstacle !== null) process.stderr.write(`vitals over real routers: ${obstacle}\n`);

describe.skipIf(obstacle !== null)("vitals over real routers", () => {
  let net: Net;
  beforeAll(() => void (net = new Net()));

  test("connvitals: every hop, IPv4 and IPv6, plain and JSON", async () => {
    const { exit, out, err } = await net.run("connvitals", "-t", "-p", "5", TARGET, TARGET6).ended;
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    const ping = String.raw`(?:${MS}\t){4}0\.000\n`;
    const hop = (ip: string) => `${ip.replaceAll(".", String.raw`\.`)}\t${MS}\n`;
    expect(out).toMatch(new RegExp(`^${TARGET}\n${ping}${hop("10.77.0.2")}${hop(TARGET)}${TARGET6}\n${ping}${hop("fd77::2")}${hop(TARGET6)}$`));
    const json = JSON.parse((await net.run("connvitals", "-jtP", TARGET).ended).out) as object;
    expect(json).toEqual({ addr: TARGET, name: TARGET, trace: [["10.77.0.2", expect.any(Number)], [TARGET, expect.any(Number)]] });
  });

  test("connvitals: a target that is not there", async () => {
    const { exit, out } = await net.run("connvitals", "-tp2", "-H", "4", "10.99.0.9").ended;
    expect({ exit, out }).toEqual({ exit: 0, out: "10.99.0.9\n-1.000\t-1.000\t-1.000\t-1.000\t100.000\n*\n*\n*\n*\n" });
  });

  test("connmonitor: a route is printed when it changes, and not when a hop falls silent", async () => {
    const file = join(temporaryFolder(), "conf");
    writeFileSync(file, `${TARGET} trace=20 hops=5 ping=20 numpings=1 timestamp=0\n`);
    const run = net.run("connmonitor", file);
    const routes = () => [...run.out.matchAll(/^10\.77\.\d\.2\t.*\n/gm)].map(([line]) => line.split("\t")[0]);
    /** Pings are printed all the time: when many more were, traces were made too. */
    const more = async () => {
      const { length } = run.out;
      await until("many more pings", () => run.out.length > length + 3000, () => run.said);
    };
    await until("the first route", () => routes().length === 1, () => run.said);
    net.mute(true);
    expect((await net.run("connvitals", "-Pt", TARGET).ended).out).toMatch(new RegExp(`^${TARGET}\n\\*\n${TARGET}\t${MS}\n$`));
    await more();
    net.mute(false);
    await more();
    expect(routes()).toEqual(["10.77.0.2"]);
    net.over(1);
    await until("the second route", () => routes().length === 2, () => run.said);
    net.over(0);
    await until("the first again", () => routes().length === 3, () => run.said);
    run.child.kill("SIGTERM");
    expect(await run.ended).toMatchObject({ exit: 0, err: "" });
    expect(routes()).toEqual(["10.77.0.2", "10.77.1.2", "10.77.0.2"]);
    expect(run.out).toMatch(new RegExp(`^(?:${TARGET}\n(?:(?:${MS}\t){4}0\\.000\n|10\\.77\\.\\d\\.2\t${MS}\n${TARGET}\t${MS}\n))+$`));
  });

  test("the live view: the same hops", async () => {
    const { exit, out } = await net.run("tocsin", "vitals", "--watch", "-p", "3", TARGET).ended;
    expect(exit).toBe(0);
    expect(out).toMatch(/^ {3}1\. 10\.77\.0\.2 +0\.0% +3 .*\n {3}2\. 10\.99\.0\.1 +0\.0% +3 /m);
  });

  test("who may not ping is told what is missing", async () => {
    const space = new Space();
    space.set("net.ipv4.ping_group_range", "1 0");
    const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all"];
    const asked = (...args: readonly string[]) => space.run([...nobody, "env", "PATH=/nowhere", process.execPath, PROGRAM, ...args]);
    for (const args of [["connvitals", "127.0.0.1"], ["vitals", "--watch", "127.0.0.1"]]) {
      expect(await asked(...args)).toEqual({ exit: 1, stdout: "", stderr: expect.stringMatching(/^EE: PermissionError: .*(?:net\.ipv4\.ping_group_range|cap_net_raw|CAP_NET_RAW).* - \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\n$/) });
    }
    // Ports need no such right.
    expect(await asked("connvitals", "-Ps", "127.0.0.1")).toMatchObject({ exit: 0, stdout: "127.0.0.1\nNone\tNone\tNone\n" });
  });
});
