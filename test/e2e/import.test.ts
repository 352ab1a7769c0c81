import { chmodSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hook, service } from "./receivers.ts";
import { type Ended, Place, tocsin } from "./world.ts";

const PLUGIN = '#!/bin/sh\n[ -e "$0.$1" ] && echo FAIL || echo OK\n';

/** A dmonitor folder with one host and one plugin, which fails while a file with its name and the host's lies beside it. */
function dmonitor(): Place {
  const place = new Place("");
  place.config = join(place.folder, "dmonitor");
  place.write(PLUGIN, "dmonitor/plugins/check_flag");
  chmodSync(join(place.config, "plugins/check_flag"), 0o755);
  place.write("", "dmonitor/hosts.d/one/flag");
  return place;
}

describe.concurrent("another system's configuration", () => {
  test("runs as it is; what is added to its folders is noticed; nothing of it is changed", async () => {
    const place = dmonitor();
    const before = readFileSync(join(place.config, "plugins/check_flag"), "utf8");
    await place.start();
    await place.becomes("one flag", "up");
    place.write("", "dmonitor/plugins/check_flag.two");
    place.write("", "dmonitor/hosts.d/two/flag");
    await place.becomes("two flag", "down");
    rmSync(join(place.config, "hosts.d/two"), { recursive: true });
    await place.until("two is gone", async () => !(await place.overview()).checks.some(({ name }) => name === "two flag"));
    await place.stop();
    expect(readFileSync(join(place.config, "plugins/check_flag"), "utf8")).toBe(before);
  });

  test("import writes a tocsin.yaml for its owner alone and never over a file; the report names every line", async () => {
    const { folder } = dmonitor();
    const first = await tocsin(["import", "dmonitor", "-o", "out.yaml"], folder);
    expect(first).toMatchObject({ exit: 0, out: "", err: expect.stringContaining("dmonitor/hosts.d/one/flag: as it is: one flag: runs dmonitor/plugins/check_flag") });
    expect(statSync(join(folder, "out.yaml")).mode & 0o777).toBe(0o600);
    expect(await tocsin(["lint", "out.yaml"], folder)).toMatchObject({ exit: 0 });
    expect(await tocsin(["import", "dmonitor", "-o", "out.yaml"], folder)).toMatchObject({ exit: 1, err: expect.stringContaining("out.yaml exists already") });
    expect((await tocsin(["import", "dmonitor"], folder)).out).toBe(readFileSync(join(folder, "out.yaml"), "utf8"));
  });

  test("import --into adds a file to a configuration, with its names, when both are right together", async () => {
    const place = new Place({ defaults: { every: "1h", notify: ["ops"] }, channels: { ops: { type: "log" } }, checks: { router: { type: "tcp", host: "127.0.0.1", port: 9 }, old: { type: "tcp", host: "127.0.0.1", port: 9 } } });
    const { folder } = place;
    const into = (): Promise<Ended> => tocsin(["import", "more.csv", "--into", "tocsin.yaml"], folder);
    place.write("name,checkType,hostname,trigger,depends,actions\nweb,https,127.0.0.1,1 hr,router,\"ops,boss\"\nold,https,127.0.0.1,1 hr,,\n", "more.csv");
    expect(await into()).toMatchObject({ exit: 0, out: "", err: expect.stringMatching(/more\.csv:2:33: not taken: action boss: there is no channel of this name.*\n.*more\.csv:3:1: not taken: old: there is one of this name already, which stays as it is; rename one of the two\n(.*\n)*wrote conf\.d\/more\.yaml, which tocsin\.yaml reads from now on\n$/) });
    expect((await tocsin(["lint", "tocsin.yaml"], folder)).err).toBe("tocsin.yaml: 3 checks, 1 channel, no problems\n");
    expect(readFileSync(join(folder, "conf.d/more.yaml"), "utf8")).toMatch(/^ {2}web:\n(.*\n)* {4}depends:\n {6}- router\n {4}notify:\n {6}- ops\n {4}failAfter: 1\n {4}initial: down\n/m);
    expect(await into()).toMatchObject({ exit: 1, err: expect.stringMatching(/^tocsin import: conf\.d\/more\.yaml exists already/) });
    rmSync(join(folder, "conf.d"), { recursive: true });
    place.write("name,checkType,hostname,port\nweb,https,127.0.0.1,99999\n", "more.csv");
    expect(await into()).toMatchObject({ exit: 2, err: expect.stringContaining("conf.d/more.yaml:") });
    expect(existsSync(join(folder, "conf.d"))).toBe(false);
    expect(await tocsin(["import", "dmonitor", "--into", "more.csv"], folder)).toMatchObject({ exit: 2, err: expect.stringContaining("more.csv is another system's; write it as a tocsin.yaml first") });
  });

  test("what is half good is imported only when asked to", async () => {
    const place = new Place("");
    place.write("name,checkType,hostname,port\ngood,https,127.0.0.1,\nbad,https,127.0.0.1,many\n,https,127.0.0.1,\n", "half.csv");
    const { folder } = place;
    expect(await tocsin(["import", "half.csv", "-o", "out.yaml"], folder)).toMatchObject({ exit: 2, err: expect.stringMatching(/half\.csv:3:21: error: bad port: `many` is no whole number.*\n.*half\.csv:4:1: error: this row has no `name`(.*\n)*nothing is written; correct what is wrong, or leave it out with --keep-going\n$/) });
    expect(existsSync(join(folder, "out.yaml"))).toBe(false);
    expect(await tocsin(["import", "half.csv", "-o", "out.yaml", "--keep-going"], folder)).toMatchObject({ exit: 0 });
    expect(await tocsin(["lint", "out.yaml"], folder)).toMatchObject({ exit: 0, err: expect.stringContaining("1 check,") });
  });

  test("mistakes are told with what to do", async () => {
    const place = dmonitor();
    const { folder } = place;
    const f = async (args: readonly string[], exit: number, told: string): Promise<void> => {
      const ended = await tocsin(args, folder);
      expect({ exit: ended.exit, told: ended.out + ended.err }).toEqual({ exit, told: expect.stringContaining(told) });
    };
    await f(["import", "nowhere"], 64, "nowhere: there is no such file; correct the path");
    await f(["import", "tocsin.yaml"], 2, "name the format with --from");
    await f(["import", "dmonitor", "--from", "nagois"], 2, "`nagois` is no format that Tocsin reads; use one of");
    await f(["lint", "dmonitor", "--from", "nagois"], 2, "`nagois` is no format");
    await f(["import", "dmonitor", "--into", "nowhere.yaml"], 2, "nowhere.yaml: there is no such file");
    place.write("server www.example.com\n", "other.conf");
    await f(["lint", "other.conf"], 2, "if this is another system's configuration, name its format with --from");
    await f(["lint", "dmonitor/hosts.d"], 2, "this is a folder, and in no format that Tocsin knows");
    expect(existsSync(join(folder, "data"))).toBe(false);
  });
});

