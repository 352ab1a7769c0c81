import type { Socket } from "node:net";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Sending } from "../../src/alert/channels/channel.ts";
import { mqtt } from "../../src/alert/channels/mqtt.ts";
import { type Alert, checkName } from "../../src/core/types.ts";
import { remote } from "../../src/probes/remote.ts";
import { type Certificates, makeCertificates } from "../servers/certificates.ts";
import { probeContext } from "../servers/context.ts";
import { describeWith, freePort, temporaryFolder } from "../servers/ground.ts";
import { type Heard, type Mosquitto, startMosquitto, startSubscriber } from "../servers/mosquitto.ts";
import { rawServer } from "../servers/raw.ts";
import { type Wire, startRelay } from "../servers/relay.ts";
import { channelContext, KEY, message } from "./message.ts";

const send = (options: object, more: Partial<Alert> = {}, deadlineMs = 30_000): Promise<Sending> => mqtt.send(mqtt.options.parse({ host: "127.0.0.1", ...options }), message(more), channelContext({ deadlineMs }));

describeWith(["mosquitto", "mosquitto-clients", "openssl"], "mqtt against Mosquitto", () => {
  let certificates: Certificates;
  let folder: string;
  let broker: Mosquitto;
  beforeAll(async () => {
    folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    broker = await startMosquitto(folder, certificates.good, certificates.expired);
  });
  const next = async (heard: () => readonly Heard[], before = 0): Promise<Heard | undefined> => {
    await vi.waitUntil(() => heard().length > before, { timeout: 20_000, interval: 20 });
    return heard().at(-1);
  };

  describe("a subscriber", () => {
    test.each([0, 1, 2])("gets the document, at QoS %i", async (qos) => {
      const heard = await startSubscriber(folder, broker.port, `alerts/${qos}`);
      expect(await send({ port: broker.port, topic: `alerts/${qos}`, qos })).toEqual({ kind: "sent", detail: `127.0.0.1 port ${broker.port} took alerts/${qos}${qos === 0 ? "" : ` at QoS ${qos}`}` });
      const got = await next(heard);
      expect(got).toMatchObject({ topic: `alerts/${qos}`, qos, retain: 0, properties: { "content-type": "application/json", "payload-format-indicator": 1, "user-properties": { key: KEY } } });
      expect(JSON.parse(got?.payload ?? "")).toMatchObject({ key: KEY, subject: expect.stringMatching(/^▲ DOWN shöp <1>/) as string, alerts: [{ id: "a1", kind: "down", check: "shöp <1>", type: "http", status: "down", since: "2026-11-20T03:00:00.000Z" }] });
    });
    test("gets it in version 3.1.1 too", async () => {
      const heard = await startSubscriber(folder, broker.port, "alerts/old");
      expect(await send({ port: broker.port, topic: "alerts/old", version: "3.1.1" })).toMatchObject({ kind: "sent" });
      expect(await next(heard)).toMatchObject({ topic: "alerts/old", qos: 1 });
    });
    test("that comes later gets it when it is retained", async () => {
      expect(await send({ port: broker.port, topic: "kept/a", retain: true })).toMatchObject({ kind: "sent" });
      expect(await next(await startSubscriber(folder, broker.port, "kept/#"))).toMatchObject({ topic: "kept/a", retain: 1 });
    });
    test("may be missing: said so, and sent all the same", async () => expect(await send({ port: broker.port, topic: "nobody/hears" })).toEqual({ kind: "sent", detail: `127.0.0.1 port ${broker.port} took nobody/hears at QoS 1: no matching subscribers` }));
  });

  describe("as Fletchck does", () => {
    const fletchck = (): object => ({ port: broker.port, topic: "sites/home", format: "fletchck" });
    const state = (): Promise<{ readonly verdict: string; readonly sentence: string }> => remote.run(remote.options.parse({ host: "127.0.0.1", port: broker.port, topic: "sites/home/shöp <1>" }), probeContext());
    test("no test and no digest stays on the broker", async () => {
      const heard = await startSubscriber(folder, broker.port, "passing/#");
      for (const kind of ["test", "digest"] as const) {
        expect(await send({ port: broker.port, topic: `passing/${kind}`, format: "fletchck" }, { kind, check: checkName("Example") })).toMatchObject({ kind: "sent" });
        expect(await next(heard, kind === "test" ? 0 : 1)).toMatchObject({ topic: `passing/${kind}/Example`, retain: 0 });
      }
      expect(await send({ port: broker.port, topic: "passing/kept", retain: true })).toMatchObject({ kind: "sent" });
      expect(await send({ port: broker.port, topic: "passing/kept", retain: true }, { kind: "test" })).toMatchObject({ kind: "sent" });
      const kept = await next(await startSubscriber(folder, broker.port, "passing/kept"));
      expect(JSON.parse(kept?.payload ?? "")).toMatchObject({ alerts: [{ kind: "down" }] });
      const later = await startSubscriber(folder, broker.port, "passing/+/Example");
      expect(await send({ port: broker.port, topic: "passing/end/Example" })).toMatchObject({ kind: "sent" });
      await next(later);
      expect(later().map(({ topic }) => topic)).toEqual(["passing/end/Example"]);
    });
    test("each check's state on a topic of its own, retained, at QoS 1", async () => {
      expect(await send(fletchck())).toMatchObject({ kind: "sent", detail: expect.stringContaining("took sites/home/shöp <1> at QoS 1") as string });
      const got = await next(await startSubscriber(folder, broker.port, "sites/home/+"));
      expect(got).toMatchObject({ topic: "sites/home/shöp <1>", qos: 1, retain: 1 });
      expect(JSON.parse(got?.payload ?? "")).toEqual({
        name: "shöp <1>",
        type: "https",
        data: { threshold: 1, failState: true, failCount: 1, log: ["HTTP 503"], softFail: null, lastCheck: "2026-11-20T03:00:00.000Z", lastFail: "2026-11-20T03:00:00.000Z", lastPass: null, level: null },
      });
    });
    test("with the failing runs in a row and the threshold", async () => {
      const heard = await startSubscriber(folder, broker.port, "sites/counted/#");
      await send({ ...fletchck(), topic: "sites/counted" }, { fails: { runs: 4, of: 3 } });
      expect(JSON.parse((await next(heard))?.payload ?? "")).toMatchObject({ data: { threshold: 3, failState: true, failCount: 4 } });
    });
    test("all on one topic, as checks with publish do", async () => {
      const heard = await startSubscriber(folder, broker.port, "sites/all");
      expect(await send({ ...fletchck(), topic: "sites/all", nameInTopic: false })).toMatchObject({ kind: "sent" });
      expect(JSON.parse((await next(heard))?.payload ?? "")).toMatchObject({ name: "shöp <1>" });
    });
    test("states are published, messages are news", () => expect([fletchck(), { topic: "news" }].map((options) => mqtt.publishes?.(mqtt.options.parse({ host: "127.0.0.1", ...options })))).toEqual([true, false]));
    test("a check of type remote reads failure and recovery", async () => {
      await send(fletchck());
      expect(await state()).toMatchObject({ verdict: "down", sentence: "shöp <1> fails there: HTTP 503" });
      await send(fletchck(), { kind: "recovered", status: "up" });
      expect(await state()).toMatchObject({ verdict: "up" });
      await send(fletchck());
      await send(fletchck(), { kind: "degraded", status: "degraded" });
      expect(await state()).toMatchObject({ verdict: "up" });
    });
    test("a name is one level of the topic", async () => {
      expect(await send(fletchck(), { check: "a/b+#c" as never })).toMatchObject({ kind: "sent", detail: expect.stringContaining("took sites/home/abc ") as string });
    });
  });

  describe("who may", () => {
    const login = (more: object = {}): object => ({ port: broker.lockedPort, user: "probe", password: "probepw", topic: "open/a", ...more });
    test("a login that is right", async () => expect(await send(login())).toMatchObject({ kind: "sent" }));
    test.each(["3.1.1", "5"])("a wrong password, none: refused, version %s", async (version) => {
      expect(await send(login({ version, password: "wrong" }))).toMatchObject({ kind: "refused", reason: expect.stringMatching(/^the broker refused the connection: not authorized/) as string });
      expect(await send({ port: broker.lockedPort, version, topic: "open/a" })).toMatchObject({ kind: "refused" });
    });
    test.each([1, 2])("a topic that one may not write to: refused, QoS %i", async (qos) => expect(await send(login({ topic: "closed/a", qos }))).toEqual({ kind: "refused", reason: "the broker refused the message to closed/a: not authorized (135)" }));
  });

  test("TLS, and a certificate that is not right: later", async () => {
    const tls = { ca: certificates.authority };
    expect(await send({ port: broker.tlsPort, tls, topic: "a" })).toMatchObject({ kind: "sent" });
    expect(await send({ port: broker.tlsPort, tls: true, topic: "a" })).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/certificate/) as string });
    expect(await send({ port: broker.expiredPort, tls, topic: "a" })).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/expired/) as string });
  });

  describe("a connection that breaks", () => {
    const MQTT_CONNECT = "MQTT";
    const at = async (mark: string, then: (wire: Wire) => void, qos: number, deadlineMs = 30_000): Promise<Sending> => {
      const relay = await startRelay(broker.port, (said, wire) => (said.includes(mark) ? (then(wire), "stop") : "pass"));
      return send({ port: relay.port, topic: "broken/topic", qos }, {}, deadlineMs);
    };
    const cut = ({ client }: Wire): void => void client.destroy();
    const hang = (): void => {};
    /** Lets the message through and cuts before the broker's answer comes. */
    const cutBehind = ({ client, server }: Wire): void => void (server.removeAllListeners("data"), server.on("data", () => client.destroy()));
    test("cut at the login: surely not sent", async () => expect(await at(MQTT_CONNECT, cut, 1)).toMatchObject({ kind: "retry", doubt: false }));
    test.each([0, 1, 2])("cut at the message, QoS %i: in doubt", async (qos) => expect(await at("broken/topic", cut, qos)).toMatchObject({ kind: "retry", doubt: true }));
    test("a hang at the login: surely not sent", async () => expect(await at(MQTT_CONNECT, hang, 1, 400)).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/in time$/) as string }));
    test.each([0, 1, 2])("a hang at the message, QoS %i: in doubt", async (qos) => expect(await at("broken/topic", hang, qos, 400)).toMatchObject({ kind: "retry", doubt: true, reason: expect.stringMatching(/in time$/) as string }));
    test("cut half-way through QoS 2: in doubt", async () => {
      const relay = await startRelay(broker.port, (said, wire) => (said.endsWith("b\u0002\0\u0001") ? (cutBehind(wire), "pass") : "pass"));
      expect(await send({ port: relay.port, topic: "half/way", qos: 2 })).toMatchObject({ kind: "retry", doubt: true });
    });
  });

  test("a broker that hangs from the first, and one that is gone: later", async () => {
    const own = await startMosquitto(temporaryFolder(), certificates.good, certificates.expired);
    own.signal("SIGSTOP");
    expect(await send({ port: own.port, topic: "a" }, {}, 400)).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/in time$/) as string });
    own.signal("SIGCONT");
    await own.stop();
    expect(await send({ port: own.port, topic: "a" })).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/refused the connection$/) as string });
  });
});

