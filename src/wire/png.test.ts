import { deflateSync, inflateSync, crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { encodePng } from "./png.ts";

/** Name and data of each chunk, its checksum held against zlib's. */
function chunksOf(png: Buffer): ReadonlyMap<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const end = at + 8 + length;
    expect(png.readUInt32BE(end)).toBe(crc32(png.subarray(at + 4, end)));
    chunks.set(png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, end));
    at = end + 4;
  }
  return chunks;
}

test("a picture with a palette", () => {
  const pixels = Uint8Array.of(0, 1, 2, 2, 1, 0);
  const png = Buffer.from(encodePng({ width: 3, height: 2, palette: [0xffffff, 0x3b4cc0, 0xb5121b], pixels }, deflateSync));
  expect(png.subarray(0, 8).toString("hex")).toBe("89504e470d0a1a0a");
  const chunks = chunksOf(png);
  expect([...chunks.keys()]).toEqual(["IHDR", "PLTE", "IDAT", "IEND"]);
  expect(chunks.get("IHDR")?.toString("hex")).toBe("00000003000000020803000000");
  expect(chunks.get("PLTE")?.toString("hex")).toBe("ffffff3b4cc0b5121b");
  expect([...inflateSync(chunks.get("IDAT") ?? Buffer.alloc(0))]).toEqual([0, 0, 1, 2, 0, 2, 1, 0]);
});
