import { readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { Address, Clock, Family } from "./ports.ts";

/** Names of the hosts file, lower case and as A-labels, with their addresses. */
export type Hosts = ReadonlyMap<string, readonly Address[]>;

export interface Server {
  readonly ip: string;
  readonly port: number;
}

/** resolv.conf(5), as far as it matters here. */
export interface ResolverConfiguration {
  readonly servers: readonly Server[];
  readonly search: readonly string[];
  readonly ndots: number;
}

/** hosts(5): an address and its names a line, `#` begins a comment; broken lines are passed over as the system does. */
export function parseHosts(text: string): Hosts {
  const hosts = new Map<string, Address[]>();
  for (const line of text.split("\n")) {
    const [ip = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    const family = isIP(ip);
    if (family === 0) continue;
    for (const name of names) {
      const key = domainToASCII(name) || name.toLowerCase();
      const addresses = hosts.get(key) ?? [];
      if (!addresses.some((known) => known.ip === ip)) addresses.push({ ip, family: family as Family });
      hosts.set(key, addresses);
    }
  }
  return hosts;
}

/** resolv.conf(5): at most three servers and six search domains; the last of `search` and `domain` counts. Without a server it is 127.0.0.1. */
export function parseResolverConfiguration(text: string): ResolverConfiguration {
  const servers: Server[] = [];
  let search: readonly string[] = [];
  let ndots = 1;
  for (const line of text.split("\n")) {
    const [keyword = "", ...values] = line.replace(/[#;].*/, "").trim().split(/\s+/);
    if (keyword === "nameserver" && isIP(values[0] ?? "") !== 0 && servers.length < 3) servers.push({ ip: values[0] ?? "", port: 53 });
    if (keyword === "search" || keyword === "domain") search = values.slice(0, 6).map((name) => name.replace(/\.$/, "")).filter((name) => name !== "");
    const dots = /^ndots:(\d+)$/.exec(keyword === "options" ? (values.find((value) => value.startsWith("ndots:")) ?? "") : "");
    if (dots !== null) ndots = Math.min(Number(dots[1]), 15);
  }
  return { servers: servers.length > 0 ? servers : [{ ip: "127.0.0.1", port: 53 }], search, ndots };
}

/** Reads `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:53`; null when it is none of them. */
export function parseServer(text: string): Server | null {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]*))(?::\d+)?$/.exec(text) ?? [];
  const ip = isIP(text) === 0 ? (bracketed ?? plain ?? "") : text;
  const port = ip === text ? 53 : Number(/\]?:(\d+)$/.exec(text)?.[1] ?? 53);
  return isIP(ip) !== 0 && port >= 1 && port <= 65_535 ? { ip, port } : null;
}

/** How often the files are asked for their time of change. */
const LOOK_AGAIN_MS = 1000;

/** A file's parsed content, read again when its time of change or its size changed; `empty` when it cannot be read. */
export function watchedFile<Value>(path: string, parse: (text: string) => Value, clock: Pick<Clock, "monotonic">): () => Promise<Value> {
  let value = parse("");
  let mark = "";
  let lookAt = -Infinity;
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const seen = `${mtimeMs} ${size} ${ino}`;
      if (seen !== mark) value = parse(await readFile(path, "utf8"));
      mark = seen;
    } catch {
      value = parse("");
      mark = "";
    }
    lookAt = clock.monotonic() + LOOK_AGAIN_MS;
    looking = null;
  };
  return async () => {
    if (clock.monotonic() >= lookAt) await (looking ??= look());
    return value;
  };
}
