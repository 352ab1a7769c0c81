import type { Carried } from "../core/carried.ts";
import type { FailureCode } from "../core/types.ts";

/** Keys and indexes from the top of a document. */
export type Path = readonly (string | number)[];

/** A place in a foreign file, 1-based; line 0: the whole file is meant. */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * What became of a line. `taken`: as it is. `differs`: taken, and something is not quite the same. `later`: not before a part of Tocsin exists.
 * `left`: not taken, there is no counterpart. `ignored`: the original passes over it too. `refused`: the original would not start with it.
 */
export type NoteKind = "taken" | "differs" | "later" | "left" | "ignored" | "refused";

/** One line of the report, in the words of the foreign system. */
export interface Note extends Origin {
  readonly kind: NoteKind;
  /** The section, check or key: `[Check_web] expect`. */
  readonly what: string;
  /** What is so, no final stop. */
  readonly text: string;
  /** What to do about it; empty for nothing. */
  readonly advice: string;
  /** The entry of the document that it belongs to, when there is one. */
  readonly path: Path | null;
}

/** A row of a foreign database. */
export type Row = { readonly [column: string]: string | number | bigint | Uint8Array | null };

export interface Where {
  readonly column: string;
  readonly value: string | number;
}

/** A foreign SQLite database, opened for reading. */
export interface Tables {
  /** Names of its tables, sorted. */
  names(): readonly string[];
  /** The rows of a table, one at a time, in the order of a column, all or those that have a value in another; none of a table that is not there. Throws when the database is damaged. */
  rows(table: string, orderBy: string | null, where?: Where): Iterable<Row>;
  /** The last rows of a table that have this value in a column, by the order of another, the very last first; at most so many. Throws as `rows` does. */
  last(table: string, where: Where, orderBy: string, most: number): readonly Row[];
}

/** The configuration that a foreign one is to become a part of: names that it may refer to. */
export interface Around {
  readonly checks: ReadonlySet<string>;
  readonly channels: ReadonlySet<string>;
}

/** All that an importer may read, by path as told to the user. */
export interface Source {
  /** The file or folder that was named. */
  readonly path: string;
  /** Files that were asked for and could be read. */
  readonly files: ReadonlyMap<string, SourceFile>;
  /** Names in folders that were asked for, sorted. */
  readonly folders: ReadonlyMap<string, readonly string[]>;
  /** Why others that were asked for could not be read; `there is no such file` for those that are not there. */
  readonly missing: ReadonlyMap<string, string>;
  /** The database that was named, for a format that is one. */
  readonly tables: Tables | null;
  /** This machine's name. */
  readonly hostName: string;
  /** The variables of the environment, for a format that fills them in. */
  readonly environment: { readonly [name: string]: string | undefined };
  /** What it becomes a part of; null when it stands alone. */
  readonly around: Around | null;
  /** The path from the root of the file system, for what is written into the document. */
  absolute(path: string): string;
}

export interface SourceFile {
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

/** The first look at what was named: enough to know the format. */
export interface Glimpse {
  readonly path: string;
  /** The first 64 KiB as UTF-8 text; empty for a folder. */
  readonly text: string;
  /** Names in it, sorted; null for a file. */
  readonly names: readonly string[] | null;
  /** The names of its tables; null when it is no SQLite database. */
  readonly tables: readonly string[] | null;
}

interface CarriedCommon {
  readonly check: string;
  /** ms since the epoch; of an average, when its stretch begins. */
  readonly at: number;
}

/**
 * What the foreign system kept of a check's past. `run`: one run, or one that is counted in an average as well and says only when the state changed;
 * `outage`: with it the check was taken for down there. `average`: of so many runs in `forMs` nothing else was kept; latency in ms over those that were up.
 */
export type CarriedPast = CarriedCommon &
  (
    | { readonly kind: "run"; readonly counted: boolean; readonly verdict: "up" | "down"; readonly latencyMs: number | null; readonly code: FailureCode; readonly sentence: string; readonly outage: boolean }
    | { readonly kind: "average"; readonly forMs: number; readonly up: number; readonly down: number; readonly latencyMs: { readonly mean: number; readonly min: number; readonly max: number }; readonly sentence: string }
  );

/** What came out of foreign files. */
export interface Imported {
  /** As a tocsin.yaml would hold it, with literal values only. */
  readonly document: { readonly [key: string]: unknown };
  readonly notes: readonly Note[];
  /** Where a part of the document comes from: its own place, or that of the nearest part around it. */
  origin(path: Path): Origin;
  readonly state: readonly Carried[];
  /** One check after the other, each oldest first; read once. Throws when the database is damaged. */
  readonly history: Iterable<CarriedPast>;
}

/** One foreign format. Pure: what it wants to read it names, and what was read it turns into values. */
export interface Importer {
  /** The word of `--from`. */
  readonly format: string;
  /** Whose configuration it is, in one sentence. */
  readonly about: string;
  /** Whether what was named looks like this format and no other. */
  recognises(glimpse: Glimpse): boolean;
  /** Paths of files and folders that are wanted besides what was named, as far as can be told from what was read; asked again until nothing is new. */
  related(source: Source): readonly string[];
  /** Never throws for what the files hold. */
  read(source: Source): Imported;
}
