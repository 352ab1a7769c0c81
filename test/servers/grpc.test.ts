import { type ServerHttp2Stream, createServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { grpc } from "../../src/probes/grpc.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { atEnd, describeWith, freePort, temporaryFolder } from "./ground.ts";
import { type GrpcServer, startGrpc } from "./grpc-server.ts";
import { leaks } from "./leak.ts";
import { rawServer, replies } from "./raw.ts";

const ask = (options: object, context: ContextRequest = {}) => grpc.run(grpc.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};

describeWith(["openssl", "python3-grpcio"], "grpc against Python's gRPC", () => {
  let certificates: Certificates;
  let folder: string;
  let server: GrpcServer;
  const trusted = (more: object = {}): object => ({ ca: certificates.authority, ...more });
  beforeAll(async () => {
    folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    server = await startGrpc(folder, certificates.good);
  });

  it("asks the server, and a service, over both families", async () => {
    const outcome = await ask({ port: server.port });
    expect(outcome).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${server.port} serves`, facts: { serving: "SERVING", grpcStatus: 0, grpcStatusName: "OK", status: 200, address: "127.0.0.1" }, evidence: [{ label: "sent", text: 'POST /grpc.health.v1.Health/Check ""' }, { label: "received" }] });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "call"]);
    expect(await line({ port: server.port, host: "::1", service: "up" })).toBe(`up ok the service up of ::1 port ${server.port} serves`);
  });

  it("tells a service that does not serve, or is not known", async () => {
    expect(await ask({ port: server.port, service: "down" })).toMatchObject({ verdict: "down", code: "status", sentence: `the service down of 127.0.0.1 port ${server.port} says that it does not serve: NOT_SERVING`, facts: { serving: "NOT_SERVING" } });
    expect(await line({ port: server.port, service: "unknown" })).toMatch(/^down status .*: UNKNOWN$/);
    expect(await ask({ port: server.port, service: "down" }, { wants: ["serving"] })).toMatchObject({ verdict: "up", facts: { serving: "NOT_SERVING" } });
    expect(await line({ port: server.port, service: "nobody" })).toBe(`down mismatch 127.0.0.1 port ${server.port} does not know what was asked for: NOT_FOUND (5), unknown service: nobody`);
    expect(await ask({ port: server.port, service: "nobody" }, { wants: ["grpcStatus"] })).toMatchObject({ verdict: "up", facts: { grpcStatus: 5, grpcStatusName: "NOT_FOUND" } });
    const bare = await startGrpc(folder, certificates.expired, { health: false });
    expect(await line({ port: bare.port })).toMatch(/^down status .* speaks gRPC, but has no health service: UNIMPLEMENTED \(12\)/);
    expect(await ask({ port: bare.tlsPort, tls: trusted() })).toMatchObject({ code: "tls-expired", facts: { certificate: { days: -3 } } });
  });

  it("shows its token", async () => {
    expect(await line({ port: server.port, service: "private" })).toMatch(/^down auth .* refused the call: UNAUTHENTICATED \(16\), who are you$/);
    const outcome = await ask({ port: server.port, service: "private", token: "sesame" });
    expect(outcome.verdict).toBe("up");
    expect(JSON.stringify(outcome)).not.toContain("sesame");
  });

  it("speaks TLS, and judges the certificate", async () => {
    expect(await ask({ port: server.tlsPort, tls: trusted() })).toMatchObject({ verdict: "up", facts: { certificate: { days: 90 } } });
    expect(await line({ port: server.tlsPort, tls: true })).toMatch(/^down tls-untrusted /);
    expect(await line({ port: server.tlsPort, tls: trusted({ servername: "other.test" }) })).toMatch(/^down tls-name /);
    expect(await line({ port: server.port, tls: trusted() })).toMatch(/^down tls-failed /);
    expect(await line({ port: server.tlsPort })).toMatch(/^down (protocol|closed|reset) /);
  });

  it("takes no answer without end", async () => expect(await line({ port: server.port, service: "large" })).toBe(`down too-large 127.0.0.1 port ${server.port} sent more than 64 KiB`));

  it("sees it hang and go", async () => {
    server.signal("SIGSTOP");
    expect(await line({ port: server.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${server.port} did not answer in time`);
    server.signal("SIGCONT");
    await server.stop();
    expect(await line({ port: server.port })).toBe(`down refused 127.0.0.1 port ${server.port} refused the connection`);
  });
});