describe("what a broker says", () => {
  const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");
  /** Accepts the connection and answers the next thing that comes. */
  const f = async (answer: string, options: object = {}): Promise<Sending> => {
    const server = await rawServer((socket) => void socket.once("data", () => (socket.write(bytes("2003 000000")), socket.once("data", () => socket.end(bytes(answer))))));
    return send({ port: server.port, topic: "a", ...options });
  };
  test("no room: later, and surely not taken", async () => expect(await f("4003 0001 97")).toEqual({ kind: "retry", doubt: false, reason: "the broker refused the message to a: quota exceeded (151)" }));
  test("too large: refused", async () => expect(await f("e002 95 00")).toEqual({ kind: "refused", reason: "the broker refused the message to a: packet too large (149)" }));
  test("going down: in doubt", async () => expect(await f("e002 8b 00")).toEqual({ kind: "retry", doubt: true, reason: "the broker ended the connection: server shutting down (139)" }));
  test("another packet's answer is none", async () => expect(await f("4002 0002")).toMatchObject({ kind: "retry", doubt: true }));
  test("nonsense: in doubt", async () => expect(await f("4102 0001")).toMatchObject({ kind: "retry", doubt: true }));
  test("without end: bounded", async () => expect(await f("d000".repeat(200))).toMatchObject({ kind: "retry", doubt: true, reason: "more than 100 packets came from the broker" }));
  test("leaves no connection behind, whatever comes", async () => {
    for (const serve of [() => {}, (socket: Socket) => void socket.write(bytes("20020000")), (socket: Socket) => void socket.write(bytes("2003"))]) {
      const server = await rawServer(serve);
      expect(await send({ port: server.port, topic: "a" }, {}, 300)).toMatchObject({ kind: "retry" });
      await server.idle();
    }
  });
  test("nothing listens", async () => expect(await send({ port: await freePort(), topic: "a" })).toMatchObject({ kind: "retry", doubt: false }));
});

describe("options", () => {
  const f = (options: object): boolean => mqtt.options.safeParse({ host: "x", topic: "a/b", ...options }).success;
  test("host and topic are enough", () => expect(f({})).toBe(true));
  test("a topic with wildcards", () => expect([f({ topic: "a/#" }), f({ topic: "a/+" }), f({ topic: "" })]).toEqual([false, false, false]));
  test("a password without a user", () => expect(f({ password: "p" })).toBe(false));
  test("another QoS", () => expect(f({ qos: 3 })).toBe(false));
});
