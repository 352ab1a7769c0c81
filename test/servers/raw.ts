import { type Socket as DatagramSocket, createSocket } from "node:dgram";
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

/** A UDP server in this process that answers each datagram with what the test wants. It ends with the file. */
export async function datagramServer(answers: (question: Buffer) => readonly Uint8Array[]): Promise<number> {
  const socket = createSocket("udp4");
  socket.on("message", (question, peer) => {
    for (const answer of answers(question)) socket.send(answer, peer.port, peer.address);
  });
  return bind(socket);
}

async function bind(socket: DatagramSocket): Promise<number> {
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  atEnd(async () => void socket.close());
  return socket.address().port;
}

export interface RelayRequest {
  /** Where a real server is, UDP on 127.0.0.1. */
  readonly port: number;
  /** What becomes of a question on its way there: as it is by default. */
  readonly question?: (bytes: Buffer) => readonly Uint8Array[];
  readonly answer?: (bytes: Buffer) => readonly Uint8Array[];
}

/** A UDP relay to a real server that loses, changes, doubles or adds datagrams on the way. It ends with the file. */
export async function datagramRelay({ port, question = (bytes) => [bytes], answer = (bytes) => [bytes] }: RelayRequest): Promise<number> {
  const front = createSocket("udp4");
  const backs = new Map<number, DatagramSocket>();
  front.on("message", (bytes, peer) => {
    let back = backs.get(peer.port);
    if (back === undefined) {
      back = createSocket("udp4");
      backs.set(peer.port, back);
      back.on("message", (said) => {
        for (const one of answer(said)) front.send(one, peer.port, peer.address);
      });
    }
    for (const one of question(bytes)) back.send(one, port, "127.0.0.1");
  });
  atEnd(async () => {
    for (const back of backs.values()) back.close();
  });
  return bind(front);
}
