import { createSocket } from "node:dgram";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startBind9 } from "../test/servers/bind9.ts";
import { type Certificates, makeCertificates } from "../test/servers/certificates.ts";
import { startChrony } from "../test/servers/chrony.ts";
import { startDovecot } from "../test/servers/dovecot.ts";
import { RADIUS_SECRET, startRadius } from "../test/servers/freeradius.ts";
import { atEnd, temporaryFolder } from "../test/servers/ground.ts";
import { startGrpc } from "../test/servers/grpc-server.ts";
import { startNews } from "../test/servers/inn2.ts";
import { startKamailio } from "../test/servers/kamailio.ts";
import { startMariadb } from "../test/servers/mariadb.ts";
import { startMemcached } from "../test/servers/memcached.ts";
import { retain, startMosquitto } from "../test/servers/mosquitto.ts";
import { startNginx } from "../test/servers/nginx.ts";
import { notesServer } from "../test/servers/notes.ts";
import { startNut } from "../test/servers/nut.ts";
import { startOpenvpn } from "../test/servers/openvpn.ts";
import type { PackageName } from "../test/servers/packages.ts";
import { startPostfix } from "../test/servers/postfix.ts";
import { startPostgresql } from "../test/servers/postgresql.ts";
import { startProsody } from "../test/servers/prosody.ts";
import { rawServer, replies } from "../test/servers/raw.ts";
import { startRbldnsd } from "../test/servers/rbldnsd.ts";
import { startRedis } from "../test/servers/redis.ts";
import { startSamba } from "../test/servers/samba.ts";
import { startSlapd } from "../test/servers/slapd.ts";
import { startSnmpd } from "../test/servers/snmpd.ts";
import { startDante } from "../test/servers/socks.ts";
import { startSshd } from "../test/servers/sshd.ts";
import { startVsftpd } from "../test/servers/vsftpd.ts";
import { startWebSockets } from "../test/servers/websockets.ts";

/** A probe and the server that it asks. */
export interface Subject {
  readonly type: string;
  /** What stands beside the type, where there are several of it. */
  readonly way?: string;
  readonly needs: readonly PackageName[];
  /** Starts the server; its port. */
  readonly start: (ground: Ground) => Promise<number>;
  /** The probe's options, for that port or for one that leads there. */
  readonly options: (port: number, ground: Ground) => object;
  /** The server is a fake in this process, whose CPU must not count: what it said is played again. */
  readonly fake?: true;
}

export interface Ground {
  readonly folder: string;
  readonly certificates: Certificates;
}

/** Types without a subject, with the reason. */
export const NO_SUBJECT: { readonly [type: string]: string } = {
  cpu: "asks this machine",
  disk: "asks this machine",
  group: "asks nobody: it joins checks",
  icmp: "the bench `ping` compares it with fping",
  mailflow: "waits for a mail; its parts are smtp, imap and pop3",
  memory: "asks this machine",
  push: "asks nobody: it waits to be told",
  rip: "its router needs network namespaces",
  script: "its cost is the program's",
  trace: "the kernel and routers answer; its echoes are those of icmp",
};

export async function ground(): Promise<Ground> {
  const folder = temporaryFolder();
  return { folder, certificates: await makeCertificates(folder) };
}

const HOST = "127.0.0.1";
const LOGIN = { user: "probe", password: "probepw" };
const own = ({ folder }: Ground, name: string): string => {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
};
const at = (more: object = {}) => (port: number): object => ({ host: HOST, port, ...more });
const trusted = ({ certificates }: Ground): object => ({ ca: certificates.authority });
const secured = (more: object = {}) => (port: number, ground: Ground): object => ({ host: HOST, port, starttls: "required", tls: trusted(ground), ...more });

const bind = async (ground: Ground): Promise<number> => (await startBind9(own(ground, "bind"), ground.certificates.good)).port;
const nginx = async (ground: Ground, files: { readonly [path: string]: string } = {}): Promise<Awaited<ReturnType<typeof startNginx>>> => {
  const server = await startNginx(own(ground, "nginx"), ground.certificates);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(server.files, path, ".."), { recursive: true });
    writeFileSync(join(server.files, path), text);
  }
  return server;
};
const dovecot = (of: "imap" | "pop3") => async (ground: Ground): Promise<number> => (await startDovecot(own(ground, "dovecot"), ground.certificates))[of];
const postfix = async (ground: Ground): Promise<number> => (await startPostfix(own(ground, "postfix"), ground.certificates.good)).smtp;
const prosody = async ({ folder, certificates }: Ground): Promise<number> => (await startProsody(folder, certificates)).c2s;
const kamailio = async ({ folder, certificates }: Ground): Promise<number> => (await startKamailio(folder, certificates)).port;
const mosquitto = async ({ folder, certificates }: Ground): Promise<number> => (await startMosquitto(folder, certificates.good, certificates.expired)).port;
const snmpd = async ({ folder }: Ground): Promise<number> => (await startSnmpd(folder, { "1.3.6.1.4.1.2021.13.16.2.1.3.1": ["gauge", "22500"] })).port;
const DOVECOT = ["dovecot-imapd", "dovecot-lmtpd", "dovecot-pop3d", "openssl"] as const;

