import fc from "fast-check";
import { expect, test } from "vitest";
import { checkPath, incidentPath, readRoute } from "./route.ts";

test("paths", () => {
  const f = (path: string, route: object): void => expect(readRoute(path)).toEqual(route);
  f("/", { view: "now" });
  f("/checks", { view: "checks" });
  f("/checks/", { view: "checks" });
  f("/checks/shop%2Fcart", { view: "check", name: "shop/cart" });
  f("/checks/100%", { view: "check", name: "100%" });
  f("/incidents/abc", { view: "incident", id: "abc" });
  f("/site", { view: "site" });
  f("/do/abc", { view: "act", token: "abc", silence: false });
  f("/do/abc/silence", { view: "act", token: "abc", silence: true });
  f("/do/abc/pause", { view: "lost" });
  f("/do", { view: "lost" });
  f("/site/x", { view: "lost" });
  f("/checks/a/b", { view: "lost" });
});

test("every name has an address that leads to it", () => {
  const name = fc.string({ minLength: 1, unit: "grapheme" });
  fc.assert(fc.property(name, (name) => {
      expect(readRoute(checkPath(name))).toEqual({ view: "check", name });
    }));
  fc.assert(fc.property(name, (id) => {
      expect(readRoute(incidentPath(id))).toEqual({ view: "incident", id });
    }));
});
