import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Clock, Log } from "../sys/ports.ts";
import { USER, passwordStamp, verifyPassword } from "./auth.ts";
import { Sessions } from "./sessions.ts";
import { Throttle } from "./throttle.ts";

/** How long a change of the password by another process may go unnoticed, ms. */
const STAMP_MS = 1000;
/** Passwords being verified or waiting for it; each takes 32 MiB, so they go one by one. */
const VERIFYING_MAX = 8;

export type Admission =
  | { readonly kind: "in" }
  | { readonly kind: "wrong" }
  /** Too many tries: not before this. */
  | { readonly kind: "wait"; readonly afterMs: number };

/** Who may come in: passwords, sessions, `Authorization: Basic` for programs, and the brake on guessing. */
export class SignIn {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #sessions: Sessions;
  readonly #throttle = new Throttle();
  readonly #salt = randomBytes(32);
  /** Hash of the last accepted Basic credentials, so that a scraper costs no scrypt at each visit. */
  #basic: string | null = null;
  #stamp: string;
  #stampedAt: number;
  #verifying = 0;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, clock: Clock, sessions: Sessions, stamp: string) {
    this.#folder = folder;
    this.#clock = clock;
    this.#sessions = sessions;
    this.#stamp = stamp;
    this.#stampedAt = clock.monotonic();
  }

  /** `folder` is the data folder, where `ensurePassword` made a password. */
  static async open(folder: string, { clock, log }: { readonly clock: Clock; readonly log: Log }): Promise<SignIn> {
    const stamp = await passwordStamp(folder);
    return new SignIn(folder, clock, await Sessions.open(join(folder, "sessions"), clock, log, stamp), stamp);
  }

  /** Signs in by password; `id` is for the cookie. */
  async login(password: string, address: string): Promise<Exclude<Admission, { kind: "in" }> | { readonly kind: "in"; readonly id: string }> {
    await this.#follow(true);
    const stamp = this.#stamp;
    const admission = await this.#verify(password, address);
    if (admission.kind !== "in") return admission;
    await this.#follow(true);
    if (stamp !== this.#stamp) return { kind: "wrong" };
    return { kind: "in", id: await this.#sessions.create() };
  }

  async session(id: string): Promise<{ readonly user: string; readonly renew: boolean } | null> {
    await this.#follow(false);
    const used = this.#sessions.use(id);
    if (used?.renew === true) await this.#sessions.save();
    return used === null ? null : { user: USER, renew: used.renew };
  }

  /** Whether a session that was let in earlier still holds. */
  async holds(id: string): Promise<boolean> {
    await this.#follow(false);
    return this.#sessions.has(id);
  }

  /** Judges an `Authorization: Basic` header (RFC 7617). */
  async basic(header: string, address: string): Promise<Admission> {
    await this.#follow(false);
    const hash = createHash("sha256").update(this.#salt).update(header).digest("hex");
    if (hash === this.#basic) return { kind: "in" };
    const encoded = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(header.trim())?.[1];
    const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? "", "base64").toString("utf8")) ?? [];
    if (user !== USER || password === undefined) return { kind: "wrong" };
    const stamp = this.#stamp;
    const admission = await this.#verify(password, address);
    if (admission.kind === "in" && stamp === this.#stamp) this.#basic = hash;
    return admission;
  }

  async logout(id: string): Promise<void> {
    await this.#sessions.end(id);
  }

  async close(): Promise<void> {
    await this.#sessions.save();
  }

  async #verify(password: string, address: string): Promise<Admission> {
    if (this.#verifying >= VERIFYING_MAX) return { kind: "wait", afterMs: 1000 };
    const afterMs = this.#throttle.admit(address, this.#clock.monotonic());
    if (afterMs > 0) return { kind: "wait", afterMs };
    this.#verifying += 1;
    try {
      const verify = async (): Promise<boolean> => verifyPassword(this.#folder, password);
      const verdict = this.#queue.then(verify, verify);
      this.#queue = verdict;
      if (!(await verdict)) return { kind: "wrong" };
      this.#throttle.succeeded(address);
      return { kind: "in" };
    } finally {
      this.#verifying -= 1;
    }
  }

  /** Looks whether the password was changed meanwhile, by `tocsin passwd` of another process say. */
  async #follow(atOnce: boolean): Promise<void> {
    const now = this.#clock.monotonic();
    if (!atOnce && now - this.#stampedAt < STAMP_MS) return;
    this.#stampedAt = now;
    const stamp = await passwordStamp(this.#folder);
    if (stamp !== this.#stamp) [this.#stamp, this.#basic] = [stamp, null];
    await this.#sessions.follow(stamp);
  }
}
