import { chmodSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hook, service } from "./receivers.ts";
import { Place, tocsin } from "./world.ts";

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

  test("mistakes are told with what to do", async () => {
    const { folder } = dmonitor();
    const f = async (args: readonly string[], exit: number, told: string): Promise<void> => {
      const ended = await tocsin(args, folder);
      expect({ exit: ended.exit, told: ended.out + ended.err }).toEqual({ exit, told: expect.stringContaining(told) });
    };
    await f(["import", "nowhere"], 64, "nowhere: there is no such file; correct the path");
    await f(["import", "tocsin.yaml"], 2, "name the format with --from");
    await f(["import", "dmonitor", "--from", "nagois"], 2, "`nagois` is no format that Tocsin reads; use one of");
    await f(["lint", "dmonitor", "--from", "nagois"], 2, "`nagois` is no format");
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
