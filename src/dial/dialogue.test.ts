import { type Duplex, duplexPair } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { realClock } from "../sys/clock.ts";
import { Dialogue, LINE_MAX, TOTAL_MAX } from "./dialogue.ts";
import { requestTls } from "./starttls.ts";

function talk(signal: AbortSignal = new AbortController().signal): { readonly dialogue: Dialogue; readonly server: Duplex } {
  const [client, server] = duplexPair();
  server.on("error", () => {});
  return { dialogue: new Dialogue(client, { peer: "mx port 25", signal, clock: realClock() }), server };
}

/** Writes the text in pieces that end at these places. */
function inPieces(server: Duplex, text: string, cuts: readonly number[]): void {
  const places = [...cuts.filter((cut) => cut <= text.length).toSorted((a, b) => a - b), text.length];
  let from = 0;
  for (const place of places) {
    if (place > from) server.write(text.slice(from, place));
    from = place;
  }
}

describe("lines", () => {
  const text = "220 mx ready\r\n250-one\n250 two\r\nrest";
  it("come out the same however they come in", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(text.length)), async (cuts) => {
        const { dialogue, server } = talk();
        inPieces(server, text, cuts);
        const lines = [await dialogue.line(), await dialogue.line(), await dialogue.line()].map((read) => (read.kind === "read" ? read.value : read.failure.code));
        expect(lines).toEqual(["220 mx ready", "250-one", "250 two"]);
        dialogue.close();
      }),
    );
  });
  it("come out one byte at a time", async () => {
    const { dialogue, server } = talk();
    inPieces(server, text, Array.from(text, (_, index) => index));
    expect(await dialogue.line()).toEqual({ kind: "read", value: "220 mx ready" });
    expect(await dialogue.take(3)).toMatchObject({ value: Buffer.from("250") });
  });
  it("are bounded", async () => {
    const { dialogue, server } = talk();
    server.write("x".repeat(LINE_MAX + 1));
    expect(await dialogue.line()).toMatchObject({ failure: { code: "too-large" } });
  });
  it("are given out before the end is told", async () => {
    const { dialogue, server } = talk();
    server.end("last\r\nhalf");
    expect(await dialogue.line()).toMatchObject({ value: "last" });
    expect(await dialogue.line()).toMatchObject({ failure: { code: "closed", sentence: "mx port 25 closed the connection" } });
  });
});

describe("waiting", () => {
  it("ends when the time is over, and says what had come", async () => {
    const controller = new AbortController();
    const { dialogue, server } = talk(controller.signal);
    const silent = dialogue.line();
    controller.abort();
    expect(await silent).toMatchObject({ failure: { code: "timeout", sentence: "mx port 25 sent nothing in time" } });
    const other = new AbortController();
    const second = talk(other.signal);
    second.server.write("22", () => setImmediate(() => other.abort()));
    expect(await second.dialogue.line()).toMatchObject({ failure: { code: "timeout", sentence: "mx port 25 sent no whole line in time" } });
    server.destroy();
  });
  it("is bounded in all", async () => {
    const { dialogue, server } = talk();
    for (let sent = 0; sent <= TOTAL_MAX; sent += 1024) server.write("y".repeat(1024));
    expect(await dialogue.until(() => null)).toMatchObject({ failure: { code: "too-large" } });
  });
  it("finds what it looks for at every fragmentation", async () => {
    const text = "hello, who is there? login: ";
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(text.length)), async (cuts) => {
        const { dialogue, server } = talk();
        inPieces(server, text, cuts);
        expect(await dialogue.until((seen) => (seen.includes("login:") ? seen.length : null))).toMatchObject({ kind: "read" });
        dialogue.close();
      }),
    );
  });
  it("searches a dripping text a bounded number of times and still finds the end", async () => {
    const { dialogue, server } = talk();
    let searches = 0;
    const found = dialogue.until((seen) => {
      searches++;
      return seen.endsWith("!") ? seen.length : null;
    });
    const drip = async (): Promise<void> => {
      for (let sent = 0; sent < 5000; sent++) await new Promise((resolve) => server.write(".", resolve));
      server.end("!");
    };
    await drip();
    expect(await found).toEqual({ kind: "read", value: 5001 });
    expect(searches).toBeLessThan(600);
  });
});

it("records both sides, with a stand-in for what is not to be seen", async () => {
  const { dialogue, server } = talk();
  server.write("+OK \x01ready\r\n");
  await dialogue.line();
  dialogue.write("PASS hunter2\r\n", "PASS …\r\n");
  expect(dialogue.transcript).toEqual({ sent: "PASS …\r\n", received: "+OK \\x01ready\r\n" });
});

describe("asking for TLS", () => {
  /** Answers each line with the next of the replies; the first one greets. */
  async function asked(protocol: Parameters<typeof requestTls>[1], ...replies: string[]): Promise<string> {
    const { dialogue, server } = talk();
    const [greeting = "", ...others] = replies;
    server.on("data", () => server.write(others.shift() ?? ""));
    server.write(greeting);
    const done = await requestTls(dialogue, protocol, "mx.test");
    const said = dialogue.transcript.sent.trimEnd().replaceAll("\r\n", " | ");
    return done.kind === "read" ? said : done.failure.sentence;
  }
  it("goes through each protocol", async () => {
    expect(await asked("smtp", "220-a\r\n220 b\r\n", "250-mx\r\n250 STARTTLS\r\n", "220 go\r\n")).toBe("EHLO tocsin.invalid | STARTTLS");
    expect(await asked("imap", "* OK ready\r\n", "* CAPABILITY IMAP4rev1\r\na1 OK begin\r\n")).toBe("a1 STARTTLS");
    expect(await asked("pop3", "+OK ready\r\n", "+OK begin\r\n")).toBe("STLS");
    expect(await asked("ftp", "220 ftp\r\n", "234 go\r\n")).toBe("AUTH TLS");
  });
  it("says who refused what", async () => {
    expect(await asked("smtp", "554 go away\r\n")).toBe("the server does not greet as smtp: 554 go away");
    expect(await asked("smtp", "220 mx\r\n", "250 mx\r\n", "454 not now\r\n")).toBe("the server refused STARTTLS: 454 not now");
    expect(await asked("imap", "* BYE busy\r\n")).toBe("the server does not greet as imap: * BYE busy");
  });
  it("does not take what was said in plain for something said under TLS", async () => {
    expect(await asked("smtp", "220 mx\r\n", "250 mx\r\n", "220 go\r\n250 injected\r\n")).toBe("the server sent 14 bytes more before TLS began (command injection, CVE-2011-0411)");
  });
  it("bounds an endless answer", async () => {
    expect(await asked("ftp", "220-more\r\n".repeat(200))).toBe("the server's answer has more than 100 lines");
  });
});
