import { createSocket } from "node:dgram";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { rawServer } from "../../test/servers/raw.ts";
import { freePort } from "../../test/servers/ground.ts";
import { millis } from "../core/types.ts";
import { realClock } from "./clock.ts";
import { listenDatagram, openDatagram } from "./datagram.ts";
import { failureOf } from "./failures.ts";
import { lineLog } from "./log.ts";
import { parseResolverConfiguration, parseServer, watchedFile } from "./nameservice.ts";
import { realPatterns, TEXT_MAX } from "./patterns.ts";
import { connectTcp } from "./tcp.ts";

const never = (): AbortSignal => new AbortController().signal;

describe("clock", () => {
  it("does not fire a timer of a year at once, as the system's would", async () => {
    let fired = false;
    const timer = realClock().timer(365 * 86_400_000, () => (fired = true));
    await new Promise<void>((resolve) => realClock().timer(5, resolve));
    timer.cancel();
    expect(fired).toBe(false);
  });
  it("never steps back", () => {
    const clock = realClock();
    const first = clock.monotonic();
    expect(clock.monotonic()).toBeGreaterThanOrEqual(first);
  });
});

describe("log", () => {
  const written = (terminal: boolean, level: "debug" | "info" = "info"): string[] => {
    const lines: string[] = [];
    const log = lineLog({ level, terminal, write: (line) => lines.push(line), mask: (text) => text.replaceAll("hunter2", "***") });
    log.debug("nobody needs this");
    log.warn("channel broken", { channel: "ops", password: "hunter2", reason: "no route" });
    return lines;
  };
  it("writes JSON for machines, without secrets", () => {
    const lines = written(false);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "warn", text: "channel broken", channel: "ops", password: "***" });
  });
  it("writes one readable line on a terminal", () => {
    expect(written(true)).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d warn {2}channel broken {2}channel=ops password=\*\*\* reason="no route"\n$/)]);
    expect(written(true, "debug")).toHaveLength(2);
  });
});

describe("patterns", () => {
  const patterns = realPatterns();
  const match = (source: string, flags: string, text: string) => patterns.match({ source, flags }, text);
  it("give the match with its groups", () => {
    expect(match("(\\d+)-(x)?", "", "a 42-b")).toEqual(["42-", "42", ""]);
    expect(match("WELCOME", "i", "you are Welcome")).toEqual(["Welcome"]);
    expect(match("^b$", "m", "a\nb\nc")).toEqual(["b"]);
    expect(match("nothing", "", "here")).toBeNull();
  });
  it("carry no position from one text to the next", () => {
    const pattern = { source: "a", flags: "g" };
    expect([patterns.match(pattern, "a"), patterns.match(pattern, "a"), patterns.match(pattern, "a")]).toEqual([["a"], ["a"], ["a"]]);
  });
  it("end, however they are made", () => {
    const evil = `${"a".repeat(40)}b`;
    expect(match("^(a+)+$", "", evil)).toBeNull();
    expect(match("^(a+)+$", "i", evil)).toBe("slow");
    expect(match("^(a+)+\\1$", "", evil)).toBe("slow");
    expect(match("(a{1,500}){1,50}c", "", "a".repeat(TEXT_MAX))).toBe("slow");
  });
  it("work as before after one was slow", () => {
    expect(match("^(a|a)+$", "i", `${"a".repeat(40)}b`)).toBe("slow");
    expect(match("(?<=a)b\\b", "i", "AB")).toEqual(["B"]);
  });
  it("search a list of texts within one time limit, however many there are", () => {
    const found = (source: string, flags: string, texts: readonly string[]) => patterns.matchesAny({ source, flags }, texts);
    expect(found("b", "i", ["a", "B"])).toBe(true);
    expect(found("b", "", ["a", "B"])).toBe(false);
    expect(found("b", "", [])).toBe(false);
    // Each quick, all together not.
    const hard = `${"a".repeat(16)}b`;
    expect(found("^(a+)+$", "i", [hard])).toBe(false);
    expect(found("^(a+)+$", "i", Array<string>(10_000).fill(hard))).toBe("slow");
    expect(found("error", "i", [...Array<string>(5000).fill(""), "Error"])).toBe(true);
    expect(found("error", "i", Array<string>(5000).fill(""))).toBe(false);
  });
  it("see no more than a mebibyte of a list", () => {
    const found = (last: number) => patterns.matchesAny({ source: "end", flags: "" }, ["x".repeat(last), "end"]);
    expect([found(TEXT_MAX - 4), found(TEXT_MAX - 3), found(TEXT_MAX)]).toEqual([true, false, false]);
  });
  it("see no more than a mebibyte", () => {
    expect(match("end", "", `${"x".repeat(TEXT_MAX)}end`)).toBeNull();
    expect(match("end", "", `${"x".repeat(TEXT_MAX - 3)}end`)).toEqual(["end"]);
  });
});

