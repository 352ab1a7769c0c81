import { type Socket, createSocket } from "node:dgram";
import { beforeAll, describe, expect, it } from "vitest";
import { rip } from "../../src/probes/rip.ts";
import { type RipAuthentication, type RipRoute, decodeRip, encodeResponse } from "../../src/wire/rip.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { type FrrRip, startFrrRip } from "./frr.ts";
import { atEnd, describeWith, freePort, need, temporaryFolder } from "./ground.ts";
import { namespaceObstacle } from "./namespaces.ts";

const ask = (options: object, context: ContextRequest = {}) => rip.run(rip.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};
const obstacle = need("frr", "iproute2") === null ? namespaceObstacle() : null;
if (obstacle !== null) process.stderr.write(`rip against FRR: ${obstacle}\n`);

describeWith(["frr", "iproute2"], "rip against FRR", () => {
  if (obstacle !== null) {
    it.skip(obstacle, () => {});
    return;
  }
  let open: FrrRip;
  let text: FrrRip;
  let md5: FrrRip;
  const TEXT = { authentication: "text", password: "tocsin" };
  const MD5 = { authentication: "md5", password: "tocsinmd5" };
  beforeAll(async () => {
    const folder = temporaryFolder();
    open = await startFrrRip(folder, "none");
    text = await startFrrRip(folder, "text");
    md5 = await startFrrRip(folder, "md5");
  }, 60_000);

  it("asks for the table", async () => {
    const outcome = await ask({ host: open.address, routes: ["192.0.2.0/24", "198.51.100.0/25"] });
    expect(outcome).toMatchObject({ verdict: "up", sentence: `${open.address} has 2 routes, the 2 required ones among them`, facts: { count: 2, metrics: { "192.0.2.0/24": 1, "198.51.100.0/25": 1 }, address: open.address } });
    expect(outcome.facts["routes"]).toEqual(expect.arrayContaining(["192.0.2.0/24", "198.51.100.0/25"]));
    expect(outcome.latencyMs).toBe(outcome.phases["answer"]);
    expect(await line({ host: open.address, source: open.own, sourcePort: 520 })).toBe(`up ok ${open.address} has 2 routes`);
    expect(await line({ host: open.address, routes: ["203.0.113.0/24", "192.0.2.0/24"] })).toBe("down mismatch no route to 203.0.113.0/24");
  });

  it("hears the router's own updates, whatever their authentication", async () => {
    const heard = await Promise.all([
      line({ host: open.address, listen: true, routes: ["192.0.2.0/24"] }),
      line({ host: text.address, listen: true, ...TEXT, routes: ["192.0.2.0/24"] }),
      line({ host: md5.address, listen: true, ...MD5, routes: ["192.0.2.0/24"] }),
    ]);
    expect(heard).toEqual([open, text, md5].map(({ address }) => `up ok ${address} has 2 routes, the required one among them`));
  }, 20_000);

  it("does not take an update for real that lacks what was agreed on", async () => {
    const seen = (options: object): Promise<string> => line({ listen: true, ...options }, { deadlineMs: 7000 });
    const heard = await Promise.all([
      seen({ host: open.address, ...TEXT }),
      seen({ host: text.address }),
      seen({ host: text.address, ...TEXT, password: "other" }),
      seen({ host: md5.address, ...MD5, password: "other" }),
      seen({ host: md5.address, ...MD5, keyId: 2 }),
    ]);
    expect(heard).toEqual([
      `down auth ${open.address} sent a response without authentication`,
      `down auth ${text.address} sent a response with authentication, and none was configured`,
      `down auth ${text.address} sent a response with another password`,
      `down auth ${md5.address} sent a response that another password signed`,
      `down auth ${md5.address} sent a response with the key 1`,
    ]);
  }, 20_000);

  it("is not answered without the authentication that the router wants", async () => {
    expect(await line({ host: text.address }, { deadlineMs: 400 })).toMatch(/^down timeout .* did not answer in time \(it may want authentication/);
  });

  it("sees it hang and go", async () => {
    open.ripd.signal("SIGSTOP");
    expect(await line({ host: open.address }, { deadlineMs: 400 })).toMatch(/^down timeout /);
    open.ripd.signal("SIGCONT");
    await open.ripd.stop();
    expect(await line({ host: open.address })).toBe(`down refused ${open.address} port 520 refused the connection`);
    expect(await line({ host: open.address, listen: true }, { deadlineMs: 400 })).toBe(`down timeout ${open.address} sent no update in time`);
  });
});

/** A router in this process; `answers` gives the datagrams for each request that it understands. */
async function router(authentication: RipAuthentication, answers: (send: (bytes: Uint8Array) => void) => void): Promise<{ readonly port: number; readonly socket: Socket }> {
  const socket = createSocket("udp4");
  socket.on("message", (bytes, peer) => {
    if (decodeRip(bytes, authentication).kind === "request") answers((answer) => socket.send(answer, peer.port, peer.address));
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  atEnd(async () => void socket.close());
  return { port: socket.address().port, socket };
}

describe("rip against a fake", () => {
  const NONE: RipAuthentication = { kind: "none" };
  const ROUTES: readonly RipRoute[] = [{ prefix: "192.0.2.0/24", metric: 2 }, { prefix: "0.0.0.0/0", metric: 16 }];
  const against = async (answers: Parameters<typeof router>[1], options: object = {}, context: ContextRequest = {}): Promise<string> => {
    const { port } = await router(NONE, answers);
    return (await line({ port, ...options }, context)).replaceAll(String(port), "P");
  };

  it("is answered when it shows the password, by who shows it too", async () => {
    for (const authentication of [{ kind: "text", password: "tocsin" }, { kind: "md5", password: "tocsinmd5", keyId: 7 }] as const) {
      const { port } = await router(authentication, (send) => send(encodeResponse(ROUTES, authentication, 1)));
      const options = { port, authentication: authentication.kind, password: authentication.password, ...(authentication.kind === "md5" ? { keyId: authentication.keyId } : {}) };
      expect(await line(options)).toBe("up ok 127.0.0.1 has 1 route");
      const evidence = JSON.stringify((await ask(options)).evidence);
      expect(evidence).not.toContain(authentication.password);
    }
    expect(await against((send) => send(encodeResponse(ROUTES, NONE, 1)), { authentication: "text", password: "x" }, { deadlineMs: 300 })).toBe("down auth 127.0.0.1 sent a response without authentication");
  });
  it("puts a table together from many datagrams", async () => {
    const part = (index: number): Uint8Array => encodeResponse(Array.from({ length: 25 }, (_, at) => ({ prefix: `10.${index}.${at}.0/24`, metric: 3 })), NONE, 1);
    expect(await against((send) => [0, 1, 2, 3, 4].forEach((index) => send(part(index))), { routes: ["10.4.24.0/24"] })).toBe("up ok 127.0.0.1 has 125 routes, the required one among them");
  });
  it("takes 16 for not reachable", async () => {
    expect(await against((send) => send(encodeResponse(ROUTES, NONE, 1)), { routes: ["0.0.0.0/0"] })).toBe("down mismatch no route to 0.0.0.0/0");
    expect(await against((send) => send(encodeResponse(ROUTES.slice(1), NONE, 1)))).toBe("down mismatch the router has no route that is reachable");
  });
  it("tells what came instead", async () => {
    expect(await against((send) => send(new TextEncoder().encode("hello")), {}, { deadlineMs: 300 })).toBe("down protocol 127.0.0.1 sent no RIP message");
    expect(await against((send) => send(Uint8Array.of(2, 1, 0, 0)), {}, { deadlineMs: 300 })).toBe("down protocol 127.0.0.1 sent RIP version 1, not 2");
    expect(await line({ port: await freePort() })).toMatch(/^down refused /);
    expect(await line({ host: "nowhere.invalid" }, { resolvers: ["127.0.0.1:9"] })).toMatch(/^(unknown resolver|down unresolvable) /);
  });
  it("ends with a router that never ends", async () => {
    const { port, socket } = await router(NONE, (send) => {
      const again = (): void => {
        try {
          send(encodeResponse(ROUTES, NONE, 1));
          setImmediate(again);
        } catch {
          // the test is over and the socket closed
        }
      };
      again();
    });
    expect(await line({ port })).toBe("up ok 127.0.0.1 has 1 route");
    expect(socket.address().port).toBe(port);
  });
  it("leaves nothing behind", async () => {
    const waiting: (() => void)[] = [];
    const { port } = await router(NONE, () => waiting.shift()?.());
    const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "UDPWrap").length;
    const before = sockets();
    for (let run = 0; run < 200; run++) {
      const controller = new AbortController();
      waiting.push(() => controller.abort());
      expect(await line({ port }, { signal: controller.signal })).toMatch(/^down timeout /);
    }
    await expect.poll(sockets).toBeLessThanOrEqual(before);
  });
});
