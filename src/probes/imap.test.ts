import { describe, expect, it } from "vitest";
import { probeContext } from "../../test/servers/context.ts";
import { converses, rawServer } from "../../test/servers/raw.ts";
import { imap } from "./imap.ts";

const ask = (options: object, context = probeContext()) => imap.run(imap.options.parse({ host: "127.0.0.1", ...options }), context);
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};

describe("options", () => {
  const problem = (options: object): string => {
    const parsed = imap.options.safeParse({ host: "mx.test", ...options });
    if (!parsed.success) return parsed.error.issues.map((issue) => issue.message).join("; ");
    return imap.check?.(parsed.data)?.wrong ?? "";
  };
  it("names what cannot be", () => {
    expect(problem({ port: 993, tls: true })).toBe("");
    expect(problem({ user: "u", password: "p", folder: "INBOX" })).toBe("");
    expect(problem({ folder: "INBOX" })).toBe("a folder can be opened only after a login, and there is no `user`");
    expect(problem({ user: "u" })).toMatch(/^a login needs both/);
    expect(problem({ user: "u", password: "p", starttls: "optional" })).toMatch(/^with `optional` the password would be sent in plain/);
  });
  it("choose the port", () => {
    const target = (options: object): string => imap.target(imap.options.parse({ host: "mx.test", ...options }));
    expect([target({}), target({ tls: true }), target({ tls: true, starttls: "required" })]).toEqual(["mx.test:143", "mx.test:993", "mx.test:143"]);
  });
});

const CAPABLE = "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR\r\nTAG OK done\r\n";
const LOGIN = { user: "me", password: "secret", starttls: "off" };

/** A server that answers commands by their first word; TAG stands for the command's tag. */
const server = async (answers: { readonly [word: string]: string }, { greeting = "* OK ready\r\n", dripping = false } = {}): Promise<{ readonly port: number }> => {
  const talk = (said: string): string => {
    const [tag = "", word = ""] = said.split(" ");
    return (answers[word] ?? (word === "CAPABILITY" ? CAPABLE.replace(" STARTTLS", "") : "TAG OK done\r\n")).replaceAll("TAG", tag);
  };
  return { port: (await rawServer(converses(greeting, talk, { dripping }))).port };
};

