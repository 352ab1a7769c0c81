/** A short message: within the alphabet of GSM when it can be, so that it is one part. */
export interface Sms {
  readonly text: string;
  /** It holds what GSM has no sign for: it goes as UCS-2, up to three parts. */
  readonly unicode: boolean;
}

/** GSM 03.38, 6.2.1: the default alphabet, and what takes two places because it is in the extension. */
const BASIC: ReadonlySet<string> = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const EXTENDED: ReadonlySet<string> = new Set("\f^{}\\[~]|€");
const INSTEAD: { readonly [sign: string]: string } = { "—": "-", "–": "-", "…": "...", "‘": "'", "’": "'", "“": '"', "”": '"', "\u00A0": " ", "→": "->", "×": "x", "·": "." };
/** The marks before the words of a first line; the words say the same. */
const MARKS = /[▲◐●◌◇‖] /gu;

const MOST = 160;
/** The first line gets at least so much; a longer link is left out. */
const LINE_LEAST = 60;

function plain(sign: string): string {
  if (BASIC.has(sign) || EXTENDED.has(sign)) return sign;
  const other = INSTEAD[sign];
  if (other !== undefined) return other;
  const base = sign.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  return Array.from(base).every((part) => BASIC.has(part)) ? base : sign;
}

const isGsm = (sign: string): boolean => BASIC.has(sign) || EXTENDED.has(sign);
const units = (text: string, unicode: boolean): number => (unicode ? text.length : Array.from(text).reduce((sum, sign) => sum + (EXTENDED.has(sign) ? 2 : 1), 0));

function shorten(text: string, most: number, unicode: boolean, by: "signs" | "names"): string {
  if (units(text, unicode) <= most) return text;
  let kept = "";
  for (const sign of text) {
    if (units(`${kept}${sign}...`, unicode) > most) break;
    kept += sign;
  }
  const end = by === "names" ? kept.lastIndexOf(", ") : -1;
  return end < 0 ? `${kept.trimEnd()}...` : `${kept.slice(0, end)}, ...`;
}

/** The first line (of `names` only whole ones) and the link within `most` units: septets of GSM, or UTF-16 units where GSM lacks a sign. */
export function smsOf(line: string, link: string | null, most = MOST, by: "signs" | "names" = "signs"): Sms {
  const text = Array.from(line.replaceAll(MARKS, "").normalize("NFC"), plain).join("");
  const unicode = !Array.from(text + (link ?? "")).every(isGsm);
  const tail = link === null || units(` ${link}`, unicode) > most - LINE_LEAST ? "" : ` ${link}`;
  return { text: shorten(text, most - units(tail, unicode), unicode, by) + tail, unicode };
}
