import { Reader } from "./reader.ts";
import { readString, sshString, u32 } from "./ssh.ts";

/** Messages of the connection protocol (RFC 4254) as far as one command in one session. */

export const CHANNEL = { globalRequest: 80, globalFailure: 82, open: 90, opened: 91, refused: 92, window: 93, data: 94, extendedData: 95, eof: 96, close: 97, request: 98, success: 99, failure: 100 } as const;

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

/** Section 6.1: our channel is number 0; `window`: octets that the server may send in all. */
export const encodeOpen = (window: number, packetMax: number): Uint8Array => Buffer.concat([Buffer.of(CHANNEL.open), sshString("session"), u32(0), u32(window), u32(packetMax)]);

/** Section 6.5, with an answer wanted. */
export const encodeExec = (channel: number, command: string): Uint8Array => Buffer.concat([Buffer.of(CHANNEL.request), u32(channel), sshString("exec"), Buffer.of(1), sshString(command)]);

/** Section 5.3. */
export const encodeEof = (channel: number): Uint8Array => Buffer.concat([Buffer.of(CHANNEL.eof), u32(channel)]);

/** That a request is not granted: a channel's (section 5.4), or the connection's (section 4). */
export const encodeDenial = (channel: number | null): Uint8Array => (channel === null ? Buffer.of(CHANNEL.globalFailure) : Buffer.concat([Buffer.of(CHANNEL.failure), u32(channel)]));

export const encodeClose = (channel: number): Uint8Array => Buffer.concat([Buffer.of(CHANNEL.close), u32(channel)]);

export type ChannelMessage =
  /** `channel`: the server's number of it. */
  | { readonly kind: "opened"; readonly channel: number }
  | { readonly kind: "refused"; readonly reason: number; readonly words: string }
  | { readonly kind: "output"; readonly errors: boolean; readonly bytes: Uint8Array }
  /** `signal`: its name without SIG. */
  | { readonly kind: "exit"; readonly status: number | null; readonly signal: string | null }
  | { readonly kind: "answer"; readonly granted: boolean }
  | { readonly kind: "closed" }
  /** A request to us that wants an answer. */
  | { readonly kind: "asked"; readonly of: "connection" | "channel" }
  /** Nothing to do. */
  | { readonly kind: "other" }
  | { readonly kind: "bad" };

/** A message of the connection protocol; `bad` for one that is cut short or has no place here. */
export function decodeChannel(payload: Uint8Array): ChannelMessage {
  const reader = new Reader(payload, 1);
  const message = decoded(payload[0] ?? 0, reader);
  return reader.bad === null ? message : { kind: "bad" };
}

function decoded(number: number, reader: Reader): ChannelMessage {
  if (number === CHANNEL.globalRequest) {
    readString(reader);
    return reader.u8() === 0 ? { kind: "other" } : { kind: "asked", of: "connection" };
  }
  // Our own number of the channel: there is only one.
  reader.u32();
  switch (number) {
    case CHANNEL.opened:
      return { kind: "opened", channel: reader.u32() };
    case CHANNEL.refused: {
      const reason = reader.u32();
      return { kind: "refused", reason, words: text(readString(reader)) };
    }
    case CHANNEL.data:
      return { kind: "output", errors: false, bytes: readString(reader) };
    case CHANNEL.extendedData:
      reader.u32();
      return { kind: "output", errors: true, bytes: readString(reader) };
    case CHANNEL.request:
      return decodeRequest(reader);
    case CHANNEL.success:
    case CHANNEL.failure:
      return { kind: "answer", granted: number === CHANNEL.success };
    case CHANNEL.close:
      return { kind: "closed" };
    case CHANNEL.window:
    case CHANNEL.eof:
      return { kind: "other" };
    default:
      return { kind: "bad" };
  }
}

/** Section 6.10; of all others none is known here. */
function decodeRequest(reader: Reader): ChannelMessage {
  const name = text(readString(reader));
  const wanted = reader.u8() !== 0;
  if (name === "exit-status") return { kind: "exit", status: reader.u32(), signal: null };
  if (name === "exit-signal") return { kind: "exit", status: null, signal: text(readString(reader)) };
  return wanted ? { kind: "asked", of: "channel" } : { kind: "other" };
}
