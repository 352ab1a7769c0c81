import { createServer, type Server, type Socket } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ChannelContext, Sending } from "../../src/alert/channels/channel.ts";
import { email } from "../../src/alert/channels/email.ts";
import type { ProcessEnd } from "../../src/sys/ports.ts";
import { type Certificates, makeCertificates } from "../servers/certificates.ts";
import { describeWith, freePort, need, temporaryFolder } from "../servers/ground.ts";
import { channelContext, KEY, message } from "./message.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

let certificates: Certificates | null = null;
beforeAll(async () => {
  if (need("openssl") === null) certificates = await makeCertificates(temporaryFolder());
});

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string;
  readonly secure: boolean;
  readonly text: string;
}

/** A mail server that does as it is told. */
async function fake(options: SMTPServerOptions = {}): Promise<{ readonly port: number; readonly mails: Mail[] }> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    closeTimeout: 10,
    ...(certificates === null ? {} : { cert: certificates.good.cert, key: certificates.good.key }),
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        mails.push({ from, to: rcptTo.map((one) => one.address), user: String(session.user ?? ""), secure: session.secure, text: Buffer.concat(chunks).toString() });
        callback(null, "queued as 7");
      });
    },
    ...options,
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0, mails };
}

const failure = (code: number, text: string): Error => Object.assign(new Error(text), { responseCode: code });
const parse = (smtp: object, more = {}): Parameters<typeof email.send>[0] => email.options.parse({ to: ["probe@mail.test"], from: "tocsin@mail.test", smtp: { host: "127.0.0.1", starttls: "off", ...smtp }, ...more });
const send = (smtp: object, deadlineMs = 30_000): Promise<Sending> => email.send(parse(smtp), message(), channelContext({ deadlineMs }));

describe("a mail", () => {
  test("says who, what and which", async () => {
    const { port, mails } = await fake();
    expect(await send({ port })).toEqual({ kind: "sent", detail: "250 queued as 7" });
    expect(mails).toMatchObject([{ from: "tocsin@mail.test", to: ["probe@mail.test"] }]);
    const head = (mails[0]?.text ?? "").split("\r\n\r\n")[0]?.replaceAll(/\r\n[ \t]+/g, " ") ?? "";
    const header = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, "mi").exec(head)?.[1]?.trim();
    expect(header("Message-ID")).toBe(`<${KEY}@tocsin>`);
    expect(header("X-Tocsin-Key")).toBe(KEY);
    expect(header("Auto-Submitted")).toBe("auto-generated");
    expect([header("References"), header("In-Reply-To")]).toEqual(["<incident.feed@tocsin>", "<incident.feed@tocsin>"]);
    expect(header("To")).toBe("probe@mail.test");
    expect(header("Subject")).toMatch(/^=\?UTF-8\?/i);
    expect(head).toMatch(/multipart\/alternative/);
  });
  test("of a recovery is in the same thread", async () => {
    const { port, mails } = await fake();
    await email.send(parse({ port }), message({ kind: "recovered", status: "up" }), channelContext());
    expect(mails[0]?.text).toMatch(/^References: <incident\.feed@tocsin>\r$/m);
  });
  test("with a prefix", async () => {
    const { port, mails } = await fake();
    await email.send(parse({ port }, { subjectPrefix: "[tocsin]" }), message({ kind: "test", check: "x" as never, sentence: "plain" }), channelContext());
    expect(mails[0]?.text).toMatch(/^Subject: =\?UTF-8\?Q\?=5Btocsin=5D_=E2=97=8F_TEST_x/m);
  });
  test("with pictures, which its HTML can show", async () => {
    const { port, mails } = await fake();
    const content = Buffer.from("picture");
    await email.send(parse({ port }), { ...message(), html: "<img src='cid:latency.png'>", attachments: [{ name: "latency.png", type: "image/png", content }] }, channelContext());
    const text = mails[0]?.text ?? "";
    expect(text).toMatch(/multipart\/alternative[^]*multipart\/related[^]*Content-Type: image\/png; name=latency\.png/);
    expect(text).toContain("Content-ID: <latency.png>");
    expect(text).toContain(content.toString("base64"));
  });
  test("cannot be led to other recipients by a check's name", async () => {
    const { port, mails } = await fake();
    await email.send(parse({ port }), message({ check: "a\r\nBcc: evil@x" as never, sentence: "b\r\nBcc: evil@x" }), channelContext());
    expect([mails[0]?.to, /^Bcc:/m.test(mails[0]?.text ?? "")]).toEqual([["probe@mail.test"], false]);
  });
  test("says the name that it is given", async () => {
    const names: string[] = [];
    const { port } = await fake({ onMailFrom: (_, session, callback) => (names.push(session.hostNameAppearsAs), callback()) });
    await send({ port, helo: "tocsin.mail.test" });
    expect(names).toEqual(["tocsin.mail.test"]);
  });
});

