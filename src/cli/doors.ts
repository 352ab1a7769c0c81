import type { Command } from "commander";
import type { AnyChannel } from "../alert/channels/channel.ts";
import type { Around } from "../import/importer.ts";
import type { Imported } from "../import/importer.ts";
import type { Opened } from "../import/open.ts";
import type { Foreign } from "../config/foreign.ts";
import type { ForeignChoice } from "../config/loader.ts";
import type { Site } from "../config/site.ts";
import type { Alert, ChannelName, CheckName, Instant, Result } from "../core/types.ts";
import type { AnyProbe } from "../probes/probe.ts";

/** Where a command speaks: standard output and error, and what the person in front of it can see. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Characters in a line; null when standard output is no terminal. */
  readonly columns: number | null;
  /** Standard output is a terminal and NO_COLOR is not set. */
  readonly colours: boolean;
  /** The same of standard error. */
  readonly errorColours: boolean;
  /** Aborts when nobody reads standard output any more. */
  readonly gone: AbortSignal;
  /** Somebody types: standard input is a terminal. */
  readonly interactive: boolean;
  /** The next line of standard input, without echo where somebody types it (the prompt goes to standard error); null at the end. */
  secretLine(prompt: string): Promise<string | null>;
}

/** What a command may ask of the rest of Tocsin. Each answer is loaded when it is first asked for, so that small commands start at once. */
export interface Doors {
  readonly terminal: Terminal;
  readonly version: string;
  readonly environment: { readonly [name: string]: string | undefined };
  now(): Instant;
  registry(): Promise<{ readonly probes: readonly AnyProbe[]; readonly channels: readonly AnyChannel[] }>;
  /** Reads a configuration of another system; null when the file is Tocsin's own. */
  readForeign(path: string, choice: ForeignChoice): Promise<Foreign | null>;
  setPassword(folder: string, password: string): Promise<{ readonly kind: "done" } | { readonly kind: "refused"; readonly reason: string; readonly advice: string }>;
}

/** What is measured of hosts; a count of 0: not wanted. */
export interface VitalsOptions {
  readonly pings: number;
  /** Octets of each packet's payload. */
  readonly payload: number;
  readonly hops: number;
  readonly scan: boolean;
}

/** `monitor`: connmonitor's input, standard input without a file. `once`: connvitals. `watch`: a live view, for so many rounds (null: until somebody quits). */
export type VitalsRequest =
  | { readonly kind: "monitor"; readonly file: string | null }
  | { readonly kind: "once"; readonly hosts: readonly string[]; readonly options: VitalsOptions; readonly json: boolean }
  | { readonly kind: "watch"; readonly hosts: readonly string[]; readonly options: VitalsOptions; readonly rounds: number | null };

/** An alert that came and would not have, or would have and did not. */
export type LoneAlert = Pick<Alert, "at" | "kind" | "since" | "sentence">;

/** What came of judging history again, as it was and by another configuration. */
export interface BacktestReport {
  readonly from: Instant;
  /** Results and inputs. */
  readonly judged: number;
  /** Of those, how many were not kept. */
  readonly missing: number;
  /** Changes of state on record. */
  readonly transitions: number;
  /** Where history judged again is not what it was; null: nowhere. */
  readonly mismatch: { readonly check: CheckName; readonly at: Instant; readonly was: string | null; readonly is: string | null } | null;
  /** Checks whose results do not say how they would have been judged; `from`: they do from then on. */
  readonly limits: readonly { readonly check: CheckName; readonly why: string; readonly from: Instant | null }[];
  /** By check, channel and recipient. */
  readonly changes: readonly { readonly check: CheckName; readonly channel: ChannelName; readonly recipient: string; readonly came: number; readonly wouldCome: number; readonly fewer: readonly LoneAlert[]; readonly more: readonly LoneAlert[] }[];
}

/** What the commands that start Tocsin, or a part of it, need besides. */
export interface RunDoors extends Doors {
  /** Opens a configuration of another system with its notes, state and history. */
  openForeign(path: string, from: string | null, around: Around | null): Promise<Opened>;
  /** Takes the history of another system into a data folder. */
  takeOver(imported: Imported, folder: string): Promise<{ readonly kind: "taken"; readonly checks: number; readonly results: number; readonly outages: number; readonly left: number } | { readonly kind: "refused"; readonly reason: string }>;
  /** Runs until a signal ends it; the exit code. */
  run(given: { readonly config: string; readonly foreign: ForeignChoice; readonly data: string; readonly listen: Site["settings"]["listen"] | null }): Promise<number>;
  /** Runs one check or group of a site once. Null: it waits for heartbeats and cannot be run. */
  checkOnce(site: Site, name: CheckName): Promise<{ readonly result: Result; readonly members: readonly Result[] } | null>;
  /** Judges the history of a data folder again, by a site from `since` on. */
  backtest(site: Site, folder: string, since: Instant): Promise<{ readonly kind: "judged"; readonly report: BacktestReport } | { readonly kind: "refused"; readonly reason: string }>;
  /** Measures pings, routes and ports and prints them, to the end or until a signal; the exit code. */
  vitals(request: VitalsRequest): Promise<number>;
  /** Sends a test message to each recipient of a channel. */
  notifyOnce(site: Site, name: ChannelName): Promise<{ readonly kind: "sent" | "retry" | "refused"; readonly detail: string }>;
}

/** One command: its file exports one, and `program.ts` lists them. `Given` are the doors it needs. `end` is told the exit code, 0 without. */
export interface CliCommand<Given = Doors> {
  readonly name: string;
  register(program: Command, doors: Given, end: (exit: number) => void): void;
}
