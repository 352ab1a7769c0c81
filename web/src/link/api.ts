import type { ProblemView } from "../../../src/api/types.ts";

const ROOT = "/api/v1/";
const PATIENCE_MS = 20_000;

/** What came of a question to the server. */
export type Answer<Value> =
  | { readonly kind: "answered"; readonly value: Value }
  /** Nobody is signed in, or no longer. */
  | { readonly kind: "signed-out"; readonly problem: ProblemView }
  /** The server said no, in its own words. */
  | { readonly kind: "refused"; readonly status: number; readonly problem: ProblemView }
  | { readonly kind: "unreachable"; readonly problem: ProblemView };

const UNREACHABLE: ProblemView = { error: "Tocsin does not answer", advice: "Look whether it runs: `tocsin status` on its machine." };

async function exchange<Value>(path: string, init: Omit<RequestInit, "headers"> & { readonly headers?: { readonly [name: string]: string } }): Promise<Answer<Value>> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const signal = init.signal ? AbortSignal.any([init.signal, patience]) : patience;
  try {
    const response = await fetch(ROOT + path, { ...init, signal, credentials: "same-origin", headers: { accept: "application/json", ...init.headers } });
    // An answer that breaks off is none.
    if (response.ok) return { kind: "answered", value: (response.status === 204 ? null : await response.json()) as Value };
    const problem = readProblem(await response.json().catch(() => null)) ?? { error: `The server answered ${response.status} ${response.statusText}`.trim(), advice: "Look into Tocsin's log." };
    return response.status === 401 ? { kind: "signed-out", problem } : { kind: "refused", status: response.status, problem };
  } catch {
    return { kind: "unreachable", problem: UNREACHABLE };
  }
}

function readProblem(body: unknown): ProblemView | null {
  if (typeof body !== "object" || body === null || !("error" in body)) return null;
  const advice = "advice" in body ? String(body.advice) : "";
  return { error: String(body.error), advice };
}

/** Asks; `path` is relative to `/api/v1/`. */
export function ask<Value>(path: string, signal?: AbortSignal): Promise<Answer<Value>> {
  return exchange<Value>(path, signal === undefined ? {} : { signal });
}

/** Tells the server to do something. */
export function tell<Value = null>(path: string, body: object = {}): Promise<Answer<Value>> {
  return exchange<Value>(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** `checks/NAME/...` with the name made safe for an address. */
export const checkAddress = (name: string, rest = ""): string => `checks/${encodeURIComponent(name)}${rest}`;
