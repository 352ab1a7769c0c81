import { createInterface } from "node:readline";
import type { Terminal } from "./doors.ts";

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const ERASE = new Set(["\u007f", "\b"]);

/** Reads one line without showing it; null for the end of input (Ctrl-D). Ctrl-C ends the process as usual. */
function typedLine(): Promise<string | null> {
  const { stdin } = process;
  return new Promise((resolve) => {
    let typed: string[] = [];
    const finish = (line: string | null): void => {
      stdin.off("data", read);
      stdin.setRawMode(false);
      stdin.pause();
      process.stderr.write("\n");
      resolve(line);
    };
    const read = (chunk: string): void => {
      for (const key of chunk) {
        if (key === "\r" || key === "\n") return finish(typed.join(""));
        if (key === CTRL_D) return finish(typed.length > 0 ? typed.join("") : null);
        if (key === CTRL_C) {
          finish(null);
          process.kill(process.pid, "SIGINT");
          return;
        }
        typed = ERASE.has(key) ? typed.slice(0, -1) : [...typed, key];
      }
    };
    stdin.setEncoding("utf8");
    stdin.setRawMode(true);
    stdin.on("data", read);
    stdin.resume();
  });
}

/** The first line of a pipe or file; null when it is empty. */
async function pipedLine(): Promise<string | null> {
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  for await (const line of lines) {
    lines.close();
    return line;
  }
  return null;
}

/** The process's own terminal. */
export function realTerminal(environment: { readonly [name: string]: string | undefined }): Terminal {
  const { stdin, stdout, stderr } = process;
  const gone = new AbortController();
  // A reader that has seen enough (`tocsin types | head`) is no error, nor is a terminal that was closed.
  stdout.on("error", (problem: NodeJS.ErrnoException) => {
    if (problem.code !== "EPIPE" && problem.code !== "EIO") throw problem;
    gone.abort();
  });
  const mayColour = (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    columns: stdout.isTTY ? stdout.columns : null,
    colours: stdout.isTTY && mayColour,
    errorColours: stderr.isTTY && mayColour,
    gone: gone.signal,
    interactive: stdin.isTTY,
    secretLine(prompt) {
      if (!stdin.isTTY) return pipedLine();
      stderr.write(prompt);
      return typedLine();
    },
  };
}
