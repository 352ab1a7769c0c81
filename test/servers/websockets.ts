import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface WebSocketServer extends RunningServer {
  /** ws on 127.0.0.1 and [::1]. */
  readonly port: number;
  /** wss on both. */
  readonly tlsPort: number;
}

const PROGRAM = `
import asyncio, http, json, ssl, sys
import websockets

async def serve(socket, path):
    if path == "/close":
        await socket.close(1011, "broken")
    if path == "/chatty":
        for number in range(50):
            await socket.send("news %d" % number)
    async for message in socket:
        if message == "headers":
            await socket.send(json.dumps(dict(socket.request_headers)))
        elif message == "fragments":
            await socket.send(["one ", "two ", "three"])
        else:
            await socket.send(message)

async def choose(path, headers):
    if path == "/forbidden":
        return http.HTTPStatus.FORBIDDEN, [], b"no\\n"
    if path == "/elsewhere":
        return http.HTTPStatus.FOUND, [("Location", "/echo")], b""

async def main():
    port, tls_port, certificate, key = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    options = dict(process_request=choose, subprotocols=["chat"], ping_interval=None, max_size=None)
    await websockets.serve(serve, ["127.0.0.1", "::1"], port, **options)
    await websockets.serve(serve, ["127.0.0.1", "::1"], tls_port, ssl=context, **options)
    await asyncio.Future()

asyncio.run(main())
`;

/**
 * Python's websockets: echoes at every path but /close (1011), /chatty (50 messages first), /forbidden (403) and /elsewhere (302); the message
 * `headers` is answered with the request's, `fragments` in three parts. Knows the subprotocol `chat`.
 */
export async function startWebSockets(parent: string, certificate: CertificateFiles): Promise<WebSocketServer> {
  const port = await freePort(2);
  const tlsPort = port + 1;
  const folder = join(parent, `websockets-${port}`);
  mkdirSync(folder);
  const file = join(folder, "server.py");
  writeFileSync(file, PROGRAM);
  const running = await startServer({ name: "websockets", command: "/usr/bin/python3", args: [file, String(port), String(tlsPort), certificate.certPath, certificate.keyPath], folder, ready: listens(tlsPort) });
  return { ...running, port, tlsPort };
}

/** Mosquitto with MQTT over WebSockets on 127.0.0.1: libwebsockets. */
export async function startMosquittoWebSocket(parent: string): Promise<RunningServer & { readonly port: number }> {
  const port = await freePort(2);
  const folder = join(parent, `mosquitto-${port}`);
  mkdirSync(folder);
  // It does not start without a listener of the plain kind.
  const file = join(folder, "mosquitto.conf");
  writeFileSync(file, `user root\npersistence false\nlog_dest stderr\nlistener ${port + 1} 127.0.0.1\nlistener ${port} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n`);
  const running = await startServer({ name: "mosquitto", command: "mosquitto", args: ["-c", file], folder, ready: listens(port) });
  return { ...running, port };
}
