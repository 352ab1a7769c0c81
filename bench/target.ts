import { createServer } from "node:net";

/** A process of its own that accepts connections on every loopback address and does nothing else; prints its port, ends with its parent. */
const server = createServer((socket) => {
  socket.on("error", () => undefined);
  socket.on("end", () => socket.destroy());
  socket.resume();
});
server.listen({ host: "0.0.0.0", port: 0, backlog: 4096 }, () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.stdout.write(`${address.port}\n`);
});
process.stdin.resume().on("end", () => process.exit(0));
