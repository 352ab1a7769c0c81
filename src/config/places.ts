import { EVENT_ID, getScalarValue } from "js-yaml";
import type { Path } from "./finding.ts";
import { eventsOf } from "./yaml.ts";

/** Where a node stands, 1-based; line 0 when it stands nowhere. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Finds lines and columns of keys and values in one text. Built only when there is something to tell. */
export interface Places {
  /** The place of the value, or of its key; of the nearest node above it when it is not in the text. */
  find(path: Path, at: "key" | "value"): Place;
}

interface Node {
  readonly kind: "mapping" | "sequence" | "scalar" | "alias";
  readonly start: number;
  readonly text: string;
  readonly items: Node[];
  /** Keys of a mapping to the index of their value, built when first asked for. */
  index: ReadonlyMap<string, number> | null;
}

/** A document's nodes from the same parser that read its values, so that both always agree. */
export function createPlaces(text: string): Places {
  const lines = lineStarts(text);
  const { root, anchors } = buildTree(text);
  return {
    find(path, at) {
      let node = root;
      let start = root?.start ?? -1;
      for (const [index, step] of path.entries()) {
        const found = node === null ? null : child(node, step, anchors);
        if (found === null) break;
        node = found.value;
        const last = index === path.length - 1;
        start = (last && at === "key") || found.value.start < 0 ? found.keyStart : found.value.start;
      }
      return start < 0 ? { line: 1, column: 1 } : placeAt(lines, start);
    },
  };
}

/** Keys that stand twice in one mapping of a JSON text, where the last one counts: each with the place of the one that is lost. */
export function repeatedKeys(text: string): readonly { readonly key: string; readonly place: Place }[] {
  const lines = lineStarts(text);
  const found: { readonly key: string; readonly place: Place }[] = [];
  const look = [buildTree(text).root].filter((node) => node !== null);
  for (let node = look.pop(); node !== undefined; node = look.pop()) {
    look.push(...node.items);
    if (node.kind !== "mapping") continue;
    const seen = new Map<string, number>();
    for (let at = 0; at + 1 < node.items.length; at += 2) {
      const { text: key = "", start = 0 } = node.items[at] ?? {};
      const before = seen.get(key);
      if (before !== undefined) found.push({ key, place: placeAt(lines, before) });
      seen.set(key, start);
    }
  }
  return found.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

function child(node: Node, step: string | number, anchors: ReadonlyMap<string, Node>): { readonly keyStart: number; readonly value: Node } | null {
  const real = node.kind === "alias" ? anchors.get(node.text) : node;
  if (real === undefined) return null;
  if (real.kind === "sequence") {
    const item = real.items[Number(step)];
    return item === undefined ? null : { keyStart: item.start, value: item };
  }
  if (real.kind !== "mapping") return null;
  real.index ??= indexOf(real);
  const at = real.index.get(String(step)) ?? -1;
  const key = real.items[at - 1];
  const value = real.items[at];
  return key !== undefined && value !== undefined ? { keyStart: key.start, value } : merged(real, step, anchors);
}

function indexOf(mapping: Node): ReadonlyMap<string, number> {
  const index = new Map<string, number>();
  for (let at = 0; at + 1 < mapping.items.length; at += 2) index.set(mapping.items[at]?.text ?? "", at + 1);
  return index;
}

/** A key that came in through `<<` is told where it was written. */
function merged(mapping: Node, step: string | number, anchors: ReadonlyMap<string, Node>): { readonly keyStart: number; readonly value: Node } | null {
  for (let at = 0; at + 1 < mapping.items.length; at += 2) {
    const value = mapping.items[at + 1];
    if (mapping.items[at]?.text !== "<<" || value === undefined) continue;
    for (const source of value.kind === "sequence" ? value.items : [value]) {
      const found = child(source, step, anchors);
      if (found !== null) return found;
    }
  }
  return null;
}

/** The flat events as a tree; the keys of a mapping are its items of even index. */
function buildTree(text: string): { readonly root: Node | null; readonly anchors: ReadonlyMap<string, Node> } {
  const anchors = new Map<string, Node>();
  const open: Node[] = [];
  let root: Node | null = null;
  for (const event of eventsOf(text) ?? []) {
    if (event.type === EVENT_ID.DOCUMENT) {
      if (root !== null) break;
      continue;
    }
    if (event.type === EVENT_ID.POP) {
      open.pop();
      continue;
    }
    const anchor = event.anchorStart < 0 ? null : text.slice(event.anchorStart, event.anchorEnd);
    const node = nodeOf(text, event, anchor);
    if (anchor !== null && node.kind !== "alias") anchors.set(anchor, node);
    open.at(-1)?.items.push(node);
    root ??= node;
    if (node.kind === "mapping" || node.kind === "sequence") open.push(node);
  }
  return { root, anchors };
}

type NodeEvent = Exclude<NonNullable<ReturnType<typeof eventsOf>>[number], { readonly type: typeof EVENT_ID.DOCUMENT | typeof EVENT_ID.POP }>;

function nodeOf(text: string, event: NodeEvent, anchor: string | null): Node {
  switch (event.type) {
    case EVENT_ID.MAPPING:
      return { kind: "mapping", start: event.start, text: "", items: [], index: null };
    case EVENT_ID.SEQUENCE:
      return { kind: "sequence", start: event.start, text: "", items: [], index: null };
    case EVENT_ID.ALIAS:
      return { kind: "alias", start: event.anchorStart - 1, text: anchor ?? "", items: [], index: null };
    default: {
      const quoted = text[event.valueStart - 1] === '"' || text[event.valueStart - 1] === "'";
      return { kind: "scalar", start: quoted ? event.valueStart - 1 : event.valueStart, text: event.valueStart < 0 ? "" : getScalarValue(text, event), items: [], index: null };
    }
  }
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (const end of text.matchAll(/\r\n|\n|\r/g)) starts.push(end.index + end[0].length);
  return starts;
}

function placeAt(starts: readonly number[], offset: number): Place {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}
