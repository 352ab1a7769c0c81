import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import type { Answer } from "./calls.ts";
import { databaseFile } from "./database.ts";
import { copyTo } from "./schema.ts";
import { tell } from "./trouble.ts";

/** The worker that writes one copy and ends: neither commits nor queries wait for it. */

// Given by `open.ts`.
const { folder, path } = workerData as { folder: string; path: string };

function copy(): Answer {
  try {
    const db = new DatabaseSync(databaseFile(folder), { readOnly: true, timeout: 1000 });
    try {
      copyTo(db, path);
    } finally {
      db.close();
    }
    return { id: 0, value: null };
  } catch (error) {
    return { id: 0, told: tell(error) };
  }
}

parentPort?.postMessage(copy(), []);
