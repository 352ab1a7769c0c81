import { type CheckName, checkName } from "../../core/types.ts";

export interface Rename {
  readonly turn: number;
  readonly from: CheckName;
  readonly to: CheckName;
}

/** Names as they were: what is told keeps a check's number, its name may have changed since. */
export class Then {
  readonly #names = new Map<number, CheckName>();
  readonly #former = new Map<number, readonly Rename[]>();

  /** `renames` oldest first. */
  constructor(checks: readonly { readonly id: number; readonly name: CheckName }[], renames: readonly Rename[]) {
    const ids = new Map(checks.map(({ id, name }) => [name, id]));
    // The store puts more behind the name of a check that is gone when another one takes that name.
    for (const { id, name } of checks) this.#names.set(id, checkName(name.split("\u0000")[0] ?? name));
    for (const rename of renames.toReversed()) {
      const id = ids.get(rename.to);
      if (id === undefined) continue;
      ids.delete(rename.to);
      ids.set(rename.from, id);
      this.#former.set(id, [rename, ...(this.#former.get(id) ?? [])]);
    }
  }

  /** What the check was called when that turn came. */
  name(id: number, turn: number): CheckName {
    const later = this.#former.get(id)?.find((rename) => rename.turn > turn);
    const name = later?.from ?? this.#names.get(id);
    if (name === undefined) throw new RangeError(`check ${id} is missing`);
    return name;
  }
}