describe("failures", () => {
  const code = (errno: string) => failureOf(Object.assign(new Error("x"), { code: errno }), "peer").code;
  it("say what the system's words mean", () => {
    expect(code("ECONNREFUSED")).toBe("refused");
    expect(code("EHOSTUNREACH")).toBe("unreachable");
    expect(code("EMFILE")).toBe("resources");
    expect(code("EWHATEVER")).toBe("protocol");
  });
  it("unwrap what is wrapped", () => {
    expect(failureOf(new AggregateError([Object.assign(new Error("x"), { code: "ECONNRESET" })]), "peer")).toEqual({ code: "reset", sentence: "peer reset the connection" });
    expect(failureOf(undefined, "peer").sentence).toBe("peer: unknown error");
  });
});

describe("tcp", () => {
  const connect = (port: number, signal = never(), ip = "127.0.0.1", source: string | null = null) => connectTcp({ ip, port, source, signal });
  it("connects, from the address asked for", async () => {
    const peers: string[] = [];
    const server = await rawServer((socket) => peers.push(socket.remoteAddress ?? ""));
    const connection = await connect(server.port, never(), "127.0.0.1", "127.0.0.5");
    if (connection.kind === "connected") connection.socket.destroy();
    await expect.poll(() => peers).toEqual(["127.0.0.5"]);
    await server.idle();
  });
  it("has refusals and aborts as values", async () => {
    const port = await freePort();
    expect(await connect(port)).toMatchObject({ kind: "failed", failure: { code: "refused" } });
    expect(await connect(port, AbortSignal.abort())).toMatchObject({ failure: { code: "timeout" } });
    const controller = new AbortController();
    const connecting = connect(9, controller.signal, "127.0.0.1");
    controller.abort();
    expect(await connecting).toMatchObject({ failure: { code: "timeout" } });
  });
  it("leaves no connection behind when it was called off while connecting", async () => {
    const server = await rawServer(() => {});
    const controller = new AbortController();
    const connecting = connect(server.port, controller.signal);
    controller.abort();
    expect(await connecting).toMatchObject({ failure: { code: "timeout" } });
    // A later connection is accepted after the earlier one, if that came to be.
    const later = await connect(server.port);
    if (later.kind === "connected") later.socket.destroy();
    await expect.poll(() => server.accepted()).toBeGreaterThan(0);
    await server.idle();
  });
  it("outlives a reset that nobody waits for", async () => {
    const server = await rawServer((socket) => socket.resetAndDestroy());
    const connection = await connect(server.port);
    if (connection.kind === "failed") {
      expect(connection.failure.code).toBe("reset");
      return;
    }
    await new Promise((resolve) => connection.socket.once("close", resolve));
    expect(connection.socket.destroyed).toBe(true);
  });
});

