import { type IncidentId, type Instant, checkName } from "../../core/types.ts";
import { type Route, problem, route } from "../route.ts";
import { incidentList, incidentParams, incidentStory, incidentsQuery, noQuery } from "../schemas.ts";
import { incidentStory as storyOf, incidentView } from "../story.ts";

const list = route({
  method: "GET",
  path: "/api/v1/incidents",
  summary: "Incidents, newest first",
  tag: "incidents",
  access: "login",
  query: incidentsQuery,
  answer: { json: incidentList },
  handle: async ({ handle }, { query: { check, open, before, limit } }) => {
    const rows = await handle.store.incidents({
      limit,
      ...(check === undefined ? {} : { check: checkName(check) }),
      ...(open === undefined ? {} : { open }),
      ...(before === undefined ? {} : { before: before as Instant }),
    });
    return { kind: "json", value: rows.map(incidentView) };
  },
});

const story = route({
  method: "GET",
  path: "/api/v1/incidents/{id}",
  summary: "One incident's story: what was seen, believed and told to whom",
  tag: "incidents",
  access: "login",
  params: incidentParams,
  query: noQuery,
  answer: { json: incidentStory },
  handle: async ({ handle }, { params }) => {
    const found = await handle.store.incident(params.id as IncidentId);
    if (found === null) return problem(404, "there is no such incident", "it may be older than what `retention` keeps; see /api/v1/incidents");
    return { kind: "json", value: storyOf(found, (text) => handle.mask(text)) };
  },
});

export const incidentRoutes: readonly Route[] = [list, story];
