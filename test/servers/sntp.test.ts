import { beforeAll, describe, expect, it } from "vitest";
import { sntp } from "../../src/probes/sntp.ts";
import { type Chrony, startChrony } from "./chrony.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { datagramLeaks } from "./leak.ts";
import { datagramServer } from "./raw.ts";

const ask = (options: object, context: ContextRequest = {}) => sntp.run(sntp.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};

describeWith(["chrony"], "sntp against chrony", () => {
  let good: Chrony;
  let unset: Chrony;
  beforeAll(async () => {
    const folder = temporaryFolder();
    good = await startChrony(folder, { name: "good", stratum: 5 });
    unset = await startChrony(folder, { name: "unset", stratum: null });
  });

  it("has the time of this machine", async () => {
    const outcome = await ask({ port: good.port });
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: expect.stringMatching(/^stratum 5, [\d.]+ ms (ahead of|behind) this machine$/) as string });
    expect(outcome.facts).toMatchObject({ synchronised: true, stratum: 5, leap: "none", reference: "127.127.1.1", version: 4, address: "127.0.0.1" });
    // the same clock on both sides: what is left is the way, and a wall clock of whole milliseconds
    expect(Number(outcome.facts["deviation"])).toBeLessThanOrEqual(Number(outcome.facts["delay"]) / 2 + 2);
    expect(outcome.evidence.map(({ label }) => label)).toEqual(["sent", "received", "answer"]);
    expect(Object.keys(outcome.phases)).toEqual(["answer"]);
  });

  it("answers by name and over IPv6", async () => {
    expect((await ask({ port: good.port, host: "::1" })).facts["address"]).toBe("::1");
    expect((await ask({ port: good.port, host: "localhost", family: 4 })).facts["address"]).toBe("127.0.0.1");
    expect(await line({ port: good.port, source: "127.0.0.9" })).toMatch(/^up ok/);
  });

  it("tells a clock that is not set", async () => {
    const outcome = await ask({ port: unset.port });
    expect(outcome).toMatchObject({ verdict: "down", code: "status", sentence: "the server's own clock is not set (leap unknown, stratum 0)", facts: { synchronised: false, leap: "unknown" } });
    expect(outcome.facts).not.toHaveProperty("kiss");
    expect((await ask({ port: unset.port }, { wants: ["synchronised"] })).verdict).toBe("up");
  });

  it("sees it hang, and go", async () => {
    good.signal("SIGSTOP");
    expect(await line({ port: good.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${good.port} did not answer in time`);
    await good.stop();
    expect(await line({ port: good.port })).toBe(`down refused 127.0.0.1 port ${good.port} refused the connection`);
  });
});

const OFFSET_1900_S = 2_208_988_800;

/** A server's answer whose clock is off by `offMs`. */
function answerTo(question: Buffer, { head = 0x24, stratum = 2, reference = "c0000201", offMs = 0, dispersionS = 0, transmit = true } = {}): Buffer {
  const packet = Buffer.alloc(48);
  packet.set([head, stratum, 6, 0xe8]);
  packet.writeUInt32BE(dispersionS * 65_536, 8);
  packet.set(Buffer.from(reference, "hex"), 12);
  packet.set(question.subarray(40), 24);
  const ms = Date.now() + offMs;
  for (const at of transmit ? [16, 32, 40] : [16, 32]) {
    packet.writeUInt32BE((Math.floor(ms / 1000) + OFFSET_1900_S) % 2 ** 32, at);
    packet.writeUInt32BE(Math.floor(((ms % 1000) / 1000) * 2 ** 32), at + 4);
  }
  return packet;
}

describe("sntp against faults", () => {
  const against = async (answers: (question: Buffer) => readonly Uint8Array[], context: ContextRequest = {}): Promise<string> => {
    const port = await datagramServer(answers);
    return (await line({ port }, context)).replaceAll(String(port), "P");
  };

  it("measures a clock that is ahead or behind, across the turn of the era too", async () => {
    for (const offMs of [90_000, -90_000, 20 * 365 * 86_400_000]) {
      const port = await datagramServer((question) => [answerTo(question, { offMs })]);
      const { facts, sentence } = await ask({ port });
      expect(Math.round(Number(facts["offset"]) / 30_000)).toBe(offMs / 30_000);
      expect(facts["deviation"]).toBe(Math.abs(Number(facts["offset"])));
      expect(sentence).toMatch(offMs < 0 ? /ms behind this machine$/ : /ms ahead of this machine$/);
    }
  });

  it("takes a leap second that is announced for well", async () => {
    const port = await datagramServer((question) => [answerTo(question, { head: 0x64, stratum: 1, reference: "47505300" })]);
    expect((await ask({ port })).facts).toMatchObject({ leap: "insert", reference: "GPS", synchronised: true });
  });

  it("tells a kiss of death from a clock that is not set", async () => {
    expect(await against((question) => [answerTo(question, { head: 0xe4, stratum: 0, reference: "52415445" })])).toBe("down status the server sends us away with RATE (asked too often)");
    expect(await against((question) => [answerTo(question, { head: 0xe4, stratum: 0, reference: "58595a51" })])).toBe("down status the server sends us away with XYZQ");
    expect(await against((question) => [answerTo(question, { stratum: 16 })])).toBe("down status the server's own clock is not set (leap none, stratum 16)");
    expect(await against((question) => [answerTo(question, { head: 0xe4 })])).toBe("down status the server's own clock is not set (leap unknown, stratum 2)");
    expect(await against((question) => [answerTo(question, { dispersionS: 2 })])).toMatch(/^down status the server's time may be wrong by 200[\d.]+ ms, more than the 1500 ms that clients accept$/);
  });

  it("passes over what is no answer to its question, and tells it when nothing else comes", async () => {
    const late = { deadlineMs: 300 };
    expect(await against((question) => [Buffer.from("noise"), question, answerTo(Buffer.alloc(48)), answerTo(question)])).toMatch(/^up ok stratum 2/);
    expect(await against(() => [Buffer.from("noise")], late)).toBe("down protocol 127.0.0.1 port P sent 5 octets, which are no NTP packet");
    expect(await against((question) => [question], late)).toBe("down protocol 127.0.0.1 port P sent an NTP packet that is no server's (mode 3)");
    expect(await against(() => [answerTo(Buffer.alloc(48))], late)).toBe("down protocol 127.0.0.1 port P sent an answer to another question");
    expect(await against((question) => [answerTo(question, { transmit: false })], late)).toBe("down protocol 127.0.0.1 port P sent an answer without the time");
    expect(await against((question) => [answerTo(question).subarray(0, 47)], late)).toBe("down protocol 127.0.0.1 port P sent 47 octets, which are no NTP packet");
  });

  it("asks again, with other octets, when a datagram was lost", async () => {
    const seen = new Set<string>();
    expect(await against((question) => (seen.add(question.toString("hex")).size === 1 ? [] : [answerTo(question)]))).toMatch(/^up ok stratum 2/);
    expect(seen.size).toBe(2);
  });

  it("leaves nothing behind", async () => {
    expect(await datagramLeaks((port, context) => line({ port }, context))).toEqual({ left: 0, said: [expect.stringMatching(/^down timeout /)] });
  });
});
