import { existsSync, readFileSync } from "node:fs";
import type { AnyProbe } from "../src/probes/probe.ts";

/** What a type was seen up and down against, in words, and the tests that show it. */
export interface Proof {
  readonly against: string;
  readonly test: string;
}

/** Types that ask nobody, whose servers nobody can have, or whose tests need more words. */
const OTHERS: { readonly [type: string]: Proof } = {
  channel: { against: "a channel that fails and works again, in a simulated site", test: "test/sim/channel.test.ts" },
  domain: { against: "an RDAP server and a registry of such over HTTP, made by the test: Debian has none", test: "test/servers/domain.test.ts" },
  cpu: { against: "this machine, idle and kept busy", test: "src/probes/cpu.test.ts" },
  disk: { against: "this machine's file systems, beside `df`", test: "src/probes/disk.test.ts" },
  docker: { against: "documents of an engine, served over a Unix socket, TCP and TLS: no engine can run inside the tests", test: "test/servers/docker.test.ts" },
  group: { against: "members of every state, as the judge sees them", test: "src/core/group.test.ts" },
  icmp: { against: "this machine's own addresses, 4,096 at once, by ping sockets, raw sockets and the system's ping", test: "test/servers/icmp.test.ts" },
  memory: { against: "this machine's memory, beside `free`", test: "src/probes/memory.test.ts" },
  notes: { against: "a fake, built from what is public of Notes RPC: Domino cannot be had freely", test: "test/servers/notes.test.ts" },
  push: { against: "senders over HTTP, and the program that waits for them", test: "test/e2e/push.test.ts" },
  temperature: { against: "Net-SNMP with sensors of every preset; documents of a Comet web sensor over HTTP, made by the test: Debian has none; this machine's by files as Linux has them (`src/sys/temperatures.test.ts`)", test: "test/servers/temperature.test.ts" },
  trace: { against: "three routers in network namespaces, beside traceroute, fping for the round trips", test: "test/servers/trace.test.ts" },
  uptimes: { against: "a fake, built from what is public of the project's protocol", test: "test/servers/uptimes.test.ts" },
};

const read = (path: string): string | null => {
  const url = new URL(`../${path}`, import.meta.url);
  return existsSync(url) ? readFileSync(url, "utf8") : null;
};

/** Where a type is proven: named here, or by the title of the tests that start its real servers (`redis against Redis`); null when it is not. */
export function proofOf(type: string): Proof | null {
  const other = OTHERS[type];
  if (other !== undefined) return other;
  const test = `test/servers/${type}.test.ts`;
  const titles = [...(read(test) ?? "").matchAll(/^describeWith\(\[[^\]]*\], "([^"]+)"/gm)].map(([, title]) => title ?? "");
  const against = titles.filter((title) => title.startsWith(`${type} `)).map((title) => title.slice(type.length + 1).replace(/^against /, ""));
  return against.length === 0 ? null : { against: against.join(", "), test };
}

/** Which of `up` and `down` the tests of a proof never see. */
export function unseen({ test }: Proof): readonly string[] {
  const source = read(test) ?? "";
  return ["up", "down"].filter((verdict) => !new RegExp(`["'\`/^(]${verdict}["'\` ]`).test(source));
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** The table of `docs/probes.md`. */
export function probesMarkdown(probes: readonly AnyProbe[]): string {
  const rows = probes.toSorted((a, b) => (a.type < b.type ? -1 : 1)).map(({ type, about, source }) => {
    const proof = proofOf(type);
    return `| [\`${type}\`](configuration.md#${type}) | ${cell(about)} | ${cell(source)} | ${proof === null ? "nothing yet" : `${cell(proof.against)} (\`${proof.test}\`)`} |`;
  });
  return ["| Type | What it asks | Standard | Proven against |", "|---|---|---|---|", ...rows].join("\n");
}
