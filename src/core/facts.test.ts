import { expect, test } from "vitest";
import { factAt, wantedFacts } from "./facts.ts";
import type { FactValue, Facts } from "./types.ts";

const FACTS: Facts = {
  status: 200,
  certificate: { days: 30, names: ["a.test", "b.test"] },
  header: { "content-type": "text/html", "x.y": "dotted" },
  perfdata: { "load.1": 0.5, load: { 1: 0.7 }, "": 1 },
  "body.json": { items: [{ name: "first" }, { name: "second", deep: null }] },
  body: "text",
};

function f(path: string, expected: FactValue | undefined): void {
  expect(factAt(FACTS, path), path).toEqual(expected);
}

test("a dotted path steps into facts", () => {
  f("status", 200);
  f("certificate.days", 30);
  f("certificate.names.1", "b.test");
  f("certificate.names[1]", "b.test");
  f("certificate.names.length", 2);
  f("certificate.names.2", undefined);
  f("header.Content-Type", "text/html");
});

test("keys with dots are found, the longest first", () => {
  f("header.x.y", "dotted");
  f("perfdata.load.1", 0.5);
  f("body.json.items.0.name", "first");
  f("body.json.items[1].deep", null);
  f("body", "text");
});

test("lists and texts have a length", () => {
  f("body.length", 4);
  f("body.json.items[0].name.length", 5);
  f("status.length", undefined);
  f("certificate.length", undefined);
});

test("what is not there is undefined, and nothing is inherited", () => {
  for (const path of ["", "missing", "status.more", "certificate.days.x", "constructor", "certificate.__proto__", "certificate.names.map", "body.length.x", "toString"]) f(path, undefined);
});

test("wanted facts name every step of a path", () => {
  expect([...wantedFacts([{ fact: "body.json.items[0].name" }, { fact: "status" }])]).toEqual(["body", "body.json", "body.json.items", "body.json.items.0", "body.json.items.0.name", "body.json.items[0].name", "status"]);
});
