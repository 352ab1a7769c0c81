import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { atEnd } from "./ground.ts";

export interface RawServer {
  readonly port: number;
  /** Connections that are open now. */
  open(): number;
  /** Connections ever accepted. */
  accepted(): number;
  /** Resolves when no connection is open any more. */
  idle(): Promise<void>;
}

/** A server in this process that does whatever the test wants with a connection: the one small fake for faults. It ends with the file. */
export async function rawServer(serve: (socket: Socket) => void, host = "127.0.0.1"): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const waiting: (() => void)[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    accepted++;
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.on("close", () => {
      sockets.delete(socket);
      if (sockets.size === 0) for (const resolve of waiting.splice(0)) resolve();
    });
    serve(socket);
    // A server that does not read never learns that the other side is gone.
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  atEnd(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const idle = (): Promise<void> => (sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)));
  return { port: (server.address() as AddressInfo).port, open: () => sockets.size, accepted: () => accepted, idle };
}

/** Serves the bytes after the first data has come, then closes unless told otherwise. */
export function replies(bytes: string | Uint8Array, { close = true }: { readonly close?: boolean } = {}): (socket: Socket) => void {
  return (socket) =>
    void socket.once("data", () => {
      socket.write(bytes);
      if (close) socket.end();
    });
}

/** Greets, and answers each line that comes; `null` answers nothing. Answers go out byte by byte where `dripping`. */
export function converses(greeting: string, answer: (line: string, socket: Socket) => string | null, { dripping = false }: { readonly dripping?: boolean } = {}): (socket: Socket) => void {
  return (socket) => {
    socket.setNoDelay(true);
    const say = (text: string): void => {
      if (dripping) for (const byte of Buffer.from(text)) socket.write(Buffer.of(byte));
      else socket.write(text);
    };
    say(greeting);
    let rest = "";
    socket.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString("latin1")).split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const said = answer(line, socket);
        if (said !== null && socket.writable) say(said);
      }
    });
  };
}

/** Serves the bytes one by one, each in a segment of its own, after the first data has come. */
export function drips(bytes: Uint8Array): (socket: Socket) => void {
  return (socket) => void socket.once("data", () => dripNow(socket, bytes));
}

/** Sends the bytes one by one, each in a segment of its own, and closes. */
export function dripNow(socket: Socket, bytes: Uint8Array): void {
  socket.setNoDelay(true);
  dripOn(socket, bytes, 0);
}

function dripOn(socket: Socket, bytes: Uint8Array, at: number): void {
  if (at === bytes.length) {
    socket.end();
    return;
  }
  socket.write(bytes.subarray(at, at + 1), () => setImmediate(() => dripOn(socket, bytes, at + 1)));
}
