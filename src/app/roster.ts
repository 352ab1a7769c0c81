import type { ChannelDefinition, CheckDefinition, RotationDefinition, Settings, Site } from "../config/site.ts";
import type { Carried } from "../core/carried.ts";
import type { MaintenanceWindow, Subject } from "../core/maintenance.ts";
import type { ChannelName, CheckName } from "../core/types.ts";

/** How a loaded configuration differs from the one that runs, as the loading worker found it. */
export interface Update {
  readonly settings: Settings;
  readonly channels: readonly ChannelDefinition[];
  readonly rotations: readonly RotationDefinition[];
  readonly maintenance: readonly MaintenanceWindow[];
  readonly version: string;
  readonly secrets: readonly string[];
  readonly added: readonly CheckDefinition[];
  readonly changed: readonly { readonly definition: CheckDefinition; readonly what: "target" | "judging" | "telling" }[];
  readonly renamed: readonly { readonly from: CheckName; readonly definition: CheckDefinition; readonly what: "target" | "judging" | "telling" | null }[];
  readonly removed: readonly CheckName[];
  /** At the first start on another system's configuration: what that believed of its checks. */
  readonly carried?: readonly Carried[];
}

/** The first configuration as an update of nothing. */
export function firstUpdate(site: Site): Update {
  const { settings, channels, rotations, maintenance, version, secrets, checks, carried } = site;
  return { carried, settings, channels, rotations, maintenance, version, secrets, added: checks, changed: [], renamed: [], removed: [] };
}

/** The configuration that runs now, check by check. */
export class Roster {
  readonly checks = new Map<CheckName, CheckDefinition>();
  readonly channels = new Map<ChannelName, ChannelDefinition>();
  rotations: readonly RotationDefinition[] = [];
  settings: Settings;
  version = "";
  #groups = new Map<CheckName, CheckName[]>();

  constructor(settings: Settings) {
    this.settings = settings;
  }

  apply(update: Update): void {
    this.settings = update.settings;
    this.version = update.version;
    this.rotations = update.rotations;
    for (const { from } of update.renamed) this.checks.delete(from);
    for (const name of update.removed) this.checks.delete(name);
    for (const definition of [...update.added, ...update.changed.map((change) => change.definition), ...update.renamed.map((rename) => rename.definition)]) this.checks.set(definition.name, definition);
    this.channels.clear();
    for (const channel of update.channels) this.channels.set(channel.name, channel);
    this.#groups = new Map();
    for (const { name, policy } of this.checks.values()) {
      for (const member of policy.group?.members ?? []) this.#groups.set(member, [...(this.#groups.get(member) ?? []), name]);
    }
  }

  /** Groups that the check is a member of. */
  groupsOf(check: CheckName): readonly CheckName[] {
    return this.#groups.get(check) ?? [];
  }

  *subjects(): Iterable<Subject> {
    for (const { name, tags } of this.checks.values()) yield { check: name, tags, groups: this.#around(name) };
  }

  /** Groups that the check is a member of, and those that they are members of in turn. */
  #around(check: CheckName): readonly CheckName[] {
    const found = new Set(this.groupsOf(check));
    for (const group of found) for (const outer of this.groupsOf(group)) found.add(outer);
    return [...found];
  }
}
