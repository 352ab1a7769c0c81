import { beforeAll, describe, expect, it } from "vitest";
import { mqtt } from "../../src/probes/mqtt.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { type Mosquitto, retain, startMosquitto } from "./mosquitto.ts";
import { drips, replies } from "./raw.ts";
import { itKnowsFaults, stage } from "./stage.ts";

const { ask, line, against } = stage(mqtt);
const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(" ", ""), "hex");
const ACCEPTED = bytes("20020000");

describeWith(["mosquitto", "openssl"], "mqtt against Mosquitto", () => {
  let certificates: Certificates;
  let broker: Mosquitto;
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    broker = await startMosquitto(folder, certificates.good, certificates.expired);
    await retain(broker.port, "state/door", "closed since noon");
  });

  it("connects with both versions over both families", async () => {
    expect(await line({ port: broker.port })).toBe(`up ok 127.0.0.1 port ${broker.port} accepted the connection`);
    expect(await ask({ port: broker.port6, host: "::1", version: "5" })).toMatchObject({ verdict: "up", facts: { code: 0, codeName: "success", address: "::1" } });
    expect(Object.keys((await ask({ port: broker.port, topic: "x" })).phases)).toEqual(["connect", "login", "topic"]);
  });

  it("has a new name at every run and says goodbye", async () => {
    const runs = await Promise.all([ask({ port: broker.port }), ask({ port: broker.port })]);
    const names = runs.map(({ evidence }) => /tocsin[0-9a-f]{16}/.exec(evidence[0]?.text ?? "")?.[0] ?? "");
    expect(new Set(names).size).toBe(2);
    for (const name of names) await expect.poll(() => broker.log()).toContain(`Received DISCONNECT from ${name}`);
  });

  it.each(["3.1.1", "5"])("logs in, version %s", async (version) => {
    const login = { port: broker.lockedPort, version, user: "probe", password: "probepw" };
    expect(await line(login)).toMatch(/^up ok /);
    expect(await line({ ...login, password: "wrong" })).toMatch(/^down auth the broker refused the connection: not authorized \((5|135)\)/);
    expect(await line({ port: broker.lockedPort, version })).toMatch(/^down auth the broker refused the connection: not authorized/);
    expect(JSON.stringify((await ask(login)).evidence)).not.toContain("probepw");
  });

  it.each(["3.1.1", "5"])("hears a retained message, version %s", async (version) => {
    const door = { port: broker.port, version, topic: "state/door" };
    expect(await ask({ ...door, message: "/^closed/" })).toMatchObject({ verdict: "up", facts: { message: "closed since noon", retained: true } });
    expect(await line({ ...door, message: "open" })).toBe('down mismatch the message on state/door has no "open": closed since noon');
    expect(await line({ ...door, topic: "state/nothing", message: "x" }, { deadlineMs: 500 })).toBe("down timeout no message came on state/nothing in time");
    expect(await line({ ...door, topic: "state/#" })).toMatch(/^up ok .* and state\/# can be subscribed to$/);
  });

  it.each(["3.1.1", "5"])("sends a message around, version %s", async (version) => {
    expect(await line({ port: broker.port, version, topic: "loop/a", loop: true })).toMatch(/^up ok .* and a message on loop\/a came back$/);
    const login = { port: broker.lockedPort, version, user: "probe", password: "probepw", loop: true };
    expect(await line({ ...login, topic: "open/a" })).toMatch(/^up ok /);
    expect(await line({ ...login, topic: "closed/a" }, { deadlineMs: 700 })).toMatch(/^down (timeout the own message did not come back on closed\/a in time|auth the broker refused the subscription to closed\/a: .*)$/);
  });

  it("speaks TLS and judges the certificate", async () => {
    const tls = { ca: certificates.authority };
    expect(await ask({ port: broker.tlsPort, tls })).toMatchObject({ verdict: "up", facts: { certificate: { days: 90 } } });
    expect(await line({ port: broker.tlsPort, tls: true })).toMatch(/^down tls-untrusted /);
    expect(await line({ port: broker.tlsPort, tls: { ...tls, servername: "other.test" } })).toMatch(/^down tls-name /);
    expect(await line({ port: broker.expiredPort, tls })).toMatch(/^down tls-expired /);
    expect(await line({ port: broker.port, tls }, { deadlineMs: 2000 })).toMatch(/^down (tls-failed|timeout) /);
    expect(await line({ port: broker.tlsPort }, { deadlineMs: 2000 })).toMatch(/^down (closed|reset|protocol|timeout) /);
  });

  it("sees it hang and go", async () => {
    broker.signal("SIGSTOP");
    expect(await line({ port: broker.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${broker.port} sent nothing in time`);
    broker.signal("SIGCONT");
    await broker.stop();
    expect(await line({ port: broker.port })).toBe(`down refused 127.0.0.1 port ${broker.port} refused the connection`);
  });
});

describe("mqtt against faults", () => {
  itKnowsFaults(mqtt, { half: (socket) => void socket.write(bytes("2002")), endless: { octets: "\x20\xff\xff\x7f", line: /^down too-large the server announces a packet of \d+ bytes$/ } });
  it("reads an answer byte by byte", async () => expect(await against(drips(Buffer.concat([ACCEPTED, bytes("9003 0001 00 3105 0001 61 6869")])), { topic: "a", message: "hi" })).toMatch(/^up ok .* and a has the message$/));
  it("tells what a broker says instead", async () => {
    expect(await against(replies(bytes("20020003")))).toBe("down status the broker refused the connection: server unavailable (3)");
    expect(await against(replies(bytes("20020001")), { version: "3.1.1" })).toBe("down status the broker refused the connection: unacceptable protocol version (1)");
    expect(await against(replies(bytes("2008 0089 05 1f0002 6e6f")), { version: "5" })).toBe("down status the broker refused the connection: server busy (137), no");
    expect(await against(replies(Buffer.concat([ACCEPTED, bytes("9003 0001 80")])), { topic: "a" })).toBe("down auth the broker refused the subscription to a: unspecified error (128)");
    expect(await against(replies(bytes("2003 0000 00 e002 8b 00")), { topic: "a", version: "5" })).toBe("down closed the broker ended the connection: server shutting down (139)");
    expect(await against(replies(bytes("2003 000005")), { version: "5" })).toMatch(/^down protocol the server sent a packet of type 2: /);
  });
  it("takes no messages without end", async () => {
    const other = Buffer.concat(Array.from({ length: 1200 }, () => bytes("3005 0001 62 6869")));
    expect(await against(replies(Buffer.concat([ACCEPTED, other]), { close: false }), { topic: "a", loop: true })).toBe("down too-large more than 1000 packets came from the broker");
  });
});
