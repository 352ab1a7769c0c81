import { existsSync, openSync, closeSync, fsyncSync, rmSync, statfsSync, statSync, writeSync, renameSync } from "node:fs";

const PIECE = 1 << 20;

/** Bytes that do not compress, so that the reserve takes real room on every file system. */
function noise(): Uint8Array {
  const words = new Uint32Array(PIECE / 4);
  let state = 0x9e3779b9;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer);
}

/** A file that only takes room, to be given up when the disk is full, so that transitions and alerts still find some. */
export class Reserve {
  readonly #path: string;
  readonly #folder: string;
  readonly #bytes: number;
  /** The disk was found full and has no room for the reserve since: plain results are left out. */
  #tight = false;

  constructor(folder: string, bytes: number) {
    this.#folder = folder;
    this.#path = `${folder}/reserve`;
    this.#bytes = bytes;
  }

  get tight(): boolean {
    return this.#tight;
  }

  /** Makes the reserve when it is not there and half as much room again is left. Returns whether it is there. */
  make(): boolean {
    try {
      if (existsSync(this.#path) && statSync(this.#path).size === this.#bytes) {
        this.#tight = false;
        return true;
      }
      const { bavail, bsize } = statfsSync(this.#folder);
      if (bavail * bsize < this.#bytes * 1.5) return false;
      this.#write();
      this.#tight = false;
      return true;
    } catch {
      rmSync(`${this.#path}.part`, { force: true });
      return false;
    }
  }

  /** Gives the room up. Returns whether there was any to give. */
  giveUp(): boolean {
    this.#tight = true;
    if (!existsSync(this.#path)) return false;
    rmSync(this.#path, { force: true });
    return true;
  }

  #write(): void {
    const part = `${this.#path}.part`;
    const file = openSync(part, "w", 0o600);
    try {
      const piece = noise();
      for (let left = this.#bytes; left > 0; ) left -= writeSync(file, piece, 0, Math.min(left, PIECE));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, this.#path);
  }
}
