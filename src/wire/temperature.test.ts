import fc from "fast-check";
import { expect, test } from "vitest";
import { celsiusOf, parseTemperature, readComet } from "./temperature.ts";

test("numbers with a unit, or without", () => {
  const f = (text: string, value: number, unit: "C" | "F" | null): void => expect(parseTemperature(text), text).toEqual({ value, unit });
  f("23.4°C", 23.4, "C");
  f(" -5.25 °C ", -5.25, "C");
  f("74,1 °F", 74.1, "F");
  f("+21 deg C", 21, "C");
  f("21 degC", 21, "C");
  f("70f", 70, "F");
  f("45000", 45_000, null);
  for (const text of ["", "°C", "45 %RH", "n/a", "Error 1", "1e5", "1.2.3", "23.4 °C!", "0x10", "Infinity", "12345678901"]) expect(parseTemperature(text), text).toBeNull();
});

test("degrees Fahrenheit in degrees Celsius", () => {
  expect([celsiusOf(212, "F"), celsiusOf(32, "F"), celsiusOf(-40, "F"), celsiusOf(74.1, "F"), celsiusOf(0.1 + 0.2, "C")]).toEqual([100, 0, -40, 23.389, 0.3]);
});

const event = (all: string, head = '<?xml version="1.0" encoding="utf-8"?>'): string => `${head}<event><all>${all}</all></event>`;
const read = (text: string, channel = 1, encoding: BufferEncoding = "utf8") => readComet(Buffer.from(text, encoding), channel);

test("channels of event.xml", () => {
  const f = (document: string, text: string | null, channel = 1): void => expect(read(document, channel), document).toEqual({ kind: "channel", text });
  f(event("<vs1> 23.4°C\r\n</vs1><vs2>45.2 %RH</vs2>"), "23.4°C");
  f(event("<vs1>23.4°C</vs1><vs2>45.2 %RH</vs2>"), "45.2 %RH", 2);
  f(event("<vs1>23.4&#176;C</vs1>", ""), "23.4°C");
  f(event("<vs1><![CDATA[23.4°C]]></vs1>", "\ufeff"), "23.4°C");
  f(event("<!-- vs1: <vs1>1</vs1> --><vs1>2°C</vs1><!---->"), "2°C");
  f("<event><vs1>1</vs1><all/><all><vs1>2</vs1></all></event>", "2");
  f(event("<vs2>1</vs2>"), null);
  f("<a></a>", null);
  expect(read(event("<vs1>23.4°C</vs1>", '<?xml version="1.0" encoding="iso-8859-1"?>'), 1, "latin1")).toEqual({ kind: "channel", text: "23.4°C" });
});

test("documents that are none", () => {
  const f = (document: string, reason: string): void => expect(read(document), document).toEqual({ kind: "bad", reason });
  f("", "an empty document");
  f("not found", "a document that is no XML");
  f("<!DOCTYPE html><html><body></body></html>", "a document that is no XML");
  f("<event><all></event>", "a document that is no XML");
  f(event("<!-- <vs1>1</vs1>"), "a document that is no whole XML");
  f('<event><all a="1"><vs1>&x;</vs1></all></event>', "a document that is no XML");
});

test("a document cut anywhere is not whole", () => {
  const whole = Buffer.from(event("<vs1>23.4°C</vs1>", ""));
  for (let cut = 0; cut < whole.length; cut++) expect(readComet(whole.subarray(0, cut), 1).kind, String(cut)).toBe("bad");
});

test("any octets: a value, and no exception", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => ["channel", "bad"].includes(readComet(octets, 1).kind)));
});
