/** Why the disk refused: no room, or anything else. Whether the bytes are there is not known then. */
export class DiskError extends Error {
  readonly trouble: "full" | "failed";
  constructor(trouble: "full" | "failed", message: string) {
    super(message);
    this.name = "DiskError";
    this.trouble = trouble;
  }
}

/** One file that only grows at its end: what the memory store keeps its journal on. The real one is memory, the simulated one fails and crashes (`test/sim/disk.ts`). */
export interface Disk {
  /** All bytes from `offset` on. */
  readFrom(offset: number): Promise<Uint8Array>;
  /** Adds at the end. Rejects with `DiskError`; then none, some or all of it may be there. */
  append(bytes: Uint8Array): Promise<void>;
  /** What was written before survives a crash once this resolves. */
  sync(): Promise<void>;
  /** Cuts the end off. */
  truncate(length: number): Promise<void>;
  /** Puts this in the place of everything, whole or not at all, synced. */
  replace(bytes: Uint8Array): Promise<void>;
}

/** Joins pieces, without the first `offset` bytes. */
export function joinFrom(pieces: readonly Uint8Array[], offset: number): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const whole = new Uint8Array(Math.max(0, length - offset));
  let at = -offset;
  for (const piece of pieces) {
    if (at + piece.length > 0) whole.set(at < 0 ? piece.subarray(-at) : piece, Math.max(0, at));
    at += piece.length;
  }
  return whole;
}

/** A disk without faults that ends with the process. */
export function memoryDisk(): Disk {
  let pieces: Uint8Array[] = [];
  const done = Promise.resolve();
  return {
    readFrom: (offset) => Promise.resolve(joinFrom(pieces, offset)),
    append: (bytes) => {
      pieces.push(bytes);
      return done;
    },
    sync: () => done,
    truncate: (length) => {
      pieces = [joinFrom(pieces, 0).slice(0, length)];
      return done;
    },
    replace: (bytes) => {
      pieces = [bytes];
      return done;
    },
  };
}