describe("a server", () => {
  it("is understood byte by byte, with data and literals in between", async () => {
    const counted = '* 5 EXISTS\r\n* STATUS {6}\r\nIN"(BX (UNSEEN 2 MESSAGES 5 SIZE 9)\r\nTAG OK done {7}\r\n';
    const mx = await server({ STATUS: counted, EXAMINE: "* FLAGS (\\Seen)\r\n* OK [UNSEEN 3] x\r\nTAG OK [READ-ONLY] open\r\n", LOGOUT: "* BYE bye\r\nTAG OK gone\r\n" }, { dripping: true });
    const outcome = await ask({ ...mx, ...LOGIN, folder: "Entwürfe" });
    expect(outcome).toMatchObject({ verdict: "up", facts: { messages: 5, unseen: 2, banner: "ready" } });
    expect(outcome.facts).not.toHaveProperty("size");
    expect(outcome.evidence[0]?.text).toBe('a1 CAPABILITY\r\na2 LOGIN …\r\na3 NOOP\r\na4 STATUS "Entw&APw-rfe" (MESSAGES UNSEEN)\r\na5 EXAMINE "Entw&APw-rfe"\r\na6 LOGOUT\r\n');
  });
  it("may refuse at every step", async () => {
    const f = async (answers: { readonly [word: string]: string }, said: string, options: object = {}, greeting = "* OK ready\r\n") => {
      const mx = await server(answers, { greeting });
      expect(await line({ ...mx, ...options })).toBe(said.replace("PEER", `127.0.0.1 port ${mx.port}`));
    };
    await f({}, "down status PEER does not serve now: [UNAVAILABLE] busy", {}, "* BYE [UNAVAILABLE] busy\r\n");
    await f({}, "down protocol PEER does not greet as IMAP: ", {}, "* CAPABILITY IMAP4rev1\r\n");
    await f({ CAPABILITY: "TAG BAD what\r\n" }, "down status PEER refused CAPABILITY: what");
    await f({ CAPABILITY: "TAG OK done\r\n" }, "down protocol PEER answered CAPABILITY without any");
    await f({ CAPABILITY: "* CAPABILITY X\r\nTAG OK done\r\n" }, "down protocol PEER offers neither IMAP4rev1 nor IMAP4rev2");
    await f({}, "down protocol PEER offers no STARTTLS", { starttls: "required" });
    await f({ CAPABILITY: CAPABLE, STARTTLS: "TAG NO not now\r\n" }, "down status PEER refused STARTTLS: not now");
    await f({ CAPABILITY: CAPABLE, STARTTLS: "TAG OK go\r\n* CAPABILITY X\r\n" }, "down protocol the server sent 16 bytes more before TLS began (command injection, CVE-2011-0411)");
    await f({ CAPABILITY: CAPABLE }, "down protocol PEER greets with PREAUTH, after which there is no STARTTLS", { starttls: "required" }, "* PREAUTH welcome\r\n");
    await f({ LOGIN: "TAG NO [AUTHENTICATIONFAILED] no\r\n" }, "down auth PEER refused the login of me: [AUTHENTICATIONFAILED] no", LOGIN);
    await f({ LOGIN: "TAG NO [UNAVAILABLE] database\r\n" }, "down status PEER refused the login of me: [UNAVAILABLE] database", LOGIN);
    await f({ CAPABILITY: "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK done\r\n" }, "down auth PEER forbids logging in without TLS (LOGINDISABLED)", LOGIN);
    await f({ NOOP: "* BYE shutting down\r\n* OK\r\nTAG NO really\r\n" }, "down status PEER refused NOOP: really");
    await f({ NOOP: "b9 OK mine\r\n" }, "down protocol PEER answered `b9` where `a2` was due");
    await f({ NOOP: "+ go on\r\n" }, "down protocol PEER answered `+` where `a2` was due");
    await f({ EXAMINE: "TAG NO [INUSE] locked\r\n" }, "down status PEER refused EXAMINE: [INUSE] locked", { ...LOGIN, folder: "a" });
    await f({ LOGOUT: "TAG BAD stay\r\n" }, "up ok PEER is ready");
  });
  it("may know the user already, or want another login", async () => {
    expect(await ask({ ...(await server({}, { greeting: "* PREAUTH [CAPABILITY X] hello me\r\n" })), ...LOGIN })).toMatchObject({ verdict: "up", facts: { preauthenticated: true, banner: "hello me" } });
    const mx = await server({ CAPABILITY: "* CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN SASL-IR\r\nTAG OK done\r\n" });
    expect((await ask({ ...mx, ...LOGIN })).evidence[0]?.text).toContain("a2 AUTHENTICATE PLAIN …\r\n");
  });
  it("may refuse a literal", async () => {
    const mx = await server({ LOGIN: "TAG NO too odd\r\n" });
    expect(await line({ ...mx, ...LOGIN, password: "ü" })).toMatch(/^down auth .*too odd/);
  });
});

describe("a broken server", () => {
  it("closes half-way, and says goodbye before", async () => {
    expect(await line({ port: (await rawServer((socket) => void socket.end("* OK"))).port })).toMatch(/^down closed /);
    const { port } = await rawServer(converses("* OK\r\n", (_, socket) => { socket.end("* BYE [UNAVAILABLE] too many\r\n"); return null; }));
    expect(await line({ port })).toBe(`down status 127.0.0.1 port ${port} said goodbye: [UNAVAILABLE] too many`);
    const cut = await rawServer(converses("* OK\r\n", (_, socket) => { socket.end("* CAPABILITY {10}\r\nIMAP"); return null; }));
    expect(await line({ port: cut.port })).toMatch(/^down closed /);
  });
  it("never ends", async () => {
    expect(await line(await server({ CAPABILITY: "* 1 EXISTS\r\n".repeat(1001) }))).toMatch(/^down protocol .* sent more than 1000 responses to one command/);
    expect(await line(await server({ CAPABILITY: "* X {9999999999}\r\n" }))).toMatch(/^down too-large .* a literal of 9999999999 bytes/);
    expect(await line(await server({ CAPABILITY: `* X${" {1}\r\na".repeat(101)}` }))).toMatch(/^down too-large /);
    expect(await line(await server({ CAPABILITY: `* ${"x".repeat(9000)}` }))).toMatch(/^down too-large .* a line of more than 8192 bytes/);
    expect(await line(await server({ CAPABILITY: `* ${"x".repeat(6000)}\r\n`.repeat(20) }))).toMatch(/^down too-large .* more than 64 KiB/);
  });
  it("hangs in the middle of a literal, until the deadline", async () => {
    const controller = new AbortController();
    const hanging = await rawServer(converses("* OK\r\n", () => { setImmediate(() => controller.abort()); return "* CAPABILITY {10}\r\nIMAP"; }));
    expect(await line({ port: hanging.port }, probeContext({ signal: controller.signal }))).toMatch(/^down timeout /);
    await hanging.idle();
  });
});
