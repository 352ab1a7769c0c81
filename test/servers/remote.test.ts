import { beforeAll, describe, expect, it } from "vitest";
import { remote } from "../../src/probes/remote.ts";
import { encodePublish } from "../../src/wire/mqtt.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { type Mosquitto, retain, startMosquitto } from "./mosquitto.ts";
import { drips } from "./raw.ts";
import { itKnowsFaults, stage } from "./stage.ts";

const { ask, line, against } = stage(remote);
const ACCEPTED = Buffer.from("20020000", "hex");
const GRANTED = Buffer.from("9003000100", "hex");

const state = (data: object): string => JSON.stringify({ name: "door", type: "cert", data: { threshold: 1, failState: false, failCount: 0, log: [], softFail: null, lastCheck: new Date(Date.now() - 60_000).toISOString(), lastFail: null, lastPass: null, level: null, ...data } });

/** A retained message, as its sender writes it. */
const published = (topic: string, payload: string): Uint8Array => encodePublish({ version: "3.1.1", topic, payload, retained: true });

describeWith(["mosquitto", "openssl"], "remote against Mosquitto", () => {
  let certificates: Certificates;
  let broker: Mosquitto;
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    broker = await startMosquitto(folder, certificates.good, certificates.expired);
    const messages = {
      good: state({ level: 12.5 }),
      bad: state({ failState: true, failCount: 3, log: ["one", "no route to host"] }),
      soft: state({ failState: true, softFail: "router" }),
      undated: state({ lastCheck: null }),
      noise: "up and running",
    };
    for (const [topic, message] of Object.entries(messages)) await retain(broker.port, `site/${topic}`, message);
  });
  const told = (topic: string, more: object = {}): Promise<string> => line({ port: broker.port, topic: `site/${topic}`, ...more });

  it("takes over what the other place says, with both versions and families", async () => {
    const outcome = await ask({ port: broker.port, topic: "site/good" });
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: "door passes there", facts: { state: "pass", name: "door", kind: "cert", failCount: 0, level: 12.5 } });
    expect(Number(outcome.facts["age"])).toBeGreaterThanOrEqual(60);
    expect(Object.keys(outcome.phases)).toEqual(["connect", "login", "topic"]);
    expect(await told("bad", { version: "5" })).toBe("down status door fails there: no route to host");
    expect(await told("soft")).toBe("down status door fails there, held back by router");
    await retain(broker.port, "site/six", state({}));
    expect(await line({ port: broker.port, topic: "site/six" })).toBe("up ok door passes there");
    expect(await line({ host: "::1", port: broker.port6, topic: "x" }, { deadlineMs: 500 })).toMatch(/^down missed /);
  });

  it("wants news in time", async () => {
    expect(await told("good", { within: "1h" })).toMatch(/^up ok/);
    expect(await told("good", { within: "30s" })).toMatch(/^down missed door was last checked \d+ s ago, which is longer than 30 s$/);
    expect(await told("undated")).toMatch(/^up ok/);
    expect(await told("undated", { within: "1h" })).toBe("down protocol the state of door does not say when it was checked");
  });

  it("tells a topic without state, and one that says something else", async () => {
    expect(await line({ port: broker.port, topic: "site/none" }, { deadlineMs: 500 })).toBe("down missed there is no state on site/none: nobody published one, or it was not retained");
    expect(await told("noise")).toBe("down protocol the message on site/noise is no state of a check: up and running");
  });

  it("finds a check by its name among many topics, as Fletchck does", async () => {
    const named = (name: string, data: object): string => JSON.stringify({ ...(JSON.parse(state(data)) as object), name });
    await retain(broker.port, "many/noise", "up and running");
    for (let count = 0; count < 300; count += 1) await retain(broker.port, `many/home/${count}`, named(`check ${count}`, {}));
    await retain(broker.port, "many/home/any/topic", named("gate", { failState: "one, two", log: ["one, two"] }));
    expect(await told("", { topic: "many/#", name: "gate" })).toBe("down status gate fails there: one, two");
    expect(await told("", { topic: "many/+/299", name: "check 299" })).toBe("up ok check 299 passes there");
    expect(await line({ port: broker.port, topic: "many/home/299", name: "check 298" }, { deadlineMs: 500 })).toBe("down missed there is no state of check 298 on many/home/299: nobody published one, or it was not retained");
  });

  it("logs in, and judges the certificate", async () => {
    const tls = { ca: certificates.authority };
    expect(await told("good", { port: broker.lockedPort })).toMatch(/^down auth the broker refused the connection: not authorized/);
    const outcome = await ask({ port: broker.lockedPort, topic: "open/none", user: "probe", password: "probepw" }, { deadlineMs: 500 });
    expect(outcome.code).toBe("missed");
    expect(JSON.stringify(outcome)).not.toContain("probepw");
    expect(await told("good", { port: broker.expiredPort, tls })).toMatch(/^down tls-expired /);
    expect(await told("good", { port: broker.tlsPort, tls: true })).toMatch(/^down tls-untrusted /);
    expect(await ask({ port: broker.tlsPort, tls, topic: "site/none" }, { deadlineMs: 800 })).toMatchObject({ code: "missed", facts: { certificate: { days: 90 } } });
  });

  it("sees it hang, and go", async () => {
    broker.signal("SIGSTOP");
    expect(await line({ port: broker.port, topic: "x" }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${broker.port} sent nothing in time`);
    await broker.stop();
    expect(await told("good")).toBe(`down refused 127.0.0.1 port ${broker.port} refused the connection`);
  });
});

describe("remote against faults", () => {
  itKnowsFaults(remote, { options: { topic: "t" }, half: (socket) => void socket.write(Buffer.of(0x20)), endless: { octets: "\u0020\u0002\u0000\u0000\u00d0\u0000", line: /^down (protocol|too-large) / } });
  it("reads byte by byte, and what is not meant for it not at all", async () => {
    const all = Buffer.concat([ACCEPTED, published("t", state({ failState: true })), GRANTED]);
    expect(await against(drips(all), { topic: "t" })).toBe("down status door fails there");
    expect(await against(drips(Buffer.concat([ACCEPTED, GRANTED, published("other", state({})), published("t", state({}))])), { topic: "t" })).toBe("up ok door passes there");
    expect(await against(drips(Buffer.concat([ACCEPTED, Buffer.from("9003000180", "hex")])), { topic: "t" })).toMatch(/^down auth the broker refused the subscription to t: /);
  });
  it("names options that cannot be", () => {
    const problem = (more: object): string => {
      const read = remote.options.safeParse({ host: "mq.test", topic: "a/b", ...more });
      return read.success ? (remote.check?.(read.data)?.wrong ?? remote.target(read.data)) : read.error.issues.map(({ message }) => message).join("; ");
    };
    expect([problem({}), problem({ tls: true })]).toEqual(["mq.test:1883", "mq.test:8883"]);
    expect(problem({ topic: "site/#" })).toBe("a topic with + or # has the states of many checks");
    expect(problem({ topic: "site/#", name: "door" })).toBe("mq.test:1883");
    expect(problem({ topic: "site/a#", name: "door" })).toBe("+ and # stand for whole levels, and # for the last ones");
    expect(problem({ password: "x" })).toBe("there is a password, but no user to log in as");
  });
});
