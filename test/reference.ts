import { readFileSync, writeFileSync } from "node:fs";
import { channels } from "../src/alert/channels/index.ts";
import { fillParts, referenceParts } from "../src/config/reference.ts";
import { probes } from "../src/probes/index.ts";

/** Where the reference is, and the command that writes its generated parts anew. */
export const REFERENCE = new URL("../docs/configuration.md", import.meta.url);
export const COMMAND = "node test/reference.ts --write";

/** The reference as it is, and as the schemas say. */
export function reference(): { readonly now: string; readonly right: string } {
  const now = readFileSync(REFERENCE, "utf8");
  return { now, right: fillParts(now, referenceParts(probes, channels)) };
}

if (import.meta.main && process.argv.includes("--write")) writeFileSync(REFERENCE, reference().right);
