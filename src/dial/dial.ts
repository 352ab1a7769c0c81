import type { Duplex } from "node:stream";
import type { FailureCode, Phases } from "../core/types.ts";
import type { Address, Connection, Failure, Family } from "../sys/ports.ts";
import { type DialContext, tenth } from "./outcome.ts";

export interface Destination {
  /** A name or a literal, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly family: Family | "any";
  readonly source: string | null;
}

export type Dialed =
  /** `attempts`: failures of other addresses that came before. */
  | { readonly kind: "connected"; readonly socket: Duplex; readonly address: Address; readonly phases: Phases; readonly attempts: readonly string[] }
  | { readonly kind: "failed"; readonly failure: Failure; readonly phases: Phases; readonly attempts: readonly string[] };

/** RFC 8305, section 5: the next address is tried when the one before has neither connected nor failed by then. */
const STAGGER_MS = 250;
/** Enough for any sane name; a hostile answer of hundreds must not become a scan. */
const ADDRESSES_MAX = 16;

/** Resolves and connects within the context's deadline; phases `resolve` (names only) and `connect`. The socket is the caller's to destroy. */
export async function dial(to: Destination, ctx: DialContext): Promise<Dialed> {
  const begun = ctx.clock.monotonic();
  const resolution = await ctx.network.resolve(to.host, to.family === "any" ? null : to.family, ctx.signal);
  const resolved = ctx.clock.monotonic();
  const resolve = tenth(resolved - begun);
  if (resolution.kind === "failed") return { kind: "failed", failure: resolution.failure, phases: { resolve }, attempts: [] };
  const addresses = resolution.addresses.slice(0, ADDRESSES_MAX);
  const [first] = addresses;
  if (first === undefined) return { kind: "failed", failure: { code: "unresolvable", sentence: `${to.host} has no address` }, phases: { resolve }, attempts: [] };
  const raced = addresses.length === 1 ? await tryOne(first, to, ctx) : await new Race(addresses, to, ctx).run();
  const connect = tenth(ctx.clock.monotonic() - resolved);
  const phases: Phases = first.ip === to.host ? { connect } : { resolve, connect };
  if (raced.connection.kind === "failed") return { kind: "failed", failure: raced.connection.failure, phases, attempts: raced.attempts };
  return { kind: "connected", socket: raced.connection.socket, address: raced.address, phases, attempts: raced.attempts };
}

interface Raced {
  readonly connection: Connection;
  readonly address: Address;
  readonly attempts: readonly string[];
}

async function tryOne(address: Address, to: Destination, ctx: DialContext): Promise<Raced> {
  const connection = await ctx.network.connect({ ip: address.ip, port: to.port, source: to.source, signal: ctx.signal });
  return { connection, address, attempts: [] };
}

/** Of several failures the one that says most about the target is told. */
const TELLING: readonly FailureCode[] = ["refused", "reset", "closed", "timeout", "unreachable"];
const rank = (code: FailureCode): number => (TELLING.includes(code) ? TELLING.indexOf(code) : TELLING.length);

/** Addresses are started 250 ms apart, or at once when the one before failed; the first to connect wins and the others are closed. */
class Race {
  readonly #addresses: readonly Address[];
  readonly #to: Destination;
  readonly #ctx: DialContext;
  readonly #losers = new AbortController();
  readonly #failures: { readonly address: Address; readonly failure: Failure }[] = [];
  #started = 0;
  #over = false;
  #timer: { cancel(): void } | null = null;
  #settle: (raced: Raced) => void = () => {};

  constructor(addresses: readonly Address[], to: Destination, ctx: DialContext) {
    this.#addresses = addresses;
    this.#to = to;
    this.#ctx = ctx;
  }

  run(): Promise<Raced> {
    return new Promise((resolve) => {
      const stop = (): void => this.#losers.abort();
      this.#ctx.signal.addEventListener("abort", stop);
      if (this.#ctx.signal.aborted) stop();
      this.#settle = (raced) => {
        this.#over = true;
        this.#timer?.cancel();
        this.#ctx.signal.removeEventListener("abort", stop);
        this.#losers.abort();
        resolve(raced);
      };
      this.#next();
    });
  }

  #next(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const address = this.#addresses[this.#started];
    if (this.#over || this.#ctx.signal.aborted || address === undefined) return;
    this.#started++;
    if (this.#started < this.#addresses.length) this.#timer = this.#ctx.clock.timer(STAGGER_MS, () => this.#next());
    const { port, source } = this.#to;
    void this.#ctx.network.connect({ ip: address.ip, port, source, signal: this.#losers.signal }).then((connection) => this.#ended(address, connection));
  }

  #ended(address: Address, connection: Connection): void {
    if (this.#over) {
      // It connected in the same instant as the winner.
      if (connection.kind === "connected") connection.socket.destroy();
      return;
    }
    if (connection.kind === "connected") {
      this.#settle({ connection, address, attempts: this.#sentences() });
      return;
    }
    this.#failures.push({ address, failure: connection.failure });
    // After the deadline the addresses that were not tried any more have nothing to tell.
    if (this.#failures.length === this.#started && (this.#started === this.#addresses.length || this.#ctx.signal.aborted)) this.#lose(address);
    else this.#next();
  }

  #lose(address: Address): void {
    const [worst] = this.#failures.toSorted((a, b) => rank(a.failure.code) - rank(b.failure.code));
    const failure = worst?.failure ?? { code: "timeout", sentence: `${this.#to.host} did not answer in time` };
    this.#settle({ connection: { kind: "failed", failure }, address, attempts: this.#sentences() });
  }

  #sentences(): readonly string[] {
    return this.#failures.map(({ failure }) => failure.sentence);
  }
}
