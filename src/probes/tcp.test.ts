import { describe, expect, it } from "vitest";
import { freePort } from "../../test/servers/ground.ts";
import { probeContext } from "../../test/servers/context.ts";
import { drips, rawServer, replies } from "../../test/servers/raw.ts";
import type { ProbeContext } from "./probe.ts";
import { tcp } from "./tcp.ts";

const run = (options: object, context = probeContext()) => tcp.run(tcp.options.parse({ host: "127.0.0.1", ...options }), context);
const line = async (...given: Parameters<typeof run>): Promise<string> => {
  const { verdict, code, sentence } = await run(...given);
  return `${verdict} ${code} ${sentence}`;
};

describe("options", () => {
  const problem = (options: object): string => {
    const parsed = tcp.options.safeParse({ host: "a.test", port: 25, ...options });
    if (!parsed.success) return parsed.error.issues.map((issue) => issue.message).join("; ");
    return tcp.check?.(parsed.data)?.wrong ?? "";
  };
  it("names what cannot be", () => {
    expect(problem({})).toBe("");
    expect(problem({ dialogue: [{ expect: "/^220 (/" }] })).toMatch(/is no regular expression/);
    expect(problem({ dialogue: [{}] })).toBe("this turn neither sends nor expects anything");
    expect(problem({ dialogue: [{ send: "a\\q" }] })).toMatch(/a backslash before a letter that means nothing/);
    expect(problem({ dialogue: [{ sendHex: "0d0" }] })).toMatch(/pairs of hexadecimal digits/);
    expect(problem({ starttls: "gopher" })).not.toBe("");
  });
  it("shows what is asked", () => {
    expect(tcp.target(tcp.options.parse({ host: "::1", port: 22 }))).toBe("[::1]:22");
    expect(tcp.target(tcp.options.parse({ host: "a.test", port: 22 }))).toBe("a.test:22");
  });
});

describe("connecting", () => {
  it("is all that is asked of a plain check, and lets go at once", async () => {
    const server = await rawServer(() => {});
    const outcome = await run({ port: server.port });
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: `connected to 127.0.0.1 port ${server.port}`, facts: { address: "127.0.0.1" }, evidence: [] });
    expect(Object.keys(outcome.phases)).toEqual(["connect"]);
    await server.idle();
  });
  it("says who refused", async () => {
    const port = await freePort();
    expect(await line({ port })).toBe(`down refused 127.0.0.1 port ${port} refused the connection`);
    expect(await line({ port, host: "::1" })).toBe(`down refused ::1 port ${port} refused the connection`);
  });
  it("does not resolve what cannot exist", async () => {
    expect(await line({ port: 1, host: "nothing..here" })).toBe("down unresolvable `nothing..here` is not a valid host name");
    expect(await line({ port: 1, family: 6 })).toBe("down unresolvable 127.0.0.1 is not an IPv6 address");
  });
  it("has no time when none is left", async () => {
    expect(await line({ port: 1 }, probeContext({ signal: AbortSignal.abort() }))).toMatch(/^down timeout /);
  });
  it("survives a server that resets at once", async () => {
    const server = await rawServer((socket) => socket.resetAndDestroy());
    const codes = new Set<string>();
    for (let runs = 0; runs < 50; runs++) codes.add((await run({ port: server.port, dialogue: [{ expect: "x" }] })).code);
    expect([...codes].every((code) => code === "reset" || code === "closed")).toBe(true);
  });
});

