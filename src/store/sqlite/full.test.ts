import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkName } from "../../core/types.ts";
import { at, sampleAlert, sampleBatch, sampleChange, sampleIncident, sampleMessage, sampleResult, sampleTransition, T0 } from "../samples.ts";
import type { Store } from "../store.ts";
import { quietOptions } from "./ground.ts";
import { openSqliteStore } from "./open.ts";
import { Reserve } from "./reserve.ts";

const MIB = 1 << 20;
const shop = checkName("shop");
/** Mounting needs root with the right to mount; a container may lack it. */
const mountable = ((): boolean => {
  const probe = mkdtempSync(join(tmpdir(), "tocsin-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true });
  }
})();

describe.skipIf(!mountable)(`a full disk (a real tmpfs${mountable ? "" : "; skipped: this user cannot mount one"})`, () => {
  let disk: string;
  let folder: string;
  let sequence = 0;
  beforeEach(() => {
    sequence = 0;
    disk = mkdtempSync(join(tmpdir(), "tocsin-full-"));
    folder = join(disk, "data");
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=20m", "tmpfs", disk]);
  });
  afterEach(() => {
    execFileSync("umount", [disk]);
    rmSync(disk, { recursive: true });
  });

  const open = (): Promise<Store> => openSqliteStore({ ...quietOptions(folder), reserveBytes: 4 * MIB });
  const results = (): ReturnType<typeof sampleResult>[] => Array.from({ length: 500 }, (_, index) => sampleResult("shop", sequence * 1000 + index, { verdict: "down", sentence: `${sequence} ${index} `.repeat(40) }));
  const next = (store: Store, more: object): Promise<void> => {
    sequence += 1;
    return store.commit(sampleBatch(sequence, more));
  };
  /** Takes all room but `leave` bytes. */
  const fill = (name: string, leave: number): void => {
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, name), new Uint8Array(bavail * bsize - leave));
  };
  const untilTight = async (store: Store): Promise<void> => {
    for (let batch = 0; batch < 200 && !(await store.facts()).reserveInUse; batch += 1) await next(store, { results: results() });
    expect((await store.facts()).reserveInUse).toBe(true);
  };

  test("the reserve is given up, transitions and alerts still commit, results are left out until there is room again", async () => {
    const store = await open();
    expect(statSync(join(folder, "reserve")).size).toBe(4 * MIB);
    await next(store, { results: results() });
    fill("theirs", MIB);
    await untilTight(store);
    expect(existsSync(join(folder, "reserve"))).toBe(false);
    const kept = (await store.facts()).results;
    for (let index = 0; index < 50; index += 1) {
      const incident = sampleIncident(`${index}`, "shop", index);
      await next(store, { results: results(), transitions: [sampleTransition("shop", index)], alerts: [sampleAlert(`a${index}`, "shop", index)], incidents: [{ incident, change: "opened", evidence: [] }] });
    }
    await store.changeOutbox(sampleChange({ messages: [sampleMessage("m", ["a0"], 0)] }));
    expect((await store.claimMessage("m", T0, at(99)))?.alerts).toHaveLength(1);
    expect(await store.transitions({ limit: 99 })).toHaveLength(50);
    expect((await store.outbox(99)).alerts).toHaveLength(49);
    expect(await store.facts()).toMatchObject({ results: kept, reserveInUse: true });
    expect(await store.sequence()).toBe(sequence);

    rmSync(join(disk, "theirs"));
    await next(store, { results: results() });
    expect(await store.facts()).toMatchObject({ results: kept + 500, reserveInUse: false });
    expect(statSync(join(folder, "reserve")).size).toBe(4 * MIB);
    await store.close();
    const again = await open();
    expect(await again.sequence()).toBe(sequence);
    expect(await again.incidents({ limit: 99 })).toHaveLength(50);
    await again.close();
  });

  test("without any room at all a commit is refused as full, is not there, and goes through later", async () => {
    const store = await open();
    await next(store, { results: results() });
    fill("theirs", MIB);
    await untilTight(store);
    fill("more", 0);
    const before = sequence;
    let refused: unknown = null;
    const text = "x".repeat(100_000);
    for (let index = 0; index < 300 && refused === null; index += 1) {
      const transitions = [sampleTransition("shop", sequence, { reason: { rule: "threshold", sentence: text, cause: null } })];
      refused = await next(store, { transitions }).then(
        () => null,
        (error: unknown) => error,
      );
    }
    expect(refused).toMatchObject({ trouble: "full", message: expect.stringContaining("free some room") as unknown });
    expect(await store.sequence()).toBe(sequence - 1);
    expect(await store.transitions({ limit: 999 })).toHaveLength(sequence - 1 - before);
    rmSync(join(disk, "theirs"));
    rmSync(join(disk, "more"));
    await store.commit(sampleBatch(sequence, { transitions: [sampleTransition("shop", 7)] }));
    expect(await store.sequence()).toBe(sequence);
    expect(await store.results({ check: shop, limit: 1 })).toHaveLength(1);
    await store.close();
  });

  test("a disk without room for the reserve is no reason not to start", async () => {
    fill("theirs", 3 * MIB);
    const store = await open();
    expect(existsSync(join(folder, "reserve"))).toBe(false);
    await next(store, { results: results().slice(0, 5), transitions: [sampleTransition("shop", 0)] });
    expect(await store.facts()).toMatchObject({ results: 5, reserveInUse: false });
    await store.close();
  });
});

test("the reserve: made, given up, made again", () => {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-reserve-"));
  const reserve = new Reserve(folder, 3 * MIB + 5);
  expect([reserve.make(), reserve.tight, statSync(join(folder, "reserve")).size]).toEqual([true, false, 3 * MIB + 5]);
  expect([reserve.giveUp(), reserve.tight, existsSync(join(folder, "reserve"))]).toEqual([true, true, false]);
  expect([reserve.giveUp(), reserve.tight]).toEqual([false, true]);
  expect([reserve.make(), reserve.tight]).toEqual([true, false]);
  expect(new Reserve(join(folder, "none"), MIB).make()).toBe(false);
  rmSync(folder, { recursive: true });
});
