import { type Socket, connect } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { ssh } from "../../src/probes/ssh.ts";
import { SSH, encodeKexInit, encodePacket, sshString } from "../../src/wire/ssh.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { describeWith, freePort, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { converses, drips, rawServer, replies } from "./raw.ts";
import { type Sshd, startDropbear, startSshd } from "./sshd.ts";

const ask = (options: object, context: ContextRequest = {}) => ssh.run(ssh.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};

describeWith(["dropbear-bin", "openssh-server"], "ssh against OpenSSH and Dropbear", () => {
  let folder: string;
  let sshd: Sshd;
  beforeAll(async () => {
    folder = temporaryFolder();
    sshd = await startSshd(folder);
  });

  it("has the host key proven, over both families", async () => {
    const { fingerprint, line: key } = sshd.keys.ed25519;
    const outcome = await ask({ port: sshd.port });
    expect(outcome).toMatchObject({
      verdict: "up",
      sentence: `127.0.0.1 port ${sshd.port} proved its host key ${fingerprint}`,
      facts: { address: "127.0.0.1", fingerprint, hostKey: key.split(" ")[1], hostKeyType: "ssh-ed25519", signature: "ssh-ed25519", kex: "curve25519-sha256", software: expect.stringMatching(/^OpenSSH_/) as string },
    });
    expect(outcome.facts["identification"]).toMatch(/^SSH-2\.0-OpenSSH_/);
    expect(Object.keys(outcome.phases)).toEqual(["connect", "identification", "kex"]);
    expect(outcome.evidence[0]).toEqual({ label: "sent", text: "SSH-2.0-Tocsin\r\nkey exchange: our algorithms\nkey exchange: our half of curve25519-sha256\ndisconnect\n" });
    expect(await line({ port: sshd.port, host: "::1" })).toMatch(/^up ok ::1 port \d+ proved its host key SHA256:/);
    await expect.poll(() => sshd.log()).toContain("done [preauth]");
  });

  it("knows every kind of key", async () => {
    expect(await ask({ port: sshd.port, keyType: "rsa" })).toMatchObject({ verdict: "up", facts: { fingerprint: sshd.keys.rsa.fingerprint, hostKeyType: "ssh-rsa", signature: "rsa-sha2-512" } });
    expect(await ask({ port: sshd.port, keyType: "ecdsa" })).toMatchObject({ verdict: "up", facts: { fingerprint: sshd.keys.ecdsa.fingerprint, hostKeyType: "ecdsa-sha2-nistp256" } });
    for (let runs = 0; runs < 40; runs++) expect((await ask({ port: sshd.port, keyType: runs % 2 === 0 ? "ecdsa" : "ed25519" })).code).toBe("ok");
  });

  it("knows a pinned key, and tells another", async () => {
    const { ed25519, rsa } = sshd.keys;
    expect(await line({ port: sshd.port, hostKey: ed25519.line })).toMatch(/^up ok/);
    expect(await line({ port: sshd.port, hostKey: ed25519.fingerprint })).toMatch(/^up ok/);
    expect(await ask({ port: sshd.port, hostKey: rsa.line.split(" ")[1] })).toMatchObject({ verdict: "up", facts: { hostKeyType: "ssh-rsa" } });
    expect(await line({ port: sshd.port, hostKey: rsa.fingerprint, keyType: "rsa" })).toMatch(/^up ok/);
    expect(await line({ port: sshd.port, hostKey: [rsa.fingerprint, ed25519.fingerprint] })).toMatch(/^up ok/);
    expect(await line({ port: sshd.port, hostKey: rsa.fingerprint })).toBe(`down mismatch the host key of 127.0.0.1 port ${sshd.port} is ${ed25519.fingerprint} (ssh-ed25519), which is not the pinned one`);
    const other = await startSshd(folder, "", ["ed25519"]);
    expect(await line({ port: other.port, hostKey: ed25519.line })).toMatch(/^down mismatch the host key of .* is not the pinned one$/);
    expect(await line({ port: other.port, hostKey: rsa.line })).toMatch(/^down mismatch .* has no host key of a kind that was asked for; it offers ssh-ed25519$/);
    await other.stop();
  });

  it("knows other curves, and tells a server with none in common", async () => {
    const [nist, old] = await Promise.all([startSshd(folder, "KexAlgorithms ecdh-sha2-nistp256"), startSshd(folder, "KexAlgorithms diffie-hellman-group14-sha1\nBanner none", ["rsa"])]);
    expect(await ask({ port: nist.port })).toMatchObject({ verdict: "up", facts: { kex: "ecdh-sha2-nistp256" } });
    expect(await line({ port: old.port })).toMatch(/^down protocol .* have no method of key exchange in common; it offers diffie-hellman-group14-sha1/);
    expect(await line({ port: old.port, until: "identification" })).toMatch(/^up ok 127.0.0.1 port \d+ is OpenSSH_/);
  });

  it("tells a server that turns connections away", async () => {
    const full = await startSshd(folder, "MaxStartups 1\nLoginGraceTime 30");
    const held = await rawConnection(full.port);
    expect(await line({ port: full.port })).toMatch(/^down (status .* turns connections away: |closed |reset )/);
    held.destroy();
  });

  it("understands Dropbear", async () => {
    const dropbear = await startDropbear(folder);
    expect(await ask({ port: dropbear.port, hostKey: dropbear.fingerprint })).toMatchObject({ verdict: "up", facts: { software: expect.stringMatching(/^dropbear_/) as string } });
  });

  it("sees it hang and go", async () => {
    sshd.signal("SIGSTOP");
    expect(await line({ port: sshd.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${sshd.port} sent nothing in time`);
    sshd.signal("SIGCONT");
    await sshd.stop();
    // A child of it may still be on its way out.
    await expect.poll(() => line({ port: sshd.port }), { timeout: 10_000 }).toBe(`down refused 127.0.0.1 port ${sshd.port} refused the connection`);
  });
});

async function rawConnection(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  // Its identification has come: sshd counts it.
  await new Promise((resolve) => socket.once("data", resolve));
  return socket;
}

const IDENT = Buffer.from("SSH-2.0-fake\r\n");
const INIT = encodePacket(encodeKexInit(new Uint8Array(16), ["ssh-ed25519"]));
const packets = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts.map((part) => encodePacket(part)));

describe("ssh against faults", () => {
  const against = async (serve: (socket: Socket) => void, options: object = {}, context: ContextRequest = {}): Promise<string> => {
    const server = await rawServer(serve);
    const said = await line({ port: server.port, ...options }, context);
    await server.idle();
    return said.replaceAll(String(server.port), "P");
  };
  const says = (...parts: readonly Uint8Array[]): Promise<string> => against(replies(Buffer.concat([IDENT, ...parts])));
  it("tells another protocol", async () => {
    expect(await against(replies("HTTP/1.1 400 Bad Request\r\n\r\n"))).toBe("down protocol 127.0.0.1 port P does not identify itself as SSH but says: HTTP/1.1 400 Bad Request");
    expect(await against(converses("220 mail.example.com ESMTP\r\n", () => null), {}, { deadlineMs: 200 })).toBe("down protocol 127.0.0.1 port P does not identify itself as SSH but says: 220 mail.example.com ESMTP");
    expect(await against(replies("Exceeded MaxStartups\r\n"))).toBe("down status 127.0.0.1 port P turns connections away: Exceeded MaxStartups");
    expect(await against(replies("SSH-1.5-old\r\n"))).toBe("down protocol 127.0.0.1 port P identifies itself as SSH-1.5-old, which is no SSH 2");
    expect(await against(replies(`hello\r\n`.repeat(10_000)))).toBe("down protocol 127.0.0.1 port P sent 50 lines and no SSH identification");
    expect(await against(replies("x".repeat(100_000)))).toMatch(/^down too-large /);
  });
  it("reads byte by byte, other lines first", async () => expect(await against(drips(Buffer.from("hello\r\nSSH-1.99-fake_1.0 x\n")), { until: "identification" })).toBe("up ok 127.0.0.1 port P is fake_1.0"));
  it("tells where the connection ends", async () => {
    expect(await against((socket) => void socket.end())).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await says()).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await says(INIT.subarray(0, 100))).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await says(INIT)).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await says(packets(Buffer.concat([Buffer.from([SSH.disconnect, 0, 0, 0, 2]), sshString("too busy"), sshString("")])))).toBe("down closed 127.0.0.1 port P ended the exchange: too busy");
  });
  it("ends at its deadline", async () => {
    expect(await against(() => {}, {}, { deadlineMs: 150 })).toBe("down timeout 127.0.0.1 port P sent nothing in time");
    expect(await against(replies(Buffer.concat([IDENT, INIT]), { close: false }), {}, { deadlineMs: 200 })).toBe("down timeout 127.0.0.1 port P sent only 0 of 4 bytes in time");
  });
  it("takes no answer that is none", async () => {
    expect(await says(Buffer.from("ffffffff00", "hex"))).toBe("down protocol 127.0.0.1 port P sent a packet of 4294967295 bytes");
    expect(await says(Buffer.from("00000005ff00000000", "hex"))).toBe("down protocol 127.0.0.1 port P sent a packet without content");
    expect(await says(packets(Buffer.of(SSH.kexInit, 1, 2)))).toBe("down protocol 127.0.0.1 port P sent a list of algorithms that is cut short");
    expect(await says(packets(Buffer.of(99)))).toBe("down protocol 127.0.0.1 port P sent message 99 where 20 was due");
    expect(await says(packets(...Array.from({ length: 60 }, () => Buffer.of(SSH.ignore, 0, 0, 0, 0))))).toBe("down protocol 127.0.0.1 port P sent 20 messages, and not the one that was due");
    const reply = (publicKey: Uint8Array): Uint8Array => Buffer.concat([Buffer.of(SSH.ecdhReply), sshString(Buffer.concat([sshString("ssh-ed25519"), sshString(new Uint8Array(32))])), sshString(publicKey), sshString("")]);
    expect(await says(INIT, packets(reply(new Uint8Array(32))))).toBe("down protocol 127.0.0.1 port P sent a half of the key exchange that is none");
    expect(await says(INIT, packets(Buffer.of(SSH.ignore), reply(Uint8Array.of(9, ...new Uint8Array(31)))))).toMatch(/^down mismatch .* cannot prove that it has it: the signature is false$/);
    expect(await says(INIT, packets(Buffer.of(SSH.ecdhReply, 1)))).toBe("down protocol 127.0.0.1 port P sent an answer to the key exchange that lacks its parts");
  });
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof ssh.run>[1]) => ssh.run(ssh.options.parse({ host: "127.0.0.1", port }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
    expect(await leaks({ run, serve: (socket) => void socket.write(Buffer.concat([IDENT, INIT])) })).toEqual({ left: [], codes: ["timeout"] });
  });
  it("is refused, and cannot resolve", async () => {
    const port = await freePort();
    expect(await line({ port })).toBe(`down refused 127.0.0.1 port ${port} refused the connection`);
    expect(await line({ port, host: "nowhere.invalid" }, { resolvers: [`127.0.0.1:${port}`] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });
});