describe("dialogue", () => {
  const banner = (text: string) => rawServer((socket) => void socket.write(text));
  it("waits for what is expected", async () => {
    const { port } = await banner("220 mx.test ESMTP\r\n");
    expect(await line({ port, dialogue: [{ expect: "220 " }] })).toBe(`up ok 127.0.0.1 port ${port} answered as expected`);
    expect(await line({ port, dialogue: [{ expect: "/^220 .*esmtp/i" }] })).toMatch(/^up ok/);
    expect((await run({ port, dialogue: [{ expect: "/^220/" }] })).facts).toMatchObject({ banner: "220 mx.test ESMTP\r\n", bytes: 19 });
  });
  it("sends text with escapes, and bytes", async () => {
    const server = await rawServer((socket) => socket.on("data", (chunk: Buffer) => socket.write(`got ${chunk.toString("hex")}\n`)));
    expect(await line({ port: server.port, dialogue: [{ send: "a\\r\\n", expect: "got 610d0a" }, { sendHex: "00 ff", expect: "got 00ff" }] })).toMatch(/^up ok/);
  });
  it("waits for a line, passing over those before it, and sends what was found in it", async () => {
    const server = await rawServer((socket) => {
      socket.write("hello\r\nPING :4711\r\nmore\r\n");
      socket.on("data", (chunk: Buffer) => socket.write(chunk.toString() === "PONG 4711 {{2}}\n" ? "001 welcome\r\n" : "no\r\n"));
    });
    expect(await line({ port: server.port, dialogue: [{ line: "/^PING :(\\d+)$/" }, { send: "PONG {{1}} {{2}}\\n", line: "more" }, { line: "/^001/" }] })).toMatch(/^up ok/);
    const brief = await rawServer((socket) => void socket.end("hello\r\n"));
    expect(await line({ port: brief.port, dialogue: [{ line: "/^ello/" }] })).toBe("down mismatch the server did not send /^ello/ before it closed the connection");
  });
  it("reads byte by byte", async () => {
    const server = await rawServer(drips(Buffer.from("PONG from far away\n")));
    expect(await line({ port: server.port, dialogue: [{ send: "PING\\n", expect: "/far away\n$/" }] })).toMatch(/^up ok/);
  });
  it("tells a wrong answer from none", async () => {
    const server = await rawServer(replies("-ERR no\r\n"));
    expect(await line({ port: server.port, dialogue: [{ send: "PING", expect: "+OK" }] })).toBe('down mismatch the server did not send "+OK" before it closed the connection');
    const silent = await rawServer(replies(""));
    expect(await line({ port: silent.port, dialogue: [{ send: "PING", expect: "+OK" }] })).toBe(`down closed 127.0.0.1 port ${silent.port} closed the connection`);
    const controller = new AbortController();
    const hanging = await rawServer((socket) => void socket.once("data", () => controller.abort()));
    expect(await line({ port: hanging.port, dialogue: [{ send: "PING", expect: "+OK" }] }, probeContext({ signal: controller.signal }))).toBe(`down timeout 127.0.0.1 port ${hanging.port} sent nothing in time`);
    await hanging.idle();
  });
  it("bounds what it reads and how long a pattern may look", async () => {
    const endless = await rawServer((socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write("x".repeat(8192)));
        if (!socket.destroyed) socket.once("drain", more);
      };
      more();
    });
    expect(await line({ port: endless.port, dialogue: [{ expect: "never" }] })).toBe(`down too-large 127.0.0.1 port ${endless.port} sent more than 64 KiB`);
    await endless.idle();
    const { port } = await banner("a".repeat(5000));
    expect(await line({ port, dialogue: [{ expect: "/(a+)+\\1+$(?!a)b/" }] })).toMatch(/^down pattern-slow the pattern .* takes too long on this answer$/);
  });
  it("keeps what was said", async () => {
    const { port } = await banner("hello\x07\r\n");
    expect((await run({ port, dialogue: [{ expect: "hello" }, { send: "QUIT\\r\\n" }] })).evidence).toEqual([
      { label: "sent", text: "QUIT\r\n" },
      { label: "received", text: "hello\\x07\r\n" },
    ]);
  });
});

it("leaves nothing behind after a thousand runs against a server that hangs", async () => {
  const server = await rawServer(() => {});
  // The test's own waiting shows up as timers of the process; the probe's are counted at its clock.
  const resources = (): string => JSON.stringify(process.getActiveResourcesInfo().filter((kind) => kind !== "Timeout").toSorted());
  let timers = 0;
  const counted = (context: ProbeContext): ProbeContext => ({
    ...context,
    clock: {
      ...context.clock,
      timer: (delay, act) => {
        timers++;
        const timer = context.clock.timer(delay, act);
        return {
          cancel: () => {
            timers--;
            timer.cancel();
          },
        };
      },
    },
  });
  const once = async (): Promise<void> => {
    const controller = new AbortController();
    const running = run({ host: "localhost", family: "any", port: server.port, dialogue: [{ send: "x", expect: "y" }] }, counted(probeContext({ signal: controller.signal })));
    setImmediate(() => controller.abort());
    expect(["timeout", "refused"]).toContain((await running).code);
  };
  const rounds = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 50) await Promise.all(Array.from({ length: 50 }, once));
    await server.idle();
  };
  await rounds(100);
  const before = resources();
  await rounds(1000);
  await expect.poll(resources, { timeout: 20_000 }).toBe(before);
  expect(timers).toBe(0);
});