describe("grpc against faults", () => {
  const against = async (serve: (socket: Socket) => void, options: object = {}, context: ContextRequest = {}): Promise<string> => {
    const server = await rawServer(serve);
    const said = await line({ port: server.port, ...options }, context);
    await server.idle();
    return said.replaceAll(String(server.port), "P");
  };
  /** An HTTP/2 server that does with a call what the test wants. */
  const called = async (answer: (stream: ServerHttp2Stream) => void, context: ContextRequest = {}): Promise<string> => {
    const server = createServer().on("stream", (stream: ServerHttp2Stream) => {
      stream.on("error", () => {});
      answer(stream);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    atEnd(async () => void server.close());
    const { port } = server.address() as AddressInfo;
    return (await line({ port }, context)).replaceAll(String(port), "P");
  };
  const responds = (body: Uint8Array, trailers: { readonly [name: string]: string }, status = 200): ((stream: ServerHttp2Stream) => void) => {
    return (stream) => {
      stream.respond({ ":status": status, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers(trailers));
      stream.end(body);
    };
  };
  const SERVES = Uint8Array.of(0, 0, 0, 0, 2, 8, 1);

  it("takes no answer that is none", async () => {
    expect(await called(responds(SERVES, { "grpc-status": "0" }))).toBe("up ok 127.0.0.1 port P serves");
    expect(await called(responds(SERVES.subarray(0, 6), { "grpc-status": "0" }))).toBe("down protocol 127.0.0.1 port P sent a message of 1 bytes that announces 2");
    expect(await called(responds(SERVES, { "grpc-status": "ok" }))).toBe("down protocol 127.0.0.1 port P sent the gRPC status ok");
    expect(await called(responds(SERVES, { other: "0" }))).toBe("down closed 127.0.0.1 port P closed the connection in the middle of its answer");
    expect(await called((stream) => stream.respond({ ":status": 502 }, { endStream: true }))).toBe("down status 127.0.0.1 port P answered HTTP 502, not gRPC");
    expect(await called((stream) => stream.respond({ ":status": 200, "grpc-status": "14", "grpc-message": "not%20now" }, { endStream: true }))).toBe("down status 127.0.0.1 port P could not be asked: UNAVAILABLE (14), not now");
  });
  it("tells where the connection ends", async () => {
    expect(await called((stream) => stream.session?.destroy())).toMatch(/^down (closed|reset|protocol) /);
    expect(await called((stream) => stream.close(8))).toMatch(/^down (closed|protocol) /);
    expect(await against((socket) => void socket.end())).toMatch(/^down closed 127.0.0.1 port P closed the connection without an answer$/);
  });
  it("tells another protocol", async () => {
    expect(await against(replies("HTTP/1.1 400 Bad Request\r\n\r\n"))).toMatch(/^down protocol 127.0.0.1 port P does not speak HTTP\/2: /);
    expect(await against(replies(Buffer.alloc(200_000, 0x41)))).toMatch(/^down protocol 127.0.0.1 port P does not speak HTTP\/2: /);
  });
  it("ends at its deadline", async () => {
    expect(await against(() => {}, {}, { deadlineMs: 200 })).toBe("down timeout 127.0.0.1 port P did not answer in time");
    expect(await called((stream) => stream.respond({ ":status": 200 }), { deadlineMs: 400 })).toBe("down timeout 127.0.0.1 port P did not end its answer in time");
  });
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof grpc.run>[1]) => grpc.run(grpc.options.parse({ host: "127.0.0.1", port }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
  });
  it("cannot resolve", async () => {
    const port = await freePort();
    expect(await line({ port, host: "nowhere.invalid" }, { resolvers: [`127.0.0.1:${port}`] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });
});
