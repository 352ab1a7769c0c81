import { readdir, readFile, stat } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import type { Instant } from "../core/types.ts";
import type { Files } from "../sys/ports.ts";
import { type Fingerprint, fingerprint, type SiteDiff } from "./diff.ts";
import { deepFreeze } from "./load.ts";
import type { Problem } from "./problems.ts";
import type { CheckDefinition, Site } from "./site.ts";
import type { Environment } from "./sources.ts";

/** What the command line says of a configuration of another system. */
export interface ForeignChoice {
  /** Its format; null: whichever knows it for its own. */
  readonly from: string | null;
  /** What is wrong is left out, with a warning, and the rest runs. */
  readonly keepGoing: boolean;
}

export const ANY_FORMAT: ForeignChoice = { from: null, keepGoing: false };

/** What the loading thread is given. */
export interface LoaderData {
  readonly path: string;
  readonly environment: Environment;
  /** Addresses of the modules that export `probes`, `channels`, `providers` (loaded when a channel's type is not in the list before) and, where other systems' configurations are read too, `readForeign`. */
  readonly modules: { readonly probes: string; readonly channels: string; readonly providers: string; readonly foreign?: string };
  /** How a configuration of another system is read. */
  readonly foreign?: ForeignChoice;
  /** The time, by which schedules are over. */
  readonly now?: Instant;
  /** What runs now. */
  readonly previous: PlainFingerprint | null;
}

/** A fingerprint that is cheap to send: checks by name with their three hashes as one text. */
export interface PlainFingerprint extends Omit<Fingerprint, "checks"> {
  readonly checks: readonly (readonly [name: string, hashes: string])[];
}

/** What the loading thread says; each message waits for an answer, so that this side takes them one at a time. */
export type LoaderMessage =
  | { readonly kind: "checks"; readonly checks: readonly CheckDefinition[] }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] }
  | { readonly kind: "loaded"; readonly site: Omit<Site, "checks">; readonly order: readonly string[]; readonly diff: SiteDiff | null }
  | { readonly kind: "broken"; readonly files: readonly string[] };

export interface LoaderRequest extends Omit<LoaderData, "previous"> {
  /** The site that runs; its unchanged checks are kept as they are (the same objects) and not sent again. */
  readonly previous: Site | null;
  readonly signal?: AbortSignal;
}

export type LoaderResult =
  /** `diff` against `previous`; null when there was none. */
  | { readonly kind: "loaded"; readonly site: Site; readonly diff: SiteDiff | null; readonly warnings: readonly Problem[] }
  | { readonly kind: "broken"; readonly problems: readonly Problem[]; readonly files: readonly string[] };

/** The three hashes as one text of three times 32 digits. */
export const hashesText = ({ target, judging, telling }: CheckDefinition["hashes"]): string => target + judging + telling;

function plain(site: Site): PlainFingerprint {
  const { channels, settings, maintenance } = fingerprint({ ...site, checks: [] });
  return { channels, settings, maintenance, checks: site.checks.map((check) => [check.name, hashesText(check.hashes)] as const) };
}

/** Loads a configuration in a thread of its own; this thread is never held for more than some milliseconds. Rejects for bugs only. */
export async function loadInWorker(request: LoaderRequest): Promise<LoaderResult> {
  request.signal?.throwIfAborted();
  const { path, environment, modules, foreign, now, previous } = request;
  const data: LoaderData = { path, environment: { ...environment }, modules, ...(foreign === undefined ? {} : { foreign }), ...(now === undefined ? {} : { now }), previous: previous === null ? null : plain(previous) };
  const worker = new Worker(new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url), { workerData: data });
  const abort = (): void => void worker.terminate();
  request.signal?.addEventListener("abort", abort, { once: true });
  try {
    return await receive(worker, previous);
  } catch (error) {
    request.signal?.throwIfAborted();
    throw error;
  } finally {
    request.signal?.removeEventListener("abort", abort);
    await worker.terminate();
  }
}

function receive(worker: Worker, previous: Site | null): Promise<LoaderResult> {
  const checks = new Map<string, CheckDefinition>();
  const problems: Problem[] = [];
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the loading thread ended before it was done")));
    worker.on("message", (message: LoaderMessage) => {
      if (message.kind === "checks") for (const check of message.checks) checks.set(check.name, deepFreeze(check));
      else if (message.kind === "problems") problems.push(...message.problems);
      else resolve(message.kind === "broken" ? { kind: "broken", problems, files: message.files } : finish(message, checks, problems, previous));
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
      worker.postMessage("next");
    });
  });
}

function finish(message: Extract<LoaderMessage, { readonly kind: "loaded" }>, sent: ReadonlyMap<string, CheckDefinition>, warnings: readonly Problem[], previous: Site | null): LoaderResult {
  const kept = new Map<string, CheckDefinition>(previous?.checks.map((check) => [check.name, check]));
  const checks = message.order.map((name) => {
    const check = sent.get(name) ?? kept.get(name);
    if (check === undefined) throw new Error(`the loading thread did not send ${name}`);
    return check;
  });
  const site: Site = Object.freeze({ ...deepFreeze(message.site), checks: Object.freeze(checks) });
  return { kind: "loaded", site, diff: message.diff, warnings };
}

const REASONS: { readonly [code: string]: string } = { ENOENT: "there is no such file", EACCES: "Tocsin may not read this file", EPERM: "Tocsin may not read this file", EISDIR: "this is a folder", ENOTDIR: "a part of this path is no folder" };
const LARGEST_FILE = 64 * 1024 * 1024;

function decoded(bytes: Uint8Array): { readonly kind: "read"; readonly text: string } | { readonly kind: "failed"; readonly sentence: string; readonly right: string } {
  try {
    return { kind: "read", text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { kind: "failed", sentence: "this file is no text in UTF-8", right: "save it as UTF-8" };
  }
}

/** The files of this machine. */
export function diskFiles(): Files {
  return {
    async read(path) {
      try {
        const facts = await stat(path);
        if (facts.isFile() && facts.size > LARGEST_FILE) return { kind: "failed", sentence: "this file is larger than 64 MiB" };
        return decoded(await readFile(path));
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : "";
        return { kind: "failed", sentence: REASONS[code] ?? `it cannot be read (${code})` };
      }
    },
    async list(path) {
      try {
        return (await readdir(path)).sort();
      } catch {
        return null;
      }
    },
    async exposed(path) {
      try {
        const facts = await stat(path);
        // Programs, which a foreign configuration names, are for everybody.
        return facts.isFile() && (facts.mode & 0o005) === 0o004;
      } catch {
        return false;
      }
    },
  };
}