describe("datagrams", () => {
  const open = async (port: number, source: string | null = null) => {
    const opened = await openDatagram("127.0.0.1", port, source);
    if (opened.kind === "failed") throw new Error(opened.failure.sentence);
    return opened.socket;
  };
  it("come from the peer alone", async () => {
    const server = createSocket("udp4");
    const stranger = createSocket("udp4");
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    const socket = await open(server.address().port, "127.0.0.5");
    const arrived = new Promise<void>((resolve) => {
      server.once("message", (bytes, peer) => {
        expect(peer.address).toBe("127.0.0.5");
        stranger.send("forged", peer.port, peer.address, () => server.send(Buffer.concat([bytes, Buffer.from("!")]), peer.port, peer.address, () => resolve()));
      });
    });
    socket.send(Buffer.from("ping"));
    await arrived;
    expect(await socket.receive(never())).toMatchObject({ kind: "received", bytes: Buffer.from("ping!") });
    socket.close();
    socket.close();
    server.close();
    stranger.close();
  });
  it("have refusals, aborts and closing as values", async () => {
    const socket = await open(await freePort());
    expect(await socket.receive(AbortSignal.abort())).toMatchObject({ failure: { code: "timeout" } });
    const controller = new AbortController();
    const waiting = socket.receive(controller.signal);
    controller.abort();
    expect(await waiting).toMatchObject({ failure: { code: "timeout" } });
    socket.send(Buffer.from("x"));
    expect(await socket.receive(never())).toMatchObject({ failure: { code: "refused" } });
    const last = socket.receive(never());
    socket.close();
    expect(await last).toMatchObject({ failure: { code: "closed" } });
    expect(await openDatagram("127.0.0.1", 9, "192.0.2.77")).toMatchObject({ failure: { code: "resources" } });
  });
  it("come from a port of one's own choosing", async () => {
    const server = createSocket("udp4");
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    const own = await freePort();
    const heard = new Promise<number>((resolve) => server.once("message", (_, peer) => resolve(peer.port)));
    const opened = await openDatagram("127.0.0.1", server.address().port, "127.0.0.1", own);
    if (opened.kind === "failed") throw new Error(opened.failure.sentence);
    opened.socket.send(Buffer.from("x"));
    expect(await heard).toBe(own);
    expect(await openDatagram("127.0.0.1", 9, "127.0.0.1", server.address().port)).toEqual({ kind: "failed", failure: { code: "resources", sentence: `port ${server.address().port} of this machine is in use by a program that does not share it` } });
    opened.socket.close();
    server.close();
  });
  it("are heard from one sender of a group", async () => {
    const port = await freePort();
    const listened = await listenDatagram({ from: "127.0.0.7", group: "224.0.0.9", port, source: "127.0.0.1" });
    if (listened.kind === "failed") throw new Error(listened.failure.sentence);
    const senders = ["127.0.0.8", "127.0.0.7"].map((address) => ({ address, socket: createSocket("udp4") }));
    for (const { address, socket } of senders) {
      await new Promise<void>((resolve) => socket.bind(0, address, resolve));
      socket.setMulticastInterface("127.0.0.1");
      await new Promise<void>((resolve) => socket.send(`from ${address}`, port, "224.0.0.9", () => resolve()));
    }
    expect(await listened.socket.receive(never())).toMatchObject({ kind: "received", bytes: Buffer.from("from 127.0.0.7") });
    listened.socket.close();
    for (const { socket } of senders) socket.close();
    expect(await listenDatagram({ from: "127.0.0.7", group: "224.0.0.9", port, source: "192.0.2.77" })).toMatchObject({ kind: "failed" });
  });
});

describe("files of names", () => {
  it("read resolv.conf as the system does", () => {
    expect(parseResolverConfiguration("")).toEqual({ servers: [{ ip: "127.0.0.1", port: 53 }], search: [], ndots: 1 });
    expect(parseResolverConfiguration("# x\nnameserver 192.0.2.1\nnameserver nonsense\nnameserver 2001:db8::1 ; y\ndomain old.test\nsearch a.test b.test.\noptions timeout:1 ndots:99\n")).toEqual({
      servers: [{ ip: "192.0.2.1", port: 53 }, { ip: "2001:db8::1", port: 53 }],
      search: ["a.test", "b.test"],
      ndots: 15,
    });
  });
  it("read servers with and without port", () => {
    expect(parseServer("192.0.2.53")).toEqual({ ip: "192.0.2.53", port: 53 });
    expect(parseServer("192.0.2.53:5353")).toEqual({ ip: "192.0.2.53", port: 5353 });
    expect(parseServer("2001:db8::53")).toEqual({ ip: "2001:db8::53", port: 53 });
    expect(parseServer("[2001:db8::53]:5353")).toEqual({ ip: "2001:db8::53", port: 5353 });
    for (const wrong of ["", "dns.example", "192.0.2.53:", "192.0.2.53:99999", "[2001:db8::53"]) expect(parseServer(wrong)).toBeNull();
  });
  it("are read again when they changed, and are empty when they are gone", async () => {
    const folder = await mkdtemp("/tmp/tocsin-");
    const path = join(folder, "hosts");
    let now = 0;
    const clock = { monotonic: () => millis(now) };
    const file = watchedFile(path, (text) => text.trim(), clock);
    const write = async (text: string, at: number): Promise<void> => {
      await writeFile(path, text);
      await utimes(path, at, at);
      now += 2000;
    };
    expect(await file()).toBe("");
    await write("one", 1);
    expect(await file()).toBe("one");
    await writeFile(path, "two");
    expect(await file()).toBe("one");
    now += 2000;
    expect(await file()).toBe("two");
    await rm(folder, { recursive: true });
    now += 2000;
    expect(await file()).toBe("");
  });
});
