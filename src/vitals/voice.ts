import { ctime } from "./python.ts";

/** How the program speaks: results on standard output, errors and warnings on standard error. */
export interface Voice {
  /** Lines as they are to be printed. */
  say(lines: string): void;
  /** `EE: TYPE: text - ctime`; the type is named as in Python: `ValueError`, `PermissionError`. */
  error(type: string, text: string): void;
  /** `WW: text - ctime`. */
  warning(text: string): void;
}

export interface VoiceOptions {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Errors in red and warnings in yellow. */
  readonly colours: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const RED = "31";
const YELLOW = "33";

export function voiceOf({ out, err, colours, now }: VoiceOptions): Voice {
  const tell = (colour: string, text: string): void => {
    // oxlint-disable-next-line no-control-regex
    const line = `${text.replaceAll(/[\0-\x1f\x7f-\x9f]+/g, " ")} - ${ctime(now())}`;
    err(`${colours ? `\u001b[${colour}m${line}\u001b[0m` : line}\n`);
  };
  return { say: out, error: (type, text) => tell(RED, `EE: ${type}: ${text}`), warning: (text) => tell(YELLOW, `WW: ${text}`) };
}

/** Troubles that come again and again are told when they begin and when they change, not each time. */
export class Complaints {
  readonly #told = new Map<string, string>();

  /** Tells it, unless the same was told of this subject last. */
  about(subject: string, text: string, tell: (text: string) => void): void {
    if (this.#told.get(subject) === text) return;
    this.#told.set(subject, text);
    tell(text);
  }

  /** The subject is well again. */
  over(subject: string): void {
    this.#told.delete(subject);
  }
}
