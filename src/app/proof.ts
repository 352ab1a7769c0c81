import { parentPort, workerData } from "node:worker_threads";
import type { BacktestReport } from "../cli/doors.ts";
import type { Instant } from "../core/types.ts";
import { next, Proof } from "../run/difference.ts";
import { Replay } from "../run/replay.ts";
import { openHistory } from "../store/sqlite/history.ts";

/** The thread that judges history again as it was; beside it the other one judges by another configuration. */

/** What it is given, and what it says. */
export interface ProofData {
  readonly folder: string;
  readonly since: Instant;
}
export type Proven = Pick<BacktestReport, "judged" | "missing" | "transitions" | "mismatch">;

function prove(folder: string, since: Instant): Proven {
  const history = openHistory(folder, since);
  try {
    const replay = new Replay(history.beginning);
    const proof = new Proof();
    const was = history.transitions[Symbol.iterator]();
    let transitions = 0;
    const compare = (most: number): void => {
      for (const one of next(was, most)) {
        proof.was(one);
        transitions += 1;
      }
    };
    for (const told of history.read()) {
      replay.run(told);
      const is = replay.decisions.take().transitions;
      for (const one of is) proof.is(one);
      compare(is.length);
    }
    compare(Number.POSITIVE_INFINITY);
    return { judged: replay.judged, missing: history.missing, transitions, mismatch: proof.mismatch };
  } finally {
    history.close();
  }
}

// Given by `backtest.ts`.
const { folder, since } = workerData as ProofData;
parentPort?.postMessage(prove(folder, since), []);
