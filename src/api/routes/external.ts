import { externalToken, goDuration } from "../../core/external-endpoint.ts";
import type { Beat } from "../handle.ts";
import { type Call, type Reply, type Room, type Route, problem, route } from "../route.ts";
import { externalParams, externalQuery } from "../schemas.ts";
import { messageOf } from "./push.ts";

interface Result {
  readonly success: "true" | "false";
  readonly error?: string | undefined;
  readonly duration?: string | undefined;
}

/** The result of an external endpoint, as Gatus takes it: its key in the address, its token as a bearer's. */
function take({ handle }: Room, { params, query, incoming }: Call<{ readonly key: string }, Result, unknown>): Reply<never> {
  const [, bearer = ""] = /^Bearer +(\S.*)$/.exec(incoming.headers.authorization ?? "") ?? [];
  if (bearer === "") return problem(401, "the request names no token", "send `Authorization: Bearer TOKEN`");
  const duration = query.duration ?? "";
  const latencyMs = duration === "" ? null : goDuration(duration);
  if (latencyMs === null && duration !== "") return problem(400, "query `duration`: not a duration", "write it as 1.5s or 250ms");
  const failed = query.success === "false";
  const beat: Beat = { status: failed ? "down" : "up", message: failed ? messageOf(Buffer.from(query.error ?? "")) : "", latencyMs: latencyMs === null || latencyMs < 0 ? null : latencyMs };
  if (handle.beat(externalToken(params.key, bearer.trimEnd()), beat) === "taken") return { kind: "text", type: "text/plain; charset=utf-8", text: "" };
  return problem(401, "no push check has this key and token", "`tocsin import` tells the keys of external endpoints");
}

export const externalRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/api/v1/endpoints/{key}/external",
    summary: "A heartbeat in the form of Gatus: success, error, duration",
    tag: "push",
    access: "anybody",
    params: externalParams,
    query: externalQuery,
    answer: { type: "text/plain", about: "nothing" },
    handle: take,
  }),
];
