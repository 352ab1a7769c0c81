import { hash128 } from "../core/ids.ts";
import type { CheckName, ChannelName } from "../core/types.ts";
import { checkName } from "../core/types.ts";
import { canonical } from "./canonical.ts";
import type { CheckDefinition, Site } from "./site.ts";

/** What must be known of a site to say later what changed; small and plain. */
export interface Fingerprint {
  readonly checks: ReadonlyMap<string, CheckDefinition["hashes"]>;
  readonly channels: ReadonlyMap<string, string>;
  readonly settings: string;
  readonly maintenance: string;
}

/** The strongest change of a check: `target`: something else is asked; `judging`: it is judged otherwise; `telling`: it runs at other times or tells others. */
export type CheckChange = "target" | "judging" | "telling";

/** What a new site changes. A renamed check stands in `renamed`, and in `changed` under its new name when more than the name is new. */
export interface SiteDiff {
  readonly added: readonly CheckName[];
  readonly removed: readonly CheckName[];
  readonly renamed: readonly { readonly from: CheckName; readonly to: CheckName }[];
  readonly changed: readonly { readonly name: CheckName; readonly what: CheckChange }[];
  readonly channels: { readonly added: readonly ChannelName[]; readonly removed: readonly ChannelName[]; readonly changed: readonly ChannelName[] };
  readonly settings: boolean;
  readonly maintenance: boolean;
}

/** The fingerprint of a site. */
export function fingerprint(site: Site): Fingerprint {
  return {
    checks: new Map(site.checks.map((check) => [check.name, check.hashes])),
    channels: new Map(site.channels.map((channel) => [channel.name, channel.hash])),
    settings: hash128(canonical(site.settings)),
    maintenance: hash128(canonical(site.maintenance)),
  };
}

/** Compares a new site with what ran before. */
export function diffSite(previous: Fingerprint, site: Site): SiteDiff {
  const added: CheckName[] = [];
  const renamed: { readonly from: CheckName; readonly to: CheckName }[] = [];
  const changed: { readonly name: CheckName; readonly what: CheckChange }[] = [];
  const left = new Set(previous.checks.keys());
  for (const check of site.checks) {
    const from = previous.checks.has(check.name) ? check.name : check.was;
    const before = from === null ? undefined : previous.checks.get(from);
    if (from === null || before === undefined) {
      added.push(check.name);
      continue;
    }
    left.delete(from);
    if (from !== check.name) renamed.push({ from, to: check.name });
    const what = changeOf(before, check.hashes);
    if (what !== null) changed.push({ name: check.name, what });
  }
  const settings = previous.settings !== hash128(canonical(site.settings));
  const maintenance = previous.maintenance !== hash128(canonical(site.maintenance));
  return { added, removed: [...left].map(checkName), renamed, changed, channels: diffChannels(previous, site), settings, maintenance };
}

/** The strongest of what differs; null for nothing. */
function changeOf(before: CheckDefinition["hashes"], after: CheckDefinition["hashes"]): CheckChange | null {
  return (["target", "judging", "telling"] as const).find((part) => before[part] !== after[part]) ?? null;
}

function diffChannels(previous: Fingerprint, site: Site): SiteDiff["channels"] {
  const now = new Set<string>(site.channels.map((channel) => channel.name));
  return {
    added: site.channels.filter(({ name }) => !previous.channels.has(name)).map(({ name }) => name),
    removed: [...previous.channels.keys()].filter((name) => !now.has(name)).map((name) => name as ChannelName),
    changed: site.channels.filter(({ name, hash }) => previous.channels.has(name) && previous.channels.get(name) !== hash).map(({ name }) => name),
  };
}
