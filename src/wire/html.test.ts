import { expect, it } from "vitest";
import { decodeReferences } from "./html.ts";

it("reads character references, and leaves what is none", () => {
  expect(decodeReferences("/auth?a=1&amp;b=2&#38;c=&#x3c;&LT;&quot;&apos;&#39;")).toBe("/auth?a=1&b=2&c=<<\"''");
  expect(decodeReferences("&#128276;&#x1F514;")).toBe("🔔🔔");
  for (const text of ["&copy;", "&amp", "& amp;", "&#0;", "&#xd800;", "&#9999999;", "&#x110000;", "&;", "&#;", "&toString;"]) expect(decodeReferences(text)).toBe(text);
  expect(decodeReferences("&amp;lt;")).toBe("&lt;");
});
