import { describe, expect, it } from "vitest";
import { LifeClock, VirtualTime } from "../../test/sim/clock.ts";
import type { Address, DatagramSocket, Failure, Network } from "../sys/ports.ts";
import { type Transaction, askDatagram } from "./datagrams.ts";

type Arrival = Awaited<ReturnType<DatagramSocket["receive"]>>;
/** What an address answers to the n-th datagram that it gets, 10 ms later. */
type Behaviour = (bytes: string, count: number) => string | Failure | null;

/** Asks `host` on a virtual clock, by the hosts' behaviours; tells when and what each address was sent. */
async function asked(hosts: { readonly [ip: string]: Behaviour }, deadlineMs = 5000, transaction?: Transaction) {
  const time = new VirtualTime(0);
  const controller = new AbortController();
  time.at(deadlineMs, () => controller.abort());
  const sent: string[] = [];
  let open = 0;
  const opened = (ip: string): DatagramSocket => {
    let wake: ((arrival: Arrival) => void) | null = null;
    open++;
    return {
      local: { ip: "192.0.2.99", port: 40_000 + sent.length },
      send: (bytes) => {
        const text = Buffer.from(bytes).toString();
        sent.push(`${text} to ${ip} at ${time.monotonic}`);
        const said = hosts[ip]?.(text, sent.filter((line) => line.includes(` ${ip} `)).length) ?? null;
        if (said === null) return;
        time.at(time.monotonic + 10, () => wake?.(typeof said === "string" ? { kind: "received", bytes: Buffer.from(said) } : { kind: "failed", failure: said }));
      },
      receive: (signal) =>
        new Promise((resolve) => {
          wake = resolve;
          const late = (): void => resolve({ kind: "failed", failure: { code: "timeout", sentence: `${ip} late` } });
          if (signal.aborted) late();
          signal.addEventListener("abort", late);
        }),
      close: () => void open--,
    };
  };
  const network: Network = {
    resolve: async () => ({ kind: "resolved", addresses: Object.keys(hosts).map((ip): Address => ({ ip, family: 4 })) }),
    connect: async () => ({ kind: "failed", failure: refused }),
    datagram: async (ip) => ({ kind: "opened", socket: opened(ip) }),
  };
  const asking = askDatagram(
    {
      host: "a.test",
      port: 53,
      family: "any",
      source: null,
      tryMs: 1000,
      ...(transaction === undefined ? {} : { transaction }),
      packet: (tries, local) => Buffer.from(transaction === undefined ? `q${tries}` : `q${tries} from ${local.port}`),
      read: (bytes) => {
        const text = Buffer.from(bytes).toString();
        if (text === "soon") return { kind: "underWay" };
        return text === "noise" ? { kind: "ignored" } : text.startsWith("re") ? { kind: "answer", value: text } : { kind: "wrong", reason: text };
      },
    },
    { signal: controller.signal, clock: new LifeClock(time), network },
  );
  // The first datagram goes out before any time passes.
  await new Promise((resolve) => setImmediate(resolve));
  await time.runUntil(20_000);
  const reply = await asking;
  expect(open).toBe(0);
  return { reply, sent };
}

const refused: Failure = { code: "refused", sentence: "refused" };

describe("a question by datagram", () => {
  it("is answered, and what is not for us is passed over", async () => {
    expect(await asked({ "192.0.2.1": (text) => `re ${text}` })).toMatchObject({ reply: { kind: "answered", value: "re q0", tries: 1, phases: { answer: 10 } }, sent: ["q0 to 192.0.2.1 at 0"] });
    expect((await asked({ "192.0.2.1": () => "noise" }, 900)).reply).toMatchObject({ kind: "failed", failure: { code: "timeout" } });
  });
  it("is asked anew when it or the answer is lost, at the next address", async () => {
    const { reply, sent } = await asked({ "192.0.2.1": () => null, "192.0.2.2": (text, count) => (count === 2 ? `re ${text}` : null) });
    expect(sent).toEqual(["q0 to 192.0.2.1 at 0", "q1 to 192.0.2.2 at 1000", "q2 to 192.0.2.1 at 2000", "q3 to 192.0.2.2 at 3000"]);
    expect(reply).toMatchObject({ kind: "answered", value: "re q3", tries: 4, address: { ip: "192.0.2.2" } });
  });
  it("is not asked again where it was refused", async () => {
    expect(await asked({ "192.0.2.1": () => refused })).toMatchObject({ reply: { kind: "failed", failure: refused, tries: 1 } });
    expect((await asked({ "192.0.2.1": () => refused, "192.0.2.2": () => "re" })).sent).toEqual(["q0 to 192.0.2.1 at 0", "q1 to 192.0.2.2 at 10"]);
  });
  it("tells what was wrong with what came instead", async () => {
    expect((await asked({ "192.0.2.1": () => "nonsense" }, 2500)).reply).toMatchObject({ failure: { code: "protocol", sentence: "192.0.2.1 port 53 sent nonsense" }, tries: 3 });
  });
  it("ends at the deadline", async () => {
    expect((await asked({ "192.0.2.1": () => null }, 2500)).reply).toMatchObject({ failure: { code: "timeout", sentence: "192.0.2.1 late" }, tries: 3 });
    expect((await asked({}, 2500)).reply).toMatchObject({ failure: { code: "unresolvable" }, tries: 0 });
  });
});

describe("a transaction by datagram", () => {
  const transaction: Transaction = { repeatMs: (sent, underWay) => (underWay ? 4000 : 500 * 2 ** (sent - 1)), lengthMs: 30_000 };
  const first = "q0 from 40000 to 192.0.2.1 at";
  it("goes out again unchanged, and takes a late answer", async () => {
    const { reply, sent } = await asked({ "192.0.2.1": (_, count) => (count === 3 ? "re" : null) }, 20_000, transaction);
    expect(sent).toEqual([`${first} 0`, `${first} 500`, `${first} 1500`]);
    expect(reply).toMatchObject({ kind: "answered", value: "re", tries: 1, phases: { answer: 1510 } });
  });
  it("is repeated seldom once the answer is under way, and waits for it at one address", async () => {
    const { reply, sent } = await asked({ "192.0.2.1": (_, count) => (count === 1 ? "soon" : count === 3 ? "re" : null), "192.0.2.2": () => "re" }, 20_000, transaction);
    expect(sent).toEqual([`${first} 0`, `${first} 4010`, `${first} 8010`]);
    expect(reply).toMatchObject({ kind: "answered", value: "re", address: { ip: "192.0.2.1" } });
  });
  it("begins anew at the next address", async () => {
    const { sent } = await asked({ "192.0.2.1": () => null, "192.0.2.2": () => "re" }, 20_000, transaction);
    expect(sent).toEqual([`${first} 0`, `${first} 500`, "q1 from 40002 to 192.0.2.2 at 1000"]);
  });
  it("ends at the deadline", async () => {
    const { reply, sent } = await asked({ "192.0.2.1": () => "noise" }, 3000, transaction);
    expect(sent).toHaveLength(3);
    expect(reply).toMatchObject({ failure: { code: "timeout" } });
  });
});
