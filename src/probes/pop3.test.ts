import { describe, expect, it } from "vitest";
import { probeContext } from "../../test/servers/context.ts";
import { converses, rawServer } from "../../test/servers/raw.ts";
import { pop3 } from "./pop3.ts";

const ask = (options: object, context = probeContext()) => pop3.run(pop3.options.parse({ host: "127.0.0.1", ...options }), context);
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};

describe("options", () => {
  const problem = (options: object): string => {
    const parsed = pop3.options.safeParse({ host: "mx.test", ...options });
    if (!parsed.success) return parsed.error.issues.map((issue) => issue.message).join("; ");
    return pop3.check?.(parsed.data)?.wrong ?? "";
  };
  const login = { user: "u", password: "p" };
  it("names what cannot be", () => {
    expect(problem({ ...login })).toBe("");
    expect(problem({ ...login, apop: true, starttls: "optional" })).toBe("");
    expect(problem({ ...login, starttls: "optional" })).toMatch(/^with `optional` the password would be sent in plain/);
    expect(problem({ apop: true })).toBe("APOP is a way to log in, and there is no `user`");
    expect(problem({ user: "u\r\nDELE 1", password: "p" })).toBe("POP3 cannot send control characters");
    expect(problem({ user: "u", password: "p\n" })).toBe("POP3 cannot send control characters");
  });
  it("choose the port", () => {
    const target = (options: object): string => pop3.target(pop3.options.parse({ host: "mx.test", ...options }));
    expect([target({}), target({ tls: true })]).toEqual(["mx.test:110", "mx.test:995"]);
  });
});

const LOGIN = { user: "me", password: "secret", starttls: "off" };
/** A server that answers commands by their first word, and everything else with +OK. */
const server = async (answers: { readonly [word: string]: string }, { greeting = "+OK ready\r\n", dripping = false } = {}): Promise<{ readonly port: number }> => {
  const talk = (said: string): string => answers[said.split(" ")[0] ?? ""] ?? (said === "CAPA" ? "-ERR what\r\n" : "+OK\r\n");
  return { port: (await rawServer(converses(greeting, talk, { dripping }))).port };
};

describe("a server", () => {
  it("is understood byte by byte", async () => {
    const mx = await server({ CAPA: "+OK list\r\nUIDL\r\n..x\r\n.\r\n", STAT: "+OK 3 1000\r\n" }, { dripping: true });
    const outcome = await ask({ ...mx, ...LOGIN });
    expect(outcome).toMatchObject({ verdict: "up", facts: { banner: "ready", capabilities: ["UIDL", ".x"], messages: 3, bytes: 1000 } });
    expect(outcome.evidence[0]?.text).toBe("CAPA\r\nUSER me\r\nPASS …\r\nSTAT\r\nQUIT\r\n");
  });
  it("may refuse at every step", async () => {
    const f = async (answers: { readonly [word: string]: string }, said: string, options: object = {}, greeting = "+OK ready\r\n") => {
      const mx = await server(answers, { greeting });
      expect(await line({ ...mx, ...options })).toBe(said.replace("PEER", `127.0.0.1 port ${mx.port}`));
    };
    await f({}, "down status PEER does not serve now: [SYS/TEMP] busy", {}, "-ERR [SYS/TEMP] busy\r\n");
    await f({}, "up ok PEER is ready");
    await f({ CAPA: "+OK\r\nUIDL\r\n.\r\n" }, "down protocol PEER offers no STLS", { starttls: "required" });
    await f({ STLS: "-ERR not here\r\n" }, "down status PEER refused STLS: not here", { starttls: "required" });
    await f({ CAPA: "+OK\r\nSTLS\r\n.\r\n", STLS: "+OK\r\n+OK injected\r\n" }, "down protocol the server sent 14 bytes more before TLS began (command injection, CVE-2011-0411)");
    await f({ USER: "-ERR who\r\n" }, "down auth PEER refused the login of me: who", LOGIN);
    await f({ PASS: "-ERR [AUTH] no\r\n" }, "down auth PEER refused the login of me: [AUTH] no", LOGIN);
    await f({ PASS: "-ERR [SYS/TEMP] disk\r\n" }, "down status PEER refused the login of me: [SYS/TEMP] disk", LOGIN);
    await f({ PASS: "-ERR [IN-USE] locked\r\n" }, "degraded status PEER refused the login of me: [IN-USE] locked", LOGIN);
    await f({ PASS: "-ERR [IN-USE] locked\r\n" }, "down status PEER refused the login of me: [IN-USE] locked", { ...LOGIN, busy: "down" });
    await f({}, "down auth PEER offers no APOP: its greeting has no timestamp", { ...LOGIN, apop: true });
    await f({ STAT: "-ERR later\r\n" }, "down status PEER refused STAT: later", LOGIN);
    await f({ STAT: "+OK many\r\n" }, "down protocol PEER answered STAT without numbers: many", LOGIN);
    await f({ QUIT: "-ERR stay\r\n" }, "up ok PEER is ready");
  });
  it("is told no password by APOP", async () => {
    const mx = await server({ STAT: "+OK 0 0\r\n" }, { greeting: "+OK <1896.697170952@dbc.mtview.ca.us>\r\n" });
    const outcome = await ask({ ...mx, ...LOGIN, apop: true });
    expect(outcome.evidence[0]?.text).toBe("CAPA\r\nAPOP me …\r\nSTAT\r\nQUIT\r\n");
    expect(outcome.verdict).toBe("up");
  });
});

describe("a broken server", () => {
  it("closes half-way, or speaks something else", async () => {
    expect(await line({ port: (await rawServer((socket) => void socket.end("+O"))).port })).toMatch(/^down closed /);
    expect(await line({ port: (await rawServer((socket) => void socket.write("220 ftp\r\n"))).port })).toMatch(/^down protocol .* sent no answer of POP3: 220 ftp/);
  });
  it("never ends", async () => {
    expect(await line(await server({ CAPA: `+OK\r\n${"X\r\n".repeat(200)}` }))).toMatch(/^down protocol .* an answer of more than 100 lines/);
    expect(await line(await server({}, { greeting: "+".repeat(9000) }))).toMatch(/^down too-large .* a line of more than 8192 bytes/);
  });
  it("hangs half-way, until the deadline", async () => {
    const controller = new AbortController();
    const hanging = await rawServer(converses("+OK\r\n", () => { setImmediate(() => controller.abort()); return "+OK\r\nUIDL\r\n"; }));
    expect(await line({ port: hanging.port }, probeContext({ signal: controller.signal }))).toMatch(/^down timeout /);
    await hanging.idle();
  });
});
