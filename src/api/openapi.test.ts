import { expect, test } from "vitest";
import { openApiDocument } from "./openapi.ts";
import { routes } from "./routes/index.ts";

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: { readonly [status: string]: unknown };
  readonly security: readonly unknown[];
}
interface Described {
  readonly openapi: string;
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: { readonly schemas: { readonly [name: string]: unknown } };
}

const document = JSON.parse(JSON.stringify(openApiDocument(routes))) as Described;
const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));

function references(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => (key === "$ref" && typeof inner === "string" ? [inner] : references(inner)));
}

test("every route is in the document, once", () => {
  expect(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).toSorted()).toEqual(routes.map(({ path, method }) => `${method} ${path}`).toSorted());
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(routes.length);
});

test("every reference leads somewhere, and no schema is there for nothing", () => {
  const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  const used = new Set(references(document));
  expect([...used].filter((reference) => !known.includes(reference))).toEqual([]);
  // StreamEvent is what the stream's events hold; OpenAPI has no way to say so but by name.
  expect(known.filter((reference) => !used.has(reference))).toEqual(["#/components/schemas/StreamEvent"]);
});

test("every operation says what it takes, who may call it and what comes back", () => {
  for (const { path, operation } of operations) {
    const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
    expect([path, inPath.map(({ name }) => name)]).toEqual([path, [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)]);
    expect(inPath.every(({ required }) => required)).toBe(true);
    expect(operation.summary).not.toMatch(/\.$|^$/);
    expect(Object.keys(operation.responses).some((status) => /^20[04]$/.test(status))).toBe(true);
    expect("401" in operation.responses).toBe(operation.security.length > 0);
  }
});

test("whatever changes something needs a login, but for signing in, signed links and out and heartbeats", () => {
  const open = routes.filter(({ method, access }) => method !== "GET" && access !== "login").map(({ path }) => path);
  expect([...new Set(open)].toSorted()).toEqual(["/api/push/{token}", "/api/v1/endpoints/{key}/external", "/api/v1/links/{token}/acknowledge", "/api/v1/links/{token}/silence", "/api/v1/login", "/api/v1/logout", "/ping/{key}", "/ping/{key}/{name}", "/ping/{key}/{name}/{word}", "/push/{token}", "/push/{token}/{word}", "/{key}", "/{key}/{name}", "/{key}/{name}/{word}"]);
});

test("nothing in it is left from a schema that stood alone", () => {
  expect(JSON.stringify(document)).not.toMatch(/"\$(schema|id|defs)"/);
  expect(document.openapi).toBe("3.1.1");
});