describe.concurrent("systems that tell nobody", () => {
  test("downtime's blocks give its verdicts", async () => {
    const [web, shell] = [await hook(), await service()];
    const place = new Place("");
    place.config = join(place.folder, "downtime.conf");
    place.write(`server 127.0.0.1, interval 1 sec\n  service HTTP\n    arg "/"\n  service TCP\n    arg ${shell.port}\n    arg ${web.port}\n`, "downtime.conf");
    await place.start();
    await place.becomes(`TCP 127.0.0.1 ${shell.port}`, "up");
    await place.becomes(`TCP 127.0.0.1 ${web.port}`, "up");
    await shell.close();
    await place.becomes(`TCP 127.0.0.1 ${shell.port}`, "down");
    await shell.open();
    await place.becomes(`TCP 127.0.0.1 ${shell.port}`, "up");
    await place.stop();
    expect(await tocsin(["lint", "downtime.conf"], place.folder)).toMatchObject({ exit: 0, out: expect.stringContaining("downtime tells nobody") });
  });

  test("connmonitor's hosts are measured as checks, with nothing on standard output but how to look at them", async () => {
    const place = new Place("");
    place.config = join(place.folder, "connmonitor.conf");
    place.write("127.0.0.1 ping=1000 numpings=2 trace=1000 json=True\n", "connmonitor.conf");
    const run = await place.start();
    await place.until("both are known", async () => (await place.overview()).checks.every(({ state }) => state !== "pending"));
    expect((await place.overview()).checks.map(({ name, type }) => `${name} ${type}`)).toEqual(["127.0.0.1 ping icmp", "127.0.0.1 trace trace"]);
    expect(run.out).not.toContain("{");
    await place.stop();
  });
});
