import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { connect, createServer, type Server, type Socket } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { scanWellKnown } from "../../src/dial/scan.ts";
import { ports } from "../../src/probes/ports.ts";
import { mysqlPacket } from "../../src/wire/mysql.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { probeContext } from "./context.ts";
import { type Dovecot, startDovecot } from "./dovecot.ts";
import { describeWith, freePort, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { type Mariadb, startMariadb } from "./mariadb.ts";
import { type Nginx, startNginx } from "./nginx.ts";
import { type Postfix, startPostfix } from "./postfix.ts";
import { converses, rawServer, replies } from "./raw.ts";
import { type Redis, startRedis } from "./redis.ts";
import { type Sshd, startSshd } from "./sshd.ts";
import { stage } from "./stage.ts";
import { type Vsftpd, startVsftpd } from "./vsftpd.ts";

const { ask, line } = stage(ports);
const DOOR = "127.45.67.89";

/** Another door to a server: a usual port of an address that nobody else uses; for root. */
function forward(port: number, to: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      const beyond = connect(to, "127.0.0.1");
      for (const [one, other] of [[socket, beyond], [beyond, socket]] as const) one.on("error", () => other.destroy()).on("close", () => other.destroy()).pipe(other);
    });
    server.once("error", reject).listen(port, DOOR, () => resolve(server));
  });
}

/** What was found at one port: `service product status`. */
async function found(port: number, options: object = {}): Promise<string> {
  const { facts } = await ask({ ports: port, ...options });
  const seen = (facts["ports"] as { readonly [port: string]: { readonly service: string; readonly product: string; readonly status?: number } })[port];
  return seen === undefined ? "not open" : [seen.service, seen.product, seen.status ?? ""].join(" ").trim();
}

