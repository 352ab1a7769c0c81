import type { Path } from "./finding.ts";
import { valueAt } from "./issues.ts";
import type { Layer, Mapping } from "./layers.ts";
import { locate } from "./layers.ts";
import type { Report } from "./report.ts";
import { hasReference } from "./secrets.ts";
import type { Document } from "./sources.ts";

/** Nothing but a value that a run fills in (`{{token}}`), with or without a scheme before it (`Bearer {{token}}`): it stands for a secret and is none. */
const FILLED_LATER = /^\s*(?:[A-Za-z]{1,20}\s+)?\{\{[^{}]*\}\}\s*$/;

/** An address that names a host and nothing else holds no secret. */
const BARE_ADDRESS = /^https?:\/\/[^/?#@]*\/?$/i;

/** A reference that is not closed, which is told, and would be masked out of its own advice. */
const UNCLOSED = /^\$\{[^}]*$/;

/** Finds the secrets of one check or channel, keeps them for masking, and warns of those that stand in the file. */
export function noteSecrets(paths: readonly (readonly string[])[], values: Mapping, layers: readonly Layer[], documents: readonly Document[], report: Report): void {
  for (const pattern of paths) {
    for (const { path, text } of textsAt(values, pattern, [])) {
      if (FILLED_LATER.test(text) || BARE_ADDRESS.test(text)) continue;
      const place = locate(layers, path);
      const document = documents[place.document];
      const written = valueAt(document?.written, place.path);
      if (typeof written === "string" && UNCLOSED.test(written)) continue;
      report.secrets.add(text);
      if (hasReference(written)) continue;
      report.literal.add(place.document);
      if (document?.place !== undefined) continue;
      report.warn(layers, path, `the secret \`${String(path.at(-1))}\` stands in the file`, "write `${env:NAME}` or `${file:PATH}`", "value");
    }
  }
}

/** Of a mapping that is marked as a whole (headers), the entries whose names speak of secrets: `accept: text/html` is none. */
const SOUNDS_SECRET = /auth|cookie|token|key|secret|passw|signature|credential/i;

function textsAt(value: unknown, pattern: readonly string[], path: Path): readonly { readonly path: Path; readonly text: string }[] {
  const [step, ...rest] = pattern;
  if (step === undefined && typeof value === "string") return value === "" ? [] : [{ path, text: value }];
  if (typeof value !== "object" || value === null) return [];
  if (step === undefined) return Object.entries(value).flatMap(([key, part]) => (Array.isArray(value) || SOUNDS_SECRET.test(key) ? textsAt(part, [], [...path, Array.isArray(value) ? Number(key) : key]) : []));
  const keys: readonly (string | number)[] = step !== "*" ? [step] : Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => textsAt(valueAt(value, [key]), rest, [...path, key]));
}

/** A warning for each document that holds secrets and can be read by everybody. */
export function warnExposed(documents: readonly Document[], report: Report): void {
  for (const index of [...report.literal].sort((a, b) => a - b)) {
    const document = documents[index];
    if (document === undefined || document.exposed === null) continue;
    report.add({ severity: "warning", document: index, path: [], at: "value", wrong: document.exposed === document.file ? "everybody on this machine can read this file, and it holds secrets" : "everybody on this machine can read the files, and they hold secrets", right: `run \`chmod 640 ${document.exposed}\`` });
  }
}
