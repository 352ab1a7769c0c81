import { re2 } from "./re2.ts";

export type Labels = { readonly [name: string]: string };

/** One step of `relabel_configs`, its pattern compiled. */
export interface Relabelling {
  readonly action: string;
  readonly source: readonly string[];
  readonly separator: string;
  readonly pattern: RegExp;
  readonly target: string;
  readonly replacement: string;
}

/** What came of a target: its labels, or none when it was dropped. */
export type Relabelled = { readonly kind: "kept"; readonly labels: Labels } | { readonly kind: "dropped" };

/** Actions that Tocsin can follow; `hashmod` shares targets out among several servers. */
export const ACTIONS = ["replace", "keep", "drop", "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase", "keepequal", "dropequal"] as const;

const LABELS_MAX = 200;
const VALUE_MAX = 10_000;

/** A pattern that has to match the whole text; null when it cannot be read. */
export function anchored(text: string): RegExp | null {
  const pattern = re2(text);
  // Prometheus sets (?s) before it.
  return typeof pattern === "string" ? null : RegExp(`^(?:${pattern.source})$`, [...new Set(`${pattern.flags}s`)].join(""));
}

/** `$1`, `${1}`, `$name` and `${name}` of a match, as Go's `Expand` reads them. */
const expanded = (template: string, match: RegExpExecArray): string =>
  template.replaceAll(/\$(?:\$|\{(\w+)\}|(\w+))/g, (_, braced: string | undefined, plain: string | undefined) => {
    const name = braced ?? plain;
    if (name === undefined) return "$";
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? "";
  });

/** Applies the steps in their order, as Prometheus does. */
export function relabel(labels: Labels, steps: readonly Relabelling[]): Relabelled {
  let now = labels;
  for (const step of steps) {
    const next = apply(now, step);
    if (next === null) return { kind: "dropped" };
    now = next;
  }
  return { kind: "kept", labels: now };
}

/** `__proto__` is a label like any other. */
const made = (entries: Iterable<readonly [string, string]>): Labels => Object.assign(Object.create(null) as Labels, Object.fromEntries([...entries].slice(0, LABELS_MAX)));

function apply(labels: Labels, { action, source, separator, pattern, target, replacement }: Relabelling): Labels | null {
  const text = source.map((name) => labels[name] ?? "").join(separator).slice(0, VALUE_MAX);
  const set = (name: string, value: string): Labels => made([...Object.entries(labels).filter(([key]) => key !== name), ...(value === "" ? [] : [[name, value] as const])]);
  switch (action) {
    case "keep":
      return pattern.test(text) ? labels : null;
    case "drop":
      return pattern.test(text) ? null : labels;
    case "keepequal":
      return (labels[target] ?? "") === text ? labels : null;
    case "dropequal":
      return (labels[target] ?? "") === text ? null : labels;
    case "lowercase":
      return set(target, text.toLowerCase());
    case "uppercase":
      return set(target, text.toUpperCase());
    case "labeldrop":
      return made(Object.entries(labels).filter(([name]) => !pattern.test(name)));
    case "labelkeep":
      return made(Object.entries(labels).filter(([name]) => pattern.test(name)));
    case "labelmap": {
      const mapped = Object.entries(labels).flatMap(([name, value]) => {
        const match = pattern.exec(name);
        return match === null ? [] : [[expanded(replacement, match), value] as const];
      });
      return made([...Object.entries(labels), ...mapped]);
    }
    default: {
      const match = pattern.exec(text);
      if (match === null) return labels;
      const name = expanded(target, match);
      return /^[A-Za-z_]\w*$/.test(name) ? set(name, expanded(replacement, match).slice(0, VALUE_MAX)) : labels;
    }
  }
}
