import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { Socket } from "node:net";
import { AUTH } from "../../src/wire/ssh-auth.ts";
import { type Agreed, Opener, Sealer } from "../../src/wire/ssh-cipher.ts";
import { fingerprintOf } from "../../src/wire/ssh-key.ts";
import { SSH, encodeEcdhInit, encodeKexInit, encodePacket, ephemeral, exchangeHash, packetPayload, readString, sshString } from "../../src/wire/ssh.ts";
import { Reader } from "../../src/wire/reader.ts";

const SERVER = "SSH-2.0-fake";
const SUITE = { cipher: "aes128-ctr", mac: "hmac-sha2-256" };
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const BLOB = Buffer.concat([sshString("ssh-ed25519"), sshString(publicKey.export({ format: "der", type: "spki" }).subarray(-32))]);

/** The fake's host key, to pin. */
export const FAKE_FINGERPRINT = fingerprintOf(BLOB);

export interface FakeSession {
  readonly socket: Socket;
  send(payload: Uint8Array): void;
  /** What has a wrong checksum. */
  sendForged(payload: Uint8Array): void;
}

/** A server that makes an honest exchange of keys and then does whatever the test wants with each message that comes: the fake for faults behind encryption. */
export function fakeSshd(react: (payload: Uint8Array, session: FakeSession) => void): (socket: Socket) => void {
  return (socket) => void new Conversation(socket, react);
}

/** Grants the service and the login, and leaves the rest to `react`. */
export function welcoming(react: (payload: Uint8Array, session: FakeSession) => void): (socket: Socket) => void {
  return fakeSshd((payload, session) => {
    if (payload[0] === AUTH.serviceRequest) session.send(Buffer.concat([Buffer.of(AUTH.serviceAccept), sshString("ssh-userauth")]));
    else if (payload[0] === AUTH.request) session.send(Buffer.of(AUTH.success));
    else react(payload, session);
  });
}

class Conversation implements FakeSession {
  readonly socket: Socket;
  readonly #react: (payload: Uint8Array, session: FakeSession) => void;
  readonly #init = encodeKexInit(randomBytes(16), ["ssh-ed25519"], { ciphers: [SUITE.cipher], macs: [SUITE.mac], compressions: ["none"] });
  #buffer: Buffer = Buffer.alloc(0);
  #client = "";
  #clientInit: Uint8Array = new Uint8Array(0);
  #agreed: Agreed | null = null;
  #sealer: Sealer | null = null;
  #opener: Opener | null = null;
  /** The head of a packet that has not come whole: it can be deciphered only once. */
  #head: { readonly head: Uint8Array; readonly count: number } | null = null;
  #sent = 0;
  #received = 0;

  constructor(socket: Socket, react: (payload: Uint8Array, session: FakeSession) => void) {
    this.socket = socket;
    this.#react = react;
    socket.write(`${SERVER}\r\n`);
    this.#plain(this.#init);
    socket.on("data", (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      while (this.#step());
    });
  }

  send(payload: Uint8Array): void {
    if (this.#sealer !== null) this.socket.write(this.#sealer.seal(payload, this.#sent, randomBytes));
    this.#sent += 1;
  }

  sendForged(payload: Uint8Array): void {
    const sealed = this.#sealer?.seal(payload, this.#sent, randomBytes) ?? new Uint8Array(0);
    this.socket.write(sealed.map((octet, at) => (at === sealed.length - 1 ? octet ^ 1 : octet)));
  }

  #plain(payload: Uint8Array): void {
    this.socket.write(encodePacket(payload));
    this.#sent += 1;
  }

  #take(count: number): Buffer | null {
    if (this.#buffer.length < count) return null;
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  /** Whether there was enough for one step. */
  #step(): boolean {
    if (this.#client === "") {
      const end = this.#buffer.indexOf(10);
      if (end === -1) return false;
      this.#client = String(this.#take(end + 1)).trimEnd();
      return true;
    }
    const payload = this.#opener === null ? this.#plainPayload() : this.#openedPayload(this.#opener);
    if (payload === null) return false;
    this.#received += 1;
    if (this.#opener !== null) this.#react(payload, this);
    else if (payload[0] === SSH.kexInit) this.#clientInit = payload;
    else if (payload[0] === SSH.ecdhInit) this.#exchange(readString(new Reader(payload, 1)));
    else if (payload[0] === SSH.newKeys && this.#agreed !== null) this.#opener = new Opener(SUITE, this.#agreed, "toServer");
    return true;
  }

  #plainPayload(): Uint8Array | null {
    if (this.#buffer.length < 4) return null;
    const whole = this.#take(4 + this.#buffer.readUInt32BE());
    return whole === null ? null : packetPayload(whole.subarray(4));
  }

  #openedPayload(opener: Opener): Uint8Array | null {
    const head = this.#head === null ? this.#take(opener.head) : null;
    if (head !== null) this.#head = opener.rest(head);
    const rest = this.#head === null ? null : this.#take(this.#head.count);
    if (this.#head === null || rest === null) return null;
    const payload = opener.open(this.#head.head, rest, this.#received);
    this.#head = null;
    return payload;
  }

  #exchange(clientKey: Uint8Array): void {
    const own = ephemeral("curve25519-sha256", randomBytes(32));
    const secret = own.secret(clientKey) ?? new Uint8Array(0);
    const hash = exchangeHash({ client: this.#client, server: SERVER, clientInit: this.#clientInit, serverInit: this.#init, hostKey: BLOB, clientKey, serverKey: own.publicKey, secret });
    const signature = Buffer.concat([sshString("ssh-ed25519"), sshString(sign(null, hash, privateKey))]);
    const half = encodeEcdhInit(own.publicKey).subarray(1);
    this.#plain(Buffer.concat([Buffer.of(SSH.ecdhReply), sshString(BLOB), half, sshString(signature)]));
    this.#plain(Buffer.of(SSH.newKeys));
    this.#sealer = new Sealer(SUITE, { secret, hash }, "toClient");
    this.#agreed = { secret, hash };
  }
}
