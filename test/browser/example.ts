import { createSocket } from "node:dgram";
import { createServer, type Server } from "node:http";
import { createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { SMTPServer } from "smtp-server";
import { decodeMessage, encodeMessage } from "../../src/wire/dns.ts";
import type { Past, Seen } from "./past.ts";

/** A small firm's services under names of their own, played on loopback addresses: what the picture of the page shows. */

/** Name below example.com -> loopback address. */
const HOSTS: { readonly [name: string]: string } = { gateway: "127.0.0.10", shop: "127.0.0.11", pay: "127.0.0.12", images: "127.0.0.13", wiki: "127.0.0.14", ci: "127.0.0.15", mail: "127.0.0.20", db: "127.0.0.21", cache: "127.0.0.22", git: "127.0.0.23", phones: "127.0.0.24", vpn: "127.0.0.31", branch: "127.0.0.32", www: "127.0.0.11" };
const WEB_PORT = 8080;
const SHOP_SLOW_MS = 940;
const PUSH_TOKEN = "c1b0a5e7f3d2948c6b7a";

/** The configuration; `dns` is the port of the example's name server. */
export function exampleConfig(dns: number): string {
  return `name: Example Ltd
vantage: office
url: https://tocsin.example.com/
timezone: Europe/Berlin
resolvers: ["127.0.0.1:${dns}"]
defaults:
  every: 30s
  timeout: 5s
  failAfter: 2
  notify: [{after: 1, to: [ops]}, {after: 10m, to: [on-call], repeat: 1h}]
channels:
  ops: {type: email, to: [ops@example.com], from: tocsin@example.com, smtp: {host: mail.example.com, port: 2525, starttls: off}}
  on-call: {type: webhook, url: "http://pay.example.com:${WEB_PORT}/hook"}
checks:
  gateway: {type: icmp, host: gateway.example.com, every: 10s, count: 1, tags: [network]}
  vpn: {type: tcp, host: vpn.example.com, port: 1194, depends: [gateway], tags: [network], description: The tunnel to the branch in Hamburg}
  branch-files: {type: tcp, host: branch.example.com, port: 4450, depends: [vpn], tags: [branch]}
  shop: {type: http, url: "http://shop.example.com:${WEB_PORT}/", expect: {status: 200-299, body: /Welcome/}, warn: {latency: "< 800ms"}, depends: [gateway], tags: [public, web], description: What customers see}
  payments: {type: http, url: "http://pay.example.com:${WEB_PORT}/health", depends: [gateway], tags: [public, web]}
  images: {type: http, url: "http://images.example.com:${WEB_PORT}/logo", tags: [public, web]}
  wiki: {type: http, url: "http://wiki.example.com:${WEB_PORT}/", tags: [web]}
  builds: {type: http, url: "http://ci.example.com:${WEB_PORT}/", tags: [web]}
  smtp: {type: tcp, host: mail.example.com, port: 2525, dialogue: [{expect: "220"}], tags: [mail]}
  imap: {type: tcp, host: mail.example.com, port: 1430, tags: [mail]}
  mail: {type: group, members: [smtp, imap], tags: [mail]}
  dns: {type: dns, name: www.example.com, server: 127.0.0.1, port: ${dns}, answers: [127.0.0.11], tags: [network]}
  dns-mail: {type: dns, name: example.com, record: MX, server: 127.0.0.1, port: ${dns}, answers: ["10 mail.example.com"], tags: [network, mail]}
  database: {type: tcp, host: db.example.com, port: 5432, tags: [inside]}
  cache: {type: tcp, host: cache.example.com, port: 6379, tags: [inside]}
  git: {type: tcp, host: git.example.com, port: 2222, dialogue: [{expect: SSH-2.0}], tags: [inside]}
  phones: {type: tcp, host: phones.example.com, port: 5060, tags: [branch]}
  raid: {type: script, command: [/bin/echo, "RAID OK - 4 of 4 disks | disks=4"], every: 1m, tags: [inside]}
  ups: {type: script, command: [/bin/echo, "UPS OK - on line, battery 98 % | charge=98%"], every: 1m, tags: [inside]}
  backup: {type: push, within: 25h, grace: 10m, token: ${PUSH_TOKEN}, tags: [inside]}
  old-wiki: {type: http, url: "http://wiki.example.com:${WEB_PORT}/old", paused: true, tags: [web]}
`;
}

export const PUSH_PATH = `/push/${PUSH_TOKEN}`;

/** All servers of the example but those that are down: the VPN, and the branch behind it. */
export async function playExample(): Promise<{ readonly dns: number; end(): void }> {
  const servers: (Server | TcpServer | SMTPServer)[] = [];
  const listen = async (server: Server | TcpServer | SMTPServer, host: string, port: number): Promise<void> => {
    servers.push(server);
    await new Promise<void>((resolve) => void server.listen(port, HOSTS[host], () => resolve()));
  };
  for (const host of ["shop", "pay", "images", "wiki", "ci"]) {
    const afterMs = host === "shop" ? SHOP_SLOW_MS : 12;
    await listen(createServer((request, response) => void setTimeout(() => response.end(request.method === "POST" ? "" : "<h1>Welcome</h1>"), afterMs)), host, WEB_PORT);
  }
  for (const [host, port, greeting] of [["mail", 1430, "* OK"], ["db", 5432, ""], ["cache", 6379, ""], ["git", 2222, "SSH-2.0-OpenSSH_9.2\r\n"], ["phones", 5060, ""]] as const) {
    await listen(createTcpServer((socket) => socket.on("error", () => undefined).end(greeting)), host, port);
  }
  await listen(new SMTPServer({ authOptional: true, disabledCommands: ["STARTTLS", "AUTH"], disableReverseLookup: true, name: "mail.example.com", onData: (stream, _session, done) => void stream.resume().once("end", () => done()) }), "mail", 2525);
  const names = await playNames();
  return {
    dns: names.port,
    end: () => {
      names.close();
      for (const server of servers) void server.close(() => undefined);
    },
  };
}

async function playNames(): Promise<{ readonly port: number; close(): void }> {
  const socket = createSocket("udp4");
  socket.on("message", (bytes, from) => {
    const query = decodeMessage(bytes);
    const question = query.kind === "message" ? query.questions[0] : undefined;
    if (query.kind !== "message" || question === undefined) return;
    const { name, type } = question;
    const address = HOSTS[name.replace(".example.com", "")];
    const text = type === "A" ? address : type === "MX" && name === "example.com" ? "10 mail.example.com" : undefined;
    const answers = text === undefined ? [] : [{ ...question, ttl: 300, text }];
    socket.send(encodeMessage({ ...query, response: true, recursionAvailable: true, rcode: 0, answers, authority: [], additional: [], edns: null }), from.port, from.address);
  });
  await new Promise<void>((resolve) => void socket.bind(0, "127.0.0.1", resolve));
  return { port: socket.address().port, close: () => void socket.close() };
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The same fraction for the same words each time. */
function fraction(text: string): number {
  let hash = 2166136261;
  for (const sign of text) hash = Math.imul(hash ^ sign.charCodeAt(0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/** From so long before now, for so long. */
interface Spell {
  readonly agoMs: number;
  readonly forMs: number;
  readonly seen: Seen;
}

const down = (code: NonNullable<Seen["code"]>, sentence: string, latencyMs = 5000): Seen => ({ verdict: "down", code, sentence, latencyMs, evidence: [{ label: "attempts", text: `${sentence}, after ${latencyMs} ms` }] });

/** Latency as a day's work makes it, with a few slow runs; `spells` are stretches that were otherwise. */
function usual(name: string, now: number, sentence: string, baseMs: number, spells: readonly Spell[] = []): Past {
  return (at) => {
    const spell = spells.find(({ agoMs, forMs }) => at >= now - agoMs && at < now - agoMs + forMs);
    if (spell !== undefined) return spell.seen;
    const hour = ((at / HOUR) % 24) - 12;
    const busy = 1 + 0.7 * Math.exp(-(hour * hour) / 18);
    const rare = fraction(`${name} rare ${at}`) > 0.985 ? 2.2 : 1;
    const latencyMs = baseMs * busy * rare * (0.85 + 0.35 * fraction(`${name} ${at}`));
    const phases = { resolve: 0.06 * latencyMs, connect: 0.14 * latencyMs, firstByte: 0.6 * latencyMs, transfer: 0.2 * latencyMs };
    return { verdict: "up", sentence, latencyMs, phases };
  };
}

/** What the example's checks went through before `now`; the tunnel is down since 23 minutes, the shop slow since 52. */
export function examplePasts(now: number): { readonly [check: string]: Past } {
  const http = "HTTP 200 OK";
  const slow: Seen = { verdict: "degraded", code: "slow", sentence: "latency is 951 ms, wanted < 800 ms", latencyMs: 951, phases: { resolve: 12, connect: 41, firstByte: 838, transfer: 60 } };
  const shop = usual("shop", now, http, 190, [
    { agoMs: 52 * MINUTE, forMs: HOUR, seen: slow },
    { agoMs: 9 * HOUR, forMs: 11 * MINUTE, seen: down("status", "HTTP 503 Service Unavailable", 84) },
    { agoMs: 11 * DAY, forMs: 2 * HOUR, seen: down("timeout", "no answer from shop.example.com within 5 s") },
    { agoMs: 34 * DAY, forMs: 5 * HOUR, seen: slow },
    { agoMs: 61 * DAY, forMs: 7 * HOUR, seen: down("status", "HTTP 502 Bad Gateway", 120) },
  ]);
  const gone = down("refused", "vpn.example.com port 1194 refused the connection", 4);
  return {
    gateway: usual("gateway", now, "127.0.0.10 answers in 0.4 ms", 0.4),
    vpn: usual("vpn", now, "connected to 127.0.0.31 port 1194", 21, [{ agoMs: 23 * MINUTE, forMs: HOUR, seen: gone }, { agoMs: 20 * DAY, forMs: 3 * HOUR, seen: gone }]),
    "branch-files": usual("branch-files", now, "connected to 127.0.0.32 port 4450", 26, [{ agoMs: 23 * MINUTE, forMs: HOUR, seen: down("timeout", "no answer from branch.example.com port 4450 within 5 s") }]),
    shop,
    payments: usual("payments", now, http, 74, [{ agoMs: 3 * DAY, forMs: 25 * MINUTE, seen: down("status", "HTTP 500 Internal Server Error", 70) }]),
    images: usual("images", now, http, 38),
    wiki: usual("wiki", now, http, 120),
    builds: usual("builds", now, http, 96, [{ agoMs: 28 * HOUR, forMs: 50 * MINUTE, seen: down("refused", "ci.example.com port 8080 refused the connection", 2) }]),
    smtp: usual("smtp", now, "mail.example.com port 2525 answered as expected", 14),
    mail: () => ({ verdict: "up", sentence: "2 of 2 up, 2 needed", latencyMs: 0 }),
    backup: () => ({ verdict: "up", sentence: "41 GB in 38 min", latencyMs: 0 }),
    imap: usual("imap", now, "connected to 127.0.0.20 port 1430", 3.1),
    dns: usual("dns", now, "www.example.com A is 127.0.0.11", 1.9),
    "dns-mail": usual("dns-mail", now, "example.com MX is 10 mail.example.com", 2.2),
    database: usual("database", now, "connected to 127.0.0.21 port 5432", 0.7),
    cache: usual("cache", now, "connected to 127.0.0.22 port 6379", 0.5),
    git: usual("git", now, "git.example.com port 2222 answered as expected", 5),
    phones: usual("phones", now, "connected to 127.0.0.24 port 5060", 9),
    raid: usual("raid", now, "RAID OK - 4 of 4 disks", 31),
    ups: usual("ups", now, "UPS OK - on line, battery 98 %", 24),
  };
}

/** Rare long ago, as often as now lately. */
export const exampleEvery = (now: number) => (at: number): number => (now - at > 3 * DAY ? 30 * MINUTE : now - at > 3 * HOUR ? 3 * MINUTE : 30_000);
