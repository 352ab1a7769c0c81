import { describe, expect, test } from "vitest";
import { LifeClock, VirtualTime } from "../../test/sim/clock.ts";
import { type Connmonitor, parseConnmonitor } from "../import/connmonitor.ts";
import type { Address, Clock, Network, PingAnswer, PingRequest, Pinger, TraceAnswer, TraceRequest } from "../sys/ports.ts";
import { Gauge, cannotPing } from "./gauge.ts";
import { monitor, needsPinger } from "./monitor.ts";
import { measureOnce } from "./once.ts";
import { voiceOf } from "./voice.ts";

process.env["TZ"] = "UTC";
const T0 = Date.UTC(2018, 0, 1, 12);
/** So long each answer takes. */
const TAKES_MS = 40;
const ADDRESSES: { readonly [name: string]: readonly string[] } = { a: ["10.0.0.1"], b: ["10.0.0.2"], both: ["2001:db8::1", "10.0.0.3"], six: ["2001:db8::6"], "10.0.0.9": ["10.0.0.9"] };

/** What is seen of each address, from one measurement to the next; the last one again and again. */
interface Script {
  /** A letter an echo, `*` for a lost one; or why it failed. */
  readonly pings?: { readonly [ip: string]: readonly string[] };
  /** A letter a hop, `*` for a lost one. */
  readonly traces?: { readonly [ip: string]: readonly string[] };
}

class Stage {
  readonly time = new VirtualTime(T0);
  readonly clock: Clock = new LifeClock(this.time);
  readonly stop = new AbortController();
  readonly asked: (PingRequest | TraceRequest)[] = [];
  out = "";
  err = "";
  readonly gauge: Gauge;
  readonly voice = voiceOf({ out: (text) => void (this.out += text), err: (text) => void (this.err += text), colours: false, now: () => this.clock.now() });
  readonly world: ConstructorParameters<typeof Gauge>[0];
  readonly #turns = new Map<string, number>();

  constructor({ pings = {}, traces = {} }: Script) {
    const pinger: Pinger = {
      ping: (request) => this.#answer(request, `ping ${request.ip}`, pings[request.ip] ?? ["..."], pingAnswer),
      trace: (request) => this.#answer(request, `trace ${request.ip}`, traces[request.ip] ?? ["x"], traceAnswer),
    };
    const network: Network = {
      resolve: async (host, wanted) => {
        const found = (ADDRESSES[host] ?? []).map((ip): Address => ({ ip, family: ip.includes(":") ? 6 : 4 })).filter(({ family }) => wanted === null || family === wanted);
        return found.length === 0 ? { kind: "failed", failure: { code: "unresolvable", sentence: `the name ${host} does not exist` } } : { kind: "resolved", addresses: found };
      },
      connect: async () => ({ kind: "failed", failure: { code: "refused", sentence: "it refused the connection" } }),
      datagram: async () => ({ kind: "failed", failure: { code: "refused", sentence: "it refused the connection" } }),
    };
    this.world = { clock: this.clock, network, pinger, signal: new AbortController().signal };
    this.gauge = new Gauge(this.world, this.voice);
  }

  #answer<Answer>(request: PingRequest | TraceRequest, key: string, script: readonly string[], of: (text: string) => Answer): Promise<Answer> {
    this.asked.push(request);
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, turn + 1);
    return new Promise((resolve) => this.clock.timer(TAKES_MS, () => resolve(of(script[Math.min(turn, script.length - 1)] ?? ""))));
  }

  /** Virtual time passes; what was begun before it goes as far as it can first. */
  async pass(until: number): Promise<void> {
    this.time.at(0, () => undefined);
    await this.time.runUntil(0);
    await this.time.runUntil(until);
  }

  /** Monitors for so long, then stops; with what was printed by then and after. */
  async run(text: string, ms: number): Promise<{ readonly out: string; readonly err: string; readonly after: string }> {
    const parsed = parseConnmonitor(text, "f");
    if (parsed.kind === "wrong") throw new Error(JSON.stringify(parsed.problems));
    const done = monitor(parsed.input, { gauge: this.gauge, voice: this.voice, clock: this.clock, stop: this.stop.signal });
    await this.pass(ms);
    const { out, err } = this;
    this.stop.abort();
    await this.pass(ms + 60_000);
    await done;
    return { out, err, after: this.out.slice(out.length) };
  }
}

function pingAnswer(text: string): PingAnswer {
  if (text.startsWith("!")) return { kind: "failed", failure: { code: text === "!unreachable" ? "unreachable" : "permission", sentence: "it does not go" } };
  return { kind: "pinged", echoes: text.split("").map((sign) => (sign === "*" ? null : { rttMs: 2, ttl: 64 })), late: 0, duplicates: 0, reports: [], by: "test" };
}

