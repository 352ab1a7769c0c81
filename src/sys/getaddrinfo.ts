import { lookup } from "node:dns/promises";
import { errnoOf } from "./failures.ts";
import type { Family } from "./ports.ts";
import { first } from "./until-aborted.ts";

export type SystemAnswer =
  | { readonly kind: "found"; readonly ips: readonly string[] }
  | { readonly kind: "none" }
  | { readonly kind: "broken" };

export type SystemLookup = (name: string, family: Family | null, signal: AbortSignal) => Promise<SystemAnswer>;

/** getaddrinfo(3) holds a thread of the pool of four for as long as it likes and cannot be ended; two leave room for files. */
const AT_ONCE = 2;

/** The system's own look-up, for at most two names at once; `broken` when its turn does not come before `signal` aborts. */
export function systemLookup(): SystemLookup {
  let busy = 0;
  const queue: (() => void)[] = [];
  const turn = (signal: AbortSignal): Promise<boolean> => {
    if (busy < AT_ONCE) {
      busy++;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const begin = (): void => {
        signal.removeEventListener("abort", leave);
        busy++;
        resolve(true);
      };
      const leave = (): void => {
        const place = queue.indexOf(begin);
        if (place >= 0) queue.splice(place, 1);
        resolve(false);
      };
      queue.push(begin);
      signal.addEventListener("abort", leave, { once: true });
    });
  };
  const ask = async (name: string, family: Family | null): Promise<SystemAnswer> => {
    try {
      const addresses = await lookup(name, { all: true, family: family ?? 0, order: "verbatim" });
      return { kind: "found", ips: addresses.map(({ address }) => address) };
    } catch (error) {
      return { kind: errnoOf(error) === "ENOTFOUND" ? "none" : "broken" };
    } finally {
      busy--;
      queue.shift()?.();
    }
  };
  return async (name, family, signal) => {
    if (signal.aborted || !(await turn(signal))) return { kind: "broken" };
    return (await first(ask(name, family), signal)) ?? { kind: "broken" };
  };
}
