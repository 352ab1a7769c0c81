import { type XmlElement, XmlStream } from "./xml-stream.ts";

/** Temperatures as sensors write them. */

export type TemperatureUnit = "C" | "F";

/** `unit` null: the text does not say. */
export interface WrittenTemperature {
  readonly value: number;
  readonly unit: TemperatureUnit | null;
}

/** A number, with or without a unit behind it: `23.4°C`, `74,1 F`, `21 deg C`, `-5`; null for anything else. */
export function parseTemperature(text: string): WrittenTemperature | null {
  const [, digits, unit] = /^([+-]?\d{1,10}(?:[.,]\d{1,10})?)\s*(?:(?:°|º|deg\.?)?\s*([CF]))?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return null;
  return { value: Number(digits.replace(",", ".")), unit: unit === undefined ? null : unit.toUpperCase() === "F" ? "F" : "C" };
}

/** In degrees Celsius, to a thousandth. */
export const celsiusOf = (value: number, unit: TemperatureUnit): number => Math.round(1000 * (unit === "F" ? ((value - 32) * 5) / 9 : value)) / 1000;

/** What Comet's web sensor writes of one channel; null when the document has no such channel. */
export type CometChannel = { readonly kind: "channel"; readonly text: string | null } | { readonly kind: "bad"; readonly reason: string };

const bad = (reason: string): CometChannel => ({ kind: "bad", reason });

/** The text of `all/vs1` (or another number) under the root of event.xml, in UTF-8, or in Latin-1 where it is none. */
export function readComet(bytes: Uint8Array, channel: number): CometChannel {
  const plain = withoutComments(decoded(bytes).replace(/^\ufeff/, "").trimStart().replace(/^<\?xml[^<>]*\?>/, ""));
  const stream = new XmlStream();
  let text: string | null = null;
  for (const byte of new TextEncoder().encode(plain)) {
    const event = stream.push(byte);
    if (event?.kind === "bad") return bad("a document that is no XML");
    if (event?.kind === "closed") return { kind: "channel", text };
    if (event?.kind === "element" && event.element.name === "all") text ??= textIn(event.element, `vs${channel}`);
  }
  return bad(plain === "" ? "an empty document" : "a document that is no whole XML");
}

const textIn = ({ children }: XmlElement, name: string): string | null => children.find((child) => child.name === name)?.text.trim() ?? null;

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Up to one that does not end. */
function withoutComments(text: string): string {
  const kept: string[] = [];
  let from = 0;
  for (let begin = text.indexOf("<!--"); begin !== -1; begin = text.indexOf("<!--", from)) {
    kept.push(text.slice(from, begin));
    const end = text.indexOf("-->", begin + 4);
    if (end === -1) return kept.join("");
    from = end + 3;
  }
  return kept.join("") + text.slice(from);
}
