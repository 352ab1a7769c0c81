import type { NoteKind, Origin } from "./importer.ts";
import { Fields } from "./kuma-fields.ts";
import type { Mapping } from "./values.ts";

/** What is to be said of one column of a monitor. */
export interface Remark {
  readonly kind: NoteKind;
  readonly column: string;
  readonly text: string;
  readonly advice: string;
}

/** Longer, nothing is waited for here. */
export const MOST_TIMEOUT_S = 86_400;

/** What other rows of Uptime Kuma say that a monitor refers to. */
export interface Around {
  /** Docker hosts by id; null: they are not in this file. */
  readonly dockers: ReadonlyMap<string, Mapping> | null;
  readonly proxies: ReadonlyMap<string, Mapping>;
  /** Days before expiry at which a certificate is told. */
  readonly expiryDays: number;
}

/** One monitor while it is read, with what is to be said of it. */
export class Monitor extends Fields {
  readonly around: Around;
  readonly remarks: Remark[] = [];

  constructor(row: Mapping, at: (column?: string) => Origin, around: Around) {
    super(row, at);
    this.around = around;
  }

  differs(column: string, text: string, advice = ""): void {
    this.remarks.push({ kind: "differs", column, text, advice });
  }

  left(column: string, text: string, advice: string): void {
    this.remarks.push({ kind: "left", column, text, advice });
  }

  /** The whole monitor is not taken. */
  refuse(text: string, advice: string): null {
    this.remarks.push({ kind: "left", column: "", text, advice });
    return null;
  }

  get id(): string {
    return this.text("id");
  }

  get type(): string {
    return this.text("type");
  }

  /** Seconds between two runs; Kuma takes 0 for 1. */
  get interval(): number {
    return Math.max(1, this.number("interval") ?? 20);
  }

  /** Kuma's time limit of a request, s: four fifths of the interval unless it is said. */
  get timeout(): number {
    const given = this.number("timeout") ?? 0;
    return Math.min(MOST_TIMEOUT_S, given > 0 ? given : this.interval * 0.8);
  }

  /** Host and port, or null when there is no host. */
  hostAndPort(usual: number | undefined): { readonly host: string; readonly port: number | undefined } | null {
    const host = this.text("hostname").replace(/^\[(.*)\]$/, "$1");
    const port = this.number("port");
    return host === "" ? null : { host, port: port === undefined || port === 0 ? usual : port };
  }
}

/** Seconds as a duration of ours. */
export const seconds = (count: number): string => `${Math.max(0.01, Math.round(count * 1000) / 1000)}s`;

/** A text as a pattern that finds it as it stands. */
export const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`).replaceAll("\n", String.raw`\n`).replaceAll("\r", String.raw`\r`);
