import type { CheckName } from "../../core/types.ts";
import type { Done } from "../handle.ts";
import { type Problem, type Reply, type Room, type Route, problem, route } from "../route.ts";
import { linkParams, linkedView, noBody, noQuery } from "../schemas.ts";
import type { LinkedView } from "../types.ts";

/** What a link leads to while its incident is open: it is worth nothing afterwards. */
function linked({ handle }: Room, token: string): { readonly check: CheckName; readonly by: string; readonly view: LinkedView } | Problem {
  const found = handle.linked(token);
  if (found === "unknown") return problem(404, "this link was not made by this Tocsin", "take the one from the message, whole");
  if (found === "over") return problem(409, "the outage that this link is about is over", "there is nothing left to do");
  const { name, state, since, summary, acknowledged, silenced, flapping } = found.check;
  const seen = acknowledged === null ? null : { at: acknowledged.at, by: acknowledged.by };
  return { check: found.name, by: found.by, view: { check: name, state, since, summary, acknowledged: seen, silenced, flapping, by: found.by } };
}

const look = route({
  method: "GET",
  path: "/api/v1/links/{token}",
  summary: "What a link in a message is about; nothing is done by looking",
  tag: "telling",
  access: "page",
  params: linkParams,
  query: noQuery,
  answer: { json: linkedView },
  handle: (room, { params }) => {
    const found = linked(room, params.token);
    return "kind" in found ? found : { kind: "json", value: found.view };
  },
});

function doing(word: string, summary: string, act: (room: Room, check: CheckName, by: string) => Done): Route {
  return route({
    method: "POST",
    path: `/api/v1/links/{token}/${word}`,
    summary,
    tag: "telling",
    access: "page",
    params: linkParams,
    body: noBody,
    answer: { json: linkedView },
    handle: (room, { params }): Reply<LinkedView> => {
      const found = linked(room, params.token);
      if ("kind" in found) return found;
      const done = act(room, found.check, `${found.by} by a link`);
      if (done.kind === "refused") return problem(409, done.reason, done.advice);
      const after = linked(room, params.token);
      return "kind" in after ? after : { kind: "json", value: after.view };
    },
  });
}

export const linkRoutes: readonly Route[] = [
  look,
  doing("acknowledge", "Acknowledge the outage, as the link in a message lets its reader", ({ handle }, check, by) => handle.acknowledge(check, by, "")),
  doing("silence", "Tell nobody until the check has recovered, as the link in a message lets its reader", ({ handle }, check, by) => handle.silence(check, by, null)),
];
