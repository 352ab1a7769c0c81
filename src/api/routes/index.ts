import { openApiDocument } from "../openapi.ts";
import { type Route, route } from "../route.ts";
import { checkRoutes } from "./checks.ts";
import { externalRoutes } from "./external.ts";
import { incidentRoutes } from "./incidents.ts";
import { linkRoutes } from "./links.ts";
import { probeRoutes } from "./probe.ts";
import { pushRoutes } from "./push.ts";
import { sessionRoutes } from "./session.ts";
import { siteRoutes } from "./site.ts";
import { tellingRoutes } from "./telling.ts";

let document: string | null = null;

const openapi = route({
  method: "GET",
  path: "/api/v1/openapi.json",
  summary: "This API as an OpenAPI 3.1 document",
  tag: "site",
  access: "page",
  answer: { type: "application/json", about: "the document" },
  handle: () => {
    document ??= JSON.stringify(openApiDocument(routes), null, 2);
    return { kind: "text", type: "application/json; charset=utf-8", text: document };
  },
});

/** A list for people. */
const guide = route({
  method: "GET",
  path: "/api",
  summary: "This list",
  tag: "site",
  access: "page",
  answer: { type: "text/plain", about: "method, path and summary of each route" },
  handle: () => {
    const lines = routes.map(({ method, path, summary }) => `${method.padEnd(5)} ${path.padEnd(36)} ${summary}`);
    return { kind: "text", type: "text/plain; charset=utf-8", text: `The API of this Tocsin. Schemas: /api/v1/openapi.json\n\n${lines.join("\n")}\n` };
  },
});

/** Every route there is. It registers the handlers and is the document. */
export const routes: readonly Route[] = [...siteRoutes, ...checkRoutes, ...incidentRoutes, ...tellingRoutes, ...linkRoutes, ...sessionRoutes, openapi, guide, ...externalRoutes, ...pushRoutes, ...probeRoutes];
