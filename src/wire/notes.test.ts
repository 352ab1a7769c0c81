import fc from "fast-check";
import { expect, test } from "vitest";
import { NOTES_REQUEST, abbreviated, decodeNotes, notesLength } from "./notes.ts";

/** An answer in the shape that scanners know. */
function answer(name: string): Uint8Array {
  const inner = Buffer.concat([Buffer.from("0f00050039050102030405030000000002002f00", "hex"), Uint8Array.of(name.length), new Uint8Array(25), Buffer.from(`${name}\0`, "latin1")]);
  const body = Buffer.concat([Uint8Array.of(0, 0, inner.length, 0, 0, 0, 3, 0, 0, 0x40, 2), inner]);
  return Buffer.concat([Uint8Array.of(body.length & 255, body.length >> 8), body]);
}

test("the request says how long it is", () => {
  expect(NOTES_REQUEST).toHaveLength(60);
  expect(notesLength(NOTES_REQUEST)).toBe(58);
});

test("names are found, of any depth and in any letters", () => {
  for (const name of ["CN=Mail01/O=Acme", "CN=Mail01/OU=Berlin/O=Acme", "CN=Mail01/OU=IT/OU=Berlin/O=Acme/C=DE", "CN=O'Brien & Söhne/O=Müller"]) expect(decodeNotes(answer(name))).toEqual({ kind: "answer", name });
  expect(decodeNotes(answer(""))).toEqual({ kind: "answer", name: "" });
  expect(abbreviated("CN=Mail01/OU=IT/O=Acme/C=DE")).toBe("Mail01/IT/Acme/DE");
  expect(abbreviated("Mail01/Acme")).toBe("Mail01/Acme");
});

test("neither an echo nor another protocol is an answer", () => {
  expect(decodeNotes(NOTES_REQUEST)).toEqual({ kind: "bad", reason: "no answer of Notes RPC" });
  expect(decodeNotes(new TextEncoder().encode("HTTP/1.0 400 Bad Request\r\n"))).toEqual({ kind: "bad", reason: "no message of Notes RPC" });
  expect(decodeNotes(new Uint8Array(0))).toMatchObject({ kind: "bad" });
});

test("any bytes, every cut, every changed octet: a value, never an exception", () => {
  const known = (bytes: Uint8Array): boolean => ["answer", "bad"].includes(decodeNotes(bytes).kind);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), known));
  const whole = answer("CN=Mail01/O=Acme");
  for (let cut = 0; cut < whole.length; cut++) expect(decodeNotes(whole.subarray(0, cut)).kind).toBe("bad");
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, octet) => {
      const changed = Uint8Array.from(whole);
      changed[at] = octet;
      return known(changed);
    }),
  );
});
