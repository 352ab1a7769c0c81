import type { FailureCode, Origin, Verdict } from "../../core/types.ts";
import type { AlertRow, MessageStatus, Try } from "../store.ts";

/** The numbers on disk. They are never changed or used again for something else; a new word gets the next number. */

const VERDICTS: { readonly [word in Verdict]: number } = { up: 0, degraded: 1, down: 2, unknown: 3 };
const ORIGINS: { readonly [word in Origin]: number } = { scheduled: 0, start: 1, retry: 2, manual: 3, confirm: 4 };
const CODES: { readonly [word in FailureCode]: number } = {
  ok: 0,
  timeout: 1,
  refused: 2,
  unreachable: 3,
  reset: 4,
  closed: 5,
  unresolvable: 6,
  "tls-expired": 7,
  "tls-expiring": 8,
  "tls-untrusted": 9,
  "tls-name": 10,
  "tls-failed": 11,
  protocol: 12,
  auth: 13,
  status: 14,
  redirects: 15,
  mismatch: 16,
  "too-large": 17,
  slow: 18,
  loss: 19,
  missed: 20,
  exit: 21,
  killed: 22,
  members: 23,
  warned: 24,
  "pattern-slow": 25,
  late: 26,
  resolver: 27,
  permission: 28,
  resources: 29,
  stopped: 30,
  skipped: 31,
  bug: 32,
};
const MESSAGES: { readonly [word in MessageStatus]: number } = { waiting: 0, sending: 1, sent: 2, failed: 3, superseded: 4 };
const ALERTS: { readonly [word in AlertRow["status"]]: number } = { waiting: 0, "in-message": 1, sent: 2, failed: 3, withdrawn: 4 };
const OUTCOMES: { readonly [word in Try["outcome"]]: number } = { sent: 0, retry: 1, refused: 2, lost: 3 };

/** Words to numbers and back; a number without a word is damage. */
export interface Tags<Word extends string> {
  number(word: Word): number;
  word(tag: number): Word;
}

function tags<Word extends string>(tag: { readonly [word in Word]: number }): Tags<Word> {
  const words: Word[] = [];
  for (const word of Object.keys(tag) as Word[]) words[tag[word]] = word;
  return {
    number: (word) => tag[word],
    word: (number) => {
      const word = words[number];
      if (word === undefined) throw new RangeError(`no word has the number ${number}`);
      return word;
    },
  };
}

export const verdicts = tags(VERDICTS);
export const origins = tags(ORIGINS);
export const codes = tags(CODES);
export const messageStatuses = tags(MESSAGES);
export const alertStatuses = tags(ALERTS);
export const outcomes = tags(OUTCOMES);