describe("what an answer means", () => {
  const reject = (stage: "onConnect" | "onMailFrom" | "onRcptTo" | "onData", code: number): Promise<Sending> => {
    const error = failure(code, `answer ${code}`);
    const options: SMTPServerOptions =
      stage === "onConnect" ? { onConnect: (_, callback) => callback(error) }
      : stage === "onData" ? { onData: (stream, _, callback) => void stream.resume().on("end", () => callback(error)) }
      : { [stage]: (_: unknown, __: unknown, callback: (error: Error) => void) => callback(error) };
    return fake(options).then(({ port }) => send({ port }));
  };
  const f = async (stage: Parameters<typeof reject>[0], code: number): Promise<string> => {
    const sending = await reject(stage, code);
    return sending.kind === "retry" ? `retry${sending.doubt ? " in doubt" : ""}` : sending.kind;
  };
  test("421 at the greeting", async () => expect(await f("onConnect", 421)).toBe("retry"));
  test("554 at the greeting is the server's day", async () => expect(await f("onConnect", 554)).toBe("retry"));
  test("451 for the sender", async () => expect(await f("onMailFrom", 451)).toBe("retry"));
  test("553 for the sender", async () => expect(await f("onMailFrom", 553)).toBe("refused"));
  test("450 for the recipient", async () => expect(await f("onRcptTo", 450)).toBe("retry"));
  test("550 for the recipient", async () => expect(await f("onRcptTo", 550)).toBe("refused"));
  test("452 for the mail", async () => expect(await f("onData", 452)).toBe("retry"));
  test("554 for the mail", async () => expect(await f("onData", 554)).toBe("refused"));
  test("what the server said is the reason", async () => expect(await reject("onRcptTo", 550)).toEqual({ kind: "refused", reason: "550 answer 550" }));
});

describe("login", () => {
  const login = (code: number | null): Promise<{ readonly port: number; readonly mails: Mail[] }> =>
    fake({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _, callback) => (code === null && password === "right" ? callback(null, { user: username ?? "" }) : callback(failure(code ?? 535, "bad credentials"))),
    });
  test("right", async () => {
    const { port, mails } = await login(null);
    expect([(await send({ port, user: "u", password: "right" })).kind, mails[0]?.user]).toEqual(["sent", "u"]);
  });
  test("wrong: refused", async () => expect(await send({ port: (await login(535)).port, user: "u", password: "wrong" })).toMatchObject({ kind: "refused", reason: expect.stringMatching(/^login refused: 535/) }));
  test("not now: later", async () => expect(await send({ port: (await login(454)).port, user: "u", password: "right" })).toMatchObject({ kind: "retry", doubt: false }));
  test("wanted and not given: refused", async () => expect(await send({ port: (await login(null)).port })).toMatchObject({ kind: "refused" }));
});

