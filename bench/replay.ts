import { type Socket as Datagrams, createSocket } from "node:dgram";
import { type Socket, createServer } from "node:net";
import { type Step, conversationsOf, isServer } from "./conversation.ts";

/**
 * A process of its own that plays the servers' side of recorded conversations, so that its CPU is not counted with the client's: reads them as JSON from
 * standard input, and writes the port of each, as JSON, when all listen. It ends with its standard input.
 */
function play(socket: Socket, steps: readonly Step[]): void {
  let at = 0;
  let missing = 0;
  const go = (): void => {
    for (let step = steps[at]; step !== undefined && isServer(step); step = steps[++at]) socket.write(step.octets);
    missing = steps[at]?.octets.length ?? Infinity;
  };
  socket.setNoDelay(true);
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => {
    for (let left = chunk.length; left > 0; ) {
      const taken = Math.min(left, missing);
      left -= taken;
      missing -= taken;
      if (missing > 0) break;
      at += 1;
      go();
    }
  });
  go();
}

/** Answers the n-th datagram of a peer with what followed the n-th one of the conversation. */
function playDatagrams(socket: Datagrams, steps: readonly Step[]): void {
  const next = new Map<number, number>();
  socket.on("message", (_, { port, address }) => {
    const from = next.get(port) ?? 0;
    let at = from + 1;
    for (let step = steps[at]; step !== undefined && isServer(step); step = steps[++at]) socket.send(step.octets, port, address);
    if (at < steps.length) next.set(port, at);
    else next.delete(port);
  });
}

async function listen(transport: "tcp" | "udp", steps: readonly Step[]): Promise<number> {
  if (transport === "tcp") {
    const server = createServer((socket) => play(socket, steps));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 512, resolve));
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }
  const socket = createSocket("udp4");
  playDatagrams(socket, steps);
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return socket.address().port;
}

process.stdin.setEncoding("utf8");
let text = "";
process.stdin.on("data", (chunk: string) => {
  text += chunk;
  if (!text.endsWith("\n")) return;
  void Promise.all(conversationsOf(text).map(({ transport, steps }) => listen(transport, steps))).then((ports) => process.stdout.write(`${JSON.stringify(ports)}\n`));
});
process.stdin.on("end", () => process.exit(0));
