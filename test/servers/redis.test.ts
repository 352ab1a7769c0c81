import { beforeAll, describe, expect, it } from "vitest";
import { redis } from "../../src/probes/redis.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { converses } from "./raw.ts";
import { type Redis, startRedis } from "./redis.ts";
import { itKnowsFaults, stage } from "./stage.ts";

const { ask, line, against } = stage(redis);

describeWith(["redis-server", "openssl"], "redis against Redis", () => {
  let certificates: Certificates;
  let master: Redis;
  let replica: Redis;
  let locked: Redis;
  const trusted = (more: object = {}): object => ({ ca: certificates.authority, ...more });
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    [master, locked] = await Promise.all([
      startRedis(folder, certificates.good, ["--repl-diskless-sync-delay", "0", "--maxmemory", "100mb"]),
      startRedis(folder, certificates.expired, ["--requirepass", "open-sesame", "--user", "looker", "on", ">lookpw", "-@all", "+ping", "+auth"]),
    ]);
    replica = await startRedis(folder, certificates.good, ["--replicaof", "127.0.0.1", String(master.port), "--replica-serve-stale-data", "no"]);
  });

  it("answers over both families, and says what it is", async () => {
    expect(await line({ port: master.port })).toBe(`up ok 127.0.0.1 port ${master.port} answers PING as master`);
    expect(await line({ port: master.port, host: "::1", info: false })).toBe(`up ok ::1 port ${master.port} answers PING`);
    const outcome = await ask({ port: master.port });
    expect(outcome).toMatchObject({ facts: { role: "master", mode: "standalone", version: expect.stringMatching(/^\d+\./), memoryPercent: expect.any(Number), clients: expect.any(Number) } });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "ping", "info"]);
    expect(outcome.evidence).toMatchObject([{ label: "sent", text: "PING\nINFO\nQUIT\r\n" }, { label: "received" }]);
  });

  it("tells how replication stands", async () => {
    await expect.poll(async () => (await ask({ port: replica.port })).facts, { timeout: 20_000 }).toMatchObject({ role: "slave", link: "up", lag: expect.any(Number) });
    await expect.poll(async () => (await ask({ port: master.port })).facts, { timeout: 20_000 }).toMatchObject({ replicas: 1, lag: expect.any(Number), behind: expect.any(Number) });
  });

  it("logs in", async () => {
    expect(await line({ port: locked.port, password: "open-sesame" })).toMatch(/^up ok .* as master$/);
    expect(await line({ port: locked.port, user: "looker", password: "lookpw" })).toBe(`up ok 127.0.0.1 port ${locked.port} answers PING`);
    expect(await line({ port: locked.port })).toBe(`up ok 127.0.0.1 port ${locked.port} answers PING: it wants a login`);
    expect(await line({ port: locked.port, password: "wrong" })).toMatch(/^down auth the server refused the login: WRONGPASS /);
    expect(await line({ port: master.port, password: "superfluous" })).toMatch(/^down auth the server refused the login: ERR AUTH /);
    expect(JSON.stringify(await ask({ port: locked.port, password: "open-sesame" }))).not.toContain("sesame");
  });

  it("speaks TLS and judges the certificate", async () => {
    expect(await ask({ port: master.tlsPort, tls: trusted() })).toMatchObject({ verdict: "up", facts: { certificate: { days: 90 }, role: "master" } });
    expect(await line({ port: master.tlsPort, tls: true })).toMatch(/^down tls-untrusted /);
    expect(await line({ port: master.tlsPort, tls: trusted({ servername: "other.test" }) })).toMatch(/^down tls-name /);
    expect(await line({ port: locked.tlsPort, tls: trusted(), password: "open-sesame" })).toMatch(/^down tls-expired /);
    expect(await line({ port: master.port, tls: true }, { deadlineMs: 500 })).toBe("down timeout the TLS handshake was not done in time");
    expect(await line({ port: master.tlsPort })).toMatch(/^down (closed|protocol|reset) /);
  });

  it("sees it hang, go, and leave a replica alone", async () => {
    master.signal("SIGSTOP");
    expect(await line({ port: master.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${master.port} sent nothing in time`);
    master.signal("SIGCONT");
    await master.stop();
    expect(await line({ port: master.port })).toBe(`down refused 127.0.0.1 port ${master.port} refused the connection`);
    await expect.poll(() => line({ port: replica.port }), { timeout: 20_000 }).toMatch(/^down status the server refused PING: MASTERDOWN |^up ok .* as slave$/);
    expect((await ask({ port: replica.port })).facts["link"] ?? "down").toBe("down");
  });
});

describe("redis against faults", () => {
  itKnowsFaults(redis, { half: (socket) => void socket.write("+PO"), endless: { octets: "+PONG", line: /^down too-large .* sent (a line of more than 8192 bytes|more than 64 KiB)$/ } });
  const answers = (ping: string, info = "$13\r\nrole:sentinel\r\n") => converses("", (said) => (said === "PING" ? ping : said === "INFO" ? info : said === "QUIT" ? "+OK\r\n" : null), { dripping: true });
  it("reads an answer byte by byte", async () => expect(await against(answers("+PONG\r\n"))).toBe("up ok 127.0.0.1 port P answers PING as sentinel"));
  it("tells what a server says instead", async () => {
    expect(await against(answers("-LOADING Redis is loading the dataset in memory\r\n"))).toBe("down status the server refused PING: LOADING Redis is loading the dataset in memory");
    expect(await against(answers("+HELLO\r\n"))).toBe('down protocol the server answered PING with "HELLO"');
    expect(await against((socket) => void socket.end("-ERR max number of clients reached\r\n"), { password: "x" })).toBe("down status the server refused the login: ERR max number of clients reached");
    expect(await against((socket) => void socket.end("-DENIED Redis is running in protected mode\r\n"))).toMatch(/^down status .* protected mode$/);
  });
  it("takes no announced giant, and no INFO that is cut", async () => {
    expect(await against(answers("+PONG\r\n", "$536870912\r\n"))).toBe("down too-large the server announces a text of 536870912 bytes");
    expect(await against(answers("+PONG\r\n", "$40\r\nrole:"), {}, { deadlineMs: 300 })).toMatch(/^down timeout .* sent only 5 of 42 bytes in time$/);
  });
});
