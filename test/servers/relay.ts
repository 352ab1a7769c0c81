import { type Socket, connect } from "node:net";
import { type RawServer, rawServer } from "./raw.ts";

export interface Wire {
  readonly client: Socket;
  readonly server: Socket;
}

/**
 * Stands between a client and a real server on 127.0.0.1 and hands on what each of them says, until `meddle` says `stop` to what the client has
 * said so far (Latin-1): that piece and all later ones stay here, and what becomes of the connection is for `meddle` to do.
 */
export function startRelay(port: number, meddle: (said: string, wire: Wire) => "pass" | "stop"): Promise<RawServer> {
  return rawServer((client) => {
    const server = connect(port, "127.0.0.1");
    let said = "";
    let stopped = false;
    server.on("error", () => client.destroy());
    server.on("data", (chunk: Buffer) => client.writable && client.write(chunk));
    server.on("close", () => client.destroy());
    client.on("close", () => server.destroy());
    client.on("data", (chunk: Buffer) => {
      if (stopped) return;
      said += chunk.toString("latin1");
      stopped = meddle(said, { client, server }) === "stop";
      if (!stopped) server.write(chunk);
    });
  });
}
