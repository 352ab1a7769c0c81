import { spawnSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { header } from "../e2e/receivers.ts";
import { Place, tocsin } from "../e2e/world.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { type Postfix, startPostfix } from "../servers/postfix.ts";

/** Postfix is started by root only, and its configuration is laid over the system's where nobody else sees it. */
const canLayOver = process.getuid?.() === 0 && spawnSync("unshare", ["--mount", "mount", "--bind", "/etc", "/etc"]).status === 0;
if (!canLayOver) process.stderr.write("dmonitor against Postfix: skipped: it needs root and a view of the file system of its own (unshare --mount)\n");
const asRoot = canLayOver ? describeWith : (_: readonly string[], title: string, body: () => void): void => void describe.skip(title, body);

/** Fails while a file with its name and the host's lies beside it. */
const FLAG = '#!/bin/sh\n[ -e "$0.$1" ] && echo FAIL || echo OK\n';
/** Says OK too late. */
const HANG = "#!/bin/sh\nsleep 300\necho OK\n";
/** Tests run every minute. */
const A_MINUTE_AND_MORE = 100_000;

/** Whether its plugin was killed a second time: that is told to nobody. */
const hangsAgain = (place: Place): (() => Promise<boolean>) => {
  const runs = new Set<number>();
  return async () => {
    const { lastRunAt } = await place.check("slow hang");
    if (lastRunAt !== null) runs.add(lastRunAt);
    return runs.size > 1;
  };
};

asRoot(["postfix", "openssl"], "dmonitor's folder, run as it is", () => {
  let postfix: Postfix;
  beforeAll(async () => {
    const folder = temporaryFolder();
    postfix = await startPostfix(folder, (await makeCertificates(folder)).good);
  });

  test("every address is told by sendmail of a failure and of a test that hangs, once, and of the end; nobody of what is well", { timeout: 240_000 }, async () => {
    const place = new Place("");
    place.config = join(place.folder, "dmonitor");
    place.write(FLAG, "dmonitor/plugins/check_flag");
    place.write(HANG, "dmonitor/plugins/check_hang");
    for (const plugin of ["check_flag", "check_hang"]) chmodSync(join(place.config, "plugins", plugin), 0o755);
    for (const test of ["broken/flag", "well/flag", "slow/hang"]) place.write("", `dmonitor/hosts.d/${test}`);
    for (const address of ["probe@mail.test", "probe+second@mail.test"]) place.write("", `dmonitor/alert.d/${address}`);
    place.write("", "dmonitor/plugins/check_flag.broken");
    // The system's sendmail belongs to the system's Postfix; in a view of its own it belongs to this one.
    place.by = ["unshare", "--mount", "sh", "-c", `mount --bind '${postfix.configuration}' /etc/postfix && exec "$0" "$@"`];
    expect(await tocsin(["lint", "dmonitor"], place.folder)).toMatchObject({ exit: 0, out: expect.stringContaining("alert.d: recoveries are told as well; `onPass: false` in tocsin.yaml leaves them out") });
    const said = (): readonly string[] => postfix.mails().map((mail) => `${header(mail, "To")}: ${header(mail, "Subject").replace(/, since.*|; it had.*| — again.*/, "")}`);
    await place.start();
    await place.until("both outages are told", () => said().length >= 4);
    rmSync(join(place.config, "plugins/check_flag.broken"));
    await Promise.all([place.until("the end is told", () => said().length >= 6, A_MINUTE_AND_MORE), place.until("it hangs again", hangsAgain(place), A_MINUTE_AND_MORE)]);
    await place.stop();
    const told = ["▲ DOWN broken flag — the first line is not OK: FAIL", "▲ DOWN slow hang — check_hang did not end in time and was killed", "● RECOVERED broken flag"];
    expect(said().toSorted()).toEqual(["probe+second@mail.test", "probe@mail.test"].flatMap((address) => told.map((subject) => `${address}: ${subject}`)));
    expect(postfix.mails().map((mail) => header(mail, "From"))).toContain(`Tocsin <tocsin@${hostname()}>`);
  });
});
