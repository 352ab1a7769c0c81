import type { Socket } from "node:net";
import { NOTES_REQUEST } from "../../src/wire/notes.ts";
import { dripNow } from "./raw.ts";

/**
 * The answer of a Domino server in the shape that nmap's three patterns for it have in common. Debian has no such server: this fake proves that
 * we read what is publicly known, not that Domino sends it.
 */
export function notesAnswer(name: string): Uint8Array {
  const inner = Buffer.concat([Buffer.from("0f00050039050102030405030000000002002f00", "hex"), Uint8Array.of(name.length), new Uint8Array(25), Buffer.from(`${name}\0`, "latin1")]);
  const body = Buffer.concat([Uint8Array.of(0, 0, inner.length, 0, 0, 0, 3, 0, 0, 0x40, 2), inner]);
  return Buffer.concat([Uint8Array.of(body.length & 255, body.length >> 8), body]);
}

/** Answers the whole public request, and nothing else, in pieces of one octet. */
export function notesServer(name: string): (socket: Socket) => void {
  return (socket) => {
    let got = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
      if (!got.equals(NOTES_REQUEST)) return;
      dripNow(socket, notesAnswer(name));
    });
  };
}
