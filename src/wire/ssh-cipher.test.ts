import fc from "fast-check";
import { expect, test } from "vitest";
import { Opener, SUITES, Sealer, type Suite, commonSuite } from "./ssh-cipher.ts";

const AGREED = { secret: new Uint8Array(32).fill(0xf1), hash: new Uint8Array(32).fill(7) };
const ALL: readonly Suite[] = SUITES.ciphers.flatMap((cipher): readonly Suite[] => (cipher.includes("gcm") ? [{ cipher, mac: null }] : SUITES.macs.map((mac) => ({ cipher, mac }))));
const filler = (count: number): Uint8Array => new Uint8Array(count).fill(0xaa);
const suite = fc.constantFrom(...ALL);
const payload = fc.uint8Array({ minLength: 1, maxLength: 200 });

/** What the opener makes of bytes that came in one piece. */
function opened(opener: Opener, bytes: Uint8Array, sequence: number): Uint8Array | "no length" | null {
  const head = opener.rest(bytes.subarray(0, opener.head));
  return head === null ? "no length" : opener.open(head.head, bytes.subarray(opener.head, opener.head + head.count), sequence);
}

test("packets come back, one after the other, in every suite and both directions", () => {
  fc.assert(
    fc.property(suite, fc.array(payload, { minLength: 1, maxLength: 5 }), fc.constantFrom("toServer" as const, "toClient" as const), (chosen, payloads, direction) => {
      const [sealer, opener] = [new Sealer(chosen, AGREED, direction), new Opener(chosen, AGREED, direction)];
      payloads.forEach((one, sequence) => {
        const packet = sealer.seal(one, sequence, filler);
        expect(Buffer.from(packet).includes(Buffer.from(one)) && one.length > 3).toBe(false);
        expect(opened(opener, packet, sequence)).toEqual(Buffer.from(one));
      });
    }),
  );
});

test("a changed packet, one out of its turn, and one of the other direction are not authentic", () => {
  fc.assert(
    fc.property(suite, payload, fc.nat(), fc.integer({ min: 1, max: 255 }), (chosen, one, at, by) => {
      const packet = new Sealer(chosen, AGREED).seal(one, 3, filler);
      const changed = packet.map((octet, index) => (index === at % packet.length ? octet ^ by : octet));
      for (const [bytes, direction] of [[changed, "toServer"], [packet, "toClient"]] as const) {
        const opener = new Opener(chosen, AGREED, direction);
        const head = opener.rest(bytes.subarray(0, opener.head));
        if (head !== null && opener.head + head.count <= bytes.length) expect(opener.open(head.head, bytes.subarray(opener.head, opener.head + head.count), 3)).toBeNull();
      }
      if (chosen.mac !== null) expect(opened(new Opener(chosen, AGREED, "toServer"), packet, 4)).toBeNull();
    }),
  );
});

test("with AES-GCM the same packet twice is not authentic", () => {
  for (const chosen of ALL.filter(({ mac }) => mac === null)) {
    const packet = new Sealer(chosen, AGREED).seal(filler(9), 0, filler);
    const opener = new Opener(chosen, AGREED, "toServer");
    expect(opened(opener, packet, 0)).toEqual(Buffer.from(filler(9)));
    expect(opened(opener, packet, 0)).toBeNull();
  }
});

test("any bytes: a value, never an exception", () => {
  fc.assert(fc.property(suite, fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.uint8Array({ minLength: 80, maxLength: 200 }), (chosen, head, rest) => {
    const opener = new Opener(chosen, AGREED);
    const more = opener.rest(head.subarray(0, opener.head));
    return more === null || more.count > 35_100 || opener.open(more.head, rest, 0) === null;
  }));
});

test("the first of ours that the server has", () => {
  const f = (ciphers: string, macs: string): string => {
    const common = commonSuite(ciphers.split(" "), macs.split(" "));
    return common === null ? "none" : `${common.cipher} ${common.mac}`;
  };
  expect(f("chacha20-poly1305@openssh.com aes128-gcm@openssh.com aes256-gcm@openssh.com", "none")).toBe("aes256-gcm@openssh.com null");
  expect(f("aes128-ctr aes256-ctr", "hmac-sha1 hmac-sha2-256")).toBe("aes256-ctr hmac-sha2-256");
  expect(f("aes128-ctr", "umac-64@openssh.com")).toBe("none");
  expect(f("aes128-cbc", "hmac-sha2-256")).toBe("none");
});
