import type { Socket } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { smb } from "../../src/probes/smb.ts";
import { frameSmb } from "../../src/wire/smb.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { drips, rawServer, replies } from "./raw.ts";
import { type Samba, startSamba } from "./samba.ts";

const ask = (options: object, context: ContextRequest = {}) => smb.run(smb.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};
const ALL = ["SMB1", "2.0.2", "2.1", "3.0", "3.0.2", "3.1.1"];

describeWith(["samba"], "smb against Samba", () => {
  let samba: Samba;
  let old: Samba;
  let signing: Samba;
  beforeAll(async () => {
    const folder = temporaryFolder();
    [samba, old, signing] = await Promise.all([startSamba(folder), startSamba(folder, { min: "NT1", max: "NT1" }), startSamba(folder, { min: "SMB3_11", signing: "mandatory" })]);
  });

  it("agrees on the newest dialect, over both families", async () => {
    const outcome = await ask({ port: samba.port });
    expect(outcome).toMatchObject({ verdict: "up", sentence: "agreed on SMB 3.1.1, signing enabled", facts: { dialect: "3.1.1", signing: "enabled", address: "127.0.0.1" } });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "negotiate"]);
    // Samba puts its NetBIOS name into the id
    expect(outcome.facts["guid"]).toBe("73636f74-6e69-6574-7374-000000000000");
    expect(Math.abs(Number(outcome.facts["offset"]))).toBeLessThan(60_000);
    expect(await line({ port: samba.port, host: "::1" })).toMatch(/^up ok/);
    expect(await line({ port: samba.port, host: "localhost", family: 6 })).toMatch(/^up ok/);
  });

  it("agrees on each dialect", async () => {
    for (const dialect of ["2.0.2", "2.1", "3.0", "3.0.2", "3.1.1"]) expect(await ask({ port: samba.port, dialects: [dialect] })).toMatchObject({ verdict: "up", facts: { dialect } });
  });

  it("opens a NetBIOS session first", async () => {
    const outcome = await ask({ port: samba.port, transport: "netbios" });
    expect(outcome).toMatchObject({ verdict: "up", facts: { dialect: "3.1.1" } });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "session", "negotiate"]);
    expect(await line({ port: samba.port, transport: "netbios", name: "TOCSINTEST", dialects: ALL })).toMatch(/^up ok agreed on SMB 3.1.1/);
  });

  it("asks in the old form, and again where the server wants the new one", async () => {
    expect(await ask({ port: samba.port, dialects: ALL })).toMatchObject({ verdict: "up", facts: { dialect: "3.1.1" } });
    expect(await ask({ port: samba.port, dialects: ["SMB1", "2.0.2"] })).toMatchObject({ verdict: "up", facts: { dialect: "2.0.2" } });
    expect(await ask({ port: old.port, dialects: ["SMB1"] })).toMatchObject({ verdict: "up", sentence: "agreed on SMB 1, signing enabled", facts: { dialect: "SMB1" } });
    expect(await ask({ port: old.port, dialects: ALL })).toMatchObject({ verdict: "up", facts: { dialect: "SMB1" } });
  });

  it("tells a server that knows none of the dialects", async () => {
    expect(await line({ port: samba.port, dialects: ["SMB1"] })).toBe("down mismatch the server speaks SMB, but refused SMB1: no dialect in common");
    expect(await line({ port: signing.port, dialects: ["2.1"] })).toBe("down mismatch the server speaks SMB, but refused 2.1: no dialect in common");
    expect(await ask({ port: signing.port, dialects: ["2.1"] }, { wants: ["dialect"] })).toMatchObject({ verdict: "up", sentence: "SMB is spoken, but none of 2.1", facts: { dialect: "none" } });
    expect(await line({ port: old.port })).toMatch(/^down (closed|mismatch) /);
  });

  it("tells whether signing is demanded", async () => {
    expect(await ask({ port: signing.port })).toMatchObject({ facts: { signing: "required" } });
  });

  it("sees it go", async () => {
    await samba.stop();
    expect(await line({ port: samba.port })).toBe(`down refused 127.0.0.1 port ${samba.port} refused the connection`);
  });
});

describe("smb against faults", () => {
  const against = async (serve: (socket: Socket) => void, options: object = {}, context: ContextRequest = {}): Promise<string> => {
    const server = await rawServer(serve);
    const said = await line({ port: server.port, ...options }, context);
    await server.idle();
    return said.replaceAll(String(server.port), "P");
  };
  const answer = Buffer.alloc(128);
  answer.write("\xfeSMB\x40", "latin1");
  answer.writeUInt8(1, 16);
  answer.writeUInt8(65, 64);
  answer.writeUInt16LE(0x0210, 68);
  const AGREED = frameSmb(answer);

  it("reads an answer byte by byte, behind keep-alives", async () => {
    expect(await against(drips(AGREED))).toBe("up ok agreed on SMB 2.1, signing off");
    expect(await against(replies(Buffer.concat([Uint8Array.of(0x85, 0, 0, 0), AGREED])))).toBe("up ok agreed on SMB 2.1, signing off");
    expect(await against(replies(Buffer.concat(Array.from({ length: 40 }, () => Uint8Array.of(0x85, 0, 0, 0)))))).toBe("down protocol the server sends keep-alives and no answer");
  });
  it("tells a refused session", async () => {
    const netbios = { transport: "netbios", name: "OTHER" };
    expect(await against(replies(Uint8Array.of(0x83, 0, 0, 1, 0x82)), netbios)).toBe("down status the server refused the session to OTHER: the called name is not there");
    expect(await against(replies(Uint8Array.of(0x84, 0, 0, 6, 192, 0, 2, 1, 0, 139)), netbios)).toBe("down status the server refused the session to OTHER: it sends sessions to 192.0.2.1 port 139");
    expect(await against(replies(AGREED), netbios)).toBe("down protocol the server answered the session request with a packet of type 0");
  });
  it("tells what was not offered", async () => {
    expect(await against(replies(AGREED), { dialects: ["3.1.1"] })).toBe("down protocol the server agreed to 2.1, which was not offered");
    answer.writeUInt16LE(0x02ff, 68);
    expect(await against(replies(frameSmb(answer)))).toBe("down protocol the server asks to be asked again without end");
  });
  it("tells another protocol", async () => {
    expect(await against(replies("HTTP/1.1 400 Bad Request\r\n\r\n"))).toBe("down protocol the server sent neither SMB nor NetBIOS");
    expect(await against(replies(Uint8Array.of(0, 0, 0, 5, 1, 2, 3, 4, 5)))).toBe("down protocol the server sent no SMB message");
    expect(await against(replies(Uint8Array.of(0, 255, 0, 0)))).toBe("down too-large the server announces a message of 16711680 bytes");
  });
  it("tells where the connection ends", async () => {
    expect(await against((socket) => void socket.end())).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await against(replies(AGREED.subarray(0, 40)))).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await against((socket) => void socket.resetAndDestroy())).toMatch(/^down reset /);
  });
  it("ends at its deadline", async () => {
    expect(await against(() => {}, {}, { deadlineMs: 100 })).toBe("down timeout 127.0.0.1 port P sent nothing in time");
    expect(await against(replies(AGREED.subarray(0, 40), { close: false }), {}, { deadlineMs: 200 })).toBe("down timeout 127.0.0.1 port P sent only 36 of 128 bytes in time");
  });
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof smb.run>[1]) => smb.run(smb.options.parse({ host: "127.0.0.1", port }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
  });
});
