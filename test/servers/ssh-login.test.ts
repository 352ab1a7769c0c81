import { beforeAll, describe, expect, it } from "vitest";
import { ssh } from "../../src/probes/ssh.ts";
import type { FactValue } from "../../src/core/types.ts";
import { AUTH } from "../../src/wire/ssh-auth.ts";
import { CHANNEL } from "../../src/wire/ssh-channel.ts";
import { SUITES } from "../../src/wire/ssh-cipher.ts";
import { SSH, sshString, u32 } from "../../src/wire/ssh.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { FAKE_FINGERPRINT, type FakeSession, fakeSshd, welcoming } from "./ssh-fake.ts";
import { HOST_KEYS, type Sshd, type Users, makeUsers, noUsers, startDropbear, startSshd } from "./sshd.ts";
import { rawServer } from "./raw.ts";

interface Context extends ContextRequest {
  readonly remembered?: FactValue;
}

const ask = (options: object, { remembered, ...context }: Context = {}) => ssh.run(ssh.options.parse({ host: "127.0.0.1", ...options }), { ...probeContext(context), ...(remembered === undefined ? {} : { remembered }) });
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};

const reason = noUsers();
if (reason !== null) process.stderr.write(`ssh logging in: ${reason}\n`);

describeWith(["dropbear-bin", "openssh-server", "openssl"], "ssh logging in to OpenSSH and Dropbear", () => {
  if (reason !== null) {
    it.skip(reason, () => {});
    return;
  }
  let folder: string;
  let users: Users;
  let sshd: Sshd;
  /** An sshd with these lines of configuration before all others. */
  const start = (more: string): Promise<Sshd> => startSshd(folder, `AuthorizedKeysFile ${users.authorized}\nStrictModes no\n${more}`, ["ed25519"], users);
  const login = (server: Sshd, more: object = {}): object => ({ port: server.port, hostKey: server.keys.ed25519.fingerprint, user: users.user, ...more });
  const byKey = (server: Sshd, more: object = {}): object => login(server, { privateKey: users.keys.ed25519, ...more });

  beforeAll(async () => {
    folder = temporaryFolder();
    users = makeUsers(folder);
    sshd = await start("PasswordAuthentication yes");
  });

  it("lets a user in by each kind of key, and runs a command", async () => {
    for (const type of HOST_KEYS) {
      const outcome = await ask(login(sshd, { privateKey: users.keys[type], command: "echo \"hällo\"; id -un; echo oops >&2" }), { wants: ["output"] });
      expect(outcome, type).toMatchObject({ verdict: "up", code: "ok", sentence: "hällo", facts: { login: "publickey", exit: 0, line: "hällo", methods: ["publickey", "password"] }, material: { output: `hällo\n${users.user}\n` } });
      expect(Object.keys(outcome.phases)).toEqual(["connect", "identification", "kex", "login", "command"]);
    }
    const json = (printed: string) => ask(byKey(sshd, { command: printed }), { wants: ["output", "output.json"] });
    expect(await json(`echo '{"memory": {"used": 512}}'`)).toMatchObject({ verdict: "up", material: { "output.json": { memory: { used: 512 } } } });
    expect((await json("echo no JSON")).material).toEqual({ output: "no JSON\n" });
    const { sentence, evidence } = await ask(byKey(sshd, { command: "true" }));
    expect(sentence).toBe("the command ended with exit status 0");
    expect(evidence[0]?.text).toMatch(/new keys\nservice request: ssh-userauth\nlog in as tocsin-probe: which methods are there\nlog in as tocsin-probe: publickey\nopen a session\nrun true\nend of input\nclose the session\ndisconnect\n$/);
    expect(await line(byKey(sshd))).toBe(`up ok 127.0.0.1 port ${sshd.port} let tocsin-probe in by publickey`);
  });

  it("lets a user in by password, and not by a wrong one", async () => {
    const { password } = users;
    const outcome = await ask(login(sshd, { password, command: "id -un" }));
    expect(outcome).toMatchObject({ verdict: "up", sentence: users.user, facts: { login: "password" } });
    expect(JSON.stringify(outcome)).not.toContain(password);
    expect(await line(login(sshd, { password: "wrong" }))).toBe(`down auth 127.0.0.1 port ${sshd.port} did not let tocsin-probe in by password`);
    expect(await line(login(sshd, { user: "nobody-here", password }))).toBe(`down auth 127.0.0.1 port ${sshd.port} did not let nobody-here in by password`);
    const other = makeUsers(temporaryFolder());
    expect(await ask(login(sshd, { privateKey: other.keys.ed25519, password }))).toMatchObject({ verdict: "up", facts: { login: "password" } });
    expect(await line(login(sshd, { privateKey: other.keys.ed25519, password: "wrong" }))).toMatch(/^down auth .* did not let tocsin-probe in by publickey and password$/);
  });

  it("answers a server that asks for the password, and knows what is not offered", async () => {
    const asking = await start("UsePAM yes\nKbdInteractiveAuthentication yes");
    expect(await ask(login(asking, { password: users.password, command: "id -un" }))).toMatchObject({ verdict: "up", sentence: users.user, facts: { login: "keyboard-interactive", methods: ["publickey", "keyboard-interactive"] } });
    expect(await line(login(asking, { password: "wrong" }))).toBe(`down auth 127.0.0.1 port ${asking.port} did not let tocsin-probe in by keyboard-interactive`);
    const both = await start("PasswordAuthentication yes\nAuthenticationMethods publickey,password");
    expect(await ask(byKey(both, { password: users.password }))).toMatchObject({ verdict: "up", facts: { login: "password", methods: ["publickey"] } });
    expect(await line(byKey(both))).toMatch(/^down auth .* did not let tocsin-probe in by publickey$/);
    expect(await line(login(both, { password: users.password }))).toBe(`down auth 127.0.0.1 port ${both.port} does not let tocsin-probe log in by password or keyboard-interactive; it offers publickey`);
  });

  it("speaks every cipher and MAC that it offers", async () => {
    const kinds = [...SUITES.ciphers.map((cipher) => `Ciphers ${cipher}\nMACs ${SUITES.macs.join(",")}`), ...SUITES.macs.map((mac) => `Ciphers aes128-ctr\nMACs ${mac}`)];
    await Promise.all(
      kinds.map(async (kind) => {
        const more = await start(kind);
        // More than one packet, and more than the first window of most.
        expect(await line(byKey(more, { command: "seq 9000 | sort -nr" })), kind).toBe("up ok 9000");
        await more.stop();
      }),
    );
    const none = await start("Ciphers chacha20-poly1305@openssh.com");
    expect(await line(byKey(none))).toMatch(/^down protocol .* have no cipher in common; it offers chacha20-poly1305@openssh.com/);
  });

  it("judges how a command ended", async () => {
    const command = (text: string, context: Context = {}) => line(byKey(sshd, { command: text }), context);
    expect(await command("echo no >&2; exit 3")).toBe("down exit the command ended with exit status 3: no");
    expect(await command("echo out; exit 4")).toBe("down exit the command ended with exit status 4: out");
    expect(await command("exit 4", { wants: ["exit"] })).toBe("up ok the command ended with exit status 4");
    expect(await command("kill -TERM $$")).toBe("down killed the command died of SIGTERM");
    expect(await command("cat; echo end of input")).toBe("up ok end of input");
    expect(await command("echo half; exec sleep 60", { deadlineMs: 3000 })).toBe("down timeout the command did not end in time; it had printed: half");
    expect(await command("yes")).toBe("down too-large the command printed 256 KiB or more");
    expect(await command("seq 30000 | tr 0-9 x")).toMatch(/^up ok x/);
    expect(await command("no-such-program")).toMatch(/^down exit the command ended with exit status 127: .*not found/);
  });

  it("sees a session refused, a server that hangs, and one that goes in the middle of a command", async () => {
    const closed = await start("MaxSessions 0");
    expect(await line(byKey(closed, { command: "true" }))).toBe(`down status 127.0.0.1 port ${closed.port} opens no session: open failed`);
    const forced = await start("ForceCommand echo forced; exit 5");
    expect(await line(byKey(forced, { command: "true" }))).toBe("down exit the command ended with exit status 5: forced");
    const leaving = await start("");
    // Its own session's process is the parent of the shell.
    expect(await line(byKey(leaving, { command: "echo half; kill -KILL $PPID; sleep 60" }))).toMatch(/^down (closed|reset) .* before the command had ended; it had printed(: half| nothing)$/);
    leaving.signal("SIGSTOP");
    expect(await line(byKey(leaving), { deadlineMs: 300 })).toMatch(/^down timeout /);
  });

  it("learns the first key, asks for that again, and tells another", async () => {
    const one = await startSshd(folder);
    const first = await ask({ port: one.port, hostKey: "learn", keyType: "rsa" });
    const remembered = { "ssh-rsa": one.keys.rsa.fingerprint };
    expect(first).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${one.port} proved its host key ${one.keys.rsa.fingerprint}, seen for the first time`, remember: remembered });
    // It has others that are better, and is asked for the one that is known.
    expect(await ask({ port: one.port, hostKey: "learn" }, { remembered })).toMatchObject({ verdict: "up", facts: { hostKeyType: "ssh-rsa" }, remember: remembered, sentence: `127.0.0.1 port ${one.port} proved its host key ${one.keys.rsa.fingerprint}` });
    const rotated = await startSshd(folder);
    const told = await ask({ port: rotated.port, hostKey: "learn" }, { remembered });
    expect(told).toMatchObject({ verdict: "down", code: "mismatch", sentence: `the host key of 127.0.0.1 port ${rotated.port} was ${one.keys.rsa.fingerprint} and is ${rotated.keys.rsa.fingerprint} now (ssh-rsa); if that is right, write the new one as hostKey` });
    expect(told.remember).toBeUndefined();
    // The operator takes the new one by pinning it, and may let it be learnt again afterwards.
    const pinned = await ask({ port: rotated.port, hostKey: rotated.keys.rsa.line }, { remembered });
    expect(pinned.remember).toEqual({ "ssh-rsa": rotated.keys.rsa.fingerprint });
    expect(await line({ port: rotated.port, hostKey: "learn" }, { remembered: pinned.remember ?? null })).toMatch(/^up ok/);
    const other = await startSshd(folder, "", ["ed25519"]);
    expect(await line({ port: other.port, hostKey: "learn" }, { remembered })).toBe(`down mismatch 127.0.0.1 port ${other.port} no longer has the host key ${one.keys.rsa.fingerprint} (ssh-rsa) that was learnt; it offers ssh-ed25519`);
  });

  it("says no password to a key that it sees for the first time, or to a wrong one", async () => {
    const { fingerprint } = sshd.keys.ed25519;
    const fresh = await start("PasswordAuthentication yes");
    const learning = { port: fresh.port, hostKey: "learn", user: users.user, password: users.password };
    expect(await line(learning)).toMatch(/^up ok .* seen for the first time; the password is for the next run$/);
    expect(await line({ ...learning, hostKey: fingerprint })).toMatch(/^down mismatch .* is not the pinned one$/);
    expect(await line(learning, { remembered: { "ssh-ed25519": fingerprint } })).toMatch(/^down mismatch .* was SHA256:\S+ and is SHA256:\S+ now/);
    expect(await line(learning, { remembered: { "ssh-ed25519": fresh.keys.ed25519.fingerprint } })).toMatch(/let tocsin-probe in by password$/);
    await expect.poll(() => fresh.log()).toContain("Accepted password for tocsin-probe");
    expect(fresh.log().match(/password for tocsin-probe/g)).toHaveLength(1);
    // A signature is worth nothing elsewhere.
    expect(await line({ port: fresh.port, hostKey: "learn", user: users.user, privateKey: users.keys.ed25519 })).toMatch(/let tocsin-probe in by publickey$/);
  });

  it("logs in to Dropbear", async () => {
    const dropbear = await startDropbear(folder, users);
    const to = (more: object): object => ({ port: dropbear.port, hostKey: dropbear.fingerprint, user: users.user, ...more });
    for (const type of HOST_KEYS) expect(await ask(to({ privateKey: users.keys[type], command: "id -un" })), type).toMatchObject({ verdict: "up", sentence: users.user, facts: { login: "publickey" } });
    expect(await ask(to({ password: users.password, command: "exit 7" }))).toMatchObject({ verdict: "down", code: "exit", facts: { login: "password", exit: 7 } });
    expect(await line(to({ password: "wrong" }))).toBe(`down auth 127.0.0.1 port ${dropbear.port} did not let tocsin-probe in by password`);
    expect(await line(to({ password: users.password, command: "kill -KILL $$" }))).toBe("down killed the command died of SIGKILL");
    expect(await line(to({ password: users.password, command: "echo half; exec sleep 60" }), { deadlineMs: 6000 })).toBe("down timeout the command did not end in time; it had printed: half");
  });
});

describe("ssh behind encryption, against faults", () => {
  const options = { hostKey: FAKE_FINGERPRINT, user: "probe", password: "s3cret", command: "true" };
  const told = async (serve: Parameters<typeof rawServer>[0], context: Context = {}): Promise<string> => {
    const server = await rawServer(serve);
    const said = await line({ port: server.port, ...options }, context);
    await server.idle();
    return said.replaceAll(String(server.port), "P");
  };
  const opened = Buffer.concat([Buffer.of(CHANNEL.opened), u32(0), u32(7), u32(1000), u32(1000)]);
  const data = (text: string): Uint8Array => Buffer.concat([Buffer.of(CHANNEL.data), u32(0), sshString(text)]);
  /** Opens the session and does that with the command. */
  const running = (act: (session: FakeSession) => void) => welcoming((payload, session) => (payload[0] === CHANNEL.open ? session.send(opened) : payload[0] === CHANNEL.request ? act(session) : undefined));
  const failing = (methods: string) => Buffer.concat([Buffer.of(AUTH.failure), sshString(methods), Buffer.of(0)]);

  it("is let in without a word, and told no exit status", async () => {
    const end = Buffer.concat([Buffer.of(CHANNEL.close), u32(0)]);
    expect(await told(running((session) => (session.send(data("some words\n")), session.send(end))))).toBe("up ok some words");
    expect(await told(running((session) => session.send(end)))).toBe("up ok the command ended; the server told no exit status");
  });

  it("denies what it is asked, and passes over what says nothing", async () => {
    const denied: number[] = [];
    const serve = welcoming((payload, session) => {
      if (payload[0] === CHANNEL.open) session.send(opened);
      if (payload[0] === CHANNEL.request) for (const more of [Buffer.concat([Buffer.of(80), sshString("keepalive@openssh.com"), Buffer.of(1)]), Buffer.concat([Buffer.of(SSH.ignore), sshString("")]), Buffer.concat([Buffer.of(CHANNEL.request), u32(0), sshString("ping"), Buffer.of(1)])]) session.send(more);
      if (payload[0] === CHANNEL.globalFailure || payload[0] === CHANNEL.failure) denied.push(payload[0]);
      if (denied.length === 2) session.send(Buffer.concat([Buffer.of(CHANNEL.close), u32(0)]));
    });
    expect(await told(serve)).toMatch(/^up ok/);
    expect(denied).toEqual([CHANNEL.globalFailure, CHANNEL.failure]);
  });

  it("takes nothing that is not authentic", async () => {
    expect(await told(running((session) => session.sendForged(data("x"))))).toBe("down protocol 127.0.0.1 port P sent a packet that is not authentic");
    expect(await told(running((session) => session.socket.write(Buffer.alloc(64, 0xff))))).toBe("down protocol 127.0.0.1 port P sent a packet that cannot be deciphered");
  });

  it("tells messages that have no place, and ends without end", async () => {
    expect(await told(fakeSshd((_, session) => session.send(Buffer.of(99))))).toBe("down protocol 127.0.0.1 port P sent message 99 where 6 was due");
    expect(await told(running((session) => session.send(Buffer.of(20))))).toBe("down protocol 127.0.0.1 port P sent a message 20 that has no place in a session");
    expect(await told(running((session) => session.send(data("x").subarray(0, 7))))).toBe("down protocol 127.0.0.1 port P sent a message 94 that has no place in a session");
    expect(await told(running((session) => Array.from({ length: 200 }, () => session.send(Buffer.concat([Buffer.of(CHANNEL.window), u32(0), u32(1)])))))).toBe("down protocol 127.0.0.1 port P sent 100 messages that say nothing");
    expect(await told(running((session) => session.send(Buffer.concat([Buffer.of(CHANNEL.failure), u32(0)]))))).toBe("down status 127.0.0.1 port P does not run commands for this user");
    expect(await told(running((session) => Array.from({ length: 20_000 }, () => session.send(data("x")))))).toBe("down too-large 127.0.0.1 port P sent more than 1024 KiB");
  });

  it("ends at its deadline, wherever that finds it", async () => {
    const soon = { deadlineMs: 1500 };
    expect(await told(fakeSshd(() => {}), soon)).toBe("down timeout 127.0.0.1 port P did not come to an end of the login of probe in time");
    expect(await told(welcoming(() => {}), soon)).toBe("down timeout 127.0.0.1 port P opened no session in time");
    expect(await told(running(() => {}), soon)).toBe("down timeout the command did not end in time; it had printed nothing");
    expect(await told(running(({ socket }) => socket.end()))).toBe("down closed 127.0.0.1 port P closed the connection before the command had ended; it had printed nothing");
  });

  it("does not ask and answer for ever", async () => {
    /** Grants the service and gives these answers, one after the other; the last one again and again. */
    const asking = (...answers: readonly Uint8Array[]) => {
      let given = 0;
      return fakeSshd((payload, session) => session.send(payload[0] === AUTH.serviceRequest ? Buffer.concat([Buffer.of(AUTH.serviceAccept), sshString("ssh-userauth")]) : (answers[Math.min(given++, answers.length - 1)] ?? failing(""))));
    };
    expect(await told(asking(failing("password,keyboard-interactive,hostbased")))).toBe("down auth 127.0.0.1 port P did not let probe in by password");
    const partly = Buffer.concat([failing("keyboard-interactive").subarray(0, -1), Buffer.of(1)]);
    expect(await told(asking(failing("password"), partly, failing("password")))).toBe("down auth 127.0.0.1 port P did not let probe in by password and keyboard-interactive");
    expect(await told(asking(failing("")))).toBe("down auth 127.0.0.1 port P does not let probe log in by password or keyboard-interactive; it offers nothing more");
    const question = (prompts: readonly (readonly [string, number])[]): Uint8Array => Buffer.concat([Buffer.of(AUTH.infoRequest), sshString(""), sshString(""), sshString(""), u32(prompts.length), ...prompts.flatMap(([prompt, echo]) => [sshString(prompt), Buffer.of(echo)])]);
    const interactive = (asked: Uint8Array) => asking(failing("keyboard-interactive"), asked);
    expect(await told(interactive(question([])))).toBe("down protocol 127.0.0.1 port P asked more than 4 questions");
    expect(await told(interactive(question([["Password: ", 0]])))).toBe("down auth 127.0.0.1 port P asks for more than a password: Password:");
    expect(await told(interactive(question([["Token: ", 1]])))).toBe("down auth 127.0.0.1 port P asks for more than a password: Token:");
    expect(await told(interactive(Buffer.of(AUTH.infoRequest)))).toBe("down protocol 127.0.0.1 port P sent a question that is none");
    expect(await told(asking(Buffer.concat([Buffer.of(60), sshString("too old"), sshString("")])))).toBe("down auth 127.0.0.1 port P wants the password changed before it lets anybody in");
  });

  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof ssh.run>[1]) => ssh.run(ssh.options.parse({ host: "127.0.0.1", port, ...options }), ctx);
    expect(await leaks({ run, serve: running(() => {}) })).toEqual({ left: [], codes: ["timeout"] });
  });
});
