import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningServer, atEnd, startServer, temporaryFolder } from "./ground.ts";

/** systemd as the first process of namespaces of its own, over a copy of this machine's files that is gone with it. */
export interface Systemd extends RunningServer {
  /** Runs a shell's line inside; what it wrote and how it ended. */
  readonly inside: (line: string) => { readonly status: number | null; readonly out: string };
}

const NAMESPACES = ["--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup", "--fork", "--kill-child=KILL"];

/** `$1`: a folder. Every mount is made in the mount namespace of its own. */
const COPY = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
root="$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$root"
mount -t proc proc "$root/proc"
for folder in run tmp; do mount -t tmpfs tmpfs "$root/$folder"; done
mount --bind /dev "$root/dev"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
if [ -d /sys/fs/cgroup/systemd ]; then
  mkdir "$root/sys/fs/cgroup/systemd"
  mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
else
  umount "$root/sys/fs/cgroup"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
fi
`;

/** `$2`: the unit's file, beside which the first process tells its number as it is outside; `$3`: a folder that is seen inside as `$4`. */
const START = `mkdir -p "$root$4" && mount --bind "$3" "$root$4"
rm -rf "$root/etc/systemd/system" && mkdir -p "$root/etc/systemd/system"
cp "$2" "$root/etc/systemd/system/"
printf '[Unit]\\nWants=%s\\n' "$(basename "$2")" > "$root/etc/systemd/system/proof.target"
exec chroot "$root" env container=proof /lib/systemd/systemd --system --unit=proof.target --log-target=console
`;

/** Why systemd cannot be started here, or null. */
export function systemdObstacle(): string | null {
  if (process.getuid?.() !== 0) return "skipped: only root may start systemd in namespaces of its own";
  const { status } = spawnSync("unshare", [...NAMESPACES, "sh", "-c", COPY, "sh", temporaryFolder()], { stdio: "ignore" });
  return status === 0 ? null : "skipped: this machine lets nobody make the namespaces and mounts that systemd needs";
}

/** Starts systemd with one unit of ours, and with a folder of this machine at another place. */
export async function startSystemd(unit: { readonly name: string; readonly text: string }, { folder: program, at }: { readonly folder: string; readonly at: string }): Promise<Systemd> {
  const folder = temporaryFolder();
  const file = join(folder, unit.name);
  writeFileSync(file, unit.text);
  const first = (): string => (existsSync(`${file}.pid`) ? readFileSync(`${file}.pid`, "utf8").trim() : "");
  const inside: Systemd["inside"] = (line) => {
    const { status, stdout, stderr } = spawnSync("nsenter", ["--target", first(), "--all", "--root", "--wd", "sh", "-c", line], { encoding: "utf8" });
    return { status, out: stdout + stderr };
  };
  const ready = async (): Promise<boolean> => first() !== "" && inside(`systemctl is-active ${unit.name}`).out.trim() === "active";
  const running = await startServer({ name: "systemd", command: "unshare", args: [...NAMESPACES, "sh", "-c", `read -r number rest < /proc/self/stat; echo "$number" > "$2.pid"
${COPY}${START}`, "sh", temporaryFolder(), file, program, at], folder, ready });
  const stop = async (): Promise<void> => {
    // A first process heeds no other signal.
    if (/^\d+$/.test(first())) process.kill(Number(first()), "SIGKILL");
    rmSync(`${file}.pid`, { force: true });
    await running.stop();
  };
  atEnd(stop);
  return { ...running, stop, inside };
}
