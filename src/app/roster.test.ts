import { expect, test } from "vitest";
import { site } from "../config/testdata/folder.ts";
import { firstUpdate, Roster } from "./roster.ts";

test("a window is matched against all groups around a check, whatever their depth", async () => {
  const first = firstUpdate(await site("checks: {a: {type: tcp, host: a, port: 1}, inner: {type: group, members: [a]}, other: {type: group, members: [a]}, outer: {type: group, members: [inner, other]}, all: {type: group, members: [outer]}}"));
  const roster = new Roster(first.settings);
  roster.apply(first);
  expect(Object.fromEntries([...roster.subjects()].map(({ check, groups }) => [check, groups.join(" ")]))).toEqual({ a: "inner other outer all", inner: "outer all", other: "outer all", outer: "all", all: "" });
});
