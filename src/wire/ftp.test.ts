import fc from "fast-check";
import { expect, test } from "vitest";
import { type FtpReply, addFtpLine, featuresOf, shownFtpReply } from "./ftp.ts";

function read(...lines: readonly string[]): unknown {
  let soFar: FtpReply | null = null;
  for (const line of lines) {
    const added = addFtpLine(soFar, line);
    if (added.kind !== "more") return added;
    soFar = added.reply;
  }
  return "more";
}

test("a reply ends with its own code and a blank", () => {
  expect(read("220 ready")).toEqual({ kind: "whole", reply: { code: 220, lines: ["ready"] } });
  expect(read("220-hello", "230 not yet", "220-nor now", " 220 nor here", "220 done")).toMatchObject({ kind: "whole", reply: { code: 220, lines: { length: 5 } } });
  expect(read("220-hello", "there")).toBe("more");
  for (const wrong of ["", "22 x", "620 x", "2200", "SSH-2.0", "HTTP/1.1 200 OK"]) expect(read(wrong), wrong).toEqual({ kind: "bad" });
  expect(read("220-a", ...Array.from({ length: 200 }, () => "b"))).toEqual({ kind: "long" });
});

test("features and what is shown", () => {
  expect(featuresOf({ code: 211, lines: ["Features:", " AUTH TLS", " EPSV", "End"] })).toEqual(["AUTH TLS", "EPSV"]);
  expect(shownFtpReply({ code: 530, lines: ["Login incorrect."] })).toBe("530 Login incorrect.");
});

test("any lines: a value, never an exception", () => fc.assert(fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom("220-", "220 x"))), (lines) => read(...lines) !== undefined)));
