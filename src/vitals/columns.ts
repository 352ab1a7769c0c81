/** Texts in columns of a terminal: how wide they are, cut and filled. */

const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const NONE = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Without control characters, which could do anything to a terminal. */
export const harmless = (text: string): string => text.replaceAll(/\p{Cc}/gu, "?");

const widthOf = (sign: string): number => (NONE.test(sign) ? 0 : WIDE.test(sign) ? 2 : 1);

export function width(text: string): number {
  let columns = 0;
  for (const sign of text) columns += widthOf(sign);
  return columns;
}

/** At most so many columns, with an ellipsis for what is left out. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let [left, taken] = [columns - 1, ""];
  for (const sign of text) {
    left -= widthOf(sign);
    if (left < 0) break;
    taken += sign;
  }
  return columns <= 0 ? "" : `${taken}…`;
}

/** Exactly so many columns. */
export const fill = (text: string, columns: number): string => {
  const short = cut(text, columns);
  return short + " ".repeat(Math.max(0, columns - width(short)));
};
export const fillLeft = (text: string, columns: number): string => " ".repeat(Math.max(0, columns - width(text))) + cut(text, columns);
