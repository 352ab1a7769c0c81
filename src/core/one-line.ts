const BREAKS = /[\p{Cc}\p{Zl}\p{Zp}][\p{Cc}\p{Zl}\p{Zp}\s]*/gu;
/** Marks, embeddings, overrides and isolates: they would turn round what follows them (Unicode Standard Annex #9, section 2). */
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A foreign text as one line that can stand among others: without line breaks, control signs and changes of direction. */
export const oneLine = (text: string): string => text.replaceAll(BREAKS, " ").replaceAll(DIRECTIONS, "").trim();
