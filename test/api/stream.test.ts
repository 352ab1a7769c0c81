import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { beforeAll, expect, test } from "vitest";
import * as schemas from "../../src/api/schemas.ts";
import { STREAMS_MAX } from "../../src/api/stream.ts";
import type { StreamEvent } from "../../src/api/types.ts";
import { setPassword } from "../../src/api/auth.ts";
import { atEnd } from "../servers/ground.ts";
import { type World, summaryOf, world } from "./world.ts";

/** A browser's end of the stream: events in order, waited for one by one. */
class Reader {
  readonly #asking: ClientRequest;
  readonly #events: string[] = [];
  #buffer = "";
  #wake: (() => void) | null = null;
  #ended = false;
  response: IncomingMessage | null = null;
  readonly opened: Promise<number>;
  readonly closed: Promise<void>;

  constructor(here: World, reading = true) {
    this.#asking = request(new URL("/api/v1/stream", here.server.address), { headers: { cookie: here.cookie }, agent: false });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.opened = new Promise((open, fail) => {
      this.#asking.on("error", (error) => (this.response === null ? fail(error) : undefined));
      this.#asking.on("response", (response) => {
        this.response = response;
        response.on("error", () => undefined).on("close", () => {
          this.#ended = true;
          this.#wake?.();
          resolve();
        });
        if (reading) response.on("data", (chunk: Buffer) => this.#take(chunk.toString()));
        open(response.statusCode ?? 0);
      });
    });
    this.#asking.end();
    atEnd(async () => this.close());
  }
  #take(text: string): void {
    this.#buffer += text;
    for (let end = this.#buffer.indexOf("\n\n"); end >= 0; end = this.#buffer.indexOf("\n\n")) {
      this.#events.push(this.#buffer.slice(0, end));
      this.#buffer = this.#buffer.slice(end + 2);
    }
    this.#wake?.();
  }
  /** The next block of lines as sent. */
  async block(): Promise<string> {
    while (this.#events.length === 0) {
      if (this.#ended) throw new Error("the stream has ended");
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#events.shift() ?? "";
  }
  /** The next event, held to its schema. */
  async event(): Promise<StreamEvent> {
    for (;;) {
      const lines = (await this.block()).split("\n");
      const data = lines.find((line) => line.startsWith("data: "))?.slice(6);
      if (data === undefined) continue;
      const event = schemas.streamEvent.parse(JSON.parse(data));
      expect(lines[0]).toBe(`event: ${event.kind}`);
      return event;
    }
  }
  /** The overview that comes first; time goes on meanwhile, for it may have to wait for its turn. */
  async overview(here: World): Promise<StreamEvent> {
    const first = this.event();
    const came = first.then(() => true);
    while (!(await Promise.race([came, new Promise<false>((resolve) => setImmediate(() => resolve(false)))]))) here.clock.advance(50);
    return first;
  }
  close(): void {
    this.#asking.destroy();
  }
}

const names = (event: StreamEvent): readonly string[] => (event.kind === "checks" ? event.checks.map(({ name }) => name) : []);

let here: World;
beforeAll(async () => {
  here = await world([summaryOf("shop"), summaryOf("mail")]);
});

test("first an overview, then what changed, in bundles", async () => {
  const reader = new Reader(here);
  expect(await reader.opened).toBe(200);
  expect(reader.response?.headers).toMatchObject({ "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
  const first = await reader.overview(here);
  expect(first.kind === "overview" && first.overview.checks.map(({ name }) => name)).toEqual(["shop", "mail"]);
  here.handle.change("shop", { state: "down" });
  here.handle.change("shop", { state: "up" });
  here.handle.change("mail", { state: "degraded" });
  here.handle.change("shop", { state: "paused" });
  here.clock.advance(250);
  const second = await reader.event();
  expect(second.kind === "checks" && second.checks.map(({ name, state }) => [name, state])).toEqual([["shop", "paused"], ["mail", "degraded"]]);
  // Nothing more until 250 ms have passed, then all of it at once.
  here.handle.change("shop", { state: "up" });
  here.clock.advance(249);
  here.handle.change("mail", { state: "up" });
  here.clock.advance(1);
  expect(names(await reader.event())).toEqual(["shop", "mail"]);
  reader.close();
});

test("banners and another site", async () => {
  const reader = new Reader(here);
  await reader.opened;
  await reader.overview(here);
  here.handle.bars = [{ kind: "store", since: here.clock.now(), text: "the disk is full", advice: "make room", details: [] }];
  here.handle.tell({ kind: "banners" });
  here.clock.advance(250);
  expect(await reader.event()).toMatchObject({ kind: "banners", banners: [{ text: "the disk is full" }] });
  here.handle.checks.delete("mail");
  here.handle.checks.set("new", summaryOf("new"));
  here.handle.tell({ kind: "site" });
  here.clock.advance(250);
  const renewed = await reader.event();
  expect(renewed.kind === "overview" && renewed.overview.checks.map(({ name }) => name)).toEqual(["shop", "new"]);
  reader.close();
});

test("a sign of life each 15 s, until the password is changed", async () => {
  const own = await world([summaryOf("shop")]);
  const reader = new Reader(own);
  await reader.opened;
  await reader.overview(own);
  own.clock.advance(15_000);
  expect(await reader.block()).toBe(": still here");
  await setPassword(own.folder, "another password");
  own.clock.advance(15_000);
  await reader.closed;
});

test("somebody who comes back gets a fresh overview", async () => {
  const first = new Reader(here);
  await first.opened;
  await first.overview(here);
  first.close();
  here.handle.change("shop", { state: "down" });
  const again = new Reader(here);
  await again.opened;
  const event = await again.overview(here);
  expect(event.kind === "overview" && event.overview.checks[0]?.state).toBe("down");
  again.close();
});

test("who does not read is dropped, and the others go on", async () => {
  const big = "x".repeat(400_000);
  const own = await world([summaryOf("shop", { summary: big })]);
  const deaf = new Reader(own, false);
  const reader = new Reader(own);
  await Promise.all([deaf.opened, reader.opened]);
  await reader.overview(own);
  const closed = deaf.closed.then(() => true);
  let dropped = false;
  for (let count = 0; count < 200; count += 1) {
    dropped = await Promise.race([closed, Promise.resolve(false)]);
    if (dropped) break;
    own.handle.change("shop", { failing: count });
    own.clock.advance(250);
    const event = await reader.event();
    expect(event.kind === "checks" && event.checks[0]?.failing).toBe(count);
    // The deaf one sees the end only when it reads on.
    if (count === 100) deaf.response?.resume();
  }
  expect(dropped).toBe(true);
});

test("a hundred listeners are enough", async () => {
  const own = await world([summaryOf("shop")]);
  const readers = Array.from({ length: STREAMS_MAX }, () => new Reader(own));
  expect(await Promise.all(readers.map(({ opened }) => opened))).toEqual(readers.map(() => 200));
  const late = new Reader(own);
  expect(await late.opened).toBe(503);
  expect(late.response?.headers["retry-after"]).toBe("10");
  readers[0]?.close();
  await readers[0]?.closed;
  let status = 503;
  // The server learns of the end a moment later than we do.
  while (status === 503) status = await new Reader(own).opened;
  expect(status).toBe(200);
});

test("a question for the head leaves no listener behind", async () => {
  const own = await world([summaryOf("shop")]);
  const { status, headers } = await own.got("/api/v1/stream", { method: "HEAD" });
  expect([status, headers["content-type"]]).toEqual([200, "text/event-stream"]);
});
