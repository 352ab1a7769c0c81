import { FORMATS } from "../import/formats.ts";

/** What every command says of `--from` and `--keep-going`. */
export const FROM_HELP = `read it as ${Object.keys(FORMATS).join(", ")} (default: whichever knows it)`;
export const KEEP_GOING_HELP = "of another system's configuration, leave out what is wrong and go on with the rest";
