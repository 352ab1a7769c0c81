/** Figures and the few letters of an axis, 5 by 7 dots: a row a number, its highest bit at the left. */
const GLYPHS: { readonly [character: string]: readonly number[] } = {
  "0": [14, 17, 19, 21, 25, 17, 14],
  "1": [4, 12, 4, 4, 4, 4, 14],
  "2": [14, 17, 1, 2, 4, 8, 31],
  "3": [31, 2, 4, 2, 1, 17, 14],
  "4": [2, 6, 10, 18, 31, 2, 2],
  "5": [31, 16, 30, 1, 1, 17, 14],
  "6": [6, 8, 16, 30, 17, 17, 14],
  "7": [31, 1, 2, 4, 8, 8, 8],
  "8": [14, 17, 17, 14, 17, 17, 14],
  "9": [14, 17, 17, 15, 1, 2, 12],
  ".": [0, 0, 0, 0, 0, 12, 12],
  ":": [0, 12, 12, 0, 12, 12, 0],
  m: [0, 0, 26, 21, 21, 21, 21],
  s: [0, 0, 14, 16, 14, 1, 30],
};

const WIDE = 5;
/** Dots from one character to the next, and the height of each. */
export const GLYPH_STEP = 6;
export const GLYPH_HIGH = 7;

/** Every dot of a text, from its upper left corner; what has no glyph is a space. */
export function dotsOf(text: string): readonly (readonly [x: number, y: number])[] {
  return Array.from(text).flatMap((character, index) =>
    (GLYPHS[character] ?? []).flatMap((row, y) => Array.from({ length: WIDE }, (_, x) => x).flatMap((x) => (((row >> (WIDE - 1 - x)) & 1) === 1 ? [[index * GLYPH_STEP + x, y] as const] : []))),
  );
}
