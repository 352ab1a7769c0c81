import fc from "fast-check";
import { expect, test } from "vitest";
import { type XmlEvent, XmlStream, xmlEscaped } from "./xml-stream.ts";

/** All that a text amounts to. */
function read(text: string | Uint8Array): readonly XmlEvent[] {
  const stream = new XmlStream();
  const events: XmlEvent[] = [];
  for (const byte of Buffer.from(text)) {
    const event = stream.push(byte);
    if (event !== null) events.push(event);
    if (event?.kind === "bad" || event?.kind === "closed") break;
  }
  return events;
}
const bad = (text: string | Uint8Array): string => {
  const last = read(text).at(-1);
  return last?.kind === "bad" ? last.reason : `not bad: ${JSON.stringify(last)}`;
};
const HEADER = "<?xml version='1.0'?><s:stream from='a.test' id=\"x1\" xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams' version='1.0'>";
const FORBIDDEN = "a comment, a document type or a processing instruction, which XMPP forbids";

test("a stream, whatever its prefixes are called", () => {
  const [opened, features, closed] = read(`${HEADER}\n <s:features><m xmlns='urn:m' a="&lt;&#x41;&#66;'"><x>1 &amp; 2<![CDATA[<b>]]></x><x/></m></s:features> </s:stream>`);
  expect(opened).toMatchObject({ kind: "opened", contents: "jabber:client", root: { name: "stream", namespace: "http://etherx.jabber.org/streams", attributes: { from: "a.test", id: "x1", version: "1.0" } } });
  expect(features).toEqual({
    kind: "element",
    element: {
      name: "features",
      namespace: "http://etherx.jabber.org/streams",
      attributes: {},
      text: "",
      children: [{ name: "m", namespace: "urn:m", attributes: { a: "<AB'" }, text: "", children: [{ name: "x", namespace: "urn:m", attributes: {}, text: "1 & 2<b>", children: [] }, { name: "x", namespace: "urn:m", attributes: {}, text: "", children: [] }] }],
    },
  });
  expect(closed).toEqual({ kind: "closed" });
});

test("an element without prefix in the default namespace, and letters of all kinds", () => {
  expect(read(`${HEADER}<größe x='a>b'>ü</größe>`)[1]).toMatchObject({ kind: "element", element: { name: "größe", namespace: "jabber:client", attributes: { x: "a>b" }, text: "ü" } });
});

test("an element is complete at its last byte, and not before", () => {
  const text = Buffer.from(`${HEADER}<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`);
  const stream = new XmlStream();
  const kinds = [...text].map((byte) => stream.push(byte)?.kind ?? null);
  expect(kinds.flatMap((kind, index) => (kind === null ? [] : [[kind, index]]))).toEqual([
    ["opened", HEADER.length - 1],
    ["element", text.length - 1],
  ]);
});

test("what XMPP forbids", () => {
  expect(bad(`${HEADER}<!-- a -->`)).toBe(FORBIDDEN);
  expect(bad('<!DOCTYPE a [<!ENTITY b "c">]>')).toBe(FORBIDDEN);
  expect(bad(`${HEADER}<?php x?>`)).toBe(FORBIDDEN);
  expect(bad(`${HEADER}<?xml version='1.0'?>`)).toBe(FORBIDDEN);
  for (const entity of ["&b;", "&lt", "&#0;", "&#xd800;", "&#x110000;", "&", "&constructor;"]) expect(bad(`${HEADER}<a>${entity}</a>`), entity).toBe("an entity, which XMPP forbids");
});

test("what is no XML", () => {
  expect(bad("HTTP/1.1 400 Bad Request")).toBe("no XML");
  expect(bad(`${HEADER}hello`)).toBe("text between the elements of the stream");
  expect(bad(`${HEADER}<a></b>`)).toBe("an end tag without its beginning");
  expect(bad("</a>")).toBe("an end tag without its beginning");
  expect(bad(`${HEADER}<a:b/>`)).toBe("the prefix a without a namespace");
  expect(bad(`${HEADER}<a b:c='1'/>`)).toBe("the prefix b without a namespace");
  expect(bad(`${HEADER}<a b='1' b='2'/>`)).toBe("the attribute b twice");
  for (const tag of ["< a>", "<a b>", "<a b=c>", "<a b='1'c='2'>", "<>", "<a b='<'>", "<1>"]) expect(bad(`${HEADER}${tag}`), tag).toBe("a tag that is none");
  expect(bad(Buffer.concat([Buffer.from(`${HEADER}<a>`), Buffer.of(0xff, 0x3c)]))).toBe("bytes that are no UTF-8");
});

test("nothing grows without end", () => {
  expect(bad(HEADER + "<a>".repeat(30))).toBe("elements 20 deep");
  expect(bad(`${HEADER}<a>${"<b/>".repeat(2000)}`)).toBe("more than 1000 elements in one");
  expect(bad(`${HEADER}<a b='${"x".repeat(20_000)}`)).toBe("a tag or text of more than 16384 bytes");
  expect(bad(`${HEADER}${" ".repeat(20_000)}`)).toBe("a tag or text of more than 16384 bytes");
});

test("what is escaped comes back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
      const plain = text.replaceAll("\0", "");
      expect(read(`<a b='${xmlEscaped(plain)}'><c>${xmlEscaped(plain)}</c>`).slice(0, 2)).toMatchObject([{ root: { attributes: { b: plain } } }, { element: { text: plain } }]);
    }),
  );
});

test("any bytes, any tags and every cut: events, never an exception", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (any) => read(any).length >= 0));
  const piece = fc.constantFrom("<a>", "</a>", "<b x='1'/>", "<a:b ", "xmlns:a='u'", ">", "/>", "&lt;", "&x;", "<![CDATA[", "]]>", "<!--", "'", '"', "text", "<?xml version='1.0'?>", "\u00e9", "<");
  fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => read(HEADER + pieces.join("")).length >= 1));
  const whole = `${HEADER}<s:features><m xmlns='urn:m'>x</m></s:features></s:stream>`;
  for (let cut = 0; cut <= whole.length; cut++) expect(read(whole.slice(0, cut)).some(({ kind }) => kind === "bad"), String(cut)).toBe(false);
});
