import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface GrpcServer extends RunningServer {
  /** Plain (h2c) on 127.0.0.1 and [::1]. */
  readonly port: number;
  /** Over TLS on 127.0.0.1. */
  readonly tlsPort: number;
}

/** The framing, HTTP/2 and the statuses are gRPC's own; the health service's two fields are written here as bytes, for Debian has no package of it. */
const PROGRAM = `
import sys
from concurrent import futures
import grpc

STATES = {b"": 1, b"up": 1, b"down": 2, b"unknown": 0}

def check(request, context):
    name = request[2:]
    if name == b"private":
        if ("authorization", "Bearer sesame") not in [tuple(pair) for pair in context.invocation_metadata()]:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you")
        return b"\\x08\\x01"
    if name == b"large":
        return b"\\x1a\\xa0\\x8d\\x06" + b"x" * 100000
    if name not in STATES:
        context.abort(grpc.StatusCode.NOT_FOUND, "unknown service: " + name.decode())
    return b"" if STATES[name] == 0 else bytes([8, STATES[name]])

port, tls_port, certificate, key, health = sys.argv[1:6]
server = grpc.server(futures.ThreadPoolExecutor(4))
method = grpc.unary_unary_rpc_method_handler(check)
name = "grpc.health.v1.Health" if health == "yes" else "other.Service"
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"Check": method}),))
server.add_insecure_port("127.0.0.1:" + port)
server.add_insecure_port("[::1]:" + port)
with open(key, "rb") as k, open(certificate, "rb") as c:
    server.add_secure_port("127.0.0.1:" + tls_port, grpc.ssl_server_credentials([(k.read(), c.read())]))
server.start()
server.wait_for_termination()
`;

/** Python's gRPC with a health service that knows "", up, down, unknown, large and private (Bearer sesame); `health: false`: without. */
export async function startGrpc(parent: string, certificate: CertificateFiles, { health = true }: { readonly health?: boolean } = {}): Promise<GrpcServer> {
  const port = await freePort(2);
  const tlsPort = port + 1;
  const folder = join(parent, `grpc-${port}`);
  mkdirSync(folder);
  const file = join(folder, "server.py");
  writeFileSync(file, PROGRAM);
  const args = [file, String(port), String(tlsPort), certificate.certPath, certificate.keyPath, health ? "yes" : "no"];
  const running = await startServer({ name: "grpc", command: "/usr/bin/python3", args, folder, ready: listens(tlsPort) });
  return { ...running, port, tlsPort };
}