function traceAnswer(text: string): TraceAnswer {
  if (text.startsWith("!")) return { kind: "failed", failure: { code: "unreachable", sentence: "it does not go" } };
  return { kind: "traced", hops: text.split("").map((ip, index) => ({ ttl: index + 1, answers: [ip === "*" ? null : { ip, rttMs: 1, report: null }] })), reached: !text.endsWith("*"), mtu: null };
}

describe("the old format", () => {
  test("all of a host together, in the order of the file, again after a rest", async () => {
    const stage = new Stage({ pings: { "10.0.0.1": ["..", "*."] } });
    const { out, err } = await stage.run("1 1 1 2 20 9 0 100\nb\na", 3 * (TAKES_MS + 100) - 1);
    const b = (trace: string) => `b (10.0.0.2)\n2.000\t2.000\t2.000\t0.000\t0.000\n${trace}None\tNone\tNone\n`;
    const a = (loss: string, trace: string) => `a (10.0.0.1)\n2.000\t2.000\t2.000\t0.000\t${loss}\n${trace}None\tNone\tNone\n`;
    expect(out).toBe(`${b("x\t1.000\n")}${a("0.000", "x\t1.000\n")}${b("")}${a("50.000", "")}${b("")}${a("50.000", "")}`);
    expect(err).toBe("");
    expect(stage.asked.slice(0, 2)).toMatchObject([{ ip: "10.0.0.2", count: 2, size: 20 }, { ip: "10.0.0.2", method: "icmp", hops: 9 }]);
  });
  test("JSON, one statistic or none", async () => {
    expect((await new Stage({}).run("1 0 0 1 41 30 1 500\na", 100)).out).toBe('{"addr":"10.0.0.1","name":"a","ping":{"min": 2.0, "avg": 2.0, "max": 2.0, "std": 0.0, "loss": 0.0}}\n');
    expect((await new Stage({}).run("0 0 1 1 41 30 1 500\na", 100)).out).toBe('{"addr":"10.0.0.1","name":"a","scan":{"http": "None", "https": "None", "mysql": "None"}}\n');
    expect((await new Stage({}).run("1 1 0 0 41 0 0 500\na", 600)).out).toBe("a (10.0.0.1)\na (10.0.0.1)\n");
  });
  test("a route is printed when it changes", async () => {
    const { out } = await new Stage({ traces: { "10.0.0.1": ["px", "*x", "qx", "q*"] } }).run("0 1 0 10 41 3 0 0\na", 4 * (TAKES_MS + 1));
    expect(out.replaceAll("a (10.0.0.1)\n", "-\n")).toBe("-\np\t1.000\nx\t1.000\n-\n-\nq\t1.000\nx\t1.000\n-\n");
  });
  test("what is under way at the end is finished and printed", async () => {
    const { out, after } = await new Stage({}).run("1 0 0 1 41 30 0 500\na", TAKES_MS / 2);
    expect({ out, after }).toEqual({ out: "", after: "a (10.0.0.1)\n2.000\t2.000\t2.000\t0.000\t0.000\n" });
  });
  test("IPv4 where there is a choice; a host without an address is told of once and left out", async () => {
    const { out, err } = await new Stage({}).run("1 0 0 1 41 30 0 60\nboth\nnowhere\n10.0.0.9\nsix", 2 * 100 - 1);
    const said = "both (10.0.0.3)\n2.000\t2.000\t2.000\t0.000\t0.000\n10.0.0.9\n2.000\t2.000\t2.000\t0.000\t0.000\nsix (2001:db8::6)\n2.000\t2.000\t2.000\t0.000\t0.000\n";
    expect(out).toBe(said + said);
    expect(err).toBe("EE: gaierror: nowhere cannot be tested: the name nowhere does not exist - Mon Jan  1 12:00:00 2018\n");
  });
});

