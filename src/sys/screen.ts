import { writeSync } from "node:fs";

/** A terminal taken over as a whole. It is given back at `close`, and by itself however else the process ends, but for SIGKILL. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
  /** Keys as the terminal sends them (`q`, `\u001b[A`), and `end` when it is gone. Ctrl-C is a key. */
  onKeys(take: (keys: string) => void): void;
  /** Its size has changed, or what was on it is lost. */
  onChange(take: () => void): void;
  /** Gives it back for as long as the process is stopped (Ctrl-Z). */
  suspend(): void;
  close(): void;
}

/** What a terminal that does not tell its size has, as ever. */
const SIZE = { columns: 80, rows: 24 } as const;

/** Null when standard output is no terminal that can place its cursor. `enter` and `leave`: what takes it over and gives it back. */
export function openScreen({ enter, leave, environment }: { readonly enter: string; readonly leave: string; readonly environment: { readonly [name: string]: string | undefined } }): Screen | null {
  const { stdin, stdout } = process;
  const kind = environment["TERM"] ?? "";
  if (!stdout.isTTY || kind === "" || kind === "dumb") return null;
  let held = false;
  let changed: () => void = () => undefined;
  const keys = (held: boolean): void => void (stdin.isTTY && stdin.setRawMode(held));
  const take = (): void => {
    held = true;
    keys(true);
    stdout.write(enter);
    changed();
  };
  /** At once: at the exit of a process nothing else is written any more. */
  const give = (): void => {
    if (!held) return;
    held = false;
    try {
      keys(false);
      writeSync(stdout.fd, leave);
    } catch {
      // The terminal is gone, and with it what would have to be put right.
    }
  };
  const resumed = (): void => take();
  const resized = (): void => changed();
  process.on("exit", give).on("SIGCONT", resumed);
  stdout.on("resize", resized);
  take();
  return {
    get columns() {
      return stdout.columns || SIZE.columns;
    },
    get rows() {
      return stdout.rows || SIZE.rows;
    },
    write: (text) => void stdout.write(text),
    onKeys(taker) {
      if (!stdin.isTTY) return;
      stdin.setEncoding("utf8").on("data", taker).on("end", () => taker("end")).on("error", () => taker("end"));
      stdin.resume();
    },
    onChange(taker) {
      changed = taker;
    },
    suspend() {
      give();
      process.kill(process.pid, "SIGTSTP");
    },
    close() {
      give();
      process.off("exit", give).off("SIGCONT", resumed);
      stdout.off("resize", resized);
      stdin.pause();
    },
  };
}
