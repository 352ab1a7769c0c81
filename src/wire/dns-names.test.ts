import fc from "fast-check";
import { expect, test } from "vitest";
import { nameOctets, readName, reverseLabels } from "./dns-names.ts";
import { Reader } from "./reader.ts";

/** Hexadecimal, blanks ignored; the name begins at `offset`. */
function read(hex: string, offset = 0): { name: string; next: number; bad: string | null } {
  const reader = new Reader(Buffer.from(hex.replaceAll(" ", ""), "hex"), offset);
  const name = readName(reader);
  return { name, next: reader.offset, bad: reader.bad };
}

function refused(hex: string, offset: number, reason: RegExp): void {
  expect(read(hex, offset).bad, hex).toMatch(reason);
}

function wrong(name: string, reason: RegExp): void {
  const result = nameOctets(name);
  expect(result.kind === "wrong" ? result.wrong : "accepted", name).toMatch(reason);
}

test("names are read in lower case, compressed or not", () => {
  expect(read("03 57 57 57 02 64 45 00")).toEqual({ name: "www.de", next: 8, bad: null });
  expect(read("00")).toEqual({ name: ".", next: 1, bad: null });
  expect(read("02 64 65 00 03 77 77 77 c0 00 ff", 4)).toEqual({ name: "www.de", next: 10, bad: null });
  expect(read("02 64 65 00 01 61 c0 00 01 62 c0 04", 8)).toEqual({ name: "b.a.de", next: 12, bad: null });
});

test("odd octets are escaped", () => {
  expect(read("04 61 2e 5c 20 00").name).toBe("a\\.\\\\\\032");
  expect(read("02 ff 00 00").name).toBe("\\255\\000");
});

test("hostile names are refused", () => {
  refused("c0 00", 0, /backward/); // points at itself
  refused("01 61 c0 00", 0, /backward/); // loops over itself
  refused("c0 02 c0 00", 0, /backward/); // forward
  refused("00 00 01 61 c0 02", 2, /backward/);
  refused("40 61 00", 0, /reserved octet 64/);
  refused("80 61 00", 0, /reserved octet 128/);
  refused("05 61 62", 0, /middle of a field/);
  refused("01 61", 0, /middle of a field/);
  refused("c0", 0, /middle of a field/);
  refused(`3f${"61".repeat(63)}`.repeat(4) + "00", 0, /255 octets/);
  refused("0161".repeat(128) + "00", 0, /255 octets/);
});

test("the longest names pass", () => {
  expect(read("0161".repeat(127) + "00").bad).toBeNull();
  expect(nameOctets(Array.from({ length: 127 }, () => "a").join(".")).kind).toBe("octets");
  expect(nameOctets(`${"a".repeat(63)}.de`).kind).toBe("octets");
});

test("what is no name is refused with the reason", () => {
  wrong("", /empty part/);
  wrong("a..b", /empty part/);
  wrong(".a", /empty part/);
  wrong("a".repeat(64), /longer than 63/);
  wrong(Array.from({ length: 128 }, () => "a").join("."), /longer than 255/);
  wrong("bücher.de", /cannot stand/);
  wrong("a b", /cannot stand/);
  wrong("a\\", /broken escape/);
  wrong("a\\999", /broken escape/);
});

test("any octets survive the text", () => {
  const label = fc.uint8Array({ minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(label, { maxLength: 8 }), (labels) => {
      const wire = Buffer.concat([...labels.flatMap((part) => [Uint8Array.of(part.length), part]), Uint8Array.of(0)]);
      const text = readName(new Reader(wire));
      const again = nameOctets(text);
      // A-Z are read as a-z
      expect(again.kind === "octets" && readName(new Reader(again.octets))).toBe(text);
      expect(again.kind === "octets" && again.octets.length).toBe(wire.length);
      expect(nameOctets(text === "." ? text : `${text}.`)).toEqual(again);
    }),
  );
});

test("an address in reverse", () => {
  expect(reverseLabels("192.0.2.10")).toEqual({ labels: "10.2.0.192", family: 4 });
  expect(reverseLabels("2001:db8::1")).toEqual({ labels: "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2", family: 6 });
  expect(reverseLabels("www.example.com")).toBeNull();
});
