import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import type { IncidentId } from "../core/types.ts";
import { readIfThere, writePrivate } from "./private-file.ts";

/** What a signed link in a message lets its reader do something about. */
export interface Linked {
  readonly incident: IncidentId;
  /** Whom the message went to. */
  readonly by: string;
}

const KEY_BYTES = 32;
const MAC_BYTES = 16;
const INCIDENT_BYTES = 16;
const BY_CHARACTERS_MAX = 100;
const TOKEN = /^[\w-]{43,600}$/;

/** Signs and reads the tokens of links by which the reader of a message acknowledges or silences, without signing in: HMAC-SHA256 cut to 128 bits (RFC 2104, section 5). */
export class Links {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** The key in a data folder, made when there is none. Deleting the file makes every link that was sent worthless. */
  static async open(folder: string): Promise<Links> {
    const path = join(folder, "links.key");
    const kept = Buffer.from((await readIfThere(path))?.trim() ?? "", "base64");
    if (kept.length === KEY_BYTES) return new Links(kept);
    const made = randomBytes(KEY_BYTES);
    await writePrivate(path, `${made.toString("base64")}\n`);
    return new Links(made);
  }

  /** The same link always has the same token, so that a message sent again reads the same. */
  token({ incident, by }: Linked): string {
    const said = Buffer.concat([Buffer.from(incident, "hex"), Buffer.from(by.slice(0, BY_CHARACTERS_MAX).toWellFormed())]);
    return Buffer.concat([this.#mac(said), said]).toString("base64url");
  }

  /** Null for what was not signed here. */
  read(token: string): Linked | null {
    if (!TOKEN.test(token)) return null;
    const bytes = Buffer.from(token, "base64url");
    const said = bytes.subarray(MAC_BYTES);
    if (said.length < INCIDENT_BYTES || !timingSafeEqual(this.#mac(said), bytes.subarray(0, MAC_BYTES))) return null;
    return { incident: said.subarray(0, INCIDENT_BYTES).toString("hex") as IncidentId, by: said.subarray(INCIDENT_BYTES).toString() };
  }

  #mac(said: Buffer): Buffer {
    return createHmac("sha256", this.#key).update(said).digest().subarray(0, MAC_BYTES);
  }
}
