import { z } from "zod";
import type { Access, Route } from "./route.ts";
import * as schemas from "./schemas.ts";

/** The OpenAPI 3.1 document, from the same table and schemas that serve the requests. */

type Json = { readonly [key: string]: unknown };

/** Schemas of answers under the names that the document gives them. */
const NAMED = {
  Banner: schemas.banner,
  BucketView: schemas.bucketView,
  ChannelList: schemas.channelList,
  ChannelSummary: schemas.channelSummary,
  CheckDetail: schemas.checkDetail,
  CheckList: schemas.checkList,
  CheckSummary: schemas.checkSummary,
  HistoryView: schemas.historyView,
  IncidentList: schemas.incidentList,
  IncidentStory: schemas.incidentStory,
  IncidentView: schemas.incidentView,
  LinkedView: schemas.linkedView,
  MessageList: schemas.messageList,
  MessageView: schemas.messageView,
  Overview: schemas.overview,
  ProblemView: schemas.problemView,
  PushReport: schemas.pushReport,
  ReadyReport: schemas.readyReport,
  ReloadReport: schemas.reloadReport,
  ResultList: schemas.resultList,
  ResultView: schemas.resultView,
  RotationList: schemas.rotationList,
  SessionView: schemas.sessionView,
  StatusReport: schemas.statusReport,
  StoryLine: schemas.storyLine,
  Why: schemas.whyView,
  WhyLine: schemas.whyLine,
  StreamEvent: schemas.streamEvent,
  TestReport: schemas.testReport,
} as const satisfies { readonly [name: string]: z.ZodType };

const reference = (name: string): string => `#/components/schemas/${name}`;
const nameOf = (schema: z.ZodType): string | null => Object.entries(NAMED).find(([, known]) => known === schema)?.[0] ?? null;

export function openApiDocument(routes: readonly Route[]): Json {
  const paths: { [path: string]: { [method: string]: Json } } = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  return {
    openapi: "3.1.1",
    info: {
      title: "Tocsin",
      version: "1",
      summary: "The API of the page and the command line",
      description: "Instants are milliseconds since 1970-01-01T00:00:00Z. Requests that change something are sent as application/json. Programs sign in by HTTP Basic as `admin`, or use the socket in the data folder, where no login is needed.",
      license: { name: "AGPL-3.0-or-later", identifier: "AGPL-3.0-or-later" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: components(),
      securitySchemes: { session: { type: "apiKey", in: "cookie", name: "tocsin" }, basic: { type: "http", scheme: "basic" } },
    },
  };
}

function components(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  const { schemas: made } = z.toJSONSchema(registry, { uri: reference });
  return Object.fromEntries(Object.entries(made).map(([id, schema]) => [id, bare(schema)]));
}

/** Without what only a schema that stands alone needs. */
function bare(schema: object): Json {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "$schema" && key !== "$id"));
}

function operation(route: Route): Json {
  const names = new Set(Array.from(route.path.matchAll(/\{(\w+)\}/g), ([, name]) => name ?? ""));
  const parameters = [...fields(route.params, "path").filter(({ name }) => names.has(name)), ...fields(route.query, "query")];
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [route.tag],
    security: SECURITY[route.access],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : { requestBody: { required: false, content: { "application/json": { schema: bare(z.toJSONSchema(route.body, { io: "input" })) } } } }),
    responses: { ...success(route), ...failures(route) },
  };
}

const SECURITY: { readonly [access in Access]: readonly Json[] } = {
  anybody: [],
  page: [],
  local: [{}, { session: [] }, { basic: [] }],
  login: [{ session: [] }, { basic: [] }],
};

/** `GET /api/v1/checks/{name}/history` is `getChecksNameHistory`. */
function operationId(route: Route): string {
  const words = route.path.replace(/^\/api\/v1/, "").match(/\w+/g) ?? [];
  return `${route.method.toLowerCase()}${words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join("")}`;
}

function fields(schema: z.ZodType | undefined, place: "path" | "query"): readonly { readonly name: string }[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input" });
  return Object.entries(properties).map(([name, value]) => ({ name, in: place, required: place === "path" || required.includes(name), schema: value }));
}

function success({ answer }: Route): Json {
  if (answer === null) return { "204": { description: "done" } };
  if ("type" in answer) return { "200": { description: answer.about, content: { [answer.type]: { schema: { type: "string" } } } } };
  const name = nameOf(answer.json);
  if (name === null) throw new Error("an answer's schema has no name in openapi.ts");
  return { "200": { description: "as asked", content: { "application/json": { schema: { $ref: reference(name) } } } } };
}

function failures(route: Route): Json {
  const problem = (description: string): Json => ({ description, content: { "application/json": { schema: { $ref: reference("ProblemView") } } } });
  return {
    ...(route.params === undefined && route.query === undefined && route.body === undefined ? {} : { "400": problem("the request is not valid") }),
    ...(route.access === "login" || route.access === "local" ? { "401": problem("not signed in") } : {}),
    ...(route.access === "anybody" ? {} : { "421": problem("the Host header names another server") }),
    ...(route.path.includes("{") ? { "404": problem("there is no such thing") } : {}),
    ...(route.method === "POST" && route.access === "login" ? { "403": problem("sent from another site"), "409": problem("refused, with the reason"), "415": problem("not sent as application/json") } : {}),
    default: problem("what went wrong"),
  };
}
