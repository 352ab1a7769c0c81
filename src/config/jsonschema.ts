import { z } from "zod";
import type { AnyChannel } from "../alert/channels/channel.ts";
import type { AnyProbe } from "../probes/probe.ts";
import { DEFAULT_KEYS } from "./defaults.ts";
import { CHANNEL_KEYS, CHECK_KEYS, GROUP_KEYS } from "./keys.ts";
import { SETTINGS_KEYS } from "./settings.ts";
import { keysOf } from "./shape.ts";
import { ROTATION_KEYS } from "./rotations.ts";
import { WINDOW_KEYS } from "./windows.ts";

type Json = { readonly [key: string]: unknown };
type Shape = { readonly [key: string]: z.core.$ZodType };

const DRAFT = "https://json-schema.org/draft/2020-12/schema";
const IGNORED = { "^x-": true } as const;
const REFERENCE = { type: "string", pattern: "^\\$\\{(env|file):.+\\}$", description: "A reference: ${env:NAME} or ${file:PATH}." } as const;

/** JSON Schema (2020-12) of a configuration file, for editors: with descriptions, and each type's own options behind its `type`. */
export function configurationSchema(probes: readonly AnyProbe[], channels: readonly AnyChannel[]): Json {
  const settings = properties(SETTINGS_KEYS);
  const group = properties(GROUP_KEYS);
  const definitions: [string, Json][] = [
    ["check", byType(probes, "check", CHECK_KEYS)],
    ["channel", byType(channels, "channel", CHANNEL_KEYS)],
    ["rotation", { ...strict(properties(ROTATION_KEYS)), required: ["turns"] }],
    ["window", { ...strict(properties(WINDOW_KEYS)), required: ["name"] }],
    ["defaults", strict({ ...properties(DEFAULT_KEYS), ...Object.fromEntries(probes.map((probe) => [probe.type, strict({ ...properties(DEFAULT_KEYS), ...optionsOf(probe) })])) })],
    ...probes.map((probe): [string, Json] => {
      const own = probe.type === "group" ? { ...group, defaults: ref("defaults") } : {};
      return [`check-${probe.type}`, { ...strict({ ...properties(CHECK_KEYS), ...own, ...optionsOf(probe) }), description: probe.about }];
    }),
    ...channels.map((channel): [string, Json] => [`channel-${channel.type}`, { ...strict({ ...properties(CHANNEL_KEYS), ...optionsOf(channel) }), required: requiredOf(channel), description: channel.about }]),
  ];
  return {
    $schema: DRAFT,
    title: "Tocsin configuration",
    ...strict({
      ...settings,
      defaults: { ...ref("defaults"), description: "Defaults of every check; a type's name holds that type's." },
      channels: { ...named("channel"), description: "Ways to tell somebody, by name." },
      rotations: { ...named("rotation"), description: "Who is on call, by name: may stand for a channel." },
      checks: { ...named("check"), description: "What is watched, by name." },
      maintenance: { type: ["array", "null"], items: ref("window"), description: "Times in which nobody is told." },
    }),
    $defs: Object.fromEntries(definitions),
  };
}

const ref = (name: string): Json => ({ $ref: `#/$defs/${name}` });
const strict = (shape: Json): Json => ({ type: "object", properties: shape, patternProperties: IGNORED, additionalProperties: false });
const named = (definition: string): Json => ({ type: ["object", "null"], patternProperties: IGNORED, additionalProperties: ref(definition) });

/** The options follow from `type`: an editor completes those of that type. */
function byType(kinds: readonly (AnyProbe | AnyChannel)[], definition: string, common: Shape): Json {
  return {
    type: "object",
    required: ["type"],
    properties: { ...properties(common), type: { enum: kinds.map((kind) => kind.type), description: kinds.map((kind) => `${kind.type}: ${kind.about}`).join("\n") } },
    // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema
    allOf: kinds.map((kind) => ({ if: { properties: { type: { const: kind.type } }, required: ["type"] }, then: ref(`${definition}-${kind.type}`) })),
  };
}

const optionsOf = (kind: AnyProbe | AnyChannel): Json => properties(keysOf(kind.options));

/** Channels have no defaults from elsewhere, so what they need must stand there. */
function requiredOf(channel: AnyChannel): readonly string[] {
  const schema = toJson(channel.options);
  return ["type", ...(Array.isArray(schema["required"]) ? schema["required"].filter((key) => typeof key === "string") : [])];
}

function properties(shape: Shape): Json {
  return Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, toJson(schema)]));
}

function toJson(schema: z.core.$ZodType): Json {
  const { $schema: _schema, ...json } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      // Defaults in words (`the site's`) are for people; an editor would write them into the file.
      if (jsonSchema.default !== undefined && !z.safeParse(zodSchema, jsonSchema.default).success) delete jsonSchema.default;
      if (jsonSchema.additionalProperties === false) jsonSchema.patternProperties = { ...IGNORED };
      if (jsonSchema.type !== "integer" && jsonSchema.type !== "number") return;
      const { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum } = jsonSchema;
      for (const key of ["type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] as const) delete jsonSchema[key];
      const number = Object.fromEntries(Object.entries({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }).filter(([, value]) => value !== undefined));
      jsonSchema.anyOf = [number, { ...REFERENCE }];
    },
  });
  return json;
}
