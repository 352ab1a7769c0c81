import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import type { Clock, Log } from "../sys/ports.ts";
import { readIfThere, writePrivate } from "./private-file.ts";

export const IDLE_MS_MAX = 30 * 86_400_000;
/** The browser's copy of the cookie and the file are renewed when they are older than this. */
const RENEW_MS = 86_400_000;
const SESSIONS_MAX = 100;

const entry = z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/), usedAt: z.number() });
const file = z.object({ stamp: z.string(), sessions: z.array(entry) });

/** Sign-ins by their hashed ids, kept in a file so that a restart keeps them. A change of `stamp` (another password) ends them all. */
export class Sessions {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #stamp: string;
  /** Hash of the id -> last use, the longest unused first. */
  #usedAt: Map<string, number>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, clock: Clock, log: Log, stamp: string, usedAt: Map<string, number>) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#stamp = stamp;
    this.#usedAt = usedAt;
  }

  /** A damaged, foreign or unreadable file costs the sign-ins and nothing else. */
  static async open(path: string, clock: Clock, log: Log, stamp: string): Promise<Sessions> {
    const text = await readIfThere(path).catch((error: unknown) => {
      log.warn("the sign-ins of the page cannot be read; sign in again", { error: String(error) });
      return null;
    });
    const kept = file.safeParse(parseJson(text));
    const valid = kept.success && kept.data.stamp === stamp ? kept.data.sessions : [];
    return new Sessions(path, clock, log, stamp, new Map(valid.map(({ hash, usedAt }) => [hash, usedAt])));
  }

  /** A new sign-in; returns the id that only the browser gets to know. */
  async create(): Promise<string> {
    const id = randomBytes(32).toString("base64url");
    this.#usedAt.set(hashOf(id), this.#clock.now());
    for (const oldest of this.#usedAt.keys()) {
      if (this.#usedAt.size <= SESSIONS_MAX) break;
      this.#usedAt.delete(oldest);
    }
    await this.#save();
    return id;
  }

  /** Null when nobody is signed in under this id; `renew` when the browser should be given the cookie anew. */
  use(id: string): { readonly renew: boolean } | null {
    const hash = hashOf(id);
    const usedAt = this.#usedAt.get(hash);
    if (usedAt === undefined) return null;
    const now = this.#clock.now();
    this.#usedAt.delete(hash);
    if (now - usedAt > IDLE_MS_MAX) return null;
    const renew = Math.abs(now - usedAt) > RENEW_MS;
    this.#usedAt.set(hash, renew ? now : usedAt);
    return { renew };
  }

  has(id: string): boolean {
    return this.#usedAt.has(hashOf(id));
  }

  async end(id: string): Promise<void> {
    if (this.#usedAt.delete(hashOf(id))) await this.#save();
  }

  /** Ends every sign-in when the password is another one now. */
  async follow(stamp: string): Promise<void> {
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    this.#usedAt = new Map();
    await this.#save();
  }

  /** Writes what is still unwritten. */
  async save(): Promise<void> {
    await this.#save();
  }

  /** Never rejects: on a full disk of all times somebody wants to sign in and see what is wrong. */
  #save(): Promise<void> {
    const write = async (): Promise<void> => {
      const sessions = Array.from(this.#usedAt, ([hash, usedAt]) => ({ hash, usedAt }));
      try {
        await writePrivate(this.#path, JSON.stringify({ stamp: this.#stamp, sessions }));
      } catch (error) {
        this.#log.warn("the sign-ins of the page cannot be written; they end with this process", { error: String(error) });
      }
    };
    this.#writing = this.#writing.then(write);
    return this.#writing;
  }
}

const hashOf = (id: string): string => createHash("sha256").update(id).digest("hex");

function parseJson(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
