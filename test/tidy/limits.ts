/** Sizes to hold, and the files and functions that are excused: by name, with the reason. These lists may only shrink. */
export const FILE_LINES = 350;
export const LONG_FILE_LINES = 500;
export const FUNCTION_LINES = 70;
export const PROBE_LINES = 250;
export const CHANNEL_LINES = 150;

/** Tables and codecs, up to 500 lines. */
export const LONG_FILES: { readonly [path: string]: string } = {
};

/** Functions longer than 70 lines, each with its length: it may shrink and never grow. */
export const LONG_FUNCTIONS: { readonly [place: string]: number } = {};
