import type { LocalFinding } from "./finding.ts";

/** Where references lead: the environment, and the files that were read for it by path as written. */
export interface Sources {
  readonly environment: { readonly [name: string]: string | undefined };
  readonly texts: ReadonlyMap<string, { readonly kind: "read"; readonly text: string } | { readonly kind: "failed"; readonly sentence: string }>;
}

/** A document with its references filled in. Parts without references are the same objects as before. */
export interface Filled {
  readonly value: unknown;
  /** What came from the environment and from files. */
  readonly secrets: ReadonlySet<string>;
  readonly findings: readonly LocalFinding[];
}

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;
const RIGHT = "write `${env:NAME}` or `${file:PATH}`; for the characters themselves write `$${`";

/** Whether a text is one reference and nothing else. */
export const isReference = (value: unknown): boolean => typeof value === "string" && /^\$\{(env|file):[^}]+\}$/.test(value);

/** Whether a text holds a reference. */
export const hasReference = (value: unknown): boolean => typeof value === "string" && /(?<!\$)\$\{(env|file):/.test(value);

/** Paths of `${file:PATH}`, as written. */
export function fileReferences(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [, path] of text.matchAll(/(?<!\$)\$\{file:([^}]+)\}/g)) if (path !== undefined) found.add(path.trim());
  return found;
}

/** Fills in every reference below `raw`; a part that aliases share is filled once. */
export function fillReferences(raw: unknown, sources: Sources): Filled {
  const findings: LocalFinding[] = [];
  const secrets = new Set<string>();
  const done = new Map<object, unknown>();
  const path: (string | number)[] = [];
  const fillText = (text: string): string => {
    if (!text.includes("${")) return text;
    return text.replaceAll(REFERENCE, (whole, inside: string | undefined, end: string | undefined) => {
      if (inside === undefined) return "${";
      const found = end === "" ? { kind: "wrong" as const, wrong: "a reference is not closed", right: RIGHT } : lookUp(inside, sources);
      if (found.kind === "wrong") {
        findings.push({ severity: "error", path: [...path], at: "value", wrong: found.wrong, right: found.right });
        return whole;
      }
      secrets.add(found.value);
      return found.value;
    });
  };
  const fill = (value: unknown): unknown => {
    if (typeof value === "string") return fillText(value);
    if (typeof value !== "object" || value === null) return value;
    if (done.has(value)) return done.get(value);
    const filled = fillParts(value, path, fill);
    done.set(value, filled);
    return filled;
  };
  return { value: fill(raw), secrets, findings };
}

function fillParts(value: object, path: (string | number)[], fill: (part: unknown) => unknown): unknown {
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  let changed = false;
  const parts = entries.map(([key, part]) => {
    path.push(key);
    const filled = fill(part);
    path.pop();
    changed ||= filled !== part;
    return [key, filled] as const;
  });
  if (!changed) return value;
  return Array.isArray(value) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}

type LookUp = { readonly kind: "found"; readonly value: string } | { readonly kind: "wrong"; readonly wrong: string; readonly right: string };

function lookUp(inside: string, sources: Sources): LookUp {
  const colon = inside.indexOf(":");
  const name = inside.slice(colon + 1).trim();
  const kind = colon < 0 ? "" : inside.slice(0, colon);
  if (name === "" || (kind !== "env" && kind !== "file")) return { kind: "wrong", wrong: `\`\${${inside.slice(0, 60)}}\` is not a reference`, right: RIGHT };
  if (kind === "env") {
    const value = Object.hasOwn(sources.environment, name) ? sources.environment[name] : undefined;
    return value === undefined ? { kind: "wrong", wrong: `the environment has no \`${name}\``, right: "set it before Tocsin starts, or correct the name" } : { kind: "found", value };
  }
  const read = sources.texts.get(name);
  if (read?.kind !== "read") return { kind: "wrong", wrong: `\`${name}\`: ${read?.sentence ?? "it was not read"}`, right: "create the file, or correct the path (it begins at this file's folder)" };
  const value = read.text.replace(/\r?\n$/, "");
  return value === "" ? { kind: "wrong", wrong: `the file \`${name}\` is empty`, right: "put the value into it" } : { kind: "found", value };
}
