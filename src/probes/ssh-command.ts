import type { Facts, FailureCode } from "../core/types.ts";
import type { Read } from "../dial/dialogue.ts";
import { decoded, printable } from "../dial/outcome.ts";
import { type ChannelMessage, decodeChannel, encodeClose, encodeDenial, encodeEof, encodeExec, encodeOpen } from "../wire/ssh-channel.ts";
import { PASSED, type Transport, failed } from "./ssh-transport.ts";

/** Kept of each stream, bytes. */
const KEPT_MAX = 65_536;
/** What the server may send in all: no more is granted. */
const WINDOW = 262_144;
const PACKET = 32_768;
const LINE_MAX = 300;
/** Messages that say nothing, in a row. */
const OTHERS_MAX = 100;

/** How a command ended. */
export interface Ended {
  /** Null when the server did not tell. */
  readonly exit: number | null;
  /** Name of the signal that it died of, without SIG. */
  readonly signal: string | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a command in a session of its own (RFC 4254, sections 6.1, 6.5 and 6.10), its input closed, up to the end of both. */
export async function runCommand(transport: Transport, command: string): Promise<Read<Ended>> {
  const { peer } = transport;
  transport.send(encodeOpen(WINDOW, PACKET), "open a session");
  const opened = await next(transport, null);
  if (opened.kind === "failed") return opened.failure.code === "timeout" ? failed("timeout", `${peer} opened no session in time`) : opened;
  if (opened.value.kind === "refused") return failed("status", `${peer} opens no session: ${printable(opened.value.words).slice(0, 200) || `reason ${opened.value.reason}`}`);
  if (opened.value.kind !== "opened") return failed("protocol", `${peer} answered the opening of a session with something else`);
  const { channel } = opened.value;
  transport.send(encodeExec(channel, command), `run ${command}`);
  transport.send(encodeEof(channel), "end of input");
  return follow(transport, channel);
}

async function follow(transport: Transport, channel: number): Promise<Read<Ended>> {
  const output = new Kept();
  const errors = new Kept();
  let [exit, signal]: [number | null, string | null] = [null, null];
  for (;;) {
    const message = await next(transport, channel);
    if (message.kind === "failed") return withWords(message, output, errors);
    const { value } = message;
    if (value.kind === "answer" && !value.granted) return failed("status", `${transport.peer} does not run commands for this user`);
    if (value.kind === "output") (value.errors ? errors : output).add(value.bytes);
    if (output.total + errors.total >= WINDOW) return failed("too-large", `the command printed ${WINDOW / 1024} KiB or more`);
    if (value.kind === "exit") [exit, signal] = [value.status, value.signal];
    if (value.kind !== "closed") continue;
    transport.send(encodeClose(channel), "close the session");
    return { kind: "read", value: { exit, signal, output: output.text, errors: errors.text } };
  }
}

/** What it printed until the time was over or the connection gone says more than that alone. */
function withWords({ failure }: Extract<Read<never>, { kind: "failed" }>, output: Kept, errors: Kept): Read<never> {
  if (failure.code !== "timeout" && failure.code !== "closed" && failure.code !== "reset") return { kind: "failed", failure };
  const said = firstLine(output.text) || firstLine(errors.text);
  const until = said === "" ? "it had printed nothing" : `it had printed: ${said}`;
  const sentence = failure.code === "timeout" ? `the command did not end in time; ${until}` : `${failure.sentence} before the command had ended; ${until}`;
  return failed(failure.code, sentence);
}

/** The next message that matters; requests to us are denied. */
async function next(transport: Transport, channel: number | null): Promise<Read<ChannelMessage>> {
  for (let others = 0; others < OTHERS_MAX; others++) {
    const payload = await transport.next();
    if (payload.kind === "failed") return payload;
    if (PASSED.has(payload.value[0] ?? 0)) continue;
    const message = decodeChannel(payload.value);
    if (message.kind === "bad") return failed("protocol", `${transport.peer} sent a message ${payload.value[0]} that has no place in a session`);
    if (message.kind === "asked") transport.send(encodeDenial(message.of === "channel" ? channel : null), "a request is denied");
    else if (message.kind !== "other") return { kind: "read", value: message };
  }
  return failed("protocol", `${transport.peer} sent ${OTHERS_MAX} messages that say nothing`);
}

/** The first 64 KiB of a stream. */
class Kept {
  #bytes: Buffer | null = null;
  total = 0;

  add(bytes: Uint8Array): void {
    this.#bytes ??= Buffer.alloc(KEPT_MAX);
    if (this.total < KEPT_MAX) this.#bytes.set(bytes.subarray(0, KEPT_MAX - this.total), this.total);
    this.total += bytes.length;
  }

  get text(): string {
    return this.#bytes === null ? "" : decoded(this.#bytes.subarray(0, this.total));
  }
}

const firstLine = (text: string): string => printable(text.trim().split("\n", 1)[0]?.trim() ?? "").slice(0, LINE_MAX);

export interface Judged {
  readonly verdict: "up" | "down";
  readonly code: FailureCode;
  readonly sentence: string;
  readonly facts: Facts;
}

/** An exit status other than 0 is down unless `anyExit`: the check has a condition of its own on it. */
export function judgeEnd({ exit, signal, output, errors }: Ended, anyExit: boolean): Judged {
  const line = firstLine(output);
  const facts = { ...(exit === null ? {} : { exit }), line };
  const how = exit === null ? "the command ended; the server told no exit status" : `the command ended with exit status ${exit}`;
  if (signal !== null) return { verdict: "down", code: "killed", sentence: `the command died of SIG${printable(signal).slice(0, 20)}`, facts };
  if (exit !== null && exit !== 0 && !anyExit) return { verdict: "down", code: "exit", sentence: [how, firstLine(errors) || line].filter((part) => part !== "").join(": "), facts };
  return { verdict: "up", code: "ok", sentence: line === "" ? how : line, facts };
}
