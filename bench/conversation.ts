import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { freePort } from "../test/servers/ground.ts";

/** What one side said until the other one did; of UDP, one datagram. */
export interface Step {
  readonly from: "client" | "server";
  readonly octets: Uint8Array;
}

/** One connection, or the datagrams of one socket. */
export interface Conversation {
  readonly transport: "tcp" | "udp";
  readonly steps: readonly Step[];
}

export const isServer = ({ from }: Step): boolean => from === "server";

const lineOf = (conversations: readonly Conversation[]): string => `${JSON.stringify(conversations.map(({ transport, steps }) => ({ transport, steps: steps.map(({ from, octets }) => [from, Buffer.from(octets).toString("base64")]) })))}\n`;

export function conversationsOf(line: string): readonly Conversation[] {
  const read = JSON.parse(line) as readonly { readonly transport: "tcp" | "udp"; readonly steps: readonly (readonly ["client" | "server", string])[] }[];
  return read.map(({ transport, steps }) => ({ transport, steps: steps.map(([from, octets]) => ({ from, octets: Buffer.from(octets, "base64") })) }));
}

/** From one client's socket to the server. */
interface Way {
  readonly say: (from: Step["from"], octets: Uint8Array) => void;
  readonly socket: ReturnType<typeof createSocket>;
}

/** Lets `talk` talk to a server through a port of ours, over TCP and UDP, and gives what was said, connection by connection. */
export async function record({ host, port }: { readonly host: string; readonly port: number }, talk: (port: number) => Promise<void>): Promise<readonly Conversation[]> {
  const conversations: { readonly transport: "tcp" | "udp"; readonly steps: Step[] }[] = [];
  const begin = (transport: "tcp" | "udp"): Way["say"] => {
    const steps: Step[] = [];
    conversations.push({ transport, steps });
    return (from, octets) => {
      const last = steps.at(-1);
      if (transport === "tcp" && last?.from === from) steps.splice(-1, 1, { from, octets: Buffer.concat([last.octets, octets]) });
      else steps.push({ from, octets });
    };
  };
  const ours = await freePort();
  const tcp = createServer((client) => {
    const say = begin("tcp");
    const server = connect(port, host);
    client.on("data", (chunk: Buffer) => (say("client", chunk), server.write(chunk)));
    server.on("data", (chunk: Buffer) => (say("server", chunk), client.writable && client.write(chunk)));
    client.on("close", () => server.destroy()).on("error", () => undefined);
    server.on("close", () => client.end()).on("error", () => client.destroy());
  });
  const udp = createSocket("udp4");
  const ways = new Map<number, Way>();
  udp.on("message", (question, peer) => {
    const known = ways.get(peer.port);
    const { say, socket } = known ?? { say: begin("udp"), socket: createSocket("udp4") };
    if (known === undefined) {
      socket.on("message", (answer) => (say("server", answer), udp.send(answer, peer.port, peer.address)));
      ways.set(peer.port, { say, socket });
    }
    say("client", question);
    socket.send(question, port, host);
  });
  await new Promise<void>((resolve) => tcp.listen(ours, "127.0.0.1", resolve));
  await new Promise<void>((resolve) => udp.bind(ours, "127.0.0.1", resolve));
  await talk(ours);
  for (const { socket } of ways.values()) socket.close();
  udp.close();
  await new Promise((resolve) => tcp.close(resolve));
  return conversations;
}

/** A process that plays the servers' side; its ports in the order of the conversations. */
export async function startReplay(conversations: readonly Conversation[]): Promise<{ readonly ports: readonly number[]; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("replay.ts", import.meta.url))], { stdio: ["pipe", "pipe", "inherit"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const said = new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.endsWith("\n")) resolve(text);
    });
    void gone.then(() => reject(new Error("the process that plays the servers ended")));
  });
  child.stdin.write(lineOf(conversations));
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await gone;
  };
  return { ports: JSON.parse(await said) as readonly number[], stop };
}

/** The client's side with nothing around it: the same octets in the same turns, and neither read nor judged. */
export function replay({ transport, steps }: Conversation, port: number): Promise<void> {
  return transport === "tcp" ? replayStream(steps, port) : replayDatagrams(steps, port);
}

function replayStream(steps: readonly Step[], port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let at = 0;
    let missing = 0;
    const go = (): void => {
      for (let step = steps[at]; step !== undefined && !isServer(step); step = steps[++at]) socket.write(step.octets);
      missing = steps[at]?.octets.length ?? 0;
      if (at >= steps.length) socket.destroy();
    };
    socket.once("connect", go);
    socket.on("data", (chunk: Buffer) => {
      missing -= chunk.length;
      if (missing > 0) return;
      at += 1;
      go();
    });
    socket.once("close", () => resolve()).once("error", reject);
  });
}

function replayDatagrams(steps: readonly Step[], port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    let at = 0;
    const go = (): void => {
      const step = steps[at];
      if (step === undefined) return void socket.close();
      if (isServer(step)) return;
      at += 1;
      socket.send(step.octets, (error) => (error === null ? go() : reject(error)));
    };
    socket.on("message", () => {
      at += 1;
      go();
    });
    socket.once("close", () => resolve()).once("error", reject);
    socket.connect(port, "127.0.0.1", go);
  });
}
