import type { AnyChannel } from "../alert/channels/channel.ts";
import type { AnyProbe } from "../probes/probe.ts";
import { CHANNEL_KEYS, CHECK_KEYS, GROUP_KEYS } from "./keys.ts";
import { keysOf, secretPaths } from "./shape.ts";

/** A probe or channel with what loading asks of its schema again and again. */
export interface Kind<Of> {
  readonly of: Of;
  readonly optionKeys: readonly string[];
  readonly secretPaths: readonly (readonly string[])[];
}

/** The probes and channels that a configuration may name, by type. */
export interface Registry {
  readonly probes: ReadonlyMap<string, Kind<AnyProbe>>;
  readonly channels: ReadonlyMap<string, Kind<AnyChannel>>;
}

/** Looks up by type what loading needs; throws when a type stands twice or an option has the name of a common key. */
export function createRegistry(probes: readonly AnyProbe[], channels: readonly AnyChannel[]): Registry {
  return { probes: kinds(probes, { ...CHECK_KEYS, ...GROUP_KEYS }), channels: kinds(channels, CHANNEL_KEYS) };
}

function kinds<Of extends AnyProbe | AnyChannel>(list: readonly Of[], common: { readonly [key: string]: unknown }): ReadonlyMap<string, Kind<Of>> {
  const byType = new Map<string, Kind<Of>>();
  for (const of of list) {
    const optionKeys = Object.keys(keysOf(of.options));
    const taken = optionKeys.find((key) => Object.hasOwn(common, key));
    if (taken !== undefined) throw new Error(`the option ${taken} of ${of.type} has the name of a common key`);
    if (byType.has(of.type)) throw new Error(`the type ${of.type} is registered twice`);
    byType.set(of.type, { of, optionKeys, secretPaths: secretPaths(of.options) });
  }
  return byType;
}
