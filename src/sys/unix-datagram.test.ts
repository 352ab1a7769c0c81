import { createServer } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sendToPath } from "./unix-datagram.ts";

let folder = "";
beforeAll(async () => void (folder = await mkdtemp("/tmp/tocsin-")));
afterAll(() => rm(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const f = (path: string, ...texts: readonly string[]) => sendToPath(path, texts.map((text) => Buffer.from(text)), never);

// What a receiver gets: test/channels/syslog.test.ts, with a real one.
it("has nothing to do with nothing to send", async () => expect(await f(join(folder, "none"))).toEqual({ taken: 0, failure: null }));
it("tells a path without a socket", async () => expect(await f(join(folder, "none"), "a")).toEqual({ taken: 0, failure: { code: "refused", sentence: `there is no socket ${join(folder, "none")}: nobody serves there` } }));
it("tells a file", async () => {
  await writeFile(join(folder, "file"), "");
  expect(await f(join(folder, "file"), "a")).toMatchObject({ taken: 0, failure: { code: "refused" } });
});
it("tells a socket for streams", async () => {
  const path = join(folder, "stream");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  expect(await f(path, "a")).toEqual({ taken: 0, failure: { code: "protocol", sentence: `${path} is a socket for streams, not for datagrams` } });
  await new Promise((resolve) => server.close(resolve));
});
it("takes no path that the system would cut", async () => expect(await f(`/${"x".repeat(107)}`, "a")).toMatchObject({ taken: 0, failure: { code: "resources" } }));
it("leaves no descriptor behind", async () => {
  const { readdirSync } = await import("node:fs");
  const open = (): number => readdirSync("/proc/self/fd").length;
  await f(join(folder, "none"), "a");
  const before = open();
  for (let run = 0; run < 200; run++) await f(join(folder, "none"), "a");
  expect(open()).toBe(before);
});
