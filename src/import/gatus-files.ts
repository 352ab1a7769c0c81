import { createPlaces, type Places } from "../config/places.ts";
import { joinPath } from "../config/sources.ts";
import { parseYaml } from "../config/yaml.ts";
import type { Origin, Path, Source } from "./importer.ts";
import { isMapping, type Mapping } from "./values.ts";

/** What stands in the way of reading the files. */
export interface FileProblem {
  readonly origin: Origin;
  readonly wrong: string;
  readonly right: string;
}

/** The configuration of one file, or of all in a folder. */
export interface GatusFiles {
  readonly value: Mapping;
  /** Where a part of it was written, by its key. */
  readonly at: (path: Path) => Origin;
  /** The place of a character within a text of one line. */
  readonly within: (path: Path, offset: number) => Origin;
  readonly problems: readonly FileProblem[];
  /** Variables that were filled in, and those that are not set. */
  readonly filled: readonly string[];
  readonly unset: readonly string[];
}

interface Text {
  readonly file: string;
  readonly text: string;
  places: Places | null;
  lines: readonly string[] | null;
}

/** A part that comes from one file as it stands, or one that several files have a share in. */
type Node =
  | { readonly kind: "plain"; readonly value: unknown; readonly from: Text; readonly path: Path }
  | { readonly kind: "mapping"; readonly parts: Map<string, Node> }
  | { readonly kind: "list"; readonly items: readonly Node[] };

const IS_YAML = /\.ya?ml$/;
/** Deeper folders are a slip, or lead back to where they began. */
const DEEPEST = 8;

/** YAML files below the folder that was named, in Gatus's order; the file itself when it is one. */
function yamlFiles(source: Source): readonly string[] {
  const walk = (folder: string, depth: number): readonly string[] =>
    (source.folders.get(folder) ?? []).flatMap((name) => {
      const path = joinPath(folder, name);
      if (depth < DEEPEST && source.folders.has(path)) return walk(path, depth + 1);
      return IS_YAML.test(name) && !path.includes("..") ? [path] : [];
    });
  return source.folders.has(source.path) ? walk(source.path, 0) : [source.path];
}

/** What else is wanted of a folder: its YAML files, and whatever may be a folder. */
export function relatedFiles(source: Source): readonly string[] {
  const look = (folder: string, depth: number): readonly string[] =>
    (source.folders.get(folder) ?? []).flatMap((name) => {
      const path = joinPath(folder, name);
      if (source.folders.has(path)) return depth < DEEPEST ? look(path, depth + 1) : [];
      return !name.startsWith(".") && (IS_YAML.test(name) || !name.includes(".") || name.endsWith(".d")) ? [path] : [];
    });
  return look(source.path, 0);
}