const REGISTRATION = JSON.stringify({ objectClassName: "domain", ldhName: "EXAMPLE.TEST", status: ["active"], events: [{ eventAction: "expiration", eventDate: "2099-01-01T00:00:00Z" }] });
const STATE = JSON.stringify({ name: "door", type: "cert", data: { threshold: 1, failState: false, failCount: 0, log: [], softFail: null, lastCheck: "2026-01-01T00:00:00+00:00", lastFail: null, lastPass: null, level: null } });
const httpAnswer = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nContent-Type: application/json\r\n\r\n${body}`;
const CONTAINER = JSON.stringify({ State: { Status: "running", StartedAt: "2026-01-01T00:00:00Z" }, Config: { Image: "nginx:1.27" }, RestartCount: 0 });

/** A broker that keeps what another place said of its door. */
async function told(ground: Ground): Promise<number> {
  const port = await mosquitto(ground);
  await retain(port, "site/door", STATE);
  return port;
}

/** A port that takes datagrams and says nothing. */
async function silence(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, HOST, resolve));
  atEnd(() => new Promise((resolve) => socket.close(() => resolve())));
  return socket.address().port;
}

/** Every probe that talks with a server, in the order of their types. */
export const subjects: readonly Subject[] = [
  { type: "dns", needs: ["bind9", "openssl"], start: bind, options: (port) => ({ name: "www.example.test", server: HOST, port }) },
  { type: "dns", way: "tcp", needs: ["bind9", "openssl"], start: bind, options: (port) => ({ name: "www.example.test", server: HOST, port, transport: "tcp" }) },
  { type: "dns", way: "tls", needs: ["bind9", "openssl"], start: async (ground) => (await startBind9(own(ground, "bind"), ground.certificates.good)).tlsPort, options: (port, ground) => ({ name: "www.example.test", server: HOST, port, transport: "tls", tls: { ...trusted(ground), servername: "localhost" } }) },
  { type: "dns-serial", needs: ["bind9", "openssl"], start: bind, options: (port) => ({ zone: "example.test", server: HOST, port }) },
  { type: "docker", needs: [], start: async () => (await rawServer(replies(httpAnswer(CONTAINER)))).port, options: at({ container: "web" }), fake: true },
  { type: "domain", needs: ["nginx-light", "openssl"], start: async (ground) => (await nginx(ground, { "domain/example.test": REGISTRATION })).http, options: (port) => ({ name: "example.test", server: `http://${HOST}:${port}/files` }) },
  { type: "ftp", needs: ["openssl", "vsftpd"], start: async ({ folder, certificates }) => (await startVsftpd(folder, certificates.good)).port, options: at({ starttls: "off" }) },
  { type: "grpc", needs: ["openssl", "python3-grpcio"], start: async ({ folder, certificates }) => (await startGrpc(folder, certificates.good)).port, options: at() },
  { type: "http", needs: ["nginx-light", "openssl"], start: async (ground) => (await nginx(ground)).http, options: (port) => ({ url: `http://${HOST}:${port}/ok` }) },
  { type: "http", way: "tls", needs: ["nginx-light", "openssl"], start: async (ground) => (await nginx(ground)).https, options: (port, ground) => ({ url: `https://localhost:${port}/ok`, family: 4, tls: trusted(ground) }) },
  { type: "http-steps", needs: ["nginx-light", "openssl"], start: async (ground) => (await nginx(ground)).http, options: (port) => ({ steps: [{ url: `http://${HOST}:${port}/ok` }, { url: "/ok" }] }) },
  { type: "imap", needs: DOVECOT, start: dovecot("imap"), options: at({ starttls: "off" }) },
  { type: "imap", way: "starttls", needs: DOVECOT, start: dovecot("imap"), options: secured() },
  { type: "ldap", needs: ["openssl", "slapd"], start: async ({ folder, certificates }) => (await startSlapd(folder, certificates.good)).port, options: at({ base: "", attributes: ["namingcontexts"] }) },
  { type: "memcached", needs: ["memcached", "openssl"], start: async ({ folder }) => (await startMemcached(folder, null)).port, options: at() },
  { type: "mqtt", needs: ["mosquitto", "openssl"], start: mosquitto, options: at() },
  { type: "mysql", needs: ["mariadb-server", "openssl"], start: async ({ folder, certificates }) => (await startMariadb(folder, certificates.good)).port, options: at(LOGIN) },
  { type: "nntp", needs: ["inn2", "openssl"], start: async ({ folder, certificates }) => (await startNews(folder, { certificate: certificates.good })).port, options: at({ starttls: "off" }) },
  { type: "notes", needs: [], start: async () => (await rawServer(notesServer("CN=Mail01/O=Acme"))).port, options: at(), fake: true },
  { type: "openvpn", needs: ["openssl", "openvpn"], start: async ({ folder, certificates }) => (await startOpenvpn(folder, certificates.authorityPath, certificates.good, { transport: "udp4", protection: "none" })).port, options: at() },
  { type: "pop3", needs: DOVECOT, start: dovecot("pop3"), options: at({ starttls: "off" }) },
  // One that greets: where nothing is said, it listens for a while.
  { type: "ports", needs: ["openssl", "postfix"], start: postfix, options: (port) => ({ host: HOST, ports: port }) },
  { type: "postgres", needs: ["openssl", "postgresql"], start: async ({ folder, certificates }) => (await startPostgresql(folder, certificates.good)).port, options: at({ ...LOGIN, query: "SELECT 1" }) },
  { type: "radius", needs: ["freeradius"], start: async ({ folder }) => (await startRadius(folder)).port, options: at({ secret: RADIUS_SECRET, ...LOGIN }) },
  { type: "rbl", needs: ["rbldnsd"], start: async ({ folder }) => (await startRbldnsd(folder)).port, options: (port) => ({ host: "192.0.2.1", lists: "four.test", server: HOST, port }) },
  { type: "redis", needs: ["openssl", "redis-server"], start: async ({ folder, certificates }) => (await startRedis(folder, certificates.good)).port, options: at() },
  { type: "remote", needs: ["mosquitto", "openssl"], start: told, options: at({ topic: "site/door" }) },
  { type: "sip", needs: ["kamailio", "kamailio-tls-modules", "openssl"], start: kamailio, options: at() },
  { type: "sip", way: "tcp", needs: ["kamailio", "kamailio-tls-modules", "openssl"], start: kamailio, options: at({ transport: "tcp" }) },
  { type: "smb", needs: ["samba"], start: async ({ folder }) => (await startSamba(folder)).port, options: at() },
  { type: "smtp", needs: ["openssl", "postfix"], start: postfix, options: at({ starttls: "off" }) },
  { type: "smtp", way: "starttls", needs: ["openssl", "postfix"], start: postfix, options: secured() },
  { type: "snmp", needs: ["snmpd"], start: snmpd, options: at() },
  { type: "sntp", needs: ["chrony"], start: async ({ folder }) => (await startChrony(folder, { name: "bench", stratum: 5 })).port, options: at() },
  { type: "socks5", needs: ["dante-server"], start: async ({ folder }) => (await startDante(folder)).port, options: at() },
  { type: "ssh", needs: ["openssh-server"], start: async ({ folder }) => (await startSshd(folder, "MaxStartups 100")).port, options: at() },
  { type: "tcp", needs: ["nginx-light", "openssl"], start: async (ground) => (await nginx(ground)).http, options: at() },
  { type: "temperature", needs: ["snmpd"], start: snmpd, options: at({ via: "snmp", preset: "lm-sensors", sensor: 1 }) },
  { type: "tls", needs: ["nginx-light", "openssl"], start: async (ground) => (await nginx(ground)).https, options: (port, ground) => ({ host: HOST, port, tls: { ...trusted(ground), servername: "localhost" } }) },
  { type: "ups", needs: ["nut-server"], start: async ({ folder }) => (await startNut(folder)).port, options: at({ ups: "dummy" }) },
  { type: "uptimes", needs: [], start: silence, options: at({ key: "0123456789abcdef" }) },
  { type: "websocket", needs: ["openssl", "python3-websockets"], start: async ({ folder, certificates }) => (await startWebSockets(folder, certificates.good)).port, options: (port) => ({ url: `ws://${HOST}:${port}/` }) },
  { type: "xmpp", needs: ["openssl", "prosody"], start: prosody, options: at({ domain: "sni.test", starttls: "off" }) },
  { type: "xmpp", way: "starttls", needs: ["openssl", "prosody"], start: prosody, options: secured({ domain: "sni.test" }) },
];