describe("login by whatever is offered", () => {
  test.each(["PLAIN", "LOGIN", "CRAM-MD5"])("%s", async (method) => {
    const used: string[] = [];
    const { port } = await fake({
      authOptional: false,
      allowInsecureAuth: true,
      authMethods: [method],
      onAuth: (auth, _, callback) => {
        used.push(auth.method);
        const right = auth.method === "CRAM-MD5" ? auth.validatePassword("right") : auth.password === "right";
        callback(right ? null : failure(535, "no"), right ? { user: "u" } : undefined);
      },
    });
    expect([(await send({ port, user: "u", password: "right" })).kind, (await send({ port, user: "u", password: "wrong" })).kind, used]).toEqual(["sent", "refused", [method, method]]);
  });
});

describe("without a server's name", () => {
  /** A machine whose port 25 is that port, and whose sendmail ends so, or cannot be started. */
  const machine = (port: number, end: ProcessEnd): ChannelContext => {
    const real = channelContext();
    return { ...real, network: { ...real.network, connect: (to) => real.network.connect({ ...to, port: to.port === 25 ? port : to.port }) }, processes: { ...real.processes, run: () => Promise.resolve(end) } };
  };
  const none: ProcessEnd = { kind: "failed", failure: { code: "resources", sentence: "there is no program /usr/sbin/sendmail" } };
  const f = async (options: object, port: number, end: ProcessEnd): Promise<Sending> => email.send(email.options.parse({ to: ["probe@mail.test"], from: "tocsin@mail.test", ...options }), message(), machine(port, end));
  test("sendmail takes it", async () => {
    const { port, mails } = await fake();
    expect(await f({}, port, { kind: "ended", exit: 0, signal: null, killed: false, stdout: "", stderr: "", cut: false })).toEqual({ kind: "sent", detail: "handed to /usr/sbin/sendmail" });
    expect(mails).toEqual([]);
  });
  test("where there is no sendmail, localhost does", async () => {
    const { port, mails } = await fake();
    expect(await f({}, port, none)).toEqual({ kind: "sent", detail: "localhost:25: 250 queued as 7" });
    expect(mails).toMatchObject([{ from: "tocsin@mail.test", to: ["probe@mail.test"] }]);
  });
  test("neither: both are told", async () => expect(await f({}, await freePort(), none)).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/^there is no program \/usr\/sbin\/sendmail; localhost:25: .* refused the connection$/) }));
  test("a program that is named has no other to stand in", async () => {
    const { port, mails } = await fake();
    expect([await f({ sendmail: "/usr/sbin/sendmail" }, port, none), mails]).toEqual([{ kind: "retry", doubt: false, reason: "there is no program /usr/sbin/sendmail" }, []]);
  });
});

