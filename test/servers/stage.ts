import type { Socket } from "node:net";
import { expect, it } from "vitest";
import type { Outcome, Probe } from "../../src/probes/probe.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { freePort } from "./ground.ts";
import { leaks } from "./leak.ts";
import { rawServer, replies } from "./raw.ts";

export interface Stage {
  /** Runs the probe against 127.0.0.1, unless the options name another host. */
  readonly ask: (options: object, context?: ContextRequest) => Promise<Outcome>;
  /** As `ask`; verdict, code and sentence as one line. */
  readonly line: (options: object, context?: ContextRequest) => Promise<string>;
  /** As `line`, against a server that does so with each connection; its port reads `P`. Resolves when no connection is left. */
  readonly against: (serve: (socket: Socket) => void, options?: object, context?: ContextRequest) => Promise<string>;
}

/** A probe with everything that it needs to run. */
export function stage<Options>(probe: Probe<Options>): Stage {
  const ask: Stage["ask"] = (options, context = {}) => probe.run(probe.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
  const line: Stage["line"] = async (options, context) => {
    const { verdict, code, sentence } = await ask(options, context);
    return `${verdict} ${code} ${sentence}`;
  };
  const against: Stage["against"] = async (serve, options = {}, context = {}) => {
    const server = await rawServer(serve);
    const said = await line({ port: server.port, ...options }, context);
    await server.idle();
    return said.replaceAll(String(server.port), "P");
  };
  return { ask, line, against };
}

export interface FaultsRequest {
  /** What stands beside host and port. */
  readonly options?: object;
  /** Gives the beginning of an honest answer and stays silent then. */
  readonly half: (socket: Socket) => void;
  /** The server speaks first: the probe says nothing before it was greeted. */
  readonly greeted?: boolean;
  /** How an answer without end is seen, where the octets are sent again and again. */
  readonly endless: { readonly octets: string; readonly line: RegExp };
}

const HTTP = "HTTP/1.1 400 Bad Request\r\nServer: test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".repeat(3);

/** The cases that every probe of a service over TCP must know: refused, closed, reset, silent, half an answer, other protocols, no end, nothing left behind. */
export function itKnowsFaults<Options>(probe: Probe<Options>, { options = {}, half, greeted = false, endless }: FaultsRequest): void {
  const { line, against } = stage(probe);
  const told = (serve: (socket: Socket) => void, context: ContextRequest = {}): Promise<string> => against(serve, options, context);
  it("is refused, and cannot resolve", async () => {
    const port = await freePort();
    expect(await line({ port, ...options })).toBe(`down refused 127.0.0.1 port ${port} refused the connection`);
    expect(await line({ port, ...options, host: "nowhere.invalid" }, { resolvers: [`127.0.0.1:${port}`] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });
  it("tells where the connection ends", async () => {
    expect(await told((socket) => void socket.end())).toBe("down closed 127.0.0.1 port P closed the connection");
    expect(await told((socket) => void socket.resetAndDestroy())).toMatch(/^down (reset|closed) /);
    expect(await told((socket) => (half(socket), void socket.end()))).toBe("down closed 127.0.0.1 port P closed the connection");
  });
  it("ends at its deadline", async () => {
    expect(await told(() => {}, { deadlineMs: 150 })).toBe("down timeout 127.0.0.1 port P sent nothing in time");
    expect(await told(half, { deadlineMs: 300 })).toMatch(/^down timeout 127.0.0.1 port P sent .* in time$/);
  });
  it("tells another protocol", async () => {
    expect(await told(greeted ? (socket) => void socket.end(HTTP) : replies(HTTP))).toMatch(/^down protocol /);
    expect(await told((socket) => void socket.end("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n".repeat(3)))).toMatch(/^down protocol /);
  });
  it("takes no answer without end", async () => {
    const much = endless.octets.repeat(Math.ceil(300_000 / endless.octets.length));
    expect(await told((socket) => void socket.write(Buffer.from(much, "latin1")))).toMatch(endless.line);
  });
  it("leaves nothing behind", async () => {
    const run = (port: number, ctx: Parameters<typeof probe.run>[1]) => probe.run(probe.options.parse({ host: "127.0.0.1", port, ...options }), ctx);
    expect(await leaks({ run })).toEqual({ left: [], codes: ["timeout"] });
    expect(await leaks({ run, serve: half })).toEqual({ left: [], codes: ["timeout"] });
  });
}
