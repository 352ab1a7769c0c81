import { createHash, createHmac } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { radius } from "../../src/probes/radius.ts";
import { type ContextRequest } from "./context.ts";
import { RADIUS_SECRET, type Radius, startRadius } from "./freeradius.ts";
import { describeWith, freePort, temporaryFolder } from "./ground.ts";
import { datagramLeaks } from "./leak.ts";
import { datagramServer } from "./raw.ts";
import { stage } from "./stage.ts";

const staged = stage(radius);
const ask: typeof staged.ask = (options, context) => staged.ask({ secret: RADIUS_SECRET, ...options }, context);
const line: typeof staged.line = (options, context) => staged.line({ secret: RADIUS_SECRET, ...options }, context);
const LOGIN = { user: "probe", password: "probepw" };
const SILENT = "; it is silent as well when the secret is wrong or this machine is not among its clients";

describeWith(["freeradius"], "radius against FreeRADIUS", () => {
  let server: Radius;
  beforeAll(async () => {
    server = await startRadius(temporaryFolder());
  });

  it("says that it is there, for logins and for accounting, over both families", async () => {
    const outcome = await ask({ port: server.port });
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: `127.0.0.1 port ${server.port} answers with Access-Accept`, facts: { answer: "accept", signed: expect.any(Boolean), address: "127.0.0.1" } });
    expect(Object.keys(outcome.phases)).toEqual(["answer"]);
    expect(outcome.evidence).toMatchObject([{ label: "sent", text: "Status-Server, NAS-Identifier tocsin" }, { label: "received", text: expect.stringMatching(/^Access-Accept/) as string }]);
    expect(await ask({ port: server.accounting })).toMatchObject({ verdict: "up", facts: { answer: "accounting" } });
    expect(await line({ port: server.port, host: "::1" })).toMatch(/^up ok ::1 /);
  });

  it("logs in, by password and by digest", async () => {
    const outcome = await ask({ port: server.port, ...LOGIN });
    expect(outcome).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${server.port} lets in probe`, facts: { answer: "accept", message: "hello" } });
    expect(JSON.stringify(outcome)).not.toMatch(/probepw|testing123/);
    expect(await line({ port: server.port, ...LOGIN, method: "chap" })).toMatch(/^up ok .* lets in probe$/);
    expect(await line({ port: server.port, ...LOGIN, callingStationId: "00-11-22-33-44-55", calledStationId: "net" })).toMatch(/^up ok/);
  });

  it("tells who is refused", async () => {
    const refused = `127.0.0.1 port ${server.port} refuses`;
    expect(await line({ port: server.port, ...LOGIN, password: "wrong" })).toBe(`down auth ${refused} probe: hello`);
    expect(await line({ port: server.port, ...LOGIN, password: "wrong", method: "chap" })).toBe(`down auth ${refused} probe: hello`);
    expect(await line({ port: server.port, user: "barred", password: "x" })).toBe(`down auth ${refused} barred: not today`);
    expect(await line({ port: server.port, user: "nobody", password: "x", answer: "reject" })).toBe(`up ok ${refused} nobody`);
    expect(await line({ port: server.port, user: "nobody", password: "x", answer: "any" })).toMatch(/^up ok/);
    expect(await line({ port: server.port, ...LOGIN, answer: "reject" })).toBe(`down mismatch 127.0.0.1 port ${server.port} lets in probe: hello; reject was expected`);
  });

  it("is met with silence when the secret is wrong, or the client unknown", async () => {
    const silence = `down timeout 127.0.0.1 port ${server.port} did not answer in time${SILENT}`;
    expect(await line({ port: server.port, secret: "wrong" }, { deadlineMs: 400 })).toBe(silence);
    expect(await line({ port: server.port, source: "127.0.0.9" }, { deadlineMs: 400 })).toBe(silence);
    expect(await line({ port: server.port, secret: "wrong", ...LOGIN }, { deadlineMs: 400 })).toBe(silence);
  });

  it("sees it hang, and go", async () => {
    server.signal("SIGSTOP");
    expect(await line({ port: server.port }, { deadlineMs: 300 })).toMatch(/^down timeout /);
    await server.stop();
    expect(await line({ port: server.port })).toBe(`down refused 127.0.0.1 port ${server.port} refused the connection`);
  });
});

/** An answer to a request, made with the secret. */
function answerTo(request: Uint8Array, { code = 2, attributes = "", secret = RADIUS_SECRET, signed = false } = {}): Buffer {
  const body = Buffer.concat([signed ? Buffer.concat([Buffer.of(80, 18), Buffer.alloc(16)]) : Buffer.alloc(0), Buffer.from(attributes, "hex")]);
  const packet = Buffer.concat([Buffer.of(code, request[1] ?? 0, 0, 20 + body.length), request.subarray(4, 20), body]);
  if (signed) packet.set(createHmac("md5", secret).update(packet).digest(), 22);
  packet.set(createHash("md5").update(packet).update(secret).digest(), 4);
  return packet;
}

describe("radius against faults", () => {
  const against = async (answers: (request: Buffer) => readonly Uint8Array[], options: object = {}, context: ContextRequest = {}): Promise<string> => {
    const port = await datagramServer(answers);
    return (await line({ port, ...options }, context)).replaceAll(String(port), "P");
  };
  const late = { deadlineMs: 300 };

  it("is refused, and cannot resolve", async () => {
    const port = await freePort();
    expect(await line({ port })).toBe(`down refused 127.0.0.1 port ${port} refused the connection`);
    expect(await line({ port, host: "nowhere.invalid" }, { resolvers: [`127.0.0.1:${port}`] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });

  it("knows every answer", async () => {
    const reply = Buffer.concat([Buffer.of(18, 5), Buffer.from("pin")]).toString("hex") + Buffer.concat([Buffer.of(18, 3), Buffer.from("?")]).toString("hex");
    expect(await against((request) => [answerTo(request, { code: 11, attributes: reply })], LOGIN)).toBe("down auth 127.0.0.1 port P wants more than a password from probe: pin?");
    expect(await against((request) => [answerTo(request, { code: 11 })], { ...LOGIN, answer: "challenge" })).toBe("up ok 127.0.0.1 port P wants more than a password from probe");
    expect(await against((request) => [answerTo(request, { code: 3 })])).toBe("down status 127.0.0.1 port P answers Status-Server with Access-Reject");
    expect(await against((request) => [answerTo(request, { code: 5 })], LOGIN)).toBe("down protocol 127.0.0.1 port P answers a login with Accounting-Response");
    expect(await against((request) => [answerTo(request, { code: 44 })], LOGIN)).toBe("down protocol 127.0.0.1 port P answers a login with a packet with code 44");
    const port = await datagramServer((request) => [answerTo(request, { signed: true })]);
    expect(await ask({ port })).toMatchObject({ verdict: "up", facts: { signed: true } });
  });

  it("waits for the right answer, and tells the wrong one when no other comes", async () => {
    const forged = (request: Buffer): Buffer => answerTo(request, { secret: "guessed" });
    expect(await against((request) => [Buffer.from("noise"), forged(request), answerTo(request)])).toMatch(/^up ok/);
    expect(await against((request) => [forged(request)], {}, late)).toBe("down protocol 127.0.0.1 port P sent an answer that was not made with this secret");
    expect(await against(() => [Buffer.from("noise")], {}, late)).toBe("down protocol 127.0.0.1 port P sent 5 octets, which are no RADIUS packet");
    expect(await against((request) => [Buffer.concat([request.subarray(0, 1), Buffer.of((request[1] ?? 0) ^ 1), request.subarray(2)])], {}, late)).toBe("down protocol 127.0.0.1 port P sent an answer to another request");
    expect(await against((request) => [answerTo(request).subarray(0, 19)], {}, late)).toBe("down protocol 127.0.0.1 port P sent 19 octets, which are no RADIUS packet");
    expect(await against((request) => [answerTo(request, { attributes: "0601" })], {}, late)).toMatch(/^down protocol .* attributes do not fit into it$/);
  });

  it("asks again, with other octets, when a datagram was lost", async () => {
    const seen = new Set<string>();
    expect(await against((request) => (seen.add(request.subarray(4, 20).toString("hex")).size === 1 ? [] : [answerTo(request)]))).toMatch(/^up ok/);
    expect(seen.size).toBe(2);
  });

  it("leaves nothing behind", async () => {
    expect(await datagramLeaks((port, context) => line({ port }, context))).toEqual({ left: 0, said: [expect.stringMatching(/^down timeout /)] });
  });
});