describe("a connection that breaks", () => {
  /** Speaks SMTP by rote up to a point, then does the given thing. */
  async function rote(until: string, then: (socket: Socket) => void): Promise<number> {
    const server: Server = createServer((socket) => {
      let inData = false;
      let rest = "";
      socket.on("error", () => {});
      if (until === "greeting") return then(socket);
      socket.write("220 rote\r\n");
      socket.on("data", (chunk: Buffer) => {
        rest += chunk.toString();
        for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
          const line = rest.slice(0, end);
          rest = rest.slice(end + 2);
          if (inData && line !== ".") continue;
          if (line.startsWith(until)) return then(socket);
          inData = line === "DATA";
          socket.write(inData ? "354 go\r\n" : "250 ok\r\n");
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const open = new Set<Socket>();
    server.on("connection", (socket) => open.add(socket));
    closing.push(() => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    });
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }
  const drop = (socket: Socket): void => void socket.destroy();
  const hang = (): void => {};
  test("refused: surely not sent", async () => expect(await send({ port: await freePort() })).toMatchObject({ kind: "retry", doubt: false }));
  test("dropped before the greeting", async () => expect(await send({ port: await rote("greeting", drop) })).toMatchObject({ kind: "retry", doubt: false }));
  test("dropped at RCPT", async () => expect(await send({ port: await rote("RCPT", drop) })).toMatchObject({ kind: "retry", doubt: false }));
  test("dropped after the dot: in doubt", async () => expect(await send({ port: await rote(".", drop) })).toMatchObject({ kind: "retry", doubt: true }));
  test("no greeting until the deadline", async () => expect(await send({ port: await rote("greeting", hang) }, 300)).toEqual({ kind: "retry", reason: "no answer before the deadline (opening)", doubt: false }));
  test("no answer to MAIL until the deadline", async () => expect(await send({ port: await rote("MAIL", hang) }, 300)).toMatchObject({ kind: "retry", doubt: false }));
  test("no answer to the dot until the deadline: in doubt", async () => expect(await send({ port: await rote(".", hang) }, 300)).toEqual({ kind: "retry", reason: "no answer before the deadline (mail)", doubt: true }));
  test("no answer to QUIT: sent", async () => expect(await send({ port: await rote("QUIT", hang) })).toMatchObject({ kind: "sent" }));
  test("garbage", async () => expect(await send({ port: await rote("greeting", (socket) => void socket.write("hello\r\n")) })).toMatchObject({ kind: "retry", doubt: false }));
});

describeWith(["openssl"], "TLS", () => {
  const start = (kind: "good" | "expired" | "selfSigned", more: SMTPServerOptions = {}): ReturnType<typeof fake> => fake({ cert: certificates?.[kind].cert, key: certificates?.[kind].key, ...more });
  const trusted = (): object => ({ host: "localhost", ca: certificates?.authority });
  test("STARTTLS", async () => {
    const { port, mails } = await start("good");
    expect([(await send({ port, ...trusted(), starttls: "required" })).kind, mails[0]?.secure]).toEqual(["sent", true]);
  });
  test("TLS from the first byte", async () => {
    const { port, mails } = await start("good", { secure: true });
    expect([(await send({ port, ...trusted(), tls: true })).kind, mails[0]?.secure]).toEqual(["sent", true]);
  });
  test("required and not offered: nothing is sent", async () => {
    const { port, mails } = await start("good", { hideSTARTTLS: true, disabledCommands: ["STARTTLS"] });
    expect([await send({ port, ...trusted(), starttls: "required" }), mails]).toMatchObject([{ kind: "retry", doubt: false }, []]);
  });
  test("optional and not offered: in the clear", async () => {
    const { port, mails } = await start("good", { hideSTARTTLS: true, disabledCommands: ["STARTTLS"] });
    expect([(await send({ port, starttls: "optional" })).kind, mails[0]?.secure]).toEqual(["sent", false]);
  });
  test("expired: nothing is sent", async () => {
    const { port, mails } = await start("expired");
    expect([await send({ port, ...trusted(), starttls: "required" }), mails]).toMatchObject([{ kind: "retry", doubt: false, reason: expect.stringMatching(/expired/) }, []]);
  });
  test("of an unknown authority: nothing is sent", async () => {
    const { port, mails } = await start("selfSigned", { secure: true });
    expect([await send({ port, host: "localhost", tls: true }), mails]).toMatchObject([{ kind: "retry", doubt: false }, []]);
  });
  test("not verified on request", async () => expect(await send({ port: (await start("selfSigned")).port, starttls: "required", verify: false })).toMatchObject({ kind: "sent" }));
});

describe("options", () => {
  const f = (options: object): boolean => email.options.safeParse({ to: ["a@x"], from: "t@x", ...options }).success;
  test("sendmail needs nothing more", () => expect(f({})).toBe(true));
  test("nobody to tell", () => expect(f({ to: [] })).toBe(false));
  test("not an address", () => expect(f({ to: ["ops"] })).toBe(false));
  test("an address that would add a header", () => expect(f({ to: ["a@x\r\nBcc: b@x"] })).toBe(false));
  test("a user without a password", () => expect(f({ smtp: { host: "x", user: "u" } })).toBe(false));
  test("a program without its path", () => expect(f({ sendmail: "sendmail" })).toBe(false));
});
