import { describe, expect, test } from "vitest";
import { anchored, relabel, type Relabelling } from "./relabel.ts";

describe("relabelling", () => {
  const step = ({ regex = "(.*)", ...more }: Partial<Relabelling> & { readonly regex?: string }): Relabelling => ({ action: "replace", source: [], separator: ";", target: "", replacement: "$1", pattern: anchored(regex) ?? /never/, ...more });
  const f = (labels: { readonly [name: string]: string }, steps: readonly Relabelling[], expected: object | null): void => {
    const came = relabel(labels, steps);
    expect(came.kind === "kept" ? { ...came.labels } : null).toEqual(expected);
  };
  test("the usual three steps", () =>
    f({ __address__: "a.example.com" }, [step({ source: ["__address__"], target: "__param_target" }), step({ source: ["__param_target"], target: "instance" }), step({ target: "__address__", replacement: "127.0.0.1:9115" })], { __address__: "127.0.0.1:9115", __param_target: "a.example.com", instance: "a.example.com" }));
  test("a part of the address", () => f({ __address__: "a:80" }, [step({ source: ["__address__"], regex: "(.*?)(:80)?", target: "__param_target" })], { __address__: "a:80", __param_target: "a" }));
  test("several sources", () => f({ a: "1", b: "2" }, [step({ source: ["a", "b"], separator: "/", target: "c" })], { a: "1", b: "2", c: "1/2" }));
  test("named groups", () => f({ a: "x-y" }, [step({ source: ["a"], regex: "(?P<one>\\w)-(?P<two>\\w)", target: "c", replacement: "$two${one}$$" })], { a: "x-y", c: "yx$" }));
  test("no match changes nothing", () => f({ a: "1" }, [step({ source: ["a"], regex: "2", target: "c" })], { a: "1" }));
  test("an empty value takes the label away", () => f({ a: "1" }, [step({ target: "a", replacement: "" })], {}));
  test("patterns match the whole", () => f({ a: "12" }, [step({ action: "keep", source: ["a"], regex: "1" })], null));
  test("keep", () => f({ a: "1" }, [step({ action: "keep", source: ["a"], regex: "1|2" })], { a: "1" }));
  test("drop", () => f({ a: "1" }, [step({ action: "drop", source: ["a"], regex: "1|2" })], null));
  test("keepequal, dropequal", () => {
    f({ a: "1", b: "1" }, [step({ action: "keepequal", source: ["a"], target: "b" })], { a: "1", b: "1" });
    f({ a: "1", b: "1" }, [step({ action: "dropequal", source: ["a"], target: "b" })], null);
  });
  test("lowercase, uppercase", () => f({ a: "aB" }, [step({ action: "lowercase", source: ["a"], target: "b" }), step({ action: "uppercase", source: ["a"], target: "c" })], { a: "aB", b: "ab", c: "AB" }));
  test("labelmap", () => f({ __meta_x: "1" }, [step({ action: "labelmap", regex: "__meta_(.+)" })], { __meta_x: "1", x: "1" }));
  test("labeldrop, labelkeep", () => {
    f({ a: "1", b: "2" }, [step({ action: "labeldrop", regex: "a" })], { b: "2" });
    f({ a: "1", b: "2" }, [step({ action: "labelkeep", regex: "a" })], { a: "1" });
  });
  test("what is no name is no label", () => f({ a: "1" }, [step({ target: "1a", replacement: "x" })], { a: "1" }));
});
