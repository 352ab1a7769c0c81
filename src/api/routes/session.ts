import { type Problem, type Route, problem, route } from "../route.ts";
import { loginBody, noBody, noQuery, sessionView } from "../schemas.ts";
import { IDLE_MS_MAX } from "../sessions.ts";

export const COOKIE = "tocsin";

/** The `Set-Cookie` that keeps a browser signed in; an empty id takes it away. */
export function cookie(id: string, secure: boolean): string {
  const age = id === "" ? 0 : IDLE_MS_MAX / 1000;
  return `${COOKIE}=${id}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
}

/** The answer to too many wrong passwords. */
export function waitFirst(afterMs: number): Problem {
  const seconds = Math.ceil(afterMs / 1000);
  return { ...problem(429, "too many tries", `wait ${seconds} s, then try again`), retryAfterMs: afterMs };
}

const login = route({
  method: "POST",
  path: "/api/v1/login",
  summary: "Sign in; the answer sets the cookie of the session",
  tag: "session",
  access: "page",
  body: loginBody,
  answer: null,
  handle: async ({ signIn }, { body, asker }) => {
    if (signIn === null) return { kind: "empty" };
    const admission = await signIn.login(body.password, asker.address);
    if (admission.kind === "wait") return waitFirst(admission.afterMs);
    if (admission.kind === "wrong") return problem(401, "this is not the password", "the first one is in the file `password` of the data folder; `tocsin passwd` sets another");
    // A session that the browser had before is left behind, not taken over.
    if (asker.session !== null) await signIn.logout(asker.session);
    return { kind: "empty", cookie: cookie(admission.id, asker.secure) };
  },
});

const logout = route({
  method: "POST",
  path: "/api/v1/logout",
  summary: "Sign out",
  tag: "session",
  access: "page",
  body: noBody,
  answer: null,
  handle: async ({ signIn }, { asker }) => {
    if (asker.session !== null) await signIn?.logout(asker.session);
    return { kind: "empty", cookie: cookie("", asker.secure) };
  },
});

const session = route({
  method: "GET",
  path: "/api/v1/session",
  summary: "Who is signed in",
  tag: "session",
  access: "page",
  query: noQuery,
  answer: { json: sessionView },
  handle: (_room, { asker }) => ({ kind: "json", value: { signedIn: asker.user !== null, user: asker.user } }),
});

export const sessionRoutes: readonly Route[] = [login, logout, session];
