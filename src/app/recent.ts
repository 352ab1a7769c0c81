import type { CheckName, Verdict } from "../core/types.ts";

const KEPT = 30;
const LETTERS: { readonly [verdict in Verdict]: string } = { up: "u", degraded: "g", down: "d", unknown: "?" };

/** The verdicts of each check's last runs, oldest first, as the page shows them. */
export class Recent {
  readonly #runs = new Map<CheckName, string>();

  add(check: CheckName, verdict: Verdict): void {
    const runs = (this.#runs.get(check) ?? "") + LETTERS[verdict];
    this.#runs.set(check, runs.length > KEPT ? runs.slice(runs.length - KEPT) : runs);
  }

  /** Puts older verdicts, oldest first, before those seen since the start. */
  fill(check: CheckName, older: readonly Verdict[]): void {
    const runs = older.map((verdict) => LETTERS[verdict]).join("") + (this.#runs.get(check) ?? "");
    this.#runs.set(check, runs.slice(-KEPT));
  }

  of(check: CheckName): string {
    return this.#runs.get(check) ?? "";
  }

  rename(from: CheckName, to: CheckName): void {
    this.#runs.set(to, this.of(from));
    this.#runs.delete(from);
  }

  drop(check: CheckName): void {
    this.#runs.delete(check);
  }
}