/** Fills `$NAME` and `${NAME}` in as Go's `os.Expand` does; `$$` is a dollar sign. */
function expand(text: string, environment: Source["environment"], filled: Set<string>, unset: Set<string>): string {
  return text.replaceAll(/\$(?:\$|\{([^{}\n]*)\}|([A-Za-z_]\w*|[*#@!?\d-]))/g, (whole, braced: string | undefined, plain: string | undefined) => {
    const name = braced ?? plain;
    if (name === undefined) return "$";
    const value = environment[name];
    (value === undefined ? unset : filled).add(whole);
    return value ?? "";
  });
}

/** Reads and merges the files. Never throws for what they hold. */
export function readGatusFiles(source: Source): GatusFiles {
  const [problems, filled, unset] = [[] as FileProblem[], new Set<string>(), new Set<string>()];
  let root: Node | null = null;
  for (const file of yamlFiles(source)) {
    const bytes = source.files.get(file)?.bytes;
    if (bytes === undefined) {
      problems.push({ origin: { file, line: 0, column: 0 }, wrong: source.missing.get(file) ?? "this is no file", right: "name Gatus's configuration file, or the folder of several" });
      continue;
    }
    const text = expand(new TextDecoder().decode(bytes).replace(/^\uFEFF/, ""), source.environment, filled, unset);
    const from: Text = { file, text, places: null, lines: null };
    const parsed = parseYaml(text);
    if (parsed.kind === "wrong") problems.push({ origin: { file, line: parsed.line, column: parsed.column }, wrong: parsed.wrong, right: parsed.right });
    else if (parsed.kind === "huge") problems.push({ origin: placeIn(from, parsed.path, "key"), wrong: parsed.wrong, right: parsed.right });
    else if (!isMapping(parsed.value)) problems.push({ origin: { file, line: 1, column: 1 }, wrong: "the file holds no mapping", right: "write `endpoints:` and a list" });
    else {
      const node: Node = { kind: "plain", value: parsed.value, from, path: [] };
      root = root === null ? node : merge(root, node, problems);
    }
  }
  const whole: Origin = { file: source.path, line: 0, column: 0 };
  const top = root;
  const value = top === null ? {} : valueOf(top);
  return {
    value: isMapping(value) ? value : {},
    problems,
    filled: [...filled],
    unset: [...unset],
    at: (path) => (top === null ? whole : (located(top, path, "key")?.origin ?? whole)),
    within: (path, offset) => {
      const found = top === null ? null : located(top, path, "value");
      if (found === null) return whole;
      const { origin, from } = found;
      from.lines ??= from.text.split("\n");
      const sign = from.lines[origin.line - 1]?.[origin.column - 1] ?? "";
      return sign === "|" || sign === ">" ? origin : { ...origin, column: origin.column + offset + (sign === '"' || sign === "'" ? 1 : 0) };
    },
  };
}

function placeIn(from: Text, path: Path, at: "key" | "value"): Origin {
  from.places ??= createPlaces(from.text);
  return { file: from.file, ...from.places.find(path, at) };
}

/** A node's parts: those of a plain mapping or list too, so that another file's can be laid over them. */
function opened(node: Node): Node {
  if (node.kind !== "plain") return node;
  const { value, from, path } = node;
  if (Array.isArray(value)) return { kind: "list", items: value.map((item: unknown, index): Node => ({ kind: "plain", value: item, from, path: [...path, index] })) };
  if (!isMapping(value)) return node;
  return { kind: "mapping", parts: new Map(Object.entries(value).map(([key, part]): [string, Node] => [key, { kind: "plain", value: part, from, path: [...path, key] }])) };
}

/** Mappings are merged, lists joined; a single value may stand once. */
function merge(before: Node, after: Node, problems: FileProblem[]): Node {
  const [a, b] = [opened(before), opened(after)];
  if (a.kind === "list" && b.kind === "list") return { kind: "list", items: [...a.items, ...b.items] };
  if (a.kind === "mapping" && b.kind === "mapping") {
    for (const [key, part] of b.parts) {
      const own = a.parts.get(key);
      a.parts.set(key, own === undefined ? part : merge(own, part, problems));
    }
    return a;
  }
  const place = firstPlain(b);
  const first = firstPlain(a);
  if (place !== null) problems.push({ origin: placeIn(place.from, place.path, "key"), wrong: `\`${String(place.path.at(-1) ?? "")}\` stands in ${first?.from.file ?? "another file"} already`, right: "Gatus takes a single value from one file only: remove one of the two" });
  return a;
}

function firstPlain(node: Node | undefined): Extract<Node, { kind: "plain" }> | null {
  if (node === undefined) return null;
  if (node.kind === "plain") return node;
  return firstPlain(node.kind === "list" ? node.items[0] : node.parts.values().next().value);
}

function valueOf(node: Node): unknown {
  if (node.kind === "plain") return node.value;
  if (node.kind === "list") return node.items.map(valueOf);
  const made: { [key: string]: unknown } = {};
  for (const [key, part] of node.parts) Object.defineProperty(made, key, { value: valueOf(part), enumerable: true, configurable: true, writable: true });
  return made;
}

function located(node: Node, path: Path, at: "key" | "value"): { readonly origin: Origin; readonly from: Text } | null {
  let found = node;
  for (const [index, step] of path.entries()) {
    if (found.kind === "plain") return { origin: placeIn(found.from, [...found.path, ...path.slice(index)], at), from: found.from };
    const next: Node | undefined = found.kind === "list" ? found.items[Number(step)] : found.parts.get(String(step));
    if (next === undefined) break;
    found = next;
  }
  const plain = firstPlain(found);
  return plain === null ? null : { origin: placeIn(plain.from, plain.path, at), from: plain.from };
}
