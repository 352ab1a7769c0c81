import { beforeAll, describe, expect, it } from "vitest";
import { memcached } from "../../src/probes/memcached.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { type Memcached, startMemcached } from "./memcached.ts";
import { converses } from "./raw.ts";
import { itKnowsFaults, stage } from "./stage.ts";

const { ask, line, against } = stage(memcached);

describeWith(["memcached", "openssl"], "memcached against memcached", () => {
  let certificates: Certificates;
  let plain: Memcached;
  let secured: Memcached;
  let expired: Memcached;
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    [plain, secured, expired] = await Promise.all([startMemcached(folder, null), startMemcached(folder, certificates.good), startMemcached(folder, certificates.expired)]);
  });

  it("answers over both families, and says how it is", async () => {
    const outcome = await ask({ port: plain.port });
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", facts: { version: expect.stringMatching(/^1\./), connections: expect.any(Number), items: 0, memoryPercent: 0, evictions: 0, address: "127.0.0.1" } });
    expect(outcome.sentence).toMatch(/^127\.0\.0\.1 port \d+ is memcached 1\./);
    expect(outcome.facts).not.toHaveProperty("hitPercent");
    expect(Object.keys(outcome.phases)).toEqual(["connect", "version", "stats"]);
    expect(await line({ port: plain.port, host: "::1", stats: false })).toMatch(/^up ok ::1 port \d+ is memcached 1\./);
  });

  it("speaks TLS and judges the certificate", async () => {
    const tls = { ca: certificates.authority };
    expect(await ask({ port: secured.port, tls })).toMatchObject({ verdict: "up", facts: { certificate: { days: 90 } } });
    expect(await line({ port: secured.port, tls: true })).toMatch(/^down tls-untrusted /);
    expect(await line({ port: secured.port, tls: { ...tls, servername: "other.test" } })).toMatch(/^down tls-name /);
    expect(await line({ port: expired.port, tls })).toMatch(/^down tls-expired /);
    expect(await line({ port: plain.port, tls }, { deadlineMs: 500 })).toMatch(/^down (tls-failed|timeout) /);
    expect(await line({ port: secured.port }, { deadlineMs: 2000 })).toMatch(/^down (closed|reset|protocol|timeout) /);
  });

  it("sees it hang and go", async () => {
    plain.signal("SIGSTOP");
    expect(await line({ port: plain.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${plain.port} sent nothing in time`);
    plain.signal("SIGCONT");
    await plain.stop();
    expect(await line({ port: plain.port })).toBe(`down refused 127.0.0.1 port ${plain.port} refused the connection`);
  });
});

describe("memcached against faults", () => {
  itKnowsFaults(memcached, { half: (socket) => void socket.write("VERSION 1.6"), endless: { octets: "VERSION 1.6.18", line: /^down too-large / } });
  const answers = (version: string, stats: string) => converses("", (said) => (said === "version" ? version : said === "stats" ? stats : null), { dripping: true });
  it("reads an answer byte by byte, and counts hits", async () => {
    expect(await against(answers("VERSION 1.6.18\r\n", "STAT get_hits 3\r\nSTAT get_misses 1\r\nEND\r\n"))).toBe("up ok 127.0.0.1 port P is memcached 1.6.18");
  });
  it("tells what a server says instead", async () => {
    expect(await against((socket) => void socket.end("ERROR Too many open connections\r\n"))).toBe("down status the server says: ERROR Too many open connections");
    expect(await against(answers("VERSION 1\r\n", "SERVER_ERROR out of memory writing stats\r\n"))).toBe("down status the server says: SERVER_ERROR out of memory writing stats");
    expect(await against(answers("END\r\n", ""))).toBe("down protocol the server does not speak the protocol of memcached: END");
  });
  it("takes no statistics without end", async () => expect(await against(answers("VERSION 1\r\n", "STAT a 1\r\n".repeat(400)))).toBe("down too-large the server sent more than 300 statistics"));
});