describeWith(["nginx-light", "mariadb-server", "openssh-server", "postfix", "dovecot-imapd", "dovecot-pop3d", "vsftpd", "redis-server", "openssl"], "ports against nginx, MariaDB, OpenSSH, Postfix, Dovecot, vsftpd, Redis", () => {
  let nginx: Nginx;
  let mariadb: Mariadb;
  let sshd: Sshd;
  let postfix: Postfix;
  let dovecot: Dovecot;
  let ftp: Vsftpd;
  let redis: Redis;
  beforeAll(async () => {
    const folder = temporaryFolder();
    const certificates: Certificates = await makeCertificates(folder);
    const inner = (name: string): string => {
      mkdirSync(join(folder, name));
      return join(folder, name);
    };
    [nginx, mariadb, sshd, postfix, dovecot, ftp, redis] = await Promise.all([startNginx(inner("nginx"), certificates), startMariadb(folder, certificates.good), startSshd(folder), startPostfix(inner("postfix"), certificates.good), startDovecot(inner("dovecot"), certificates), startVsftpd(inner("ftp"), certificates.good), startRedis(inner("redis"), certificates.good)]);
  }, 120_000);

  it("finds out what listens, whatever the certificate", async () => {
    expect(await found(nginx.http)).toMatch(/^http nginx\/[\d.]+ 4\d\d$/);
    expect(await found(nginx.https)).toMatch(/^https nginx\/[\d.]+ 4\d\d$/);
    expect(await found(nginx.httpsWith.expired)).toMatch(/^https nginx\/[\d.]+ 4\d\d$/);
    expect(await found(nginx.httpsClient)).toMatch(/^https nginx\/[\d.]+ 400$/);
    expect(await found(mariadb.port)).toMatch(/^mysql 1\d\.[\d.]+-MariaDB/);
    expect(await found(sshd.port)).toMatch(/^ssh OpenSSH_/);
    expect(await found(postfix.smtp)).toMatch(/^smtp ESMTP/);
    expect(await found(postfix.teaser)).toMatch(/^smtp /);
    expect(await found(dovecot.imap)).toMatch(/^imap Dovecot/);
    expect(await found(dovecot.pop3)).toMatch(/^pop3 Dovecot/);
    expect(await found(ftp.port)).toMatch(/^ftp \(vsFTPd/);
    // Hangs up on whoever speaks HTTP.
    expect(await found(redis.port)).toBe("");
  });

  it("scans for connvitals at their usual ports", { skip: process.getuid?.() !== 0 }, async () => {
    const doors = await Promise.all([forward(80, nginx.http), forward(443, nginx.httpsWith.wrongName), forward(3306, mariadb.port)]);
    const scan = (name: string) => scanWellKnown({ name, address: { ip: DOOR, family: 4 }, source: null }, 5000, probeContext());
    const web = { rttMs: expect.any(Number), status: expect.any(Number), server: expect.stringMatching(/^nginx\//) };
    expect(await scan("shop.example.com")).toEqual({ http: web, https: web, mysql: { rttMs: expect.any(Number), version: expect.stringMatching(/^1\d\.[\d.]+-MariaDB/) } });
    for (const door of doors) await new Promise((resolve) => door.close(resolve));
    expect(await scan("bücher.example")).toEqual({ http: null, https: null, mysql: null });
  });

  it("tells open, closed and what must be", async () => {
    const closed = await freePort();
    const all = { ports: [nginx.http, closed], open: sshd.port, detect: false };
    expect(await ask(all)).toMatchObject({ verdict: "up", facts: { open: [nginx.http, sshd.port].toSorted((a, b) => a - b), closed: 1, filtered: 0, address: "127.0.0.1" } });
    expect(await line({ ...all, host: "::1" })).toMatch(/^up ok 2 of 3 ports of ::1 are open: /);
    expect(await line({ ports: [], open: [nginx.http, closed] })).toBe(`down refused port ${closed} of 127.0.0.1 is not open: 127.0.0.1 port ${closed} refused the connection`);
    expect(await line({ ports: [], closed: [closed, sshd.port] })).toBe(`down mismatch port ${sshd.port} of 127.0.0.1 is open (ssh), and must not be`);
    expect(await line({ ports: [], closed })).toBe("up ok no port of 127.0.0.1 is open");
    expect(await line({ ports: closed })).toBe(`down refused none of 1 port of 127.0.0.1 is open: 127.0.0.1 port ${closed} refused the connection`);
    expect(await line({ host: "localhost", ports: sshd.port, family: 4 })).toBe(`up ok 1 of 1 ports of localhost (127.0.0.1) is open: ${sshd.port} (ssh)`);
  });

  it("leaves MariaDB by a login that is refused", async () => {
    const refusals = () => mariadb.log().split("Access denied for user 'tocsin'").length - 1;
    expect(await found(mariadb.port)).toMatch(/^mysql /);
    await expect.poll(refusals).toBeGreaterThan(0);
    // By now it has written of those who only looked whether it listens.
    const [before, refused] = [mariadb.log().length, refusals()];
    expect(await found(mariadb.port)).toMatch(/^mysql /);
    await expect.poll(refusals).toBe(refused + 1);
    // Said of whoever hangs up after the greeting.
    expect(mariadb.log().slice(before)).not.toContain("unauthenticated");
  });
});

describe("ports against faults", () => {
  const against = async (serve: (socket: Socket) => void, options: object = {}): Promise<string> => {
    const server = await rawServer(serve);
    const said = await found(server.port, options);
    await server.idle();
    return said;
  };
  const patient = { wait: "300ms" };

  it("is open, and says nothing, or nothing known", async () => {
    expect(await against(() => {}, patient)).toBe("");
    expect(await against((socket) => void socket.end())).toBe("");
    expect(await against((socket) => void socket.resetAndDestroy())).toMatch(/^(not open)?$/);
    expect(await against((socket) => void socket.end("hello there\r\n"))).toBe("hello there");
    expect(await against(replies("nonsense\r\n"), patient)).toBe("nonsense");
  });
  it("takes a greeting however it comes, and takes leave of it", async () => {
    let said = "";
    const conversation = converses("220-one\r\n220 two ESMTP\r\n", (text) => ((said += text), null), { dripping: true });
    expect(await against((socket) => (conversation(socket), void socket.on("data", () => socket.end())), {})).toBe("smtp ESMTP");
    expect(await against((socket) => (converses("+OK ready\r\n", (text) => ((said += text), null))(socket), void socket.on("data", () => socket.end())), {})).toBe("pop3 ready");
    expect(said).toBe("QUITQUIT");
  });
  it("is not drowned", async () => {
    expect(await against((socket) => void socket.write("x".repeat(1_000_000)))).toBe("x".repeat(200));
    expect(await against((socket) => void socket.write(Buffer.from(mysqlPacket(0, Buffer.from("\x0a".repeat(900))).subarray(0, 600))), patient)).toMatch(/^mysql/);
    expect(await against(replies(`HTTP/1.1 200 OK\r\nServer: ${"s".repeat(60_000)}\r\n\r\n`), patient)).toBe(`http ${"s".repeat(200)} 200`);
  });
  it("says how far it came at its deadline", async () => {
    const server = await rawServer(() => {});
    const free = await freePort(2);
    // Only what hangs is left at the deadline: closed ports answer at once.
    expect(await line({ ports: [free, free + 1], open: server.port, atOnce: 1, wait: "5s" }, { deadlineMs: 400 })).toMatch(/^(up ok|down timeout only [12] of 3 ports of 127\.0\.0\.1 could be looked at in time)/);
    expect(await line({ host: "nowhere.invalid" }, { resolvers: [`127.0.0.1:${free}`] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: ReturnType<typeof probeContext>) => ports.run(ports.options.parse({ host: "127.0.0.1", ports: port }), ctx);
    expect((await leaks({ run })).left).toEqual([]);
    expect((await leaks({ run, serve: (socket) => void socket.write("220-half") })).left).toEqual([]);
  });
});
