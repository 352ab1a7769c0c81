import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningServer, bound, freePort, startServer } from "./ground.ts";

export interface Rbldnsd extends RunningServer {
  /** UDP on 127.0.0.1; it knows no TCP. */
  readonly port: number;
}

const HEAD = `$SOA 60 ns1.example.test hostmaster.example.test 1 3600 600 86400 60
$NS 60 ns1.example.test
`;
const ZONES = {
  "four.test": { kind: "ip4set", entries: ":127.0.0.2:Listed, see https://four.test/?$\n127.0.0.2\n192.0.2.99\n:127.0.0.10:Dynamic\n192.0.2.99\n192.0.2.100\n" },
  "six.test": { kind: "ip6trie", entries: ":127.0.0.2:Listed v6 $\n2001:db8::1\n::ffff:7f00:2\n" },
  "names.test": { kind: "dnset", entries: ":127.0.1.2:Listed name $\ntest\nspam.example\n" },
  // a list that died and lists everybody, and one that lists nobody any more
  "all.test": { kind: "ip4set", entries: ":127.0.0.2:Everybody\n192.0.2.0/24\n127.0.0.0/24\n" },
  "none.test": { kind: "ip4set", entries: ":127.0.0.2:Nobody\n198.51.100.1\n" },
  "refuses.test": { kind: "ip4set", entries: ":127.255.255.254:Open resolver\n192.0.2.0/24\n127.0.0.0/24\n" },
  "parked.test": { kind: "ip4set", entries: ":203.0.113.80:For sale\n192.0.2.0/24\n127.0.0.0/24\n" },
} as const;

/** A server of block lists: four.test (IPv4), six.test (IPv6), names.test, and all.test, none.test, refuses.test and parked.test, which cannot be believed. */
export async function startRbldnsd(folder: string): Promise<Rbldnsd> {
  const port = await freePort();
  const zones = Object.entries(ZONES).map(([zone, { kind, entries }]) => {
    writeFileSync(join(folder, zone), `${HEAD}${entries}`);
    return `${zone}:${kind}:${join(folder, zone)}`;
  });
  const running = await startServer({ name: "rbldnsd", command: "rbldnsd", args: ["-n", "-u", "nobody", "-b", `127.0.0.1/${port}`, ...zones], folder, ready: bound(port) });
  return { ...running, port };
}