describe("the new format", () => {
  const HEAD = "a 10.0.0.1\nMon Jan  1 12:00:00 2018\n";
  const PING = "2.000\t2.000\t2.000\t0.000\t0.000\n";
  test("each statistic by itself, at its own pace", async () => {
    const { out } = await new Stage({}).run("a ping=160 trace=100 scan=460\nb ping=0 scan=800 json=1 timestamp=0", 500);
    // Scans of closed ports take no time here, pings and traces TAKES_MS.
    expect(out).toBe(`${HEAD}None\tNone\tNone\n{"addr":"10.0.0.2","name":"b","scan":{"http": "None", "https": "None", "mysql": "None"}}\n${HEAD}${PING}${HEAD}x\t1.000\n${HEAD}${PING}${HEAD}${PING}${HEAD}None\tNone\tNone\n`);
  });
  test("JSON with the time", async () => {
    expect((await new Stage({}).run("a trace=9 ping=0 json=True", 45)).out).toBe('{"addr":"10.0.0.1","name":"a","timestamp":1514808000040.0,"trace":[["x", 1.0]]}\n');
  });
  test("no time, no address twice, nothing for nothing", async () => {
    expect((await new Stage({}).run("10.0.0.9 timestamp=0 ping=1000\na numpings=0 trace=5 hops=0", 500)).out).toBe(`10.0.0.9\n${PING}`);
  });
  test("waits for the end when nothing is asked for", async () => expect(await new Stage({}).run("a ping=0", 500)).toEqual({ out: "", err: "", after: "" }));
});

describe("troubles", () => {
  const at = (text: string) => `${text} - Mon Jan  1 12:00:00 2018\n`;
  test("all lost, and why, once", async () => {
    const { out, err } = await new Stage({ pings: { "10.0.0.1": ["!unreachable"] }, traces: { "10.0.0.1": ["!unreachable"] } }).run("1 1 0 2 41 2 0 60\na", 199);
    expect(out).toBe("a (10.0.0.1)\n-1.000\t-1.000\t-1.000\t-1.000\t100.000\n*\n*\na (10.0.0.1)\n-1.000\t-1.000\t-1.000\t-1.000\t100.000\n");
    expect(err).toBe(at("WW: a cannot be pinged: it does not go") + at("WW: the route to a cannot be traced: it does not go"));
  });
  test("what this place cannot do is no loss; it is told again when it was well in between", async () => {
    const { out, err } = await new Stage({ pings: { "10.0.0.1": ["!permission", "!permission", ".", "!permission"] } }).run("1 0 0 1 41 2 0 60\na", 399);
    expect(out).toBe("a (10.0.0.1)\na (10.0.0.1)\na (10.0.0.1)\n2.000\t2.000\t2.000\t0.000\t0.000\na (10.0.0.1)\n");
    expect(err).toBe(at("EE: PermissionError: a cannot be pinged: it does not go").repeat(2));
  });
  test("whether anything can be pinged from here at all", async () => {
    const told = async (answer: string) => {
      const stage = new Stage({ pings: { "127.0.0.1": [answer] } });
      const asked = cannotPing(stage.world);
      await stage.pass(1000);
      return (await asked)?.code ?? null;
    };
    expect(await told("!permission")).toBe("permission");
    expect(await told("!unreachable")).toBe(null);
    expect(await told("*")).toBe(null);
  });
  test("who needs it", () => {
    const f = (text: string, expected: boolean) => {
      const parsed = parseConnmonitor(text, "f");
      expect(needsPinger((parsed as { readonly input: Connmonitor }).input)).toBe(expected);
    };
    f("1 0 0 1 41 30 0 5\na", true);
    f("0 1 0 1 41 30 0 5\na", true);
    f("1 1 1 0 41 0 0 5\na", false);
    f("a", true);
    f("a ping=0 scan=5", false);
    f("a ping=0\nb ping=0 trace=1", true);
  });
});

describe("once", () => {
  const once = async (hosts: readonly string[], json: boolean, script: Script = {}) => {
    const stage = new Stage(script);
    const done = measureOnce(hosts, { pings: 1, payload: 41, hops: 2, scan: false, json }, stage.gauge, stage.voice);
    await stage.pass(1000);
    return { whole: await done, out: stage.out };
  };
  test("in the order of the arguments, each as often as it is named", async () => {
    const a = "a (10.0.0.1)\n2.000\t2.000\t2.000\t0.000\t0.000\nx\t1.000\n";
    expect(await once(["a", "10.0.0.9", "a"], false)).toEqual({ whole: true, out: `${a}10.0.0.9\n2.000\t2.000\t2.000\t0.000\t0.000\nx\t1.000\n${a}` });
  });
  test("says when something could not be measured", async () => {
    expect(await once(["nowhere", "a"], true)).toEqual({ whole: false, out: '{"addr":"10.0.0.1","name":"a","ping":{"min": 2.0, "avg": 2.0, "max": 2.0, "std": 0.0, "loss": 0.0},"trace":[["x", 1.0]]}\n' });
    expect(await once(["a"], true, { pings: { "10.0.0.1": ["!permission"] } })).toMatchObject({ whole: false });
    expect(await once(["a"], true, { pings: { "10.0.0.1": ["!unreachable"] } })).toMatchObject({ whole: true });
  });
});
