import type { Failure, Random } from "../sys/ports.ts";
import type { Dialogue, Read } from "../dial/dialogue.ts";
import { printable } from "../dial/outcome.ts";
import type { Session } from "../dial/session.ts";
import { Opener, Sealer } from "../wire/ssh-cipher.ts";
import { PACKET_MAX, SSH, decodeDisconnect, encodeDisconnect, encodePacket, packetPayload } from "../wire/ssh.ts";

/** Messages that may come before the one that is waited for. */
const MESSAGES_MAX = 20;
/** RFC 4253, section 11: may come at any time, and RFC 8308 after the exchange of keys. */
export const PASSED: ReadonlySet<number> = new Set([SSH.ignore, SSH.unimplemented, SSH.debug, SSH.extensions]);
const NONE: ReadonlySet<number> = new Set();

export const failed = (code: Failure["code"], sentence: string): { readonly kind: "failed"; readonly failure: Failure } => ({ kind: "failed", failure: { code, sentence } });

/** Messages over one connection: plain at first, enciphered once keys are in use. */
export class Transport {
  readonly peer: string;
  readonly #dialogue: Dialogue;
  readonly #random: Random;
  #sealer: Sealer | null = null;
  #opener: Opener | null = null;
  #sent = 0;
  #received = 0;
  /** Both sides hold to a strict exchange: until the keys are in use nothing may come but what is due (CVE-2023-48795). */
  #strict = false;

  constructor({ dialogue, peer }: Session, random: Random) {
    this.#dialogue = dialogue;
    this.peer = peer;
    this.#random = random;
  }

  /** `shown` stands for it in the evidence. */
  send(payload: Uint8Array, shown: string): void {
    const packet = this.#sealer === null ? encodePacket(payload) : this.#sealer.seal(payload, this.#sent, (count) => this.#random.bytes(count));
    this.#sent = (this.#sent + 1) >>> 0;
    this.#dialogue.write(packet, `${shown}\n`);
  }

  /** From the first message on; a failure when there was another one before. */
  beStrict(): Read<null> {
    this.#strict = true;
    return this.#received === 1 ? { kind: "read", value: null } : failed("protocol", `${this.peer} sent other messages before its algorithms, which a strict exchange forbids (CVE-2023-48795)`);
  }

  /** What is sent from now on is enciphered. */
  seal(sealer: Sealer): void {
    this.#sealer = sealer;
    if (this.#strict) this.#sent = 0;
  }

  /** What comes from now on is enciphered. */
  open(opener: Opener): void {
    this.#opener = opener;
    this.#dialogue.closeTranscript();
    if (this.#strict) this.#received = 0;
  }

  /** The payload of the next message, whatever it is; the server's farewell is a failure. */
  async next(): Promise<Read<Uint8Array>> {
    const payload = await (this.#opener === null ? this.#plain() : this.#opened(this.#opener));
    this.#received = (this.#received + 1) >>> 0;
    if (payload.kind === "failed" || payload.value[0] !== SSH.disconnect) return payload;
    const { reason, words } = decodeDisconnect(payload.value);
    return failed("closed", `${this.peer} ended the exchange: ${printable(words).slice(0, 200) || `reason ${reason}`}`);
  }

  /** The payload of the next message that has one of those numbers; `passed` may come before it. */
  async due(numbers: readonly number[], passed: ReadonlySet<number> = PASSED): Promise<Read<Uint8Array>> {
    for (let messages = 0; messages < MESSAGES_MAX; messages++) {
      const payload = await this.next();
      const number = payload.kind === "read" ? (payload.value[0] ?? 0) : 0;
      if (payload.kind === "failed" || numbers.includes(number)) return payload;
      if (!(this.#strict && this.#opener === null ? NONE : passed).has(number)) return failed("protocol", `${this.peer} sent message ${number} where ${numbers.join(" or ")} was due`);
    }
    return failed("protocol", `${this.peer} sent ${MESSAGES_MAX} messages, and not the one that was due`);
  }

  leave(): void {
    this.send(encodeDisconnect("done"), "disconnect");
  }

  async #plain(): Promise<Read<Uint8Array>> {
    const head = await this.#dialogue.take(4);
    if (head.kind === "failed") return head;
    const length = Buffer.from(head.value).readUInt32BE();
    if (length < 5 || length > PACKET_MAX) return failed("protocol", `${this.peer} sent a packet of ${length} bytes`);
    const body = await this.#dialogue.take(length);
    if (body.kind === "failed") return body;
    return this.#content(packetPayload(body.value));
  }

  async #opened(opener: Opener): Promise<Read<Uint8Array>> {
    const head = await this.#dialogue.take(opener.head);
    if (head.kind === "failed") return head;
    const more = opener.rest(head.value);
    if (more === null) return failed("protocol", `${this.peer} sent a packet that cannot be deciphered`);
    const body = await this.#dialogue.take(more.count);
    if (body.kind === "failed") return body;
    const payload = opener.open(more.head, body.value, this.#received);
    return payload === null ? failed("protocol", `${this.peer} sent a packet that is not authentic`) : this.#content(payload);
  }

  #content(payload: Uint8Array | null): Read<Uint8Array> {
    return payload === null ? failed("protocol", `${this.peer} sent a packet without content`) : { kind: "read", value: payload };
  }
}
