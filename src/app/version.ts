import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The version in package.json, which lies above `src` and above `dist`. */
export function readVersion(): string {
  const described: unknown = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
  return typeof described === "object" && described !== null && "version" in described ? String(described.version) : "unknown";
}
