import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { notes } from "../../src/probes/notes.ts";
import { NOTES_REQUEST } from "../../src/wire/notes.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { freePort } from "./ground.ts";
import { leaks } from "./leak.ts";
import { notesAnswer, notesServer } from "./notes.ts";
import { rawServer, replies } from "./raw.ts";

const ask = (options: object, context: ContextRequest = {}) => notes.run(notes.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));

/** Against a fake: there is no Domino in Debian. */
describe("notes", () => {
  const against = async (serve: (socket: Socket) => void, options: object = {}, context: ContextRequest = {}, host = "127.0.0.1"): Promise<string> => {
    const server = await rawServer(serve, host);
    const { verdict, code, sentence } = await ask({ port: server.port, host, ...options }, context);
    await server.idle();
    return `${verdict} ${code} ${sentence}`.replaceAll(String(server.port), "P");
  };
  const MAIL = "CN=Mail01/OU=Berlin/O=Acme";

  it("is answered, over both families, and tells the server's name", async () => {
    expect(await against(notesServer(MAIL))).toBe("up ok Mail01/Berlin/Acme answered");
    expect(await against(notesServer(MAIL), {}, {}, "::1")).toBe("up ok Mail01/Berlin/Acme answered");
    expect(await against(replies(notesAnswer("")))).toBe("up ok answered, without a name");
    const server = await rawServer(notesServer(MAIL));
    const outcome = await ask({ port: server.port, host: "localhost", family: 4 });
    expect(outcome).toMatchObject({ facts: { name: MAIL, abbreviated: "Mail01/Berlin/Acme", address: "127.0.0.1" } });
    expect(Object.keys(outcome.phases)).toEqual(["resolve", "connect", "answer"]);
  });
  it("wants the right name, in either form and any case", async () => {
    for (const name of [MAIL, "Mail01/Berlin/Acme", "MAIL01/berlin/acme"]) expect(await against(notesServer(MAIL), { name })).toMatch(/^up ok/);
    expect(await against(notesServer(MAIL), { name: "Mail02/Acme" })).toBe("down mismatch the server is Mail01/Berlin/Acme, wanted Mail02/Acme");
    expect(await against(replies(notesAnswer("")), { name: "Mail02/Acme" })).toBe("down mismatch the server told no name, wanted Mail02/Acme");
  });
  it("tells another protocol, and an echo", async () => {
    expect(await against(replies(NOTES_REQUEST))).toBe("down protocol the server sent no answer of Notes RPC");
    expect(await against(replies("HTTP/1.0 400 Bad Request\r\n".padEnd(30_000)))).toBe("down protocol the server sent no answer of Notes RPC");
  });
  it("tells where the connection ends", async () => {
    expect(await against((socket) => void socket.end())).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await against(replies(notesAnswer(MAIL).subarray(0, 20)))).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await against((socket) => void socket.resetAndDestroy())).toMatch(/^down reset /);
    const port = await freePort();
    expect(await ask({ port })).toMatchObject({ verdict: "down", code: "refused" });
  });
  it("ends at its deadline", async () => {
    expect(await against(() => {}, {}, { deadlineMs: 100 })).toBe("down timeout 127.0.0.1 port P sent nothing in time");
    expect(await against(replies(notesAnswer(MAIL).subarray(0, 20), { close: false }), {}, { deadlineMs: 200 })).toMatch(/^down timeout 127.0.0.1 port P sent only 18 of \d+ bytes in time$/);
  });
  it("takes no answer without end", async () => {
    expect(await against(replies(Buffer.alloc(200_000, 0xff)))).toMatch(/^down (protocol|too-large) /);
  });
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof notes.run>[1]) => notes.run(notes.options.parse({ host: "127.0.0.1", port }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
  });
});
