import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { checkName } from "../../core/types.ts";
import type { Timer } from "../../sys/ports.ts";
import { ReaderDesk, WriterDesk } from "./desk.ts";

/** A reader that answers with the limit asked for, never ends for limit 0, and dies of limit -1. */
const FAKE = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", ({ id, call }) => {
    if (call === null) return;
    if (call.query.limit === 0) for (;;);
    if (call.query.limit === -1) process.exit(3);
    parentPort.postMessage({ id, value: call.query.limit });
  });`;

/** Timers that fire when told to. */
function handTimers(): { readonly timer: (delay: number, run: () => void) => Timer; readonly fire: (delay: number) => void } {
  const waiting = new Map<() => void, number>();
  return {
    timer: (delay, run) => {
      waiting.set(run, delay);
      return { cancel: () => void waiting.delete(run) };
    },
    fire: (delay) => {
      for (const [run, after] of Array.from(waiting)) {
        if (after !== delay) continue;
        waiting.delete(run);
        run();
      }
    },
  };
}

function desk(): { readonly desk: ReaderDesk; readonly fire: (delay: number) => void; readonly started: () => number } {
  const { timer, fire } = handTimers();
  let started = 0;
  const start = (): Worker => {
    started += 1;
    return new Worker(FAKE, { eval: true });
  };
  return { desk: new ReaderDesk(start, { timer }, 5000), fire, started: () => started };
}

const ask = (reader: ReaderDesk, limit: number): Promise<number> => reader.ask<number>({ verb: "results", query: { check: checkName("shop"), limit } });

test("a query that does not end costs itself only: the reader is replaced and the others are answered", async () => {
  const { desk: reader, fire, started } = desk();
  expect(await ask(reader, 7)).toBe(7);
  const stuck = ask(reader, 0);
  fire(5000);
  const behind = ask(reader, 8);
  fire(1000);
  await expect(stuck).rejects.toMatchObject({ trouble: "slow" });
  expect(await behind).toBe(8);
  expect(started()).toBe(2);
  await reader.close();
});

test("a query that ends two readers is refused; the next one is answered", async () => {
  const { desk: reader, started } = desk();
  await expect(ask(reader, -1)).rejects.toMatchObject({ trouble: "failed" });
  expect(await ask(reader, 9)).toBe(9);
  expect(started()).toBe(3);
  await reader.close();
});

test("more queries than can wait are refused at once", async () => {
  const { desk: reader } = desk();
  const asked = Array.from({ length: 1000 }, (_, index) => ask(reader, index + 1));
  await expect(ask(reader, 1)).rejects.toMatchObject({ trouble: "slow" });
  await Promise.all(asked);
  await reader.close();
});

test("when the writer ends, what waits for it is rejected and so is what comes later", async () => {
  const writer = new WriterDesk(new Worker(`require("node:worker_threads").parentPort.once("message", () => process.exit(1));`, { eval: true }));
  await expect(writer.ask({ verb: "sequence" })).rejects.toMatchObject({ trouble: "failed" });
  await writer.ended;
  await expect(writer.ask({ verb: "sequence" })).rejects.toMatchObject({ trouble: "failed" });
});
