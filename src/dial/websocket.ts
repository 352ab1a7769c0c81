import type { Failure } from "../sys/ports.ts";
import { OPCODE, decodeHeader } from "../wire/websocket.ts";
import type { Read } from "./dialogue.ts";
import { printable } from "./outcome.ts";
import type { Session } from "./session.ts";

/** Reading what a WebSocket server sends (RFC 6455), bounded. */

/** A server that talks on by itself may send this much before it answers. */
export const WEBSOCKET_TOTAL_MAX = 1_048_576;
const HEADER_LINES_MAX = 100;

const failed = (code: Failure["code"], sentence: string): { readonly kind: "failed"; readonly failure: Failure } => ({ kind: "failed", failure: { code, sentence } });

/** The head of an HTTP/1.1 answer; field names in small letters. */
export interface HttpHead {
  readonly status: number;
  readonly words: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** The head of the answer to the handshake, and not a byte more: the first frame may follow at once. */
export async function readHttpHead({ dialogue, peer }: Session): Promise<Read<HttpHead>> {
  const first = await dialogue.line();
  if (first.kind === "failed") return first;
  const [, status, words = ""] = /^HTTP\/1\.1 ([1-5]\d\d)(?: (.*))?$/.exec(first.value) ?? [];
  if (status === undefined) return failed("protocol", `${peer} does not speak HTTP/1.1 but says: ${printable(first.value).slice(0, 80)}`);
  const fields = new Map<string, string>();
  for (let lines = 0; lines < HEADER_LINES_MAX; lines++) {
    const line = await dialogue.line();
    if (line.kind === "failed") return line;
    if (line.value === "") return { kind: "read", value: { status: Number(status), words: printable(words).slice(0, 80), fields } };
    const [, name = "", value = ""] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line.value) ?? [];
    if (name === "") return failed("protocol", `${peer} sent a header field that is none: ${printable(line.value).slice(0, 80)}`);
    const known = fields.get(name.toLowerCase());
    fields.set(name.toLowerCase(), printable(known === undefined ? value : `${known}, ${value}`));
  }
  return failed("too-large", `${peer} sent more than ${HEADER_LINES_MAX} header fields`);
}

/** A whole message, or a control frame. */
export interface WebSocketMessage {
  readonly opcode: number;
  readonly payload: Uint8Array;
}

/** Puts fragments together (section 5.4); control frames may come between them. */
export class WebSocketReader {
  readonly #session: Session;
  #fragments: { readonly opcode: number; readonly parts: Uint8Array[] } | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  /** The next message or control frame; null for a fragment of one. */
  async next(): Promise<Read<WebSocketMessage | null>> {
    const { dialogue, peer } = this.#session;
    let bytes: Uint8Array = new Uint8Array(0);
    let header = decodeHeader(bytes);
    while (header.kind === "more") {
      const more = await dialogue.take(header.header - bytes.length);
      if (more.kind === "failed") return more;
      bytes = Buffer.concat([bytes, more.value]);
      header = decodeHeader(bytes);
    }
    if (header.kind === "bad") return failed("protocol", `${peer} sent ${header.reason}`);
    if (header.length > WEBSOCKET_TOTAL_MAX) return failed("too-large", `${peer} announces a frame of ${header.length} bytes`);
    const payload = await dialogue.take(header.length);
    if (payload.kind === "failed") return payload;
    const { opcode, last } = header;
    if (opcode >= OPCODE.close) return { kind: "read", value: { opcode, payload: payload.value } };
    if ((opcode === OPCODE.continuation) !== (this.#fragments !== null)) return failed("protocol", `${peer} sent a fragment out of its order`);
    this.#fragments ??= { opcode, parts: [] };
    this.#fragments.parts.push(payload.value);
    if (!last) return { kind: "read", value: null };
    const whole = { opcode: this.#fragments.opcode, payload: Buffer.concat(this.#fragments.parts) };
    this.#fragments = null;
    return { kind: "read", value: whole };
  }
}
