/**
 * The first exchange of Notes RPC (NRPC). There is no public standard: what is known is the request that port scanners send and the answers that
 * Domino servers have given to it (nmap, `nmap-service-probes`, probe NotesRPC, and `nselib/nrpc.lua`).
 */

/** Two octets of length, low end first, then as many octets. */
export const NOTES_REQUEST: Uint8Array = Uint8Array.from(Buffer.from("3a0000002f00000002000040020f0001003d050000000000000000000000002f000000000000000000401f0000000000000000000000000000000000", "hex"));

/** What every answer has from its ninth octet on; a request has 02 in the first place, so that an echo is told from an answer. */
const ANSWER = [0x03, 0x00, 0x00, 0x40, 0x02, 0x0f, 0x00];
const ANSWER_AT = 8;

/** How many octets follow the length. */
export const notesLength = (head: Uint8Array): number => (head[0] ?? 0) + (head[1] ?? 0) * 256;

/** `name`: hierarchical, `CN=Mail01/O=Acme`; empty when the answer holds none. */
export type NotesAnswer = { readonly kind: "answer"; readonly name: string } | { readonly kind: "bad"; readonly reason: string };

/** Reads a whole answer, its length included. Names are read as Latin-1, up to the first control octet. */
export function decodeNotes(bytes: Uint8Array): NotesAnswer {
  if (bytes.length < ANSWER_AT + ANSWER.length || notesLength(bytes) !== bytes.length - 2) return { kind: "bad", reason: "no message of Notes RPC" };
  const fits = bytes[2] === 0 && bytes[3] === 0 && ANSWER.every((octet, index) => bytes[ANSWER_AT + index] === octet);
  if (!fits) return { kind: "bad", reason: "no answer of Notes RPC" };
  const text = Buffer.from(bytes.subarray(ANSWER_AT + ANSWER.length)).toString("latin1");
  // oxlint-disable-next-line no-control-regex
  const [name = ""] = /CN=[^/\0-\x1f]{1,200}(?:\/OU=[^/\0-\x1f]{1,200}){0,4}\/O=[^/\0-\x1f]{1,200}(?:\/C=[A-Za-z]{2})?/.exec(text) ?? [];
  return { kind: "answer", name: name.trimEnd() };
}

/** `CN=Mail01/O=Acme` as people write it: `Mail01/Acme`. */
export const abbreviated = (name: string): string => name.replaceAll(/(^|\/)(?:CN|OU|O|C)=/gi, "$1");
