import { z } from "zod";
import { unknownName } from "./issues.ts";
import { BUILT_IN_BY_TYPE, CHECK_KEYS } from "./keys.ts";
import { type Layer, type Mapping, overlay, validate } from "./layers.ts";
import type { Kind, Registry } from "./registry.ts";
import type { Report } from "./report.ts";
import { keysOf } from "./shape.ts";
import { isMapping } from "./sources.ts";
import type { AnyProbe } from "../probes/probe.ts";

const { type: _type, was: _was, ...DEFAULTABLE } = CHECK_KEYS;
/** Keys that `defaults` may hold beside the names of types. */
export const DEFAULT_KEYS = DEFAULTABLE;
const defaultsSchema = z.strictObject(DEFAULT_KEYS);

/** Defaults of the site or of a group: for every type, and for some. */
export interface Defaults {
  readonly common: Layer;
  readonly byType: ReadonlyMap<string, Layer>;
}

/** Takes a `defaults` mapping apart, and tells what is wrong with it whether a check uses it or not. */
export function readDefaults(layer: Layer, registry: Registry, report: Report): Defaults {
  const pick = (mapping: Mapping, types: boolean): Mapping => Object.fromEntries(Object.entries(mapping).filter(([key]) => registry.probes.has(key) === types && !key.startsWith("x-")));
  const common = { ...layer, written: pick(layer.written, false), filled: pick(layer.filled, false) };
  const read = validate(defaultsSchema, common.filled, () => common.written, [...registry.probes.keys()]);
  if (read.kind === "wrong") for (const finding of read.findings) report.local([common], finding);
  const byType = new Map<string, Layer>();
  for (const [type, filled] of Object.entries(pick(layer.filled, true))) {
    const kind = registry.probes.get(type);
    const written = layer.written[type];
    if (kind === undefined) continue;
    if (!isMapping(filled) || !isMapping(written)) {
      report.error([layer], [type], `\`${type}\` is no mapping`, `write options of ${type} below it`);
      continue;
    }
    const own = { document: layer.document, path: [...layer.path, type], written, filled };
    checkTypeDefaults(own, kind, report);
    byType.set(type, own);
  }
  return { common, byType };
}

/** Each key on its own: a type's defaults need not be complete. */
function checkTypeDefaults(layer: Layer, kind: Kind<AnyProbe>, report: Report): void {
  const shape: { readonly [key: string]: z.core.$ZodType } = { ...keysOf(kind.of.options), ...DEFAULT_KEYS };
  for (const [key, value] of Object.entries(layer.filled)) {
    if (key.startsWith("x-")) continue;
    const schema = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (schema === undefined) {
      report.local([layer], unknownName(key, Object.keys(shape), [key], "key"));
      continue;
    }
    const read = validate(z.object({ [key]: schema as z.ZodType }), { [key]: value }, () => layer.written, []);
    if (read.kind === "wrong") for (const finding of read.findings) report.local([layer], finding);
  }
}

const NO_LAYER: Layer = { document: 0, path: [], written: {}, filled: {} };

/** The layers under a check of this type, weakest first; those of groups from the outermost inward. */
export function layersFor(type: string, site: Defaults | null, groups: readonly Defaults[]): readonly Layer[] {
  const builtIn = BUILT_IN_BY_TYPE[type];
  const layers: (Layer | undefined)[] = [site?.common, builtIn === undefined ? undefined : { ...NO_LAYER, filled: builtIn }, site?.byType.get(type)];
  for (const group of groups) layers.push(group.common, group.byType.get(type));
  return layers.filter((layer) => layer !== undefined);
}

/** A layer without some keys. */
export function without(layer: Layer, keys: readonly string[]): Layer {
  if (!keys.some((key) => Object.hasOwn(layer.filled, key))) return layer;
  const drop = (mapping: Mapping): Mapping => Object.fromEntries(Object.entries(mapping).filter(([key]) => !keys.includes(key)));
  return { ...layer, written: drop(layer.written), filled: drop(layer.filled) };
}

/** Values of several layers as one mapping. */
export const filledOf = (layers: readonly Layer[]): Mapping => overlay(layers.map((layer) => layer.filled));
/** The same as written. */
export const writtenOf = (layers: readonly Layer[]): Mapping => overlay(layers.map((layer) => layer.written));
