/**
 * Reads a byte array from front to back and never beyond `end`. The first failure sticks: `bad` then says why, and every later read
 * gives zeros, so that a codec reads a whole structure and asks once whether it was sound.
 */
export class Reader {
  readonly bytes: Uint8Array;
  offset: number;
  end: number;
  bad: string | null = null;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = Math.min(end, bytes.length);
  }

  fail(reason: string): void {
    this.bad ??= reason;
    this.offset = this.end;
  }

  get left(): number {
    return this.end - this.offset;
  }

  u8(): number {
    if (!this.#has(1)) return 0;
    return this.bytes[this.offset++] ?? 0;
  }

  u16(): number {
    return this.u8() * 0x100 + this.u8();
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  /** The next `count` bytes as a view into the array; empty after a failure. */
  take(count: number): Uint8Array {
    if (!this.#has(count)) return new Uint8Array(0);
    this.offset += count;
    return this.bytes.subarray(this.offset - count, this.offset);
  }

  #has(count: number): boolean {
    if (this.bad === null && this.left >= count) return true;
    this.fail(`it ends after ${this.end} bytes, in the middle of a field`);
    return false;
  }
}
