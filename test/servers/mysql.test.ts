import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { mysql } from "../../src/probes/mysql.ts";
import { mysqlPacket, mysqlProof } from "../../src/wire/mysql.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { type Mariadb, startMariadb } from "./mariadb.ts";
import { rawServer } from "./raw.ts";
import { itKnowsFaults, stage } from "./stage.ts";

const run = promisify(execFile);

const { ask, line, against } = stage(mysql);
const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const greeting = (plugin = "mysql_native_password", lower = "\xff\xff"): Uint8Array => mysqlPacket(0, bytes(`\x0a8.0.36\0\x05\0\0\0abcdefgh\0${lower}\x2d\x02\0\xff\x81\x15${"\0".repeat(10)}ijklmnopqrst\0${plugin}\0`));

describeWith(["mariadb-server", "openssl"], "mysql against MariaDB", () => {
  let certificates: Certificates;
  let server: Mariadb;
  let expired: Mariadb;
  const PROBE = { user: "probe", password: "probepw" };
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    [server, expired] = await Promise.all([startMariadb(folder, certificates.good), startMariadb(folder, certificates.expired)]);
  }, 120_000);

  it("is asked over both families without a login", async () => {
    expect(await ask({ port: server.port })).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${server.port} is ready for logins`, facts: { version: expect.stringMatching(/^1\d\..*MariaDB/), error: 1045 } });
    expect(await line({ port: server.port, host: "::1" })).toBe(`up ok ::1 port ${server.port} is ready for logins`);
  });

  it("logs in and pings", async () => {
    const outcome = await ask({ port: server.port, ...PROBE });
    expect(outcome).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${server.port} lets probe in and answers` });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "greeting", "login", "ping"]);
    expect(JSON.stringify(outcome.evidence)).not.toContain("probepw");
    expect(await line({ port: server.port, ...PROBE, password: "wrong" })).toMatch(/^down auth the server refused the login: Access denied for user 'probe'.* \(1045\)$/);
    expect(await line({ port: server.port, user: "probe" })).toMatch(/^down auth .* \(1045\)$/);
    expect(await line({ port: server.port, user: "locked", password: "lockedpw" })).toMatch(/^down auth .* \(4151\)$/);
  });

  it("proves a password by caching_sha2_password as MariaDB's own client does: no server in Debian knows that login", async () => {
    const proofs: Buffer[] = [];
    const listening = await rawServer((socket) => {
      socket.write(greeting("caching_sha2_password"));
      socket.once("data", (login: Buffer) => {
        // Head of the packet, fixed fields, the user's name, then the proof with its length.
        const at = login.indexOf(0, 36) + 1;
        proofs.push(login.subarray(at + 1, at + 1 + (login[at] ?? 0)));
        socket.end(mysqlPacket(2, bytes("\xff\x15\x04#28000no")));
      });
    });
    for (const [index, password] of ["secret", "pass wörd"].entries()) {
      await run("mariadb", ["--no-defaults", "-h", "127.0.0.1", "-P", String(listening.port), "-u", "probe", `-p${password}`, "--skip-ssl", "--default-character-set=utf8mb4", "-e", "SELECT 1"]).catch(() => undefined);
      expect(proofs[index]).toEqual(Buffer.from(mysqlProof("caching_sha2_password", password, bytes("abcdefghijklmnopqrst")) ?? []));
    }
  });

  it("speaks TLS and judges the certificate", async () => {
    const tls = { ca: certificates.authority };
    expect(await ask({ port: server.port, tls, ...PROBE })).toMatchObject({ verdict: "up", facts: { certificate: { days: 90 } } });
    expect(await line({ port: server.port, tls })).toMatch(/^up ok .* is ready for logins$/);
    expect(await line({ port: server.port, tls: true })).toMatch(/^down tls-untrusted /);
    expect(await line({ port: server.port, tls: { ...tls, servername: "other.test" } })).toMatch(/^down tls-name /);
    expect(await line({ port: expired.port, tls })).toMatch(/^down tls-expired /);
  });

  it("sees it hang and go", async () => {
    server.signal("SIGSTOP");
    expect(await line({ port: server.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${server.port} sent nothing in time`);
    server.signal("SIGCONT");
    await server.stop();
    expect(await line({ port: server.port })).toBe(`down refused 127.0.0.1 port ${server.port} refused the connection`);
  });
});

describe("mysql against faults", () => {
  itKnowsFaults(mysql, { greeted: true, half: (socket) => void socket.write(greeting().subarray(0, 9)), endless: { octets: "\xff\xff\xff\0", line: /^down too-large the server announces a packet of 16777215 bytes$/ } });
  const says = (...packets: readonly Uint8Array[]) => (socket: import("node:net").Socket): void => {
    socket.setNoDelay(true);
    for (const octet of packets[0] ?? []) socket.write(Uint8Array.of(octet));
    let next = 1;
    socket.on("data", () => { const packet = packets[next++]; if (packet !== undefined) socket.write(packet); });
  };
  const LOGIN = { user: "u", password: "p" };
  const ok = (sequence: number): Uint8Array => mysqlPacket(sequence, bytes("\0\0\0\x02\0\0\0"));
  it("reads a greeting byte by byte", async () => expect(await against(says(greeting(), ok(2), ok(1)), LOGIN)).toBe("up ok 127.0.0.1 port P lets u in and answers"));
  it("follows a login by caching_sha2_password, and sends no password in clear", async () => {
    const sha2 = greeting("caching_sha2_password");
    expect(await against(says(sha2, Buffer.concat([mysqlPacket(2, bytes("\x01\x03")), ok(3)]), ok(1)), LOGIN)).toMatch(/^up ok /);
    expect(await against(says(sha2, mysqlPacket(2, bytes("\x01\x04"))), LOGIN)).toBe("down auth the server wants the password itself, and that is sent only under TLS");
    expect(await against(says(greeting(), mysqlPacket(2, bytes("\xfemysql_clear_password\0"))), LOGIN)).toBe("down auth the server wants a login by mysql_clear_password, which is not used without TLS");
    expect(await against(says(greeting(), mysqlPacket(2, bytes("\xfeclient_ed25519\0abc"))), LOGIN)).toBe("down auth the server wants a login by client_ed25519, which is not known here");
    const around = mysqlPacket(2, bytes("\xfemysql_native_password\0abcdefghijklmnopqrst\0"));
    expect(await against(says(greeting(), ...Array.from({ length: 9 }, () => around)), LOGIN)).toBe("down protocol the server's login does not come to an end");
  });
  it("tells what a server says instead", async () => {
    expect(await against(says(mysqlPacket(0, bytes("\xff\x10\x04Too many connections"))))).toBe("down status the server refused the connection: Too many connections (1040)");
    expect(await against(says(mysqlPacket(0, bytes("\xff\x6a\x04Host is not allowed to connect"))))).toMatch(/^down status .* \(1130\)$/);
    expect(await against(says(greeting("x", "\xff\xf7")), { tls: true })).toBe("down tls-failed the server offers no TLS");
    expect(await against(says(Buffer.concat([greeting(), ok(2)])), { tls: true })).toMatch(/^down protocol the server sent 11 bytes more before TLS began /);
  });
});
