/** A message that a receiver took: from then on it is told, whatever becomes of the answer. */
export interface Receipt {
  /** Order of taking over all receivers. */
  readonly number: number;
  /** `CHANNEL RECIPIENT`. */
  readonly pair: string;
  /** The id by which the receiver can tell a repeat. */
  readonly key: string;
  readonly text: string;
  /** Of a webhook; a mail has its alerts only in words. */
  readonly alerts: readonly ReceivedAlert[] | null;
}

export interface ReceivedAlert {
  readonly id: string;
  readonly kind: string;
  readonly check: string;
  readonly incident: string | null;
}

/** What the receivers took, in order; and a place to be told of each step of a delivery. */
export class Receipts {
  readonly taken: Receipt[] = [];
  /** What a receiver got that it could not make sense of. */
  readonly oddities: string[] = [];
  /** Deliveries that were begun, taken or not. */
  begun = 0;
  #watcher: (() => void) | null = null;

  take(receipt: Omit<Receipt, "number">): void {
    this.taken.push({ number: this.taken.length, ...receipt });
    this.step();
  }

  /** A delivery came a step further. */
  step(): void {
    const watcher = this.#watcher;
    this.#watcher = null;
    watcher?.();
  }

  /** Calls once at the next step of any delivery. */
  atNextStep(call: (() => void) | null): void {
    this.#watcher = call;
  }
}
