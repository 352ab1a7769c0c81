import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeResp, parseInfo, parseReplicas, parseRespHead } from "./resp.ts";

test("heads of replies", () => {
  expect(parseRespHead("+PONG")).toEqual({ kind: "simple", text: "PONG" });
  expect(parseRespHead("-NOAUTH Authentication required.")).toEqual({ kind: "error", word: "NOAUTH", text: "NOAUTH Authentication required." });
  expect(parseRespHead("-oops")).toEqual({ kind: "error", word: "", text: "oops" });
  expect(parseRespHead(":-12")).toEqual({ kind: "integer", value: -12 });
  expect(parseRespHead("$5")).toEqual({ kind: "bulk", length: 5 });
  expect(parseRespHead("$-1")).toEqual({ kind: "bulk", length: null });
  for (const wrong of ["", "$-2", "$1e3", "$99999999999", ":", ":x", "*1", "HTTP/1.1 400 Bad Request", "PONG"]) expect(parseRespHead(wrong), wrong).toEqual({ kind: "bad" });
});

test("commands count bytes, not signs", () => {
  expect(Buffer.from(encodeResp(["AUTH", "pä\r\n"])).toString()).toBe("*2\r\n$4\r\nAUTH\r\n$5\r\npä\r\n\r\n");
});

test("INFO and the replicas in it", () => {
  const info = parseInfo("# Replication\r\nrole:master\r\nslave0:ip=::1,port=1,state=online,offset=14,lag=1\r\nslave1:ip=,state\r\n\r\n:x\r\nnothing");
  expect([...info.keys()]).toEqual(["role", "slave0", "slave1"]);
  expect(parseReplicas(info)).toEqual([{ state: "online", offset: 14, lagS: 1 }]);
});

test("any text: a value, never an exception", () => {
  fc.assert(fc.property(fc.string(), (text) => parseRespHead(text).kind.length > 0 && parseInfo(text).size >= 0 && parseReplicas(new Map([["slave0", text]])).length <= 1));
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (words) => Buffer.from(encodeResp(words)).toString().startsWith(`*${words.length}\r\n`)));
});
