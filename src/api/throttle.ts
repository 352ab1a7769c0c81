/** Slows the guessing of the password down without ever locking anybody out. Pure but for its own memory; times in ms on the monotonic clock. */

/** Wrong answers that cost nothing: slips of the pen. */
const FREE_FAILURES = 3;
const WAIT_MS_MAX = 60_000;
/** A quiet address is forgotten after this. */
const FORGET_MS = 3_600_000;
/** Addresses remembered; the oldest is forgotten for a new one. */
const ADDRESSES_MAX = 10_000;
/** Wrong answers from strangers' addresses in all, within `WINDOW_MS`; then every stranger waits. */
const STRANGERS_MAX = 40;
const WINDOW_MS = 60_000;

interface Tries {
  failures: number;
  notBefore: number;
  seen: number;
}

export class Throttle {
  readonly #addresses = new Map<string, Tries>();
  /** Addresses that signed in before: no crowd of strangers can keep them out. */
  readonly #friends = new Set<string>();
  #window = 0;
  #strangers = 0;

  /** Milliseconds to wait before this address may try, 0 for none. A granted try counts as failed until `succeeded` says otherwise, so that tries at the same time count too. */
  admit(address: string, now: number): number {
    const key = subnet(address);
    const known = this.#addresses.get(key);
    const record = known !== undefined && now - known.seen <= FORGET_MS ? known : { failures: 0, notBefore: 0, seen: now };
    if (now < record.notBefore) return Math.ceil(record.notBefore - now);
    if (now - this.#window >= WINDOW_MS) [this.#window, this.#strangers] = [now, 0];
    if (!this.#friends.has(key)) {
      if (this.#strangers >= STRANGERS_MAX) return Math.ceil(this.#window + WINDOW_MS - now);
      this.#strangers += 1;
    }
    record.failures += 1;
    record.seen = now;
    if (record.failures > FREE_FAILURES) record.notBefore = now + Math.min(WAIT_MS_MAX, 1000 * 2 ** (record.failures - FREE_FAILURES - 1));
    this.#remember(key, record);
    return 0;
  }

  succeeded(address: string): void {
    const key = subnet(address);
    if (this.#addresses.delete(key) && !this.#friends.has(key)) this.#strangers = Math.max(0, this.#strangers - 1);
    this.#friends.add(key);
    if (this.#friends.size > ADDRESSES_MAX) for (const oldest of this.#friends) if (this.#friends.delete(oldest)) break;
  }

  #remember(key: string, record: Tries): void {
    this.#addresses.delete(key);
    this.#addresses.set(key, record);
    if (this.#addresses.size > ADDRESSES_MAX) for (const oldest of this.#addresses.keys()) if (this.#addresses.delete(oldest)) break;
  }
}

/** One asker: an IPv4 address, or the /64 network that one IPv6 host has for itself. */
function subnet(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "").toLowerCase();
  if (!plain.includes(":")) return plain;
  const [head = "", tail = ""] = plain.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === "" ? [] : tail.split(":");
  const groups = plain.includes("::") ? [...front, ...Array<string>(Math.max(0, 8 - front.length - back.length)).fill("0"), ...back] : front;
  return groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":");
}
