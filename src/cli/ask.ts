import { request } from "node:http";
import type { ProblemView, StatusReport } from "../api/types.ts";
import { socketPath } from "./places.ts";
import { unknownName } from "./unknown.ts";

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

/** What was refused, and what to do; where the API's own documents are is nothing for a terminal. */
export function refusal(answer: Answer): string {
  if (answer.kind !== "answered") return answer.reason;
  const { error = `answered ${answer.status}`, advice = "" } = problemOf(answer.body);
  return advice === "" || advice.startsWith("see /api/") ? error : `${error}; ${advice}`;
}

/** Nothing of that name runs. */
export const isUnknown = (answer: Answer): boolean => answer.kind === "answered" && answer.status === 404;

/** Names of the checks that run; null when there is no answer. */
export async function runningChecks(folder: string): Promise<readonly string[] | null> {
  const answer = await ask(folder, "/api/v1/status");
  // What the same version of Tocsin wrote; its API is checked by its own tests.
  return answer.kind === "answered" && answer.status === 200 ? (JSON.parse(answer.body) as StatusReport).checks.map(({ name }) => name) : null;
}

/** What to say of a check that does not run: the nearest name, or the first ones. */
export const unknownCheck = async (folder: string, name: string): Promise<string> => unknownName("check", name, (await runningChecks(folder)) ?? []);

function problemOf(body: string): Partial<ProblemView> {
  try {
    return JSON.parse(body) as Partial<ProblemView>;
  } catch {
    return {};
  }
}
