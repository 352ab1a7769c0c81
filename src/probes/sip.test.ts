import { expect, it } from "vitest";
import { sip } from "./sip.ts";

it("names its target, by the port of the transport", () => {
  const target = (options: object): string => sip.target(sip.options.parse({ host: "pbx.test", ...options }));
  expect(target({})).toBe("pbx.test:5060");
  expect(target({ transport: "tcp" })).toBe("pbx.test:5060");
  expect(target({ transport: "tls" })).toBe("pbx.test:5061");
  expect(target({ host: "::1", port: 5070 })).toBe("[::1]:5070");
});

it("takes only addresses that fit into a request, and codes of final answers", () => {
  const fits = (options: object): boolean => sip.options.safeParse({ host: "pbx.test", ...options }).success;
  expect(fits({ uri: "sip:100@pbx.test;transport=tcp?a=b", from: "SIPS:a@[::1]", accept: [404, 600] })).toBe(true);
  for (const uri of ["pbx.test", "tel:+15550100", "sip:", "sip:a b", "sip:a>", "sip:a\r\nX: y", "sip:a\"b", "sip:ü@pbx.test", `sip:${"a".repeat(251)}`]) expect(fits({ uri })).toBe(false);
  for (const accept of [[100], [700], ["404"]]) expect(fits({ accept })).toBe(false);
});
