import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { probeContext } from "../../test/servers/context.ts";
import { converses, rawServer } from "../../test/servers/raw.ts";
import { smtp } from "./smtp.ts";

const ask = (options: object, context = probeContext()) => smtp.run(smtp.options.parse({ host: "127.0.0.1", ...options }), context);
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};

describe("options", () => {
  const problem = (options: object): string => {
    const parsed = smtp.options.safeParse({ host: "mx.test", ...options });
    if (!parsed.success) return parsed.error.issues.map((issue) => issue.message).join("; ");
    return smtp.check?.(parsed.data)?.wrong ?? "";
  };
  const login = { user: "u", password: "p" };
  it("names what cannot be", () => {
    expect(problem({})).toBe("");
    expect(problem({ sender: "<>", recipient: "postmaster@grüße.example", ...login })).toBe("");
    expect(problem({ user: "u" })).toBe("a login needs both `user` and `password`, and `password` is missing");
    expect(problem({ password: "p" })).toBe("a login needs both `user` and `password`, and `user` is missing");
    expect(problem({ ...login, starttls: "optional" })).toBe("with `optional` the password would be sent in plain to a server that offers no TLS");
    expect(problem({ ...login, starttls: "off" })).toBe("");
    expect(problem({ recipientIs: "refused" })).toBe("there is no recipient that could be refused");
    for (const recipient of ["", "<>", "nobody", "a b@x.test", "a@x.test>\r\nDATA", "ü@x.test", "a@", "@x.test", `${"a".repeat(65)}@x.test`]) expect(problem({ recipient }), recipient).toMatch(/is no mail address/);
    expect(problem({ helo: "a b" })).toBe("write a host name, or an address in brackets");
  });
  it("choose port and TLS", () => {
    const target = (options: object): string => smtp.target(smtp.options.parse({ host: "mx.test", ...options }));
    expect(target({})).toBe("mx.test:25");
    expect(target({ tls: true })).toBe("mx.test:465");
    expect(target({ tls: true, starttls: "required" })).toBe("mx.test:25");
    expect(target({ tls: true, starttls: "off" })).toBe("mx.test:465");
    expect(target({ protocol: "lmtp", host: "::1" })).toBe("[::1]:24");
    expect(target({ port: 587 })).toBe("mx.test:587");
  });
});

/** A server that answers these commands, by their first word, and everything else with 250. */
const server = async (answers: { readonly [word: string]: string | null }, { greeting = "220 mx\r\n", dripping = false } = {}): Promise<{ readonly port: number; readonly starttls: "off" | "optional" }> => {
  const { port } = await rawServer(converses(greeting, (said) => { const [word = ""] = said.split(" "); return word in answers ? (answers[word] ?? null) : "250 ok\r\n"; }, { dripping }));
  return { port, starttls: "optional" };
};
const RECIPIENT = { recipient: "a@x.test" };

