import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeMqtt, encodeConnect, encodeDisconnect, encodePing, encodePublish, encodePubrel, encodeSubscribe, isTopicFilter, mqttCodeName, mqttFrame, topicMatches } from "./mqtt.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const same = (got: Uint8Array, hex: string): void => expect(Buffer.from(got).toString("hex")).toBe(hex.replaceAll(" ", ""));

const asked = { clientId: "tocsin", user: null, password: null, keepAliveS: 10 };

test("packets are the octets of the standard", () => {
  same(encodeConnect({ ...asked, version: "3.1.1" }), "1012 0004 4d515454 04 02 000a 0006 746f6373696e");
  same(encodeConnect({ ...asked, version: "5" }), "1013 0004 4d515454 05 02 000a 00 0006 746f6373696e");
  same(encodeConnect({ ...asked, version: "3.1.1", user: "u", password: "p" }), "1018 0004 4d515454 04 c2 000a 0006 746f6373696e 0001 75 0001 70");
  same(encodeSubscribe("3.1.1", 1, "a/b"), "8208 0001 0003 612f62 00");
  same(encodeSubscribe("5", 1, "a/b"), "8209 0001 00 0003 612f62 00");
  same(encodePublish({ version: "5", topic: "a", payload: "hi" }), "3006 0001 61 00 6869");
  same(encodePublish({ version: "3.1.1", topic: "a", payload: "hi", qos: 1, retained: true, id: 7 }), "3307 0001 61 0007 6869");
  same(encodePublish({ version: "5", topic: "a", payload: "hi", qos: 2, id: 258, contentType: "t/p", user: { key: "k" } }), "3419 0001 61 0102 11 0101 03 0003 742f70 26 0003 6b6579 0001 6b 6869");
  same(encodePubrel(258), "6202 0102");
  same(encodePing(), "c000");
  same(encodeDisconnect(), "e000");
  same(encodePublish({ version: "3.1.1", topic: "a", payload: "x".repeat(200) }).subarray(0, 6), "30cb01 0001 61");
});

test("packets of servers are read", () => {
  expect(decodeMqtt(bytes("20020000"), "3.1.1")).toEqual({ kind: "connack", sessionPresent: false, code: 0, reason: "" });
  expect(decodeMqtt(bytes("20090000 06 22000a 210014"), "5")).toEqual({ kind: "connack", sessionPresent: false, code: 0, reason: "" });
  expect(decodeMqtt(bytes("2008 0087 05 1f0002 6e6f"), "5")).toEqual({ kind: "connack", sessionPresent: false, code: 0x87, reason: "no" });
  expect(decodeMqtt(bytes("2003 0087 00"), "5")).toMatchObject({ code: 0x87 });
  expect(decodeMqtt(bytes("9003 0001 80"), "3.1.1")).toEqual({ kind: "suback", id: 1, code: 0x80 });
  expect(decodeMqtt(bytes("9004 0001 00 00"), "5")).toEqual({ kind: "suback", id: 1, code: 0 });
  expect(decodeMqtt(bytes("3105 0001 61 6869"), "3.1.1")).toEqual({ kind: "publish", topic: "a", retained: true, payload: bytes("6869") });
  expect(decodeMqtt(bytes("3208 0001 61 0007 00 6869"), "5")).toEqual({ kind: "publish", topic: "a", retained: false, payload: bytes("6869") });
  expect(decodeMqtt(bytes("e002 8b 00"), "5")).toEqual({ kind: "disconnect", code: 0x8b, reason: "" });
  expect(decodeMqtt(bytes("d000"), "5")).toEqual({ kind: "pingresp" });
  expect(decodeMqtt(bytes("4002 0007"), "3.1.1")).toEqual({ kind: "puback", id: 7, code: 0, reason: "" });
  expect(decodeMqtt(bytes("4003 0007 87"), "5")).toEqual({ kind: "puback", id: 7, code: 0x87, reason: "" });
  expect(decodeMqtt(bytes("5009 0007 97 05 1f0002 6e6f"), "5")).toEqual({ kind: "pubrec", id: 7, code: 0x97, reason: "no" });
  expect(decodeMqtt(bytes("7002 0007"), "5")).toEqual({ kind: "pubcomp", id: 7, code: 0, reason: "" });
  expect(decodeMqtt(bytes("b003 0007 00"), "5")).toEqual({ kind: "other", type: 11 });
});

test("what is no packet is told as such", () => {
  for (const wrong of ["", "20", "2002", "200200", "20020200", "2003 00 00 05", "0000", "2f02 0000", "9001 00", "3003 0005 61", "2006 0000 03 ff0001", "4001 00", "4102 0007", "5005 0007 97 05 1f"]) expect(decodeMqtt(bytes(wrong), "5").kind, wrong).toBe("bad");
  expect(mqttFrame(bytes("20ffffffff"))).toEqual({ kind: "bad" });
  expect(mqttFrame(bytes("20ff"))).toEqual({ kind: "more" });
  expect(mqttFrame(bytes("20ffffff7f"))).toEqual({ kind: "frame", header: 5, total: 268_435_460 });
});

test("codes have their names", () => {
  expect(mqttCodeName(5, "3.1.1")).toBe("not authorized");
  expect(mqttCodeName(0x89, "5")).toBe("server busy");
  expect(mqttCodeName(0x80, "3.1.1")).toBe("unspecified error");
  expect(mqttCodeName(9, "3.1.1")).toBe("code 9");
});

test("any bytes, any change and any cut: a value, never an exception", () => {
  const version = fc.constantFrom("3.1.1" as const, "5" as const);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), version, (any, as) => decodeMqtt(any, as).kind.length > 0 && mqttFrame(any).kind.length > 0));
  const body = fc.tuple(fc.constantFrom(0x20, 0x40, 0x50, 0x70, 0x30, 0x33, 0x90, 0xe0), fc.uint8Array({ maxLength: 60 }));
  fc.assert(fc.property(body, version, ([head, rest], as) => decodeMqtt(Uint8Array.of(head, rest.length, ...rest), as).kind.length > 0));
});

test("topics and filters", () => {
  const f = (filter: string, topics: string, others = ""): void => {
    expect(topics.split(" ").filter((topic) => !topicMatches(filter, topic))).toEqual([]);
    expect(others.split(" ").filter((topic) => topic !== "" && topicMatches(filter, topic))).toEqual([]);
  };
  // The examples of section 4.7.1 of MQTT 3.1.1.
  f("sport/tennis/player1/#", "sport/tennis/player1 sport/tennis/player1/ranking sport/tennis/player1/score/wimbledon", "sport/tennis/player2");
  f("sport/#", "sport");
  f("sport/tennis/+", "sport/tennis/player1", "sport/tennis/player1/ranking sport/tennis");
  f("sport/+", "sport/", "sport");
  f("+/+", "/finance");
  f("/+", "/finance", "finance");
  f("+", "finance", "/finance");
  f("#", "a a/b /", "$SYS/uptime");
  f("+/monitor", "a/monitor", "$SYS/monitor");
  f("$SYS/#", "$SYS/monitor $SYS");
  f("a/b", "a/b", "a/b/ a a/b/c");
  expect(["#", "+", "a/+/b", "+/#", "a//b"].every(isTopicFilter)).toBe(true);
  expect(["a#", "#/a", "a+/b", "a/#/b", "a/b#"].some(isTopicFilter)).toBe(false);
});
