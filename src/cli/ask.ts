import { request } from "node:http";
import type { ProblemView } from "../api/types.ts";
import { socketPath } from "./places.ts";

/** What a running Tocsin answered over its socket; `absent`: none runs on this data folder. */
export type Answer = { readonly kind: "answered"; readonly status: number; readonly body: string } | { readonly kind: "absent"; readonly reason: string } | { readonly kind: "failed"; readonly reason: string };

/** Longest answer taken: the status of some ten thousand checks. */
const BODY_MAX = 64 * 1024 * 1024;
const ANSWER_MS = 30_000;
const ABSENT = new Set(["ENOENT", "ECONNREFUSED", "ENOTDIR"]);

/** Asks the Tocsin that runs on a data folder: `GET /api/v1/status`, ...; with `post` it tells it something. Never rejects. */
export function ask(folder: string, path: string, post: object | null = null): Promise<Answer> {
  return new Promise((resolve) => {
    const failed = (problem: NodeJS.ErrnoException): void => {
      if (ABSENT.has(problem.code ?? "")) resolve({ kind: "absent", reason: `nothing answers on ${socketPath(folder)}` });
      else resolve({ kind: "failed", reason: `${socketPath(folder)}: ${problem.code === "EACCES" ? "only its owner may ask there; try as that user" : problem.message}` });
    };
    // The host's name does not matter on a socket, but the server checks that there is a harmless one.
    const telling = post === null ? { headers: { host: "localhost" } } : { method: "POST", headers: { host: "localhost", "content-type": "application/json" } };
    const asked = request({ socketPath: socketPath(folder), path, ...telling, agent: false, signal: AbortSignal.timeout(ANSWER_MS) }, (answer) => {
      const parts: Buffer[] = [];
      let length = 0;
      answer.on("data", (part: Buffer) => {
        length += part.length;
        if (length > BODY_MAX) answer.destroy(new Error("the answer is too long"));
        else parts.push(part);
      });
      answer.on("end", () => resolve({ kind: "answered", status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString("utf8") }));
      answer.on("error", failed);
    });
    asked.on("error", failed);
    asked.end(post === null ? "" : JSON.stringify(post));
  });
}

/** Why there is no answer to use, and what to do. */
export function notRunning(answer: Answer): string {
  if (answer.kind === "absent") return `Tocsin is not running here: ${answer.reason}; start it with \`tocsin run\`, or name its data folder with --data DIR`;
  if (answer.kind === "failed") return `Tocsin does not answer: ${answer.reason}`;
  return `Tocsin answered ${answer.status} and no report: ${answer.body.slice(0, 200)}`;
}

/** What was refused, and what to do. */
export function refusal(answer: Answer): string {
  if (answer.kind !== "answered") return answer.reason;
  const { error = `answered ${answer.status}`, advice = "" } = problemOf(answer.body);
  return advice === "" ? error : `${error}; ${advice}`;
}

function problemOf(body: string): Partial<ProblemView> {
  try {
    return JSON.parse(body) as Partial<ProblemView>;
  } catch {
    return {};
  }
}