describe("a server", () => {
  it("is understood byte by byte", async () => {
    const mx = await server({ EHLO: "250-mx\r\n250-SIZE 10\r\n250\r\n", RCPT: "251-2.1.5 will\r\n251 forward\r\n" }, { greeting: "220-teaser\r\n220 mx ESMTP\r\n", dripping: true });
    const outcome = await ask({ ...mx, ...RECIPIENT, sender: "me@y.test", helo: "me.test" });
    expect(outcome).toMatchObject({ verdict: "up", facts: { banner: "teaser\nmx ESMTP", capabilities: ["SIZE 10"], starttls: false, code: 251, enhanced: "2.1.5" } });
    expect(outcome.evidence[0]?.text).toBe("EHLO me.test\r\nMAIL FROM:<me@y.test>\r\nRCPT TO:<a@x.test>\r\nRSET\r\nQUIT\r\n");
  });
  it("may know only HELO", async () => {
    expect((await ask(await server({ EHLO: "502 what\r\n" }))).evidence[0]?.text).toBe("EHLO [127.0.0.1]\r\nHELO [127.0.0.1]\r\nQUIT\r\n");
    expect(await line(await server({ EHLO: "500 what\r\n", HELO: "504 no\r\n" }))).toMatch(/^down status .* refused HELO: 504 no/);
  });
  it("may refuse at every step", async () => {
    const peer = (port: number): string => `127.0.0.1 port ${port}`;
    const f = async (answers: { readonly [word: string]: string }, said: string, options: object = {}, greeting = "220 mx\r\n") => {
      const mx = await server(answers, { greeting });
      expect(await line({ ...mx, ...options })).toBe(said.replace("PEER", peer(mx.port)));
    };
    await f({}, "down status PEER does not serve now: 554 no mail here", {}, "554-no mail\r\n554 here\r\n");
    await f({}, "down status PEER does not serve now: 421 busy", {}, "421 busy\r\n");
    await f({ EHLO: "550 who are you\r\n" }, "down status PEER refused EHLO: 550 who are you");
    await f({ MAIL: "451 4.3.0 disk\r\n" }, "down status PEER refused the sender <>: 451 4.3.0 disk", RECIPIENT);
    await f({ MAIL: "530 5.7.0 log in\r\n" }, "down auth PEER refused the sender <>: 530 5.7.0 log in", RECIPIENT);
    await f({ RCPT: "421 4.3.2 going down\r\n" }, "down status PEER refused the recipient a@x.test: 421 4.3.2 going down", RECIPIENT);
    await f({ RCPT: "451 4.7.1 later\r\n" }, "degraded status PEER puts off mail for a@x.test, perhaps by greylisting: 451 4.7.1 later", RECIPIENT);
    await f({ RCPT: "450 relaying denied\r\n" }, "down status PEER does not relay mail for a@x.test: 450 relaying denied", RECIPIENT);
    await f({ RCPT: "454 4.3.0 what\r\n" }, "down status PEER refused the recipient a@x.test: 454 4.3.0 what", RECIPIENT);
    await f({ RSET: "500 what\r\n" }, "up ok PEER accepts mail for a@x.test", RECIPIENT);
    await f({ QUIT: "500 stay\r\n" }, "up ok PEER is ready for mail");
    await f({ EHLO: "250-mx\r\n250 STARTTLS\r\n", STARTTLS: "454 4.7.0 not now\r\n" }, "down status PEER refused STARTTLS: 454 4.7.0 not now");
    await f({ EHLO: "250-mx\r\n250 STARTTLS\r\n", STARTTLS: "220 go\r\n250 injected\r\n" }, "down protocol the server sent 14 bytes more before TLS began (command injection, CVE-2011-0411)");
  });
  it("may log in by LOGIN, and refuse to", async () => {
    const chosen = { user: "me", password: "secret word", starttls: "off" };
    const offer = "250-mx\r\n250-AUTH CRAM-MD5 LOGIN\r\n250 8BITMIME\r\n";
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    const talk = { EHLO: offer, AUTH: "334 VXNlcm5hbWU6\r\n", [base64("me")]: "334 UGFzc3dvcmQ6\r\n", [base64("secret word")]: "235 2.7.0 welcome\r\n" };
    const outcome = await ask({ ...(await server(talk)), ...chosen });
    expect(outcome.verdict).toBe("up");
    expect(outcome.evidence[0]?.text).toBe(`EHLO [127.0.0.1]\r\nAUTH LOGIN\r\n${base64("me")}\r\n…\r\nQUIT\r\n`);
    expect(await line({ ...(await server({ ...talk, [base64("secret word")]: "535 no\r\n" })), ...chosen })).toMatch(/^down auth .* refused the login of me: 535 no/);
    expect(await line({ ...(await server({ ...talk, AUTH: "454 4.7.0 try later\r\n" })), ...chosen })).toMatch(/^down status .* refused the login of me: 454 4.7.0 try later/);
    expect(await line({ ...(await server({ EHLO: "250-mx\r\n250 AUTH CRAM-MD5\r\n" })), ...chosen })).toMatch(/^down auth .* offers no login by PLAIN or LOGIN but by CRAM-MD5/);
  });
});

describe("a broken server", () => {
  it("goes on in plain after its go-ahead for TLS", async () => {
    const upgrade = (socket: Socket): null => {
      socket.write("220 go\r\n");
      socket.once("data", () => socket.write("500 what\r\n"));
      return null;
    };
    const { port } = await rawServer(converses("220 mx\r\n", (said, socket) => (said === "STARTTLS" ? upgrade(socket) : "250-mx\r\n250 STARTTLS\r\n")));
    expect(await line({ port })).toBe("down tls-failed TLS failed: the server does not speak TLS on this port");
  });
  it("speaks something else", async () => {
    expect(await line({ port: (await rawServer((socket) => void socket.write("SSH-2.0-OpenSSH_9.2\r\n"))).port })).toMatch(/^down protocol .* sent no reply of SMTP: SSH-2.0-OpenSSH_9.2/);
    expect(await line({ port: (await rawServer((socket) => void socket.write("220-a\r\n250 b\r\n"))).port })).toMatch(/^down protocol .* begins with 220 and goes on with 250/);
  });
  it("closes half-way", async () => {
    expect(await line({ port: (await rawServer((socket) => void socket.end("220-only"))).port })).toMatch(/^down closed .* closed the connection/);
    expect(await line({ port: (await rawServer((socket) => void socket.end())).port })).toMatch(/^down closed /);
    const { port } = await rawServer(converses("220 mx\r\n", (_, socket) => { socket.end("250-m"); return null; }));
    expect(await line({ port })).toMatch(/^down closed /);
  });
  it("never ends", async () => {
    const endless = (piece: string) => rawServer((socket) => {
      const more = (): void => { while (socket.writable && socket.write(piece)); };
      socket.on("drain", more);
      more();
    });
    expect(await line({ port: (await endless("x".repeat(1000))).port })).toMatch(/^down too-large .* a line of more than 8192 bytes/);
    expect(await line({ port: (await endless("220-more\r\n".repeat(100))).port })).toMatch(/^down protocol .* a reply of more than 100 lines/);
  });
  it("hangs half-way, until the deadline", async () => {
    const controller = new AbortController();
    const hanging = await rawServer(converses("220 mx\r\n", () => { setImmediate(() => controller.abort()); return "250-half\r\n2"; }));
    expect(await line({ port: hanging.port }, probeContext({ signal: controller.signal }))).toBe(`down timeout 127.0.0.1 port ${hanging.port} sent no whole line in time`);
    await hanging.idle();
  });
});
